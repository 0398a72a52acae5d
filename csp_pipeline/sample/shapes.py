"""Facts the sample follows: published totals, and proportions counted in a year of real street-level files."""

from __future__ import annotations

# What the partnership published (and, for what it did not publish, numbers chosen to fit its words).
PUBLISHED_YEARS = ("2014-15", "2015-16", "2016-17")
TOTAL_CRIME = (2800, 2884, 3685)
ASB_REPORTED = (964, 844, 942)
PLANNED_SUBGROUPS = {
    "Domestic burglary": (196, 201, 302),
    "Theft from a vehicle": (365, 338, 421),
    "Theft of a motor vehicle": (67, 80, 64),
    "Violence with injury": (180, 182, 263),
    "Criminal damage": (420, 468, 497),
    "Shoplifting": (270, 281, 386),
    "Arson": (12, 10, 8),
    "Possession of drugs": (80, 70, 52),
    "Trafficking of drugs": (16, 14, 10),
}
DOMESTIC_WITH_INJURY = (68, 54, 79)
HATE_FIRST_HALF = (14, 16, 25)
HATE_SECOND_HALF = (13, 15, 21)
FIRST_TIME_ENTRANTS = (28, 22, 17)
DELIBERATE_FIRES = (14, 11, 9)

# How what is left of the total divides: shares of a year's crimes.
OTHER_SUBGROUPS = {
    "Violence without injury": 235,
    "Stalking and harassment": 112,
    "Homicide": 0.4,
    "Rape offences": 20,
    "Other sexual offences": 36,
    "Robbery of business property": 2,
    "Robbery of personal property": 6,
    "Non-domestic burglary": 240,
    "Bicycle theft": 42,
    "Theft from the person": 37,
    "Other theft offences": 390,
    "Vehicle interference": 14,
    "Possession of weapons offences": 11,
    "Public order offences": 58,
    "Miscellaneous crimes": 60,
}
VIOLENCE_SUBGROUPS = ("Violence without injury", "Stalking and harassment")
VIOLENCE_GROWTH = {"2016-17": 1.12}

# Offence codes within a subgroup; a code out of use on the day recorded is left out.
CODE_WEIGHTS: dict[str, dict[str, float]] = {
    "Domestic burglary": {"28A": 80, "28B": 15, "28C": 3, "29": 1, "28E": 80, "28F": 15, "28G": 3, "29A": 1},
    "Non-domestic burglary": {"30A": 85, "30B": 14, "31": 0.3, "30C": 85, "30D": 14},
    "Theft from a vehicle": {"45": 1},
    "Theft of a motor vehicle": {"48": 94, "37.2": 6},
    "Violence with injury": {"8N": 92, "5D": 5, "8P": 1, "8S": 2},
    "Violence without injury": {"105A": 84, "104": 3, "105B": 2, "3B": 7, "11A": 3, "36": 1},
    "Stalking and harassment": {"8L": 66, "8R": 28, "8Q": 4, "8M": 2},
    "Homicide": {"1": 1},
    "Rape offences": {"19C": 75, "19D": 15, "19E": 6, "19F": 4},
    "Other sexual offences": {"20A": 45, "22B": 18, "88E": 15, "20B": 10, "17A": 6, "88A": 6},
    "Robbery of business property": {"34A": 1},
    "Robbery of personal property": {"34B": 1},
    "Criminal damage": {"58A": 27, "58B": 11, "58C": 44, "58D": 17, "58J": 1},
    "Arson": {"56A": 10, "56B": 90},
    "Shoplifting": {"46": 1},
    "Bicycle theft": {"44": 1},
    "Theft from the person": {"39": 1},
    "Other theft offences": {"49": 70, "40": 13, "49A": 12, "41": 3, "42": 1, "35": 1},
    "Vehicle interference": {"126": 1},
    "Possession of drugs": {"92E": 72, "92D": 27, "92C": 1},
    "Trafficking of drugs": {"92A": 1},
    "Possession of weapons offences": {"10D": 55, "10C": 35, "10B": 10},
    "Public order offences": {"9A": 72, "9B": 8, "66": 18, "62A": 2},
    "Miscellaneous crimes": {"54": 22, "79": 20, "86": 15, "802": 12, "99": 10, "59": 9, "33": 7, "61A": 5},
}
VICTIMLESS_SUBGROUPS = frozenset({
    "Shoplifting", "Possession of drugs", "Trafficking of drugs", "Possession of weapons offences",
    "Miscellaneous crimes", "Robbery of business property", "Non-domestic burglary", "Vehicle interference",
    "Public order offences",
})  # fmt: skip
HATE_SUBGROUPS = frozenset({
    "Public order offences", "Violence without injury", "Stalking and harassment", "Criminal damage",
    "Violence with injury",
})  # fmt: skip
HATE_STRANDS = {
    "race": 66, "religion": 9, "sexual orientation": 10, "disability": 8, "transgender": 2, "race;religion": 3,
    "race;disability": 2,
}  # fmt: skip

