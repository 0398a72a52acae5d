"""What one new file costs from its place to the reports, beside a first run: among 10, 100 and 1,000 landed files.

`python -m tests.bench.new_file` writes a table of processor seconds to standard output; each run is a process of its own.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from itertools import chain, zip_longest
from pathlib import Path

from csp_pipeline.settings import Settings
from csp_pipeline.stages import open_pipeline
from tests.bench.workloads import PROJECT
from tests.conftest import YEARS
from tests.copied_sources import copy_configuration
from tests.small_exports import asb, csv_text

LANDED = (10, 100, 1_000)
# One that links to the police's and the council's records hang on, and one on which less does.
NEW = ("police/crimes", "fire/incidents")
STAGES = {
    "figures": ("build_figures", "build_vintages", "build_break_suggestions"),
    "comparisons, bridges and the rest": (
        "build_comparisons",
        "build_bridges",
        "build_gap_history",
        "build_responses",
        "build_discrepancies",
        "search_definitions",
        "build_change_tests",
        "build_claims",
    ),
    "warehouse": ("publish",),
    "reports": ("write_reports", "write_scorecard"),
}


def make_sources(folder: Path, landed: int) -> dict[str, Path]:
    """The sample's configuration with so many files; gives the last file of each feed of `NEW`, kept aside in `folder`.

    The sample's files come in turn from all feeds; what is more than those are later extracts of one row each.
    """
    sources = copy_configuration(folder / "sources", YEARS)
    exports = sorted((PROJECT / "sources").glob("*/*/exports"))
    of_feeds = {f"{path.parents[1].name}/{path.parent.name}": sorted(path.iterdir()) for path in exports}
    new = {}
    for feed in NEW:
        last = of_feeds[feed].pop()
        new[feed] = shutil.copyfile(last, folder / last.name)
    in_turn = [path for path in chain.from_iterable(zip_longest(*of_feeds.values())) if path is not None]
    for path in in_turn[:landed]:
        copy = sources / path.relative_to(PROJECT / "sources")
        shutil.copytree(path, copy) if path.is_dir() else shutil.copyfile(path, copy)
    for number in range(max(0, landed - len(in_turn))):
        month = f"{2014 + (3 + number % 33) // 12}-{(3 + number % 33) % 12 + 1:02}"
        content = csv_text([asb(number, reported_at=f"15/{month[5:]}/{month[:4]} 10:00")])
        name = f"asb_{month}_extracted-{date(2018, 1, 1) + timedelta(days=number)}.csv"
        (sources / "police/asb/exports" / name).write_text(content, encoding="utf-8")
    return new


def run(folder: Path) -> None:
    """Everything from taking in to the reports; prints the processor seconds of each part of it as JSON."""
    from csp_pipeline import reports, scorecard  # noqa: F401 - loading them is no part of the work

    pipeline = open_pipeline(Settings(sources=folder / "sources", warehouse=folder / "warehouse"))
    spent, started = {}, time.process_time()
    for feed in pipeline.partnership.every_feed:
        pipeline.take_in(feed.key)
    for part, stages in {"intake": (), **STAGES}.items():
        for stage in stages:
            getattr(pipeline, stage)()
        spent[part] = time.process_time() - started
        started = time.process_time()
    print(json.dumps(spent))


def measure(folder: Path) -> dict[str, float]:
    """The processor seconds of a run in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.new_file", "run", str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True).stdout))


def main(arguments: list[str]) -> None:
    """Everything, or `run` of one folder, or with numbers among so many landed files."""
    if arguments[:1] == ["run"]:
        run(Path(arguments[1]))
        return
    parts = ("intake", *STAGES)
    print(f"| landed | run | {' | '.join(parts)} | all | ratio to the first run |\n|{'---|' * (len(parts) + 4)}", flush=True)
    for landed in [int(number) for number in arguments] or LANDED:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            new = make_sources(folder, landed)
            first = measure(folder)
            runs = {"first": first, "nothing new": measure(folder)}
            for feed, path in new.items():
                shutil.copyfile(path, folder / "sources" / feed / "exports" / path.name)
                runs[f"one file of {feed}"] = measure(folder)
            for what, spent in runs.items():
                numbers = " | ".join(f"{spent[part]:.1f}" for part in parts)
                whole = sum(spent.values())
                print(f"| {landed:,} | {what} | {numbers} | {whole:.1f} | {whole / sum(first.values()):.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
