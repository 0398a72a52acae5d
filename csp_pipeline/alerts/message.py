"""The words of one message: a subject, a text for people, and the same as JSON for programs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from csp_pipeline.alerts.concerns import Concern
from csp_pipeline.alerts.news import News
from csp_pipeline.reports.wording import counted

SCHEMA = "csp-alert/1"
NAMES = {
    "failed_run": "failed step",
    "failed_check": "failed check",
    "refused_file": "refused file",
    "late_feed": "overdue period",
    "conflict": "conflict",
}
EVENTS = {"opened": "new", "reopened": "open again", "closed": "settled"}
HOW_SETTLED = {
    "failed_run": "it has worked again",
    "failed_check": "it has passed again",
    "refused_file": "a file that was accepted has taken its place",
    "late_feed": "it has come",
    "conflict": "it is explained, resolved, or no longer listed",
}


@dataclass(frozen=True)
class Message:
    """What is told to one place. `id` is the same for the same news after the same messages, so that a receiver can drop a
    message that came twice.
    """

    id: str
    subject: str
    text: str
    news: list[dict[str, Any]]

    def payload(self, partnership: str, run_id: str, listed: int) -> dict[str, Any]:
        """The message for a webhook: a subject and text, and up to ten times `listed` entries of the news."""
        entries = self.news[: listed * 10]
        counts: dict[str, int] = {}
        for entry in self.news:
            name = f"{entry['kind']}_{entry['event']}"
            counts[name] = counts.get(name, 0) + 1
        return {
            "schema": SCHEMA,
            "id": self.id,
            "partnership": partnership,
            "run_id": run_id,
            "subject": self.subject,
            "text": self.text,
            "counts": counts,
            "news": entries,
            "left_off": len(self.news) - len(entries),
        }


def write_message(
    partnership: str, news: Sequence[News], *, earlier: int, listed: int, link: str, again: bool = False
) -> Message:
    """The message for news in the order of `find_news`; `earlier` is the number of messages before it."""
    entries = [{"event": item.event, **asdict(item.concern)} for item in news]
    digest = hashlib.sha256(json.dumps([earlier, entries], sort_keys=True).encode()).hexdigest()[:32]
    parts = [(key, list(items)) for key, items in groupby(news, key=lambda item: (item.concern.kind, item.event))]
    heads = [f"{counted(len(items), NAMES[kind])} {EVENTS[event]}" for (kind, event), items in parts]
    lines = []
    if again:
        lines += ["An earlier sending of this message was cut short. If you have it already, this is the same one.", ""]
    for head, (_, items) in zip(heads, parts, strict=True):
        how = f": {HOW_SETTLED[items[0].concern.kind]}" if items[0].event == "closed" else ":"
        lines += [f"{head}{how}", *_list(items, listed), ""]
    lines += [f"All reports: {link}" if link else "See the reports, csp status, and csp alerts.", ""]
    return Message(digest, f"{' '.join(partnership.split())}: {', '.join(heads)}", "\n".join(lines), entries)


def _list(items: Sequence[News], listed: int) -> list[str]:
    """What is new of one kind, under whom it concerns, who come in the order of their first entry and share the list."""
    owners: dict[tuple[str, str, str], list[News]] = {}
    for item in items:
        owners.setdefault((item.concern.whose, item.concern.to_do, item.concern.link), []).append(item)
    share = max(1, listed // len(owners))
    lines = []
    for (whose, to_do, link), own in list(owners.items())[:listed]:
        is_open = own[0].event != "closed"
        lines += [f"  {whose}. {to_do}" if is_open else f"  {whose}.", *([f"  {link}"] if link and is_open else [])]
        lines += [f"  - {item.concern.what}{_since(item.concern)}" for item in own[:share]]
        lines += [f"  - and {len(own) - share:,} more"] if len(own) > share else []
    left = sum(map(len, list(owners.values())[listed:]))
    return lines + ([f"  And {left:,} more of others."] if left else [])


def _since(concern: Concern) -> str:
    """Since when, as people write a day; nothing where what it is says so itself."""
    try:
        day = f"{date.fromisoformat(concern.since):%d/%m/%Y}"
    except ValueError:
        return ""
    return "" if day in concern.what else f" (since {day})"
