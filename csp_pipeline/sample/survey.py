"""The county's community survey workbooks: each with its quarter's sheet and those of the year before it."""

from __future__ import annotations

from pathlib import Path

from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.periods import Quarter, date_extract, list_quarters, name_file
from csp_pipeline.sample.seeds import open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Sheet, write_workbook

FEED = Path("county/community_survey/exports")
EXTRACT_DAYS = 20
COLUMNS = ("District", "Question", "Base", "Percentage")
DAY, DARK, LITTER = "Feel safe during the day", "Feel safe after dark", "Concern: rubbish or litter"
ROWDY, DRUGS, DAMAGE = (
    "Concern: drunk or rowdy behaviour",
    "Concern: using or dealing drugs",
    "Concern: criminal damage",
)
# Harborough's percentages that were published; the quarters between are drawn.
_PUBLISHED = {
    "2015-16-Q3": {LITTER: 41},
    "2016-17-Q3": {DAY: 100, DARK: 94, LITTER: 15, ROWDY: 12, DRUGS: 11, DAMAGE: 12},
}
_USUAL = {DAY: (98, 1), DARK: (90, 3), LITTER: (36, 4), ROWDY: (13, 2), DRUGS: (12, 2), DAMAGE: (12, 2)}
_LITTER_PATH = {"2015-16-Q4": 37, "2016-17-Q1": 29, "2016-17-Q2": 22, "2016-17-Q4": 16}
_SMALL_BASES = {"Melton": 24, "Oadby and Wigston": 28}


def write_survey(to: Path, mixer: Mixer, years: list[str], truth: Truth) -> dict[str, int]:
    """Write every quarter's workbook; return rows by file."""
    written = {}
    quarters = list_quarters(years)
    for quarter in quarters:
        extracted = date_extract(quarter.last, EXTRACT_DAYS)
        name = name_file("community_survey", quarter.label, extracted, "xlsx")
        shown = [q for q in quarters if q.financial_year == quarter.financial_year and q.quarter <= quarter.quarter]
        rows = write_workbook(to / FEED / name, [_make_sheet(mixer, q) for q in shown], extracted)
        truth.submit(name, rows)
        written[name] = rows
    for quarter in quarters:
        for row in _make_rows(mixer, quarter):
            area = next(district.code for district in mixer.reference.districts if district.name == row[0])
            for vintage in ("first", "latest"):
                truth.count(f"{row[1]} (%)", area, quarter.label, "county", "community_survey", vintage, row[3])
    return written


def _make_sheet(mixer: Mixer, quarter: Quarter) -> Sheet:
    label = quarter.label.replace("-Q", " Q")
    titles = ["Leicestershire Insight: community based survey", f"Residents of each district, {label}"]
    notes = ("Base: residents asked. Percentages on small bases should be read with care.",)
    return Sheet(label, titles, COLUMNS, _make_rows(mixer, quarter), notes, merged_titles=True)


def _make_rows(mixer: Mixer, quarter: Quarter) -> list[tuple[str, str, int, int]]:
    rng = open_stream(mixer.seed, "survey", quarter.number)
    rows = []
    for district in mixer.reference.districts:
        if not district.in_county:
            continue
        base = _SMALL_BASES.get(district.name, 105) + int(rng.integers(-6, 16))
        for question, (usual, spread) in _USUAL.items():
            value = min(100, max(0, round(float(rng.normal(usual, spread)))))
            if district.name == "Harborough":
                if question == LITTER:
                    value = _LITTER_PATH.get(quarter.label, value)
                value = _PUBLISHED.get(quarter.label, {}).get(question, value)
            rows.append((district.name, question, base, value))
    return rows
