"""Which faults of a step are tried again in the same run: those that pass by themselves, and no other."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import OperationalError

import dagster as dg

TRIES, WAIT_SECONDS = 2, 15
# A share or disk that is away for a moment. A full disk, a wrong path or a missing right does not mend itself.
PASSING = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.EINTR,
    errno.EIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ECONNRESET,
    errno.ECONNREFUSED,
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
}


def may_pass(error: BaseException) -> bool:
    """Whether an error is of the kind that passes: of the system or the network, not of a file or of the configuration."""
    if isinstance(error, OperationalError):
        return "locked" in str(error)
    return isinstance(error, OSError) and (error.errno in PASSING or isinstance(error, TimeoutError | ConnectionError))


@contextmanager
def trying_again() -> Iterator[None]:
    """Ask for the step again when what failed may pass; everything else fails it at once.

    There is no retry policy on the assets, for one would try again whatever failed: a file that is refused, a
    configuration that cannot be used. What a place does not give is tried again where it is pulled, and holds nobody.
    """
    try:
        yield
    except Exception as error:
        if may_pass(error):
            raise dg.RetryRequested(max_retries=TRIES, seconds_to_wait=WAIT_SECONDS) from error
        raise
