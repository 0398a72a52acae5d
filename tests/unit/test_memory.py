"""Freed memory goes back to the system, so that a long file does not leave its size behind; and garbage is looked for."""

import gc
import importlib
import subprocess
import sys

import pytest

from csp_pipeline.memory import loading

# Arrays of growing size are what makes the C library keep more and more of what is freed.
PROGRAM = """
import sys
from csp_pipeline.memory import hand_back_freed_memory
told = hand_back_freed_memory()
size = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096
before = size()
for mib in (1, 4, 16, 30):
    held = [bytearray(mib * 2**20) for _ in range(4)]
    keeper, held = bytearray(100_000), None
print(told, (size() - before) // 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, which is Linux's")
def test_freed_blocks_do_not_stay_with_the_process() -> None:
    told, kept = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    if told == "False":
        pytest.skip("this C library has no mallopt")
    assert int(kept) < 16, "MiB that stayed after everything was freed"


def test_python_looks_for_garbage_again_after_loading_has_failed() -> None:
    before = gc.get_freeze_count()
    with pytest.raises(ModuleNotFoundError), loading():
        importlib.import_module("csp_pipeline.not_there")
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
    gc.unfreeze()
