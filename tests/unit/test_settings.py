"""Settings from the environment: what is empty is not given, and what cannot be used is named before anything is done."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from csp_pipeline.cli import app
from csp_pipeline.errors import PublishError
from csp_pipeline.intake.fingerprint import person_key_secret
from csp_pipeline.settings import Settings


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CSP_THREADS", "many", "valid integer"),
        ("CSP_THREADS", "0", "greater than or equal to 1"),
        ("CSP_STEPS_AT_ONCE", "0", "greater than or equal to 1"),
        ("CSP_MEMORY_LIMIT", "900", "should match pattern"),
        ("CSP_MEMORY_LIMIT", "80%", "should match pattern"),
        ("CSP_PERSON_KEY_SECRET", "  ", "is blank"),
    ],
)
def test_one_that_cannot_be_used_is_wrong_usage_and_named(
    variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("COLUMNS", "400")
    done = CliRunner().invoke(app.app, ["status", "--warehouse", str(tmp_path)])
    assert done.exit_code == 2
    assert variable in done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("name", ["which?", "100%25"])
def test_a_warehouse_where_dagster_cannot_keep_its_runs_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    done = CliRunner(env={"COLUMNS": "400"}).invoke(app.app, ["run", "--warehouse", str(tmp_path / name)])
    assert done.exit_code == 2
    assert "choose another folder" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("amount", ["900MB", "1 GB", "0.5GiB", "2g"])
def test_amounts_of_memory_that_duckdb_reads_are_taken(amount: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_MEMORY_LIMIT", amount)
    assert Settings().memory_limit == amount


def test_an_empty_secret_is_none_so_that_one_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """`CSP_PERSON_KEY_SECRET=` in a file of variables: keys made with an empty secret could be made by everybody."""
    monkeypatch.setenv("CSP_PERSON_KEY_SECRET", "")
    settings = Settings(warehouse=tmp_path)
    assert settings.person_key_secret is None
    assert len(person_key_secret(settings)) >= 32
    (tmp_path / "landing" / "person_key.secret").write_text("\n", encoding="utf-8")
    with pytest.raises(PublishError, match=r"person_key\.secret: is empty"):
        person_key_secret(settings)
