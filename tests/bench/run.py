"""`make bench`: measures each workload beside its baseline, in turn, and writes the ratios with the machine's description."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from tests.bench.workloads import PROJECT

OUTPUT = PROJECT / ".bench"


@dataclass
class Measured:
    """Medians over the rounds: wall seconds and peak memory of the whole process."""

    name: str
    seconds: float
    peak_mib: float
    rounds: int


def measure(arguments: list[str], expected: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Run one process; gives its wall seconds and its peak memory in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    if code not in expected:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}")
    return seconds, usage.ru_maxrss / 1024


def in_turn(workloads: dict[str, list[str]], rounds: int, expected: tuple[int, ...] = (0,)) -> dict[str, Measured]:
    """Run the workloads in turn, round after round, so that a slower minute slows all of them."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in workloads}
    for number in range(rounds):
        for name, arguments in workloads.items():
            times[name].append(measure(arguments, expected))
            print(f"  round {number + 1}: {name}: {times[name][-1][0]:.1f} s, {times[name][-1][1]:.0f} MiB", flush=True)
    return {
        name: Measured(name, statistics.median(t for t, _ in runs), statistics.median(m for _, m in runs), rounds)
        for name, runs in times.items()
    }


def workload(name: str, *arguments: str) -> list[str]:
    """The command line of a workload."""
    return [sys.executable, "-m", "tests.bench.workloads", name, *arguments]


def bench_intake(rows: int, rounds: int) -> dict[str, Measured]:
    """Intake of a street-level file beside DuckDB's own reading of it."""
    path = OUTPUT / f"street-{rows}.csv"
    if not path.exists():
        subprocess.run(workload("make_street_csv", str(path), str(rows)), check=True, cwd=PROJECT)
    print(f"Intake of {rows:,} rows, {path.stat().st_size / 1e9:.2f} GB")
    commands = {
        "baseline": workload("baseline_create_table", str(path)),
        "intake": workload("intake_street", str(path)),
    }
    return in_turn(commands, rounds)


def bench_search(rows: int, rounds: int) -> dict[str, Measured]:
    """Definition searches of 360 and of 864 variants over as many records, beside one count of them."""
    path = OUTPUT / f"crimes-{rows}.parquet"
    if not path.exists():
        subprocess.run(workload("make_crimes_parquet", str(path), str(rows)), check=True, cwd=PROJECT)
    print(f"Definition search over {rows:,} records")
    commands = {
        "baseline": workload("baseline_one_count", str(path)),
        "360 variants": workload("search_definitions", str(path), "total_crime"),
        "864 variants": workload("search_definitions", str(path), "domestic_violence_with_injury"),
    }
    return in_turn(commands, rounds)


