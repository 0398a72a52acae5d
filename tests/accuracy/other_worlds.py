"""Small worlds of other habits than the sample's: untidy references, long and negative lags, repeat clients, odd numbering.

Written apart from `csp_pipeline.sample`, to hold linking and bridges against records that somebody else would plant.
Each record gets one cause; `unexplained` where the records themselves cannot tell.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.partnership.configuration import MeasureFeedEntry
from tests.accuracy.bridging import Bridged, Way, bridge_tables

HARBOROUGH, BLABY, COUNTY = "E07000131", "E07000129", "E10000018"
HERE, THERE = ("E01025770", "E01025771", "E01025772"), ("E01025610", "E01025611")
YEARS = ("2015-04-01", "2017-03-31")
FIRST, DAYS = pd.Timestamp("2015-04-01"), 731
NOT_COVERED = ("2016-01", "2016-02", "2016-03")
BLANKS = ("", None)
# says as much as a blank: whether the police know of it, the person tells
JUNK = ("unknown", "tbc", "see notes", "?", "n/a")


def entry(count: str, date: str, area: str, *where: str) -> MeasureFeedEntry:
    return MeasureFeedEntry(count=count, date=date, area=area, where=list(where))


CRIMES = Way(
    entry("offence", "recorded", "offence", "status = 'recorded'", "domestic"),
    lambda f: (f.status == "recorded") & (f.domestic == True),  # noqa: E712 (blank is not domestic)
    "recorded_date",
    "lsoa_code",
    "crime_number",
)
CASES = Way(
    entry("case", "referred", "residence", "status <> 'opened_in_error'"),
    lambda f: f.status.notna() & (f.status != "opened_in_error"),
    "referral_date",
    "residence_district",
    "case_id",
)
VICTIMS = Way(
    entry("victim", "recorded", "offence", *CRIMES.entry.where), CRIMES.holds, "recorded_date", "lsoa_code", "person_key", False
)
CLIENTS = Way(
    entry("person", "referred", "residence", *CASES.entry.where),
    CASES.holds,
    "referral_date",
    "residence_district",
    "person_key",
    False,
)
INCIDENTS = Way(
    entry("incident", "recorded", "offence", *CRIMES.entry.where), CRIMES.holds, "recorded_date", "lsoa_code", "incident_number"
)


@dataclass(frozen=True)
class OtherWorld:
    """Two feeds' tables, the true links, and each record's planted cause."""

    feeds: tuple[str, str]
    a: pd.DataFrame
    b: pd.DataFrame
    links: pd.DataFrame
    causes: pd.DataFrame
    measures: dict[str, tuple[Way, Way]]
    not_covered: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def bridge(self) -> Bridged:
        """Bridge both financial years of Harborough."""
        whole = ["2015-16", "2016-17"]
        return bridge_tables(self.feeds, (self.a, self.b), self.measures, [HARBOROUGH], YEARS, self.not_covered, compared=whole)


@dataclass(frozen=True)
class Habits:
    """Shares of references missing or wrong, of persons missing on each side; whether numbers are padded with zeros."""

    spoiled: float = 0.0
    no_person_a: float = 0.03
    no_person_b: float = 0.03
    is_padded: bool = True
    several_share_incident: float = 0.5


class _Writer:
    """Collects records of both sides with their planted cause and true links."""

    def __init__(self, seed: int, habits: Habits) -> None:
        self.rng = np.random.default_rng([seed, 977])
        self.habits = habits
        self.a: list[dict[str, Any]] = []
        self.b: list[dict[str, Any]] = []
        self.links: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.persons = 0

    def day(self) -> pd.Timestamp:
        return FIRST + pd.Timedelta(days=int(self.rng.integers(0, DAYS)))

    def after(self, day: pd.Timestamp, low: int, high: int) -> pd.Timestamp:
        return day + pd.Timedelta(days=int(self.rng.integers(low, high + 1)))

    def lag(self) -> int:
        """Mostly days, at times months, at times before."""
        return int(self.rng.choice([0, 0, 1, 2, 5, 9, 20, 45, 80, 150, 300, -1, -3, -14]))

    def one_of(self, values: Any) -> Any:
        return values[int(self.rng.integers(0, len(values)))]

    def person(self) -> str:
        self.persons += 1
        return f"{self.persons * 7919:064x}"

    def crime(self, cause: str, person: str, incident: pd.Timestamp, **other: Any) -> dict[str, Any]:
        row = {
            "cause": cause,
            "person_key": person,
            "committed_from": incident,
            # at times recorded before it was, by its date, committed
            "recorded_date": (incident + pd.Timedelta(days=abs(self.lag()) if self.rng.random() < 0.97 else -2)).normalize(),
            "incident_number": None,
            "domestic": True,
            "status": "recorded",
            "lsoa_code": self.one_of(HERE),
            "valid_to": pd.NaT,
            "submission_id": "crimes-1",
        } | other
        self.a.append(row)
        return row

    def case(self, cause: str, person: str, incident: pd.Timestamp, crimes: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
        base = crimes[0]["recorded_date"] if crimes else incident
        row = {
            "cause": cause,
            "person_key": person,
            "incident_date": incident if self.rng.random() < 0.6 else pd.NaT,
            "referral_date": base + pd.Timedelta(days=self.lag()),
            "residence_district": HARBOROUGH,
            "status": self.one_of(("open", "closed")),
            "valid_to": pd.NaT,
            "submission_id": "cases-1",
            "of": crimes,
        } | other
        self.b.append(row)
        self.links += [(crime, row) for crime in crimes]
        return row


def make_other_domestic_world(seed: int, habits: Habits | None = None, events: int = 700) -> OtherWorld:
    """Police crimes and county cases with `events` incidents of every kind."""
    habits = habits or Habits()
    w = _Writer(seed, habits)
    kinds = [_ordinary] * 3 + [
        _police_only, _county_only, _cancelled, _in_error, _not_domestic, _lives_elsewhere, _elsewhere_lives_here,
        _unlocated, _several_crimes, _two_cases, _entered_twice, _entered_twice_unknown, _sent_twice, _removed, _replaced,
        _repeat_client,
    ]  # fmt: skip
    for _ in range(events):
        kinds[int(w.rng.integers(0, len(kinds)))](w, w.person(), w.day())
    for _ in range(events):
        other = w.person() if w.rng.random() < 0.7 else None
        w.crime("classification", other, w.day(), domestic=False, lsoa_code=w.one_of(HERE + THERE))
    _lose_a_quarter(w)
    for rows, share in ((w.a, habits.no_person_a), (w.b, habits.no_person_b)):
        for row in rows:
            if w.rng.random() < share:
                row["person_key"] = None
    _number(w)
    for row in w.b:
        row["police_crime_reference"] = _reference(w, row)
    _say_what_cannot_be_told(w)
    return _world(w)


def _ordinary(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("reference_date", person, day, [w.crime("reference_date", person, day)])


def _police_only(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.crime("known_to_one_agency_only", person, day)


def _county_only(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("known_to_one_agency_only", person, day, [])


def _cancelled(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("status", person, day, [w.crime("status", person, day, status=w.one_of(("cancelled", "transferred")))])


def _in_error(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("status", person, day, [w.crime("status", person, day)], status="opened_in_error")


def _not_domestic(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("classification", person, day, [w.crime("classification", person, day, domestic=w.one_of((False, None)))])


def _lives_elsewhere(w: _Writer, person: str, day: pd.Timestamp) -> None:
    place = w.one_of((BLABY, None, "elsewhere"))
    w.case("geography", person, day, [w.crime("geography", person, day)], residence_district=place)


def _elsewhere_lives_here(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("geography", person, day, [w.crime("geography", person, day, lsoa_code=w.one_of(THERE))])


def _unlocated(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("geography", person, day, [w.crime("geography", person, day, lsoa_code=None)])


def _several_crimes(w: _Writer, person: str, day: pd.Timestamp) -> None:
    """Crimes of one incident, recorded on one day, in one force's incident or not; one case that names the first."""
    number = f"I{int(w.rng.integers(10**6))}" if w.rng.random() < w.habits.several_share_incident else None
    first = w.crime("counting_unit", person, day, incident_number=number)
    same = {"incident_number": number, "recorded_date": first["recorded_date"]}
    more = [w.crime("counting_unit", person, day, **same) for _ in range(int(w.rng.integers(1, 4)))]
    w.case("counting_unit", person, day, [first, *more], referral_date=first["recorded_date"])


