"""`make accuracy`: how often bridges name the planted cause, over many seeds, with good and with spoiled identifiers."""

import argparse

import pandas as pd

from tests.accuracy.domestic import make_domestic_world
from tests.accuracy.measure import WHOLE_YEARS, bridge_world, confuse, link_precision
from tests.bench.run import OUTPUT


def measure_seeds(seeds: int, spoiled: float) -> tuple[pd.DataFrame, tuple[int, int, int]]:
    """The confusion table over the seeds, with decidable records apart, and links found, true and to be found."""
    tables, links = [], (0, 0, 0)
    for seed in range(seeds):
        world = make_domestic_world(seed, spoiled=spoiled)
        found = bridge_world(world, WHOLE_YEARS)
        tables.append(confuse(world, found))
        links = tuple(a + b for a, b in zip(links, link_precision(world, found), strict=True))
    keys = ["planted", "is_decidable", "found"]
    return pd.concat(tables).groupby(keys, as_index=False).records.sum(), links


def describe(table: pd.DataFrame, links: tuple[int, int, int], spoiled: float, seeds: int) -> str:
    """The results of one share of spoiled identifiers as Markdown."""
    right = table[table.planted == table.found].records.sum()
    decidable = table[table.is_decidable]
    right_of_decidable = decidable[decidable.planted == decidable.found].records.sum()
    every = table.records.sum()
    lines = [
        f"### {spoiled:.0%} of references missing or wrong, {seeds} seeds",
        "",
        f"- records of the gaps with their planted cause: {right:,} of {every:,} ({right / every:.2%})",
        f"- of those whose counterpart had been delivered: {right_of_decidable:,} of {decidable.records.sum():,} "
        f"({right_of_decidable / decidable.records.sum():.2%})",
        f"- links that are true: {links[1]:,} of {links[0]:,} ({links[1] / links[0]:.2%}); true links found: "
        f"{links[1]:,} of {links[2]:,} ({links[1] / links[2]:.2%})",
        "",
        "| planted | found | records |",
        "|---|---|---|",
        *(
            f"| {row.planted}{'' if row.is_decidable else ' (not delivered)'} | {row.found} | {row.records:,} |"
            for row in table.itertuples()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure both and write `.bench/accuracy.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    seeds = parser.parse_args().seeds
    OUTPUT.mkdir(exist_ok=True)
    text = "\n".join(describe(*measure_seeds(seeds, spoiled), spoiled, seeds) for spoiled in (0.0, 0.3))
    (OUTPUT / "accuracy.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
