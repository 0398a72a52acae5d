"""What arrives, when and in which order: nothing is lost, nothing counts twice, and the result does not depend on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_pipeline.errors import PublishError, PullError
from csp_pipeline.intake.fetch import Patience, fetch_file
from csp_pipeline.intake.places import open_place
from csp_pipeline.intake.pull import find_files
from csp_pipeline.publish.warehouse import publish_warehouse
from csp_pipeline.settings import Settings
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import HARBOROUGH, asb, case, csv_text, grid, person, street, xlsx, youth

ASB = "police/asb"
YOUTH = "county/youth_offending"
FEEDS = [ASB, "county/domestic_abuse", YOUTH]
ANSWER = (
    "SELECT 'x' AS discrepancy_id, 'police' AS agency, 'agree' AS answer, 'analyst' AS role, DATE '2016-08-01' AS answered_on, "
    "DATE '2016-08-01' AS report_as_at, 'r' AS report_id, 's' AS submission_id, 1 AS row_number, 'in_force' AS status"
)
MAY = {"reported_at": "15/05/2016 10:00"}


@pytest.fixture(scope="module")
def run_twice(new_pipeline: Callable[..., Pipeline]) -> dict[str, object]:
    """A whole run, the intake of another, then a whole run without the lake and the published warehouse."""
    pipeline = new_pipeline(FEEDS, ONE_YEAR)
    pipeline.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1), asb(2), asb(3)]))
    pipeline.put(ASB, "asb_2016-04_extracted-2016-08-01.csv", csv_text([asb(1), asb(2)]))
    pipeline.put(ASB, "asb_2016-05_extracted-2016-06-10.csv", "")
    pipeline.put(
        YOUTH, "youth_offending_2016-17-Q1_extracted-2016-07-20.csv", csv_text([youth("a"), youth("b", offence_code="46Z")])
    )
    cases = xlsx({"Cases": grid([case(1), case(2)])})
    pipeline.put("county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", cases)
    first = pipeline.run_all()
    published = pipeline.everything_published()
    second = {feed: pipeline.take_in(feed) for feed in FEEDS}
    shutil.rmtree(pipeline.settings.lake)
    pipeline.settings.database.unlink()
    pipeline.run_all()
    return {
        "pipeline": pipeline,
        "first": first,
        "second": second,
        "published": published,
        "rebuilt": pipeline.everything_published(),
    }


def test_a_second_run_reads_nothing_new(run_twice: dict) -> None:
    assert {key: len(intake.new) for key, intake in run_twice["first"].items()} == {
        ASB: 3,
        YOUTH: 1,
        "county/domestic_abuse": 1,
    }
    assert [(len(intake.receipts), intake.new) for intake in run_twice["second"].values()] == [(3, []), (1, []), (1, [])]


def test_deleting_the_lake_and_running_again_gives_the_same_warehouse(run_twice: dict) -> None:
    """Person keys too, since their secret lies beside landing."""
    assert run_twice["rebuilt"].keys() == run_twice["published"].keys()
    for table, rows in run_twice["published"].items():
        assert run_twice["rebuilt"][table] == rows, table
    keys = [row["young_person_key"] for row in run_twice["rebuilt"]["county_youth_offending"]]
    assert len(keys) == 1
    assert keys[0] not in (None, person("a"))


def test_a_later_extract_replaces_the_earlier_from_its_day_on_and_the_earlier_stays(run_twice: dict) -> None:
    rows = run_twice["published"]["police_asb"]
    assert [(row["incident_number"], row["valid_from"], row["valid_to"]) for row in rows] == [
        ("L16-0000001", date(2016, 5, 10), date(2016, 8, 1)),
        ("L16-0000002", date(2016, 5, 10), date(2016, 8, 1)),
        ("L16-0000003", date(2016, 5, 10), date(2016, 8, 1)),
        ("L16-0000001", date(2016, 8, 1), None),
        ("L16-0000002", date(2016, 8, 1), None),
    ]
    pipeline = run_twice["pipeline"]
    figure = pipeline.figure(ASB, "asb_reported", HARBOROUGH, "2016-04")
    assert (figure["value"], figure["as_at"]) == (2, date(2016, 8, 1))
    current = {row["file"]: row["is_current"] for row in run_twice["published"]["submissions"] if row["feed"] == "asb"}
    assert current == {
        "asb_2016-04_extracted-2016-05-10.csv": False,
        "asb_2016-04_extracted-2016-08-01.csv": True,
        "asb_2016-05_extracted-2016-06-10.csv": False,
    }


def test_a_refused_file_is_published_with_its_reason_and_costs_the_others_nothing(run_twice: dict) -> None:
    [refused] = [row for row in run_twice["published"]["submissions"] if row["outcome"] == "refused"]
    assert (refused["file"], refused["code"]) == ("asb_2016-05_extracted-2016-06-10.csv", "empty_file")
    assert {(row["file"], row["code"]) for row in run_twice["published"]["rejects"]} == {
        ("asb_2016-05_extracted-2016-06-10.csv", "empty_file"),
        ("youth_offending_2016-17-Q1_extracted-2016-07-20.csv", "unknown_code"),
    }
    assert len(run_twice["published"]["county_domestic_abuse"]) == 2


def test_rows_read_are_records_and_rejects_in_every_submission(run_twice: dict) -> None:
    tables = run_twice["published"]
    held: dict[str, int] = {}
    for table in ("police_asb", "county_youth_offending", "county_domestic_abuse"):
        for row in tables[table]:
            held[row["submission_id"]] = held.get(row["submission_id"], 0) + 1
    for row in tables["rejects"]:
        if row["row_number"] is not None:
            held[row["submission_id"]] = held.get(row["submission_id"], 0) + 1
    assert held == {row["submission_id"]: row["rows_read"] for row in tables["submissions"] if row["outcome"] != "refused"}


FILES = {
    "asb_2016-04_extracted-2016-05-10.csv": [asb(1), asb(2), asb(3)],
    "asb_2016-04_extracted-2016-06-20.csv": [asb(1), asb(2), asb(3), asb(4)],
    "asb_2016-04_extracted-2016-08-01.csv": [asb(1), asb(2)],
    "asb_2016-05_extracted-2016-06-10.csv": [asb(5, **MAY), asb(1, reported_at="30/04/2016 23:59")],
    "asb_2016-05_extracted-2016-07-10.csv": [asb(5, **MAY), asb(6, **MAY), asb(7, **MAY)],
}


@given(order=st.permutations(list(FILES)), runs=st.lists(st.integers(0, 2), min_size=5, max_size=5))
@settings(max_examples=4, deadline=None)
def test_the_order_of_arrival_does_not_matter(new_pipeline: Callable[..., Pipeline], order: list[str], runs: list[int]) -> None:
    """Whichever files arrive in whichever run, April counts as extracted in August and May as extracted in July."""
    pipeline = new_pipeline([ASB], ONE_YEAR)
    for run in range(3):
        for name, of_run in zip(order, runs, strict=True):
            if of_run == run:
                pipeline.put(ASB, name, csv_text(FILES[name]))
        pipeline.take_in(ASB)
    pipeline.make_figures()
    values = [
        pipeline.figure(ASB, "asb_reported", HARBOROUGH, period)["value"] for period in ("2016-04", "2016-05", "2016-17 Q1")
    ]
    assert values == [2, 3, 5]
    assert pipeline.lake("SELECT count(*) AS n FROM validity WHERE valid_to IS NULL") == [{"n": 2}]
    assert pipeline.lake("SELECT count(*) AS n FROM validity") == [{"n": 5}]


def test_a_file_that_disappears_while_it_is_read_is_told_and_the_others_go_on(desk: Pipeline) -> None:
    gone = desk.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1)]))
    feed = desk.partnership.feed(ASB)
    [found] = find_files(feed)
    gone.unlink()
    with open_place(feed) as place, pytest.raises(PullError, match=r"asb_2016-04.*disappeared while it was read.*next run"):
        fetch_file(desk.settings, feed, place, found, Patience(feed))
    gone.symlink_to(gone.parent / "nowhere.csv")
    desk.put(ASB, "asb_2016-05_extracted-2016-06-10.csv", csv_text([asb(1, **MAY)]))
    intake = desk.take_in(ASB)
    assert [receipt.outcome for receipt in intake.receipts] == ["accepted"]
    assert len(intake.problems) == 1
    assert gone.name in intake.problems[0]


def test_a_file_that_grows_while_it_is_copied_waits_for_the_next_run(desk: Pipeline) -> None:
    path = desk.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1)]))
    feed = desk.partnership.feed(ASB)
    [found] = find_files(feed)
    with path.open("a", encoding="utf-8") as file:
        file.write(",".join(asb(2).values()) + "\n")
    with open_place(feed) as place, pytest.raises(PullError, match="changed while it was copied"):
        fetch_file(desk.settings, feed, place, found, Patience(feed))
    assert [receipt.rows_accepted for receipt in desk.take_in(ASB).receipts] == [2]


def test_a_link_to_a_file_is_taken_in(desk: Pipeline) -> None:
    real = desk.sources / "elsewhere.csv"
    real.write_text(csv_text([asb(1)]), encoding="utf-8")
    (desk.sources / ASB / "exports" / "asb_2016-04_extracted-2016-05-10.csv").symlink_to(real)
    assert [receipt.outcome for receipt in desk.take_in(ASB).receipts] == ["accepted"]
    real.unlink()


def test_half_written_and_hidden_files_wait(desk: Pipeline) -> None:
    for name in (
        "asb_2016-04_extracted-2016-05-10.csv.part",
        ".asb_2016-04_extracted-2016-05-10.csv",
        "~$asb_2016-04_extracted-2016-05-10.csv",
    ):
        desk.put(ASB, name, csv_text([asb(1)]))
    assert desk.take_in(ASB).receipts == []


def test_a_place_that_is_not_there_is_told_and_what_has_landed_stays(desk: Pipeline) -> None:
    desk.take_in_one(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1)]))
    shutil.rmtree(desk.sources / ASB / "exports")
    intake = desk.take_in(ASB)
    assert [receipt.outcome for receipt in intake.receipts] == ["accepted"]
    assert len(intake.problems) == 1
    assert "does not exist. Make it, or correct feed.yml" in intake.problems[0]
    (desk.sources / ASB / "exports").mkdir()


def test_a_warehouse_that_cannot_be_written_is_told(new_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("not a folder", encoding="utf-8")
    pipeline = new_pipeline([ASB], ONE_YEAR, warehouse=file / "warehouse")
    pipeline.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1)]))
    with pytest.raises(PublishError, match=r"a-file/warehouse.*cannot be made.*Check that the warehouse"):
        pipeline.take_in(ASB)
    with pytest.raises(PublishError, match=r"a-file/warehouse.*cannot be made"):
        pipeline.make_figures()


def test_a_published_file_that_cannot_be_replaced_stays(run_twice: dict, tmp_path: Path) -> None:
    """The lake is whole, but the new warehouse's place is a folder: the error says so, and nothing half-built is left."""
    pipeline = run_twice["pipeline"]
    elsewhere = tmp_path / "warehouse"
    shutil.copytree(pipeline.settings.lake, elsewhere / "lake")
    (elsewhere / "csp.duckdb").mkdir()
    settings_ = Settings(sources=pipeline.sources, warehouse=elsewhere, views=tmp_path / "none")
    with pytest.raises(PublishError, match=r"csp.duckdb: cannot be written.*stays in place"):
        publish_warehouse(settings_, pipeline.partnership, pipeline.book, pipeline.specs)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["csp.duckdb", "lake"]