def _two_cases(w: _Writer, person: str, day: pd.Timestamp) -> None:
    """Re-referred for the same crime soon after: by the declaration the same thing entered twice."""
    crime = w.crime("duplicates", person, day)
    w.case("duplicates", person, day, [crime], referral_date=crime["recorded_date"])
    w.case("duplicates", person, day, [crime], referral_date=crime["recorded_date"])


def _entered_twice(w: _Writer, person: str, day: pd.Timestamp) -> None:
    crime = w.crime("duplicates", person, day)
    w.case("duplicates", person, day, [crime], referral_date=crime["recorded_date"])
    w.b.append(dict(w.b[-1]))
    w.links.append((crime, w.b[-1]))


def _entered_twice_unknown(w: _Writer, person: str, day: pd.Timestamp) -> None:
    w.case("known_to_one_agency_only", person, day, [], twin=person)
    w.b.append(dict(w.b[-1]))


def _sent_twice(w: _Writer, person: str, day: pd.Timestamp) -> None:
    """The same crime, and the same case, in two current files."""
    crime = w.crime("reference_date", person, day)
    case = w.case("reference_date", person, day, [crime])
    w.a.append(crime | {"submission_id": "crimes-2", "same_as": crime})
    w.b.append(case | {"submission_id": "cases-2", "same_as": case})


