"""The sample world from beginning to end: plan, write month by month, write the other feeds, write the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.sample.abuse import World, make_world
from csp_pipeline.sample.abuse_late import apply_late_changes, has_late_quarter, number_cases
from csp_pipeline.sample.abuse_truth import count_abuse_figures, plant_abuse_truth
from csp_pipeline.sample.county import FEED as CASES
from csp_pipeline.sample.county import LATE_EXTRACT, name_quarter, write_cases
from csp_pipeline.sample.crimes import Mixer, weigh_lsoas
from csp_pipeline.sample.district import write_asb_cases, write_parish_survey, write_published_figures
from csp_pipeline.sample.fire import write_incidents
from csp_pipeline.sample.periods import Month, list_years
from csp_pipeline.sample.plan import make_plan
from csp_pipeline.sample.police import PoliceWriter
from csp_pipeline.sample.recorded_tables import FEED as TABLES
from csp_pipeline.sample.recorded_tables import TableCounts, write_tables
from csp_pipeline.sample.reference import copy_configuration, read_reference
from csp_pipeline.sample.street import draw_points
from csp_pipeline.sample.survey import write_survey
from csp_pipeline.sample.treatment import write_treatment
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.youth import write_youth


@dataclass(frozen=True)
class SampleSummary:
    """What was written: files, rows of each feed, planted records of each cause."""

    files: tuple[Path, ...]
    rows: dict[str, int]
    planted: dict[str, int]


def write_sample(
    to: Path,
    *,
    seed: int,
    sources: Path,
    crimes: int | None = None,
    first_year: str = "2014-15",
    last_year: str = "2016-17",
    progress: Callable[[str], None] | None = None,
) -> SampleSummary:
    """Write a complete sources folder with sample exports, and the truth about what was planted in them."""
    to, sources = Path(to), Path(sources)
    say = progress or (lambda words: None)
    years = list_years(first_year, last_year)
    reference = read_reference(sources)
    files = copy_configuration(sources, to)
    truth = Truth(to / "truth")
    lsoa_weights = weigh_lsoas(reference, years)
    world = make_world(reference, seed, years, lsoa_weights)
    apply_late_changes(world, reference)
    numbers = number_cases(world)
    plan = make_plan(reference, seed, years, crimes, world)
    mixer = Mixer(reference, seed, plan, lsoa_weights)
    police = PoliceWriter(to, mixer, draw_points(reference, seed), TableCounts(reference, years), truth)
    by_month = _sort_by_month(world)
    for month_plan in plan.months:
        say(f"police, {month_plan.month.label}")
        police.write_month(month_plan, by_month.get(month_plan.month, []), files.append)
    rows = dict(police.rows)
    name, rows["police/recorded_crime_tables"] = write_tables(to, police.table, truth)
    files += sorted((to / TABLES).glob(f"*/{name}"))
    say("county, domestic abuse")
    cases = write_cases(to, reference, seed, world, numbers, truth)
    rows["county/domestic_abuse"] = sum(cases.values())
    files += [to / CASES / name for name in cases]
    others = _write_others(to, mixer, police, years, truth, say)
    for feed, by_file in others.items():
        rows[feed] = sum(by_file.values())
        files += [to / feed / "exports" / name for name in by_file]
    plant_abuse_truth(truth, world)
    if has_late_quarter(world):
        late = next(quarter for quarter in world.list_delivered() if quarter.label == "2016-17-Q1")
        truth.plant(
            "late_extract",
            "county",
            "domestic_abuse",
            name_quarter(late, LATE_EXTRACT),
            late.label,
            detail="changes figures already given",
        )
    count_abuse_figures(truth, world, reference)
    say("truth")
    files += truth.write()
    return SampleSummary(tuple(sorted(files)), dict(sorted(rows.items())), dict(sorted(truth.causes.items())))


def _write_others(
    to: Path, mixer: Mixer, police: PoliceWriter, years: list[str], truth: Truth, say: Callable[[str], None]
) -> dict[str, dict[str, int]]:
    """Write the feeds beside the police's and the domestic abuse cases; return rows by file of each feed."""
    say("fire, county, treatment, district")
    episodes, summary = write_treatment(to, mixer, years, truth)
    return {
        "fire/incidents": write_incidents(to, mixer, police.hooks, years, truth),
        "county/youth_offending": write_youth(to, mixer, years, truth),
        "county/community_survey": write_survey(to, mixer, years, truth),
        "turning_point/episodes": episodes,
        "turning_point/summary": summary,
        "district/asb_cases": write_asb_cases(to, mixer, police.hooks, years, truth),
        "district/parish_survey": write_parish_survey(to, years, truth),
        "district/published_figures": write_published_figures(to, years, truth),
    }


def _sort_by_month(world: World) -> dict[Month, list]:
    by_month: dict[Month, list] = {}
    for _, crime in world.iterate_crimes():
        by_month.setdefault(Month(crime.recorded.year, crime.recorded.month), []).append(crime)
    return by_month
