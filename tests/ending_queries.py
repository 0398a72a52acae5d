"""Queries that would never end, and the ending of them, as when a run is interrupted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from csp_pipeline.lake import interrupt_queries

# Longer than any test may take, and nothing that DuckDB can see through.
ENDLESS = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = i % 3"


@contextmanager
def being_ended() -> Iterator[None]:
    """While the block is at work, what DuckDB is at is ended again and again, as when a run is interrupted."""
    over = threading.Event()

    def end() -> None:
        while not over.wait(0.05):
            interrupt_queries()

    ending = threading.Thread(target=end)
    ending.start()
    try:
        yield
    finally:
        over.set()
        ending.join()
