"""A report goes once for each content, to where the configuration says; what was sent stands in landing."""

import json
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_pipeline.delivery import deliver, deliver_reports
from csp_pipeline.delivery.pack import digest_of
from csp_pipeline.doctor.delivery import examine_delivery
from csp_pipeline.partnership.partnership import Partnership
from tests.unit.delivery.desk import Desk, conflict


def outcomes(desk: Desk, partnership: Partnership, **options: Any) -> dict[str, str]:
    options = {"send": True, **options}
    return {d.addressee: d.outcome for d in deliver_reports(desk.settings, partnership, **options)}


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_by_default_nothing_is_sent_and_nothing_is_written(desk: Desk) -> None:
    found = deliver_reports(desk.settings, desk.partnership(), send=False)
    assert [(d.addressee, d.outcome, d.place) for d in found] == [
        ("police", "would_be_sent", "outbox/police"),
        ("county", "would_be_sent", "outbox/county"),
        ("fire", "would_be_sent", "outbox/fire"),
    ]
    assert not (desk.settings.warehouse / "outbox").exists()
    assert not desk.settings.landing.exists()


def test_each_agency_finds_its_report_and_a_text_in_its_folder_and_no_other_agencys(desk: Desk) -> None:
    deliver_reports(desk.settings, desk.partnership(), send=True)
    outbox = desk.settings.warehouse / "outbox"
    found = files_in(outbox / "county")
    assert set(found) == {"county.html", "county.xlsx", "county.json", "county.txt"}
    assert found["county.json"] == (desk.settings.reports / "county.json").read_bytes()
    assert "1 open conflict" in found["county.txt"].decode()
    assert b"police" not in b"".join(found.values())


def test_who_has_no_conflict_is_not_asked_to_answer_in_the_workbook(desk: Desk) -> None:
    desk.write("fire", 0)
    deliver_reports(desk.settings, desk.partnership(), send=True)
    fire, county = (files_in(desk.settings.warehouse / "outbox" / a)[f"{a}.txt"].decode() for a in ("fire", "county"))
    assert "Write your answers in the workbook, county.xlsx." in county
    assert "your answers" not in fire
    assert "Open fire.html: it begins with what is asked of you. No conflict is listed, so there is none to answer." in fire


def test_what_was_sent_is_a_fact_in_landing(desk: Desk) -> None:
    delivery = next(d for d in deliver_reports(desk.settings, desk.partnership(), send=True) if d.addressee == "county")
    (line,) = desk.sent("county")
    assert (line["as_at"], line["place"]) == ("2017-07-01", "outbox/county")
    copy = desk.settings.landing / "reports" / "county" / f"2017-07-01-{line['sha256'][:12]}.json"
    assert delivery.report == copy.stem
    assert copy.read_bytes() == (desk.settings.reports / "county.json").read_bytes()
    assert digest_of(json.loads(copy.read_text())) == line["sha256"]


def test_the_same_report_is_not_sent_twice_even_as_the_calendar_moves_on(desk: Desk) -> None:
    assert set(outcomes(desk, desk.partnership()).values()) == {"sent"}
    desk.write("county", [conflict(0, last_seen="2017-08-09")], as_at="2017-08-09")
    assert set(outcomes(desk, desk.partnership()).values()) == {"already_sent"}
    assert len(desk.sent("county")) == 1


def test_a_report_that_goes_back_to_what_it_was_is_sent_again(desk: Desk) -> None:
    for conflicts in (1, 2, 1):
        desk.write("county", conflicts)
        assert outcomes(desk, desk.partnership())["county"] == "sent"
    assert len(desk.sent("county")) == 3
    assert len(list((desk.settings.landing / "reports" / "county").glob("*.json"))) == 2
    # no sending was cut short, so that none says that it may have come before
    assert not list((desk.settings.landing / "reports" / "county").glob("*.sending"))
    assert "this is the same one" not in files_in(desk.settings.warehouse / "outbox/county")["county.txt"].decode()


def test_a_sending_cut_short_after_it_was_noted_leaves_no_doubt_behind(desk: Desk) -> None:
    outcomes(desk, desk.partnership())
    [noted] = (desk.settings.landing / "reports" / "county").glob("*.json")
    mark = noted.with_suffix(".sending")
    mark.write_text("outbox/county\n", encoding="utf-8")
    assert outcomes(desk, desk.partnership())["county"] == "already_sent"
    assert not mark.exists()


