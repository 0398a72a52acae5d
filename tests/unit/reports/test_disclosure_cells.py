"""Bridges, percentages, gaps and sums as cells and relations: hidden where they would give another agency's count away."""

import pandas as pd
import pytest

from csp_pipeline.partnership.configuration import DisclosureEntry
from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_cells import (
    bridge_numbers,
    figure_numbers,
    gap_numbers,
    numbers,
    percentage_numbers,
    sum_numbers,
)
from csp_pipeline.reports.disclosure_rules import Rules
from tests.unit.reports.attacker import Attacker

RULES = Rules(DisclosureEntry())
FIGURES = pd.DataFrame({"cell": ["theirs", "mine"], "feed": ["county/cases", "police/crimes"], "unit": "case", "loss": 1.0})


def bounds(found, hidden, asked):
    """What an attacker makes of these numbers, from 1 to 4."""
    sums = [dict(zip(terms.cell, terms.coefficient, strict=True)) for _, terms in found.relations.groupby("relation")]
    seen = {cell: value for cell, value in zip(found.cells.cell, found.cells.value, strict=True) if cell not in hidden}
    loose = found.cells[~found.cells.is_protected]
    ranges = {cell: [(low, high)] for cell, low, high in zip(loose.cell, loose.lowest, loose.highest, strict=True) if low == low}
    return Attacker(seen, sums, ranges, frozenset(loose.cell)).bounds_of(asked, 1, 4)


def test_a_gap_beside_a_known_figure_gives_the_other_one_away() -> None:
    figures = figure_numbers(FIGURES.assign(value=[3.0, 20.0]), RULES, "police")
    gaps = gap_numbers(pd.DataFrame({"cell": ["gap"], "value": [-17.0], "a": ["mine"], "b": ["theirs"], "loss": [1.0]}))
    assert set((figures + gaps).protected(RULES)) == {"theirs", "gap"}
    for_owner = figure_numbers(FIGURES.assign(value=[3.0, 20.0]), RULES, "county")
    assert not (for_owner + gaps).protected(RULES)


# 78 offences become 107 cases: four cases of another period, two of which the police may not know of, and so on
STEPS = pd.DataFrame(
    {
        "bridge": "b",
        "step": range(1, 6),
        "contribution": [4.0, 10.0, 1.0, -4.0, 18.0],
        "records_a": [0.0, 0.0, 4.0, 4.0, 18.0],
        "records_b": [4.0, 10.0, 5.0, 0.0, 36.0],
        "loss": 1.0,
    }
)
ENDS = pd.DataFrame(
    {
        "bridge": ["b"],
        "cell_a": "mine",
        "cell_b": "theirs",
        "value_a": 78.0,
        "feed_a": "police/crimes",
        "feed_b": "county/cases",
        "unit_a": "offence",
        "unit_b": "case",
    }
)


def test_a_bridge_hides_anothers_few_records_and_the_steps_that_give_them_away() -> None:
    ends = figure_numbers(FIGURES.assign(value=[107.0, 78.0]), RULES, "police")
    found = ends + bridge_numbers(STEPS, ENDS, RULES, "police")
    hidden = found.protected(RULES)
    # the county's 4 records of step 1, what they contribute, and what is reached by them
    assert {"b|1|records_b", "b|1|contribution", "b|1|reached"} <= set(hidden)
    # and not all there is
    assert {"b|2|records_b", "b|5|records_b", "theirs"} & set(found.cells.cell) - set(hidden)
    assert bounds(found, hidden, ["b|1|records_b"]) == {"b|1|records_b": (1, 4)}
    with_the_figure_alone_hidden = set(hidden) & {"b|1|records_b"}
    assert bounds(found, with_the_figure_alone_hidden, ["b|1|records_b"]) == {"b|1|records_b": (4, 4)}


def test_the_county_reads_the_same_bridge_with_the_polices_few_records_hidden() -> None:
    ends = figure_numbers(FIGURES.assign(value=[107.0, 78.0]), RULES, "county")
    found = ends + bridge_numbers(STEPS, ENDS, RULES, "county")
    hidden = found.protected(RULES)
    few = ["b|3|records_a", "b|4|records_a"]
    assert set(few) <= set(hidden)
    assert not [cell for cell in hidden if cell.endswith("records_b")]
    assert bounds(found, hidden, few) == dict.fromkeys(few, (1, 4))


@pytest.mark.parametrize(("counted", "is_hidden"), [(3, True), (30, False), (0, False)])
def test_a_percentage_of_a_known_base_tells_its_count(counted: int, is_hidden: bool) -> None:
    count = numbers(pd.DataFrame({"cell": ["count"], "value": [float(counted)], "is_protected": True, "loss": 1.0}))
    share = percentage_numbers(
        pd.DataFrame(
            {
                "cell": ["share"],
                "value": [round(100 * counted / 41, 1)],
                "decimals": 1,
                "count": "count",
                "counted": counted,
                "base": 41,
                "loss": 1.0,
            }
        )
    )
    hidden = set((count + share).protected(RULES)) - {"share|rounding"}
    assert hidden == ({"count", "share"} if is_hidden else set())


def test_a_percentage_too_coarse_to_tell_its_count_is_shown() -> None:
    # 3 of 2,000 is 0 to the whole per cent, as is any count up to 9
    count = numbers(pd.DataFrame({"cell": ["count"], "value": [3.0], "is_protected": True, "loss": 1.0}))
    share = percentage_numbers(
        pd.DataFrame(
            {"cell": ["share"], "value": [0.0], "decimals": 0, "count": "count", "counted": 3, "base": 2000, "loss": 1.0}
        )
    )
    assert set((count + share).protected(RULES)) - {"share|rounding"} == {"count"}


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
