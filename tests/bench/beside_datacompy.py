"""datacompy on two sides of a table, in an environment of its own (`datacompy.txt`), so nothing of the project is imported here.

`python beside_datacompy.py SIDE_A SIDE_B` reads two Parquet files, compares them by `key` and prints the seconds that it took.
"""

import sys
import time

import datacompy
import pandas as pd


def main(side_a: str, side_b: str) -> None:
    """Read, compare, and write datacompy's own report."""
    started = time.perf_counter()
    compared = datacompy.PandasCompare(pd.read_parquet(side_a), pd.read_parquet(side_b), join_columns="key")
    report = compared.report()
    print(f"{time.perf_counter() - started:.3f}")
    assert "DataComPy Comparison" in report


if __name__ == "__main__":
    main(*sys.argv[1:])
