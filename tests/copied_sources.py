"""The project's own configuration copied for a test, and narrowed to what that looks at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from csp_pipeline.new_partnership import narrow

PROJECT = Path(__file__).parents[1]
YEARS = {"first": "2014-15", "last": "2018-19", "expected_first": "2014-15", "expected_last": "2016-17"}


def copy_configuration(
    target: Path, years: Mapping[str, str] = YEARS, feeds: Sequence[str] | None = None, measures: Sequence[str] | None = None
) -> Path:
    """The project's `sources/` without exports: what the partnership decides, not what partners send.

    `feeds` narrows it, and with them `measures`.
    """
    kept = (None if names is None else tuple(names) for names in (feeds, measures))
    for name, content in _configuration(tuple(years.items()), *kept).items():
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    for feed in target.glob("*/*/feed.yml"):
        (feed.parent / "exports").mkdir(exist_ok=True)
    return target


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def write_yaml(path: Path, content: Any) -> None:
    path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")


@cache
def _configuration(
    years: tuple[tuple[str, str], ...], feeds: tuple[str, ...] | None, measures: tuple[str, ...] | None
) -> dict[Path, bytes]:
    """Its files by name. Kept, as narrowing takes longer than what many a test does with it."""
    original = PROJECT / "sources"
    kept = [*original.glob("*.yml"), *original.glob("*.csv"), *original.glob("*/*.csv"), *original.glob("*/feed.yml")]
    kept += original.glob("*/*/feed.yml")
    with TemporaryDirectory() as folder:
        copied = Path(folder)
        for path in kept:
            copy = copied / path.relative_to(original)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        partnership = copied / "partnership.yml"
        content = read_yaml(partnership)
        content["financial_years"] = dict(years)
        write_yaml(partnership, content)
        if feeds is not None:
            keep_feeds(copied, feeds, measures)
        return {path.relative_to(copied): path.read_bytes() for path in copied.rglob("*") if path.is_file()}


def keep_feeds(sources: Path, feeds: Sequence[str], measures: Sequence[str] | None = None) -> None:
    """Narrow a copied configuration to some feeds, and some of their measures, so that a run is short.

    What is left stands as it was.
    """
    for path in sources.glob("*/*/feed.yml"):
        if f"{path.parent.parent.name}/{path.parent.name}" not in feeds:
            shutil.rmtree(path.parent)

    def change(name: str, narrowed: Callable[[dict[str, Any]], dict[str, Any] | None]) -> dict[str, Any]:
        path = sources / name
        content = narrowed(read_yaml(path))
        if content is None:
            path.unlink()
            return {}
        write_yaml(path, content)
        return content

    change("partnership.yml", lambda content: _keep_public(content, feeds))
    kept = change("measures.yml", lambda content: _keep_measures(narrow.keep_measures(content, feeds), measures))["measures"]
    change("breaks.yml", lambda content: narrow.keep_breaks(content, feeds, kept))
    change("links.yml", lambda content: narrow.keep_links(content, feeds))
    change("claims.yml", lambda content: narrow.keep_claims(content, feeds, kept))
    change("scorecard.yml", lambda content: narrow.keep_scorecard(content, feeds, kept))


def _keep_measures(content: dict[str, Any], measures: Sequence[str] | None) -> dict[str, Any]:
    """`measures.yml` with some of its measures only."""
    if measures is None:
        return content
    return {
        **content,
        "measures": {name: content["measures"][name] for name in measures},
        "comparability": [entry for entry in content["comparability"] if set(entry.get("measures", [])) <= set(measures)],
    }


def _keep_public(content: dict[str, Any], feeds: Sequence[str]) -> dict[str, Any]:
    disclosure = content["disclosure"]
    public = [entry for entry in disclosure["public_feeds"] if entry["feed"] in feeds]
    return {**content, "disclosure": {**disclosure, "public_feeds": public}}
