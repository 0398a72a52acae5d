"""Writing the `sources/` of a new partnership: decisions of an existing one that hold anywhere, and the new one's own place."""

import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.new_partnership import narrow
from csp_pipeline.new_partnership.place import Place
from csp_pipeline.partnership.claims import load_claims
from csp_pipeline.partnership.links import load_links
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.periods import financial_years
from csp_pipeline.partnership.scorecard import load_scorecard

# What holds anywhere in England and Wales, taken over as it is.
NATIONAL = ("lsoa_2011_issued.csv", "police/offence_codes.csv", "police/force_areas.csv", "responses/feed.yml")
# Decisions about one partnership's own history and publications: a new one begins without.
OWN_FEEDS = ("district/published_figures",)
# Which part of a feed is the place's own, such as its force's.
MAIN_SCOPE = re.compile(r"(?m)^ *main_scope:.*\n")
COVERS = re.compile(r"(?m)^covers_area: *\S+")
OWN_PERIODS = re.compile(r"(?m)^expected_(?:from|until):.*\n")
HEAD = re.compile(r"\A(?:#[^\n]*\n|\n)*")


@dataclass(frozen=True)
class Started:
    """What was written: the folder, the loaded partnership, and what a person has to look at next."""

    sources: Path
    partnership: Partnership
    to_do: tuple[str, ...]


def start_partnership(
    folder: Path,
    place: Place,
    example: Path,
    *,
    years: tuple[str, str],
    name: str | None = None,
    feeds: Collection[str] | None = None,
) -> Started:
    """Write `sources/` of a new partnership below `folder`, from the `sources/` of an example.

    `feeds` are those that its agencies will send (all but the example's own publications unless given), `years` the first and
    last financial year taken in. Nothing that is there is written over.

    Raises ConfigurationError where the folder has a `sources/` already, a feed is not known, or a year is none.
    """
    sources = folder / "sources"
    if sources.exists() and any(sources.iterdir()):
        raise ConfigurationError(f"{sources}: is there already, and nothing in it was touched. Give another folder.")
    try:
        financial_years(*years)
    except ValueError as error:
        raise ConfigurationError(f"--years: {error}.") from error
    given = load_partnership(example)
    chosen = _choose_feeds(given, feeds)
    # written beside and put in place when it is known to load, so that a failure leaves nothing half set up
    building = folder / ".sources.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _copy_feeds(given, building, place, chosen)
        _write_decisions(example, building, chosen)
        _write_place(given, building, place, chosen, name or f"{place.district_name} Community Safety Partnership", years)
        _check(building)
        if sources.exists():
            sources.rmdir()
        building.rename(sources)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    to_do = (
        "partnership.yml: correct the agencies' names and contacts (roles, never people).",
        *place.notes,
        f"{len(chosen)} feeds wait in <agency>/<feed>/exports; feed.yml beside each says how its files are named, and may name "
        "another place. Remove the folder of a feed that nobody sends.",
        "measures.yml and links.yml: read the definitions with your agencies; they are those of the example.",
        "breaks.yml and claims.yml are empty: add breaks in your series, and published statements to check.",
    )
    return Started(sources, load_partnership(sources), to_do)


def usual_years(today: date) -> tuple[str, str]:
    """The financial year of a day and the two before it, as labels."""
    start = today.year if today.month >= 4 else today.year - 1
    first, last = (f"{year}-{(year + 1) % 100:02d}" for year in (start - 2, start))
    return first, last


def _choose_feeds(given: Partnership, feeds: Collection[str] | None) -> list[str]:
    known = [feed.key for feed in given.feeds]
    if feeds is None:
        return [key for key in known if key not in OWN_FEEDS]
    for key in feeds:
        if key not in known:
            raise ConfigurationError(f"no feed {key!r}; known feeds: {', '.join(known)}.")
    return [key for key in known if key in feeds]


def _copy_feeds(given: Partnership, sources: Path, place: Place, chosen: list[str]) -> None:
    """Each feed's `feed.yml` for the new place, with an empty folder where its exports go."""
    there = {given.file.district: place.district, given.file.county: place.county, given.file.force: place.force}
    for feed in (given.feed(key) for key in chosen):
        target = sources / feed.agency / feed.name
        (target / "exports").mkdir(parents=True)
        text = (feed.folder / "feed.yml").read_text(encoding="utf-8")
        text = COVERS.sub(f"covers_area: {there[feed.entry.covers_area]}", MAIN_SCOPE.sub("", OWN_PERIODS.sub("", text)))
        (target / "feed.yml").write_text(text, encoding="utf-8")
        (target / "exports" / ".gitkeep").touch()


def _write_decisions(example: Path, sources: Path, chosen: list[str]) -> None:
    for name in NATIONAL:
        if (example / name).exists():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(example / name, sources / name)

    def write(name: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> dict[str, Any]:
        text = (example / name).read_text(encoding="utf-8")
        content = change(yaml.safe_load(text))
        if content is None:
            return {}
        head = HEAD.match(text)
        body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=130)
        (sources / name).write_text((head[0] if head else "") + body, encoding="utf-8")
        return content

    measures = write("measures.yml", lambda content: narrow.keep_measures(content, chosen))["measures"]
    write("links.yml", lambda content: narrow.keep_links(content, chosen))
    write("breaks.yml", lambda _: {"breaks": []})
    write("claims.yml", lambda content: {**content, "claims": {}})
    write("scorecard.yml", lambda content: narrow.keep_scorecard({**content, "plan": "The partnership's plan"}, chosen, measures))


def _write_place(given: Partnership, sources: Path, place: Place, chosen: list[str], name: str, years: tuple[str, str]) -> None:
    place.areas.to_csv(sources / "areas.csv", index=False)
    place.populations.loc[_in_years(place, years)].to_csv(sources / "population.csv", index=False)
    force = (
        place.force_name if re.search(r"police|constabulary", place.force_name, re.IGNORECASE) else f"{place.force_name} Police"
    )
    council = f"{place.district_name} Council"
    names = {
        "police": force,
        "county": council if place.is_unitary else f"{place.county_name} County Council",
        "fire": f"{place.force_name} Fire and Rescue Service",
        "turning_point": "Drug and alcohol treatment provider",
        "district": council,
    }
    templates = jinja2.Environment(  # noqa: S701 (YAML, not HTML; values go through tojson)
        loader=jinja2.PackageLoader("csp_pipeline.new_partnership"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    text = templates.get_template("partnership.yml.j2").render(
        name=name,
        place=place,
        first=years[0],
        last=years[1],
        # one that sends nothing would get reports of nothing
        agencies={
            key: {"name": names.get(key, agency.name), "contact": agency.contact}
            for key, agency in given.file.agencies.items()
            if any(feed.startswith(f"{key}/") for feed in chosen)
        },
        public_feeds=[entry for entry in given.file.disclosure.public_feeds if entry.feed in chosen],
    )
    (sources / "partnership.yml").write_text(text, encoding="utf-8")


def _in_years(place: Place, years: tuple[str, str]) -> pd.Series:
    """The mid-years that rates of these financial years, and of the year before them, are based on."""
    taken_in = financial_years(*years)
    return place.populations.mid_year.between(taken_in[0].start.year - 1, taken_in[-1].start.year)


def _check(sources: Path) -> None:
    """That everything loads, before it is put in place."""
    partnership = load_partnership(sources)
    book = load_measures(partnership)
    load_links(partnership)
    load_claims(partnership, book)
    load_scorecard(partnership, book)
