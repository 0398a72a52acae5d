"""Where a command's output goes cannot take it, or is not for it: said in a sentence, without a traceback."""

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from csp_pipeline.cli import app


def test_output_without_room_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["csp", "feeds", "--format", "csv"])
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            app.main()
    assert ended.value.code == 1
    assert "No space left on device" in capfd.readouterr().err


def test_a_reader_who_has_seen_enough_is_told_nothing(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "argv", ["csp", "feeds", "--format", "csv"])
    with open(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as ended:
            app.main()
    assert (ended.value.code, capfd.readouterr().err) == (1, "")


def test_a_command_whose_output_is_closed_does_what_it_should(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["csp", "feeds", "--format", "csv"])
    monkeypatch.setattr(sys, "stdout", None)  # as Python has it after `>&-`
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert not ended.value.code
    assert capfd.readouterr().err == ""


def test_a_sample_is_not_written_over_what_is_there(tmp_path: Path) -> None:
    """It would put made-up exports beside real ones, and its configuration in place of a partnership's."""
    (tmp_path / "partnership.yml").write_text("name: Ours", encoding="utf-8")
    done = CliRunner().invoke(app.app, ["sample", "--to", str(tmp_path), "--seed", "1", "--crimes", "1"])
    assert done.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["partnership.yml"]
    assert (tmp_path / "partnership.yml").read_text(encoding="utf-8") == "name: Ours"
