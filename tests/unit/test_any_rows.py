"""Whatever stands in a file: every row is a record or a reject under its own number, and dates mean what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import Pipeline
from tests.small_exports import asb, crime, csv_text

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
# rows are looked at one by one here, however many fail
ANY = {"share": 1}
KINDS = [
    "good",
    "good",
    "unknown word",
    "too many",
    "too few",
    "blank line",
    "blanks",
    "line break",
    "repeated",
    "quoted delimiter",
]


def written(kind: str, number: int) -> str:
    """A line (or two) of the file, without its ending."""
    row = asb(number)
    if kind == "unknown word":
        row["category"] = "Noise"
    if kind == "repeated":
        row["incident_number"] = "L16-0000000"
    if kind == "blanks":
        row = dict.fromkeys(row, "")
    cells = list(row.values())
    if kind == "line break":
        cells[-1] = '"C\nIS"'
    if kind == "quoted delimiter":
        cells[-1] = '"C, I, S"'
    if kind == "too many":
        cells.append("more")
    if kind == "too few":
        cells = cells[:3]
    return "" if kind == "blank line" else ",".join(cells)


@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=50),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    ends=st.booleans(),
    titles=st.integers(0, 3),
)
@example(kinds=["repeated", "repeated"], newline="\n", ends=True, titles=0)
@example(kinds=["too many", "blank line", "line break", "unknown word"], newline="\r\n", ends=False, titles=2)
@settings(max_examples=15, deadline=None)
def test_every_row_is_a_record_or_a_reject_under_its_own_number(
    new_desk: Callable[[], Pipeline], kinds: list[str], newline: str, ends: bool, titles: int
) -> None:
    lines = ["Incidents"] * titles + [
        ",".join(asb(1)),
        *(written(kind, number) for number, kind in enumerate(kinds, start=1)),
    ]
    content = newline.join(line.replace("\n", newline) for line in lines) + (newline if ends else "")
    accepted, rejects, has_first = [], [], False
    for number, kind in enumerate(kinds, start=titles + 2):
        is_repeat = kind == "repeated" and has_first
        has_first = has_first or kind == "repeated"
        if kind in ("good", "line break", "quoted delimiter") or (kind == "repeated" and not is_repeat):
            accepted.append(number)
        elif kind != "blank line":
            code = {"unknown word": "unknown_value", "blanks": "missing_value", "repeated": "repeated_key"}.get(
                kind, "wrong_number_of_columns"
            )
            rejects.append((number, code))
    desk = new_desk()
    desk.agree(ASB, most_rejected=ANY)
    receipt = desk.take_in_one(ASB, NAME, content)
    if not accepted and not rejects:
        assert (receipt.outcome, receipt.code) == ("refused", "no_rows")
        return
    assert [(reject["row_number"], reject["code"]) for reject in desk.rejects(receipt)] == rejects
    assert (receipt.rows_read, receipt.rows_accepted, receipt.rows_rejected) == (
        len(accepted) + len(rejects),
        len(accepted),
        len(rejects),
    )
    if accepted:
        assert [record["row_number"] for record in desk.records(receipt)] == accepted
    else:
        assert receipt.code == "no_row_accepted"


PARTS = st.one_of(
    st.integers(0, 40).map(str),
    st.integers(0, 99).map("{:02d}".format),
    st.sampled_from(["2016", "1016", "0016", "16", "02016", "", "٢", "-1", "+4"]),
)
DATES = st.one_of(
    st.datetimes(datetime(1850, 1, 1), datetime(2020, 1, 1)).map(lambda day: day.strftime("%d/%m/%Y")),
    st.datetimes(datetime(2016, 1, 1), datetime(2017, 1, 1)).map(lambda day: f"{day.day}/{day.month}/{day.year}"),
    st.datetimes(datetime(2016, 1, 1), datetime(2017, 1, 1)).map(lambda day: day.strftime("%Y-%m-%d")),
    st.tuples(PARTS, PARTS, PARTS).map("/".join),
    st.tuples(PARTS, PARTS, PARTS).map("-".join),
    st.from_regex(r"[0-3]?[0-9][/.-][01]?[0-9][/.-][12][0-9]{3}", fullmatch=True),
)
TIMES = st.one_of(
    st.times().map(lambda time: time.strftime("%H:%M")),
    st.times().map(lambda time: time.strftime("%H:%M:%S")),
    st.from_regex(r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?", fullmatch=True),
    st.sampled_from(["10:00 ", "24:00", "10:60", "10:00:60", "10:00:61", "10:00am", "T10:00", "10.00", "10:00Z", "10:00+01:00"]),
)


def meant(text: str, formats: tuple[str, ...]) -> datetime | None:
    """What a text says in one of these formats, by Python's own reading; None when it says no day since 1900."""
    for format_ in formats:
        try:
            found = datetime.strptime(text, format_)
        except ValueError:
            continue
        return found if found.year >= 1900 else None
    return None