def _removed(w: _Writer, person: str, day: pd.Timestamp) -> None:
    gone = {"valid_to": pd.Timestamp("2017-06-01")}
    if w.rng.random() < 0.5:
        w.case("later_vintage", person, day, [w.crime("later_vintage", person, day, **gone)])
    else:
        w.case("later_vintage", person, day, [w.crime("later_vintage", person, day)], **gone)


def _replaced(w: _Writer, person: str, day: pd.Timestamp) -> None:
    """An earlier version that said otherwise, and one that holds."""
    crime = w.crime("reference_date", person, day)
    w.a.append(
        crime | {"valid_to": pd.Timestamp("2017-05-01"), "status": "cancelled", "submission_id": "crimes-0", "same_as": crime}
    )
    w.case("reference_date", person, day, [crime])


def _repeat_client(w: _Writer, person: str, day: pd.Timestamp) -> None:
    """Known to both for one incident; a few weeks later the service alone hears of another."""
    _ordinary(w, person, day)
    later = w.after(day, 15, 60)
    w.case("known_to_one_agency_only", person, later, [], incident_date=later, referral_date=later)


def _lose_a_quarter(w: _Writer) -> None:
    """The county's file of one quarter never arrived."""
    lost = {id(row): row for row in w.b if f"{row['referral_date']:%Y-%m}" in NOT_COVERED}
    w.links = [(crime, case) for crime, case in w.links if id(case) not in lost]
    w.b = [row for row in w.b if id(row) not in lost]
    linked = {id(crime) for crime, _ in w.links}
    affected = {id(crime) for row in lost.values() for crime in row["of"]}
    for crime in w.a:
        is_lost_month = f"{crime['recorded_date']:%Y-%m}" in NOT_COVERED
        if id(crime) in affected:
            # told from one that nobody else knows only where it counts in the lost months itself
            crime["cause"] = "reference_period" if is_lost_month and id(crime) not in linked else "any"
        elif crime["cause"] == "known_to_one_agency_only" and is_lost_month:
            crime["cause"] = "reference_period"


def _number(w: _Writer) -> None:
    """Numbers run from 1 in each calendar year, so that both years have the same ones and some look like years."""
    w.rng.shuffle(w.b)  # type: ignore[arg-type]
    counters: dict[int, int] = {}
    for row in sorted((row for row in w.a if "same_as" not in row), key=lambda row: row["recorded_date"]):
        year = row["recorded_date"].year
        counters[year] = counters.get(year, 0) + int(w.rng.integers(1, 4))
        row["crime_number"] = f"{year % 100:02d}/{counters[year]:0{6 if w.habits.is_padded else 1}d}"
    for place, row in enumerate(row for row in w.b if "same_as" not in row):
        row["case_id"] = f"DA{place:05d}"
    for rows, name in ((w.a, "crime_number"), (w.b, "case_id")):
        for row in rows:
            if "same_as" in row:
                row[name] = row["same_as"][name]


