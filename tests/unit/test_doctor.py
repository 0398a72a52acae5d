"""`csp doctor`: what is wrong with an installation, and how to mend it, without changing anything or showing a secret."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.defs.instance import TEMPLATE
from csp_pipeline.doctor import Finding, disk, examine, installed, runs
from csp_pipeline.doctor.places import examine_places
from csp_pipeline.doctor.secrets import examine_secrets
from csp_pipeline.lake import only_run
from csp_pipeline.partnership.alerting import AlertsEntry
from csp_pipeline.partnership.partnership import load_partnership
from tests.command import call_csp
from tests.conftest import ONE_YEAR, Pipeline

ASB, FIRE = "police/asb", "fire/incidents"


@pytest.fixture(scope="module")
def kept(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    return new_pipeline([ASB, FIRE], ONE_YEAR)


LINKED = f"""pairs:
- between: [{ASB}, {FIRE}]
  reason: r
  rules: [{{name: n, identifier: {{{ASB}: incident, {FIRE}: police_incident_number}}, form: letters_and_digits}}]
"""


@pytest.fixture
def ward(kept: Pipeline, tmp_path: Path) -> Pipeline:
    """A partnership of two feeds that each test may break as it likes; nothing has run yet."""
    shutil.copytree(kept.sources, tmp_path / "sources")
    return Pipeline(tmp_path / "sources", tmp_path / "warehouse")


def found(findings: Any, what: str) -> Finding:
    matching = [finding for finding in findings if finding.what == what]
    assert len(matching) == 1, [finding.what for finding in findings]
    return matching[0]


def not_fine(findings: Any) -> list[Finding]:
    return [finding for finding in findings if finding.verdict != "fine"]


def have_room() -> None:
    """Give this process a disk with room, whatever is left on the machine's."""
    shutil.disk_usage = lambda _: shutil._ntuple_diskusage(10**12, 0, 10**12)  # type: ignore[attr-defined]


def test_before_the_first_run_all_is_well_and_nothing_is_written(ward: Pipeline) -> None:
    done = call_csp("doctor", "--format", "json", warehouse=ward.settings.warehouse, sources=ward.sources, prepare=have_room)
    findings = [Finding(**entry) for entry in json.loads(done.stdout)]
    assert [f for f in not_fine(findings) if f.area != "versions"] == []
    assert done.returncode == 0, done.stderr
    assert {f.area for f in findings} == {"versions", "configuration", "disk", "runs", "secrets", "places", "files", "delivery"}
    assert found(findings, ASB).found == "0 files"
    assert not ward.settings.warehouse.exists()


def test_each_broken_file_of_the_configuration_is_named_with_its_mistake(ward: Pipeline) -> None:
    for feed, wrong, right in ((ASB, "deadline_days: soon", "deadline_days: 15"), (FIRE, "cadense: q", "cadence: quarterly")):
        path = ward.sources / feed / "feed.yml"
        path.write_text(path.read_text("utf-8").replace(right, wrong), "utf-8")
    done = call_csp("doctor", warehouse=ward.settings.warehouse, sources=ward.sources)
    assert done.returncode == 4
    assert "wrong   configuration, police/asb/feed.yml:" in done.stdout
    assert "deadline_days" in done.stdout
    assert "wrong   configuration, fire/incidents/feed.yml:" in done.stdout
    assert "cadense" in done.stdout


def test_a_feed_of_an_agency_that_the_partnership_does_not_have_is_told(ward: Pipeline) -> None:
    """No run looks at it, so that its figures would be missing without a word."""
    shutil.copytree(ward.sources / FIRE, ward.sources / "ambulance/callouts")
    told = not_fine(finding for finding in examine(ward.settings) if finding.area == "configuration")
    assert [(finding.verdict, finding.what) for finding in told] == [("warning", "ambulance/callouts/feed.yml")]
    assert "partnership.yml has no agency 'ambulance'" in told[0].found
    assert "under agencies" in told[0].mend


