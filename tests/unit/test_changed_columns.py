"""Changes in what is sent: new, missing, renamed and retyped columns, refused or taken in as the feed says, and noted."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.count import check_measures
from csp_pipeline.intake.contract import check_contract
from csp_pipeline.intake.receipts import Receipt, noted_path
from csp_pipeline.partnership.configuration import FeedEntry, read_configuration
from tests.conftest import Pipeline
from tests.small_exports import asb, case, crime, csv_text, grid, person, xlsx

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
ABUSE = "county/domestic_abuse"
ABUSE_NAME = "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx"
CRIMES = "police/crimes"
CRIMES_NAME = "crimes_2016-04_extracted-2016-05-10.csv"
# since the day on which the file below was extracted
RENAMED = {"category": {"sent_as": "kind", "since": "2016-05-10", "reason": "New system"}}

Agree = Callable[..., Pipeline]


@pytest.fixture
def agree(desk: Pipeline) -> Agree:
    """A desk whose feed says what to do with changes."""

    def with_words(feed: str, changes: Mapping[str, Any] | None = None, renamed: Mapping[str, Any] | None = None) -> Pipeline:
        path = desk.sources / feed / "feed.yml"
        before = path.read_text(encoding="utf-8")
        path.write_text(before + yaml.safe_dump({"changes": changes or {}, "renamed": renamed or {}}), encoding="utf-8")
        try:
            entry = read_configuration(path, FeedEntry)
        finally:
            path.write_text(before, encoding="utf-8")
        partnership = copy.copy(desk.partnership)  # with the code lists that it has read
        feeds = tuple(replace(each, entry=entry) if each.key == feed else each for each in partnership.feeds)
        object.__setattr__(partnership, "feeds", feeds)
        desk.__dict__["partnership"] = partnership
        check_contract(partnership.feed(feed), desk.specs[feed])
        return desk

    return with_words


def changes_of(desk: Pipeline, receipt: Receipt) -> list[dict[str, Any]]:
    """The rows of `column_changes` of a submission."""
    feed = desk.partnership.feed(f"{receipt.landed.agency}/{receipt.landed.feed}")
    path = noted_path(desk.settings, "column_changes", feed, receipt.submission_id)
    if not path.exists():
        return []
    result = duckdb.execute("FROM read_parquet(?)", [str(path)])
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def told(desk: Pipeline, receipt: Receipt) -> list[tuple[Any, ...]]:
    return [(c["column_name"], c["change"], c["found"], c["done"], c["rows"]) for c in changes_of(desk, receipt)]


def with_column(rows: list[dict[str, Any]], name: str, values: list[str]) -> list[dict[str, Any]]:
    return [row | {name: value} for row, value in zip(rows, values, strict=True)]


def renamed(rows: list[dict[str, Any]], old: str, new: str) -> list[dict[str, Any]]:
    return [{new if key == old else key: value for key, value in row.items()} for row in rows]


ROWS = [asb(1), asb(2, category="Personal"), asb(3)]
NEW = with_column(ROWS, "Attended by", [" Beat team ", "", 'Unit "7"'])


# New columns


def test_a_new_column_is_left_out_and_told_when_nothing_is_said(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text(NEW))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    assert told(desk, receipt) == [("Attended by", "new", "Attended by", "discard_value", None)]
    assert "extras" not in desk.records(receipt)[0]
    assert receipt.messages == ["Columns that are not in the agreed layout were left out: 'Attended by'."]


def test_a_new_column_is_kept_in_extras_when_the_feed_evolves(agree: Agree) -> None:
    desk = agree(ASB, {"new": "evolve"})
    receipt = desk.take_in_one(ASB, NAME, csv_text(NEW))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    extras = [record["extras"] and json.loads(record["extras"]) for record in desk.records(receipt)]
    assert extras == [{"Attended by": "Beat team"}, None, {"Attended by": 'Unit "7"'}]
    assert told(desk, receipt) == [("Attended by", "new", "Attended by", "evolve", None)]
    assert "kept beside the others: 'Attended by'" in receipt.messages[0]


def test_a_new_column_of_a_workbook_is_kept_too(agree: Agree) -> None:
    desk = agree(ABUSE, {"new": "evolve"})
    rows = with_column([case(1), case(2)], "Service area", ["North", ""])
    receipt = desk.take_in_one(ABUSE, ABUSE_NAME, xlsx({"Cases": grid(rows)}))
    assert [record["extras"] for record in desk.records(receipt)] == ['{"Service area":"North"}', None]
    assert [(c["sheet"], c["change"]) for c in changes_of(desk, receipt)] == [("Cases", "new")]


def test_files_with_and_without_the_new_column_are_taken_in_side_by_side(agree: Agree) -> None:
    desk = agree(ASB, {"new": "evolve"})
    later = [asb(7, reported_at="15/05/2016 10:00"), asb(8, reported_at="15/05/2016 10:00")]
    desk.put(ASB, "asb_2016-05_extracted-2016-06-10.csv", csv_text(later))
    desk.put(ASB, NAME, csv_text(NEW))
    found = {receipt.landed.path: receipt for receipt in desk.take_in(ASB).receipts}
    assert [record["extras"] is None for record in desk.records(found[NAME])] == [False, True, False]
    assert found["asb_2016-05_extracted-2016-06-10.csv"].outcome == "accepted"


@pytest.mark.parametrize("header", ["Surname", "victim_name", "Date of Birth", "Post Code", "E-mail", "Home address"])
def test_a_new_column_that_may_be_about_a_person_is_not_kept(agree: Agree, header: str) -> None:
    desk = agree(ASB, {"new": "evolve"})
    receipt = desk.take_in_one(ASB, NAME, csv_text(with_column(ROWS, header, ["Jane Doe"] * 3)))
    [change] = changes_of(desk, receipt)
    assert (change["done"], "may be about a person" in change["evidence"]) == ("discard_value", True)
    assert "Jane Doe" not in str(desk.records(receipt)) + str(receipt.messages) + str(change)


def test_a_new_column_named_in_the_feed_is_kept_whatever_it_is_called(agree: Agree) -> None:
    # every other new one is kept, too, unless its name tells of a person
    desk = agree(ASB, {"new": "evolve", "columns": {"ward name": {"new": "evolve"}}})
    receipt = desk.take_in_one(ASB, NAME, csv_text(with_column(ROWS, "Ward_Name", ["Nevill", "Nevill", ""])))
    assert [record["extras"] for record in desk.records(receipt)] == ['{"Ward_Name":"Nevill"}'] * 2 + [None]


def test_a_file_with_a_new_column_is_refused_when_the_feed_is_frozen(agree: Agree) -> None:
    desk = agree(ASB, {"new": "freeze"})
    receipt = desk.take_in_one(ASB, NAME, csv_text(NEW))
    assert (receipt.outcome, receipt.code) == ("refused", "new_column")
    assert "'Attended by'" in receipt.messages[0]
    assert "Send the file without them" in receipt.messages[0]
    assert told(desk, receipt) == [("Attended by", "new", "Attended by", "freeze", None)]


def test_rows_with_a_value_in_a_new_column_are_rejected_when_the_feed_discards_rows(agree: Agree) -> None:
    desk = agree(ASB, {"new": "discard_row"})
    receipt = desk.take_in_one(ASB, NAME, csv_text(NEW))
    assert [(r["row_number"], r["column_name"], r["code"]) for r in desk.rejects(receipt)] == [
        (2, "Attended by", "new_column"),
        (4, "Attended by", "new_column"),
    ]
    assert [record["row_number"] for record in desk.records(receipt)] == [3]


# Missing and renamed columns


def test_a_probable_rename_is_named_with_its_evidence_and_the_file_refused(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text(renamed(ROWS, "category", "kind")))
    assert (receipt.outcome, receipt.code) == ("refused", "missing_column")
    message = receipt.messages[0]
    assert "'kind' is probably 'category' renamed" in message
    assert "it stands beside 'reported_at' and 'beat' as agreed" in message
    assert "3 of its first 3 values pass the checks of 'category'" in message
    assert "feed.yml > renamed" in message
    assert told(desk, receipt) == [("category", "renamed", "kind", "freeze", None)]


def test_another_new_column_in_its_place_is_not_taken_for_the_missing_one(desk: Pipeline) -> None:
    """Its values are nothing like the missing column's, whatever stands beside it."""
    rows = [row | {"kind": "Attended"} for row in renamed(ROWS, "category", "kind")]
    receipt = desk.take_in_one(ASB, NAME, csv_text(rows))
    assert "probably" not in receipt.messages[0]
    assert told(desk, receipt) == [("category", "missing", None, "freeze", None)]


