"""Drug and alcohol treatment: episodes under Swanswell then Turning Point, and the provider's own quarterly summary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.periods import Quarter, date_extract, list_quarters, name_file
from csp_pipeline.sample.seeds import open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, Sheet, write_rows, write_workbook

EPISODES, SUMMARY = Path("turning_point/episodes/exports"), Path("turning_point/summary/exports")
EXTRACT_DAYS = 20
PROVIDER_CHANGE = date(2016, 7, 1)
OLD_PROVIDER, NEW_PROVIDER = "SWAN1", "TPLEI"
EPISODE_COLUMNS = (
    "AGNCY", "CLIENT", "EPISODID", "REFLD", "TRIAGED", "DISD", "DISRSN", "DRUG1", "DRUG2", "DRUG3", "RFLS",
    "MODAL", "LA", "SEX", "AGEBAND",
)  # fmt: skip
SUMMARY_COLUMNS = ("District", "In treatment", "New presentations", "Successful completions")
_LAYOUT = Layout(delimiter="|", newline="\n")
_ARRIVALS, _ARRIVALS_ELSEWHERE = 28, 8
_MEAN_DAYS = 280
_DRUGS = ("Alcohol", "Heroin", "Cannabis", "Cocaine", "Crack", "Amphetamines", "Benzodiazepines")
_DRUG_SHARES = (0.46, 0.26, 0.12, 0.07, 0.05, 0.02, 0.02)
_REASONS, _REASON_SHARES = (1, 2, 5, 6, 7, 8, 9, 13), (0.2, 0.27, 0.06, 0.33, 0.04, 0.05, 0.02, 0.03)
_SOURCES, _SOURCE_SHARES = (3, 4, 5, 6, 8), (0.2, 0.48, 0.12, 0.06, 0.14)
_MODALITIES = ("Psychosocial", "Pharmacological", "Brief intervention")
_AGES = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
_SMALL = 5
_TRANSFERRED = 5
# The quarters in which the provider counted something else than the measure says.
_DIFFERENCES = {"2015-16-Q2": "counting_unit", "2015-16-Q4": "reference_date", "2014-15-Q4": "reference_period"}


@dataclass(frozen=True, order=True)
class Stay:
    """A person's time in treatment, before providers give it numbers."""

    referred: date
    discharged: date
    district: str
    person: int


@dataclass(frozen=True)
class Episode:
    """One episode of treatment as it ends up; what lies after a quarter is not in the quarter's file."""

    provider: str
    client: int
    episode: int
    referred: date
    triaged: date
    discharged: date
    reason: int
    details: tuple
    district: str
    continues: str = ""


def write_treatment(to: Path, mixer: Mixer, years: list[str], truth: Truth) -> tuple[dict[str, int], dict[str, int]]:
    """Write every quarter's episodes and summary; return rows by file of each feed."""
    quarters = list_quarters(years)
    episodes = make_episodes(mixer, quarters)
    episode_rows, summary_rows = {}, {}
    for quarter in quarters:
        extracted = date_extract(quarter.last, EXTRACT_DAYS)
        present = [e for e in episodes if e.referred <= quarter.last and e.discharged >= quarter.first]
        name = name_file("episodes", quarter.label, extracted, "csv")
        episode_rows[name] = write_rows(to / EPISODES / name, EPISODE_COLUMNS, [_render(e, quarter) for e in present], _LAYOUT)
        truth.submit(name, len(present))
        name = name_file("summary", quarter.label, extracted, "xlsx")
        rows = _summarise(mixer, quarter, present, name, truth)
        titles = ["Substance misuse service: provider summary", f"Quarter {quarter.label}"]
        notes = ("Numbers below 5 are shown as <5.",)
        summary_rows[name] = write_workbook(
            to / SUMMARY / name, [Sheet("Summary", titles, SUMMARY_COLUMNS, rows, notes)], extracted
        )
        truth.submit(name, len(rows))
        for episode in present if quarter.first == PROVIDER_CHANGE else []:
            if episode.continues:
                truth.plant(
                    "provider_change", "turning_point", "episodes",
                    name_file("episodes", quarter.label, extracted, "csv"),
                    f"{episode.provider}/{episode.client}/{episode.episode}", ("turning_point", "episodes"),
                    episode.continues, f"transferred and reopened on {PROVIDER_CHANGE}; {episode.district}",
                )  # fmt: skip
    return episode_rows, summary_rows


def make_episodes(mixer: Mixer, quarters: list[Quarter]) -> list[Episode]:
    """Make all episodes: people arrive, leave, come back; those open at the change of provider are reopened."""
    rng = open_stream(mixer.seed, "treatment")
    stays: list[Stay] = []
    first = quarters[0].first
    people = 0
    for district in mixer.reference.districts:
        if not district.in_county:
            continue
        arrivals = _ARRIVALS if district.name == "Harborough" else _ARRIVALS_ELSEWHERE
        for turn in range(-4, len(quarters)):
            start = first + timedelta(days=91 * turn)
            for _ in range(int(rng.poisson(arrivals))):
                people += 1
                referred = start + timedelta(days=int(rng.integers(91)))
                discharged = referred + timedelta(days=10 + int(rng.exponential(_MEAN_DAYS)))
                stays.append(Stay(referred, discharged, district.name, people))
                if rng.random() < 0.1:
                    back = discharged + timedelta(days=int(rng.integers(20, 200)))
                    gone = back + timedelta(days=10 + int(rng.exponential(_MEAN_DAYS)))
                    stays.append(Stay(back, gone, district.name, people))
    seen = sorted(stay for stay in stays if stay.discharged >= first and stay.referred <= quarters[-1].last)
    return _number_episodes(rng, seen)


