"""From a report to the agency's answer to the next reports of all concerned, in a small partnership."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from csp_pipeline.cli.output import query_rows
from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.lake import table_path
from csp_pipeline.publish.status import feed_status
from csp_pipeline.publish.warehouse import publish_warehouse
from csp_pipeline.reconcile.bridge import build_bridges
from csp_pipeline.reconcile.compare import build_comparisons, build_discrepancies
from csp_pipeline.reconcile.history import build_gap_history
from csp_pipeline.reconcile.responses import build_responses, count_answers_lost
from csp_pipeline.reports import write_reports
from csp_pipeline.stages import Pipeline as Stages
from csp_pipeline.stages import Reads
from tests.conftest import ONE_YEAR, Pipeline
from tests.returned import column_of, fill_in, row_of
from tests.small_exports import case, crime, csv_text, grid, xlsx
from tests.unit.reports.reading import words

ABUSE = "domestic_abuse.harborough.2016-17-q1.police_crimes.county_domestic_abuse"
REASON = '=HYPERLINK("http://example.org","we count cases")'
COUNTY = {"Role": "Commissioning lead", "Date": date(2016, 8, 1)}


@pytest.fixture(scope="module")
def first_reports(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """A first quarter in which the police count 30 crimes of domestic abuse and the county 12 cases; reports are written."""
    pipeline = new_pipeline(["police/crimes", "county/domestic_abuse"], ONE_YEAR, ["domestic_abuse"])
    for month, day, numbers in (("2016-04", "2016-05-10", 28), ("2016-05", "2016-06-10", 1), ("2016-06", "2016-07-10", 1)):
        rows = [
            crime(int(month[-1]) * 100 + number, domestic="Y", recorded_date=f"15/{month[-2:]}/2016", committed_from="")
            for number in range(numbers)
        ]
        pipeline.put("police/crimes", f"crimes_{month}_extracted-{day}.csv", csv_text(rows))
    cases = [case(number, **{"Police crime ref": "", "Client key": ""}) for number in range(12)]
    pipeline.put("county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", xlsx({"Cases": grid(cases)}))
    pipeline.run_all()
    write_reports(pipeline.settings)
    shutil.copytree(pipeline.settings.reports, pipeline.settings.warehouse / "first")
    return pipeline


def answer(pipeline: Pipeline, agency: str, cells: dict[str, Any], name: str = "answers.xlsx") -> None:
    """Send an agency's first report back with its conflict answered."""
    folder = pipeline.sources / "responses" / agency
    folder.mkdir(parents=True, exist_ok=True)
    sheet = pipeline.settings.warehouse / "first" / f"{agency}.xlsx"
    (folder / name).write_bytes(fill_in(sheet, {ABUSE: cells}))


