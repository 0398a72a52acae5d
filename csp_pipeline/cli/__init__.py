"""The `csp` command: one module for each group of commands, and what they share: options, printing, asking the warehouse."""

import atexit
import gc
import sys

from csp_pipeline.errors import is_interruption
from csp_pipeline.memory import loading

# What a shell expects of a command that Ctrl-C has ended.
EXIT_INTERRUPTED = 130


def main() -> None:
    """Entry point."""
    # A run keeps most of what it makes to its end: looking for garbage at every 700 objects takes a tenth of its time.
    gc.set_threshold(50_000)
    # Nor is there a point in looking for any at the very end, which would take another second and a half.
    atexit.register(gc.freeze)
    try:
        with loading():
            from csp_pipeline.cli.app import main as run_command
        run_command()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except (RuntimeError, ImportError) as error:
        if not is_interruption(error):
            raise
        sys.exit(EXIT_INTERRUPTED)
