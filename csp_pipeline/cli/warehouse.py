"""What the `csp` command asks the published warehouse, and refuses where a name that was typed is not in it."""

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import typer

from csp_pipeline.cli.output import EXIT_FAILED, Rows, errors, query_rows
from csp_pipeline.errors import PublishError
from csp_pipeline.lake import read_database
from csp_pipeline.settings import Settings


def ask_warehouse(settings: Settings, name: str, values: dict[str, Any] | None = None) -> Rows:
    """Run one of the named queries on the published warehouse."""
    with open_warehouse(settings) as database:
        return query_rows(database, name, values)


def check_known(settings: Settings, table: str, column: str, value: str | None) -> None:
    """Refuse a name that the warehouse does not know, with the nearest of those that it knows."""
    if value is not None:
        _refuse_unless(settings, table, column, value, f"{column} = $value", column.replace("_", " "))


def check_narrowing(settings: Settings, values: Mapping[str, Any]) -> None:
    """Refuse what narrows a query to nothing that there is: `measure`, `period`, `agency` and `area`, each if given."""
    check_known(settings, "measures", "measure", values["measure"])
    check_known(settings, "periods", "period", values["period"])
    check_known(settings, "agencies", "agency", values["agency"])
    _check_area(settings, values["area"])


def _check_area(settings: Settings, area: str | None) -> None:
    """Refuse an area that is neither the code nor, in any case, the name of one that the warehouse knows."""
    if area is not None:
        _refuse_unless(settings, "areas", "area_name", area, "lower(area_name) = lower($value) OR area_code = $value", "area")


def _refuse_unless(settings: Settings, table: str, column: str, value: str, condition: str, what: str) -> None:
    """Refuse a value for which no row of the table fulfils the condition."""
    with open_warehouse(settings) as database:
        if database.execute(f"SELECT count(*) FROM {table} WHERE {condition}", {"value": value}).fetchall()[0][0]:
            return
        # DuckDB chooses first, as comparing every one of tens of thousands of names here would take seconds
        near = database.execute(
            f"SELECT {column} FROM (SELECT DISTINCT {column} FROM {table}) "
            f"ORDER BY jaro_winkler_similarity({column}, $value) DESC, {column} LIMIT 100",
            {"value": value},
        ).fetchall()
    names = [name for (name,) in near]
    nearest = difflib.get_close_matches(value, names, n=5, cutoff=0.5) or names[:5]
    raise typer.BadParameter(f"no {what} {value!r}; nearest known: {', '.join(nearest)}")


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, for reading.

    Raises PublishError for a file that is no warehouse, or one of another version that lacks what is asked for.
    """
    need_warehouse(settings)
    try:
        with read_database(settings) as database:
            yield database
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.IOException) as error:
        raise PublishError(
            f"{settings.database}: cannot be asked: {str(error).splitlines()[0]} It is damaged, or was made by another version. "
            "Remove it, then make it again from what has landed: csp run."
        ) from error


def need_warehouse(settings: Settings) -> None:
    """End the command, saying what to do, where there is no published warehouse yet."""
    if not settings.database.exists():
        errors.print(f"{settings.database}: there is no warehouse yet. Make it with make run, or csp run.", markup=False)
        raise typer.Exit(EXIT_FAILED)


def district_of(settings: Settings) -> str:
    """The code of the partnership's own district."""
    from csp_pipeline.partnership.partnership import load_partnership

    return load_partnership(settings.sources).file.district


def raised_of(settings: Settings) -> str:
    """The areas and periods whose conflicts are raised for people to settle."""
    from csp_pipeline.partnership.partnership import load_partnership

    raised = load_partnership(settings.sources).file.discrepancies
    return f"{', '.join(raised.area_levels)} by {', '.join(raised.periods).replace('_', ' ')}"
