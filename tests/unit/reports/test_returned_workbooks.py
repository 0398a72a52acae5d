"""What the reports say of the workbooks that an agency sent back."""

from datetime import date, datetime
from typing import Any

from csp_pipeline.reports.read import Facts
from csp_pipeline.reports.returned import NotTaken, ReturnedWorkbook, returned_workbooks_of


def facts(responses: list[dict[str, Any]], rejects: list[dict[str, Any]], **submission: Any) -> Facts:
    """Facts with one returned workbook of the police."""
    sent = {"submission_id": "s1", "agency": "police", "feed": "responses", "file": "police.xlsx", "outcome": "accepted"}
    sent |= {"received": datetime(2017, 7, 4, 10), "rows_read": 3, "rows_accepted": 3, "message": None}
    made = object.__new__(Facts)
    for name, rows in (("submissions", [sent | submission]), ("responses", responses), ("rejects", rejects)):
        object.__setattr__(made, name, [{"submission_id": "s1", **row} for row in rows])
    return made


def test_an_answer_that_was_never_applied_is_not_taken_and_one_that_expired_was() -> None:
    statuses = {4: ("expired", "Its last day has passed."), 5: ("contradicted", "Two answers of one day."), 6: ("in_force", None)}
    responses = [{"row_number": row, "status": status, "told": told} for row, (status, told) in statuses.items()]
    [found] = returned_workbooks_of(facts(responses, []), "police")
    assert (found.answers, found.taken, found.received_on) == (3, 2, date(2017, 7, 4))
    assert found.not_taken == (NotTaken(5, "Two answers of one day."),)


def test_two_things_wrong_with_one_answer_are_told_together_in_the_order_of_rows() -> None:
    rejects = [{"row_number": row, "message": message} for row, message in ((9, "No date."), (9, "No role."), (7, "No answer."))]
    [found] = returned_workbooks_of(facts([], rejects, rows_accepted=1, outcome="accepted_with_rejects"), "police")
    assert found.why == "Row 7: No answer.\nRow 9: No date. No role."


def test_a_workbook_refused_whole_says_why() -> None:
    refused = {"outcome": "refused", "rows_read": 0, "rows_accepted": 0, "message": "It was sent to 'county'."}
    [found] = returned_workbooks_of(facts([], [], **refused), "police")
    assert (found.taken, found.not_taken) == (0, (NotTaken(None, "It was sent to 'county'."),))


def test_another_agencys_workbook_is_not_listed() -> None:
    assert returned_workbooks_of(facts([], []), "county") == ()


def test_of_many_reasons_the_first_are_told() -> None:
    reasons = tuple(NotTaken(row, "No date.") for row in range(4, 29))
    found = ReturnedWorkbook("a.xlsx", date(2017, 7, 4), "accepted_with_rejects", 25, 0, reasons)
    assert str(found.why).splitlines()[-1] == "And 5 more answers."
