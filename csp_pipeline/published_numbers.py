"""Numbers that agencies publish as text, some of them suppressed: how their columns are declared, and the SQL that reads them."""

from typing import Any

from csp_pipeline.tables import DECIMAL, field_of

SUPPRESSED = r"<\s?[0-9]{1,6}|\[c\]|\*"
# From 0 to 100. Excel keeps a cell that shows 94% as 0.94, so that up to 1 a bare number may be a share of 1; only 0 is both.
PERCENTAGE = (
    r"(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
    r"|0(?:\.0+)?|1\.0*[1-9][0-9]*|[2-9](?:\.[0-9]+)?|[1-9][0-9](?:\.[0-9]+)?|100(?:\.0+)?"
)


def published_number(description: str, **options: Any) -> Any:
    """A published number as it stands: `104`, `1,204`, `15%`, or suppressed as `<5`, `[c]` or `*`; kept as text.

    `published_value`, `published_low` and `published_high` give the SQL that reads it.
    """
    return field_of(
        "VARCHAR",
        description,
        str_matches=rf"(?:(?:{DECIMAL})%?|{SUPPRESSED})$",
        expects="a number, or a suppressed one such as <5 or [c]",
        **options,
    )


def published_percentage(description: str, **options: Any) -> Any:
    """A published percentage from 0 to 100 as it stands, or suppressed; one that may be a share of 1 fails."""
    return field_of(
        "VARCHAR",
        description,
        str_matches=rf"(?:{PERCENTAGE}|{SUPPRESSED})$",
        expects="a percentage from 0 to 100 such as 94, or a suppressed one such as [c]; not a share such as 0.94, which is what"
        " Excel keeps of a cell that shows 94%. Write 1 and less with the sign, as 0.5%",
        **options,
    )


def published_value(column: str) -> str:
    """SQL for the value of a published number: NULL where it is suppressed."""
    return f"TRY_CAST(replace(replace({column}, ',', ''), '%', '') AS DOUBLE)"


def published_low(column: str) -> str:
    """SQL for the least a published number can be."""
    return f"CASE WHEN {published_value(column)} IS NOT NULL THEN {published_value(column)} ELSE 0 END"


def published_high(column: str, *, is_count: bool = True) -> str:
    """SQL for the most a published number can be: 4 for `<5` of a count, 5 of a percentage, unknown for `[c]`."""
    below = f"TRY_CAST(regexp_extract({column}, '^<\\s?(\\d+)$', 1) AS DOUBLE) - {1 if is_count else 0}"
    return f"coalesce({published_value(column)}, {below})"


def is_in_unit(column: str, *, is_percentage: bool) -> str:
    """SQL that tells whether a published number, where it is one, is written in its measure's unit.

    `15%` of a measure of counts is not, and 0.94 of a percentage may be a share of 1: neither is the number that it looks like.
    """
    if is_percentage:
        return f"regexp_full_match({column}, '{PERCENTAGE}|{SUPPRESSED}')"
    return f"NOT ends_with({column}, '%')"