# Crimes by type in each calendar month (January first), Harborough, July 2015 to June 2016.
TYPE_BY_MONTH: dict[str, tuple[int, ...]] = {
    "Anti-social behaviour": (61, 63, 83, 68, 59, 94, 72, 87, 71, 68, 55, 66),
    "Bicycle theft": (7, 5, 2, 4, 4, 4, 4, 5, 2, 2, 1, 2),
    "Burglary": (50, 38, 28, 43, 58, 25, 35, 34, 27, 38, 35, 33),
    "Criminal damage and arson": (41, 44, 35, 39, 47, 46, 58, 51, 38, 39, 25, 23),
    "Drugs": (5, 2, 4, 3, 4, 5, 5, 7, 3, 2, 3, 2),
    "Other crime": (2, 5, 2, 10, 7, 14, 9, 7, 5, 1, 5, 4),
    "Other theft": (36, 27, 29, 43, 30, 28, 44, 38, 28, 35, 35, 32),
    "Possession of weapons": (1, 0, 0, 1, 1, 1, 2, 0, 1, 0, 2, 1),
    "Public order": (6, 2, 4, 5, 3, 10, 5, 5, 1, 3, 4, 8),
    "Robbery": (2, 0, 2, 0, 1, 0, 1, 0, 0, 1, 0, 1),
    "Shoplifting": (22, 24, 30, 37, 23, 27, 23, 51, 14, 28, 22, 15),
    "Theft from the person": (1, 4, 4, 7, 3, 9, 1, 3, 0, 0, 4, 1),
    "Vehicle crime": (25, 34, 25, 31, 19, 19, 27, 38, 22, 44, 35, 61),
    "Violence and sexual offences": (61, 35, 55, 42, 69, 55, 56, 33, 37, 33, 46, 40),
}
_TYPE_OF_SUBGROUP = {
    "Domestic burglary": "Burglary",
    "Non-domestic burglary": "Burglary",
    "Theft from a vehicle": "Vehicle crime",
    "Theft of a motor vehicle": "Vehicle crime",
    "Vehicle interference": "Vehicle crime",
    "Bicycle theft": "Bicycle theft",
    "Theft from the person": "Theft from the person",
    "Shoplifting": "Shoplifting",
    "Other theft offences": "Other theft",
    "Criminal damage": "Criminal damage and arson",
    "Arson": "Criminal damage and arson",
    "Possession of drugs": "Drugs",
    "Trafficking of drugs": "Drugs",
    "Possession of weapons offences": "Possession of weapons",
    "Public order offences": "Public order",
    "Robbery of business property": "Robbery",
    "Robbery of personal property": "Robbery",
}
_TYPE_OF_GROUP = {
    "Violence against the person": "Violence and sexual offences",
    "Sexual offences": "Violence and sexual offences",
    "Miscellaneous crimes": "Other crime",
}

# Share of each Harborough LSOA (by the end of its name) in crime and anti-social behaviour together.
LSOA_WEIGHTS = {
    "002A": 49, "002B": 56, "002C": 50, "003A": 35, "003B": 46, "003C": 44, "003D": 102, "003E": 41, "003F": 72,
    "004A": 82, "004B": 21, "004C": 41, "004D": 95, "004E": 66, "005A": 53, "005B": 104, "005C": 56, "005D": 36,
    "005E": 54, "005F": 24, "006A": 69, "006B": 97, "006C": 64, "006D": 163, "007A": 93, "007B": 49, "007C": 55,
    "007D": 29, "007E": 27, "007F": 45, "008A": 175, "008B": 111, "008C": 142, "008D": 101, "009A": 269,
    "009B": 39, "009C": 63, "009D": 55, "009E": 48, "010A": 60, "010B": 84, "010C": 268, "010D": 152,
    "011A": 136, "011B": 39, "011C": 30, "011D": 119,
}  # fmt: skip
GROWING_BEATS = ("Harborough Town", "Harborough North")
BEAT_GROWTH = {"2016-17": 1.4}

# Share of the other districts in the force's crime, and where their street points centre.
DISTRICT_WEIGHTS = {
    "E06000016": 28160, "E07000130": 9438, "E07000132": 4636, "E07000129": 4499, "E07000134": 4191,
    "E07000135": 2389, "E07000133": 1886, "E06000017": 951,
}  # fmt: skip
DISTRICT_CENTRES = {
    "E06000016": (-1.1347, 52.6354), "E06000017": (-0.7216, 52.6704), "E07000129": (-1.1925, 52.5888),
    "E07000130": (-1.2022, 52.7625), "E07000131": (-1.0330, 52.4816), "E07000132": (-1.3611, 52.5610),
    "E07000133": (-0.8879, 52.7663), "E07000134": (-1.3733, 52.7275), "E07000135": (-1.1051, 52.5869),
}  # fmt: skip

# Last outcomes on data.police.uk, in this order, and how often each follows a type of crime.
OUTCOMES = (
    "Investigation complete; no suspect identified", "Unable to prosecute suspect", "Under investigation",
    "Court result unavailable", "Awaiting court outcome", "Local resolution", "Offender given a caution",
    "Suspect charged as part of another case", "Formal action is not in the public interest",
)  # fmt: skip
OUTCOME_WEIGHTS = {
    "Violence and sexual offences": (59, 316, 74, 38, 44, 16, 11, 0, 4),
    "Shoplifting": (187, 30, 40, 21, 20, 4, 1, 12, 1),
    "Drugs": (0, 5, 11, 11, 6, 6, 5, 0, 1),
    "Public order": (8, 29, 6, 4, 5, 3, 1, 0, 0),
    "Other crime": (12, 21, 29, 4, 2, 0, 1, 0, 2),
    "Possession of weapons": (1, 3, 2, 0, 3, 1, 0, 0, 0),
    "Robbery": (2, 4, 2, 0, 0, 0, 0, 0, 0),
}
USUAL_OUTCOMES = (351, 30, 26, 6, 6, 3, 2, 0, 0)


def name_street_type(group: str, subgroup: str) -> str:
    """Name the street-level crime type of an offence."""
    return _TYPE_OF_SUBGROUP.get(subgroup) or _TYPE_OF_GROUP.get(group) or "Other crime"


def pick_template(year: str) -> int:
    """Pick which published year a year follows: itself, or for other years the three in turn."""
    return (int(year[:4]) - int(PUBLISHED_YEARS[0][:4])) % len(PUBLISHED_YEARS)
