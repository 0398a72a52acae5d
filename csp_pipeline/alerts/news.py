"""What is new since a place was last told: what opened, closed, or opened again; nothing when nothing changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from csp_pipeline.alerts.concerns import Concern, Kind

KINDS: tuple[Kind, ...] = ("failed_run", "failed_check", "refused_file", "late_feed", "conflict")
Event = Literal["opened", "reopened", "closed"]
Key = tuple[Kind, str]


@dataclass(frozen=True)
class News:
    """A concern, and what has become of it."""

    event: Event
    concern: Concern


def replay(told: Iterable[Mapping[str, Any]]) -> dict[Key, News]:
    """The last that a place was told of each concern, from its messages in time order."""
    last: dict[Key, News] = {}
    for message in told:
        for entry in message["news"]:
            concern = Concern(**{name: value for name, value in entry.items() if name != "event"})
            last[(concern.kind, concern.key)] = News(entry["event"], concern)
    return last


def find_news(
    now: Iterable[Concern], last: Mapping[Key, News], *, unknown: frozenset[Kind], done_well: Mapping[Kind, frozenset[str]]
) -> list[News]:
    """What is to be told, by kind, event and key.

    Of the kinds that are `unknown` nothing is said to have closed; of those in `done_well` (failed steps and checks) only what it
    names does, as a run need not come to all of them.
    """
    current = {(concern.kind, concern.key): concern for concern in now}
    news = []
    for key, concern in current.items():
        before = last.get(key)
        if before is None or before.event == "closed":
            news.append(News("opened" if before is None else "reopened", concern))
    for key, known in last.items():
        kind = known.concern.kind
        is_over = key not in current and known.event != "closed" and kind not in unknown
        if is_over and (kind not in done_well or known.concern.key in done_well[kind]):
            news.append(News("closed", known.concern))
    return sorted(news, key=lambda item: (KINDS.index(item.concern.kind), item.event, item.concern.key))