@pytest.mark.parametrize(
    ("view", "lost", "told"),
    [
        ("DELETE FROM figures", None, r"the table figures would hold -\d[\d,]* rows beside the lake"),
        ("UPDATE submissions SET rows_rejected = rows_rejected + 1", None, "rows read are not rows accepted and rejected"),
        (None, "records/police/asb/*.parquet", "the table police_asb would hold 0 records of 5 accepted"),
        (None, "tables/responses.parquet", "the table responses would hold 1 answers of 0 accepted"),
    ],
    ids=["rows of a table", "rows of a file", "records", "answers"],
)
def test_a_warehouse_that_does_not_hold_what_was_accepted_is_not_put_in_place(
    run_twice: dict, tmp_path: Path, view: str | None, lost: str | None, told: str
) -> None:
    pipeline, elsewhere = run_twice["pipeline"], tmp_path / "warehouse"
    shutil.copytree(pipeline.settings.lake, elsewhere / "lake")
    (elsewhere / "csp.duckdb").write_text("the one before", encoding="utf-8")
    (tmp_path / "views").mkdir()
    if view:  # what is in the folder of views is run as it stands
        (tmp_path / "views" / "wrong.sql").write_text(view, encoding="utf-8")
    for path in (elsewhere / "lake").glob(lost or "none"):
        rows = "FROM given WHERE false" if "records" in path.parts else "FROM given UNION ALL BY NAME " + ANSWER
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE given AS FROM '{path}'").fetchall()
            connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)").fetchall()
    settings_ = Settings(sources=pipeline.sources, warehouse=elsewhere, views=tmp_path / "views")
    with pytest.raises(PublishError, match=f"{told}.*nothing was published"):
        publish_warehouse(settings_, pipeline.partnership, pipeline.book, pipeline.specs)
    assert {path.name: path.read_text("utf-8") for path in elsewhere.iterdir() if path.is_file()} == {
        "csp.duckdb": "the one before"
    }


def test_street_rows_replaced_by_a_later_archive_stay_in_the_table(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/street"], ONE_YEAR)
    pipeline.put("police/street", "published-2016-06/2016-04-leicestershire-street.csv", csv_text([street(), street()]))
    pipeline.put("police/street", "published-2016-09/2016-04-leicestershire-street.csv", csv_text([street(), street(), street()]))
    pipeline.take_in("police/street")
    pipeline.make_figures()
    assert pipeline.figure("police/street", "asb_reported", HARBOROUGH, "2016-04")["value"] == 3
    assert [
        (row["first"], row["last"])
        for row in pipeline.lake("SELECT valid_from::DATE AS first, valid_to::DATE AS last FROM validity ORDER BY valid_from")
    ] == [
        (date(2016, 6, 1), date(2016, 9, 1)),
        (date(2016, 9, 1), None),
    ]
