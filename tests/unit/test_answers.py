"""What an answer does: which ones are in force, what an agency is told of the others, and the state of the discrepancy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_pipeline.reconcile.compare import query_for_discrepancies
from csp_pipeline.reconcile.declared_responses import STATE_RULES, STATES, STATUSES, Responses
from csp_pipeline.reconcile.responses import ANSWER_COLUMNS, query_for_responses
from csp_pipeline.tables import specs_of

ABUSE = "abuse.northby.2016-17.police_crimes.county_cases"
FIRES = "fires.northby.2016-17.police_crimes.fire_incidents"
LEVELS = {"area_levels": ["district"], "periods": ["financial_year"]}
TABLES = """
    CREATE TABLE areas AS SELECT 'E1' AS area_code, 'Northby' AS area_name, 'district' AS area_level;
    CREATE TABLE periods AS SELECT '2016-17' AS period, 'financial_year' AS period_kind, DATE '2016-04-01' AS period_start,
        DATE '2017-03-31' AS period_end;
    CREATE TABLE rejected_rows (submission_id VARCHAR, rows_rejected BIGINT);
    CREATE TABLE measures AS SELECT unnest(['abuse', 'fires']) AS measure, 'A measure' AS title;
    CREATE TABLE agencies AS SELECT unnest(['police', 'county', 'fire']) AS agency, 'An agency' AS agency_name;
    CREATE TABLE feeds AS SELECT unnest(['police', 'county', 'fire']) AS agency, unnest(['crimes', 'cases', 'incidents']) AS feed,
        'A feed' AS title;
    CREATE TABLE pair_rules (measure VARCHAR, feed_a VARCHAR, feed_b VARCHAR, absolute DOUBLE, relative DOUBLE);
    INSERT INTO pair_rules VALUES ('abuse', 'police/crimes', 'county/cases', 2, 0.05);
    INSERT INTO pair_rules VALUES ('fires', 'police/crimes', 'fire/incidents', 2, 0.05);
    CREATE TABLE validity AS SELECT 'police' AS agency, 'crimes' AS feed, 'crimes.2017' AS submission_id,
        DATE '2016-04-01' AS covered_from, DATE '2017-03-31' AS covered_until, DATE '2017-07-01' AS valid_from,
        CAST(NULL AS DATE) AS valid_to;
    CREATE TABLE bridge_steps (comparison_id VARCHAR, cause VARCHAR, records BIGINT, contribution DOUBLE);
    CREATE TABLE gap_history (comparison_id VARCHAR, known_from DATE, known_to DATE, value_a DOUBLE, value_b DOUBLE,
        verdict VARCHAR, effect VARCHAR);
