"""`csp reports --deliver`: what it prints, what it leaves, and its exit codes."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from csp_pipeline.cli import app, output
from csp_pipeline.settings import Settings
from tests.unit.reports.made_warehouse import make_warehouse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_warehouse(tmp_path)


def reports(settings: Settings, *options: str) -> Result:
    places = ["--sources", str(settings.sources), "--warehouse", str(settings.warehouse)]
    return CliRunner().invoke(app.app, ["reports", *options, *places])


def deliver_to(settings: Settings, **agencies: dict[str, str]) -> None:
    path = settings.sources / "partnership.yml"
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | {"delivery": {"agencies": agencies}}), encoding="utf-8")


def test_it_shows_first_and_sends_when_told(settings: Settings) -> None:
    shown = reports(settings, "--deliver", "--format", "csv")
    assert shown.exit_code == 0
    rows = {row["addressee"]: row for row in csv.DictReader(io.StringIO(shown.stdout))}
    row = rows["police"]
    assert (row["outcome"], row["place"]) == ("would_be_sent", "outbox/police")
    assert "Nothing was sent" in shown.stderr
    assert not (settings.warehouse / "outbox").exists()
    written = settings.reports / "police.xlsx"
    as_shown = written.stat().st_mtime_ns
    assert reports(settings, "--deliver", "--send").exit_code == 0
    assert written.stat().st_mtime_ns == as_shown  # what stands there says the same, and is not made again
    assert list((settings.warehouse / "outbox/police" / row["report"]).glob("*.html"))
    assert "already_sent" in reports(settings, "--deliver", "--send").stdout


def test_it_ends_with_5_when_a_report_cannot_be_delivered(settings: Settings) -> None:
    deliver_to(settings, police={"folder": "not-mounted"})
    done = reports(settings, "--deliver", "--send")
    assert done.exit_code == output.EXIT_UNDELIVERED == 5
    assert "police: not delivered" in done.stderr
    assert "there is no such folder" in done.stderr


@pytest.mark.parametrize("options", [("--send",), ("nobody", "--deliver")])
def test_wrong_usage_sends_nothing(settings: Settings, options: tuple[str, ...]) -> None:
    assert reports(settings, *options).exit_code == output.EXIT_USAGE
    assert not (settings.warehouse / "outbox").exists()


def test_marks_are_printed_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_rows((["figure"], [["[c]"], ["[x]"]]), output.Format.table, "Figures")
    assert "[c]" in capsys.readouterr().out
