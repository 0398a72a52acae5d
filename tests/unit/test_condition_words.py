"""Words in a measure's conditions that a column never holds: the condition would count everybody or nobody, without a word."""

import duckdb
import pytest

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.condition_words import unknown_words
from csp_pipeline.figures.count import check_measures
from tests.conftest import Pipeline

FIRE = "fire/incidents"


def check(desk: Pipeline, condition: str) -> None:
    book = desk.book.of_feed(FIRE)
    measure = book["deliberate_fires"].model_copy(deep=True)
    measure.feeds[FIRE].where[:] = [condition]
    with duckdb.connect() as connection:
        check_measures(connection, desk.partnership.feed(FIRE), desk.specs[FIRE], {"deliberate_fires": measure})


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        ("motive <> 'Accidental'", "Accidental"),
        ("incident_group IN ('fire', 'False Alarm')", "False Alarm"),
        ("incident_group = 'fire' AND NOT (MOTIVE = 'deliberat')", "deliberat"),
        ("'secondry' = fire_class OR incident_type = 'RTC'", "secondry"),
        ("motive NOT IN ('deliberate', 'unknown')", "unknown"),
        ("CASE motive WHEN 'arson' THEN true ELSE false END", "arson"),
    ],
)
def test_a_word_that_the_column_never_holds_is_told_with_those_that_it_does(desk: Pipeline, condition: str, word: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        check(desk, condition)
    for part in ("measures > deliberate_fires > feeds > fire/incidents > where", f"is never '{word}'; it is one of"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    "condition",
    [
        "motive = 'deliberate' AND fire_class IN ('primary', 'secondary')",
        "incident_type = 'Anything, as it is free text'",
        "motive LIKE '%ccident%'",
        "lower(motive) <> 'Deliberate'",
        "motive IS NOT NULL OR motive = NULL",
        "motive = property_category",
        "casualties > 0 AND lsoa_code = 'E01025770'",
    ],
)
def test_what_may_be_true_of_some_and_false_of_others_is_left_alone(desk: Pipeline, condition: str) -> None:
    check(desk, condition)


MOTIVE = {"class": "COLUMN_REF", "type": "COLUMN_REF", "column_names": ["motive"]}


def constant(**told: object) -> dict[str, object]:
    return {"class": "CONSTANT", "type": "VALUE_CONSTANT", **told}


@pytest.mark.parametrize(
    "tree",
    [
        {
            "class": "OPERATOR",
            "type": "COMPARE_NOT_IN",
            "children": [
                MOTIVE,
                constant(value={"type": {"id": "VARCHAR", "type_info": None}, "is_null": False, "value": "deliberate"}),
                constant(value={"type": {"id": "VARCHAR", "type_info": None}, "is_null": False, "value": "unknown"}),
            ],
        },
        {
            "class": "OPERATOR",
            "type": "OPERATOR_NOT",
            "children": [
                {
                    "class": "OPERATOR",
                    "type": "COMPARE_IN",
                    "children": [
                        MOTIVE,
                        constant(literal={"kind": "STRING", "text": "deliberate"}),
                        constant(literal={"kind": "STRING", "text": "unknown"}),
                    ],
                }
            ],
        },
    ],
    ids=["DuckDB 1.5", "DuckDB 2.0"],
)
def test_the_trees_of_both_versions_of_duckdb_are_read(tree: object) -> None:
    """Of `motive NOT IN ('deliberate', 'unknown')`; the test above reads what the installed version writes."""
    assert list(unknown_words(tree, {"motive": ["accidental", "deliberate"]})) == [("motive", "unknown")]
    of_number = {
        "class": "COMPARISON",
        "type": "COMPARE_EQUAL",
        "left": MOTIVE,
        "right": constant(literal={"kind": "INTEGER", "text": "3"}),
    }
    assert list(unknown_words(of_number, {"motive": ["accidental"]})) == []
