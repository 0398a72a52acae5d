"""The words of one message: a subject, a text for people, and the same as JSON for programs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from csp_pipeline.alerts.news import News
from csp_pipeline.reports.wording import counted

SCHEMA = "csp-alert/1"
NAMES = {
    "failed_run": "failed step",
    "refused_file": "refused file",
    "late_feed": "overdue period",
    "conflict": "conflict",
}
EVENTS = {"opened": "new", "reopened": "open again", "closed": "settled"}


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
        lines += [head[:1].upper() + head[1:] + ":", *_list(items, listed), ""]
    lines += [f"All reports: {link}" if link else "See the reports, csp status, and csp alerts.", ""]
    return Message(digest, f"{' '.join(partnership.split())}: {', '.join(heads)}", "\n".join(lines), entries)


def _list(items: Sequence[News], listed: int) -> list[str]:
    lines = []
    for item in items[:listed]:
        concern = item.concern
        since = f", since {concern.since}" if concern.since else ""
        lines.append(f"- {concern.what} ({concern.whose}{since}).")
        if item.event != "closed":
            lines += [f"  {concern.to_do}", *([f"  {concern.link}"] if concern.link else [])]
    if len(items) > listed:
        lines.append(f"- and {len(items) - listed:,} more.")
    return lines