def test_a_ready_feed_that_was_switched_on_is_fine(ward: Pipeline) -> None:
    call_csp("feeds", "add", "stats19_collisions", "--agency", "police", warehouse=ward.settings.warehouse, sources=ward.sources)
    assert (ward.sources / "police/collisions/feed.yml").exists()
    assert found(examine(ward.settings), "feeds' layouts").verdict == "fine"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("feed.yml", "\nrenamed: {sort: {sent_as: kind, since: 2016-05-01, reason: New system}}\n", "no such column"),
        (
            "corrections.yml",
            "corrections: {wrong: {reason: r, reported: 2016-05-12, status: reported, files: '*', column: sort, where: ['true'], "
            "expects: a, becomes: b, rows: some}}\n",
            "'sort' is not known",
        ),
    ],
)
def test_what_a_feeds_folder_says_of_columns_it_does_not_have_is_found(ward: Pipeline, name: str, text: str, words: str) -> None:
    with (ward.sources / ASB / name).open("a") as file:
        file.write(text)
    assert words in found(examine(ward.settings), "feeds' layouts").found


def test_a_claim_that_cannot_be_computed_is_found_though_all_else_is_well(ward: Pipeline) -> None:
    (ward.sources / "claims.yml").write_text("claims: {a: {no_such_key: 1}}\n", "utf-8")
    (wrong,) = [finding for finding in examine(ward.settings) if finding.verdict == "wrong"]
    assert (wrong.area, wrong.what) == ("configuration", "claims.yml")
    assert "no_such_key" in wrong.found


@pytest.mark.parametrize(
    ("name", "right", "wrong", "what", "words"),
    [
        (
            "measures.yml",
            "date: reported",
            "date: repoted",
            "measures.yml, breaks.yml",
            "'repoted' is not known; known: reported",
        ),
        (
            "measures.yml",
            "count: incident",
            "count: people",
            "measures.yml, breaks.yml",
            "'people' is not known; known: incident",
        ),
        ("links.yml", "pairs: []", LINKED, "links.yml", "police/asb has no column 'incident'; it has incident_number"),
    ],
)
def test_a_column_that_only_counting_or_linking_would_miss_is_found(
    ward: Pipeline, name: str, right: str, wrong: str, what: str, words: str
) -> None:
    path = ward.sources / name
    before = path.read_text("utf-8")
    assert right in before
    path.write_text(before.replace(right, wrong, 1), "utf-8")
    assert words in found(examine(ward.settings), what).found


def test_a_place_that_is_gone_is_told_and_the_other_is_listed(ward: Pipeline) -> None:
    ward.put(FIRE, "incidents_2016-17-Q1_extracted-2016-07-20.csv", "x")
    shutil.rmtree(ward.sources / ASB / "exports")
    findings = list(examine_places(ward.partnership))
    assert "does not exist" in found(findings, ASB).found
    assert found(findings, ASB).mend
    assert found(findings, FIRE).found == "1 files"


