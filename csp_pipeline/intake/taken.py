"""What has been taken in of a feed, by the period that it covers: which file says a period, and which one it replaces."""

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

    def replaced_by(self, receipt: Receipt) -> Receipt | None:
        """What a file for one period replaces: that period's file with the latest extract date before its own."""
        if len(receipt.cells) != 1:
            return None
        by_date = self._by_period.get((receipt.scope, receipt.cells[0]), {})
        before = [extracted for extracted in by_date if extracted < str(receipt.extracted)]
        return by_date[max(before)] if before else None