def test_a_like_name_elsewhere_with_fitting_values_is_probably_the_renamed_column(desk: Pipeline) -> None:
    rows = with_column(renamed(ROWS, "category", "patrol"), "Categories", ["Nuisance", "Personal", "Nuisance"])
    rows = [row | {"patrol": "7"} for row in rows]
    receipt = desk.take_in_one(ASB, NAME, csv_text(rows))
    assert "'Categories' is probably 'category' renamed: the names are" in receipt.messages[0]
    assert told(desk, receipt) == [("category", "renamed", "Categories", "freeze", None)]


def test_a_declared_rename_is_read_and_noted(agree: Agree) -> None:
    desk = agree(ASB, renamed=RENAMED)
    receipt = desk.take_in_one(ASB, NAME, csv_text(renamed(ROWS, "category", "Kind")))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    assert [record["category"] for record in desk.records(receipt)] == ["nuisance", "personal", "nuisance"]
    assert told(desk, receipt) == [("category", "renamed", "kind", "evolve", None)]
    assert receipt.messages == ["The column 'category' was read from 'kind', as agreed."]


def test_a_declared_rename_leaves_files_with_the_agreed_name_as_they_were(agree: Agree) -> None:
    desk = agree(ASB, renamed=RENAMED)
    receipt = desk.take_in_one(ASB, NAME, csv_text(ROWS))
    assert (receipt.outcome, told(desk, receipt)) == ("accepted", [])


