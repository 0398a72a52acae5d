"""Figures as known on any day: what was first published, what was revised and why, and whose revision opened a gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.publish.checks import count_histories_unlike_comparisons, count_vintages_unlike_figures
from csp_pipeline.settings import Settings
from tests.altered import alter_table
from tests.conftest import ONE_YEAR, TWO_YEARS, Pipeline
from tests.small_exports import (
    HARBOROUGH,
    IN_BLABY,
    IN_HARBOROUGH,
    crime,
    csv_text,
    episode,
    published,
    tables_row,
)

CRIMES = "police/crimes"
MEASURES = ["total_crime", "shoplifting", "violence_with_injury", "criminal_damage"]


def put_crimes(pipeline: Pipeline, month: str, extracted: str, rows: list[dict[str, str]]) -> None:
    pipeline.put(CRIMES, f"crimes_{month}_extracted-{extracted}.csv", csv_text(rows))


def make_vintages(pipeline: Pipeline) -> None:
    for feed in pipeline.partnership.feeds:
        pipeline.take_in(feed.key)
    pipeline.make_figures()
    build_vintages(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)


def vintages(pipeline: Pipeline, measure: str, period: str, feed: str = CRIMES, area: str = HARBOROUGH) -> list[dict[str, Any]]:
    return pipeline.lake(
        "FROM figure_vintages WHERE agency || '/' || feed = ? AND measure = ? AND area_code = ? AND period = ? ORDER BY revision",
        [feed, measure, area, period],
    )


def told(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(str(row[name]) if isinstance(row[name], date) else row[name] for name in columns) for row in rows]


@pytest.fixture(scope="module")
def revised(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """April and May 2016 of the police; then April again, with each kind of change. May was sent before April."""
    pipeline = new_pipeline([CRIMES, "district/published_figures"], ONE_YEAR, MEASURES)
    april = [crime(number, committed_from="") for number in range(1, 11)] + [crime(11, lsoa_code=IN_BLABY, beat="")]
    put_crimes(pipeline, "2016-05", "2016-06-10", [crime(21, recorded_date="10/05/2016", committed_from="")])
    put_crimes(pipeline, "2016-04", "2016-07-10", april)
    april[0]["status"] = "Cancelled"  # still known, no longer a recorded crime
    april[1]["offence_code"] = "8N"  # still a crime, no longer shoplifting
    april[2]["lsoa_code"] = IN_BLABY  # moved to another district
    april[10]["lsoa_code"] = IN_HARBOROUGH  # and from there
    april[3]["recorded_date"] = "02/05/2016"  # moved to another month of the same quarter
    april[4]["offence"] = "Shoplifting from a shop"  # nothing that is counted has changed
    again = [*april[:9], april[10], crime(12, committed_from=""), crime(13, committed_from="")]  # one gone, two new
    put_crimes(pipeline, "2016-04", "2017-06-20", again)
    pipeline.put(
        "district/published_figures",
        "published_figures_2016-17_extracted-2017-05-15.csv",
        csv_text([published("Total crime", "11"), published("Shoplifting", "<5"), published("Criminal damage", "7")]),
    )
    pipeline.put(
        "district/published_figures",
        "published_figures_2016-17_extracted-2017-07-01.csv",
        csv_text([published("Total crime", "12"), published("Shoplifting", "[c]")]),
    )
    pipeline.run_all()
    return pipeline


def test_a_re_extract_revises_a_figure_and_each_reason_is_counted(revised: Pipeline) -> None:
    first, second = vintages(revised, "total_crime", "2016-04")
    assert told([first], "known_from", "known_to", "event", "value", "added") == [
        ("2016-07-10", "2017-06-20", "first_published", 10, 10)
    ]
    assert told([second], "known_from", "known_to", "event", "value_before", "value", "change") == [
        ("2017-06-20", None, "revised", 10, 9, -1)
    ]
    # two new; one gone; the cancelled one; one in from Blaby; one out to Blaby and one to May
    reasons = ("added", "removed", "reclassified_in", "reclassified_out", "moved_in", "moved_out")
    assert told([second], *reasons) == [(2, 1, 0, 1, 1, 2)]


def test_a_crime_that_is_now_another_offence_is_reclassified_for_the_one_and_for_the_other(revised: Pipeline) -> None:
    shoplifting = vintages(revised, "shoplifting", "2016-04")[-1]
    assert told([shoplifting], "reclassified_in", "reclassified_out") == [(0, 2)]
    violence = vintages(revised, "violence_with_injury", "2016-04")
    assert told(violence, "event", "value", "reclassified_in") == [("first_published", 0, 0), ("revised", 1, 1)]


def test_a_crime_moved_within_a_quarter_has_not_moved_for_the_quarter(revised: Pipeline) -> None:
    assert told(vintages(revised, "total_crime", "2016-05"), "known_from", "value", "moved_in") == [
        ("2016-06-10", 1, 0),
        ("2017-06-20", 2, 1),
    ]
    last = vintages(revised, "total_crime", "2016-17 Q1")[-1]
    assert told([last], "value", "change", "moved_in", "moved_out") == [(11, 0, 1, 1)]


def test_a_submission_that_comes_late_is_first_published_then_and_nothing_is_scaled_up(revised: Pipeline) -> None:
    """May came a month before April: until then April was missing, not zero, and the quarter held May alone."""
    quarter = vintages(revised, "total_crime", "2016-17 Q1")
    assert told(quarter, "known_from", "event", "value", "status", "covered") == [
        ("2016-06-10", "first_published", 1, "P", "2016-05"),
        ("2016-07-10", "extended", 11, "P", "2016-04 to 2016-05"),
        ("2017-06-20", "revised", 11, "P", "2016-04 to 2016-05"),
    ]
    assert [row["coverage"] for row in quarter] == pytest.approx([1 / 3, 2 / 3, 2 / 3])


def test_a_month_that_never_came_has_no_vintage(revised: Pipeline) -> None:
    assert vintages(revised, "total_crime", "2016-06") == []
    assert revised.figure(CRIMES, "total_crime", HARBOROUGH, "2016-06")["status"] == "M"


def test_published_numbers_are_restated_suppressed_otherwise_and_withdrawn(revised: Pipeline) -> None:
    feed = "district/published_figures"
    assert told(vintages(revised, "total_crime", "2016-17", feed), "known_from", "event", "value", "added") == [
        ("2017-05-15", "first_published", 11, None),
        ("2017-07-01", "restated", 12, None),
    ]
    assert told(vintages(revised, "shoplifting", "2016-17", feed), "event", "value", "value_high", "status") == [
        ("first_published", None, 4, "Q"),
        ("bounds", None, None, "Q"),
    ]
    assert told(vintages(revised, "criminal_damage", "2016-17", feed), "event", "value", "status", "known_to") == [
        ("first_published", 7, "A", "2017-07-01"),
        ("withdrawn", None, "M", None),
    ]


def test_vintages_of_published_numbers_alone_have_the_types_of_all_vintages(new_pipeline: Callable[..., Pipeline]) -> None:
    # they are kept beside those of counted records, of which a part of a period may be covered
    pipeline = new_pipeline(["district/published_figures"], ONE_YEAR)
    name = "published_figures_2016-17_extracted-2017-05-15.csv"
    pipeline.put("district/published_figures", name, csv_text([published("Total crime", "11")]))
    make_vintages(pipeline)
    assert pipeline.lake("SELECT DISTINCT typeof(covered) AS held FROM figure_vintages") == [{"held": "VARCHAR"}]


def test_a_person_who_stays_by_another_case_is_neither_removed_nor_added(new_pipeline: Callable[..., Pipeline]) -> None:
    """Each quarter's file lists the episodes open in it; the second extract drops one of a client's two episodes."""
    pipeline = new_pipeline(["turning_point/episodes"], ONE_YEAR)
    name = "episodes_2016-17-Q1_extracted-{}.csv"
    first = [episode(1, "a"), episode(2, "a"), episode(3, "b"), episode(4, "c")]
    later = [episode(1, "a"), episode(5, "b"), episode(6, "d"), episode(7, "d")]
    pipeline.put("turning_point/episodes", name.format("2016-07-20"), csv_text(first))
    pipeline.put("turning_point/episodes", name.format("2016-09-20"), csv_text(later))
    pipeline.put("turning_point/episodes", "episodes_2016-17-Q2_extracted-2016-10-20.csv", csv_text([episode(1, "a")]))
    make_vintages(pipeline)
    feed = "turning_point/episodes"
    quarter = vintages(pipeline, "people_in_treatment", "2016-17 Q1", feed)
    assert told(quarter, "value", "unit", "added", "removed") == [(3, "client", 3, 0), (3, "client", 1, 1)]
    year = vintages(pipeline, "people_in_treatment", "2016-17", feed)
    assert told(year, "event", "value", "added", "removed") == [
        ("first_published", 3, 3, 0),
        ("revised", 3, 1, 1),
        ("extended", 3, 0, 0),
    ]


def test_sums_are_restated_as_their_rows_have_nothing_to_follow(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/recorded_crime_tables"], ONE_YEAR)
    for published_in, counts in (("2017-07", (7, 16)), ("2017-10", (7, -2))):
        rows = [tables_row(quarter, count) for quarter, count in enumerate(counts, start=1)]
        pipeline.put("police/recorded_crime_tables", f"published-{published_in}/prc-pfa-tables.csv", csv_text(rows))
    make_vintages(pipeline)
    found = vintages(pipeline, "shoplifting", "2016-17 Q2", "police/recorded_crime_tables", "E23000021")
    assert told(found, "known_from", "event", "value", "change", "added") == [
        ("2017-07-01", "first_published", 16, None, None),
        ("2017-10-01", "restated", -2, -18, None),
    ]
    assert len(vintages(pipeline, "shoplifting", "2016-17 Q1", "police/recorded_crime_tables", "E23000021")) == 1


def test_a_table_of_sums_covers_the_areas_that_it_has_rows_for(new_pipeline: Callable[..., Pipeline]) -> None:
    """The tables by force came for four quarters, those by partnership for two; a later one of these leaves Harborough out."""
    tables = "police/recorded_crime_tables"
    pipeline = new_pipeline([tables], ONE_YEAR, ["total_crime", "shoplifting"])

    def of_partnership(quarter: int, count: int, name: str = "Harborough") -> dict[str, str]:
        return tables_row(quarter, count, **{"CSP Name": name})

    by_force = [tables_row(quarter, 100) for quarter in (1, 2, 3, 4)]
    pipeline.put(tables, "published-2017-07/prc-pfa-tables.csv", csv_text(by_force))
    pipeline.put(tables, "published-2017-07/prc-csp-tables.csv", csv_text([of_partnership(1, 5), of_partnership(2, 8)]))
    pipeline.put(tables, "published-2017-10/prc-csp-tables.csv", csv_text([of_partnership(2, 7, "Blaby")]))
    make_vintages(pipeline)

    def now(period: str, area: str = HARBOROUGH) -> tuple[Any, ...]:
        figure = pipeline.figure(tables, "shoplifting", area, period)
        return figure["value"], figure["status"], figure["coverage"], figure["covered"]

    assert now("2016-17", "E23000021") == (400, "A", 1, None)
    assert now("2016-17 Q1") == (5, "A", 1, None)
    assert now("2016-17 Q2") == now("2016-17 Q3") == (None, "M", 0, None)
    assert now("2016-17") == (5, "P", 0.25, "2016-04 to 2016-06")
    assert told(vintages(pipeline, "shoplifting", "2016-17 Q2", tables), "known_from", "event", "value", "status") == [
        ("2017-07-01", "first_published", 8, "A"),
        ("2017-10-01", "withdrawn", None, "M"),
    ]
    assert told(vintages(pipeline, "shoplifting", "2016-17", tables), "known_from", "event", "value", "coverage") == [
        ("2017-07-01", "first_published", 13, 0.5),
        ("2017-10-01", "restated", 5, 0.25),
    ]
    assert count_vintages_unlike_figures(pipeline.settings) == 0


def test_what_is_covered_no_more_names_no_months_until_it_comes_again(new_pipeline: Callable[..., Pipeline]) -> None:
    """A quarter of each year came for Harborough; a later table leaves it out of the one of 2016/17."""
    tables = "police/recorded_crime_tables"
    pipeline = new_pipeline([tables], TWO_YEARS, ["shoplifting"])
    rows = [tables_row(1, 5, **{"CSP Name": "Harborough", "Financial Year": year}) for year in ("2015/16", "2016/17")]
    pipeline.put(tables, "published-2017-07/prc-csp-tables.csv", csv_text(rows))
    pipeline.put(tables, "published-2017-10/prc-csp-tables.csv", csv_text([tables_row(1, 7, **{"CSP Name": "Blaby"})]))
    make_vintages(pipeline)
    of_year = vintages(pipeline, "shoplifting", "2016-17", tables)
    assert told(of_year, "known_from", "event", "value", "coverage", "covered") == [
        ("2017-07-01", "first_published", 5, 0.25, "2016-04 to 2016-06"),
        ("2017-10-01", "withdrawn", None, 0, None),
    ]
    assert pipeline.figure(tables, "shoplifting", HARBOROUGH, "2016-17")["covered"] is None
    # the next table has it again
    again = [tables_row(quarter, 6, **{"CSP Name": "Harborough"}) for quarter in (1, 3, 4)]
    pipeline.put(tables, "published-2018-01/prc-csp-tables.csv", csv_text(again))
    make_vintages(pipeline)
    assert told(vintages(pipeline, "shoplifting", "2016-17", tables)[2:], "known_from", "event", "value", "covered") == [
        ("2018-01-01", "republished", 18, "2016-04 to 2016-06, 2016-10 to 2017-03"),
    ]


def test_the_checks_pass_on_what_was_built_and_fail_when_it_is_otherwise(revised: Pipeline, tmp_path: Path) -> None:
    assert count_vintages_unlike_figures(revised.settings) == 0
    assert count_histories_unlike_comparisons(revised.settings) == 0
    wrongs: list[tuple[str, str, Callable[[Settings], int]]] = [
        ("figure_vintages", "value + 1 AS value", count_vintages_unlike_figures),
        ("figure_vintages", "added + 1 AS added", count_vintages_unlike_figures),
        ("figure_vintages", "known_from + 1 AS known_to", count_vintages_unlike_figures),
        ("gap_history", "gap + 1 AS gap", count_histories_unlike_comparisons),
    ]
    for number, (table, change, check) in enumerate(wrongs):
        assert check(alter_table(revised.settings, tmp_path / str(number), table, change)) > 0, change


def test_a_publication_that_is_restated_changes_the_gap(revised: Pipeline) -> None:
    """Whose figure changed a gap is told also where no verdict can be given, since the police cover two months of the year."""
    history = revised.lake(
        "SELECT h.* FROM gap_history h JOIN comparisons c USING (comparison_id) WHERE c.measure = 'total_crime'"
        " AND c.area_code = ? AND c.period = '2016-17' ORDER BY h.known_from",
        [HARBOROUGH],
    )
    assert told(history, "known_from", "gap", "verdict", "rule") == [
        ("2017-05-15", 0, "not_comparable", "incomplete_period"),
        ("2017-07-01", 1, "not_comparable", "incomplete_period"),
    ]
    assert history[-1]["changed_by"] == ["district/published_figures"]


# Laws

DAYS = [date(2016, 5, 10) + timedelta(days=40 * number) for number in range(4)]
RECORD = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["Recorded", "Cancelled"]),
        "lsoa_code": st.sampled_from([IN_HARBOROUGH, IN_BLABY, ""]),
        "offence_code": st.sampled_from(["46", "8N"]),
        "recorded_date": st.sampled_from(["03/04/2016", "20/04/2016", "05/05/2016"]),
    }
)
EXTRACTS = st.dictionaries(
    st.tuples(st.sampled_from(["2016-04", "2016-05"]), st.integers(0, len(DAYS) - 1)),
    st.dictionaries(st.integers(1, 6), RECORD, min_size=1, max_size=6),
    min_size=1,
    max_size=5,
)


def recount(extracts: dict[tuple[str, int], dict[int, dict[str, str]]], day: date, measure: str, period: str) -> int | None:
    """Harborough's figure as known on a day, counted by hand: None when nothing of the period was covered."""
    months = {"2016-04": ["2016-04"], "2016-05": ["2016-05"], "2016-17 Q1": ["2016-04", "2016-05", "2016-06"]}[period]
    latest = {}
    for (month, number), records in sorted(extracts.items(), key=lambda item: item[0][1]):
        if DAYS[number] <= day and is_acceptable(month, records):
            latest[month] = (DAYS[number], records)
    whole = [month for month, (extracted, _) in latest.items() if extracted > date(2016, int(month[5:]), 30)]
    if not set(whole) & set(months):
        return None
    return len(
        {
            number
            for month, (_, records) in latest.items()
            for number, row in accepted(records, latest[month][0])
            if row["status"] == "Recorded"
            and row["lsoa_code"] == IN_HARBOROUGH
            and (measure == "total_crime" or row["offence_code"] == "46")
            and f"2016-{row['recorded_date'][3:5]}" in months
        }
    )


