"""A run that is ended while it reads a file says nothing of that file: it is taken in by the next run."""

import itertools
from pathlib import Path

import duckdb
import pytest

from csp_pipeline.intake import read_csv, read_json, take_in
from csp_pipeline.tables import ColumnSpec
from tests.conftest import Pipeline
from tests.ending_queries import ENDLESS, being_ended
from tests.small_exports import asb, csv_text

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"


@pytest.mark.parametrize("small", [take_in.SMALL_FILE, 1], ids=["small files together", "a large file by itself"])
def test_a_file_that_was_being_read_is_not_refused(desk: Pipeline, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    desk.put(ASB, NAME, csv_text([asb(1)]))
    with monkeypatch.context() as patch, being_ended():
        patch.setattr(take_in, "SMALL_FILE", small)
        patch.setattr(read_csv, "_query", lambda *_: ENDLESS)
        with pytest.raises(duckdb.InterruptException):
            desk.take_in(ASB)
    [receipt] = desk.take_in(ASB).receipts
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 1)


@pytest.mark.parametrize("read_before", [0, 1], ids=["its first objects", "all of it"])
def test_json_that_was_being_read_is_not_refused(
    desk: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_before: int
) -> None:
    file = tmp_path / "found.json"
    file.write_text('[{"id": "1"}]')
    readings, objects = itertools.count(), read_json._objects(file)
    endless = f"SELECT to_json(COLUMNS(*)) AS json FROM ({ENDLESS})"
    monkeypatch.setattr(read_json, "_objects", lambda _: objects if next(readings) < read_before else endless)
    column = ColumnSpec(name="id", header="id", type="VARCHAR", description="Identifier")
    with being_ended(), pytest.raises(duckdb.InterruptException):
        list(read_json.open_json(file, (column,), desk.settings).batches)
