"""A query that was ended with its run is nobody's mistake: whoever asked it hands on that it was ended."""

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

import csp_pipeline
from csp_pipeline.figures.count import check_measures
from csp_pipeline.intake.correct import check_corrections
from csp_pipeline.partnership.corrections import CorrectionEntry
from csp_pipeline.publish import warehouse
from csp_pipeline.publish.status import read_open_discrepancies
from csp_pipeline.reports.read import read_facts
from csp_pipeline.scorecard.read import read_card_facts
from tests.conftest import Pipeline

CRIMES = "police/crimes"
# What lets a query's end through, in the handlers before one of every error of DuckDB.
LETS_THROUGH = {"ENDED", "NOT_OF_THE_FILE", "leaving"}


class EndedConnection:
    """A connection whose queries are ended once they stand."""

    def __enter__(self) -> "EndedConnection":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, query: str, *_: object) -> "EndedConnection":
        if not query.startswith("CREATE"):
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return self

    def interrupt(self) -> None:
        pass

    def fetchall(self) -> list[tuple[Any, ...]]:
        return []


def read_reports(desk: Pipeline, _: Path) -> None:
    read_facts(desk.settings, desk.partnership)


def read_scorecard(desk: Pipeline, _: Path) -> None:
    read_card_facts(desk.settings, cast("Any", SimpleNamespace(measures=[])), cast("Any", SimpleNamespace(district="D")))


def ask_for_status(desk: Pipeline, _: Path) -> None:
    read_open_discrepancies(desk.settings)


def add_views(_: Pipeline, folder: Path) -> None:
    (folder / "one.sql").write_text("FROM figures", encoding="utf-8")
    warehouse._add_views(duckdb.connect(), folder)


def check_conditions_of_measures(desk: Pipeline, _: Path) -> None:
    feed = next(feed for feed in desk.partnership.feeds if feed.key == CRIMES)
    check_measures(duckdb.connect(), feed, desk.specs[CRIMES], desk.book.of_feed(CRIMES))


def check_conditions_of_corrections(desk: Pipeline, _: Path) -> None:
    entry = CorrectionEntry(
        reason="r",
        reported="2016-05-12",
        status="reported",
        files="*",
        column="offence_code",
        where=["crime_number = '1'"],
        expects="1",
        becomes="2",
        rows=1,
    )
    feed = SimpleNamespace(folder=CRIMES, corrections={"wrong_code": entry})
    check_corrections(cast("Any", feed), desk.specs[CRIMES])


@pytest.mark.parametrize(
    "ask",
    [
        read_reports,
        read_scorecard,
        ask_for_status,
        add_views,
        check_conditions_of_measures,
        check_conditions_of_corrections,
    ],
)
def test_what_was_asked_when_the_run_was_ended_is_not_said_to_be_wrong(
    desk: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Pipeline, Path], None]
) -> None:
    desk.settings.database.parent.mkdir(parents=True, exist_ok=True)
    desk.settings.database.touch()
    monkeypatch.setattr(duckdb, "connect", lambda *_, **__: EndedConnection())
    with pytest.raises(duckdb.InterruptException):
        ask(desk, tmp_path)


def test_nobody_takes_every_error_of_duckdb_without_letting_the_end_of_a_run_through() -> None:
    [root] = csp_pipeline.__path__
    wrong, found = [], 0
    for path in sorted(Path(root).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            caught = [ast.unparse(h.type) if h.type else "" for h in node.handlers] if isinstance(node, ast.Try) else []
            if "duckdb.Error" in caught:
                found += 1
                if not LETS_THROUGH & set(caught[: caught.index("duckdb.Error")]):
                    wrong.append(f"{path.relative_to(root)}:{node.lineno}")
    assert found, "how errors of DuckDB are caught has changed, and this test with it"
    assert wrong == []
