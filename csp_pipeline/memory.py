"""What is done with memory: the C library hands back what was freed, and no garbage is looked for in what is kept."""

import ctypes
import functools
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# From malloc.h of the GNU C library, where the manual calls it "Malloc Tunable Parameters".
M_MMAP_THRESHOLD = -3
LARGE = 128 * 1024


@functools.cache
def hand_back_freed_memory() -> bool:
    """Have large blocks returned to the system as soon as they are freed, for the rest of this process.

    By default the GNU C library raises the size from which it does so with every larger block that is freed; a long file read
    batch by batch then leaves hundreds of MB behind in pieces. Gives whether the C library is one that can be told.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    # An explicit value also ends the raising.
    return mallopt is not None and mallopt(M_MMAP_THRESHOLD, LARGE) == 1


@contextmanager
def loading() -> Iterator[None]:
    """Load what stays to the end of the process, such as libraries: Python looks for no garbage in it, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
