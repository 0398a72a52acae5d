"""What the solver prints past its options stays out of a command's output, which may be read by a program."""

import ctypes
from typing import Any

import numpy as np
import pytest

from csp_pipeline.reports import disclosure_attack


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
