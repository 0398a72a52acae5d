"""Ctrl-C ends any command without a traceback, whatever it is at."""

import signal
import subprocess
import sys
import time

import pytest

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


def test_a_fault_of_our_own_is_not_taken_for_an_interruption(tmp_path) -> None:
    command = start("fail", tmp_path)
    _, problems = command.communicate(timeout=120)
    assert command.returncode == 1
    assert "a fault of our own" in problems