"""
# Since when, the police's figure, the other one's, and the verdict.
STEADY = [("2017-04-20", 120, 90, "conflict")]
Vintage = tuple[str, float | None, float | None, str]


def answer(answered: str = "agree", *, by: str = "county", on: str = "2017-07-04", **changes: Any) -> dict[str, Any]:
    """An answer of the county to the report as at 1 July 2017, unless changed."""
    return {
        "agency": by,
        "submission_id": f"{by}.responses.00000001",
        "received_on": "2017-12-01",
        "row_number": 4,
        "discrepancy_id": ABUSE,
        "answer": answered,
        "reason": "We count cases." if answered in ("definition_differs", "other_should_correct") else None,
        "role": "Analyst",
        "answered_on": on,
        "valid_until": None,
        "report_as_at": "2017-07-01",
        "report_id": "0123456789ab",
    } | changes


def judge(
    answers: Iterable[dict[str, Any]],
    history: Iterable[Vintage] = STEADY,
    *,
    last_extract: str = "2017-07-01",
    unexplained: tuple[int | None, float] | None = None,
    raised: Mapping[str, list[str]] = LEVELS,
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Every answer with its status, and the discrepancy between police and county, if there is one.

    `unexplained` is what its bridge leaves over: how many records, and what they add up to.
    """
    vintages = sorted(history)
    with _database().cursor() as db:
        db.execute("BEGIN").fetchall()
        db.execute("UPDATE validity SET valid_from = ?", [last_extract]).fetchall()
        before = None
        for place, (since, a, b, verdict) in enumerate(vintages):
            until = vintages[place + 1][0] if place + 1 < len(vintages) else None
            effect = "opened" if verdict == "conflict" and before != "conflict" else "changed"
            before = verdict
            db.execute(
                "INSERT INTO gap_history VALUES (?, ?, ?, ?, ?, ?, ?)", [ABUSE, since, until, a, b, verdict, effect]
            ).fetchall()
        _, a, b, verdict = vintages[-1]
        db.execute(
            f"""
            CREATE TABLE comparisons AS SELECT
                unnest(['{ABUSE}', '{FIRES}']) AS comparison_id, unnest(['abuse', 'fires']) AS measure, 'E1' AS area_code,
                '2016-17' AS period, 'police' AS agency_a, 'crimes' AS feed_a, CAST(? AS DOUBLE) AS value_a,
                unnest(['county', 'fire']) AS agency_b, unnest(['cases', 'incidents']) AS feed_b, CAST(? AS DOUBLE) AS value_b,
                value_b - value_a AS gap, unnest([?, 'agrees']) AS verdict, 'two_agencies' AS rule,
                CAST(NULL AS VARCHAR) AS reasons,
                unnest([DATE '2017-06-01', DATE '2017-06-15']) AS as_at
            """,
            [a, b, verdict],
        ).fetchall()
        if unexplained is not None:
            db.execute("INSERT INTO bridge_steps VALUES (?, 'unexplained', ?, ?)", [ABUSE, *unexplained]).fetchall()
        columns = ", ".join(f"{name} {type_}" for name, type_ in ANSWER_COLUMNS.items())
        db.execute(f"CREATE TABLE answers ({columns})").fetchall()
        rows = [[row[name] for name in ANSWER_COLUMNS] for row in answers]
        if rows:
            db.executemany(f"INSERT INTO answers VALUES ({', '.join('?' * len(ANSWER_COLUMNS))})", rows)
        db.execute(f"CREATE TABLE responses AS {query_for_responses()}", raised).fetchall()
        judged = _rows(db, "FROM responses")
        discrepancies = _rows(db, query_for_discrepancies(), raised)
        db.execute("ROLLBACK").fetchall()
    return judged, next((row for row in discrepancies if row["discrepancy_id"] == ABUSE), None)


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """A world without answers; each judgement is taken back at its end."""
    database = duckdb.connect(config={"threads": 1})
    database.execute(TABLES).fetchall()
    return database


def _rows(db: duckdb.DuckDBPyConnection, query: str, values: Any = None) -> list[dict[str, Any]]:
    found = db.execute(query, values) if values else db.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def state_of(*answers: dict[str, Any], **world: Any) -> str:
    _, discrepancy = judge(answers, **world)
    assert discrepancy is not None
    assert STATE_RULES[discrepancy["state_rule"]][0] == discrepancy["state"]
    return discrepancy["state"]


def told(*answers: dict[str, Any], **world: Any) -> list[tuple[str, str | None]]:
    judged, _ = judge(answers, **world)
    return [(row["status"], row["told"]) for row in judged]


# What each answer means for the state


@pytest.mark.parametrize(
    ("police", "county", "state"),
    [
        (None, None, "open"),
        (None, "agree", "acknowledged"),
        ("agree", "agree", "resolved"),
        (None, "will_correct", "acknowledged"),
        (None, "need_records", "acknowledged"),
        (None, "other_should_correct", "acknowledged"),
        (None, "definition_differs", "explained"),
        ("agree", "definition_differs", "explained"),
        ("definition_differs", "definition_differs", "explained"),
        ("will_correct", "definition_differs", "acknowledged"),
        ("will_correct", "agree", "acknowledged"),
        ("other_should_correct", "other_should_correct", "acknowledged"),
    ],
)
def test_answers_of_both_owners_give_the_state(police: str | None, county: str | None, state: str) -> None:
    given = [answer(said, by=agency) for agency, said in (("police", police), ("county", county)) if said]
    assert state_of(*given) == state


def test_the_discrepancy_says_who_answered_what_and_who_has_not() -> None:
    _, discrepancy = judge([answer("definition_differs")])
    assert discrepancy is not None
    assert discrepancy["answers"] == ["county: definition differs"]
    assert (discrepancy["unanswered_by"], discrepancy["state_rule"]) == (["police"], "definition_differs")


