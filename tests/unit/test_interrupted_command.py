"""Ctrl-C ends any command without a traceback, whatever it is at."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.alerts import tell_news
from csp_pipeline.doctor.look import examine
from csp_pipeline.errors import is_interruption
from csp_pipeline.partnership.alerting import AlertsEntry
from csp_pipeline.partnership.partnership import Partnership
from tests.conftest import Pipeline

BEGINNING = """
import signal
# as in a terminal: where the tests themselves run in the background, programs start with Ctrl-C ignored
signal.signal(signal.SIGINT, signal.default_int_handler)

from csp_pipeline import cli
from csp_pipeline.cli import app
from csp_pipeline.lake import connect
from csp_pipeline.settings import Settings

def ask():
    with connect(Settings(warehouse="warehouse")) as connection:
        # several parts, so that every thread of the engine has one, and none that ends
        connection.execute("CREATE TEMP TABLE numbers AS SELECT range AS n FROM range(1000000)")
        print("at work", flush=True)
        connection.execute("SELECT count(*) FROM numbers a, numbers b WHERE hash(a.n, b.n) % 7 = 3").fetchall()

def wait():
    print("at work", flush=True)
    input()

def fail():
    raise RuntimeError("a fault of our own")
"""


def start(work: str, folder: str) -> subprocess.Popen[str]:
    """A command whose work is one of the functions above."""
    script = f"{BEGINNING}\napp.main = {work}\ncli.main()"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder)


@pytest.mark.parametrize("work", ["ask", "wait"])
def test_ctrl_c_ends_a_command_with_130_during_a_query_and_outside(work: str, tmp_path) -> None:
    command = start(work, tmp_path)
    try:
        assert command.stdout is not None
        assert command.stdout.readline() == "at work\n"
        time.sleep(0.5)  # until the query is well under way
        command.send_signal(signal.SIGINT)
        # a query that went on would hold up the command for hours
        _, problems = command.communicate(timeout=120)
    finally:
        command.kill()
    assert (command.returncode, problems) == (130, "")


def by_ctrl_c(*_: object, **__: object) -> None:
    """As DuckDB tells of it during a query."""
    raise RuntimeError("Query interrupted") from KeyboardInterrupt()


@pytest.mark.parametrize(
    ("asks", "ask"),
    [
        ("csp_pipeline.doctor.look.examine_configuration", lambda desk: examine(desk.settings)),
        ("csp_pipeline.alerts.tell.find_concerns", lambda desk: tell_news(desk.settings, told_by_email(desk.partnership))),
        ("importlib.import_module", lambda _: find_feed_spec("police/asb")),
    ],
)
def test_what_bears_any_fault_does_not_go_on_after_ctrl_c(
    desk: Pipeline, monkeypatch: pytest.MonkeyPatch, asks: str, ask: Callable[[Pipeline], object]
) -> None:
    _ = desk.partnership
    monkeypatch.setattr(asks, by_ctrl_c)
    with pytest.raises(RuntimeError, match="Query interrupted") as raised:
        ask(desk)
    assert is_interruption(raised.value)


def told_by_email(partnership: Partnership) -> Partnership:
    alerts = AlertsEntry(email="ALERT_RECIPIENTS")
    return replace(partnership, file=partnership.file.model_copy(update={"alerts": alerts}))


def test_a_fault_of_our_own_is_not_taken_for_an_interruption(tmp_path) -> None:
    command = start("fail", tmp_path)
    _, problems = command.communicate(timeout=120)
    assert command.returncode == 1
    assert "a fault of our own" in problems
