"""Numbers that agencies publish as text: in which unit they are written."""

import duckdb
import pytest

from csp_pipeline.published_numbers import is_in_unit


@pytest.mark.parametrize(
    ("number", "as_count", "as_percentage"),
    [
        ("104", True, False),
        ("1,204", True, False),
        ("12", True, True),
        ("12%", False, True),
        ("0.94", True, False),  # of a percentage it may be a share of 1, as a spreadsheet keeps 94%
        ("0.5%", False, True),
        ("0", True, True),
        ("100", True, True),
        ("<5", True, True),
        ("[c]", True, True),
        ("*", True, True),
    ],
)
def test_a_number_is_of_its_measure_only_in_the_measures_unit(number: str, *, as_count: bool, as_percentage: bool) -> None:
    asked = ", ".join(is_in_unit("number", is_percentage=wanted) for wanted in (False, True))
    assert duckdb.execute(f"SELECT {asked} FROM (VALUES (?)) t(number)", [number]).fetchall() == [(as_count, as_percentage)]
