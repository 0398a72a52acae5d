"""Ctrl-C ends any command without a traceback, whatever it is at."""

import os
import signal
import threading

import duckdb
import pytest

from csp_pipeline import cli
from csp_pipeline.cli import app


@pytest.fixture(autouse=True)
def as_garbage_is_collected_in_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.gc, "set_threshold", lambda _: None)


def interrupt_after(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


def ask_for_long() -> None:
    interrupt_after(0.2)
    duckdb.sql("SELECT count(*) FROM range(1_000_000_000_000) numbers WHERE numbers.range % 7 = 3").fetchall()


def wait_for_long() -> None:
    interrupt_after(0.05)
    threading.Event().wait(60)


@pytest.mark.parametrize("work", [ask_for_long, wait_for_long])
def test_ctrl_c_ends_a_command_with_130_during_a_query_and_outside(monkeypatch: pytest.MonkeyPatch, work) -> None:
    monkeypatch.setattr(app, "main", work)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130


def test_a_fault_of_our_own_is_not_taken_for_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr(app, "main", fail)
    with pytest.raises(RuntimeError, match="of our own"):
        cli.main()
