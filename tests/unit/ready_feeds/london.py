"""A second partnership, in London: its areas, collisions in them, and what is counted there."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import PROJECT, Pipeline

REAL = PROJECT.parent / "shared" / "real"
LAMBETH, SOUTHWARK, LONDON, MET = "E09000022", "E09000028", "E13000001", "E23000001"
IN_LAMBETH, IN_SOUTHWARK = "E01003013", "E01003927"
AREAS = [
    (LAMBETH, "Lambeth", "district", "", "", LONDON, MET, "E22000201"),
    (SOUTHWARK, "Southwark", "district", "", "", LONDON, MET, "E22000207"),
    (LONDON, "Inner London", "county", "", "", "", MET, ""),
    (MET, "Metropolitan Police", "force", "", "", "", "", ""),
    (IN_LAMBETH, "Lambeth 001A", "lsoa", LAMBETH, "", LONDON, MET, ""),
    (IN_SOUTHWARK, "Southwark 001A", "lsoa", SOUTHWARK, "", LONDON, MET, ""),
]
NAMES = ["area_code", "area_name", "area_level", "district_code", "beat_code", "county_code", "force_code", "csp_code"]
Found = Callable[..., "Pipeline"]


def figures(pipeline: Pipeline, area: str) -> dict[str, float | None]:
    """Headline figures of an area by period, those that are not missing."""
    rows = pipeline.lake("FROM figures WHERE area_code = ? AND is_headline AND value IS NOT NULL", [area])
    return {row["period"]: row["value"] for row in rows}


def collision(number: int, **changes: str) -> dict[str, str]:
    """A row of the Department's collision file: a slight one in Lambeth on 15/04/2016 unless changed."""
    return {
        "collision_index": f"2016010{number:06d}",
        "collision_year": "2016",
        "police_force": "1",
        "collision_severity": "3",
        "number_of_vehicles": "2",
        "number_of_casualties": "1",
        "date": "15/04/2016",
        "time": "08:15",
        "local_authority_ons_district": LAMBETH,
        "lsoa_of_accident_location": "-1",
    } | changes


COLLISIONS = [
    collision(1),
    collision(2, collision_severity="1", date="02/05/2016"),
    collision(3, collision_severity="2", date="31/03/2017"),
    collision(4, collision_severity="2", local_authority_ons_district="EHEATHROW"),
]