def timed_inside(programs: dict[str, list[str]], rounds: int) -> dict[str, Measured]:
    """Run programs in turn that print the seconds their work took last: without imports, which would hide short work."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds):
        for name, command in programs.items():
            done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
            times[name].append(float(done.stdout.split()[-1]))
            print(f"  round {number + 1}: {name}: {times[name][-1]:.2f} s", flush=True)
    return {name: Measured(name, statistics.median(runs), 0, rounds) for name, runs in times.items()}


def environment_of_datacompy() -> Path | None:
    """The Python of an environment that holds datacompy, made when there is none; None, with a word why, where it cannot be."""
    folder, wanted = OUTPUT / "datacompy", PROJECT / "tests/bench/datacompy.txt"
    python, ready = folder / "bin/python", folder / ".ready"
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted.read_text(encoding="utf-8"):
        return python
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(wanted)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            why = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
            print(f"datacompy is left out: it cannot be installed into {folder}: {why}", flush=True)
            return None
    ready.write_text(wanted.read_text(encoding="utf-8"), encoding="utf-8")
    return python


def programs_of(module: str, rows: int, **functions: str) -> dict[str, list[str]]:
    """The command lines of functions of a module that time themselves, on the data of so many rows."""
    return {name: [sys.executable, "-m", module, function, str(OUTPUT), str(rows)] for name, function in functions.items()}


def bench_links(rows: int, rounds: int) -> dict[str, Measured]:
    """Linking and bridging beside a full outer join of the same keys and, where it can be had, datacompy."""
    from tests.bench.links import make_records, make_sides

    make_records(OUTPUT, rows)
    print(f"Linking and bridging {rows:,} records with {rows:,}")
    programs = programs_of("tests.bench.links", rows, baseline="join_keys", links="link_and_bridge")
    python = environment_of_datacompy()
    if python is not None:
        sides = [str(path) for path in make_sides(OUTPUT, rows)]
        programs["datacompy"] = [str(python), str(PROJECT / "tests/bench/beside_datacompy.py"), *sides]
    return timed_inside(programs, rounds)


def bench_figures(rows: int, rounds: int) -> dict[str, Measured]:
    """Comparing figures beside a bare GROUP BY of them."""
    from tests.bench.figures import make_figures

    make_figures(OUTPUT, rows)
    print(f"Comparing {rows:,} figures")
    return timed_inside(programs_of("tests.bench.figures", rows, baseline="group_figures", compared="compare_figures"), rounds)


def bench_packs(partnerships: int) -> dict[str, dict[str, float]]:
    """The packs of many partnerships, written by one process: what each takes, and whether memory stays flat."""
    print(f"Packs of {partnerships} partnerships")
    command = [sys.executable, "-m", "tests.bench.packs", str(partnerships)]
    done = subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def bench_ticks(files: int, rounds: int) -> dict[str, float]:
    """A sensor's tick over so many files of one place: medians of the seconds of each kind of tick."""
    print(f"Ticks over {files:,} files")
    command = [sys.executable, "-m", "tests.bench.ticks", str(files)]
    found = [
        json.loads(subprocess.run(command, check=True, cwd=PROJECT, capture_output=True, text=True).stdout.splitlines()[-1])
        for _ in range(rounds)
    ]
    return {name: statistics.median(ticks[name] for ticks in found) for name in found[0]}


def count_assets() -> int:
    """How many assets the sample run has."""
    from csp_pipeline.defs.build import build_definitions
    from csp_pipeline.settings import Settings
    from csp_pipeline.stages import open_pipeline

    definitions = build_definitions(open_pipeline(Settings(warehouse=OUTPUT / "counted")))
    return len(definitions.resolve_asset_graph().get_all_asset_keys())


def bench_sample(rounds: int) -> dict[str, Measured]:
    """The sample run, from nothing and again with nothing new, beside an empty Dagster run of as many assets."""
    warehouse, home = OUTPUT / "warehouse", OUTPUT / "empty"
    csp = [str(Path(sys.executable).parent / "csp"), "run", "--quiet", "--warehouse", str(warehouse)]
    assets = str(count_assets())
    results: dict[str, list[tuple[float, float]]] = {"empty run": [], "first run": [], "second run": []}
    print(f"The sample run beside an empty Dagster run of {assets} assets")
    for number in range(rounds):
        shutil.rmtree(warehouse, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        for name, command in (
            ("empty run", workload("empty_dagster_run", str(home), assets)),
            ("first run", csp),
            ("second run", csp),
        ):
            results[name].append(measure(command, (0, 3)))
            print(
                f"  round {number + 1}: {name}: {results[name][-1][0]:.1f} s, {results[name][-1][1]:.0f} MiB",
                flush=True,
            )
    return {
        name: Measured(name, statistics.median(t for t, _ in runs), statistics.median(m for _, m in runs), rounds)
        for name, runs in results.items()
    }


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processors": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
    }


