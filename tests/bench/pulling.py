"""What pulling costs: one new file among many landed ones, a look at a large place, and ten feeds on slow servers.

`python -m tests.bench.pulling` writes a table to standard output; each measurement is a process of its own.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from csp_pipeline.intake.checks import count_repeated_keys, find_unbalanced_submissions
from csp_pipeline.intake.pull import list_arrivals, pull_ahead
from csp_pipeline.partnership.configuration import FeedEntry
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from tests.bench.workloads import PROJECT
from tests.conftest import YEARS, Pipeline
from tests.copied_sources import copy_configuration
from tests.small_exports import asb, csv_text

ASB = "police/asb"
SLOW_SECONDS = 0.5


def new_file_among(folder: Path, landed: int) -> None:
    """One new file of one row, pulled, loaded and checked, in a process that has read nothing before."""
    sources = copy_configuration(folder / "sources", YEARS, [ASB])
    pipeline = Pipeline(sources, folder / "warehouse")
    for number in range(landed):
        month = f"{2014 + (3 + number % 33) // 12}-{(3 + number % 33) % 12 + 1:02}"
        content = csv_text([asb(number, reported_at=f"15/{month[5:]}/{month[:4]} 10:00")])
        pipeline.put(ASB, f"asb_{month}_extracted-{date(2018, 1, 1) + timedelta(days=number)}.csv", content)
    pipeline.take_in(ASB)
    pipeline.put(ASB, "asb_2016-04_extracted-2025-05-10.csv", csv_text([asb(99_999)]))
    subprocess.run([sys.executable, "-m", "tests.bench.pulling", "take_in", str(folder)], check=True, cwd=PROJECT)


def take_in(folder: Path) -> None:
    """Take in what is new in a folder made before; prints the processor seconds of intake, and of its checks."""
    pipeline = Pipeline(folder / "sources", folder / "warehouse")
    feed, spec = pipeline.partnership.feed(ASB), pipeline.specs[ASB]
    _ = pipeline.partnership.references
    started = time.process_time()
    intake = pipeline.take_in(ASB)
    taken = time.process_time()
    if [receipt.outcome for receipt in intake.new] != ["accepted"]:
        raise SystemExit(f"expected one new file, accepted; found {[receipt.outcome for receipt in intake.new]}")
    find_unbalanced_submissions(pipeline.settings, feed, intake.receipts, intake.new)
    count_repeated_keys(pipeline.settings, feed, spec, intake.new)
    print(f"| one new file among {len(intake.receipts) - 1:,} | {taken - started:.2f} | {time.process_time() - taken:.2f} |")


def look_at_folder(folder: Path, files: int) -> None:
    """The look of a sensor at a folder of so many files."""
    for number in range(files):
        (folder / f"asb_{number:06}.csv").touch()
    seconds, arrivals = _timed(lambda: list_arrivals(_feed("asb", folder, str(folder))))
    print(f"| list_arrivals of {arrivals.files:,} files in a folder | {seconds:.2f} | |")


def slow_feeds(folder: Path, feeds: int) -> None:
    """So many feeds, each on a server that takes half a second for each of two answers, pulled side by side."""

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(SLOW_SECONDS)
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.path)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(self.path.encode())

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(sources=folder, warehouse=folder / "warehouse")
    declared = [_feed(f"feed_{n}", folder, f"http://127.0.0.1:{server.server_port}/{n}.csv") for n in range(feeds)]

    def pull() -> int:
        with pull_ahead(declared, settings) as ahead:
            return sum(len(ahead.of(feed).landed) for feed in declared)

    seconds, landed = _timed(pull)
    server.shutdown()
    if landed != feeds:
        raise SystemExit(f"expected {feeds} files, found {landed}")
    print(f"| {feeds} feeds whose servers take {2 * SLOW_SECONDS:.0f} s each | {seconds:.2f} | |")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _feed(name: str, folder: Path, location: str) -> Feed:
    entry = FeedEntry.model_validate(
        {
            "title": name,
            "contact": "Analysts",
            "cadence": "monthly",
            "deadline_days": 15,
            "location": location,
            "coverage": {"kind": "month", "pattern": "x"},
            "covers_area": "E07000131",
            "sharing_basis": "Agreement",
            "pull": {"web": {"allow_private": True}} if "://" in location else {},
        }
    )
    return Feed("police", name, folder, entry, ())


def main(arguments: list[str]) -> None:
    """Everything, or `take_in` of one folder."""
    if arguments:
        take_in(Path(arguments[1]))
        return
    print("| | seconds | seconds of its checks |\n|---|---|---|", flush=True)
    for landed in (10, 100, 1_000):
        with tempfile.TemporaryDirectory() as folder:
            new_file_among(Path(folder), landed)
    with tempfile.TemporaryDirectory() as folder:
        look_at_folder(Path(folder), 10_000)
    for feeds in (1, 10):
        with tempfile.TemporaryDirectory() as folder:
            slow_feeds(Path(folder), feeds)


if __name__ == "__main__":
    main(sys.argv[1:])
