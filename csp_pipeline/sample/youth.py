"""The county's youth offending rows: proven offences by children, first-time entrants falling year by year."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.periods import Quarter, date_extract, list_quarters, name_file
from csp_pipeline.sample.seeds import derive_keys, open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, write_rows

FEED = Path("county/youth_offending/exports")
EXTRACT_DAYS = 20
COLUMNS = (
    "young_person_key",
    "offence_date",
    "disposal_date",
    "disposal",
    "first_time_entrant",
    "district",
    "offence_code",
)
_LAYOUT = Layout(newline="\n", quote_all=True)
_DISPOSALS = (
    "Youth Caution",
    "Youth Conditional Caution",
    "Referral Order",
    "Youth Rehabilitation Order",
    "Detention and Training Order",
)
_CODES = ("8N", "105A", "46", "58C", "58D", "92E", "9A", "49", "28A", "48")
_OTHER_DISTRICT_ENTRANTS = 4
_FLAWS = {2: "impossible_date", 3: "unknown_code"}


def write_youth(to: Path, mixer: Mixer, years: list[str], truth: Truth) -> dict[str, int]:
    """Write every quarter's offences by the day of disposal; return rows by file."""
    written = {}
    entrants = {
        year: open_stream(mixer.seed, "youth entrants", int(year[:4])).multinomial(mixer.plan.entrants[year], [0.25] * 4)
        for year in years
    }
    for quarter in list_quarters(years):
        rng = open_stream(mixer.seed, "youth", quarter.number)
        name = name_file("youth_offending", quarter.label, date_extract(quarter.last, EXTRACT_DAYS), "csv")
        rows = []
        for index, district in enumerate(mixer.reference.districts):
            if not district.in_county:
                continue
            home = index == mixer.reference.harborough
            count = (
                int(entrants[quarter.financial_year][quarter.quarter - 1]) if home else int(rng.poisson(_OTHER_DISTRICT_ENTRANTS))
            )
            own = [_make_row(rng, quarter, index, district.name, "Y") for _ in range(count)]
            again = [_make_row(rng, quarter, index, district.name, "N") for _ in range(int(rng.poisson(count * 1.2 + 0.5)))]
            # a quarter of them have a second offence dealt with on the same day
            again += [[*row[:4], "N", row[5], _CODES[int(rng.integers(len(_CODES)))]] for row in own if rng.random() < 0.25]
            rows += own + again
            for vintage in ("first", "latest"):
                truth.count(
                    "First-time entrants",
                    district.code,
                    quarter.financial_year,
                    "county",
                    "youth_offending",
                    vintage,
                    count,
                )
        flaw = _FLAWS.get(quarter.quarter)
        if flaw:
            rows.append(_make_row(rng, quarter, mixer.reference.harborough, "Harborough", "N"))
        keys = derive_keys(mixer.seed, "person", np.array([row[0] for row in rows])).to_pylist()
        cells = [[key, f"{row[1]:%d/%m/%Y}", f"{row[2]:%d/%m/%Y}", *row[3:]] for key, row in zip(keys, rows, strict=True)]
        if flaw:
            column, value = (1, f"30/02/{quarter.first.year}") if flaw == "impossible_date" else (6, "99Z")
            cells[-1][column] = value
            truth.plant(flaw, "county", "youth_offending", name, keys[-1], detail=value)
        cells = [cells[i] for i in sorted(range(len(cells)), key=lambda i: (rows[i][2], keys[i], cells[i][4] == "N"))]
        write_rows(to / FEED / name, COLUMNS, cells, _LAYOUT)
        truth.submit(name, len(cells), int(bool(flaw)))
        written[name] = len(cells)
    return written


def _make_row(rng: np.random.Generator, quarter: Quarter, district: int, name: str, entrant: str) -> list:
    length = (quarter.last - quarter.first).days + 1
    disposal: date = quarter.first + timedelta(days=int(rng.integers(length)))
    offence = disposal - timedelta(days=int(rng.integers(5, 200)))
    # children come again within a small pool, first-time entrants do not
    pool = quarter.number * 100_000 + int(rng.integers(50_000)) if entrant == "Y" else district * 1000 + int(rng.integers(60))
    which = rng.choice(len(_DISPOSALS), p=(0.45, 0.2, 0.2, 0.12, 0.03) if entrant == "Y" else (0.15, 0.2, 0.3, 0.3, 0.05))
    code = _CODES[int(rng.integers(len(_CODES)))]
    return [(1 << 42) + pool, offence, disposal, _DISPOSALS[int(which)], entrant, name, code]
