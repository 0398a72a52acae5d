"""What has been taken in of a feed, by the period that it covers: which file says a period, and which one it replaces."""

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.place import Placement
from csp_pipeline.intake.receipts import Receipt


class Taken:
    """The files of one feed that hold, by scope and period, and in those by extract date; the first of a date stays."""

    def __init__(self) -> None:
        self._by_period: dict[tuple[str, str], dict[str, Receipt]] = {}

    def add(self, receipt: Receipt) -> None:
        """Note a file that is not refused."""
        for cell in receipt.cells:
            self._by_period.setdefault((receipt.scope, cell), {}).setdefault(str(receipt.extracted), receipt)

    def remove(self, receipt: Receipt) -> None:
        """Forget a file that holds no longer."""
        for cell in receipt.cells:
            by_date = self._by_period.get((receipt.scope, cell), {})
            if by_date.get(str(receipt.extracted)) is receipt:
                del by_date[str(receipt.extracted)]

    def of_same_date(self, receipt: Receipt, cell: str) -> Receipt | None:
        """The file that gives a period with the same extract date."""
        return self._by_period.get((receipt.scope, cell), {}).get(str(receipt.extracted))

    def given_before(self, receipt: Receipt) -> list[Receipt]:
        """The files of other contents that give its periods with the same extract date."""
        others = [other for cell in receipt.cells if (other := self.of_same_date(receipt, cell))]
        return list({other.landed.landed_id: other for other in others if other.landed.sha256 != receipt.landed.sha256}.values())

    def replaced_by(self, receipt: Receipt) -> Receipt | None:
        """What a file for one period replaces: that period's file with the latest extract date before its own."""
        if len(receipt.cells) != 1:
            return None
        by_date = self._by_period.get((receipt.scope, receipt.cells[0]), {})
        before = [extracted for extracted in by_date if extracted < str(receipt.extracted)]
        return by_date[max(before)] if before else None


def is_given_anew(receipt: Receipt, placement: Placement, other: Receipt) -> bool:
    """Whether a file is another's next state, at the same place on the same day, with all periods of it: its name tells no day
    of extraction, so that when it came is all that there is to go by.
    """
    is_same_place = receipt.landed.path == other.landed.path and not placement.extract_date_is_known
    return is_same_place and set(other.cells) <= set(receipt.cells)


def half_written() -> RefusedFileError:
    """Why a file is refused of which the whole came later."""
    return RefusedFileError(
        "half_written",
        "it was taken before all of it was written: a longer file of the same name that begins with it came later, and "
        "stands in its place. Nothing has to be sent for this one. To avoid this, let files be copied under a name that ends "
        "in .part and renamed when they are whole, or raise feed.yml > pull > settle_seconds.",
    )


def given_anew() -> RefusedFileError:
    """Why a file is refused that was changed at its place on the day it came."""
    return RefusedFileError(
        "given_anew",
        "it was changed at its place on the day it was received, and the changed one counts: its name tells no day of "
        "extraction. Nothing has to be sent.",
    )


def given_twice(receipt: Receipt, cell: str, other: Receipt) -> RefusedFileError:
    """Why a file is refused whose period another one of its day of extraction gives."""
    return RefusedFileError(
        "period_given_twice",
        f"{cell}, extracted on {receipt.extracted}, was already given by {other.landed.path}, with other "
        "contents; that one stays. If this one is right, send it again with its own extract date in its name.",
    )