def test_a_gap_taken_apart_by_its_bridge_is_explained_without_an_answer_but_promised_work_is_still_to_come() -> None:
    assert state_of(unexplained=(1, 1)) == "explained"
    assert state_of(answer("will_correct"), unexplained=(1, 1)) == "acknowledged"


@pytest.mark.parametrize(
    ("records", "adding_up_to", "state"),
    [
        # of 120 against 90, one in twenty of the larger
        (6, -6, "explained"),
        (7, -7, "open"),
        # what one side has too many does not make up for what the other has
        (40, 0, "open"),
        # of feeds without declared links no records are set side by side, and the whole gap is left
        (None, -30, "open"),
        (None, -6, "explained"),
    ],
)
def test_a_gap_is_taken_apart_where_no_more_is_left_than_the_tolerance(
    records: int | None, adding_up_to: float, state: str
) -> None:
    assert state_of(unexplained=(records, adding_up_to)) == state


def test_a_conflict_is_first_seen_when_it_first_stood_and_last_on_the_latest_day_of_any_figure() -> None:
    steps = [
        ("2017-03-01", 120, 118, "within_tolerance"),
        ("2017-04-20", 120, 90, "conflict"),
        ("2017-05-20", 120, 88, "conflict"),
    ]
    _, discrepancy = judge([], steps)
    assert discrepancy is not None
    assert (discrepancy["first_seen"], discrepancy["last_seen"]) == (date(2017, 4, 20), date(2017, 6, 15))
    # it has opened once: a gap that changes has not come back
    assert discrepancy["state"] == "open"


@pytest.mark.parametrize("raised", [{"area_levels": ["county"]}, {"periods": ["quarter"]}])
def test_a_conflict_at_a_level_that_is_not_raised_is_no_discrepancy_and_cannot_be_answered(raised: dict[str, list[str]]) -> None:
    [judged], discrepancy = judge([answer()], raised=LEVELS | raised)
    assert discrepancy is None
    assert judged["status"] == "not_applied"
    assert judged["told"].startswith("No conflict has this reference.")


def test_agencies_that_do_not_own_the_conflict_cannot_answer_it() -> None:
    [(status, words)] = told(answer("agree", by="fire"))
    assert status == "not_applied"
    assert words is not None
    assert "between other agencies" in words
    assert state_of(answer("agree", by="fire")) == "open"


# How long an answer holds


def test_an_answer_expires_after_its_last_day_and_the_conflict_reopens() -> None:
    promised = answer("will_correct", valid_until="2017-09-30")
    assert state_of(promised, last_extract="2017-09-30") == "acknowledged"
    assert state_of(promised, last_extract="2017-10-01") == "reopened"
    [(status, words)] = told(promised, last_extract="2017-10-01")
    assert (status, words) == (
        "expired",
        "It was valid until 30 September 2017. Answer again in the sheet of your latest report, if it still holds.",
    )


def test_time_passes_with_answers_too() -> None:
    promised = answer("will_correct", valid_until="2017-09-30")
    late = answer("agree", by="police", on="2017-10-15", submission_id="police.responses.1")
    assert [status for status, _ in told(promised, late)] == ["expired", "in_force"]


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ((126, 90), "explained"),  # 6 of 126 is within five per cent
        ((127, 90), "reopened"),
        ((120, 92), "explained"),
        ((120, 95), "reopened"),
        ((None, 90), "reopened"),
    ],
)
def test_an_answer_holds_while_neither_figure_moves_beyond_the_tolerance(now: tuple[float | None, float], state: str) -> None:
    history = [*STEADY, ("2017-08-10", *now, "conflict")]
    assert state_of(answer("definition_differs"), history=history, last_extract="2017-08-10") == state


def test_an_overtaken_answer_says_when_the_figures_moved() -> None:
    history = [*STEADY, ("2017-08-10", 150, 90, "conflict")]
    [(status, words)] = told(answer("agree"), history=history, last_extract="2017-08-10")
    assert status == "overtaken"
    assert words is not None
    assert words.startswith("A figure moved beyond the tolerance on 10 August 2017, after the report of 1 July 2017")


def test_a_conflict_that_went_away_by_a_small_move_has_overtaken_its_answer_when_it_is_back() -> None:
    close = ("2017-08-10", 100, 96, "within_tolerance")
    history = [("2017-04-20", 100, 93, "conflict"), close, ("2017-09-01", 100, 93, "conflict")]
    [(status, _)] = told(answer("agree"), history=history, last_extract="2017-09-10")
    assert status == "overtaken"


