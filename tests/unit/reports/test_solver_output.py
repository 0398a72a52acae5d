"""What the solver prints past its options stays out of a command's output, which may be read by a program."""

import ctypes
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import numpy as np
import pytest

from csp_pipeline.reports import disclosure_attack

FIRST, SECOND = 1, 2
PATIENCE_SECONDS = 120


def test_words_of_the_solver_do_not_reach_standard_output(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def chatty(*arguments: Any, **options: Any) -> str:
        ctypes.CDLL(None).puts(b"a line from C")
        return "solved"

    monkeypatch.setattr(disclosure_attack, "milp", chatty)
    print("before")
    one = np.ones(1)
    assert disclosure_attack.solve(one, np.ones((1, 1)), (0, 1), 0 * one, one, one) == "solved"
    print("after")
    assert capfd.readouterr().out == "before\nafter\n"


def test_the_output_is_there_again_when_two_threads_have_solved_side_by_side(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_are_at_it, first_has_left = Barrier(2, timeout=PATIENCE_SECONDS), Event()

    def overlapping(objective: Any, **_: Any) -> None:
        both_are_at_it.wait()
        if objective[0] == SECOND:
            assert first_has_left.wait(PATIENCE_SECONDS)
        ctypes.CDLL(None).puts(b"a line from C")

    def solve(number: int) -> None:
        one = np.ones(1)
        disclosure_attack.solve(number * one, np.ones((1, 1)), (0, 1), 0 * one, one, one)
        first_has_left.set()

    monkeypatch.setattr(disclosure_attack, "milp", overlapping)
    print("before")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(solve, (FIRST, SECOND)))
    print("after")
    assert capfd.readouterr().out == "before\nafter\n"