def test_where_the_agreed_name_is_still_there_the_column_of_the_declared_one_is_a_new_column(agree: Agree) -> None:
    desk = agree(ASB, renamed=RENAMED)
    receipt = desk.take_in_one(ASB, NAME, csv_text(with_column(ROWS, "kind", ["Environmental"] * 3)))
    assert [record["category"] for record in desk.records(receipt)] == ["nuisance", "personal", "nuisance"]
    assert told(desk, receipt) == [("kind", "new", "kind", "discard_value", None)]


def test_a_rename_is_not_read_in_files_extracted_before_it(agree: Agree) -> None:
    desk = agree(ASB, renamed={"category": RENAMED["category"] | {"since": "2016-05-11"}})
    receipt = desk.take_in_one(ASB, NAME, csv_text(renamed(ROWS, "category", "kind")))
    assert (receipt.outcome, receipt.code) == ("refused", "missing_column")


def test_a_column_that_may_be_missing_is_taken_as_blank_and_noted(agree: Agree) -> None:
    desk = agree(ASB, {"columns": {"beat": {"missing": "evolve"}}})
    rows = [{key: value for key, value in row.items() if key != "beat"} for row in ROWS]
    receipt = desk.take_in_one(ASB, NAME, csv_text(rows))
    assert (receipt.outcome, [record["beat"] for record in desk.records(receipt)]) == ("accepted_with_warnings", [None] * 3)
    assert told(desk, receipt) == [("beat", "missing", None, "evolve", None)]
    assert receipt.messages == ["The column 'beat' is missing; it was taken as blank."]


def test_a_column_that_may_not_be_blank_may_not_be_missing_though_others_of_the_feed_may(agree: Agree) -> None:
    desk = agree(ASB, {"missing": "evolve"})
    without = [{key: value for key, value in row.items() if key != "incident_number"} for row in ROWS]
    receipt = desk.take_in_one(ASB, NAME, csv_text(without))
    assert (receipt.outcome, receipt.code) == ("refused", "missing_column")


def test_a_column_that_may_be_missing_and_seems_renamed_is_not_taken_as_blank(agree: Agree) -> None:
    desk = agree(ASB, {"columns": {"beat": {"missing": "evolve"}}})
    receipt = desk.take_in_one(ASB, NAME, csv_text(renamed(ROWS, "beat", "patch")))
    assert (receipt.outcome, told(desk, receipt)[0]) == ("refused", ("beat", "renamed", "patch", "freeze", None))
    desk = agree(ASB, {"columns": {"beat": {"missing": "evolve", "renamed": "evolve"}}})
    receipt = desk.take_in_one(ASB, NAME, csv_text(renamed(ROWS, "beat", "patch")))
    assert told(desk, receipt) == [
        ("beat", "renamed", "patch", "evolve", None),
        ("patch", "new", "patch", "discard_value", None),
    ]
    assert "'patch' is probably 'beat' renamed" in receipt.messages[1]


# Retyped columns

MOMENTS = [crime(1, committed_to="15/04/2016 10:00"), *(crime(n, committed_to=f"2016-04-{n:02d}T10:00Z") for n in (2, 3))]


def test_a_retyped_column_rejects_its_rows_and_is_noted_when_nothing_is_said(desk: Pipeline) -> None:
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(MOMENTS))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (1, 2)
    assert told(desk, receipt) == [("committed_to", "retyped", None, "discard_row", 2)]
    assert "2 of its 3 values are not a date and time" in changes_of(desk, receipt)[0]["evidence"]


def test_one_wrong_value_among_many_is_a_mistake_and_no_retyped_column(desk: Pipeline) -> None:
    rows = [crime(number, committed_to="15/04/2016 10:00") for number in range(1, 9)]
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text([*rows, crime(9, committed_to="soon")]))
    assert (receipt.rows_rejected, told(desk, receipt)) == (1, [])


