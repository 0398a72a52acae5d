"""Numbers that an agency has read in a report that was sent to it cannot be hidden from it: something else has to be."""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from csp_pipeline.errors import PublishError
from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.reports.disclosure_cells import Numbers, numbers
from csp_pipeline.reports.disclosure_earlier import stood_beside_a_small_count
from csp_pipeline.reports.disclosure_rules import Rules
from csp_pipeline.settings import Settings
from tests.unit.reports.attacker import Attacker
from tests.unit.reports.made_rules import RULES
from tests.unit.reports.made_warehouse import OWN, SOUTHBY
from tests.unit.reports.published import Published

# The fire service's year and quarters in Southby as they were before the third was revised.
SHOWN = {"": 23.0, " Q1": 6.0, " Q2": 7.0, " Q4": 5.0}
SECOND, THIRD = (f"fire/incidents|arson|{SOUTHBY}|2016-17 {quarter}" for quarter in ("Q2", "Q3"))


@pytest.fixture
def written(settings: Settings, summary: ReportSummary, tmp_path: Path) -> Settings:
    """A copy of the warehouse made by hand, whose first reports are written."""
    assert summary.index.is_relative_to(settings.warehouse)
    return settings.model_copy(update={"warehouse": shutil.copytree(settings.warehouse, tmp_path / "warehouse")})


def published(settings: Settings) -> Published:
    return Published(settings.reports, settings.database, settings.sources, OWN)


def test_what_an_earlier_report_showed_is_no_cover_for_a_small_count(written: Settings) -> None:
    first = published(written)
    pack = first.pack("police")
    # the fire service's quarters are 6, 7, 2 and 5 of 20; the 7 is hidden for the sake of the 2
    assert SECOND not in first.attacker("police", pack, {}).seen
    assert first.attacker("police", pack, {}).bounds_of([THIRD], 1, 4) == {THIRD: (1, 4)}
    assert first.attacker("police", pack, {SECOND: 7.0}).bounds_of([THIRD]) == {THIRD: (2, 2)}

    # but an earlier report showed the 7, and hid the others
    report = json.loads((written.reports / "police.json").read_text(encoding="utf-8"))
    for conflict in report["conflicts"]:
        if conflict["measure"] == "arson":
            conflict["figures"][1]["value"] = 7 if conflict["period"].endswith("Q2") else None
    sent = written.landing / "reports" / "police" / "2016-08-01-0123456789ab.json"
    sent.parent.mkdir(parents=True)
    sent.write_text(json.dumps(report), encoding="utf-8")
    write_reports(written)
    second = published(written)
    assert second.attacker("police", second.pack("police"), {SECOND: 7.0}).bounds_of([THIRD], 1, 4) == {THIRD: (1, 4)}
    assert second.attacker("police", second.pack("police"), {}).seen[SECOND] == 7


def test_what_an_earlier_scorecard_showed_everybody_is_no_cover_either(written: Settings) -> None:
    assert SECOND not in published(written).attacker("police", published(written).pack("police"), {}).seen
    sent = written.landing / "reports" / "strategy_group" / "2016-08-01-0123456789ab.json"
    sent.parent.mkdir(parents=True)
    sent.write_text(json.dumps({"shown_cells": [SECOND]}), encoding="utf-8")
    write_reports(written)
    second = published(written)
    assert second.attacker("police", second.pack("police"), {}).seen[SECOND] == 7
    assert second.attacker("police", second.pack("police"), {SECOND: 7.0}).bounds_of([THIRD], 1, 4) == {THIRD: (1, 4)}


def test_what_an_earlier_scorecard_showed_as_it_was_then_does_not_count_as_known(written: Settings) -> None:
    # when the third quarter was 5 and the year 23, the scorecard showed all of it; now they are 2 and 20
    cells = {f"fire/incidents|arson|{SOUTHBY}|2016-17{quarter}": value for quarter, value in SHOWN.items()}
    sent = written.landing / "reports" / "strategy_group" / "2016-08-01-0123456789ab.json"
    sent.parent.mkdir(parents=True)
    sent.write_text(json.dumps({"shown_cells": cells}), encoding="utf-8")
    write_reports(written)
    reader = published(written)
    kept = {cell: value for cell, value in cells.items() if not cell.endswith("2016-17")}
    assert reader.attacker("police", reader.pack("police"), kept).bounds_of([THIRD], 1, 4) == {THIRD: (1, 4)}


