"""What the list of conflicts tells its reader of the figures in it, and of those that it does not list."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from csp_pipeline.partnership.scorecard import SumEntry
from csp_pipeline.reports.disclosure_cells import Numbers, Seen, numbers, sum_numbers
from csp_pipeline.reports.disclosure_conflicts import (
    cell_of,
    conflict_numbers,
    may_be_listed,
    seen_in_reports,
    small_counts_in_search,
)
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from tests.unit.reports.made_rules import RULES

OWN, OTHER, THIRD = "E07000901", "E07000902", "E07000903"
CRIMES, STREET, FIRE, CASES = "police/crimes", "police/street", "fire/incidents", "county/cases"
# The two tolerances of the rules below.
TWO, TENTH = "two", "tenth"
BOUNDS = ("lowest", "highest", "below", "above")
NOTHING = (None, None, None, None)
Side = tuple[str, float]


@dataclass(eq=False)
class Given:
    """What the reports read of the warehouse, as far as conflicts need it; the figures are those of all sides."""

    conflicts: list[dict[str, Any]] = field(default_factory=list)
    compared_pairs: list[tuple[str, Side, Side, str]] = field(default_factory=list)
    rules: Any = RULES
    measure_sums: tuple[SumEntry, ...] = ()
    parts_of_measures: list[tuple[str, str, str, float]] = field(default_factory=list)
    district: str = OWN
    tolerances: dict[str, tuple[float, float]] = field(default_factory=lambda: {TWO: (2.0, 0.0), TENTH: (0.0, 0.1)})

    vintages: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"cell": [], "feed": [], "known_from": [], "known_to": [], "value": []})
    )

    def conflict(self, area: str, a: Side, b: Side, rule: str = TWO) -> dict[str, Any]:
        """Add a conflict, which was compared like others."""
        row = {"discrepancy_id": f"{area} {a} {b}", "measure": "arson", "area_code": area, "rule": rule, "state": "open"}
        row |= {"period": "2016-17", "period_kind": "financial_year"}
        for side, (feed, value) in (("a", a), ("b", b)):
            row |= {f"agency_{side}": feed.split("/")[0], f"feed_{side}": feed.split("/")[1], f"value_{side}": value}
            row[f"unit_{side}"] = "record"
        self.conflicts.append(row)
        self.compared_pairs.append((area, a, b, rule))
        return row

    def no_conflict(self, area: str, a: Side, b: Side, rule: str = TWO) -> None:
        """Add two figures that were compared and are in no conflict that is listed."""
        self.compared_pairs.append((area, a, b, rule))

    @property
    def figures(self) -> pd.DataFrame:
        values = {(area, feed): value for area, *sides, _ in self.compared_pairs for feed, value in cast("list[Side]", sides)}
        return pd.DataFrame(
            [
                (cell_of(feed, measure, area, "2016-17"), feed.split("/")[0], feed, measure, area, value)
                for feed, measure, area, value in (
                    *((feed, "arson", area, value) for (area, feed), value in values.items()),
                    *self.parts_of_measures,
                )
            ],
            columns=["cell", "agency", "feed", "measure", "area_code", "value"],
        ).assign(period="2016-17", unit="record")

    @property
    def compared(self) -> pd.DataFrame:
        rows = [
            (
                one[0].split("/")[0],
                place(one[0], area),
                other[0].split("/")[0],
                other[0],
                place(other[0], area),
                other[1],
                rule,
                area,
            )
            for area, a, b, rule in self.compared_pairs
            for one, other in ((a, b), (b, a))
        ]
        names = ["agency", "cell", "other_agency", "other_feed", "other_cell", "other", "rule", "area"]
        table = pd.DataFrame(rows, columns=names)
        return table.assign(is_main=table.area == self.district)

    @property
    def sums(self) -> Numbers:
        if not self.measure_sums:
            return numbers(pd.DataFrame({"cell": [], "value": []}))
        areas = pd.DataFrame({"area_code": [OWN], "area_level": "district", "county_code": None, "force_code": None})
        periods = pd.DataFrame({"period": ["2016-17"], "period_kind": "financial_year", "period_start": 0, "period_end": 1})
        return sum_numbers(self.figures, areas, periods, self.measure_sums)


def place(feed: str, area: str) -> str:
    return cell_of(feed, "arson", area, "2016-17")


def listed_for(given: Given, audience: str | None) -> list[bool]:
    return may_be_listed(cast("Any", given), given.conflicts, audience)


def told(given: Given, feed: str, area: str, audience: str | None) -> tuple[float | None, ...]:
    """What a reader of the listed conflicts is taken to know of a figure: lowest, highest, below, above."""
    found = conflict_numbers(cast("Any", given), given.conflicts, audience, Seen()).cells.set_index("cell")
    return tuple(None if np.isnan(bound) else float(bound) for bound in found.loc[place(feed, area), list(BOUNDS)])


def test_a_conflict_that_tells_something_of_a_small_count_is_listed_for_its_owner_only() -> None:
    given = Given()
    # with a tolerance of 2, whoever knows the 6 would know that the other is no 4
    given.conflict(OWN, (CRIMES, 3), (FIRE, 6))
    # whoever knows the published 1 would know that the other is a 4
    given.conflict(OTHER, (STREET, 1), (FIRE, 4))
    # every count of 1 to 4 is in conflict with a 7, and a 5 is no small count
    given.conflict(THIRD, (CRIMES, 4), (FIRE, 7))
    given.conflict(OWN, (CASES, 5), (FIRE, 8))
    assert listed_for(given, "police") == [True, False, True, True]
    assert listed_for(given, "fire") == [False, True, True, True]
    assert listed_for(given, EVERYBODY) == listed_for(given, "county") == [False, False, True, True]


def test_a_published_small_count_is_no_secret() -> None:
    given = Given()
    given.conflict(OWN, (STREET, 3), (FIRE, 6))
    assert listed_for(given, "fire") == [True]


def test_a_figure_in_conflict_lies_on_either_side_of_the_other_ones_tolerance() -> None:
    given = Given()
    given.conflict(OWN, (CRIMES, 10), (FIRE, 20))
    assert told(given, CRIMES, OWN, "district") == (None, None, 17, 23)
    assert told(given, FIRE, OWN, "district") == (None, None, 7, 13)


def test_a_tolerance_that_is_part_of_the_larger_figure_ends_between_whole_numbers() -> None:
    given = Given()
    given.conflict(OWN, (CRIMES, 15), (FIRE, 20), TENTH)
    # 14 to 16 are within a tenth of the larger of the two: 13 and 17 are not
    assert told(given, FIRE, OWN, "district") == (None, None, 13, 17)


def test_a_figure_in_two_conflicts_lies_outside_both_tolerances_or_between_them() -> None:
    given = Given()
    given.conflict(OWN, (CRIMES, 10), (FIRE, 20))
    given.conflict(OWN, (CASES, 12), (FIRE, 20))
    assert told(given, FIRE, OWN, "district") == (None, None, 7, 15)
    given = Given()
    given.conflict(OWN, (CRIMES, 10), (FIRE, 20))
    given.conflict(OWN, (CASES, 30), (FIRE, 20))
    assert told(given, FIRE, OWN, "district") == (13, 27, None, None)


def test_that_no_conflict_is_listed_tells_that_two_figures_are_close_or_the_other_is_small() -> None:
    given = Given()
    given.conflict(OWN, (CRIMES, 50), (FIRE, 20))
    for area, police, fire in ((OTHER, 10, 11), (THIRD, 6, 7), ("E07000904", 1, 2)):
        given.no_conflict(area, (CRIMES, police), (FIRE, fire))
    given.no_conflict("E07000905", (CRIMES, 15), (FIRE, 15), TENTH)
    assert told(given, FIRE, OTHER, "police") == (8, 12, None, None)
    # beside a 6 a conflict with 1 to 3 would not be listed, beside a 1 one with a 4
    assert told(given, FIRE, THIRD, "police") == (1, 8, None, None)
    assert told(given, FIRE, "E07000904", "police") == (0, 4, None, None)
    assert told(given, FIRE, "E07000905", "police") == (14, 16, None, None)
    # a conflict that is listed is no silence
    assert told(given, FIRE, OWN, "police") == (None, None, 47, 53)


def test_silence_tells_others_nothing_of_a_figure_unless_their_list_would_hold_the_conflict_and_they_see_the_other_one() -> None:
    given = Given()
    given.conflict(OWN, (CASES, 50), (FIRE, 20))
    given.conflict(THIRD, (CRIMES, 60), (FIRE, 30))
    given.no_conflict(OWN, (CRIMES, 21), (FIRE, 20))
    given.no_conflict(OTHER, (STREET, 10), (FIRE, 11))
    # the county's list holds what is its own, and whole years of the partnership's own district: there the 21 is not shown
    assert told(given, FIRE, OWN, "county") == (None, None, 47, 53)
    assert told(given, FIRE, OTHER, "county") == NOTHING
    # of the own district everybody reads a published figure
    given = Given()
    given.conflict(THIRD, (CRIMES, 60), (FIRE, 30))
    given.no_conflict(OWN, (STREET, 10), (FIRE, 11))
    assert told(given, FIRE, OWN, "county") == (8, 12, None, None)
    # as it does one that another listed conflict shows
    given = Given()
    given.conflict(OWN, (CASES, 50), (FIRE, 20))
    given.conflict(OWN, (CASES, 50), (CRIMES, 21))
    given.no_conflict(OWN, (CRIMES, 21), (FIRE, 20))
    assert told(given, FIRE, OWN, "district") == (19, 23, 47, 53)


def test_a_whole_is_hidden_where_the_scorecard_shows_all_its_parts_but_a_small_one() -> None:
    given = Given(parts_of_measures=[(FIRE, "arson_of_cars", OWN, 3.0), (FIRE, "arson_of_houses", OWN, 17.0)])
    given.conflict(OWN, (CRIMES, 50), (FIRE, 20))
    on_scorecard = Seen(frozenset({f"{FIRE}|arson_of_houses|{OWN}|2016-17"}))

    def hidden_from_the_police() -> dict[str, str]:
        return conflict_numbers(cast("Any", given), given.conflicts, "police", on_scorecard).protected(RULES)

    assert place(FIRE, OWN) not in hidden_from_the_police()
    given.measure_sums = (SumEntry(feed=FIRE, whole="arson", parts=["arson_of_cars", "arson_of_houses"]),)
    assert place(FIRE, OWN) in hidden_from_the_police()


def test_a_figure_that_the_reader_sees_elsewhere_tells_by_the_silence_about_it() -> None:
    given = Given()
    given.conflict(OTHER, (CASES, 50), (FIRE, 20))
    given.conflict(OTHER, (CASES, 50), (CRIMES, 21))
    given.no_conflict(OWN, (CRIMES, 21), (FIRE, 20))

    def known(seen: Seen) -> tuple[float, float]:
        cells = conflict_numbers(cast("Any", given), given.conflicts, "county", seen).cells.set_index("cell")
        return tuple(cells.loc[place(FIRE, OWN), ["lowest", "highest"]])

    assert np.isnan(known(Seen())).all()
    assert known(Seen(frozenset({place(CRIMES, OWN)}))) == (19, 23)


def test_of_a_conflict_that_another_list_holds_a_reader_knows_that_it_is_one() -> None:
    given = Given()
    leading = given.conflict(OWN, (CASES, 50), (FIRE, 20))
    elsewhere = given.conflict(OTHER, (CRIMES, 10), (FIRE, 20))
    found = conflict_numbers(cast("Any", given), [leading], "police", Seen(), [elsewhere]).cells.set_index("cell")
    # what it knows beside it, and that the figure is not shown here
    assert found.loc[place(FIRE, OTHER), ["below", "above", "loss"]].tolist() == [7, 13, 0]
    assert found.loc[place(FIRE, OWN), "loss"] > 0


def test_what_stands_in_a_sent_report_is_known_and_what_was_withheld_in_it_stays_so() -> None:
    figures = [{"agency": "police", "feed": "crimes", "value": 30}, {"agency": "fire", "feed": "incidents", "value": None}]
    conflict = {"measure": "arson", "area_code": OWN, "period": "2016-17", "figures": figures, "withheld": "A count of 1 to 4"}
    crimes, fire = place(CRIMES, OWN), place(FIRE, OWN)
    report = {"as_at": "2016-08-01", "conflicts": [conflict]}
    shown = Seen(values=frozenset({(crimes, 30)}), reports=frozenset({("2016-08-01", frozenset({(crimes, 30)}))}))
    assert seen_in_reports([report]) == shown | Seen(withheld=frozenset({fire}))
    # what its sender suppressed was not withheld by the report
    suppressed = report | {"conflicts": [conflict | {"withheld": None}]}
    assert seen_in_reports([suppressed]) == shown


def test_a_figure_that_was_revised_since_it_was_shown_is_not_known_and_hidden_only_at_a_high_price() -> None:
    given = Given()
    given.conflict(OWN, (CRIMES, 50), (FIRE, 20))

    def of(shown: float) -> tuple[bool, float]:
        seen = Seen(values=frozenset({(place(FIRE, OWN), shown)}))
        found = conflict_numbers(cast("Any", given), given.conflicts, "police", seen).cells.set_index("cell")
        return bool(found.loc[place(FIRE, OWN), "is_known"]), float(found.loc[place(FIRE, OWN), "loss"])

    assert of(20)[0]
    assert not of(21)[0]
    assert of(21)[1] > 10 * of(20)[1]


@pytest.mark.parametrize(("value", "is_small"), [(0, False), (1, True), (RULES.highest, True), (RULES.highest + 1, False)])
def test_a_search_compared_small_counts_from_one_to_the_highest_where_both_feeds_have_a_figure(
    value: int, *, is_small: bool
) -> None:
    figures = [(CRIMES, OWN, value), (CASES, OWN, 90), (CRIMES, OTHER, 2)]
    facts = SimpleNamespace(
        rules=RULES,
        periods=[{"period": "2016-17", "period_kind": "financial_year"}],
        areas=[{"area_code": area, "area_level": "district"} for area in (OWN, OTHER)],
        figures=pd.DataFrame(figures, columns=["feed", "area_code", "value"]).assign(measure="arson", period="2016-17"),
    )
    search = {"measure": "arson", "area_level": "district", "period_kind": "financial_year", "agency": "police"}
    search |= {"feed": "crimes", "other_agency": "county", "other_feed": "cases"}
    assert small_counts_in_search(cast("Any", facts), search, CRIMES) == is_small
    assert not small_counts_in_search(cast("Any", facts), search, CASES)
