"""What an agency is still asked once it, or another one, has answered a conflict of the district's yearly figures."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.reports.answers import Answer
from csp_pipeline.reports.pack import report_for
from csp_pipeline.reports.page import agency_page
from csp_pipeline.reports.read import read_facts
from csp_pipeline.settings import Settings
from tests.unit.reports.reading import conflict, content, page, rows, words
from tests.unit.reports.test_report_since import send

QUESTION = "What would your figure be if you counted offences, by the day of recording and by the place of the offence?"


@pytest.fixture
def answered(settings: Settings, tmp_path: Path) -> Settings:
    """The made warehouse to write again, with whatever a test says was answered."""
    copy = Settings(sources=settings.sources, warehouse=tmp_path)
    shutil.copyfile(settings.database, copy.database)
    return copy


def answer(settings: Settings, agency: str, said: str, state: str, status: str = "in_force", told: str | None = None) -> None:
    """An answer to the yearly conflict about domestic abuse, and the state that it gives."""
    with duckdb.connect(str(settings.database)) as database:
        [(identity,)] = database.execute(
            "UPDATE discrepancies SET state = ? WHERE starts_with(discrepancy_id, 'domestic_abuse.e07000901') "
            "RETURNING discrepancy_id",
            [state],
        ).fetchall()
        [(submission,)] = database.execute("SELECT min(submission_id) FROM submissions").fetchall()
        database.execute(
            "INSERT INTO responses (discrepancy_id, agency, answer, reason, role, answered_on, report_as_at, report_id, "
            "submission_id, row_number, status, told) VALUES (?, ?, ?, 'We count clients.', 'Analyst', DATE '2016-08-02', "
            "DATE '2016-07-20', '0123456789ab', ?, 4, ?, ?)",
            [identity, agency, said, submission, status, told],
        ).fetchall()


def test_who_has_answered_is_not_asked_again_and_the_other_agency_still_is(summary: ReportSummary, answered: Settings) -> None:
    assert "Answer 2 questions about 2 conflicts in Northby" in page(summary, "county")
    answer(answered, "county", "other_should_correct", "acknowledged")
    again = write_reports(answered)
    county, police = page(again, "county"), page(again, "police")
    assert "Answer 1 question about 1 conflict in Northby" in county
    assert county.count(QUESTION) == page(summary, "county").count(QUESTION) - 1
    assert "You have answered. Nothing more is asked of you." in county
    assert [QUESTION in row["In words"] for row in rows(summary, "county", "Answers")[:2]] == [True, True]
    assert [QUESTION in row["In words"] for row in rows(again, "county", "Answers")[:2]] == [False, True]
    assert "Northshire County Council answered on 2 August 2016: other agency should correct – We count clients." in police
    assert "What would your figure be if you counted cases" in police
    assert conflict(again, "county", "domestic_abuse.e07000901")["is_open"]


def test_promised_figures_are_asked_for(answered: Settings) -> None:
    answer(answered, "county", "will_correct", "acknowledged")
    text = page(write_reports(answered), "county")
    assert "Send the figures that you said you will correct , for 1 conflict." in text
    assert "Nothing more is asked of you until your corrected figures come." in text


@pytest.mark.parametrize(("said", "state"), [("definition_differs", "explained"), ("agree", "resolved")])
def test_a_gap_that_an_answer_settles_shows_it_and_is_not_said_to_be_taken_apart(
    answered: Settings, said: str, state: str
) -> None:
    answer(answered, "county", said, state)
    text = page(write_reports(answered), "county")
    section = text.partition("Gaps explained or agreed in Northby’s yearly figures")[2].partition("Answers")[0]
    assert "or the answer that stands with them explains or accepts them" in section
    assert f"You answered on 2 August 2016: {said.replace('_', ' ')} – We count clients." in section
    assert "1 other yearly gap of Northby is explained or agreed : nothing to answer there." in text


def test_answers_since_the_last_report_are_a_change(summary: ReportSummary, answered: Settings) -> None:
    send(answered, "police", content(summary, "police"), "2016-08-01")
    answer(answered, "county", "need_records", "acknowledged")
    again = write_reports(answered)
    assert "Since the report of 1 August 2016: 1 answer new." in page(again, "police")
    assert content(again, "police")["since_last_report"]["new_answers"] == 1


def test_a_refused_file_that_was_replaced_is_a_change(summary: ReportSummary, answered: Settings) -> None:
    report = content(summary, "police")
    gone = {"file": "old.csv", "extracted": "2016-05-01", "is_open": True}
    send(answered, "police", report | {"refused_files": [*report["refused_files"], gone]}, "2016-08-01")
    assert "1 refused file replaced" in page(write_reports(answered), "police")


def test_answers_that_a_later_one_replaced_are_in_the_workbook_alone(answered: Settings) -> None:
    told = "The same answer was sent again, and stands."
    answer(answered, "county", "agree", "open", "superseded", told)
    again = write_reports(answered)
    assert told not in page(again, "county")
    assert told in str(rows(again, "county", "Given answers"))


def test_of_two_years_with_one_question_the_unanswered_one_is_named(settings: Settings) -> None:
    report = report_for(read_facts(settings, load_partnership(settings.sources)), "county")
    [asked] = [c for c in report.conflicts.leading if c.measure == "domestic_abuse"]
    own = Answer("county", "Northshire County Council", True, "agree", None, date(2016, 8, 2), "Analyst", None)
    years = (asked, replace(asked, id="earlier", period="2015-16", answers=(own,)))
    text = words(agency_page(replace(report, conflicts=replace(report.conflicts, listed=years))))
    assert f"Question for you, of {asked.period}: {asked.question}" in text
    assert "Answer 1 question about 1 conflict in Northby" in text


def test_of_an_answer_to_a_conflict_that_is_not_listed_it_is_not_told_whether_it_stands(answered: Settings) -> None:
    # the police's 1 beside the fire service's 4: to say that they are in conflict would tell the 4
    one = "arson.e07000901.2016-17"
    report = report_for(read_facts(answered, load_partnership(answered.sources)), "police")
    assert not [conflict for conflict in report.conflicts.listed if conflict.id.startswith(one)]
    answer(answered, "police", "agree", "open")
    told = []
    for status, words_of_it in (("in_force", None), ("overtaken", "A figure moved beyond the tolerance on 1 August 2016.")):
        with duckdb.connect(str(answered.database)) as database:
            database.execute(
                "UPDATE responses SET status = ?, told = ?, discrepancy_id = "
                "(SELECT discrepancy_id FROM discrepancies WHERE starts_with(discrepancy_id, ?))",
                [status, words_of_it, one],
            ).fetchall()
        again = write_reports(answered)
        told.append((content(again, "police"), page(again, "police"), rows(again, "police", "Given answers")))
    assert told[0] == told[1]
    [given] = told[0][0]["answers"]
    assert (given["status"], given["asks"]) == ("not_listed", False)
    assert given["told"] == "This report does not list the conflict: nothing is asked of you."


def test_an_agency_without_conflicts_is_not_told_to_fill_in_answers(summary: ReportSummary) -> None:
    assert "fill in" not in page(summary, "clinic")
    assert "Everything here is also in the workbook clinic.xlsx" in page(summary, "clinic")
    cover = [
        str(cell)
        for row in CalamineWorkbook.from_path(str(summary.index.parent / "clinic.xlsx")).get_sheet_by_name("Cover").to_python()
        for cell in row
    ]
    assert "Answers: there is nothing to answer" in cover
    assert "fill in its sheet Answers and send it back" in page(summary, "county")


def test_an_answer_that_ceased_to_hold_asks_for_another_only_where_the_conflict_is_asked_about(answered: Settings) -> None:
    told = "A figure moved beyond the tolerance on 1 August 2016."
    answer(answered, "county", "need_records", "explained", "overtaken", told)
    explained = write_reports(answered)
    assert not content(explained, "county")["answers"][0]["asks"]
    assert "Give 1 answer again" not in page(explained, "county")
    with duckdb.connect(str(answered.database)) as database:
        database.execute("UPDATE discrepancies SET state = 'reopened' WHERE state = 'explained'").fetchall()
    assert "Give 1 answer again" in page(write_reports(answered), "county")


def test_two_answers_of_one_day_to_one_conflict_ask_for_one(answered: Settings) -> None:
    told = "On 2 August 2016 you answered 'agree' and 'need records': neither is applied."
    for said in ("agree", "need_records"):
        answer(answered, "county", said, "open", "contradicted", told)
    again = write_reports(answered)
    assert "Give 1 answer again" in page(again, "county")
    assert [given["answer"] for given in content(again, "county")["answers"]] == ["agree", "need records"]


def test_an_unread_workbook_is_not_said_to_be_replaced_by_a_later_one(settings: Settings) -> None:
    report = report_for(read_facts(settings, load_partnership(settings.sources)), "county")
    (refused,) = report.refused
    closed = (replace(refused, is_open=False), replace(refused, feed="responses", file="answers.xlsx", is_open=False))
    told = words(agency_page(replace(report, refused=closed))).partition("Refused files")[2].partition("Missing and late")[0]
    assert [told.count(words_of_it) for words_of_it in ("no, replaced", "no, a later workbook came")] == [1, 1]
    assert "no, replaced" not in told.partition("answers.xlsx")[2]


def test_an_empty_cell_is_not_said_to_be_withheld(answered: Settings) -> None:
    with duckdb.connect(str(answered.database)) as database:
        database.execute("UPDATE rejects SET value = NULL, code = 'missing_value' WHERE row_number = 17").fetchall()
        database.execute("UPDATE rejects SET value = NULL WHERE row_number = 21").fetchall()
    again = write_reports(answered)
    assert {row["Row"]: row["Found"] for row in rows(again, "police", "Rejected rows")} == {17: "nothing", 21: "[c]"}
    assert "L16-0000009 recorded_date nothing" in page(again, "police")
