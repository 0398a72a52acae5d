"""The options that every command has, and the settings that come of them."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from csp_pipeline.cli.output import Format
from csp_pipeline.settings import Settings

Sources = Annotated[
    Path | None,
    typer.Option("--sources", envvar="CSP_SOURCES", help="Folder with what partners send and the configuration."),
]
Warehouse = Annotated[
    Path | None,
    typer.Option("--warehouse", envvar="CSP_WAREHOUSE", help="Folder for landing, lake, warehouse and reports."),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print: table, csv or json.")]


def settings_of(sources: Path | None, warehouse: Path | None) -> Settings:
    """Settings from the command's options, then the environment, then defaults; BadParameter for one that cannot be used."""
    given = {"sources": sources, "warehouse": warehouse}
    try:
        settings = Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        problems = (f"CSP_{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors())
        raise typer.BadParameter(f"{'; '.join(problems)}. Correct it in the environment, or the command's option.") from error
    places = {"sources": settings.sources.resolve(), "warehouse": settings.warehouse.resolve()}
    return settings.model_copy(update=places)