def send(settings: Settings, shown: dict[str, float | None], as_at: str = "2016-08-01", unlisted: str = "") -> None:
    """Note as sent a report to the police that showed these figures of the fire service's in Southby, or withheld them; the
    conflict of the period `unlisted` was not in it.
    """
    report = json.loads((settings.reports / "police.json").read_text(encoding="utf-8")) | {"as_at": as_at}
    report["conflicts"] = [c for c in report["conflicts"] if (c["measure"], c["period"]) != ("arson", unlisted)]
    for conflict in report["conflicts"]:
        if conflict["measure"] == "arson" and conflict["period"] in shown:
            conflict["figures"][1]["value"] = shown[conflict["period"]]
            conflict["withheld"] = "A count of 1 to 4" if shown[conflict["period"]] is None else None
    sent = settings.landing / "reports" / "police" / "2016-08-01-0123456789ab.json"
    sent.parent.mkdir(parents=True)
    sent.write_text(json.dumps(report), encoding="utf-8")


def test_a_figure_that_was_revised_together_with_a_count_that_became_small_does_not_tell_it(written: Settings) -> None:
    # when the third quarter was 5 and the year 23, all of it was shown; now they are 2 and 20
    earlier = {f"2016-17{quarter}": value for quarter, value in SHOWN.items()}
    send(written, dict(earlier))
    write_reports(written)
    reader = published(written)
    kept = {f"fire/incidents|arson|{SOUTHBY}|{period}": value for period, value in earlier.items() if period != "2016-17"}
    found = reader.attacker("police", reader.pack("police"), kept)
    assert found.bounds_of([THIRD], 1, 4) == {THIRD: (1, 4)}
    assert f"fire/incidents|arson|{SOUTHBY}|2016-17" not in found.seen


def test_what_protected_a_count_stays_withheld_when_it_is_small_no_more(written: Settings) -> None:
    # the 5 of the fourth quarter was a 3 when this report was sent, and the first was withheld for its sake
    first, fourth = "2016-17 Q1", "2016-17 Q4"
    send(written, {"2016-17": 18.0, first: None, "2016-17 Q2": 7.0, fourth: None})
    write_reports(written)
    shown = {c["period"]: c["figures"][1]["value"] for c in pack(written) if c["measure"] == "arson"}
    # with the 6 shown, who kept the report would know 18 - 6 - 7 - 2 = 3
    assert (shown[first], shown[fourth]) == (None, None)


def revise(settings: Settings, figures: dict[str, tuple[int, int]]) -> None:
    """Give the fire service these figures in Southby, and no others: as they were until 31 July 2016, and as they are since."""
    of_southby = f"feed = 'incidents' AND measure = 'arson' AND area_code = '{SOUTHBY}'"
    with duckdb.connect(str(settings.database)) as db:
        db.execute(f"DELETE FROM figures WHERE {of_southby} AND period NOT IN (SELECT unnest(?))", [list(figures)]).fetchall()
        for period, (before, now) in figures.items():
            of_period = f"{of_southby} AND period = '{period}'"
            db.execute(f"UPDATE figures SET value = {now} WHERE {of_period}").fetchall()
            db.execute(
                f"UPDATE discrepancies SET value_b = {now}, gap = {now} - value_a WHERE measure = 'arson' "
                f"AND area_code = '{SOUTHBY}' AND period = '{period}'"
            ).fetchall()
            add_vintages(db, of_period, before, now, until="2016-08-01")


def add_vintages(db: duckdb.DuckDBPyConnection, of_figure: str, before: int, now: int, until: str) -> None:
    """Give a figure (an SQL condition) the two values that it had: one from 25 July 2016, the other since a day."""
    for revision, (value, first, last) in enumerate(((before, "2016-07-25", until), (now, until, None))):
        db.execute(
            "INSERT INTO figure_vintages BY NAME SELECT agency, feed, measure, area_code, area_basis, period, date_basis, unit, "
            "status, coverage, ? AS revision, ? AS value, 'revised' AS event, CAST(? AS DATE) AS known_from, "
            f"CAST(? AS DATE) AS known_to FROM figures WHERE {of_figure}",
            [revision, value, first, last],
        ).fetchall()


@pytest.mark.parametrize("as_at", ["2016-07-28", "2016-08-05"])
def test_a_count_that_was_small_cannot_be_worked_out_from_todays_figures_and_those_of_then(written: Settings, as_at: str) -> None:
    """Whether the report is from before the day on which the new figures were extracted, or they came after one made later."""
    # of 16 then, 3 were in the fourth quarter, for whose sake the 6 of the first was withheld; now it is 5 of 18
    revise(written, {"2016-17": (16, 18), "2016-17 Q1": (6, 6), "2016-17 Q2": (7, 7), "2016-17 Q4": (3, 5)})
    send(written, {"2016-17": 16.0, "2016-17 Q1": None, "2016-17 Q2": 7.0}, as_at, unlisted="2016-17 Q4")
    write_reports(written)
    shown = {c["period"]: c["figures"][1]["value"] for c in pack(written) if c["measure"] == "arson"}
    assert shown["2016-17 Q1"] is None
    told = {period: value for period, value in shown.items() if value is not None} | {"then": 16.0, "2016-17 Q2": 7.0}
    quarters = {"2016-17 Q1": -1.0, "2016-17 Q2": -1.0}
    sums = [{"2016-17": 1.0, **quarters, "2016-17 Q4": -1.0}, {"then": 1.0, **quarters, "Q4 then": -1.0}]
    assert Attacker(told, sums).bounds_of(["Q4 then"], 1, 4) == {"Q4 then": (1, 4)}


