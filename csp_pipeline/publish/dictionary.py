"""The data dictionary: every table and column of the warehouse, written from the declarations."""

from pathlib import Path

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.lake import replacing
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.publish.catalogue import CataloguedTable, catalogue
from csp_pipeline.settings import Settings
from csp_pipeline.tables import words_of

INTRODUCTION = """# Data dictionary

Every table and column of `csp.duckdb`, written from the declarations by `csp dictionary`; do not edit it by hand. The same
words stand in the warehouse itself: `SELECT table_name, comment FROM duckdb_tables()` and
`SELECT table_name, column_name, comment FROM duckdb_columns()`.
"""


def write_dictionary(settings: Settings, path: Path, *, only_check: bool = False) -> bool:
    """Write the dictionary, or only check it; false when it is checked and not up to date."""
    partnership = load_partnership(settings.sources)
    specs = {feed.key: find_feed_spec(feed.key, feed.entry.layout) for feed in partnership.feeds}
    text = INTRODUCTION + "".join(describe_table(table) for table in catalogue(partnership, specs))
    if only_check:
        return path.exists() and path.read_text(encoding="utf-8") == text
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return True


def describe_table(table: CataloguedTable) -> str:
    """One table as Markdown: its description, then a row for each column."""
    lines = [
        f"\n## {table.name}\n",
        f"{table.description}\n",
        "| column | type | unit | role | what it is |",
        "|---|---|---|---|---|",
    ]
    for column in table.columns:
        sent_as = f" Sent as `{column.header}`." if column.header and column.header != column.name else ""
        words = f"{words_of(column)}{sent_as}".replace("|", "\\|")
        lines.append(f"| `{column.name}` | {column.type} | {column.unit or ''} | {column.role or ''} | {words} |")
    return "\n".join(lines) + "\n"
