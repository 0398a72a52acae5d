"""Checks of what intake has written, made from the lake's files alone: they can fail."""

from pathlib import Path

from csp_pipeline.intake.receipts import Receipt, rejects_path
from csp_pipeline.lake import connect, records_path, sql_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec


def find_unbalanced_submissions(
    settings: Settings, feed: Feed, receipts: list[Receipt], counted: list[Receipt] | None = None
) -> list[str]:
    """Submissions whose Parquet files do not hold as many records and rejects as their receipt says were read.

    That each file is there is looked up for all `receipts`; rows are counted of those in `counted`, or of all.
    """
    records_folder = records_path(settings, feed.agency, feed.name, "x").parent
    rejects_folder = rejects_path(settings, feed, "x").parent
    accepted = [receipt for receipt in receipts if receipt.outcome != "refused"]
    to_count = {receipt.submission_id for receipt in (receipts if counted is None else counted)}
    records, rejects = (_count_rows(settings, folder, to_count) for folder in (records_folder, rejects_folder))
    wrong = []
    for receipt in accepted:
        kept, refused = records.get(receipt.submission_id), rejects.get(receipt.submission_id) or 0
        is_wrong = receipt.submission_id in to_count and (kept or 0) + refused != receipt.rows_read
        if receipt.submission_id not in records or is_wrong:
            wrong.append(f"{receipt.submission_id}: {receipt.rows_read} read, {kept} records and {refused} rejects in the lake")
    return wrong


def _count_rows(settings: Settings, folder: Path, to_count: set[str]) -> dict[str, int | None]:
    """The submissions that have a file in a folder, with its rows where they are to be counted."""
    there = {path.stem for path in folder.glob("*.parquet")}
    found: dict[str, int | None] = dict.fromkeys(there)
    files = [f"'{sql_path(folder / f'{name}.parquet')}'" for name in sorted(there & to_count)]
    if files:
        with connect(settings) as connection:
            query = f"SELECT file_name, num_rows FROM parquet_file_metadata([{', '.join(files)}])"
            found |= {Path(str(name)).stem: int(rows) for name, rows in connection.execute(query).fetchall()}
    return found


def count_repeated_keys(settings: Settings, feed: Feed, spec: FeedSpec, receipts: list[Receipt]) -> int:
    """How many keys stand more than once in one submission; blanks in a key are never duplicates."""
    files = [
        f"'{sql_path(records_path(settings, feed.agency, feed.name, receipt.submission_id))}'"
        for receipt in receipts
        if receipt.outcome != "refused"
    ]
    if not files or not spec.traits.key:
        return 0
    key = ", ".join(identifier(name) for name in spec.traits.key)
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in spec.traits.key)
    with connect(settings) as connection:
        rows = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM read_parquet([{', '.join(files)}], union_by_name = true) WHERE {present} "
            f"GROUP BY submission_id, {key} HAVING count(*) > 1)"
        ).fetchall()
    return int(rows[0][0])
