"""Whatever the records: every variant of a definition search counts what counting it alone, row by row, would."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.figures.count import rollup_of
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile import search_count
from csp_pipeline.reconcile.search_count import Grid, Places, make_grid, place_codes
from csp_pipeline.reconcile.search_feed import read_records
from csp_pipeline.reconcile.search_fit import count_block, outer_blocks
from csp_pipeline.reconcile.search_space import Conditions, Option, Space, closed_columns, space_of
from tests.conftest import PROJECT
from tests.small_exports import COUNTY, HARBOROUGH, IN_BLABY, IN_HARBOROUGH

FEED = "county/domestic_abuse"
SPEC = find_feed_spec(FEED)
BLABY = "E07000129"
# outside the partnership's areas
IN_LONDON = "E01000001"
WAY = MeasureFeedEntry(
    count="case",
    date="referred",
    area="residence",
    where=["status <> 'opened_in_error'", "physical_injury = 'yes'", "risk = 'high' OR marac"],
)
FIRST, LAST = date(2015, 12, 1), date(2016, 7, 31)
COLUMNS = {"date": {"referred": "referral_date", "incident": "incident_date"}}
COLUMNS |= {"area": {"residence": "residence_district", "incident": "lsoa_code"}}
UNITS = {"case": "case_id", "person": "person_key"}
# where each place lies, written down apart from the project's own areas
DISTRICTS = {HARBOROUGH: HARBOROUGH, BLABY: BLABY, IN_HARBOROUGH: HARBOROUGH, IN_BLABY: BLABY}

days = st.dates(FIRST, LAST)
records = st.lists(
    st.fixed_dictionaries(
        {
            "case_id": st.sampled_from(["A", "B", "C", "D"]),
            "referral_date": days,
            "incident_date": st.none() | days,
            "referral_source": st.sampled_from(["police", "self"]),
            "person_key": st.sampled_from([None, "p", "q", "r"]),
            "residence_district": st.sampled_from([None, HARBOROUGH, BLABY, "elsewhere"]),
            "lsoa_code": st.sampled_from([None, IN_HARBOROUGH, IN_BLABY, IN_LONDON]),
            "physical_injury": st.sampled_from(["yes", "no", "not_known"]),
            "risk": st.sampled_from(["standard", "high"]),
            "marac": st.sampled_from([None, True, False]),
            "repeat": st.booleans(),
            "status": st.sampled_from(["open", "closed", "opened_in_error"]),
        }
    ),
    max_size=14,
)

FAR_AWAY: dict[str, object] = {
    "case_id": "A",
    "referral_date": date(2016, 4, 3),
    "incident_date": date(2016, 4, 2),
    "referral_source": "self",
    "person_key": "p",
    "residence_district": HARBOROUGH,
    "lsoa_code": IN_LONDON,
    "physical_injury": "yes",
    "risk": "high",
    "marac": True,
    "repeat": False,
    "status": "open",
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        body = ", ".join(f"{column.name} {column.type}" for column in SPEC.columns)
        made.execute(f"CREATE TABLE cases ({body})").fetchall()
        yield made


@pytest.fixture(scope="module")
def partnership() -> Partnership:
    return load_partnership(PROJECT / "sources")


@pytest.fixture(scope="module")
def grid_of(partnership: Partnership) -> Callable[[str, str], tuple[Places, Grid]]:
    """Places and grid of an area level and a kind of period."""
    rollup = rollup_of(partnership, partnership.feed(FEED), SPEC, adds_up=True)
    periods = table_of_periods(date(2015, 4, 1), date(2017, 3, 31))

    def make(level: str, kind: str) -> tuple[Places, Grid]:
        areas = partnership.areas[partnership.areas.area_level == level]
        places = place_codes(rollup, areas.area_code, periods[periods.months == 1])
        return places, make_grid(places, rollup, areas, periods[periods.period_kind == kind])

    return make


def fill(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, object]]) -> pd.DataFrame:
    names = [column.name for column in SPEC.columns]
    connection.execute("DELETE FROM cases").fetchall()
    if rows:
        places = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO cases VALUES ({places})", [[row.get(name) for name in names] for row in rows])
    return pd.DataFrame([{name: row.get(name) for name in names} for row in rows], columns=names, dtype=object)


def is_met(condition: str, frame: pd.DataFrame) -> pd.Series:
    """A condition of the variants, read again: no SQL, no code of the search."""
    if condition == "":
        return pd.Series(True, index=frame.index)
    if condition == "risk = 'high' OR marac":
        return (frame.risk == "high") | (frame.marac == True)  # noqa: E712 (blanks are not true)
    if found := re.fullmatch(r"(\w+) IN \((.+)\)", condition):
        return frame[found[1]].isin(re.findall(r"'(\w+)'", found[2]))
    if found := re.fullmatch(r"(\w+) = (true|false)", condition):
        return frame[found[1]] == (found[2] == "true")
    if found := re.fullmatch(r"(\w+) (=|<>) '(\w+)'", condition):
        return (frame[found[1]] == found[3]) == (found[2] == "=")
    raise AssertionError(condition)


def months_kept(day: object, option: str, kind: str) -> tuple[str, bool]:
    """The label of the period a day lies in, and whether the variant counts that month of it."""
    assert isinstance(day, date)
    place = (day.month - 4) % 12
    year = day.year if day.month >= 4 else day.year - 1
    label = f"{year}-{(year + 1) % 100:02d}"
    if kind == "quarter":
        label, place, last = f"{label} Q{place // 3 + 1}", place % 3, 2
    elif kind == "month":
        return f"{day:%Y-%m}", True
    else:
        last = 11
    return label, not ((option == "without the last" and place == last) or (option == "without the first" and place == 0))


def recount(frame: pd.DataFrame, options: list[Option], months: str, level: str, kind: str) -> dict[tuple[str, str], int]:
    """Count one variant alone: by area and period."""
    day, unit, area = options[0].value, options[1].value, options[2].value
    kept = frame
    for option in options[3:]:
        kept = kept[is_met(option.value, kept).astype(bool)] if len(kept) else kept
    seen: dict[tuple[str, str], set[object]] = {}
    blanks: dict[tuple[str, str], int] = {}
    for row in kept.to_dict("records"):
        if row[COLUMNS["date"][day]] is None:
            continue
        label, is_counted = months_kept(row[COLUMNS["date"][day]], months, kind)
        place = DISTRICTS.get(str(row[COLUMNS["area"][area]]))
        place = COUNTY if level == "county" else place  # the whole feed covers the county, wherever its records lie
        if not is_counted or place is None:
            continue
        identifier = row[UNITS[unit]]
        if identifier is None:
            blanks[place, label] = blanks.get((place, label), 0) + (unit == "case")
        else:
            seen.setdefault((place, label), set()).add(identifier)
    counts = {cell: len(seen.get(cell, ())) + blanks.get(cell, 0) for cell in {*seen, *blanks}}
    return {cell: count for cell, count in counts.items() if count}


@given(rows=records, level=st.sampled_from(["district", "county"]), kind=st.sampled_from(["quarter", "financial_year", "month"]))
@example(rows=[], level="district", kind="quarter")
@example(rows=[FAR_AWAY], level="county", kind="quarter")
@settings(max_examples=25, deadline=None)
def test_every_variant_counts_what_counting_it_alone_would(
    connection: duckdb.DuckDBPyConnection,
    grid_of: Callable[[str, str], tuple[Places, Grid]],
    rows: list[dict[str, object]],
    level: str,
    kind: str,
) -> None:
    frame = fill(connection, rows)
    places, grid = grid_of(level, kind)
    conditions = Conditions(connection, closed_columns(SPEC))
    space = space_of(WAY, SPEC, kind, conditions)
    reading = read_records(connection, "SELECT * FROM cases", SPEC, [space], conditions, places)
    cells = np.arange(len(grid.areas) * len(grid.periods))
    blocks = [count_block(space, cells, reading, reading.tally(*block, grid)) for block in outer_blocks(space)]
    counts = np.concatenate(blocks, axis=1)
    assert counts.shape == (len(cells), space.size)
    chosen = random.Random(len(rows)).sample(range(space.size), 20)  # noqa: S311 (which variants are looked at)
    for variant in [0, *chosen]:
        options, months = read_variant(space, variant)
        expected = recount(frame, options, months, level, kind)
        found = {
            (grid.areas[cell // len(grid.periods)], grid.periods[cell % len(grid.periods)]): int(counts[cell, variant])
            for cell in np.flatnonzero(counts[:, variant])
        }
        assert found == expected, [option.value for option in options]


def read_variant(space: Space, variant: int) -> tuple[list[Option], str]:
    """The settings of a variant except the months, and the months."""
    places = np.unravel_index(variant, space.shape)
    options = {d.name: d.options[int(place)] for d, place in zip(space.dimensions, places, strict=True)}
    months = options.pop("months").value if "months" in options else "every month"
    return list(options.values()), months


def test_many_records_are_counted_in_shares_that_fit_into_memory(
    connection: duckdb.DuckDBPyConnection,
    grid_of: Callable[[str, str], tuple[Places, Grid]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(5)  # noqa: S311 (made-up records)
    rows: list[dict[str, object]] = [
        {
            "case_id": f"C{rng.randrange(150)}",
            "referral_date": FIRST + timedelta(days=rng.randrange(240)),
            "person_key": f"p{rng.randrange(60)}",
            "residence_district": HARBOROUGH,
            "physical_injury": rng.choice(["yes", "no"]),
            "risk": "high",
            "marac": False,
            "repeat": False,
            "referral_source": "self",
            "status": rng.choice(["open", "closed", "opened_in_error"]),
        }
        for _ in range(300)
    ]
    frame = fill(connection, rows)
    places, grid = grid_of("district", "quarter")
    conditions = Conditions(connection, closed_columns(SPEC))
    space = space_of(WAY, SPEC, "quarter", conditions)
    monkeypatch.setattr(search_count, "SORTED_AT_ONCE", 50)
    reading = read_records(connection, "SELECT * FROM cases", SPEC, [space], conditions, places)
    assert len(reading.repeats["person_key"]) > 1
    cells = np.arange(len(grid.areas) * len(grid.periods))
    counts = count_block(space, cells, reading, reading.tally("referred", "person", "residence", grid))
    met = frame[(frame.status != "opened_in_error") & (frame.physical_injury == "yes")]
    of_quarter = met[(met.referral_date >= date(2016, 4, 1)) & (met.referral_date <= date(2016, 6, 30))]
    cell = grid.cells_of(pd.Series([HARBOROUGH]), pd.Series(["2016-17 Q1"]))[0]
    assert counts[cell, 0] == of_quarter.person_key.nunique()


def test_a_condition_that_cannot_be_computed_without_another_does_not_hold_there(
    connection: duckdb.DuckDBPyConnection, grid_of: Callable[[str, str], tuple[Places, Grid]]
) -> None:
    """Only some of the references are numbers; the first condition keeps the others from the second."""
    way = WAY.model_copy(
        update={"where": ["police_crime_reference SIMILAR TO '[0-9]+'", "CAST(police_crime_reference AS INT) > 40"]}
    )
    base = {"referral_date": date(2016, 4, 3), "residence_district": HARBOROUGH}
    texts = ["41", "99", "12", "16/123", None]
    fill(connection, [base | {"case_id": f"C{n}", "police_crime_reference": text} for n, text in enumerate(texts)])
    places, grid = grid_of("district", "quarter")
    conditions = Conditions(connection, closed_columns(SPEC))
    space = space_of(way, SPEC, "quarter", conditions)
    reading = read_records(connection, "SELECT * FROM cases", SPEC, [space], conditions, places)
    cell = grid.cells_of(pd.Series([HARBOROUGH]), pd.Series(["2016-17 Q1"]))
    counts = count_block(space, cell, reading, reading.tally("referred", "case", "residence", grid))[0]
    values = {
        tuple(option.value for option in read_variant(space, variant)[0][3:]): counts[variant]
        for variant in range(space.inner_size)
        if read_variant(space, variant)[1] == "every month"
    }
    first, second = way.where
    assert values[first, second, ""] == 2
    assert values["", second, ""] == 2
    assert values[first, "", ""] == 3
    assert values["", "", ""] == 5


def test_too_many_variants_leave_out_the_less_likely_changes_and_say_so(connection: duckdb.DuckDBPyConnection) -> None:
    conditions = Conditions(connection, closed_columns(SPEC))
    whole = space_of(WAY, SPEC, "quarter", conditions)
    # 2 dates, 2 units, 2 areas, 3 choices of months; status 4 ways, injury 4 ways, the third condition kept or dropped;
    # one condition more on referral_source (5 values) or repeat (2), or none
    assert whole.size == 2 * 2 * 2 * 3 * 4 * 4 * 2 * 8
    assert whole.left_out == ""
    fewer = space_of(WAY, SPEC, "quarter", conditions, limit=1000)
    assert fewer.size == 2 * 2 * 2 * 3 * 4 * 4 * 2
    assert fewer.left_out == "conditions that the measure does not have"
    least = space_of(WAY, SPEC, "quarter", conditions, limit=10)
    assert least.size == 2 * 2 * 2 * 3 * 2 * 2 * 2
    assert "single values" in least.left_out
