"""What an agency can read and knows by itself: its pack, the front page, its own and public figures, ready for an attacker.

Read from the files as published; the warehouse stands for the agencies' own books and for public sources, and says which
sums hold and which counts are in fact small.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import yaml

from tests.unit.reports.attacker import MOST, Attacker

Cell = str
LEVELS = ("district", "county", "force")


@dataclass
class Conflict:
    """One listed conflict: its two figures' cells with the numbers shown, None where there is a mark."""

    cells: tuple[Cell, Cell]
    values: tuple[float | None, float | None]
    gap: float | None


@dataclass
class Published:
    """The reports in a folder, and the warehouse they were made from."""

    reports: Path
    database: Path
    sources: Path
    own_district: str
    figures: dict[Cell, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with duckdb.connect(str(self.database), read_only=True) as db:
            levels = f"a.area_level IN {LEVELS} AND p.period_kind IN ('quarter', 'financial_year')"
            self.figures = dict(
                db.execute(
                    "SELECT concat_ws('|', agency || '/' || feed, measure, area_code, period), value FROM figures f "
                    "JOIN areas a USING (area_code) JOIN (SELECT period, period_kind FROM periods) p USING (period) "
                    f"WHERE is_headline AND value IS NOT NULL AND unit <> 'percent' AND {levels}"
                ).fetchall()
            )
            self.areas = db.execute("SELECT area_code, area_level, county_code, force_code FROM areas").fetchall()
            self.periods = db.execute("SELECT period, period_kind, period_start, period_end FROM periods").fetchall()
            self.compared = db.execute(
                "SELECT agency_a || '/' || feed_a, agency_b || '/' || feed_b, measure, area_code, period, rule "
                "FROM comparisons c "
                "JOIN areas a USING (area_code) JOIN (SELECT period, period_kind FROM periods) p USING (period) "
                f"WHERE verdict IN ('agrees', 'within_tolerance', 'conflict') AND {levels}"
            ).fetchall()
            self.titles = dict(db.execute("SELECT title, any_value(measure) FROM measures GROUP BY title").fetchall())
            self.feeds = {
                f"{name}: {title}": f"{agency}/{feed}"
                for agency, name, feed, title in db.execute(
                    "SELECT agency, agency_name, feed, title FROM feeds JOIN agencies USING (agency)"
                ).fetchall()
            }
        tolerances = yaml.safe_load((self.sources / "measures.yml").read_text(encoding="utf-8"))["tolerances"]
        self.tolerances = {entry["name"]: (entry["absolute"], entry["relative"]) for entry in tolerances}
        disclosure = yaml.safe_load((self.sources / "partnership.yml").read_text(encoding="utf-8"))["disclosure"]
        self.public = {entry["feed"] for entry in disclosure["public_feeds"]}

    def pack(self, agency: str) -> list[Conflict]:
        """The conflicts of an agency's JSON."""
        return read_pack(self.reports / f"{agency}.json")

    def front_page(self) -> list[Conflict]:
        """The conflicts of the front page's table, which are those of the own district's years."""
        found = []
        for row in _rows((self.reports / "index.html").read_text(encoding="utf-8")):
            if len(row) == 7 and row[0] in self.titles and row[2] in self.feeds and row[4] in self.feeds:
                place = f"{self.titles[row[0]]}|{self.own_district}|{row[1]}"
                cells = f"{self.feeds[row[2]]}|{place}", f"{self.feeds[row[4]]}|{place}"
                found.append(Conflict(cells, (_number(row[3]), _number(row[5])), _number(row[6])))
        return found

    def scorecard(self) -> dict[Cell, float]:
        """The figures of the scorecard's measures by year and quarter, which everybody reads."""
        sheets = json.loads((self.reports / "scorecard.json").read_text(encoding="utf-8"))["sheets"]
        return {
            f"{self.feeds[row['Figures from']]}|{self.titles[row['Measure']]}|{self.own_district}|{period}": float(value)
            for row in sheets["Measures"]
            for period, value in row.items()
            if period[:2] == "20" and isinstance(value, (int, float)) and row["Unit"] != "per cent"
        }

    def knows_by_itself(self, agency: str | None) -> dict[Cell, float]:
        """An agency's own figures and the public ones."""
        return {
            cell: value
            for cell, value in self.figures.items()
            if (feed := cell.split("|")[0]) in self.public or feed.split("/")[0] == agency
        }

    def attacker(self, agency: str | None, listed: list[Conflict], earlier: dict[Cell, float], blind: bool = False) -> Attacker:
        """All that an agency knows together; `blind`: as if the reports had shown no figure of others at all."""
        shown = {cell: v for conflict in listed for cell, v in zip(conflict.cells, conflict.values, strict=True) if v is not None}
        seen = self.knows_by_itself(agency) | ({} if blind else shown | earlier)
        sums, ranges, signed = self._sums()
        ranges |= self._told(agency, listed, seen)
        return Attacker(seen, sums, ranges, signed)

    def small(self, agency: str | None, listed: list[Conflict], seen: Iterable[Cell] = ()) -> set[Cell]:
        """Others' counts of 1 to 4 of the feeds, measures and years that the reports are about; and in the own district, those
        that the figures `seen` on the scorecard are about.
        """
        subjects = {_subject(cell) for conflict in listed for cell in conflict.cells}
        in_district = subjects | {_subject(cell) for cell in seen}
        own = self.knows_by_itself(agency)
        return {
            cell
            for cell, value in self.figures.items()
            if 1 <= value <= 4
            and cell not in own
            and _subject(cell) in (in_district if cell.split("|")[2] == self.own_district else subjects)
        }

    def _sums(self) -> tuple[list[dict[Cell, float]], dict[Cell, list[tuple[float, float]]], frozenset[Cell]]:
        """What adds up; where it does not, a rest whose direction is known."""
        years = {p[0]: [q[0] for q in self.periods if q[1] == "quarter" and p[2] <= q[2] and q[3] <= p[3]] for p in self.periods}
        within: dict[str, list[list[str]]] = defaultdict(list)
        for code, level, _, _ in self.areas:
            if level == "county":
                within[code].append([a[0] for a in self.areas if a[1] == "district" and a[2] == code])
            if level == "force":
                districts = [a for a in self.areas if a[1] == "district" and a[3] == code]
                counties = [a[0] for a in self.areas if a[1] == "county" and a[3] == code]
                within[code] += [[a[0] for a in districts], counties + [a[0] for a in districts if not a[2]]]
        sums, ranges, signed = [], {}, set()
        for cell, value in self.figures.items():
            feed, measure, area, period = cell.split("|")
            ways = [[f"{feed}|{measure}|{area}|{quarter}" for quarter in years[period]]] if "Q" not in period else []
            ways += [[f"{feed}|{measure}|{part}|{period}" for part in parts] for parts in within[area]]
            for way in ways:
                parts = [part for part in way if part in self.figures]
                if parts:
                    total = {cell: 1.0, **dict.fromkeys(parts, -1.0)}
                    rest = value - sum(self.figures[part] for part in parts)
                    if rest:
                        name = f"rest {len(sums)}"
                        total[name] = -1.0
                        signed.add(name)
                        ranges[name] = [(0, MOST) if rest > 0 else (-MOST, 0)]
                    sums.append(total)
        return sums, ranges, frozenset(signed)

    def _told(self, agency: str | None, listed: list[Conflict], seen: dict[Cell, float]) -> dict[Cell, list[tuple[float, float]]]:
        """What it tells that a conflict is listed, and that another one is not."""
        rules = {(a, b, f"{m}|{area}|{p}"): rule for a, b, m, area, p, rule in self.compared}
        pairs = {tuple(sorted(conflict.cells)) for conflict in listed}
        found: dict[Cell, list[tuple[float, float]]] = {}
        for (feed_a, feed_b, place), rule in rules.items():
            a, b = f"{feed_a}|{place}", f"{feed_b}|{place}"
            is_listed = tuple(sorted((a, b))) in pairs
            is_mine = agency in (feed_a.split("/")[0], feed_b.split("/")[0])
            is_leading = place.split("|")[1] == self.own_district and "Q" not in place
            if not (is_listed or is_mine or is_leading):
                continue
            for known, unknown in ((a, b), (b, a)):
                if known in seen and unknown not in seen:
                    ranges = self._listed_ranges(seen[known], rule) if is_listed else self._unlisted_ranges(seen[known], rule)
                    found[unknown] = _both(found.get(unknown, [(0, MOST)]), ranges)
        return found

    def _is_conflict(self, one: float, other: float, rule: str) -> bool:
        absolute, relative = self.tolerances[rule]
        return abs(one - other) > max(absolute, relative * max(one, other))

    def _listed_ranges(self, known: float, rule: str) -> list[tuple[float, float]]:
        below, above = math.floor(known), math.ceil(known)
        while below >= 0 and not self._is_conflict(below, known, rule):
            below -= 1
        while not self._is_conflict(above, known, rule):
            above += 1
        return [(above, MOST)] if below < 0 else [(0, below), (above, MOST)]

    def _unlisted_ranges(self, known: float, rule: str) -> list[tuple[float, float]]:
        listed = self._listed_ranges(known, rule)
        low, high = (listed[0][1] + 1 if len(listed) == 2 else 0), listed[-1][0] - 1
        # where not all of 1 to 4 would conflict, a conflict of 1 to 4 would not be listed either
        if not all(self._is_conflict(n, known, rule) for n in range(1, 5)):
            low, high = min(low, 1), max(high, 4)
        return [(low, high)]


@dataclass
class Bridges:
    """The bridges of a pack as its reader meets them: an attacker that has read them, and the small counts to be kept from it.

    `alone` is the same attacker without them: it has the figures only, and knows that they differ by what either side adds.
    `counts` is the truth about all of them.
    """

    attacker: Attacker
    alone: Attacker
    counts: dict[Cell, int]
    small: set[Cell]
    shown: int


def read_bridges(published: Published, agency: str) -> Bridges:
    """The bridges in an agency's JSON, with the records behind each cause as the warehouse has them."""
    with duckdb.connect(str(published.database), read_only=True) as db:
        behind = db.execute(
            "SELECT comparison_id, concat_ws('|', agency_a, feed_a), concat_ws('|', agency_b, feed_b), "
            "concat_ws(' ', s.cause, s.detail), s.records_a, s.records_b "
            "FROM bridge_steps s JOIN comparisons USING (comparison_id) ORDER BY ALL"
        ).fetchall()
    sides: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for comparison, feed_a, feed_b, cause, records_a, records_b in behind:
        sides[comparison][feed_a][cause], sides[comparison][feed_b][cause] = records_a, records_b
    seen: dict[Cell, float] = {}
    sums: list[dict[Cell, float]] = []
    ranges: dict[Cell, list[tuple[float, float]]] = {}
    found = Bridges(Attacker(seen, sums, ranges), Attacker({}, []), {}, set(), 0)
    figures = {}
    for conflict in json.loads((published.reports / f"{agency}.json").read_text(encoding="utf-8"))["conflicts"]:
        bridge, name = conflict["bridge"], conflict["id"]
        is_withheld = bridge is None and "withheld" in (conflict["no_bridge"] or "")
        if bridge is None and not is_withheld:
            continue
        totals = []
        for place, figure in zip(("first", "second"), conflict["figures"], strict=True):
            feed = f"{figure['agency']}|{figure['feed']}"
            cells = {f"{name} {place} {cause}": count for cause, count in sides[name][feed].items()}
            total = f"{name} {place}"
            totals.append(total)
            sums.append({total: -1.0, **dict.fromkeys(cells, 1.0)})
            found.counts |= {**cells, total: sum(cells.values())}
            if feed.split("|")[0] != agency and feed.replace("|", "/") not in published.public:
                found.small |= {cell for cell in (*cells, total) if 1 <= found.counts[cell] <= 4}
            if bridge is not None:
                told = {step["cause"]: step[f"{place}_records"] for step in bridge["steps"]}
                seen[total] = sum(step[f"{place}_records"] for step in bridge["steps"])
                if not told.get("withheld"):
                    seen |= cells
        gap = f"{name} gap"
        figures[gap] = conflict["gap"]["value"]
        sums.append({gap: 1.0, totals[0]: 1.0, totals[1]: -1.0})
        found.shown += bridge is not None
    seen |= figures
    found.attacker, found.alone = Attacker(seen, sums, ranges), Attacker(figures, sums)
    return found


def read_pack(path: Path) -> list[Conflict]:
    """The conflicts of a report's JSON."""
    found = []
    for conflict in json.loads(path.read_text(encoding="utf-8"))["conflicts"]:
        place = f"{conflict['measure']}|{conflict['area_code']}|{conflict['period']}"
        one, other = conflict["figures"]
        cells = tuple(f"{figure['agency']}/{figure['feed']}|{place}" for figure in (one, other))
        found.append(Conflict(cells, (one["value"], other["value"]), conflict["gap"]["value"]))
    return found


def _subject(cell: Cell) -> tuple[str, str, str]:
    feed, measure, _, period = cell.split("|")
    return feed, measure, period.split(" ")[0]


def _both(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(max(a, c), min(b, d)) for a, b in one for c, d in other if max(a, c) <= min(b, d)]


def _number(text: str) -> float | None:
    return None if text == "[c]" else float(text.replace(",", "").replace("−", "-").replace("+", ""))


def _rows(html: str) -> list[list[str]]:
    """The rows of every table of a page, as text."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[list[str]] = []
            self.is_cell = False

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag == "tr":
                self.rows.append([])
            if tag in ("td", "th"):
                self.rows[-1].append("")
                self.is_cell = True

        def handle_endtag(self, tag: str) -> None:
            self.is_cell = self.is_cell and tag not in ("td", "th")

        def handle_data(self, data: str) -> None:
            if self.is_cell:
                self.rows[-1][-1] += data

    reader = Reader()
    reader.feed(html)
    return reader.rows