def main() -> None:
    """Measure everything and write `.bench/results.json` and `.bench/results.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[2_000_000, 10_000_000])
    parser.add_argument("--searched", type=int, nargs="*", default=[10_000_000], help="records of the definition search")
    parser.add_argument("--linked", type=int, nargs="*", default=[1_000_000], help="records a side to link and bridge")
    parser.add_argument("--compared", type=int, nargs="*", default=[4_000_000], help="figures to compare")
    parser.add_argument("--partnerships", type=int, default=300, help="partnerships whose packs are written")
    parser.add_argument("--files", type=int, default=10_000, help="files of one place that a sensor looks at")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    results: dict[str, object] = {"machine": machine()}
    lines = [
        "| workload | wall, s | ratio to its baseline | limit | peak memory, MiB |",
        "|---|---|---|---|---|",
    ]
    for rows in chosen.rows:
        measured = bench_intake(rows, chosen.rounds)
        base, ours = measured["baseline"], measured["intake"]
        lines.append(f"| baseline: CREATE TABLE of {rows:,} rows | {base.seconds:.1f} | 1 | | {base.peak_mib:.0f} |")
        lines.append(
            f"| intake and figures of {rows:,} rows | {ours.seconds:.1f} | {ours.seconds / base.seconds:.2f} | 3 "
            f"| {ours.peak_mib:.0f} |"
        )
        results[f"intake {rows}"] = {name: asdict(item) for name, item in measured.items()}
    for rows in chosen.searched:
        measured = bench_search(rows, chosen.rounds)
        base = measured["baseline"]
        lines.append(f"| baseline: one count of {rows:,} records | {base.seconds:.1f} | 1 | | {base.peak_mib:.0f} |")
        for name in ("360 variants", "864 variants"):
            item = measured[name]
            ratio = item.seconds / base.seconds
            lines.append(f"| definition search, {name} | {item.seconds:.1f} | {ratio:.2f} | 10 | {item.peak_mib:.0f} |")
        results[f"definition search {rows}"] = {name: asdict(item) for name, item in measured.items()}
    for rows in chosen.linked:
        measured = bench_links(rows, chosen.rounds)
        base, ours = measured["baseline"], measured["links"]
        lines.append(f"| baseline: full outer join of {rows:,} by {rows:,} keys | {base.seconds:.2f} | 1 | | |")
        lines.append(f"| the same records linked and bridged | {ours.seconds:.2f} | {ours.seconds / base.seconds:.1f} | 3 | |")
        if "datacompy" in measured:
            beside = measured["datacompy"]
            lines.append(f"| the same by datacompy, rows only | {beside.seconds:.2f} | {beside.seconds / base.seconds:.1f} | | |")
        results[f"links {rows}"] = {name: asdict(item) for name, item in measured.items()}
    measured = bench_sample(chosen.rounds)
    base = measured["empty run"]
    lines.append(f"| baseline: empty Dagster run of as many assets | {base.seconds:.1f} | 1 | | {base.peak_mib:.0f} |")
    for name, limit in (("first run", 3), ("second run", 1.5)):
        item = measured[name]
        lines.append(
            f"| sample, {name} | {item.seconds:.1f} | {item.seconds / base.seconds:.2f} | {limit} | {item.peak_mib:.0f} |"
        )
    results["sample"] = {name: asdict(item) for name, item in measured.items()}
    packs = bench_packs(chosen.partnerships)
    for name, item in packs.items():
        told = f"{item['packs']} packs of {name}: {item['ms_per_pack']} ms each"
        lines.append(f"| {told} | {item['ms_per_pack'] * item['packs'] / 1000:.1f} | | | {item['peak_mib']:.0f} |")
    results["packs"] = packs
    ticks = bench_ticks(chosen.files, chosen.rounds)
    for name, seconds in ticks.items():
        lines.append(f"| a sensor's tick over {chosen.files:,} files, {name.replace('_', ' ')} | {seconds:.2f} | | 2 s | |")
    results["ticks"] = ticks
    # Last, for its figures are made in this process, whose size would show in every process started after it.
    for rows in chosen.compared:
        measured = bench_figures(rows, chosen.rounds)
        base, ours = measured["baseline"], measured["compared"]
        lines.append(f"| baseline: GROUP BY of {rows:,} figures | {base.seconds:.2f} | 1 | | |")
        lines.append(f"| the same figures compared | {ours.seconds:.2f} | {ours.seconds / base.seconds:.1f} | 1.5 | |")
        results[f"figures {rows}"] = {name: asdict(item) for name, item in measured.items()}
    (OUTPUT / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    description = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in machine().items())
    text = "\n".join([f"Measured on: {description}. Medians of {chosen.rounds} rounds.", "", *lines]) + "\n"
    (OUTPUT / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
