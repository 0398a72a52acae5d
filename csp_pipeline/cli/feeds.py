"""What `csp feeds` does: list the ready layouts, and write the `feed.yml` of one for an agency to switch it on."""

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csp_pipeline.cli.output import Format, errors, print_rows
from csp_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from csp_pipeline.partnership.partnership import Partnership

app = typer.Typer(help="List the ready feeds, or switch one on.", rich_markup_mode=None, invoke_without_command=True)
Sources = Annotated[
    Path | None,
    typer.Option("--sources", envvar="CSP_SOURCES", help="Folder with what partners send and the configuration."),
]


@app.callback()
def feeds(
    context: typer.Context,
    format: Annotated[Format, typer.Option("--format", help="How to print: table, csv or json.")] = Format.table,
) -> None:
    """List the layouts of published feeds that need no Python: switch one on with csp feeds add."""
    if context.invoked_subcommand is not None:
        return
    from csp_pipeline.agencies.ready import READY
    from csp_pipeline.tables import feed_spec

    rows = []
    for layout, ready in READY.items():
        spec = feed_spec(ready.model)
        roles = (" or ".join(spec.columns_with_role(kind)) for kind in ("date", "area"))
        rows.append((layout, ready.publisher, spec.traits.row_unit, *roles))
    print_rows((["layout", "publisher", "rows_are", "date", "area"], rows), format, "Ready feeds")
    if format is Format.table:
        errors.print("Switch one on: csp feeds add LAYOUT --agency AGENCY", markup=False, highlight=False)


@app.command()
def add(
    layout: Annotated[str, typer.Argument(help="Layout, as csp feeds lists it.")],
    agency: Annotated[str, typer.Option("--agency", help="Agency whose figures it gives, as in partnership.yml.")],
    name: Annotated[str | None, typer.Option("--name", help="Name of the feed; that of the layout's kind by default.")] = None,
    sources: Sources = None,
) -> None:
    """Write sources/AGENCY/NAME/feed.yml for a ready layout, to be filled in. Nothing that is there is overwritten."""
    from csp_pipeline.agencies.ready import READY
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.settings import Settings

    if layout not in READY:
        raise typer.BadParameter(f"no layout {layout!r}; known: {', '.join(READY)}")
    folder_of_all = (sources or Settings().sources).resolve()
    partnership = load_partnership(folder_of_all)
    known = list(partnership.file.agencies)
    if agency not in known:
        raise typer.BadParameter(f"no agency {agency!r}; known: {', '.join(known)}. Add it to partnership.yml first")
    path = write_feed(partnership, layout, agency, name or READY[layout].folder)
    errors.print(
        f"Wrote {path}\nFill in contact and sharing_basis, check covers_area, put the files into exports beside it, and add "
        "ways to count to measures.yml, as the lines at its top show. Then: csp run",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def write_feed(partnership: "Partnership", layout: str, agency: str, name: str) -> Path:
    """Write the feed.yml of a ready layout, with the partnership's own areas, and the folder for its files.

    Raises ConfigurationError when the name cannot be that of a table, or the feed is there already.
    """
    if not name.isidentifier() or not name.isascii() or not name.islower():
        raise ConfigurationError(f"{name!r} cannot be a feed's name: use a-z, 0-9 and _ only, a letter first.")
    path = partnership.sources / agency / name / "feed.yml"
    if path.exists():
        raise ConfigurationError(f"{path}: is there already, so nothing was written. Give another --name, or remove it first.")
    text = resources.files("csp_pipeline").joinpath("ready_feeds", f"{layout}.yml").read_text(encoding="utf-8")
    areas = {"FORCE": partnership.file.force, "DISTRICT": partnership.file.district}
    for token, code in areas.items():
        text = text.replace(f"covers_area: {token} ", f"covers_area: {code} ")
    text = text.replace("AGENCY/FOLDER", f"{agency}/{name}")
    (path.parent / "exports").mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