def test_a_report_from_before_any_figure_had_come_hides_nothing(written: Settings) -> None:
    before = pack(written)
    send(written, {}, as_at="2016-01-01")
    write_reports(written)
    assert [c["figures"] for c in pack(written)] == [c["figures"] for c in before]


def test_an_earlier_state_of_a_gap_is_left_out_where_a_count_that_made_up_its_figure_was_small(written: Settings) -> None:
    # the county's year was 118 until 28 July, of which 3 were in the third quarter: whoever is shown the other three, which have
    # not moved, works them out
    def known_from() -> list[str]:
        write_reports(written)
        of_year = [c for c in pack(written) if (c["measure"], c["period"]) == ("domestic_abuse", "2016-17") and c["past"]]
        return [gap["known_from"] for conflict in of_year for gap in conflict["past"]]

    assert known_from() == ["2016-08-01", "2016-07-25"]
    # a quarter that was none of 1 to 4 tells nothing
    add_quarter(written, "2016-17 Q4", was=30, until="2016-07-28", now=25)
    assert known_from() == ["2016-08-01", "2016-07-25"]
    add_quarter(written, "2016-17 Q3", was=3, until="2016-07-28", now=25)
    assert known_from() == ["2016-08-01"]


def add_quarter(settings: Settings, period: str, was: int, until: str, now: int) -> None:
    """Give the county a quarter of domestic abuse in the partnership's district, revised on a day."""
    with duckdb.connect(str(settings.database)) as db:
        db.execute(
            "INSERT INTO figures BY NAME SELECT f.* REPLACE (p.period AS period, p.period_kind AS period_kind, p.period_start AS "
            "period_start, p.period_end AS period_end, ? AS value) FROM figures f, periods p WHERE f.feed = 'cases' AND "
            "f.measure = 'domestic_abuse' AND f.area_code = ? AND f.period = '2016-17' AND p.period = ?",
            [now, OWN, period],
        ).fetchall()
        of_quarter = f"feed = 'cases' AND measure = 'domestic_abuse' AND area_code = '{OWN}' AND period = '{period}'"
        add_vintages(db, of_quarter, was, now, until)


def pack(settings: Settings) -> list[dict[str, Any]]:
    """The conflicts in the police's report."""
    return list(json.loads((settings.reports / "police.json").read_text(encoding="utf-8"))["conflicts"])


def test_a_sent_report_that_cannot_be_read_stops_the_reports(written: Settings) -> None:
    sent = written.landing / "reports" / "police" / "2016-08-01-0123456789ab.json"
    sent.parent.mkdir(parents=True)
    sent.write_text("{", encoding="utf-8")
    with pytest.raises(PublishError, match=r"2016-08-01-0123456789ab\.json: this copy of a sent report cannot be read"):
        write_reports(written)


@dataclass(eq=False)
class Known:
    """What the reports read of figures as they are and were, and of what adds up to what."""

    figures: pd.DataFrame
    vintages: pd.DataFrame
    sums: Numbers
    rules: Rules = RULES


def test_a_small_count_stood_beside_a_figure_only_while_both_were_known_and_if_it_has_been_revised() -> None:
    since, until = pd.Timestamp("2016-07-10"), pd.Timestamp("2016-07-20")
    vintages = [("Q1", since, until, 3.0), ("Q1", until, None, 5.0), ("Q2", since, until, 3.0), ("Q2", until, None, 3.0)]
    sums = pd.DataFrame({"relation": ["r", "r", "s", "s"], "cell": ["year", "Q1", "other year", "Q2"], "coefficient": 1.0})
    facts: Any = Known(
        pd.DataFrame({"cell": ["Q1", "Q2", "year", "other year"], "value": [5.0, 3.0, 30.0, 30.0]}),
        pd.DataFrame(vintages, columns=["cell", "known_from", "known_to", "value"]),
        numbers(pd.DataFrame({"cell": [], "value": []}), sums),
    )
    days = [(1, 10), (1, 11), (10, 20), (19, 25), (20, 25)]
    states = [(date(2016, 7, first), date(2016, 7, last)) for first, last in days]
    assert [stood_beside_a_small_count(facts, "year", *state) for state in states] == [False, True, True, True, False]
    assert not any(stood_beside_a_small_count(facts, "other year", *state) for state in states)
    assert not stood_beside_a_small_count(facts, "year", date(2016, 7, 1), None)
