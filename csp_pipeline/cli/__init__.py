"""The `csp` command: one module for each group of commands, and what they share: options, printing, asking the warehouse."""

from csp_pipeline.cli.app import main

__all__ = ["main"]
