"""Checks of what intake has written, made from the lake's files alone: they can fail."""

from csp_pipeline.intake.receipts import Receipt, rejects_path
from csp_pipeline.lake import connect, records_path, sql_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec


def find_unbalanced_submissions(settings: Settings, feed: Feed, receipts: list[Receipt]) -> list[str]:
    """Submissions whose Parquet files do not hold as many records and rejects as their receipt says were read."""
    wrong = []
    with connect(settings) as connection:

        def count(pattern: str) -> dict[str, int]:
            rows = connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata('{sql_path(pattern)}')").fetchall()
            return {str(name): int(number) for name, number in rows}

        records_folder = records_path(settings, feed.agency, feed.name, "x").parent
        rejects_folder = rejects_path(settings, feed, "x").parent
        records = count(f"{records_folder}/*.parquet") if any(records_folder.glob("*.parquet")) else {}
        rejects = count(f"{rejects_folder}/*.parquet") if any(rejects_folder.glob("*.parquet")) else {}
    for receipt in receipts:
        if receipt.outcome == "refused":
            continue
        kept = records.get(str(records_path(settings, feed.agency, feed.name, receipt.submission_id)))
        refused = rejects.get(str(rejects_path(settings, feed, receipt.submission_id)), 0)
        if kept is None or kept + refused != receipt.rows_read:
            wrong.append(f"{receipt.submission_id}: {receipt.rows_read} read, {kept} records and {refused} rejects in the lake")
    return wrong


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
