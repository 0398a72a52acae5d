"""Figures and the sums that tie them as cells and relations, and those that cannot be protected."""

import pandas as pd
import pytest

from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_cells import Seen, figure_numbers, numbers, sum_numbers
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from tests.unit.reports.made_rules import RULES


def test_parts_that_do_not_add_up_leave_a_rest_that_nobody_sees() -> None:
    periods = pd.DataFrame(
        {
            "period": ["2016-17", "2016-17 Q1", "2016-17 Q2"],
            "period_kind": ["financial_year", "quarter", "quarter"],
            "period_start": pd.to_datetime(["2016-04-01", "2016-04-01", "2016-07-01"]),
            "period_end": pd.to_datetime(["2017-03-31", "2016-06-30", "2016-09-30"]),
        }
    )
    areas = pd.DataFrame({"area_code": ["D"], "area_level": ["district"], "county_code": [None], "force_code": [None]})
    figures = pd.DataFrame(
        {"cell": ["y", "q1", "q2"], "feed": "a/f", "measure": "m", "area_code": "D", "period": periods.period, "value": [9, 5, 6]}
    )
    found = sum_numbers(figures, areas, periods)
    # two people counted in both quarters: a reader knows that this rest is not above nothing
    assert found.cells[["value", "highest"]].to_numpy().tolist() == [[-2, 0]]
    assert found.cells.lowest.isna().all()
    assert (found.relations.coefficient * found.relations.cell.map({"y": 9, "q1": 5, "q2": 6}).fillna(-2)).sum() == 0
    assert not len(sum_numbers(figures.assign(value=[11, 5, 6]), areas, periods).cells)


@pytest.mark.parametrize(
    ("cells", "relations", "words"),
    [
        ([("a", 1), ("a", 2)], [], "'a' is given twice"),
        ([("a", float("nan"))], [], "'a' has no value"),
        ([("a", 1)], [("r", "b", 1)], "names the cell 'b'"),
        ([("a", 1), ("b", 2)], [("r", "a", 1), ("r", "b", -1)], "relation 'r' does not hold: its sum is -1"),
    ],
)
def test_numbers_that_cannot_be_protected_are_refused(cells, relations, words) -> None:
    table = pd.DataFrame(cells, columns=["cell", "value"]).assign(is_protected=True, is_known=False, loss=1.0)
    with pytest.raises(ValueError, match=words):
        protect(table, pd.DataFrame(relations, columns=["relation", "cell", "coefficient"]))


def test_a_number_in_two_sets_is_one_number_with_all_that_either_says() -> None:
    first = pd.DataFrame({"cell": ["a", "b"], "value": 3.0, "loss": [1.0, 5.0], "lowest": [1.0, 0.0], "below": [4.0, 9.0]})
    again = pd.DataFrame({"cell": ["a"], "value": 3.0, "loss": 2.0, "lowest": 2.0, "highest": 8.0, "below": 3.0, "above": 6.0})
    sums = pd.DataFrame({"relation": ["r", "r"], "cell": ["a", "b"], "coefficient": [1.0, -1.0]})
    one = numbers(first.assign(is_protected=True, highest=9.0, above=5.0), sums)
    other = numbers(again.assign(is_known=True), sums)
    for both in (one + other, other + one):
        assert both.cells.to_dict("records") == [
            {"cell": "a", "value": 3, "is_protected": True, "is_known": True, "loss": 3}
            | {"lowest": 2, "highest": 8, "below": 3, "above": 6},
            {"cell": "b", "value": 3, "is_protected": True, "is_known": False, "loss": 5}
            | {"lowest": 0, "highest": 9, "below": 9, "above": 5},
        ]
        # what adds up to what is said once, or each number would count twice in its sum
        assert both.relations.sort_values("cell").coefficient.tolist() == [1, -1]


def test_own_and_published_figures_are_known_and_a_small_one_seen_elsewhere_is_hidden_from_now_on() -> None:
    figures = pd.DataFrame(
        [
            ("own", "police/crimes", "offence", 3, False),
            ("published", "police/street", "offence", 3, False),
            ("per cent", "county/survey", "percent", 3, False),
            ("small", "county/cases", "case", 3, False),
            ("large", "county/cases", "case", 30, False),
            ("seen", "county/cases", "case", 30, True),
            ("seen small", "county/cases", "case", 4, True),
            ("seen none", "county/cases", "case", 0, True),
        ],
        columns=["cell", "feed", "unit", "value", "is_known"],
    ).assign(loss=1.0)
    found = figure_numbers(figures, RULES, "police").cells.set_index("cell")
    assert set(found.index[found.is_protected]) == {"small", "large", "seen", "seen small", "seen none"}
    assert set(found.index[found.is_known]) == {"own", "published", "per cent", "seen", "seen none"}
    everybody = figure_numbers(figures, RULES, EVERYBODY).cells.set_index("cell")
    assert set(everybody.index[everybody.is_protected]) == {"own", "small", "large", "seen", "seen small", "seen none"}


def test_districts_make_up_a_county_and_counties_with_districts_outside_any_make_up_a_force_area() -> None:
    areas = pd.DataFrame(
        [
            ("F", "force", None, None),
            ("C", "county", None, "F"),
            ("D1", "district", "C", "F"),
            ("D2", "district", "C", "F"),
            # a unitary authority lies in no county
            ("U", "district", "", "F"),
        ],
        columns=["area_code", "area_level", "county_code", "force_code"],
    )
    periods = pd.DataFrame({"period": [], "period_kind": [], "period_start": [], "period_end": []})
    value = {"F": 60, "C": 30, "D1": 10, "D2": 20, "U": 25}
    figures = pd.DataFrame({"cell": list(value), "feed": "a/f", "measure": "m", "area_code": list(value), "period": "2016-17"})
    found = sum_numbers(figures.assign(value=list(value.values())), areas, periods)
    sums = {name: set(terms.cell) for name, terms in found.relations.groupby("relation")}
    assert sums == {
        "C|districts of county": {"C", "D1", "D2"},
        "F|districts of force": {"F", "D1", "D2", "U", "F|districts of force|rest"},
        "F|counties of force": {"F", "C", "U", "F|counties of force|rest"},
    }
    # 5 records of the force area have no location: a reader knows that this rest is not below nothing
    assert found.cells[["value", "lowest"]].to_numpy().tolist() == [[5, 0], [5, 0]]
    assert found.cells.highest.isna().all()
    value |= found.cells.set_index("cell").value.to_dict()
    assert (found.relations.coefficient * found.relations.cell.map(value)).groupby(found.relations.relation).sum().eq(0).all()


def test_what_a_reader_has_of_a_figure_says_whether_it_may_be_hidden_and_at_what_loss() -> None:
    """Known as it is: not at all. Shown before it was revised: where little else would do. Withheld before: before all others."""
    figures = pd.DataFrame({"cell": ["now", "same", "revised", "withheld", "shown since", "new"], "value": 6.0, "loss": 3.0})
    seen = Seen(
        cells=frozenset({"now"}),
        values=frozenset({("same", 6.0), ("revised", 5.0), ("revised", 7.0), ("shown since", 6.0)}),
        withheld=frozenset({"withheld", "shown since"}),
    )
    found = seen.weighed(figures).set_index("cell")
    assert found.is_known[found.is_known].index.tolist() == ["now", "same", "shown since"]
    assert found.loss.sort_values().index[[0, -1]].tolist() == ["withheld", "revised"]
    assert found.loss[["withheld", "new", "revised"]].tolist() == [0.01, 3, 300]
    assert seen.still_withheld(figures) == {"withheld"}
