"""The errors that people are meant to read: each says what was found, what was expected and what to do."""

from collections.abc import Sequence
from typing import Any


def is_interruption(error: BaseException) -> bool:
    """Whether an error is of Ctrl-C: so DuckDB tells of it during a query, and libraries while they are loaded."""
    cause = error.__cause__
    return isinstance(cause, KeyboardInterrupt) or (cause is not None and is_interruption(cause))


class CspError(Exception):
    """A problem outside the code, worded for the person who can mend it."""


class ConfigurationError(CspError):
    """A file under `sources/` (partnership, feeds, measures, breaks) cannot be used as it stands."""


class PublishError(CspError):
    """The warehouse could not be built, did not pass its checks, or could not be put in place."""


class DeliveryError(CspError):
    """A report could not be delivered. The message holds no address and no secret.

    Attributes: `is_passing` (worth trying again), `may_have_arrived` (the connection broke when all had been sent).
    """

    def __init__(self, message: str, *, is_passing: bool = False, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing
        self.may_have_arrived = may_have_arrived


class PullError(CspError):
    """A feed's place cannot be listed, or a file in it cannot be fetched.

    Attributes: `is_transient` (the same may work at the next try: a server that is down, a file that is being replaced;
    what is not transient stays as it is until a person mends it: a refused key, a place that does not exist), and
    `wait_seconds`, how long the server asks us to wait before that try.
    """

    def __init__(self, message: str, *, is_transient: bool = True, wait_seconds: float = 0) -> None:
        super().__init__(message)
        self.is_transient = is_transient
        self.wait_seconds = wait_seconds


class RefusedFileError(CspError):
    """A partner's file is refused whole.

    Attributes: `code` (stable, for scripts), `message` (a sentence with what to do), and where it helps `sheet`,
    `column` and `row`; `changes` are the changes of its columns, where these are why.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        sheet: str | None = None,
        column: str | None = None,
        row: int | None = None,
        changes: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sheet = sheet
        self.column = column
        self.row = row
        self.changes = list(changes)