def test_what_moved_before_the_report_does_not_count() -> None:
    history = [("2017-04-20", 20, 90, "conflict"), ("2017-06-20", 120, 90, "conflict")]
    assert state_of(answer("definition_differs"), history=history) == "explained"


def test_an_answer_to_an_old_report_is_overtaken_although_it_came_late() -> None:
    history = [*STEADY, ("2017-06-20", 150, 90, "conflict")]
    old = answer("agree", report_as_at="2017-05-01", on="2017-08-30")
    assert [status for status, _ in told(old, history=history)] == ["overtaken"]


def test_figures_that_moved_away_and_back_have_moved() -> None:
    history = [*STEADY, ("2017-08-10", 150, 90, "conflict"), ("2017-09-10", 120, 90, "conflict")]
    assert state_of(answer("agree"), history=history, last_extract="2017-09-10") == "reopened"


def test_a_conflict_that_had_gone_and_came_back_is_reopened_until_it_is_answered_anew() -> None:
    history = [*STEADY, ("2017-05-10", 90, 90, "agrees"), ("2017-06-10", 120, 90, "conflict")]
    assert state_of(history=history) == "reopened"
    assert state_of(answer("definition_differs"), history=history) == "explained"
    before = answer("definition_differs", report_as_at="2017-05-01", on="2017-05-03")
    assert state_of(before, history=history) == "reopened"


def test_an_answer_to_a_conflict_that_is_gone_is_overtaken_and_raises_nothing() -> None:
    judged, discrepancy = judge([answer("agree")], [*STEADY, ("2017-08-10", 90, 90, "agrees")], last_extract="2017-08-10")
    assert discrepancy is None
    assert [row["status"] for row in judged] == ["overtaken"]


# One answer of several


def test_a_later_answer_stands_in_the_place_of_an_earlier_one() -> None:
    given = [answer("will_correct", on="2017-07-04"), answer("definition_differs", on="2017-07-05", row_number=5)]
    assert state_of(*given) == "explained"
    assert told(*given) == [
        ("superseded", "Your later answer, of 5 July 2017, stands in its place."),
        ("in_force", None),
    ]


@pytest.mark.parametrize("submission", ["county.responses.00000001", "county.responses.00000002"])
def test_two_answers_of_one_day_in_one_file_or_two_contradict_each_other_and_neither_is_applied(submission: str) -> None:
    given = [answer("agree"), answer("need_records", row_number=5, submission_id=submission)]
    words = "On 4 July 2017 you answered 'agree' and 'need records': neither is applied. Send the right one, with a later date."
    assert told(*given) == [("contradicted", words)] * 2
    assert state_of(*given) == "open"


def test_a_contradiction_leaves_no_earlier_answer_in_force_and_a_later_answer_ends_it() -> None:
    given = [answer("definition_differs", on="2017-07-02"), answer("agree"), answer("need_records", row_number=5)]
    assert state_of(*given) == "open"
    assert state_of(*given, answer("will_correct", on="2017-07-05")) == "acknowledged"


def test_the_same_answer_sent_back_with_the_next_report_was_given_once_and_holds_from_the_first() -> None:
    again = answer("agree", report_as_at="2017-08-01", submission_id="county.responses.00000002")
    given = [answer("agree"), again]
    assert sorted(status for status, _ in told(*given, last_extract="2017-08-01")) == ["in_force", "superseded"]
    # a slow drift is not agreed to bit by bit: the figures are compared with those of the first report
    history = [*STEADY, ("2017-07-20", 125, 90, "conflict"), ("2017-08-10", 130, 90, "conflict")]
    assert sorted(status for status, _ in told(*given, history=history, last_extract="2017-08-10")) == ["overtaken", "superseded"]


def test_a_changed_answer_under_the_old_date_is_not_applied_and_the_earlier_one_stands() -> None:
    changed = answer("will_correct", report_as_at="2017-08-01", submission_id="county.responses.00000002")
    judged, discrepancy = judge([answer("definition_differs"), changed], last_extract="2017-08-01")
    assert {row["answer"]: row["status"] for row in judged} == {"definition_differs": "in_force", "will_correct": "not_applied"}
    assert discrepancy is not None
    assert discrepancy["state"] == "explained"
    assert any("before the report of 1 August 2017" in (row["told"] or "") for row in judged)


