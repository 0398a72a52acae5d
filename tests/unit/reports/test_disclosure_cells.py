"""Figures and the sums that tie them as cells and relations, and those that cannot be protected."""

import pandas as pd
import pytest

from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_cells import sum_numbers


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
    # two people counted in both quarters
    assert found.cells.value.tolist() == [-2]
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