def accepted(records: dict[int, dict[str, str]], extracted: date) -> list[tuple[int, dict[str, str]]]:
    """A row dated after its extract is rejected."""

    def recorded(row: dict[str, str]) -> date:
        return date(2016, int(row["recorded_date"][3:5]), int(row["recorded_date"][:2]))

    return [(number, row) for number, row in records.items() if recorded(row) <= extracted]


def is_acceptable(month: str, records: dict[int, dict[str, str]]) -> bool:
    """A file none of whose rows is dated in its own month is refused."""
    return any(f"2016-{row['recorded_date'][3:5]}" == month for row in records.values())


@pytest.fixture(scope="module")
def narrow(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """The police's crimes by two measures in one year, so that many small worlds can be run."""
    return new_pipeline([CRIMES], ONE_YEAR, ["total_crime", "shoplifting"])


@given(extracts=EXTRACTS, order=st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=5, deadline=None)
def test_any_order_of_arrival_gives_the_same_vintages_and_each_day_its_recount(
    narrow: Pipeline,
    tmp_path_factory: pytest.TempPathFactory,
    extracts: dict[tuple[str, int], dict[int, dict[str, str]]],
    order: Any,
) -> None:
    arrivals = list(extracts)
    found = []
    for one_by_one in (False, True):
        for path in (narrow.sources / CRIMES / "exports").iterdir():
            path.unlink()
        pipeline = Pipeline(narrow.sources, tmp_path_factory.mktemp("world"))
        pipeline.__dict__.update(partnership=narrow.partnership, book=narrow.book, specs=narrow.specs)
        for month, number in arrivals:
            rows = [crime(key, **row, committed_from="", beat="") for key, row in extracts[month, number].items()]
            put_crimes(pipeline, month, DAYS[number].isoformat(), rows)
            if one_by_one:
                pipeline.take_in(CRIMES)
        make_vintages(pipeline)
        assert count_vintages_unlike_figures(pipeline.settings) == 0
        found.append(pipeline.lake("FROM figure_vintages"))
        order.shuffle(arrivals)
    assert found[0] == found[1]
    for day in [day + timedelta(days=shift) for day in DAYS for shift in (0, 1)]:
        for measure in ("total_crime", "shoplifting"):
            for period in ("2016-04", "2016-05", "2016-17 Q1"):
                values = [
                    row["value"]
                    for row in found[0]
                    if (row["measure"], row["area_code"], row["period"]) == (measure, HARBOROUGH, period)
                    and row["known_from"] <= day
                    and (row["known_to"] is None or row["known_to"] > day)
                ]
                expected = recount(extracts, day, measure, period)
                assert values == ([] if expected is None else [expected]), (day, measure, period)
