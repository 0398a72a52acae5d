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


def make_crimes_parquet(path: str, rows: str) -> None:
    """Records of police/crimes of any number over three years: one in five shares its incident, three in ten of the victims
    are met again, one in three has none.
    """
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "2GB"})
    connection.execute(
        f"""
        COPY (
            SELECT
                '16/' || n AS crime_number, 'L16-' || (n * 9 // 10) AS incident_number, recorded AS recorded_date,
                CAST(recorded - INTERVAL 1 DAY * (hash(n + 1) % 40)::INT AS TIMESTAMP) AS committed_from,
                subgroups[1 + (hash(n + 2) % 6)::INT] AS offence_subgroup, hash(n + 3) % 5 = 0 AS domestic,
                CASE WHEN hash(n + 4) % 20 = 0 THEN 'cancelled' WHEN hash(n + 4) % 41 = 0 THEN 'transferred' ELSE 'recorded' END
                    AS status,
                CASE hash(n + 5) % 10 WHEN 0 THEN true WHEN 1 THEN false END AS suspect_under_18,
                lsoas[1 + (hash(n + 6) % len(lsoas))::INT] AS lsoa_code,
                CASE WHEN hash(n + 7) % 3 > 0 THEN sha256(CAST(hash(n + 8) % (2 * {int(rows)}) AS VARCHAR)) END AS person_key
            FROM (
                SELECT
                    range AS n, DATE '2014-04-01' + INTERVAL 1 DAY * (hash(range) % 1096)::INT AS recorded,
                    ['Violence with injury', 'Criminal damage', 'Domestic burglary', 'Arson', 'Robbery', 'Other'] AS subgroups,
                    (SELECT list(area_code ORDER BY area_code) FROM read_csv('{PROJECT}/sources/areas.csv')
                        WHERE area_level = 'lsoa') AS lsoas
                FROM range({int(rows)})
            )
        ) TO '{path}' (FORMAT parquet)
        """
    ).fetchall()


def baseline_one_count(path: str) -> None:
    """One count of the records: recorded crimes, each crime number once, by district and quarter."""
    import duckdb

    with duckdb.connect() as connection:
        query = f"""
            SELECT a.district_code, year(r.recorded_date), quarter(r.recorded_date), count(DISTINCT r.crime_number)
            FROM read_parquet('{path}') r JOIN read_csv('{PROJECT}/sources/areas.csv') a ON a.area_code = r.lsoa_code
            WHERE r.status = 'recorded'
            GROUP BY ALL
        """
        print(len(connection.execute(query).fetchall()))


def search_definitions(path: str, measure: str) -> None:
    """A definition search over the same records: every variant of a measure, in every district and quarter."""
    import pandas as pd

    from csp_pipeline.agencies import find_feed_spec
    from csp_pipeline.lake import connect
    from csp_pipeline.partnership.measures import load_measures
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.partnership.periods import table_of_periods
    from csp_pipeline.reconcile.search_feed import search_feed
    from csp_pipeline.reconcile.search_rows import FoundRows
    from csp_pipeline.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        partnership = load_partnership(PROJECT / "sources")
        periods = table_of_periods(partnership.years[0].start, partnership.years[-1].end)
        quarters = periods[periods.period_kind == "quarter"]
        districts = partnership.areas[partnership.areas.area_level == "district"][["area_code", "area_level"]]
        # what the numbers are makes no difference to the work
        numbers = {"measure": measure, "other": "district/published_figures", "rule": "published_as_counted"}
        rows = quarters.merge(districts, how="cross").assign(**numbers, low=1000.0, high=1000.0, is_comparable=True)
        found, feed = FoundRows(), partnership.feed("police/crimes")
        with connect(Settings(warehouse=Path(folder))) as connection:
            records = f"SELECT * FROM read_parquet('{path}')"
            spec, book = find_feed_spec(feed.key), load_measures(partnership)
            search_feed(connection, partnership, book, spec, feed, records, pd.DataFrame(rows), periods, found)
        print(found.searches[0]["variants_tried"])


def empty_dagster_run(home: str, assets: str) -> None:
    """A Dagster run of as many assets as the pipeline has, in one process, none of which does anything; the instance is
    Dagster's own, without this project's event log.
    """
    import dagster as dg

    from csp_pipeline.defs.instance import QUIET, open_instance

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
    Path(home).mkdir(parents=True)
    (Path(home) / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n", encoding="utf-8")
    with open_instance(Path(home)) as instance:
        definitions.resolve_job_def("everything").execute_in_process(instance=instance, run_config=QUIET)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
