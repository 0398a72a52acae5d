"""Workbooks with wrong bytes: what looks into their parts finds out what it can, or refuses, and never ends the run."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.workbook_guard import check_workbook
from csp_pipeline.intake.workbook_parts import formulas_of, hidden_rows_of
from tests.conftest import Pipeline
from tests.returned import with_changed_part
from tests.small_exports import case, grid, ods, xlsx

CASES, NAME = "county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20"
TABLE = {"Cases": grid([case(number) for number in range(1, 40)])}
WORKBOOKS = {"xlsx": xlsx(TABLE), "ods": ods(TABLE)}
# so many bytes at the end hold the directory of the archive
DIRECTORY = 900


def with_bytes(content: bytes, *changed: tuple[int, int]) -> bytes:
    damaged = bytearray(content)
    for place, byte in changed:
        damaged[place % len(damaged)] = byte
    return bytes(damaged)


def header_of(part: str) -> int:
    """Where the name of an XLSX's part stands before its bytes; it stands in the directory once more."""
    return WORKBOOKS["xlsx"].index(part.encode())


@given(
    kind=st.sampled_from(sorted(WORKBOOKS)),
    changed=st.lists(
        st.tuples(st.one_of(st.integers(0, 50_000), st.integers(-DIRECTORY, -1)), st.integers(0, 255)), min_size=1, max_size=20
    ),
    kept=st.one_of(st.none(), st.integers(1, 10_000)),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_are_wrong_a_look_into_the_parts_refuses_or_ends(
    tmp_path: Path, kind: str, changed: list[tuple[int, int]], kept: int | None
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(with_bytes(WORKBOOKS[kind], *changed)[:kept])
    with suppress(RefusedFileError):
        check_workbook(path)
    with suppress(RefusedFileError):
        formulas_of(path, "Cases")
    assert set(hidden_rows_of(path, {"Cases": [2, 3, 4]})) <= {"Cases"}


@given(
    kind=st.sampled_from(sorted(WORKBOOKS)),
    damage=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=30),
)
@settings(max_examples=35, deadline=None)
def test_a_workbook_with_any_damage_is_taken_in_or_refused(
    new_desk: Callable[[], Pipeline], kind: str, damage: list[tuple[float, int]]
) -> None:
    """Whatever bytes are wrong, the file ends with an outcome, and rows in are records and rejects."""
    content = bytearray(WORKBOOKS[kind])
    for place, byte in damage:
        content[min(int(place * len(content)), len(content) - 1)] = byte
    desk = new_desk()
    receipt = desk.take_in_one(CASES, f"{NAME}.{kind}", bytes(content))
    assert receipt.outcome in ("accepted", "accepted_with_warnings", "accepted_with_rejects", "refused")
    assert receipt.rows_read == receipt.rows_accepted + receipt.rows_rejected
    assert (receipt.outcome == "refused") == (receipt.code is not None)
    assert len(desk.rejects(receipt)) == (receipt.rows_rejected or int(receipt.outcome == "refused"))


def test_a_workbook_that_can_be_read_though_its_archive_contradicts_itself_is_taken_in(desk: Pipeline) -> None:
    """Calamine goes by the directory alone; Python's reader finds that the name beside the bytes is another."""
    damaged = with_bytes(WORKBOOKS["xlsx"], (header_of("xl/_rels/workbook.xml.rels") + 5, 0))
    receipt = desk.take_in_one(CASES, f"{NAME}.xlsx", damaged)
    assert (receipt.outcome, receipt.rows_accepted, receipt.messages) == ("accepted", 39, [])


def test_an_encoding_that_does_not_exist_ends_no_run(desk: Pipeline) -> None:
    begin = b'<?xml version="1.0" encoding="UyF-8"?>'
    sheet = "xl/worksheets/sheet1.xml"
    damaged = with_changed_part(WORKBOOKS["xlsx"], sheet, lambda part: begin + part.split(b"?>", 1)[-1])
    receipt = desk.take_in_one(CASES, f"{NAME}.xlsx", damaged)
    assert receipt.rows_read == receipt.rows_accepted + receipt.rows_rejected


@pytest.mark.parametrize("after_name", [20, 60])
def test_a_part_that_cannot_be_unpacked_is_a_damaged_workbook_to_who_looks_for_formulas(tmp_path: Path, after_name: int) -> None:
    path, place = tmp_path / "damaged.xlsx", header_of("xl/worksheets/sheet1.xml") + after_name
    path.write_bytes(with_bytes(WORKBOOKS["xlsx"], *((place + more, 255) for more in range(20))))
    with pytest.raises(RefusedFileError) as refused:
        formulas_of(path, "Cases")
    assert refused.value.code == "damaged_workbook"
