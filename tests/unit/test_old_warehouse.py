"""`csp` on a warehouse that it cannot ask: made by another version, or damaged."""

from pathlib import Path

import duckdb
import pytest

from csp_pipeline.cli.warehouse import ask_warehouse, check_known
from csp_pipeline.errors import PublishError
from csp_pipeline.settings import Settings


def test_a_warehouse_of_another_version_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(warehouse=tmp_path)
    with duckdb.connect(str(settings.database)) as database:
        database.execute("CREATE TABLE claims (claim VARCHAR)").fetchall()
    with pytest.raises(PublishError, match=r"csp\.duckdb: cannot be asked: .*verdict.*Remove it, then make it again"):
        ask_warehouse(settings, "claims", {"claim": None, "verdict": None})
    with pytest.raises(PublishError, match="measures does not exist"):
        check_known(settings, "measures", "measure", "total_crime")


def test_a_damaged_warehouse_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(warehouse=tmp_path)
    settings.database.write_bytes(b"not a database" * 1000)
    with pytest.raises(PublishError, match=r"csp\.duckdb: cannot be asked: .*Remove it"):
        ask_warehouse(settings, "claims", {"claim": None, "verdict": None})


def test_a_warehouse_that_may_not_be_read_is_not_said_to_be_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whom the published file was not copied to: nobody should be told to remove it."""
    settings = Settings(warehouse=tmp_path)
    settings.database.touch()

    def refuse(path: str, **_: object) -> None:
        raise duckdb.IOException(f'IO Error: Cannot open file "{path}": Permission denied')

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(PublishError, match=r"csp\.duckdb: this user may not read it\. Ask for read access, or for a copy\.$"):
        ask_warehouse(settings, "claims", {"claim": None, "verdict": None})
