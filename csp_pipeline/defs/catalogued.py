"""What Dagster's catalogue says of a table: its name in the warehouse, and its columns as they are declared."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from csp_pipeline.publish.catalogue import MODELS, record_columns
from csp_pipeline.settings import Settings
from csp_pipeline.tables import ColumnSpec, FeedSpec, comment_of, specs_of


def describe_table(settings: Settings, table: str) -> dict[str, Any]:
    """Definition metadata of an asset that makes a table of the warehouse's own: its name there, and its columns."""
    return {"dagster/table_name": _table_name(settings, table), "dagster/column_schema": _schema(specs_of(MODELS[table]))}


def describe_feed(settings: Settings, table: str | None, spec: FeedSpec, *, keeps_extras: bool) -> dict[str, Any]:
    """Definition metadata of a feed's asset; `table` is None where the warehouse has no table of this feed alone."""
    schema = {"dagster/column_schema": _schema(record_columns(spec, keeps_extras=keeps_extras))}
    return schema if table is None else {"dagster/table_name": _table_name(settings, table), **schema}


def _table_name(settings: Settings, table: str) -> str:
    """The name that an analyst types once `csp.duckdb` is attached."""
    return f"{settings.database.stem}.main.{table}"


def _schema(columns: Sequence[ColumnSpec]) -> dg.TableSchema:
    return dg.TableSchema(columns=[_column(column) for column in columns])


def _column(column: ColumnSpec) -> dg.TableColumn:
    sent_as = f" Sent as `{column.header}`." if column.header and column.header != column.name else ""
    return dg.TableColumn(
        column.name,
        column.type,
        description=comment_of(column) + sent_as,
        constraints=dg.TableColumnConstraints(nullable=column.nullable),
    )