def _reference(w: _Writer, row: dict[str, Any]) -> str | None:
    if "same_as" in row:
        return row["same_as"].get("police_crime_reference")
    if not row["of"]:
        return w.one_of(BLANKS) if w.rng.random() < 0.8 else w.one_of(JUNK)
    number = row["of"][0]["crime_number"]
    year, running = number.split("/")
    if w.rng.random() < w.habits.spoiled:
        row["spoiled"] = True
        others = [crime["crime_number"] for crime in w.a]
        return w.one_of(
            [
                *BLANKS, *JUNK, w.one_of(others), f"{int(year) - 1}/{running}", f"{year}/9{running}",
                f"{number[:-1]}{(int(number[-1]) + 1) % 10}",
                f"{year}{running}", f"{number} & {w.one_of(others)}", f"WMP/{year}/{running}/A",
            ]
        )  # fmt: skip
    forms = [
        number, number, f"{year}-{running}", f" {year} / 0{running} ", f"CR {number}", f"20{year}/{running}",
        f"{year}\u00a0/\u00a0{running}", f"{number}.", f"B2/{number}",
    ]  # fmt: skip
    if int(running) > 9999 or w.habits.is_padded:
        forms.append(f"{running}/{year}")
    return w.one_of(forms)


def _say_what_cannot_be_told(w: _Writer) -> None:
    """Where neither reference nor person leads across, the honest answer is that it is unexplained."""
    for row in w.b:
        person = row["person_key"]
        if row["of"] and row.get("spoiled") and (person is None or not any(c["person_key"] for c in row["of"])):
            row["cause"] = "unexplained"
            for crime in row["of"]:
                crime["cause"] = "any"
        if not row["of"] and person is None:
            row["cause"] = "unexplained"
        if row["cause"] == "duplicates" and person is None:
            row["cause"] = "any"  # one more case of an incident, or the same case once more
    _say_which_is_second(w)
    for crime in w.a:
        if crime["cause"] == "counting_unit" and crime["person_key"] is None and crime["incident_number"] is None:
            crime["cause"] = "any"  # nothing ties it to its incident


def _say_which_is_second(w: _Writer) -> None:
    """Of two that say the same the one with the higher number is the duplicate, where both say who it is about."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for row in w.b:
        if "twin" in row and "same_as" not in row:
            entries.setdefault(row["twin"], []).append(row)
    for rows in entries.values():
        is_told = all(row["person_key"] for row in rows)
        for place, row in enumerate(sorted(rows, key=lambda row: row["case_id"])):
            if row["cause"] != "unexplained":
                row["cause"] = ("duplicates" if place else "known_to_one_agency_only") if is_told else "any"


def _world(w: _Writer) -> OtherWorld:
    frames, causes = [], []
    for rows, key, feed in ((w.a, "crime_number", "crimes"), (w.b, "case_id", "domestic_abuse")):
        causes += [(feed, row[key], row["cause"]) for row in rows if "same_as" not in row]
        frame = pd.DataFrame(rows).drop(columns=["cause", "of", "same_as", "spoiled", "twin"], errors="ignore")
        frame["valid_to"] = pd.to_datetime(frame.valid_to)
        frames.append(frame.assign(sheet=None, row_number=np.arange(2, len(frame) + 2)))
    links = {(crime["crime_number"], case["case_id"]) for crime, case in w.links}
    return OtherWorld(
        ("police/crimes", "county/domestic_abuse"),
        *frames,
        pd.DataFrame(sorted(links), columns=["record_key_a", "record_key_b"]),
        pd.DataFrame(causes, columns=["feed", "record_key", "cause"]).drop_duplicates(["feed", "record_key"]),
        {"cases": (CRIMES, CASES), "people": (VICTIMS, CLIENTS)},
        {"county/domestic_abuse": NOT_COVERED},
    )


def confuse_other(world: OtherWorld, found: Bridged, measure: str = "cases") -> pd.DataFrame:
    """Every record of the yearly gaps with planted and found cause: `planted`, `found`, `detail`, `is_right`, keys."""
    ids = [f"{measure}.{HARBOROUGH}.{year}" for year in ("2015-16", "2016-17")]
    records = found.records[found.records.comparison_id.isin(ids)]
    joined = records.merge(
        world.causes.rename(columns={"cause": "planted"}), on=["feed", "record_key"], how="left", validate="many_to_one"
    ).rename(columns={"cause": "found"})
    return joined.assign(is_right=(joined.planted == joined.found) | (joined.planted == "any"))


def false_links(world: OtherWorld, found: Bridged) -> pd.DataFrame:
    """Links found that were not planted."""
    joined = found.links.merge(world.links, on=["record_key_a", "record_key_b"], how="left", indicator=True)
    return joined[joined._merge == "left_only"]
