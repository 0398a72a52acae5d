"""Whether a change is more than chance: tests between years, and control limits for months and quarters."""

import numpy as np
import pandas as pd

from csp_pipeline.lake import connect, register, sql_path, table_path, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.declared_changes import ChangeTests
from csp_pipeline.reconcile.exact import LEVEL, compare_counts, compare_percentages, count_interval
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

TESTED = ("value_before", "value", "population_before", "population", "base_before", "base")
PACKAGE = "csp_pipeline.reconcile"
LOW_COUNT = 20  # the Government Analysis Function's convention: a rate on fewer is flagged
# Under these an XmR chart gives more than one false alarm in a hundred (docs/decisions/0024): twelve points are also the
# fewest that NHS England's "Making data count" draws limits from.
LEAST_POINTS, LEAST_MEAN = 12, 3.0


def build_change_tests(settings: Settings, partnership: Partnership, book: MeasureBook) -> dict[str, int]:
    """Test every yearly and quarterly change, draw the control limits, and write `change_tests` and `control_limits`.

    Needs the lake's `figures` and `changes`. Gives the number of rows of each verdict, and of points outside the limits.
    """
    with connect(settings) as connection:
        for table in ("figures", "changes"):
            path = sql_path(table_path(settings, table))
            connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')").fetchall()
        for name, frame in (
            ("areas", partnership.areas),
            ("populations", partnership.populations),
            ("breaks_frame", book.breaks_table),
        ):
            register(connection, name, frame)
        connection.execute(
            "CREATE TEMP VIEW breaks AS SELECT * REPLACE (CAST(break_date AS DATE) AS break_date) FROM breaks_frame"
        ).fetchall()
        query = read_sql(PACKAGE, "change_pairs", area_years=read_sql(PACKAGE, "area_years"))
        connection.execute(f"CREATE TEMP TABLE pairs AS {query}").fetchall()
        # only what the tests need goes through pandas: names stay where they are, row beside row
        pairs = connection.execute(f"SELECT {', '.join(TESTED)}, unit, reason FROM pairs ORDER BY rowid").df()
        tested = judge_changes(pairs)
        register(connection, "tested", tested[[name for name in tested if name not in pairs]])
        columns = ", ".join(ChangeTests.to_schema().columns)
        write_table(connection, settings, "change_tests", f"SELECT {columns} FROM pairs POSITIONAL JOIN tested")
        values = {"district": partnership.file.district, "least_points": LEAST_POINTS, "least_mean": LEAST_MEAN}
        connection.execute(f"CREATE TEMP TABLE limits AS {read_sql(PACKAGE, 'control_limits')}", values).fetchall()
        write_table(connection, settings, "control_limits", "FROM limits")
        outside = connection.execute("SELECT count(*) FROM limits WHERE signal IN ('above', 'below')").fetchall()[0][0]
    counts = tested.verdict.value_counts().sort_index()
    return {str(verdict): int(count) for verdict, count in counts.items()} | {"outside_limits": int(outside)}


def judge_changes(pairs: pd.DataFrame) -> pd.DataFrame:
    """Test each pair of figures that has no `reason` not to be.

    Takes columns `value_before`, `value`, `unit`, `population_before`, `population`, `base_before`, `base` and `reason`;
    gives the same rows with the columns of `ChangeTests` that follow from them. Counts are compared as two Poisson counts
    out of their populations, or out of equal exposures where a population is not known (`compare_counts`); percentages as
    two proportions (`compare_percentages`). The Poisson test takes every event for itself: where one person or one night
    makes many, real chance variation is larger, and a p-value near 0.05 is weak evidence.
    """
    tested = pairs.astype(dict.fromkeys(TESTED, "float64")).reset_index(drop=True)
    names = ["ratio", "ratio_low", "ratio_high", "points_low", "points_high", "p_value"]
    names += [f"rate{side}{end}" for side in ("_before", "") for end in ("", "_low", "_high")]
    tested = tested.assign(**dict.fromkeys(names, np.nan))
    open_to_test = tested.reason.isna()
    is_percent = tested.unit == "percent"
    _test_counts(tested, open_to_test & ~is_percent)
    _test_percentages(tested, open_to_test & is_percent)
    tested["change"] = (tested.value - tested.value_before).where(open_to_test)
    tested["percent"] = (100 * tested.change / tested.value_before).where((tested.value_before != 0) & ~is_percent)
    tested["low_count"] = ~is_percent & (tested[["value_before", "value"]].min(axis=1) < LOW_COUNT)
    beyond_chance = tested.p_value < 1 - LEVEL
    rose = np.where(is_percent, tested.change > 0, ~(tested.ratio < 1))  # after a count of 0 there is no ratio, but a rise
    tested["verdict"] = np.select(
        [~open_to_test, beyond_chance & rose, beyond_chance], ["not_tested", "rise", "fall"], "within_chance"
    )
    return tested


def _test_counts(tested: pd.DataFrame, rows: pd.Series) -> None:
    chosen = tested[rows]
    has_population = (chosen.population > 0) & (chosen.population_before > 0)
    before, after = chosen.value_before.to_numpy(), chosen.value.to_numpy()
    compared = compare_counts(
        before,
        after,
        chosen.population_before.where(has_population, 1.0).to_numpy(),
        chosen.population.where(has_population, 1.0).to_numpy(),
    )
    bounded = np.where(np.isinf(compared.high), np.nan, compared.high)
    tested.loc[rows, ["ratio", "ratio_low", "ratio_high", "p_value"]] = np.column_stack(
        [compared.ratio, compared.low, bounded, compared.p_value]
    )
    for side, count in (("_before", before), ("", after)):
        per_thousand = (1000 / chosen[f"population{side}"].where(has_population)).to_numpy()
        low, high = count_interval(count)
        columns = [f"rate{side}", f"rate{side}_low", f"rate{side}_high"]
        tested.loc[rows, columns] = np.column_stack([count, low, high]) * per_thousand[:, None]


def _test_percentages(tested: pd.DataFrame, rows: pd.Series) -> None:
    chosen = tested[rows]
    compared = compare_percentages(*(chosen[name].to_numpy() for name in ("value_before", "value", "base_before", "base")))
    tested.loc[rows, ["points_low", "points_high", "p_value"]] = np.column_stack(compared)
