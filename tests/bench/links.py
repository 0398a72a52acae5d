"""Linking and bridging a million records with a million, beside a bare full outer join of the same keys.

Both are timed inside one process each, after the imports: beside half a second of work, a second of imports would hide it.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.figures.count import rollup_of
from csp_pipeline.partnership.links import load_links
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile.bridge import bridge_pair, note_bridged, prepare_results, read_steps
from csp_pipeline.reconcile.link_sides import Side

PROJECT = Path(__file__).resolve().parents[2]
FEEDS = ("police/crimes", "county/domestic_abuse")
MEASURE = "domestic_violence_with_injury"
YEARS = ("2014-15", "2015-16", "2016-17")


def make_records(folder: Path, rows: int) -> tuple[Path, Path]:
    """Crimes and cases as Parquet: nine in ten of each have their counterpart, one case in ten writes its number otherwise,
    one in a hundred has only
    the person to be linked by; flags, dates and places agree for nine in ten of them."""
    crimes, cases = folder / f"crimes-{rows}.parquet", folder / f"cases-{rows}.parquet"
    if crimes.exists() and cases.exists():
        return crimes, cases
    year = "CAST(14 + n % 3 AS VARCHAR)"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            COPY (
                SELECT
                    {year} || '/' || lpad(CAST(n AS VARCHAR), 7, '0') AS crime_number, 'L' || n AS incident_number,
                    DATE '2014-04-01' + CAST(n * 7919 % 1095 AS INTEGER) AS recorded_date,
                    CAST(DATE '2014-04-01' + CAST(n * 7919 % 1095 AS INTEGER) AS TIMESTAMP) AS committed_from,
                    n % 5 <> 0 AS domestic, CASE WHEN n % 3 = 0 THEN 'Violence without injury' ELSE 'Violence with injury' END
                        AS offence_subgroup, CASE n % 50 WHEN 0 THEN 'cancelled' ELSE 'recorded' END AS status,
                    CASE WHEN n % 41 <> 0 THEN 'E01025770' END AS lsoa_code, sha256('p' || n) AS person_key,
                    'crimes' AS submission_id, CAST(NULL AS VARCHAR) AS sheet, n AS row_number, CAST(NULL AS DATE) AS valid_to
                FROM range({rows}) t(n)
            ) TO '{crimes}'
            """
        ).fetchall()
        connection.execute(
            f"""
            COPY (
                SELECT
                    'DA-' || n AS case_id,
                    CASE WHEN n % 100 = 7 THEN NULL WHEN n % 10 = 3 THEN {year} || '-' || lpad(CAST(n AS VARCHAR), 7, '0')
                         ELSE {year} || '/' || lpad(CAST(n AS VARCHAR), 7, '0') END AS police_crime_reference,
                    DATE '2014-04-01' + CAST((n * 7919 % 1095 + n % 4) AS INTEGER) AS referral_date,
                    DATE '2014-04-01' + CAST(n * 7919 % 1095 AS INTEGER) AS incident_date, sha256('p' || n) AS person_key,
                    ['E07000131', 'E07000129'][CAST(n % 20 = 1 AS INTEGER) + 1] AS residence_district,
                    CASE WHEN n % 5 = 0 OR n % 3 = 0 OR n % 31 = 0 THEN 'no' ELSE 'yes' END AS physical_injury,
                    CASE n % 60 WHEN 0 THEN 'opened_in_error' ELSE 'open' END AS status, 'cases' AS submission_id,
                    CAST(NULL AS VARCHAR) AS sheet, n AS row_number, CAST(NULL AS DATE) AS valid_to
                FROM range({rows // 10}, {rows + rows // 10}) t(n)
            ) TO '{cases}'
            """
        ).fetchall()
    return crimes, cases


