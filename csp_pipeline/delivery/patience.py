"""Trying again what failed for a passing reason: the one way in which reports and alerts wait."""

from collections.abc import Callable

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from csp_pipeline.errors import DeliveryError
from csp_pipeline.partnership.configuration import DeliveryEntry


def try_patiently(delivery: DeliveryEntry, send: Callable[[], None]) -> None:
    """Send, again as often and with such waits as `delivery` says.

    Raises the last DeliveryError, with the number of tries; `may_have_arrived` when any of them may have.
    """
    patient = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, DeliveryError) and error.is_passing),
        wait=wait_exponential(multiplier=delivery.first_wait_seconds, max=60),
        stop=stop_after_attempt(delivery.attempts),
        reraise=True,
    )
    may_have_arrived = False
    try:
        for attempt in patient:
            with attempt:
                try:
                    send()
                except DeliveryError as error:
                    may_have_arrived |= error.may_have_arrived
                    raise
    except DeliveryError as error:
        tries = patient.statistics.get("attempt_number", 1)
        tried = f" Tried {tries} times." if tries > 1 else ""
        raise DeliveryError(f"{error}{tried}", is_passing=error.is_passing, may_have_arrived=may_have_arrived) from error
