"""A sensor's tick over many files of one place: `python -m tests.bench.ticks FILES`.

Three ticks, each timed: all files new, nothing new, and one new file among as many landed ones (which have to be read to tell).
"""

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from csp_pipeline.defs.build import build_definitions
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.intake.pull import find_files
from csp_pipeline.lake import write_json
from csp_pipeline.settings import Settings
from csp_pipeline.stages import Pipeline, open_pipeline
from tests.copied_sources import copy_configuration

FEED = "police/asb"


def time_ticks(files: int) -> dict[str, float]:
    """Seconds of each tick: `all_new`, `nothing_new`, `one_new`."""
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        sources = copy_configuration(Path(folder) / "sources")
        place = sources / FEED / "exports"
        for number in range(files):
            (place / f"asb_2016-04_extracted-2016-05-10_{number}.csv").write_text(f"{number}\n", encoding="utf-8")
        pipeline = open_pipeline(Settings(sources=sources, warehouse=Path(folder) / "warehouse"))
        definitions = build_definitions(pipeline)
        sensor = definitions.resolve_sensor_def("arrival_police_asb")
        repository = definitions.get_repository_def()

        def tick(cursor: str | None) -> tuple[float, str | None, int]:
            context = dg.build_sensor_context(instance, cursor=cursor, repository_def=repository)
            started = time.perf_counter()
            result = sensor.evaluate_tick(context)
            return time.perf_counter() - started, result.cursor, len(result.run_requests or [])

        found = {}
        found["all_new"], cursor, asked = tick(None)
        assert asked == 1
        found["nothing_new"], cursor, asked = tick(cursor)
        assert asked == 0
        _land_without_reading(pipeline)
        (place / "asb_2016-05_extracted-2016-06-10.csv").write_text("new\n", encoding="utf-8")
        found["one_new"], _, asked = tick(cursor)
        assert asked == 1
        return found


def _land_without_reading(pipeline: Pipeline) -> None:
    """The notes of landing for every file, as landing writes them."""
    feed = pipeline.partnership.feed(FEED)
    folder = pipeline.settings.landing / "received" / feed.agency / feed.name
    for number, found in enumerate(find_files(feed)):
        landed = LandedFile(
            landed_id=f"{number:021}",
            agency=feed.agency,
            feed=feed.name,
            path=found.path,
            sha256=f"{number:064x}",
            size=found.size,
            version=found.version,
            received="2016-05-11T06:00:00.000000+00:00",
        )
        write_json(folder / f"{landed.landed_id}.json", asdict(landed))


if __name__ == "__main__":
    print(json.dumps({name: round(seconds, 3) for name, seconds in time_ticks(int(sys.argv[1])).items()}))
