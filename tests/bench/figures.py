"""Comparing four million figures, beside a bare GROUP BY of the same figures.

The figures have the lake's shape and the sample's proportions: every area and period, as many feeds for each measure as are
declared, and one figure in four is the headline that is compared; the others are further dates, units and areas of the same.
They are in the lake's order too: headlines first.
"""

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

from csp_pipeline.lake import table_path
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile.compare import build_comparisons
from csp_pipeline.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
# headline, and three other ways of counting the same
VARIANTS = 4


def make_figures(folder: Path, rows: int) -> Path:
    """Figures of every declared measure, feed, area and period, as Parquet, until there are so many."""
    path = folder / f"figures-in-order-{rows}.parquet"
    if path.exists():
        return path
    partnership = load_partnership(PROJECT / "sources")
    book = load_measures(partnership)
    given = pd.DataFrame(
        [
            (*key.split("/"), measure, entry.unit, f"variant {variant}", variant == 0)
            for measure, entry in book.measures.items()
            for key in entry.feeds
            for variant in range(VARIANTS)
        ],
        columns=["agency", "feed", "measure", "unit", "date_basis", "is_headline"],
    )
    with duckdb.connect() as connection:
        connection.register("given", given)
        connection.register("areas", partnership.areas[["area_code"]])
        connection.register("periods", table_of_periods(partnership.years[0].start, partnership.years[-1].end))
        connection.execute(
            f"""
            COPY (
                SELECT
                    agency, feed, measure, area_code, 'offence' AS area_basis, period, period_kind,
                    CAST(period_start AS DATE) AS period_start, CAST(period_end AS DATE) AS period_end, date_basis, unit,
                    value, value AS value_low, value AS value_high, CAST(NULL AS DOUBLE) AS base, 'A' AS status,
                    -- one in ten covers a part only
                    CASE WHEN hash(agency, feed, period) % 10 = 0 THEN 0.5 ELSE 1.0 END AS coverage,
                    CASE WHEN hash(agency, feed, period) % 10 = 0 THEN 'half' END AS covered,
                    DATE '2017-05-01' AS as_at, is_headline, NULL AS preferred_by, CAST(NULL AS VARCHAR) AS break_id
                FROM (
                    SELECT
                        *,
                        -- two thirds of a measure's figures agree
                        CAST(hash(measure, area_code, period) % 90 + 10 * CAST(hash(feed, area_code, period) % 3 = 0 AS INTEGER)
                            AS DOUBLE) AS value
                    FROM areas, periods, given
                    LIMIT {rows}
                )
                ORDER BY is_headline DESC, agency, feed, measure, area_code, period_start, period
            ) TO '{path}'
            """
        ).fetchall()
    return path


def group_figures(figures: Path) -> None:
    """The baseline: the figures of each measure, area and period in one group, and nothing else."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            f"""
            CREATE TEMP TABLE grouped AS
            SELECT measure, area_code, period, count(*) AS figures, min(value) AS least, max(value) AS most
            FROM read_parquet('{figures}') GROUP BY ALL
            """
        ).fetchall()


def compare_figures(figures: Path) -> int:
    """The pipeline's own step, from the lake's `figures` to the lake's `comparisons`; gives the number of comparisons."""
    partnership = load_partnership(PROJECT / "sources")
    book = load_measures(partnership)
    with tempfile.TemporaryDirectory(dir=figures.parent) as folder:
        settings = Settings(warehouse=Path(folder), threads=2)
        place = table_path(settings, "figures")
        place.parent.mkdir(parents=True)
        place.symlink_to(figures.resolve())
        started = time.perf_counter()
        counts = build_comparisons(settings, partnership, book)
        print(f"{time.perf_counter() - started:.3f}")
    return sum(counts.values())


def main(name: str, folder: str, rows: str) -> None:
    """Run one of the two; prints the seconds that it took."""
    figures = make_figures(Path(folder), int(rows))
    if name == "compare_figures":
        compared = compare_figures(figures)
        assert compared > int(rows) // 20, compared
        return
    started = time.perf_counter()
    group_figures(figures)
    print(f"{time.perf_counter() - started:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
