"""What changed since the last report that was sent, and how an agency's figures were revised."""

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from csp_pipeline.errors import PublishError
from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.reports.history import series_of
from csp_pipeline.reports.since import since_last
from csp_pipeline.settings import Settings
from tests.unit.reports.reading import content, page, rows


def send(settings: Settings, agency: str, report: dict[str, Any], as_at: str) -> Path:
    """Land a report as delivery does."""
    data = json.dumps(report).encode()
    sha256 = hashlib.sha256(data).hexdigest()
    folder = settings.landing / "reports" / agency
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{as_at}-{sha256[:12]}.json"
    path.write_bytes(data)
    with (folder / "sent.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"sha256": sha256, "as_at": as_at, "sent_at": "2016-08-02T09:00:00Z", "place": "x"}) + "\n")
    return path


@pytest.fixture
def copied(settings: Settings, summary: ReportSummary, tmp_path: Path) -> Settings:
    """The made warehouse to write again, after something was sent."""
    copy = Settings(sources=settings.sources, warehouse=tmp_path)
    shutil.copyfile(settings.database, copy.database)
    return copy


def test_the_first_report_says_so(summary: ReportSummary) -> None:
    assert "This is the first report" in page(summary, "police")
    assert content(summary, "police")["since_last_report"] is None


def test_nothing_changed_since_the_same_report(summary: ReportSummary, copied: Settings) -> None:
    report = content(summary, "police")
    send(copied, "police", report, "2016-08-01")
    again = write_reports(copied)
    assert "Nothing has changed since the report of 1 August 2016." in page(again, "police")
    assert content(again, "police")["content_id"] == report["content_id"]


def test_thousands_of_rows_rejected_for_one_reason_are_told_as_one_mistake(summary: ReportSummary, copied: Settings) -> None:
    send(copied, "police", content(summary, "police"), "2016-08-01")
    with duckdb.connect(str(copied.database)) as db:
        db.execute(
            "INSERT INTO rejects BY NAME SELECT rejects.* REPLACE (row_number + 100 + n AS row_number)"
            " FROM rejects, range(4000) t(n) WHERE file = 'crimes_april.csv' AND row_number = 17"
        ).fetchall()
    told = write_reports(copied)
    assert {a.agency: a.rejects for a in told.agencies}["police"] == 4002
    listed = content(told, "police")["rejected_rows"]
    assert [(row["row"], row["more"]) for row in listed if row["more"]] == [(165, 3951)]
    assert len(listed) == 51, "50 of the mistake, and the one of another column"
    in_words = "The same in 3,951 more rows of this file"
    text = page(told, "police")
    assert text.count(in_words) == 1
    for words in ("Correct 4,002 rejected rows", "4,000 rejected rows new"):
        assert words in text
    [further] = [row for row in rows(told, "police", "Rejected rows") if in_words in str(row["What to do"])]
    assert (further["File"], further["Column"], further["Row"]) == ("crimes_april.csv", "recorded_date", "[z]")


def test_new_moved_settled_and_returned_are_told(summary: ReportSummary, copied: Settings) -> None:
    report = content(summary, "police")
    [abuse] = [c for c in report["conflicts"] if c["id"].startswith("domestic_abuse.e07000901")]
    abuse["gap"]["value"], abuse["figures"][1]["value"] = -25, 95
    report["conflicts"] = [c for c in report["conflicts"] if not c["id"].startswith("theft")]
    gone = abuse | {"id": "burglary.gone", "measure_title": "Burglary"}
    report["conflicts"].append(gone)
    report["as_at"] = "2016-07-01"
    report["rejected_rows"] = report["rejected_rows"][:1]
    report["missing_periods"].append({"feed": "crimes", "period": "2016-04", "is_open": True})
    send(copied, "police", report | {"conflicts": []}, "2016-07-02")
    send(copied, "police", report, "2016-07-01")  # sent later, of an earlier day: it is what the police have read last
    again = write_reports(copied)
    text = page(again, "police")
    assert (
        "Since the report of 1 July 2016: 1 conflict new, 1 conflict with figures that moved, 1 conflict settled or no longer "
        "listed, 1 rejected row new and 1 missing period received." in text
    )
    assert "The gap was −25 and is now −30." in text
    assert [(r["Change"], r["Measure"]) for r in rows(again, "police", "Changes")] == [
        ("New", "Theft"),
        ("Moved", "Domestic abuse"),
        ("Settled", "Burglary"),
    ]


@pytest.mark.parametrize(
    ("was", "words"),
    [
        ((125.0, 95.0), "Both figures moved: they were 125 and 95."),
        ((120.0, 95.0), "The gap was −25 and is now −30."),
        ((None, 90.0), None),
        ((120.0, 90.0), None),
    ],
)
def test_a_conflict_moved_where_a_figure_did_that_its_reader_saw_both_times(
    summary: ReportSummary, was: tuple[float | None, float], words: str | None
) -> None:
    now = content(summary, "police")
    [abuse] = [c for c in now["conflicts"] if c["id"].startswith("domestic_abuse.e07000901")]
    figures = [figure | {"value": value} for figure, value in zip(abuse["figures"], was, strict=True)]
    gap = None if was[0] is None else was[1] - was[0]
    sent = now | {"conflicts": [abuse | {"figures": figures, "gap": {"value": gap, "shown": ""}}]}
    moved = [change for change in since_last(sent, now | {"conflicts": [abuse]}).changes if change.kind == "moved"]
    assert [change.words.endswith(words or "") for change in moved] == [True] * bool(words)


def conflict(name: str, *answers: str, is_open: bool = True, is_main: bool = True, measure: str = "Theft") -> dict[str, Any]:
    """A conflict of a report, its `answers` given by these agencies on one day."""
    told = {"id": name, "measure_title": measure, "area": "Northby", "period": "2016-17", "is_open": is_open, "is_main": is_main}
    answered = [{"agency": agency, "answer": "agree", "answered_on": "2016-08-01"} for agency in answers]
    state = "open" if is_open else "explained"
    figures = {"figures": [{"value": 5.0}, {"value": 9.0}], "gap": {"value": 4.0}}
    return told | figures | {"sentence": f"{measure}, Northby, 2016-17: 5 and 9.", "state": state, "answers": answered}


def report_of(*conflicts: dict[str, Any], **returns: list[dict[str, Any]]) -> dict[str, Any]:
    nothing: dict[str, Any] = {"rejected_rows": [], "missing_periods": [], "refused_files": []}
    return nothing | {"as_at": "2016-07-01", "conflicts": list(conflicts)} | returns


def test_what_became_of_each_conflict_is_told_by_its_state_then_and_now() -> None:
    sent = report_of(
        conflict("stays"),
        conflict("was explained", is_open=False),
        conflict("is explained"),
        conflict("is gone"),
        conflict("was settled and is gone", is_open=False),
    )
    now = report_of(
        conflict("stays"),
        conflict("was explained"),
        conflict("is explained", is_open=False),
        conflict("a new one elsewhere", is_main=False, measure="Arson"),
        conflict("a new one"),
        conflict("new and explained", is_open=False),
    )
    found = since_last(sent, now)
    assert [(change.kind, change.id, change.words) for change in found.changes] == [
        ("reopened", "was explained", "2016-17: 5 and 9."),
        ("new", "a new one", "2016-17: 5 and 9."),
        ("new", "a new one elsewhere", "2016-17: 5 and 9."),
        ("settled", "is explained", "2016-17: now explained."),
        ("settled", "is gone", "2016-17: no longer listed as a conflict."),
    ]
    assert found.in_short == "2 conflicts new, 1 conflict reopened and 2 conflicts settled or no longer listed"


def test_only_what_is_still_to_be_seen_to_and_answers_not_yet_told_count_as_changes() -> None:
    def refused(name: str, *, is_open: bool) -> dict[str, Any]:
        return {"file": name, "extracted": "2016-06-10", "is_open": is_open}

    sent = report_of(conflict("one", "police"), refused_files=[refused("a", is_open=True), refused("b", is_open=False)])
    now = report_of(
        conflict("one", "police", "county"),
        refused_files=[refused("a", is_open=False), refused("b", is_open=False), refused("c", is_open=True)],
        missing_periods=[{"feed": "crimes", "period": "2016-04", "is_open": False}],
    )
    assert since_last(sent, now).in_short == "1 refused file new, 1 refused file replaced and 1 answer new"


def test_a_log_that_cannot_be_read_is_named(summary: ReportSummary, copied: Settings) -> None:
    log = send(copied, "police", content(summary, "police"), "2016-08-01").parent / "sent.jsonl"
    log.write_text(log.read_text(encoding="utf-8") + "{not whole\n", encoding="utf-8")
    with pytest.raises(PublishError, match=r"sent\.jsonl, line 2: .*back from a backup"):
        write_reports(copied)


def test_a_sent_report_that_is_gone_is_named(summary: ReportSummary, copied: Settings) -> None:
    path = send(copied, "police", content(summary, "police"), "2016-08-01")
    path.unlink()
    with pytest.raises(PublishError, match=rf"{path.name}: this copy of a sent report cannot be read.*Restore it"):
        write_reports(copied)


def test_own_revisions_and_breaks_are_told(summary: ReportSummary) -> None:
    [row] = rows(summary, "police", "Revised figures")
    assert (row["First"], row["Now"], row["Change"], row["Records"]) == (37, 40, 3, "4 added and 1 taken out")
    text = page(summary, "police")
    assert "[b] Another recording system, 15 August 2016: do not compare across it." in text
    assert "No later file of yours has changed a figure" in page(summary, "county")


def test_each_agency_reads_how_many_rows_its_own_figure_lacks_and_of_another_only_that_it_lacks_some(copied: Settings) -> None:
    with duckdb.connect(str(copied.database)) as db:
        lacking = (
            "UPDATE discrepancies SET rejected_a = 3, rejected_b = 1712 WHERE discrepancy_id LIKE 'domestic_abuse.e07000901%'"
        )
        db.execute(lacking).fetchall()
    told = write_reports(copied)
    [police], [county] = (
        [c for c in content(told, a)["conflicts"] if c["id"].startswith("domestic_abuse.e07000901")] for a in ("police", "county")
    )
    assert "3 rows were rejected from your Recorded crimes for 2016-17, and your figure may lack as many." in police["reasons"]
    assert (
        "Some rows were rejected from Northshire County Council's Abuse cases for 2016-17, and its figure may lack them."
        in police["reasons"]
    )
    assert "1,712 rows were rejected from your Abuse cases for 2016-17, and your figure may lack as many." in county["reasons"]
    assert "1,712 rows" in page(told, "county")
    assert "1,712" not in page(told, "police")
    assert "1712" not in json.dumps(content(told, "police"))


def test_a_series_of_the_own_district_shows_its_own_revisions_and_no_other_areas() -> None:
    quarter = {"agency": "police", "feed": "crimes", "measure": "theft", "measure_title": "Theft", "unit": "offence"}
    revisions = [{**quarter, "area_code": area, "period": "Q1", "value_first": first} for area, first in (("N", 7), ("S", 90))]
    nothing = {"status": "A", "break_title": None, "break_date": None}
    own = [{**quarter, **nothing, "period": period, "value": 8} for period in ("Q1", "Q2")]
    other = [{**row, "agency": "county", "value": 99} for row in own]
    facts = SimpleNamespace(district="N", revisions=revisions, series=own + other, feed_title=lambda *_: "Crimes")
    [series] = series_of(cast("Any", facts), "police", ["theft"])
    assert [(point.period, point.value, point.first) for point in series.points] == [("Q1", 8, 7), ("Q2", 8, None)]
