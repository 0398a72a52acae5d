"""A lake's tables with one of them made wrong, so that a test sees a check fail."""

import shutil
from pathlib import Path

import duckdb

from csp_pipeline.lake import table_path
from csp_pipeline.settings import Settings


def alter_table(settings: Settings, warehouse: Path, table: str, change: str) -> Settings:
    """Copy the lake's tables to another warehouse, with `SELECT * REPLACE (change)` done to one; gives its settings.

    A place of its own, as DuckDB may keep in memory what it has read of a file that is overwritten.
    """
    altered = settings.model_copy(update={"warehouse": warehouse})
    source, target = table_path(settings, table), table_path(altered, table)
    shutil.copytree(source.parent, target.parent)
    target.unlink()
    duckdb.execute(f"COPY (SELECT * REPLACE ({change}) FROM read_parquet('{source}')) TO '{target}' (FORMAT parquet)")
    return altered
