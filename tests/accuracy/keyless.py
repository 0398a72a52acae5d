"""A small world of two feeds that share no key: crimes and fires of the same events, told apart by date, place and kind only."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.partnership.links import LinksFile
from tests.accuracy.bridging import Bridged, Way, bridge_tables, configuration
from tests.accuracy.other_worlds import HARBOROUGH, entry

FEEDS = ("police/crimes", "fire/incidents")
YEARS = ("2015-04-01", "2017-03-31")
FIRST, DAYS = pd.Timestamp("2015-04-01"), 731
# the fire service's code of each kind, the police's for the same, and how common they are
KINDS = tuple(f"F{number:02d}" for number in range(24))
WORDS = {kind: f"Offence {number}" for number, kind in enumerate(KINDS, start=101)}
COMMON = np.linspace(3, 1, len(KINDS)) / np.linspace(3, 1, len(KINDS)).sum()
# what was on fire, in the same words on both sides
THINGS = ("dwelling", "vehicle", "bin", "grass", "shop", "shed")
CRIMES = Way(
    entry("offence", "recorded", "offence"), lambda f: f.crime_number.notna(), "recorded_date", "lsoa_code", "crime_number"
)
FIRES = Way(
    entry("incident", "call", "incident"), lambda f: f.incident_number.notna(), "time_of_call", "lsoa_code", "incident_number"
)
RULE: dict[str, Any] = {
    "name": "alike",
    "alike": [
        {"date": {"police/crimes": "committed_from", "fire/incidents": "time_of_call"}, "days": [0, 1, 3]},
        {"place": {"police/crimes": "lsoa_code", "fire/incidents": "lsoa_code"}, "levels": ["same", "beat", "district"]},
        {
            "code": {"police/crimes": "offence_subgroup", "fire/incidents": "incident_type"},
            "shared": {"police/crimes": {word: kind for kind, word in WORDS.items()}},
        },
        {"code": {"police/crimes": "offence", "fire/incidents": "property_category"}},
    ],
    "probability": 0.99,
}


@dataclass(frozen=True)
class KeylessWorld:
    """Both feeds' tables and the true links (`record_key_a`, `record_key_b`)."""

    a: pd.DataFrame
    b: pd.DataFrame
    links: pd.DataFrame

    def bridge(self, *rules: dict[str, Any], compared: tuple[str, ...] = ("2015-16", "2016-17")) -> Bridged:
        """Link both feeds by the rules and bridge their counts in Harborough."""
        ways = {"events": (CRIMES, FIRES)}
        return bridge_tables(FEEDS, (self.a, self.b), ways, [HARBOROUGH], YEARS, links=declare(*rules), compared=compared)


def declare(*rules: dict[str, Any]) -> LinksFile:
    """A `links.yml` of one pair with the rules."""
    return LinksFile.model_validate({"pairs": [{"between": FEEDS, "reason": "a test", "rules": list(rules)}]})


@cache
def _places() -> pd.DataFrame:
    areas = configuration()[0].areas
    return areas[(areas.area_level == "lsoa") & (areas.district_code == HARBOROUGH)].sort_values("area_code")


def make_keyless_world(seed: int, *, both: int = 500, crimes: int = 700, fires: int = 300, twins: int = 15) -> KeylessWorld:
    """Events known to both feeds, and to one of them only; a tenth of all events lie near another one in place and time.

    Of the events that both know, the days differ for a quarter by up to 3, the place for a tenth within its beat, and what it was
    for two twelfths; 3 in 100 have no place. `twins` crimes stand twice under two numbers, so that nobody can say which is the
    fire's.
    """
    rng = np.random.default_rng([seed, 4711])
    places = _places()
    codes = places.area_code.tolist()
    beats = places.groupby("beat_code").area_code.apply(list)
    beat_of = places.set_index("area_code").beat_code
    # some places see far more than others
    weights = rng.pareto(1.5, len(codes)) + 0.2
    weights /= weights.sum()
    size = both + crimes + fires
    day = rng.integers(0, DAYS - 4, size)
    place = rng.choice(codes, size, p=weights)
    kind = rng.choice(KINDS, size, p=COMMON)
    thing = rng.choice(THINGS, size)
    near = rng.random(size) < 0.1
    of = rng.integers(0, size, size)
    day[near] = np.clip(day[of][near] + rng.integers(-6, 7, size)[near], 0, DAYS - 5)
    place[near] = place[of][near]
    known_a, known_b = np.arange(both + crimes), np.r_[np.arange(both), np.arange(both + crimes, size)]

    other_day = day + np.where(rng.random(size) < 0.75, 0, rng.integers(1, 4, size))
    moved = rng.random(size)
    other_place = np.array(
        [rng.choice(beats[beat_of[code]]) if move < 0.1 else code for code, move in zip(place, moved, strict=True)], dtype=object
    )
    other_place[moved > 0.97] = None
    other_kind = np.where(rng.random(size) < 1 / 12, rng.choice(KINDS, size, p=COMMON), kind)

    other_thing = np.where(rng.random(size) < 1 / 12, rng.choice(THINGS, size), thing)

    committed = FIRST + pd.to_timedelta(day[known_a], unit="D")
    a = pd.DataFrame(
        {
            "event": known_a,
            "committed_from": committed + pd.to_timedelta(rng.integers(0, 1440, len(known_a)), unit="min"),
            "recorded_date": committed + pd.to_timedelta(rng.integers(0, 4, len(known_a)), unit="D"),
            "lsoa_code": place[known_a],
            "offence_subgroup": [WORDS[word] for word in kind[known_a]],
            "offence": thing[known_a],
        }
    )
    a = pd.concat([a, a.iloc[:twins]], ignore_index=True)
    b = pd.DataFrame(
        {
            "event": known_b,
            "time_of_call": FIRST + pd.to_timedelta(other_day[known_b], unit="D"),
            "lsoa_code": other_place[known_b],
            "incident_type": other_kind[known_b],
            "property_category": other_thing[known_b],
        }
    )
    a, b = (frame.sample(frac=1, random_state=seed).reset_index(drop=True) for frame in (a, b))
    a["crime_number"] = [f"{number:06d}" for number in range(len(a))]
    b["incident_number"] = [f"F{number:05d}" for number in range(len(b))]
    links = a.merge(b, on="event")[["event", "crime_number", "incident_number"]]
    filled = {"valid_to": pd.Series(dtype="datetime64[s]"), "submission_id": "one", "sheet": None}
    a, b = (frame.assign(**filled, row_number=range(2, len(frame) + 2)) for frame in (a, b))
    return KeylessWorld(a, b, links.rename(columns={"crime_number": "record_key_a", "incident_number": "record_key_b"}))
