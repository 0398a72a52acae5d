"""Known errors of what agencies send: corrected before rows are checked, noted value by value, and told when they are gone."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake import correct
from csp_pipeline.intake.correct import check_corrections, table_of_known_errors
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.receipts import Receipt, noted_path, read_receipts
from csp_pipeline.lake import connect
from csp_pipeline.partnership.configuration import read_configuration
from csp_pipeline.partnership.corrections import CorrectionEntry, CorrectionsFile
from tests.conftest import Pipeline
from tests.ending_queries import ENDLESS, being_ended
from tests.small_exports import case, crime, csv_text, grid, person, xlsx

CRIMES = "police/crimes"
CRIMES_NAME = "crimes_2016-04_extracted-2016-05-10.csv"
WRONG_CODE = {
    "reason": "The force's export has 999 for shoplifting",
    "reported": "2016-05-12",
    "status": "reported",
    "files": "crimes_2016-04_*",
    "column": "offence_code",
    "where": ["crime_number = '16/000002'"],
    "expects": "999",
    "becomes": "46",
    "rows": 1,
}
ROWS = [crime(1), crime(2, offence_code="999"), crime(3, offence_code="999")]
Declare = Callable[..., Pipeline]


@pytest.fixture
def declare(desk: Pipeline) -> Declare:
    """A desk whose feed has known errors."""

    def with_entries(feed: str = CRIMES, **entries: Mapping[str, Any]) -> Pipeline:
        path = desk.settings.warehouse / "corrections.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"corrections": entries}, sort_keys=False), encoding="utf-8")
        corrections = read_configuration(path, CorrectionsFile).corrections
        partnership = copy.copy(desk.partnership)  # with the code lists that it has read
        feeds = (replace(each, corrections=corrections) if each.key == feed else each for each in partnership.feeds)
        object.__setattr__(partnership, "feeds", tuple(feeds))
        desk.__dict__["partnership"] = partnership
        check_corrections(partnership.feed(feed), desk.specs[feed])
        return desk

    return with_entries


def made(desk: Pipeline, receipt: Receipt) -> list[tuple[Any, ...]]:
    """Row, column, entry, found and became of each correction of a submission."""
    feed = desk.partnership.feed(f"{receipt.landed.agency}/{receipt.landed.feed}")
    path = noted_path(desk.settings, "corrections", feed, receipt.submission_id)
    query = f"SELECT row_number, column_name, correction, found, became FROM read_parquet('{path}') ORDER BY ALL"
    return duckdb.execute(query).fetchall() if path.exists() else []


def known(desk: Pipeline, feed: str = CRIMES) -> list[tuple[Any, ...]]:
    """Entry, rows corrected and problem of each known error of a feed."""
    receipts = {each.key: read_receipts(desk.settings, each) for each in desk.partnership.feeds}
    table = table_of_known_errors(desk.partnership, desk.specs, receipts)
    assert ((table.problem.isna()) == table.applies).all()
    own = table[table.agency + "/" + table.feed == feed].astype("object")
    return list(own.where(own.notna(), None)[["correction", "rows_corrected", "problem"]].itertuples(index=False, name=None))


def test_a_known_error_is_corrected_before_the_row_is_checked(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE)
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert [(record["row_number"], record["offence_code"]) for record in desk.records(receipt)] == [(2, "46"), (3, "46")]
    assert [(reject["row_number"], reject["value"]) for reject in desk.rejects(receipt)] == [(4, "999")]
    assert made(desk, receipt) == [(3, "offence_code", "wrong_code", "999", "46")]
    assert receipt.messages == ["A known error was corrected in 1 row: The force's export has 999 for shoplifting (wrong_code)."]
    assert known(desk) == [("wrong_code", 1, None)]


def test_an_entry_is_judged_by_what_was_sent_and_not_by_what_one_that_does_not_fit_would_have_made_of_it(
    declare: Declare,
) -> None:
    """The first finds two rows where it expects one; the second is right, and the third needs what the first would make."""
    every = WRONG_CODE | {"where": ["offence_code = '999'"]}
    after = WRONG_CODE | {"where": ["crime_number = '16/000003'"], "expects": "46", "becomes": "45"}
    desk = declare(every=every, wrong_code=WRONG_CODE, after=after)
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert made(desk, receipt) == [(3, "offence_code", "wrong_code", "999", "46")]
    assert receipt.not_corrected == {
        "every": "2 rows have what it expects, not 1",
        "after": "1 of its rows have another value than expected, the first in row 4 ('999')",
    }


def test_entries_are_applied_in_their_order_whatever_their_names(declare: Declare) -> None:
    desk = declare(z=WRONG_CODE | {"becomes": "45"}, a=WRONG_CODE | {"expects": "45", "becomes": "46"})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert made(desk, receipt) == [(3, "offence_code", "a", "45", "46"), (3, "offence_code", "z", "999", "45")]
    assert receipt.not_corrected == {}


def test_conditions_of_an_entry_all_have_to_hold_whatever_words_they_are_of(declare: Declare) -> None:
    either = ["crime_number = '16/000001' OR crime_number = '16/000002'", "offence_code = '999'"]
    desk = declare(wrong_code=WRONG_CODE | {"where": either})
    assert made(desk, desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))) == [(3, "offence_code", "wrong_code", "999", "46")]


@pytest.mark.parametrize("bound", [{"until": "2016-05-10"}, {"since": "2016-05-11"}])
def test_an_entry_that_ends_or_begins_otherwise_is_judged_anew_of_files_taken_in_before(
    declare: Declare, bound: dict[str, str]
) -> None:
    desk = declare(wrong_code=WRONG_CODE)
    assert len(made(desk, desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS)))) == 1
    declare(wrong_code=WRONG_CODE | bound)
    [receipt] = desk.take_in(CRIMES).new
    assert (made(desk, receipt), receipt.rows_accepted) == ([], 1)


def test_of_the_files_that_an_entry_does_not_fit_the_last_is_named(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE)
    for day in ("10", "11"):
        desk.put(CRIMES, f"crimes_2016-04_extracted-2016-05-{day}.csv", csv_text([crime(int(day))]))
    desk.take_in(CRIMES)
    [(_, _, problem)] = known(desk)
    assert str(problem).startswith("crimes_2016-04_extracted-2016-05-11.csv: no row has what it expects")


def test_of_several_rows_that_are_not_as_expected_the_first_is_told(declare: Declare) -> None:
    desk = declare(every=WRONG_CODE | {"where": ["true"], "expects": "46", "becomes": "45"})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert receipt.not_corrected == {"every": "2 of its rows have another value than expected, the first in row 3 ('999')"}


def test_what_has_landed_stays_as_it_was_sent(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE)
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert blob_path(desk.settings, receipt.landed.sha256).read_bytes() == csv_text(ROWS).encode()


def test_row_numbers_of_corrections_stay_right_after_rows_that_cannot_be_read(declare: Declare) -> None:
    """A file of more than 4 MB streams through, and learns of its broken rows only at the end."""
    desk = declare(wrong_code=WRONG_CODE)
    head, first, *rest = csv_text(ROWS).splitlines()
    filler = [",".join(crime(number, offence="x" * 400).values()) for number in range(100, 9_000)]
    content = "\n".join([head, first, "a,b", "", *filler, *rest]) + "\n"
    assert len(content) > 4 * 1024 * 1024
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, content)
    assert made(desk, receipt) == [(5 + len(filler), "offence_code", "wrong_code", "999", "46")]


def test_a_blank_is_filled_and_a_value_blanked(declare: Declare) -> None:
    unnamed = WRONG_CODE | {"column": "beat", "where": ["beat IS NULL"], "expects": None, "becomes": "Harborough North"}
    future = WRONG_CODE | {"column": "committed_to", "expects": "31/12/9999 00:00", "becomes": None}
    desk = declare(unnamed=unnamed, future=future)
    rows = [crime(1, beat=""), crime(2, committed_to="31/12/9999 00:00")]
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(rows))
    assert [(record["beat"], record["committed_to"]) for record in desk.records(receipt)] == [
        (desk.records(receipt)[1]["beat"], None),
        (desk.records(receipt)[1]["beat"], None),
    ]
    assert made(desk, receipt) == [
        (2, "beat", "unnamed", None, "Harborough North"),
        (3, "committed_to", "future", "31/12/9999 00:00", None),
    ]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([crime(1), crime(2)], "1 of its rows have another value than expected, the first in row 3 ('46')"),
        ([crime(1)], "no row has what it expects: the error may have been mended"),
    ],
)
def test_an_entry_that_no_longer_applies_is_told_with_what_to_do(declare: Declare, rows: list[Any], why: str) -> None:
    desk = declare(wrong_code=WRONG_CODE)
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(rows))
    assert (receipt.outcome, receipt.rows_accepted, made(desk, receipt)) == ("accepted_with_warnings", len(rows), [])
    [(name, corrected, problem)] = known(desk)
    assert (name, corrected) == ("wrong_code", 0)
    assert problem.startswith(f"{CRIMES_NAME}: {why}")
    for word in ("police/crimes/corrections.yml", "until", "remove it"):
        assert word in problem
    assert why in receipt.messages[0]


@pytest.mark.parametrize("rows", [1, 3])
def test_an_entry_that_fits_other_rows_than_it_says_changes_none_of_them(declare: Declare, rows: int) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"where": ["offence_code = '999'"], "rows": rows})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert (receipt.rows_rejected, made(desk, receipt)) == (2, [])
    assert f"2 rows have what it expects, not {rows}" in known(desk)[0][2]


def test_an_entry_is_about_rows_that_meet_all_its_conditions_in_its_own_files(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"where": ["offence_code = '999'", "crime_number <> '16/000003'"]})
    may = [crime(number, offence_code=code, recorded_date="02/05/2016") for number, code in ((7, "999"), (8, "46"))]
    desk.put(CRIMES, CRIMES_NAME, csv_text(ROWS))
    desk.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text(may))
    first, second = desk.take_in(CRIMES).receipts
    assert made(desk, first) == [(3, "offence_code", "wrong_code", "999", "46")]
    assert (first.rows_rejected, second.rows_rejected, made(desk, second)) == (1, 1, [])


def test_an_entry_may_be_about_some_rows_of_many_files(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"where": ["offence_code = '999'"], "rows": "some", "files": "crimes_2016-*"})
    may = [crime(number, offence_code="999", recorded_date="02/05/2016") for number in (7, 8, 9)]
    desk.put(CRIMES, CRIMES_NAME, csv_text(ROWS))
    desk.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text(may))
    assert [(r.rows_accepted, len(made(desk, r))) for r in desk.take_in(CRIMES).receipts] == [(3, 2), (3, 3)]
    assert known(desk) == [("wrong_code", 5, None)]


def test_one_file_that_does_not_fit_leaves_the_others_corrected(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"where": ["offence_code = '999'"], "rows": "some", "files": "crimes_2016-*"})
    desk.put(CRIMES, CRIMES_NAME, csv_text(ROWS))
    desk.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text([crime(7, recorded_date="02/05/2016")]))
    april, may = desk.take_in(CRIMES).receipts
    assert (len(made(desk, april)), len(made(desk, may)), may.rows_accepted) == (2, 0, 1)
    assert "crimes_2016-05" in known(desk)[0][2]


def test_a_condition_that_fails_on_a_row_is_told_and_all_else_goes_on(declare: Declare) -> None:
    desk = declare(
        by_number=WRONG_CODE | {"where": ["CAST(offence_code AS INTEGER) > 900"], "rows": "some"},
        by_text=WRONG_CODE | {"where": ["offence_code = '999'"], "rows": "some"},
    )
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text([crime(1, offence_code="10A"), *ROWS[1:]]))
    assert (receipt.rows_accepted, [entry for _, _, entry, _, _ in made(desk, receipt)]) == (3, ["by_text", "by_text"])
    problems = {entry: problem for entry, _, problem in known(desk)}
    assert "cannot be told of every row (Conversion Error)" in problems["by_number"]
    assert "10A" not in problems["by_number"]
    assert problems["by_text"] is None


@pytest.mark.parametrize("together", [True, False])
def test_entries_are_made_in_their_order_whatever_other_files_are_read_with_them(declare: Declare, together: bool) -> None:
    # In March only the second entry holds; in April the second one mends what the first one left.
    wrong = WRONG_CODE | {"rows": "some"}
    first = wrong | {"where": ["offence_code = '999'"], "becomes": "998", "files": "crimes_2016-04*"}
    second = wrong | {"where": ["offence_code = '998'"], "expects": "998", "files": "crimes_2016-0*"}
    desk = declare(first=first, second=second)
    desk.put(
        CRIMES, "crimes_2016-03_extracted-2016-05-10.csv", csv_text([crime(7, offence_code="998", recorded_date="02/03/2016")])
    )
    if not together:
        desk.take_in(CRIMES)
    desk.put(CRIMES, CRIMES_NAME, csv_text([crime(2, offence_code="999")]))
    march, april = sorted(desk.take_in(CRIMES).receipts, key=lambda receipt: receipt.landed.path)
    assert [entry for _, _, entry, _, _ in made(desk, march)] == ["second"]
    assert [entry for _, _, entry, _, _ in made(desk, april)] == ["first", "second"]


def test_an_entry_ends_where_its_error_was_mended(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"until": "2016-06-01", "status": "fixed"})
    desk.put(CRIMES, CRIMES_NAME, csv_text(ROWS))
    desk.put(CRIMES, "crimes_2016-04_extracted-2016-06-10.csv", csv_text([crime(1), crime(2), crime(3)]))
    assert [len(made(desk, receipt)) for receipt in desk.take_in(CRIMES).receipts] == [1, 0]
    assert known(desk) == [("wrong_code", 1, None)]


def test_an_entry_about_files_that_never_came_is_told(declare: Declare) -> None:
    desk = declare(wrong_code=WRONG_CODE | {"files": "crimes_2061-04_*"})
    desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(ROWS))
    assert "No file that was taken in is one that it is about ('crimes_2061-04_*')" in known(desk)[0][2]


def test_only_the_files_that_an_entry_is_about_are_read_again_when_it_changes(declare: Declare, desk: Pipeline) -> None:
    desk.put(CRIMES, CRIMES_NAME, csv_text(ROWS))
    desk.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text([crime(7, recorded_date="02/05/2016")]))
    assert len(desk.take_in(CRIMES).new) == 2
    declare(wrong_code=WRONG_CODE)
    assert [receipt.landed.path for receipt in desk.take_in(CRIMES).new] == [CRIMES_NAME]
    declare(wrong_code=WRONG_CODE | {"status": "acknowledged", "reason": "They know"})
    assert desk.take_in(CRIMES).new == []
    declare()
    [receipt] = desk.take_in(CRIMES).new
    assert (receipt.rows_rejected, made(desk, receipt)) == (2, [])


def test_corrections_show_nothing_about_a_person(declare: Declare) -> None:
    desk = declare(wrong_key=WRONG_CODE | {"column": "person_key", "expects": "Jane Doe", "becomes": person("x")})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text([crime(2, person_key="Jane Doe")]))
    assert (receipt.rows_accepted, made(desk, receipt)) == (1, [(2, "person_key", "wrong_key", None, None)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"column": "offense"}, ("wrong_code > column", "'offense'", "offence_code")),
        ({"where": ["crime_no = '1'"]}, ("wrong_code > where", "crime_no", "crime_number")),
        ({"where": ["crime_number"]}, ("wrong_code > where", "crime_number")),
        ({"becomes": "999"}, ("wrong_code", "nothing would change")),
        ({"rows": 0}, ("wrong_code", "from 1")),
        ({"status": "done"}, ("wrong_code > status", "acknowledged")),
        ({"until": "2016-05-01", "since": "2016-05-01"}, ("until has to be after since",)),
    ],
)
def test_an_entry_that_makes_no_sense_is_told(declare: Declare, change: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as told:
        declare(wrong_code=WRONG_CODE | change)
    for word in ("corrections.yml", *words):
        assert word in str(told.value)


def test_a_workbooks_rows_are_corrected_too(declare: Declare) -> None:
    entry = WRONG_CODE | {
        "files": "*",
        "column": "risk",
        "where": ["case_id = 'DA00002'"],
        "expects": "Medum",
        "becomes": "Medium",
    }
    desk = declare("county/domestic_abuse", misspelt=entry)
    content = xlsx({"Cases": grid([case(1), case(2, Risk="Medum")])})
    receipt = desk.take_in_one("county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", content)
    assert made(desk, receipt) == [(3, "Risk", "misspelt", "Medum", "Medium")]


def test_an_entry_that_was_looked_for_when_the_run_was_ended_is_not_said_to_be_wrong(
    desk: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correct, "_find_rows", lambda connection, *_: connection.execute(ENDLESS).fetchall())
    files = [correct.Correcting({"wrong_code": CorrectionEntry(**WRONG_CODE)})]
    with being_ended(), connect(desk.settings) as connection, pytest.raises(duckdb.InterruptException):
        correct.correct_batch(connection, pa.table({}), desk.specs[CRIMES], files)
