"""What was told, as facts in landing: one line for each message to a place, and a mark while one is on its way.

`landing/alerts/<place>.jsonl` has the messages in time order, `<place>.sending` the id of one whose end is not known.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csp_pipeline.errors import PublishError
from csp_pipeline.lake import make_folder, replacing
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class ToldLog:
    """What one place was told. `place` is the way: `email` or `webhook`."""

    settings: Settings
    place: str

    @property
    def path(self) -> Path:
        """Where its messages are kept."""
        return self.settings.landing / "alerts" / f"{self.place}.jsonl"

    def read(self) -> list[dict[str, Any]]:
        """Every message, in time order.

        Raises PublishError naming the line that cannot be read: to go on without it would tell everything again.
        """
        if not self.path.exists():
            return []
        messages = []
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                message = json.loads(line)
                message["id"], message["news"]
            except (ValueError, TypeError, KeyError) as error:
                raise PublishError(
                    f"{self.path}, line {number}: expected JSON with id and news; it cannot be read. Put the file back from a "
                    "backup; remove it, and everything is told again."
                ) from error
            messages.append(message)
        return messages

    def was_cut_short(self, message_id: str) -> bool:
        """Whether this very message was on its way before, and may have arrived."""
        return self._mark.exists() and self._mark.read_text(encoding="utf-8").strip() == message_id

    def note_begun(self, message_id: str) -> None:
        """Say that a message is on its way, before it is."""
        with replacing(self._mark) as beside:
            beside.write_text(f"{message_id}\n", encoding="utf-8")

    def note_not_sent(self) -> None:
        """Say that a message did not arrive."""
        self._mark.unlink(missing_ok=True)

    def note_told(self, message: dict[str, Any]) -> None:
        """Keep a message that arrived: first its line, then its mark goes."""
        lines = [*self.read(), message]
        with replacing(self.path) as beside:
            beside.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        self.note_not_sent()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the log, so that two runs that end together tell one after the other."""
        make_folder(self.path.parent)
        with self.path.with_suffix(".lock").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def _mark(self) -> Path:
        return self.path.with_suffix(".sending")