def test_a_variable_that_is_not_set_is_named_with_who_needs_it_and_no_value_is_shown(
    ward: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERT_WEBHOOK", "https://chat.example.org/very-secret")
    monkeypatch.delenv("ALERT_TOKEN", raising=False)
    alerts = AlertsEntry(webhook="ALERT_WEBHOOK", webhook_token="ALERT_TOKEN")  # noqa: S106 (the name of a variable)
    partnership = replace(ward.partnership, file=ward.partnership.file.model_copy(update={"alerts": alerts}))
    findings = list(examine_secrets(ward.settings, partnership))
    assert found(findings, "ALERT_WEBHOOK").verdict == "fine"
    missing = found(findings, "ALERT_TOKEN")
    assert (missing.verdict, missing.found) == ("wrong", "not set; named by alerts > webhook_token")
    assert "very-secret" not in str(findings)


def test_a_variable_for_a_header_is_looked_for_too(ward: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_API_KEY", raising=False)
    path = ward.sources / ASB / "feed.yml"
    written = path.read_text("utf-8")
    entry = yaml.safe_load(written) | {"location": "https://force.example.org/asb.csv"}
    entry["pull"] = {"web": {"headers": {"X-Api-Key": "FORCE_API_KEY"}}}
    path.write_text(yaml.safe_dump(entry), "utf-8")
    partnership = load_partnership(ward.sources)
    path.write_text(written, "utf-8")
    missing = found(examine_secrets(ward.settings, partnership), "FORCE_API_KEY")
    assert missing.found == f"not set; named by {ASB}/feed.yml > pull > web > headers > X-Api-Key"


def test_a_secret_that_others_may_read_is_told(ward: Pipeline) -> None:
    path = ward.settings.landing / "person_key.secret"
    path.parent.mkdir(parents=True)
    path.write_text("x", encoding="utf-8")
    path.chmod(0o644)
    told = found(examine_secrets(ward.settings, ward.partnership), "secret of person keys")
    assert (told.verdict, told.mend) == ("warning", f"chmod 600 {path}")
    path.chmod(0o600)
    assert not_fine(examine_secrets(ward.settings, ward.partnership)) == []


def test_too_little_room_and_a_folder_that_is_read_only_are_told(ward: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**10, 10**10, 10**8))
    assert found(disk.examine_disk(ward.settings), "space").verdict == "warning"
    monkeypatch.setattr(disk.os, "access", lambda *_: False)
    assert found(disk.examine_disk(ward.settings), "may be written to").verdict == "wrong"


def test_what_another_user_made_and_this_one_may_not_read_is_no_fault_of_the_doctor(
    ward: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/srv/csp/warehouse/landing/person_key.secret")

    monkeypatch.setattr("csp_pipeline.doctor.look.secrets.examine_secrets", refuse)
    [finding] = [finding for finding in examine(ward.settings) if finding.verdict == "wrong"]
    assert finding.found == "/srv/csp/warehouse/landing/person_key.secret may not be read by this user"
    assert "as the user that runs the pipeline" in finding.mend


def test_a_version_that_is_not_the_tested_one_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("duckdb==0.0.1 \\\n    --hash=sha256:0\npandera[pandas]==0.0.2 \\\n", "utf-8")
    findings = list(installed.examine_versions(lock))
    assert "tested with 0.0.1" in found(findings, "duckdb").found
    assert "tested with 0.0.2" in found(findings, "pandera").found
    assert found(findings, "dagster").verdict == "fine"


def record_run(warehouse: Path, status: str) -> None:
    record = warehouse / "dagster" / "history" / "runs.db"
    record.parent.mkdir(parents=True)
    with sqlite3.connect(record) as database:
        database.execute("CREATE TABLE runs (status TEXT)")
        database.execute("INSERT INTO runs VALUES (?)", [status])


def test_a_run_that_no_process_works_on_is_told_for_the_queue_waits_for_it(ward: Pipeline) -> None:
    record_run(ward.settings.warehouse, "STARTED")
    stuck = found(runs.examine_runs(ward.settings), "unfinished runs")
    assert stuck.verdict == "wrong"
    assert "terminate" in stuck.mend
    with only_run(ward.settings, "at work"):
        findings = list(runs.examine_runs(ward.settings))
    assert found(findings, "unfinished runs").found == "one is at work"
    assert found(findings, "the warehouse").found.startswith(f"held by a run: process {os.getpid()}, since ")
    assert found(runs.examine_runs(ward.settings), "the warehouse").found == "free"


def test_ended_runs_and_the_lock_file_they_leave_are_fine(ward: Pipeline) -> None:
    record_run(ward.settings.warehouse, "SUCCESS")
    with only_run(ward.settings, "done"):
        pass
    assert not_fine(runs.examine_runs(ward.settings)) == []


def test_settings_of_the_instance_are_compared_with_the_template(ward: Pipeline) -> None:
    own = ward.settings.dagster_home / "dagster.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    assert found(runs.examine_runs(ward.settings), "dagster.yaml").verdict == "fine"
    own.write_text(TEMPLATE.read_text("utf-8").replace("default_limit: 1", "default_limit: 5"), "utf-8")
    told = found(runs.examine_runs(ward.settings), "dagster.yaml")
    assert (told.verdict, told.found) == ("warning", "differs from the template in concurrency")
    own.write_text("concurrency: [", "utf-8")
    assert found(runs.examine_runs(ward.settings), "dagster.yaml").verdict == "wrong"


def test_the_doctor_reads_the_template_that_runs_copy() -> None:
    assert runs.TEMPLATE == TEMPLATE