def test_values_of_a_retyped_column_are_kept_as_they_came_when_the_feed_evolves(agree: Agree) -> None:
    desk = agree(CRIMES, {"columns": {"committed_to": {"retyped": "evolve"}}})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(MOMENTS))
    assert (receipt.outcome, receipt.rows_rejected) == ("accepted_with_warnings", 0)
    records = desk.records(receipt)
    assert [record["committed_to"] is None for record in records] == [False, True, True]
    assert [record["extras"] for record in records] == [None, *(f'{{"committed_to":"2016-04-{n:02d}T10:00Z"}}' for n in (2, 3))]
    assert told(desk, receipt) == [("committed_to", "retyped", None, "evolve", 2)]


def test_extras_of_a_new_and_of_a_retyped_column_stand_together(agree: Agree) -> None:
    desk = agree(CRIMES, {"new": "evolve", "retyped": "evolve"})
    rows = with_column(MOMENTS, "Team", ["A", "", "C"])
    rows[2]["beat"] = "Nowhere"
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(rows))
    assert [record["extras"] and json.loads(record["extras"]) for record in desk.records(receipt)] == [
        {"Team": "A"},
        {"committed_to": "2016-04-02T10:00Z"},
        {"Team": "C", "beat": "Nowhere", "committed_to": "2016-04-03T10:00Z"},
    ]


def test_values_of_a_retyped_column_are_left_out_when_the_feed_discards_values(agree: Agree) -> None:
    desk = agree(CRIMES, {"retyped": "discard_value"})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text([*MOMENTS, crime(4, domestic="Maybe")]))
    assert [record["row_number"] for record in desk.records(receipt)] == [2, 3, 4]
    assert [reject["code"] for reject in desk.rejects(receipt)] == ["unknown_value"], "domestic may not be blank"
    assert told(desk, receipt) == [("committed_to", "retyped", None, "discard_value", 2)]
    assert "they were left out" in receipt.messages[0]


def test_a_file_with_a_retyped_column_is_refused_when_the_feed_is_frozen(agree: Agree) -> None:
    desk = agree(CRIMES, {"retyped": "freeze"})
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(MOMENTS))
    assert (receipt.outcome, receipt.code) == ("refused", "retyped_column")
    assert "'committed_to'" in receipt.messages[0]
    assert told(desk, receipt) == [("committed_to", "retyped", None, "freeze", 2)]
    assert desk.records(receipt) == []


def test_what_may_be_about_a_person_is_never_kept_as_it_came(agree: Agree) -> None:
    desk = agree(CRIMES, {"new": "evolve", "retyped": "evolve"})
    rows = [crime(1, person_key="Jane Doe"), crime(2, person_key=person(2))]
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text(rows))
    assert receipt.rows_accepted == 2
    everything = str(desk.records(receipt)) + str(changes_of(desk, receipt)) + str(receipt.messages)
    assert "Jane Doe" not in everything


# What the feed may not say


@pytest.mark.parametrize(
    ("changes", "renames", "words"),
    [
        ({"columns": {"catgory": {"missing": "evolve"}}}, {}, ("catgory", "no such column", "category")),
        ({"columns": {"category": {"missing": "evolve"}}}, {}, ("category", "may not be blank", "freeze")),
        ({"columns": {"beat": {"new": "evolve"}}}, {}, ("beat", "never new")),
        ({"new": "ignore"}, {}, ("changes > new", "freeze", "ignore")),
        ({"missing": "discard_row"}, {}, ("changes > missing", "discard_row")),
        ({}, {"kind": {"sent_as": "sort", "since": "2016-05-01", "reason": "x"}}, ("renamed > kind", "no such column")),
        ({}, {"category": {"sent_as": "kind"}}, ("renamed > category > since", "missing")),
    ],
)
def test_a_contract_that_makes_no_sense_is_told(
    agree: Agree, changes: dict[str, Any], renames: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError) as told_of:
        agree(ASB, changes, renames)
    for word in ("feed.yml", *words):
        assert word in str(told_of.value)


def test_a_column_that_a_measure_counts_by_may_not_be_missing(agree: Agree) -> None:
    """Else a file without it would count as zero."""
    desk = agree("fire/incidents", {"columns": {"motive": {"missing": "evolve"}}})
    feed = desk.partnership.feed("fire/incidents")
    with duckdb.connect() as connection, pytest.raises(ConfigurationError, match=r"motive.*missing: freeze"):
        check_measures(connection, feed, desk.specs[feed.key], desk.book.of_feed(feed.key))


def test_a_file_is_read_again_when_the_contract_changes(agree: Agree) -> None:
    desk = agree(ASB)
    first = desk.take_in_one(ASB, NAME, csv_text(NEW))
    desk = agree(ASB, {"new": "evolve"})
    [again] = desk.take_in(ASB).new
    assert again.submission_id == first.submission_id
    assert desk.records(again)[0]["extras"] == '{"Attended by":"Beat team"}'
