"""How many domestic incidents of each kind happen: the kinds are the reasons why police and county figures differ."""

from __future__ import annotations

from csp_pipeline.sample.shapes import pick_template

# Kinds of incident, each with its cause; `matched` has none: one crime, one case, the same quarter.
CAUSE_OF_KIND = {
    "matched": "",
    "other_quarter": "reference_date",
    "next_year": "reference_date",
    "several_crimes": "counting_unit",
    "repeat_client": "repeats",
    "police_only": "known_to_one_agency_only",
    "never_reported": "known_to_one_agency_only",
    "injury_not_stated": "classification",
    "offence_without_injury": "classification",
    "not_flagged_domestic": "classification",
    "resident_elsewhere": "geography",
    "incident_elsewhere": "geography",
    "opened_in_error": "status",
    "cancelled_crime": "status",
    "entered_twice": "duplicates",
    "wrong_reference": "wrong_reference",
    "missing_reference": "missing_reference",
}

# Incidents in Harborough (or of its residents), by published year; with injury, then without.
WITH_INJURY = {
    "matched": (16, 7, 10),
    "other_quarter": (4, 3, 5),
    "several_crimes": (5, 4, 6),
    "repeat_client": (3, 3, 5),
    "police_only": (12, 10, 14),
    "injury_not_stated": (4, 3, 5),
    "resident_elsewhere": (3, 3, 4),
    "next_year": (2, 4, 3),
    "opened_in_error": (1, 1, 2),
    "entered_twice": (2, 2, 4),
    "wrong_reference": (5, 5, 7),
    "missing_reference": (4, 3, 5),
    "offence_without_injury": (6, 6, 9),
    "not_flagged_domestic": (2, 2, 3),
    "incident_elsewhere": (4, 4, 5),
    "cancelled_crime": (2, 3, 4),
    "never_reported": (20, 21, 34),
}
WITHOUT_INJURY = {
    "matched": (45, 45, 70),
    "other_quarter": (6, 6, 8),
    "several_crimes": (4, 4, 6),
    "repeat_client": (5, 5, 8),
    "police_only": (125, 130, 170),
    "resident_elsewhere": (3, 3, 4),
    "next_year": (2, 3, 3),
    "opened_in_error": (2, 2, 3),
    "entered_twice": (2, 2, 2),
    "wrong_reference": (5, 5, 8),
    "missing_reference": (4, 4, 6),
    "not_flagged_domestic": (2, 2, 3),
    "incident_elsewhere": (3, 3, 4),
    "cancelled_crime": (2, 3, 3),
    "never_reported": (40, 42, 60),
}
# Crimes beyond the first of `several_crimes`, shared among its incidents.
EXTRA_CRIMES = {True: (7, 6, 9), False: (5, 5, 8)}
# Incidents in each other district of the county, each year, about half of them with injury.
ELSEWHERE = {"matched": 7, "other_quarter": 1, "wrong_reference": 1, "police_only": 6, "never_reported": 5}

INJURY_CODES = {"8N": 94, "5D": 6}
OTHER_CODES = {"105A": 52, "3B": 5, "8L": 20, "8R": 8, "8Q": 2, "58A": 8, "58C": 5}


def count_kinds(year: str, injury: bool) -> dict[str, int]:
    """Count the Harborough incidents of each kind in a year."""
    table = WITH_INJURY if injury else WITHOUT_INJURY
    return {kind: counts[pick_template(year)] for kind, counts in table.items()}


def count_extras(year: str, injury: bool) -> int:
    """Count the further crimes of incidents with several."""
    return EXTRA_CRIMES[injury][pick_template(year)]