# What cannot be certain


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"discrepancy_id": "abuse.southby"}, "No conflict has this reference."),
        ({"answered_on": "2017-06-30"}, "dated 30 June 2017, before the report of 1 July 2017"),
        ({"answered_on": "2017-12-02"}, "dated 2 December 2017, after the day on which it came"),
        ({"report_as_at": "2017-07-02"}, "No report was as at 2 July 2017."),
    ],
)
def test_an_answer_of_which_something_is_uncertain_is_not_applied(changes: dict[str, str], words: str) -> None:
    [(status, said)] = told(answer("agree", **changes))
    assert status == "not_applied"
    assert said is not None
    assert words in said
    assert state_of(answer("agree", **changes)) == "open"


@pytest.mark.parametrize("changes", [{"on": "2017-12-01"}, {"on": "2017-07-01"}], ids=["it came", "of the report"])
def test_an_answer_of_the_day_on_which_it_came_or_of_the_day_of_the_report_holds(changes: dict[str, str]) -> None:
    assert told(answer("agree", **changes)) == [("in_force", None)]


def test_a_date_in_the_future_expires_nobody_elses_answer() -> None:
    promised = answer("will_correct", valid_until="2017-09-30")
    assert state_of(promised, answer("agree", by="police", on="2071-07-04")) == "acknowledged"


# Laws


@st.composite
def some_answers(draw: st.DrawFn) -> list[dict[str, Any]]:
    day = st.integers(0, 6).map(lambda n: date(2017, 7, 1) + timedelta(days=10 * n))
    return [
        answer(
            draw(st.sampled_from(["agree", "will_correct", "definition_differs", "other_should_correct", "need_records"])),
            by=draw(st.sampled_from(["police", "county", "fire"])),
            on=str(draw(day)),
            valid_until=draw(st.none() | day.map(str)),
            report_as_at=str(draw(day)),
            submission_id=f"s{draw(st.integers(0, 2))}",
            row_number=number,
        )
        for number in range(draw(st.integers(0, 6)))
    ]


HISTORIES = st.lists(
    st.tuples(st.sampled_from([120.0, 124.0, 150.0]), st.sampled_from(["conflict", "conflict", "agrees"])), min_size=1, max_size=3
).map(lambda steps: [(f"2017-0{6 + n}-15", value, 90.0, verdict) for n, (value, verdict) in enumerate(steps)])


@given(answers=some_answers(), history=HISTORIES, order=st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_the_order_in_which_answers_come_changes_nothing(
    answers: list[dict[str, Any]], history: list[Vintage], order: Any
) -> None:
    shuffled = list(answers)
    order.shuffle(shuffled)
    judged, discrepancy = judge(answers, history, last_extract="2017-08-20")
    assert (judged, discrepancy) == judge(shuffled, history, last_extract="2017-08-20")
    # every answer is there once, in the declared shape, and of each agency one at most is in force
    assert sorted(row["row_number"] for row in judged) == sorted(row["row_number"] for row in answers)
    in_force = [row["agency"] for row in judged if row["status"] == "in_force"]
    assert len(in_force) == len(set(in_force))
    assert {row["status"] for row in judged} <= set(STATUSES)
    assert all((row["told"] is None) == (row["status"] == "in_force") for row in judged)
    assert discrepancy is None or discrepancy["state"] in STATES
    if judged:
        assert list(judged[0]) == [column.name for column in specs_of(Responses)]


@given(answers=some_answers(), history=HISTORIES)
@settings(max_examples=8, deadline=None)
def test_a_last_clear_answer_is_in_force_whatever_came_before(answers: list[dict[str, Any]], history: list[Vintage]) -> None:
    last = answer("need_records", on="2017-11-01", report_as_at="2017-10-01", submission_id="last", row_number=99)
    judged, discrepancy = judge([*answers, last], history, last_extract="2017-10-01")
    status = next(row["status"] for row in judged if row["row_number"] == 99)
    assert status == ("in_force" if history[-1][3] == "conflict" else "overtaken")
    if discrepancy is not None:
        assert discrepancy["state"] == "acknowledged"
