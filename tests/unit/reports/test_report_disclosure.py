"""What a partner must never be able to read in a report: another agency's small counts, rows and files."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reports import ReportSummary, conflicts
from csp_pipeline.reports.disclosure_cells import Seen
from csp_pipeline.reports.disclosure_rows import rows_may_be_shown
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from csp_pipeline.reports.read import Facts, Row, read_facts
from csp_pipeline.reports.returns import feed_states
from csp_pipeline.settings import Settings
from tests.unit.reports.made_warehouse import AGENCIES
from tests.unit.reports.reading import conflict, content, everything_written_for, page, rows, words


def test_anothers_small_count_and_what_tells_it_are_withheld(summary: ReportSummary) -> None:
    found = conflict(summary, "police", "domestic_abuse.e07000902")
    mine, theirs = found["figures"]
    assert (mine["value"], mine["shown"]) == (12, "12")
    assert (theirs["value"], theirs["shown"]) == (None, "[c]")
    assert found["gap"] == {"value": None, "shown": "[c]"}
    assert found["sentence"] == (
        "Domestic abuse, Southby, 2016-17: your figure is 12 offences (Recorded crimes); Northshire County Council's "
        "is [c] cases (Abuse cases). [c] and the gap are withheld: a count of 1 to 4 is shown to its own agency only, and so is "
        "what would let one be worked out."
    )
    [row] = [r for r in rows(summary, "police", "Conflicts") if r["Reference"].startswith("domestic_abuse.e07000902")]
    assert (row["First figure"], row["Second figure"], row["Gap"]) == (12, "[c]", "[c]")


def test_of_a_gap_with_a_hidden_figure_no_bridge_and_no_earlier_state_is_told(summary: ReportSummary) -> None:
    told, hidden = conflict(summary, "police", "youth"), conflict(summary, "county", "youth")
    assert (told["bridge"]["start"], told["bridge"]["end"], len(told["past"])) == (2, 47, 2)
    assert [figure["shown"] for figure in hidden["figures"]] == ["47", "[c]"]
    assert [hidden[name] for name in ("bridge", "no_bridge", "search", "past")] == [None, None, None, []]


def test_an_agency_reads_its_own_small_count(summary: ReportSummary) -> None:
    found = conflict(summary, "county", "domestic_abuse.e07000902")
    assert found["figures"][0]["value"] == 3
    assert found["gap"]["value"] == 9
    assert (
        "your figure is 3 cases (Abuse cases); Northshire Police's is 12 offences (Recorded crimes), 9 more." in found["sentence"]
    )


def test_a_published_small_count_is_shown(summary: ReportSummary) -> None:
    found = conflict(summary, "police", "theft")
    assert found["figures"][1]["value"] == 3
    assert found["gap"]["value"] == -5


def test_a_conflict_that_tells_the_count_by_being_listed_is_neither_listed_nor_counted(summary: ReportSummary) -> None:
    for agency in ("police", "fire"):
        assert not any("arson.e07000901" in text for text in everything_written_for(summary, agency))
    # the same sentence stands in every report, also in that of an agency without any conflict
    for agency in ("police", "fire", "clinic"):
        assert "A conflict between two low figures is not listed, nor counted, where that alone could tell" in page(
            summary, agency
        )
    # Northby's yearly conflicts: domestic abuse, theft and youth, for which the front page knows as many of the police
    front = words(summary.index.read_text(encoding="utf-8"))
    assert "Northshire Police 3 5 0 1" in front
    assert "Ember Fire Service 0 4 0 0" in front
    assert "Deliberate fires 0 0 4" in front


def test_a_quarter_that_the_year_would_tell_is_protected(summary: ReportSummary) -> None:
    # fire: year 20, quarters 6, 7, (2), 5: with all three shown, the 2 would follow. With the 5 hidden the two sum to 7, so
    # that who guesses that one of them is 5 or more knows that the other is 1 or 2; with the 7 they sum to 9: 1 to 4
    shown = {c["period"]: c["figures"][1]["shown"] for c in content(summary, "police")["conflicts"] if c["measure"] == "arson"}
    assert shown == {"2016-17": "20", "2016-17 Q1": "6", "2016-17 Q2": "[c]", "2016-17 Q4": "5"}
    hidden = conflict(summary, "police", "arson.e07000902.2016-17-q2")
    assert hidden["gap"]["value"] is None
    small = conflict(summary, "police", "domestic_abuse.e07000902")
    assert hidden["withheld"] == small["withheld"]


def test_the_front_page_shows_nobodys_small_count(summary: ReportSummary) -> None:
    text = words(summary.index.read_text(encoding="utf-8"))
    assert "Youth offending 2016-17 Northshire Police: Recorded crimes [c] Northshire County Council: Abuse cases 47 [c]" in text
    assert "Domestic abuse 2016-17 Northshire Police: Recorded crimes 120 Northshire County Council: Abuse cases 90 −30" in text
    assert "+45" not in text
    # the county's one accepted file holds two records
    assert "Abuse cases Northshire County Council 2 31 March 2016 [c] [c] [c]" in text
    assert "Recorded crimes Northshire Police 2 30 June 2016 1,010 1,008 2" in text
    assert "cases_bad.xlsx" in text
    assert "Figures as at 1 August 2016" in text
    for agency, _, _ in AGENCIES:
        for kind in ("html", "xlsx", "json"):
            assert f'href="{agency}.{kind}"' in summary.index.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "year", "shown"),
    [
        # the fire service's years are 20 and 4
        (24, 4.0, False),
        # two rows of which nobody knows where they were: the small year is 4 or less all the same
        (26, 4.0, False),
        # many more rows than its years hold say nothing, nor do they where no year is small or hidden
        (60, 4.0, True),
        (50, 30.0, True),
    ],
)
def test_the_front_page_does_not_say_how_many_rows_make_up_a_small_year(
    settings: Settings, rows: int, year: float, shown: bool
) -> None:
    facts = read_facts(settings, load_partnership(settings.sources))
    figures = facts.figures[~((facts.figures.measure == "arson") & facts.figures.period.str.contains("Q"))]
    is_small = (figures.feed == "fire/incidents") & (figures.area_code == "E07000901")
    facts = replace(facts, figures=figures.assign(value=figures.value.mask(is_small, year)))
    feed = next(state for state in feed_states(facts, "fire") if state.feed == "incidents")
    feed = replace(feed, rows_read=rows, rows_accepted=rows)
    in_southby, in_northby = (f"fire/incidents|arson|E0700090{n}|2016-17" for n in (2, 1))
    assert rows_may_be_shown(facts, feed, [frozenset({in_southby, in_northby}), frozenset()]) is shown
    # somebody who sees one of the two years would work the other one out
    assert rows_may_be_shown(facts, feed, [frozenset({in_southby})]) is (rows == 60)


def test_an_agency_never_reads_anothers_rejects_or_files(summary: ReportSummary) -> None:
    for agency in ("police", "fire", "district", "clinic"):
        for text in everything_written_for(summary, agency):
            assert "COUNTY-ONLY" not in text
            assert "cases_early.xlsx" not in text
    assert "COUNTY-ONLY" not in summary.index.read_text(encoding="utf-8")


def test_what_everybody_reads_counts_as_known_in_every_report(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    facts, known = read_facts(settings, load_partnership(settings.sources)), {}
    facts.__dict__["sent_to_all"] = Seen(frozenset({"on a scorecard that was sent"}))
    hide = conflicts.hidden_figures

    def hidden_figures(
        facts: Facts, rows: list[Row], audience: str | None, seen: Seen, listed_elsewhere: Sequence[Row] = ()
    ) -> dict[str, str]:
        known[audience] = seen.cells
        return hide(facts, rows, audience, seen, listed_elsewhere)

    monkeypatch.setattr(conflicts, "hidden_figures", hidden_figures)
    conflicts.conflicts_for(facts, "fire", frozenset({"on the scorecard"}))
    # of Northby's year the front page shows the police's and the county's figures, but for the police's 2
    on_front_page = {f"{feed}|domestic_abuse|E07000901|2016-17" for feed in ("police/crimes", "county/cases")}
    on_front_page |= {"county/cases|youth|E07000901|2016-17"}
    assert known["fire"] >= on_front_page | {"on the scorecard", "on a scorecard that was sent"}
    assert known[EVERYBODY] == {"on a scorecard that was sent"}
    assert "police/crimes|youth|E07000901|2016-17" not in known["fire"]
    assert all(conflict.bridge is None and not conflict.past for conflict in conflicts.conflicts_for_everybody(facts).listed)
