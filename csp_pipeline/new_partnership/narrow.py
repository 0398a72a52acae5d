"""Narrowing a partnership's decisions to some feeds: what is left stands as it was, and names nothing that is gone."""

from collections.abc import Collection
from typing import Any

Content = dict[str, Any]


def keep_measures(content: Content, feeds: Collection[str]) -> Content:
    """`measures.yml` with these feeds only, and without measures that none of them gives."""
    measures = {
        name: {**measure, "feeds": {key: way for key, way in measure["feeds"].items() if key in feeds}}
        for name, measure in content["measures"].items()
    }
    tolerances = [
        {**entry, "between": [key for key in entry["between"] if key in feeds]} if entry.get("between") else entry
        for entry in content["tolerances"]
    ]
    tolerances = [entry for entry in tolerances if entry.get("between") is None or len(entry["between"]) > 1]
    return {
        **content,
        "measures": {name: measure for name, measure in measures.items() if measure["feeds"]},
        "tolerances": tolerances,
        "comparability": [entry for entry in content["comparability"] if set(entry["between"]) <= set(feeds)],
        "preferred": [entry for entry in content["preferred"] if entry.get("feed") in (None, *feeds)],
    }


def keep_breaks(content: Content, feeds: Collection[str], measures: Collection[str]) -> Content:
    """`breaks.yml` with the breaks of these feeds and measures."""
    kept = []
    for entry in content["breaks"]:
        narrowed = {**entry, "feeds": [feed for feed in entry["feeds"] if feed in feeds]}
        narrowed["comparable_within"] = [feed for feed in entry.get("comparable_within", []) if feed in feeds]
        if entry.get("measures"):
            narrowed["measures"] = [name for name in entry["measures"] if name in measures]
        if narrowed["feeds"] and narrowed.get("measures") != []:
            kept.append(narrowed)
    return {**content, "breaks": kept}


def keep_links(content: Content, feeds: Collection[str]) -> Content:
    """`links.yml` with the pairs of these feeds."""
    return {
        **content,
        "pairs": [pair for pair in content["pairs"] if set(pair["between"]) <= set(feeds)],
        "feeds": {key: entry for key, entry in content["feeds"].items() if key in feeds},
    }


def keep_claims(content: Content, feeds: Collection[str], measures: Collection[str]) -> Content:
    """`claims.yml` with the claims that these feeds and measures can test."""
    return {
        **content,
        "claims": {
            name: claim
            for name, claim in content["claims"].items()
            if set(claim.get("feeds", [])) <= set(feeds) and set(claim.get("measures", [])) <= set(measures)
        },
    }


def keep_scorecard(content: Content, feeds: Collection[str], measures: Collection[str]) -> Content | None:
    """`scorecard.yml` with what can still be counted; None where nothing is left."""
    priorities = {
        name: {**entry, "measures": [measure for measure in entry.get("measures", []) if measure in measures]}
        for name, entry in content["priorities"].items()
    }
    priorities = {name: entry for name, entry in priorities.items() if entry["measures"]}
    if not priorities:
        return None
    sums = [entry for entry in content.get("sums", []) if entry["feed"] in feeds and entry["whole"] in measures]
    kept = {**content, "priorities": priorities, "sums": sums}
    published = kept.pop("published", None)
    if published is not None and published["feed"] in feeds:
        tables = [
            {**table, "rows": {label: name for label, name in table["rows"].items() if name in measures}}
            for table in published["tables"]
        ]
        kept["published"] = {**published, "tables": [table for table in tables if table["rows"]]}
    return kept
