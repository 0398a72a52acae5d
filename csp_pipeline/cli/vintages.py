"""What `csp figures` shows of the past: figures as known on a day, and the revisions of each."""

from datetime import date
from typing import Any

import duckdb
import typer

from csp_pipeline.cli.output import Rows, query_rows
from csp_pipeline.cli.warehouse import open_warehouse
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql


def figures_as_of(settings: Settings, day: date, values: dict[str, Any]) -> Rows:
    """Figures as known at the end of a day; `values` are the options of `csp figures`.

    Headline figures come from the warehouse's `figure_vintages`. Small areas and other variants are not kept there, and
    are counted from the records that held on that day.
    """
    with open_warehouse(settings) as database:
        _check_day(database, day)
        if not values["every_variant"] and not _is_small(database, values["area"]):
            known = {name: value for name, value in values.items() if name != "every_variant"}
            return query_rows(database, "figures_as_of", known | {"day": day})
    return _count(settings, day, values)


def revisions(settings: Settings, day: date | None, values: dict[str, Any]) -> Rows:
    """The vintages of a measure's figures, up to a day if one is given."""
    if values["measure"] is None:
        raise typer.BadParameter("--revisions needs a measure: csp figures total_crime --revisions")
    if values["every_variant"]:
        raise typer.BadParameter("--revisions shows headline figures; leave out --every")
    with open_warehouse(settings) as database:
        if day is not None:
            _check_day(database, day)
        if _is_small(database, values["area"]):
            raise typer.BadParameter("revisions are kept for beats, districts, county and force, not for LSOAs")
        known = {name: value for name, value in values.items() if name != "every_variant"}
        return query_rows(database, "revisions", known | {"day": day})


def _check_day(database: duckdb.DuckDBPyConnection, day: date) -> None:
    first = database.execute("SELECT min(known_from) FROM figure_vintages").fetchall()[0][0]
    if first is None:
        raise typer.BadParameter("nothing has been received yet, so nothing was known on any day")
    if day < first:
        raise typer.BadParameter(f"nothing was known yet on {day}; the first extract is of {first}")


def _is_small(database: duckdb.DuckDBPyConnection, area: str | None) -> bool:
    query = "SELECT count(*) FROM areas WHERE area_level = 'lsoa' AND (area_code = $area OR lower(area_name) = lower($area))"
    return area is not None and database.execute(query, {"area": area}).fetchall()[0][0] > 0


def _count(settings: Settings, day: date, values: dict[str, Any]) -> Rows:
    from csp_pipeline.figures.as_of import count_figures_as_of
    from csp_pipeline.lake import connect
    from csp_pipeline.stages import open_pipeline

    pipeline = open_pipeline(settings)
    with connect(settings) as connection:
        count_figures_as_of(connection, settings, pipeline.partnership, pipeline.measures, pipeline.specs, day, values["measure"])
        connection.register("areas", pipeline.partnership.areas)
        result = connection.execute(read_sql("csp_pipeline.publish", "figures"), values)
        return [column[0] for column in result.description or []], result.fetchall()
