"""Numbers that agencies publish as text, some of them suppressed: how their columns are declared, and the SQL that reads them."""

from typing import Any

from csp_pipeline.tables import field_of

SUPPRESSED = r"<\s?[0-9]{1,6}|\[c\]|\*"


def published_number(description: str, **options: Any) -> Any:
    """A published number as it stands: `104`, `1,204`, `15%`, or suppressed as `<5`, `[c]` or `*`; kept as text.

    `published_value`, `published_low` and `published_high` give the SQL that reads it.
    """
    return field_of(
        "VARCHAR",
        description,
        str_matches=rf"(?:-?[0-9][0-9,]{{0,20}}(?:\.[0-9]+)?%?|{SUPPRESSED})$",
        expects="a number, or a suppressed one such as <5 or [c]",
        **options,
    )


def published_value(column: str) -> str:
    """SQL for the value of a published number: NULL where it is suppressed."""
    return f"TRY_CAST(replace(replace({column}, ',', ''), '%', '') AS DOUBLE)"


def published_low(column: str) -> str:
    """SQL for the least a published number can be."""
    return f"CASE WHEN {published_value(column)} IS NOT NULL THEN {published_value(column)} ELSE 0 END"


def published_high(column: str) -> str:
    """SQL for the most a published number can be: 4 for `<5`, unknown for `[c]`."""
    below = f"TRY_CAST(regexp_extract({column}, '^<\\s?(\\d+)$', 1) AS DOUBLE) - 1"
    return f"coalesce({published_value(column)}, {below})"
