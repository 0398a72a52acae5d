"""What intake notes of a submission beside its records: rejects, changed columns, corrections, unknown codes."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from csp_pipeline import tables
from csp_pipeline.intake.contract import ColumnChanges
from csp_pipeline.intake.correct import Corrections
from csp_pipeline.intake.receipts import noted_path
from csp_pipeline.intake.submissions import CodesNotMapped, Rejects
from csp_pipeline.lake import replacing
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from csp_pipeline.tables import Table

ARROW_TYPES = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32()}
NOTED: dict[str, type[Table]] = {
    "rejects": Rejects,
    "column_changes": ColumnChanges,
    "corrections": Corrections,
    "codes_not_mapped": CodesNotMapped,
}
SCHEMAS = {
    name: pa.schema([(column.name, ARROW_TYPES[column.type]) for column in tables.specs_of(model)])
    for name, model in NOTED.items()
}


def write_noted(
    settings: Settings, feed: Feed, table: str, submission_id: str, file: str, rows: Sequence[dict[str, Any]]
) -> None:
    """Write one submission's rows of a table, in the order given; without rows, what was there before is removed."""
    path = noted_path(settings, table, feed, submission_id)
    if not rows:
        path.unlink(missing_ok=True)
        return
    common = {"submission_id": submission_id, "agency": feed.agency, "feed": feed.name, "file": file}
    with replacing(path) as beside:
        pq.write_table(pa.Table.from_pylist([common | row for row in rows], schema=SCHEMAS[table]), beside)
