"""The packs of many partnerships written one after the other by one process: `python -m tests.bench.packs NUMBER [WAREHOUSE]`.

Each partnership has folders of its own, so that nothing made for one serves another. Without WAREHOUSE (a folder with a
published warehouse of the project's own sources, as `csp run` leaves it) it is the small one that tests of reports are made on.
"""

import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from csp_pipeline.reports import write_reports
from csp_pipeline.settings import Settings
from tests.bench.workloads import PROJECT
from tests.unit.reports.made_warehouse import make_warehouse

FEW = 30


def write_packs(partnerships: int, warehouse: Path | None) -> dict[str, dict[str, float]]:
    """After few partnerships and after all: milliseconds and processor milliseconds a pack (the page, workbook and JSON of one
    agency), and the peak memory of the process in MiB.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        first = make_warehouse(Path(folder)) if warehouse is None else Settings(sources=PROJECT / "sources", warehouse=warehouse)
        packs, started, worked = 0, time.perf_counter(), time.process_time()
        for number in range(1, partnerships + 1):
            own = Settings(sources=first.sources, warehouse=Path(folder) / f"partnership-{number}")
            own.warehouse.mkdir()
            shutil.copyfile(first.database, own.database)
            packs += len(write_reports(own).agencies)
            shutil.rmtree(own.warehouse)
            if number in (min(FEW, partnerships), partnerships):
                found[f"{number} partnerships"] = {
                    "packs": packs,
                    "ms_per_pack": round(1000 * (time.perf_counter() - started) / packs, 1),
                    "processor_ms_per_pack": round(1000 * (time.process_time() - worked) / packs, 1),
                    "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                }
    return found


if __name__ == "__main__":
    print(json.dumps(write_packs(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)))