def _number_episodes(rng: np.random.Generator, stays: list[Stay]) -> list[Episode]:
    clients: dict[tuple[str, int], int] = {}
    # numbers of clients restart with the new provider
    last_client = {OLD_PROVIDER: 1200, NEW_PROVIDER: 0}
    last_episode = {OLD_PROVIDER: 4100, NEW_PROVIDER: 0}
    done: list[Episode] = []
    moved: list[tuple[Episode, Stay]] = []

    def add(provider: str, person: int, episode: Episode) -> Episode:
        if (provider, person) not in clients:
            last_client[provider] += 1
            clients[provider, person] = last_client[provider]
        last_episode[provider] += 1
        done.append(replace(episode, provider=provider, client=clients[provider, person], episode=last_episode[provider]))
        return done[-1]

    for stay in (stay for stay in stays if stay.referred < PROVIDER_CHANGE):
        episode = _draw_episode(rng, stay)
        if stay.discharged >= PROVIDER_CHANGE:
            closed = replace(episode, discharged=PROVIDER_CHANGE - timedelta(days=1), reason=_TRANSFERRED)
            moved.append((add(OLD_PROVIDER, stay.person, closed), stay))
        else:
            add(OLD_PROVIDER, stay.person, episode)
    for old, stay in moved:
        reopened = replace(
            old, referred=PROVIDER_CHANGE, triaged=PROVIDER_CHANGE, discharged=stay.discharged,
            reason=int(rng.choice(_REASONS, p=_REASON_SHARES)),
            continues=f"{old.provider}/{old.client}/{old.episode}",
        )  # fmt: skip
        add(NEW_PROVIDER, stay.person, reopened)
    for stay in (stay for stay in stays if stay.referred >= PROVIDER_CHANGE):
        add(NEW_PROVIDER, stay.person, _draw_episode(rng, stay))
    return done


def _draw_episode(rng: np.random.Generator, stay: Stay) -> Episode:
    drugs = list(rng.choice(_DRUGS, size=3, replace=False, p=_DRUG_SHARES))
    number = int(rng.choice(3, p=(0.55, 0.3, 0.15))) + 1
    shown = [str(drug) for drug in drugs[:number]] + [""] * (3 - number)
    details = (
        *shown, int(rng.choice(_SOURCES, p=_SOURCE_SHARES)), _MODALITIES[int(rng.integers(3))],
        "M" if rng.random() < 0.66 else "F", _AGES[int(rng.choice(6, p=(0.1, 0.28, 0.31, 0.2, 0.08, 0.03)))],
    )  # fmt: skip
    triaged = min(stay.referred + timedelta(days=int(rng.integers(0, 15))), stay.discharged)
    reason = int(rng.choice(_REASONS, p=_REASON_SHARES))
    return Episode("", 0, 0, stay.referred, triaged, stay.discharged, reason, details, stay.district)


def _render(episode: Episode, quarter: Quarter) -> list[object]:
    ended = episode.discharged <= quarter.last
    triaged = episode.triaged.isoformat() if episode.triaged <= quarter.last else ""
    drug1, drug2, drug3, source, modality, sex, age = episode.details
    return [
        episode.provider, episode.client, episode.episode, episode.referred.isoformat(), triaged,
        episode.discharged.isoformat() if ended else "", episode.reason if ended else "", drug1, drug2, drug3,
        source, modality, episode.district, sex, age,
    ]  # fmt: skip


def _summarise(mixer: Mixer, quarter: Quarter, present: list[Episode], name: str, truth: Truth) -> list[list[object]]:
    """Summarise a quarter as the provider did: now and then by another rule than the measure's."""
    difference = _DIFFERENCES.get(quarter.label, "provider_change" if quarter.first == PROVIDER_CHANGE else "")
    rows: list[list[object]] = []
    for district in mixer.reference.districts:
        if not district.in_county:
            continue
        own = [episode for episode in present if episode.district == district.name]
        values = {
            "In treatment": len({(e.provider, e.client) for e in own}),
            "New presentations": sum(quarter.first <= e.triaged <= quarter.last for e in own),
            "Successful completions": sum(_completed(e, quarter.first, quarter.last) for e in own),
        }
        said = dict(values)
        if difference == "counting_unit":
            said["In treatment"] = len(own)
        elif difference == "reference_date":
            said["New presentations"] = sum(quarter.first <= e.referred <= quarter.last for e in own)
        elif difference == "reference_period":
            said["Successful completions"] = sum(_completed(e, quarter.first, quarter.months[1].last) for e in own)
        elif difference == "provider_change":
            said["New presentations"] = sum(quarter.first <= e.triaged <= quarter.last and not e.continues for e in own)
        for measure, value in said.items():
            truth.count(measure, district.code, quarter.label, "turning_point", "summary", "first", value)
            truth.count(measure, district.code, quarter.label, "turning_point", "episodes", "first", values[measure])
            if value != values[measure]:
                detail = f"summary says {value}, episodes hold {values[measure]}"
                truth.plant(
                    difference,
                    "turning_point",
                    "summary",
                    name,
                    f"{district.name}|{measure}",
                    ("turning_point", "episodes"),
                    detail=detail,
                )
        rows.append([district.name, *(f"<{_SMALL}" if 0 < value < _SMALL else value for value in said.values())])
    return rows


def _completed(episode: Episode, first: date, last: date) -> bool:
    return episode.reason in {1, 2} and first <= episode.discharged <= last
