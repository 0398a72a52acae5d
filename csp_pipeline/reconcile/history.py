"""Whether a gap between two figures stood in earlier vintages, and whose revision opened, changed or closed it."""

from csp_pipeline.lake import connect, sql_path, table_path, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.compare import PACKAGE, TRAITS, prepare_judging, view
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql


def build_gap_history(settings: Settings, partnership: Partnership, book: MeasureBook) -> dict[str, int]:
    """Judge the gaps of earlier vintages by today's rules and write the lake's table `gap_history`; gives the number of
    rows of each effect.

    Needs the lake's `figure_vintages` and `comparisons`. Kept are the comparisons in conflict today and those one of whose
    figures was ever revised: of all others nothing but the first verdict could be told.
    """
    with connect(settings) as connection:
        for table in ("figure_vintages", "comparisons", "periods"):
            view(connection, settings, table)
        vintages = "(SELECT v.*, p.period_start FROM figure_vintages v JOIN periods p USING (period))"
        prepare_judging(connection, partnership, book, vintages, over_time=True)
        pairs = read_sql(PACKAGE, "pairs_of_vintages", traits=TRAITS)
        judged = read_sql(PACKAGE, "comparisons", pairs=pairs, has_intervals=True, over_time=True)
        write_table(connection, settings, "gap_history", read_sql(PACKAGE, "gap_history", comparisons=judged))
        written = sql_path(table_path(settings, "gap_history"))
        counts = connection.execute(
            f"SELECT effect, count(*) FROM read_parquet('{written}') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return dict(counts)
