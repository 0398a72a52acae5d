"""The programs that are measured, each run as a process of its own: `python -m tests.bench.workloads NAME ARGS`."""

import shutil
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STREET_FILE = "published-2016-06/2016-04-leicestershire-street.csv"


def make_street_csv(path: str, rows: str) -> None:
    """A street-level CSV of any length: every row another Crime ID, places and types in turn from the sample's."""
    import duckdb

    sample = PROJECT / "sources/police/street/exports"
    source = next(sample.glob("*/2016-04-leicestershire-street.csv"))
    connection = duckdb.connect()
    connection.execute(
        f"""
        COPY (
            SELECT
                CASE WHEN s."Crime ID" IS NULL THEN NULL ELSE sha256(CAST(n.range AS VARCHAR)) END AS "Crime ID",
                s.* EXCLUDE ("Crime ID", place)
            FROM range({int(rows)}) n
            JOIN (
                SELECT *, row_number() OVER () - 1 AS place FROM read_csv('{source}', all_varchar = true)
            ) s ON s.place = n.range % (SELECT count(*) FROM read_csv('{source}', all_varchar = true))
            ORDER BY n.range
        ) TO '{path}' (HEADER)
        """
    ).fetchall()


def baseline_create_table(path: str) -> None:
    """DuckDB's own CREATE TABLE AS SELECT of the file, all columns as text."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/baseline.duckdb") as connection:
        connection.execute("SET enable_progress_bar = false").fetchall()
        query = f"CREATE TABLE street AS SELECT * FROM read_csv('{path}', all_varchar = true)"
        print(connection.execute(query).fetchall()[0][0])


def intake_street(path: str) -> None:
    """The same file landed, validated, loaded and counted into figures by the pipeline."""
    from csp_pipeline.settings import Settings
    from csp_pipeline.stages import open_pipeline

    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
        sources = Path(folder) / "sources"
        shutil.copytree(PROJECT / "sources", sources, ignore=shutil.ignore_patterns("exports"))
        place = sources / "police/street/exports" / STREET_FILE
        place.parent.mkdir(parents=True)
        place.symlink_to(path)
        pipeline = open_pipeline(Settings(sources=sources, warehouse=Path(folder) / "warehouse"))
        intake = pipeline.take_in("police/street")
        pipeline.build_figures()
        assert intake.rows("rows_rejected") == 0, intake.receipts[0].messages
        print(intake.rows("rows_accepted"))


def empty_dagster_run(home: str, assets: str) -> None:
    """A Dagster run of as many assets as the pipeline has, in one process, none of which does anything."""
    import dagster as dg

    from csp_pipeline.defs.build import QUIET, open_instance

    def build(number: int) -> dg.AssetsDefinition:
        @dg.asset(name=f"asset_{number}")
        def empty() -> dg.MaterializeResult:
            return dg.MaterializeResult(metadata={"rows": 0})

        return empty

    definitions = dg.Definitions(
        assets=[build(number) for number in range(int(assets))],
        jobs=[dg.define_asset_job("everything", selection=dg.AssetSelection.all())],
        executor=dg.in_process_executor,
    )
    with open_instance(Path(home)) as instance:
        definitions.resolve_job_def("everything").execute_in_process(instance=instance, run_config=QUIET)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
