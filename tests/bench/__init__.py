"""Benchmarks: each a whole process beside a baseline of the same run; `make bench` writes the ratios."""