def test_a_share_that_goes_away_before_the_report_is_put_there_is_not_made_anew(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.setattr(deliver, "note_begun", lambda *_: share.rmdir())
    assert outcomes(desk, desk.partnership(county={"folder": str(share)}), addressees=["county"]) == {"county": "failed"}
    assert not share.exists()


def test_another_place_is_sent_what_the_old_one_was(desk: Desk, tmp_path: Path) -> None:
    outcomes(desk, desk.partnership())
    (tmp_path / "share").mkdir()
    moved = desk.partnership(county={"folder": str(tmp_path / "share")})
    assert outcomes(desk, moved) == {"police": "already_sent", "county": "sent", "fire": "already_sent"}
    found = files_in(tmp_path / "share")
    assert "county.html" in found
    assert "It says what the report as at 1 July 2017 said" in found["county.txt"].decode()


def test_one_agency_alone(desk: Desk) -> None:
    assert outcomes(desk, desk.partnership(), addressees=["fire"]) == {"fire": "sent"}


def test_a_changed_report_says_what_changed(desk: Desk) -> None:
    rejected = {"file": "a.csv", "sheet": None, "column": "status", "code": "unknown_value", "is_open": True}
    desk.write("county", [conflict(1), conflict(2), conflict(3)], as_at="2017-06-01", rejected_rows=[rejected | {"row": 1}])
    outcomes(desk, desk.partnership())
    changed = [conflict(1, shown="95"), conflict(2, is_open=False), conflict(4)]
    desk.write("county", changed, rejected_rows=[rejected | {"row": 2}, rejected | {"row": 3}])
    delivery = next(d for d in deliver_reports(desk.settings, desk.partnership(), send=True) if d.addressee == "county")
    assert delivery.changes == (
        "1 conflict new, 1 conflict with figures that moved, 2 conflicts settled or no longer listed, 2 rejected rows new "
        "and 1 rejected row cleared"
    )
    text = files_in(desk.settings.warehouse / "outbox/county" / delivery.report)["county.txt"].decode()
    assert "What changed since the report as at 1 June 2017:" in text
    for line in (
        "- New: Measure 4, Northby, 2016-17",
        "- Settled: Measure 2, Northby, 2016-17",
        "- Settled: Measure 3, Northby, 2016-17",
        "- Moved: Measure 1, Northby, 2016-17",
        "- 2 rejected rows new",
        "- 1 rejected row cleared",
    ):
        assert line in text.splitlines()


def test_a_place_of_fsspec_holds_the_report(desk: Desk) -> None:
    delivery = deliver_reports(
        desk.settings, desk.partnership(fire={"place": "memory://partners/fire"}), send=True, addressees=["fire"]
    )[0]
    memory = fsspec.filesystem("memory")
    names = {path.rpartition("/")[2] for path in memory.ls(f"/partners/fire/{delivery.report}", detail=False)}
    assert names == {"fire.html", "fire.xlsx", "fire.json", "fire.txt"}
    memory.rm("/partners", recursive=True)


@pytest.mark.parametrize("send", [False, True])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("s3://fire-service/csp", "Install s3fs to access S3 (Python finds no module 's3fs')"),
        ("sftp://files.example.org/csp", 'SFTPFileSystem requires "paramiko" to be installed'),
        ("sftpp://files.example.org/csp", "fsspec knows no file system sftpp://"),
    ],
)
def test_a_place_whose_package_is_not_installed_is_told_before_anything_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str, words: str, send: bool
) -> None:
    for module in ("s3fs", "paramiko"):
        monkeypatch.setitem(sys.modules, module, None)  # as where it is not installed
    [found] = deliver_reports(desk.settings, desk.partnership(fire={"place": place}), send=send, addressees=["fire"])
    assert (found.outcome, found.place) == ("failed", place)
    assert found.message.startswith(f"{place}: nothing can be sent there. {words}")
    assert ("Install it with pip" in found.message) == ("knows no" not in words)
    assert not (desk.settings.landing / "reports").exists()
    [finding] = [f for f in examine_delivery(desk.settings, desk.partnership(fire={"place": place})) if f.verdict == "wrong"]
    assert (finding.what, finding.found) == ("fire", found.message)


def test_a_crash_between_sending_and_noting_sends_once_more_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliver, "note_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_reports(desk.settings, desk.partnership(), send=True, addressees=["county"])
    assert desk.sent("county") == []
    again = deliver_reports(desk.settings, desk.partnership(), send=True, addressees=["county"])[0]
    assert again.outcome == "sent"
    assert "second time" in again.message
    assert "this is the same one" in files_in(desk.settings.warehouse / "outbox/county")["county.txt"].decode()
    last = deliver_reports(desk.settings, desk.partnership(), send=True, addressees=["county"])[0]
    assert (last.outcome, len(desk.sent("county"))) == ("already_sent", 1)


def test_what_cannot_be_noted_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(deliver, "note_sent", full)
    found = deliver_reports(desk.settings, desk.partnership(), send=True, addressees=["county"])[0]
    assert found.outcome == "failed"
    assert "was sent, but that cannot be noted" in found.message


def test_a_damaged_list_of_what_was_sent_stops_that_agency_alone(desk: Desk) -> None:
    outcomes(desk, desk.partnership())
    path = desk.settings.landing / "reports/county/sent.jsonl"
    path.write_text(path.read_text() + "{not whole\n", encoding="utf-8")
    desk.write("fire", 2)
    found = {d.addressee: d for d in deliver_reports(desk.settings, desk.partnership(), send=True)}
    assert found["county"].outcome == "failed"
    assert "sent.jsonl, line 2" in found["county"].message
    assert found["fire"].outcome == "sent"


def test_a_report_that_was_not_written_is_told(desk: Desk) -> None:
    (desk.settings.reports / "county.xlsx").unlink()
    found = {d.addressee: d for d in deliver_reports(desk.settings, desk.partnership(), send=True)}
    assert "county.xlsx" in found["county"].message
    assert found["police"].outcome == "sent"


@given(
    st.dictionaries(st.sampled_from(["as_at", "last_seen", "days_overdue"]), st.integers()),
    st.permutations(["id", "shown", "state"]),
)
def test_dates_of_the_calendar_and_the_order_of_keys_do_not_make_another_report(moved: dict[str, Any], keys: list[str]) -> None:
    entry = {"id": "a", "shown": "5", "state": "open"}
    report = {"conflicts": [entry], "as_at": "2017-01-01"}
    assert digest_of({**report, **moved, "conflicts": [{**{key: entry[key] for key in keys}, **moved}]}) == digest_of(report)


@given(st.sampled_from(["id", "shown", "state"]), st.text(min_size=1))
def test_anything_else_does(key: str, value: str) -> None:
    entry = {"id": "", "shown": "", "state": ""}
    assert digest_of({"conflicts": [{**entry, key: value}]}) != digest_of({"conflicts": [entry]})