@given(texts=st.lists(DATES, min_size=30, max_size=80))
@example(
    texts=[
        "31/02/2016",
        "29/02/2016",
        "29/02/2015",
        "15/04/1016",
        "2016-02-30",
        "20160415",
        "2016-4-5",
        "1/4/16",
        "15/04/2016 00:00",
    ]
)
# Many in a file, as it is the file that takes time.
@settings(max_examples=4, deadline=None)
def test_a_date_is_read_as_it_is_meant_or_rejected(new_desk: Callable[[], Pipeline], texts: list[str]) -> None:
    check_dates(new_desk(), "recorded_date", texts, ("%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"))


@given(texts=st.lists(st.tuples(DATES, st.sampled_from([" ", "  ", "T", "\t"]), TIMES).map("".join), min_size=30, max_size=80))
@example(
    texts=[
        "2016-04-15 10:00:60",
        "15/04/2016 10:60",
        "15/04/2016 9:5",
        "15/04/2016 24:00",
        "2016-04-15T10:00:00",
        "15/04/2016  10:00",
    ]
)
# Many in a file, as it is the file that takes time.
@settings(max_examples=4, deadline=None)
def test_a_time_is_read_as_it_is_meant_or_rejected(new_desk: Callable[[], Pipeline], texts: list[str]) -> None:
    check_dates(new_desk(), "committed_from", texts, ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S"))


def check_dates(desk: Pipeline, column: str, texts: list[str], formats: tuple[str, ...]) -> None:
    """Each text's row is a record with the meant time, or a reject: then it says no time, or one after the extract."""
    desk.agree("police/crimes", most_rejected=ANY)
    rows = [crime(0), *(crime(number, **{column: text}) for number, text in enumerate(texts, start=1))]
    receipt = desk.take_in_one("police/crimes", "crimes_2016-04_extracted-2016-05-10.csv", csv_text(rows))
    records = {record["row_number"]: record[column] for record in desk.records(receipt)}
    rejects = {reject["row_number"]: reject["code"] for reject in desk.rejects(receipt)}
    for number, text in enumerate(texts, start=3):
        expected = meant(text.strip(), formats)
        if not text.strip() and column == "committed_from":
            assert records[number] is None
        elif number in records:
            read = records[number]
            assert expected is not None, f"{text!r} was read as {read}"
            assert read == (expected if isinstance(read, datetime) else expected.date()), text
            assert expected < datetime(2016, 5, 11), text
        elif expected is None:
            assert rejects[number] in ("impossible_date", "missing_value"), text
        else:
            assert rejects[number] == "date_after_extract", f"{text!r} means {expected}"
            assert expected >= datetime(2016, 5, 11), text


@pytest.mark.parametrize("size", [1, 999, 1_000, 1_001, 2_500])
def test_every_row_is_there_once_whatever_the_number_of_batches(desk: Pipeline, size: int) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([asb(number) for number in range(size)]))
    assert [record["incident_number"] for record in desk.records(receipt)] == [f"L16-{number:07d}" for number in range(size)]
    assert [record["row_number"] for record in desk.records(receipt)] == list(range(2, size + 2))
