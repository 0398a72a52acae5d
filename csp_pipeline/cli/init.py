"""`csp init`: the folder of another partnership, set up without touching Python."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from csp_pipeline.settings import PROJECT


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to set up; sources/ and warehouse/ will be in it.")],
    district: Annotated[str, typer.Option(help="The partnership's district: ONS code or name, such as E07000135.")],
    csps: Annotated[Path, typer.Option(help="ONS lookup of districts to CSPs and police force areas (CSV).")],
    county: Annotated[str | None, typer.Option(help="ONS code of its county, where a county council stands above it.")] = None,
    county_name: Annotated[str | None, typer.Option(help="Name of that county, such as Leicestershire.")] = None,
    lsoas: Annotated[Path | None, typer.Option(help="ONS lookup of LSOAs (2011) to districts (CSV).")] = None,
    populations: Annotated[Path | None, typer.Option(help="ONS mid-year population estimates (CSV).")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the partnership.")] = None,
    years: Annotated[str | None, typer.Option(help="Financial years, such as 2023-24:2025-26; else the last three.")] = None,
    feeds: Annotated[
        str | None, typer.Option(help="Feeds that are sent, such as police/crimes,fire/incidents; else all.")
    ] = None,
) -> None:
    """Set up the sources of another partnership: its place from the ONS's lookups, the feeds and measures from this one's.

    Nothing that is there is written over. Exit codes: 0 all well; 2 wrong usage; 4 a file cannot be used.
    """
    from csp_pipeline.new_partnership import describe_place, start_partnership
    from csp_pipeline.new_partnership.start import usual_years

    if (county is None) != (county_name is None):
        raise typer.BadParameter("give --county and --county-name together")
    first, _, last = (years or ":".join(usual_years(date.today()))).partition(":")
    place = describe_place(
        district,
        csps,
        lsoas=lsoas,
        populations=populations,
        county=(county, county_name) if county and county_name else None,
    )
    wanted = [key.strip() for key in feeds.split(",") if key.strip()] if feeds else None
    started = start_partnership(folder, place, PROJECT / "sources", years=(first, last or first), name=name, feeds=wanted)
    console = Console(soft_wrap=True, highlight=False)
    levels = place.areas.area_level.value_counts()
    console.print(f"{started.partnership.file.name}, {place.force_name}: {started.sources}", markup=False)
    console.print("Areas: " + ", ".join(f"{levels[level]:,} {level}" for level in levels.index), markup=False)
    console.print("\nTo look at:", markup=False)
    for line in started.to_do:
        console.print(f"  - {line}", markup=False)
    warehouse = (folder / "warehouse").resolve()
    console.print("\nThen:", markup=False)
    console.print(f"  export CSP_SOURCES={started.sources.resolve()} CSP_WAREHOUSE={warehouse}\n  csp run", markup=False)