def make_sides(folder: Path, rows: int) -> tuple[Path, Path]:
    """The same records as two sides of one table, as tools that compare tables take them: `key`, `day`, `person`, `status`.

    The keys are in one form already, and cases without one are left out: such a tool reads neither.
    """
    crimes, cases = make_records(folder, rows)
    side_a, side_b = folder / f"side-a-{rows}.parquet", folder / f"side-b-{rows}.parquet"
    with duckdb.connect() as connection:
        for path, source, key, day in (
            (side_a, crimes, "crime_number", "recorded_date"),
            (side_b, cases, "replace(police_crime_reference, '-', '/')", "referral_date"),
        ):
            connection.execute(
                f"COPY (SELECT {key} AS key, {day} AS day, person_key AS person, status FROM read_parquet('{source}')"
                f" WHERE key IS NOT NULL) TO '{path}'"
            ).fetchall()
    return side_a, side_b


def join_keys(connection: duckdb.DuckDBPyConnection, crimes: Path, cases: Path) -> None:
    """The baseline: a full outer join of the two sides' keys, and nothing else."""
    connection.execute(
        f"""
        CREATE TEMP TABLE joined AS
        SELECT a.crime_number, b.police_crime_reference, a.row_number AS row_a, b.row_number AS row_b
        FROM read_parquet('{crimes}') a FULL JOIN read_parquet('{cases}') b ON a.crime_number = b.police_crime_reference
        """
    ).fetchall()


def link_and_bridge(connection: duckdb.DuckDBPyConnection, crimes: Path, cases: Path) -> int:
    """Link the records and bridge one measure's figures of the district in three years; gives the links found."""
    partnership = load_partnership(PROJECT / "sources")
    links, book = load_links(partnership), load_measures(partnership)
    started = time.perf_counter()
    periods = table_of_periods(partnership.years[0].start, partnership.years[-1].end)
    connection.register("periods_frame", periods)
    days = "CAST(period_start AS DATE) AS period_start, CAST(period_end AS DATE) AS period_end"
    connection.execute(f"CREATE TEMP TABLE periods AS SELECT * REPLACE ({days}) FROM periods_frame").fetchall()
    compared = ", ".join(f"('{year}', '{MEASURE}', 'E07000131', '{year}', 0.0)" for year in YEARS)
    connection.execute(
        "CREATE TEMP TABLE comparisons AS SELECT *, 'police' AS agency_a, 'crimes' AS feed_a, 'county' AS agency_b,"
        f" 'domestic_abuse' AS feed_b FROM (VALUES {compared}) t(comparison_id, measure, area_code, period, gap)"
    ).fetchall()
    connection.execute(
        "CREATE TEMP TABLE coverage AS SELECT agency, feed, period, 1.0 AS coverage FROM periods,"
        " (VALUES ('police', 'crimes'), ('county', 'domestic_abuse')) t(agency, feed)"
    ).fetchall()
    sides = []
    for name, key, path in zip("ab", FEEDS, (crimes, cases), strict=True):
        feed, spec = partnership.feed(key), find_feed_spec(key)
        given = {row[0] for row in connection.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()}
        # of the declared columns only those that the files hold
        kept = replace(spec, columns=tuple(column for column in spec.columns if column.name in given))
        ways = (book.measures[MEASURE].feeds[key],)
        source = f"SELECT * FROM read_parquet('{path}')"
        sides.append(Side(name, key, kept, source, rollup_of(partnership, feed, spec, adds_up=True), ways))
    pair = links.pair(*FEEDS)
    assert pair is not None
    prepare_results(connection)
    note_bridged(connection, [(*FEEDS, MEASURE, True)])
    bridge_pair(connection, links, pair, sides[0], sides[1], [MEASURE])
    read_steps(connection)
    print(f"{time.perf_counter() - started:.3f}")
    return int(connection.execute("SELECT count(*) FROM all_links").fetchall()[0][0])


def main(name: str, folder: str, rows: str) -> None:
    """Run one of the two; prints the seconds that it took."""
    crimes, cases = make_records(Path(folder), int(rows))
    with duckdb.connect(config={"threads": 2}) as connection:
        if name == "link_and_bridge":
            found = link_and_bridge(connection, crimes, cases)
            assert found == int(rows) * 9 // 10, found
            return
        started = time.perf_counter()
        join_keys(connection, crimes, cases)
        print(f"{time.perf_counter() - started:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