def run_again(pipeline: Pipeline) -> None:
    """What a run does when only answers are new."""
    for feed in pipeline.partnership.response_feeds:
        pipeline.take_in(feed.key)
    build_responses(pipeline.settings, pipeline.partnership, pipeline.book)
    build_discrepancies(pipeline.settings, pipeline.partnership, pipeline.book)
    publish_warehouse(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    write_reports(pipeline.settings)


@pytest.fixture(scope="module")
def answered(first_reports: Pipeline) -> Pipeline:
    """The county has answered, with a reason that begins like a formula; the police sent a sheet back that cannot be read
    whole."""
    answer(first_reports, "county", {**COUNTY, "Answer": "definition differs"}, "county.xlsx")
    sheet = openpyxl.load_workbook(first_reports.settings.warehouse / "first" / "county.xlsx")["Answers"]
    assert sheet.cell(row_of(sheet, ABUSE), column_of(sheet, "State")).value == "open"
    folder = first_reports.sources / "responses" / "county"
    typed = fill_in(folder / "county.xlsx", {}, lambda book: _type_reason(book["Answers"]))
    (folder / "county.xlsx").write_bytes(typed)
    answer(first_reports, "police", {"Answer": "agre", "Role": "Crime registrar", "Date": date(2016, 8, 2)}, "typo.xlsx")
    run_again(first_reports)
    return first_reports


@pytest.fixture
def going_on(answered: Pipeline, tmp_path: Path) -> Pipeline:
    """A copy of that partnership, for tests in which more comes; the others may run after them."""
    sources = shutil.copytree(answered.sources, tmp_path / "sources")
    return Pipeline(sources, shutil.copytree(answered.settings.warehouse, tmp_path / "warehouse"))


def _type_reason(sheet: Any) -> None:
    cell = sheet.cell(row_of(sheet, ABUSE), column_of(sheet, "Reason"))
    cell.value, cell.data_type = REASON, "s"


def content(pipeline: Pipeline, agency: str) -> dict[str, Any]:
    return json.loads((pipeline.settings.reports / f"{agency}.json").read_text(encoding="utf-8"))


def conflict(pipeline: Pipeline, agency: str) -> dict[str, Any]:
    return next(c for c in content(pipeline, agency)["conflicts"] if c["id"] == ABUSE)


def page(pipeline: Pipeline, agency: str) -> str:
    return words((pipeline.settings.reports / f"{agency}.html").read_text(encoding="utf-8"))


def test_the_answer_gives_the_discrepancy_its_state(answered: Pipeline) -> None:
    [row] = answered.published(f"FROM discrepancies WHERE discrepancy_id = '{ABUSE}'")
    assert (row["state"], row["state_rule"]) == ("explained", "definition_differs")
    assert (row["answers"], row["unanswered_by"]) == (["county: definition differs"], ["police"])
    [response] = answered.published("FROM responses")
    assert (response["status"], response["reason"], response["report_as_at"]) == ("in_force", REASON, date(2016, 7, 20))
    assert count_answers_lost(answered.settings, answered.partnership) == 0


def test_what_was_sent_back_is_listed_with_what_was_taken_and_what_was_not_and_why(answered: Pipeline) -> None:
    landed = {row["file"]: row["received"].date() for row in answered.published("FROM submissions WHERE feed = 'responses'")}
    [whole] = content(answered, "county")["returned_workbooks"]
    assert whole == {
        "file": "county.xlsx",
        "received_on": str(landed["county.xlsx"]),
        "outcome": "accepted",
        "answers": 1,
        "taken": 1,
        "not_taken": [],
    }
    [typo] = content(answered, "police")["returned_workbooks"]
    assert (typo["file"], typo["received_on"]) == ("typo.xlsx", str(landed["typo.xlsx"]))
    assert (typo["outcome"], typo["answers"], typo["taken"]) == ("refused", 1, 0)
    [left_out] = typo["not_taken"]
    assert "'agre'" in left_out["why"]
    sent = page(answered, "police").partition("What you sent")[2]
    assert f"Row {left_out['row']}: {left_out['why']}" in sent.replace("&#39;", "'")
    sheet = openpyxl.load_workbook(answered.settings.reports / "police.xlsx")["Returned workbooks"]
    assert [cell.value for cell in sheet[4]][:6] == ["typo.xlsx", str(landed["typo.xlsx"]), "refused", 1, 0, 1]
    assert "'agre'" in sheet["G4"].value


def test_the_check_of_answers_sees_one_that_is_lost(answered: Pipeline, tmp_path: Path) -> None:
    shutil.copytree(answered.settings.lake, tmp_path / "lake")
    altered = answered.settings.model_copy(update={"warehouse": tmp_path})
    whole, part = table_path(answered.settings, "responses"), table_path(altered, "responses")
    part.unlink()
    duckdb.execute(f"COPY (FROM read_parquet('{whole}') LIMIT 0) TO '{part}' (FORMAT parquet)").fetchall()
    assert count_answers_lost(altered, answered.partnership) == 1


def test_the_report_that_was_answered_is_known_by_the_hash_of_what_it_said(answered: Pipeline) -> None:
    said = json.loads((answered.settings.warehouse / "first" / "county.json").read_text(encoding="utf-8"))
    assert answered.published("FROM responses")[0]["report_id"] == said["content_id"][:12]


def test_the_other_agency_reads_answer_and_reason_and_nothing_else(answered: Pipeline) -> None:
    sentence = f"Leicestershire County Council answered on 1 August 2016: definition differs – {REASON}"
    [seen] = conflict(answered, "police")["answers"]
    assert (seen["answer"], seen["reason"], seen["role"], seen["valid_until"]) == ("definition differs", REASON, None, None)
    assert sentence in page(answered, "police").replace("&#34;", '"')
    assert "Commissioning lead" not in (answered.settings.reports / "police.html").read_text(encoding="utf-8")
    assert "Commissioning lead" not in (answered.settings.reports / "police.json").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(answered.settings.reports / "police.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if REASON in str(cell.value)]
    assert {cell.parent.title for cell in cells} == {"Answers", "Conflicts"}
    assert all(cell.data_type == "s" for cell in cells)
    assert not any("Commissioning lead" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_front_page_and_agencies_not_concerned_read_nothing_of_it(answered: Pipeline) -> None:
    for name in ("index.html", "fire.html", "fire.json", "district.json"):
        assert "we count cases" not in (answered.settings.reports / name).read_text(encoding="utf-8")


def test_an_answer_that_holds_is_filled_in_in_the_next_sheet(answered: Pipeline) -> None:
    sheet = openpyxl.load_workbook(answered.settings.reports / "county.xlsx")["Answers"]
    row = row_of(sheet, ABUSE)
    filled = {h: sheet.cell(row, column_of(sheet, h)).value for h in ("Answer", "Reason", "Role", "Date", "Valid until")}
    assert filled["Answer"] == "definition differs"
    assert (filled["Reason"], filled["Role"], filled["Valid until"]) == (REASON, "Commissioning lead", None)
    assert filled["Date"].date() == date(2016, 8, 1)


def test_a_rejected_answer_is_told_to_its_agency_alone(answered: Pipeline) -> None:
    [reject] = answered.published("FROM rejects WHERE feed = 'responses'")
    assert (reject["agency"], reject["code"], reject["value"]) == ("police", "unknown_value", "agre")
    [submission] = answered.published("FROM submissions WHERE feed = 'responses' AND agency = 'police'")
    assert (submission["outcome"], submission["code"]) == ("refused", "no_row_accepted")
    assert "agre" not in json.dumps(content(answered, "county")["rejected_rows"])
    assert "Its one row could not be accepted" in page(answered, "police")
    [told] = [row for row in content(answered, "police")["rejected_rows"] if row["feed"] == "responses"]
    assert (told["found"], told["is_open"]) == ("agre", True)
    assert "nearest known: 'agree'" in told["what_to_do"]


def test_a_workbook_without_one_good_answer_is_asked_for_once_row_by_row(answered: Pipeline) -> None:
    told = content(answered, "police")
    assert [row["file"] for row in told["rejected_rows"]] == ["typo.xlsx"]
    assert told["refused_files"] == []
    police = page(answered, "police")
    assert "Correct 1 rejected row" in police
    assert "refused file" not in police.partition("What we ask of you")[2].partition("What changed since")[0]
    assert "No answer of typo.xlsx could be taken: what to correct is told under" in police
    assert "None: every file you sent was taken in." in page(answered, "county")


def test_a_mistyped_answer_is_no_change_of_the_columns(answered: Pipeline) -> None:
    assert content(answered, "police")["column_changes"] == []
    assert "not as agreed" not in page(answered, "police")


def test_reports_are_as_at_the_latest_extract_and_not_the_day_on_which_answers_came(answered: Pipeline) -> None:
    assert content(answered, "police")["as_at"] == "2016-07-20"


def test_scripts_find_answers_with_csp_discrepancies_and_csp_status(answered: Pipeline) -> None:
    with duckdb.connect(str(answered.settings.database), read_only=True) as database:
        everything = dict.fromkeys(("measure", "agency", "area", "period"))
        names, rows = query_rows(database, "discrepancies", everything)
        row = next(row for row in rows if ABUSE in row)
        assert row[names.index("answers")] == "county: definition differs"
        assert row[names.index("state_rule")] == "definition_differs"
        names, rows = feed_status(answered.settings, answered.partnership, date(2016, 9, 1))
        of_answers = {row[0]: dict(zip(names, row, strict=True)) for row in rows if row[0].endswith("/responses")}
    assert set(of_answers) == {"county/responses", "police/responses"}
    assert (of_answers["county/responses"]["files"], of_answers["county/responses"]["rows"]) == (1, 1)


def test_a_new_answer_makes_no_figure_again(going_on: Pipeline) -> None:
    stages = Stages(going_on.settings, going_on.partnership, going_on.specs)
    figures, answers = stages.inputs(), stages.inputs(Reads.ANSWERS)
    answer(going_on, "police", {"Answer": "need records", "Role": "Crime registrar", "Date": date(2016, 8, 3)}, "later.xlsx")
    going_on.take_in("police/responses")
    assert stages.inputs() == figures
    assert stages.inputs(Reads.ANSWERS) != answers


def test_a_report_is_written_again_once_it_was_sent(pipeline: Pipeline) -> None:
    # the next one says what changed since; figures, answers and the warehouse stay as they are
    stages = Stages(pipeline.settings, pipeline.partnership, pipeline.specs)
    before = {reads: stages.inputs(reads) for reads in Reads}
    log = pipeline.settings.landing / "reports" / "police" / "sent.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"as_at": "2017-07-01"}\n', encoding="utf-8")
    changed = {reads for reads in Reads if stages.inputs(reads) != before[reads]}
    assert changed == {Reads.SENT_REPORTS}


def test_figures_that_move_overtake_the_answer_and_the_agency_is_asked_again(going_on: Pipeline) -> None:
    cases = [case(number, **{"Police crime ref": "", "Client key": ""}) for number in range(20)]
    going_on.put("county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-09-20.xlsx", xlsx({"Cases": grid(cases)}))
    going_on.take_in("county/domestic_abuse")
    going_on.make_figures()
    build_vintages(going_on.settings, going_on.partnership, going_on.book, going_on.specs)
    build_comparisons(going_on.settings, going_on.partnership, going_on.book)
    build_bridges(going_on.settings, going_on.partnership, going_on.book, going_on.specs)
    build_gap_history(going_on.settings, going_on.partnership, going_on.book)
    run_again(going_on)
    [row] = going_on.published(f"FROM discrepancies WHERE discrepancy_id = '{ABUSE}'")
    assert (row["state"], row["state_rule"], row["answers"]) == ("reopened", "answer_lapsed", [])
    [given] = content(going_on, "county")["answers"]
    assert (given["status"], given["asks"]) == ("overtaken", True)
    assert "A figure moved beyond the tolerance on 20 September 2016" in page(going_on, "county")
    assert "Give 1 answer again" in page(going_on, "county")
    assert conflict(going_on, "police")["answers"] == []
    sheet = openpyxl.load_workbook(going_on.settings.reports / "county.xlsx")["Answers"]
    assert sheet.cell(row_of(sheet, ABUSE), column_of(sheet, "Answer")).value is None


def test_a_partnership_without_a_place_for_answers_works_as_before(new_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
    pipeline = new_pipeline(["police/crimes"])
    (pipeline.sources / "responses" / "feed.yml").unlink()
    assert pipeline.partnership.response_feeds == ()
    assert [feed.key for feed in pipeline.partnership.every_feed] == ["police/crimes"]
