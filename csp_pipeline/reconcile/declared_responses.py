"""The declared table of agencies' answers to discrepancies, and the rules by which these move a discrepancy's state."""

from csp_pipeline import tables
from csp_pipeline.agencies.responses import ANSWERS
from csp_pipeline.tables import Table

STATUSES = {
    "in_force": "it counts towards the discrepancy's state",
    "expired": "its last day has passed",
    "overtaken": "a figure has moved beyond the tolerance since the report that it answers, or there was no conflict in it",
    "superseded": "a later answer of the agency, or the same one sent again, stands in its place",
    "contradicted": "the agency gave another answer of the same day, so neither is applied",
    "not_applied": "it cannot be told what it answers, or when",
}
STATES = ("open", "acknowledged", "explained", "resolved", "reopened")
# What gives a discrepancy its state: the first of these that holds.
STATE_RULES = {
    "all_agree": ("resolved", "every owner answered agree"),
    "work_to_do": ("acknowledged", "an owner will correct, needs records, or asks the other agency to correct"),
    "few_records_left": ("explained", "its bridge leaves no more records unexplained than the tolerance"),
    "definition_differs": ("explained", "an owner answered that the definitions differ, and no owner has work to do"),
    "some_agree": ("acknowledged", "an owner agrees, and another has not answered"),
    "answer_lapsed": ("reopened", "no answer is in force, but one was: it expired or was overtaken by figures"),
    "came_back": ("reopened", "the conflict had gone and came back, and no answer is in force"),
    "no_answer": ("open", "no owner has answered"),
}


class Responses(Table):
    """Every answer that an agency gave to a discrepancy, with what became of it."""

    discrepancy_id: str = tables.column("VARCHAR", "Discrepancy that it answers, as it stood in the workbook")
    agency: str = tables.column("VARCHAR", "Agency that answered")
    answer: str = tables.column("VARCHAR", "Its answer", isin=list(ANSWERS.values()))
    reason: str = tables.column("VARCHAR", "Its reason, in its own words", nullable=True)
    role: str = tables.column("VARCHAR", "Role of whoever answered")
    answered_on: str = tables.column("DATE", "Day of the answer, from which it is in force")
    valid_until: str = tables.column("DATE", "Last day on which it is in force; NULL until the figures move", nullable=True)
    report_as_at: str = tables.column("DATE", "As-at date of the report that it answers")
    report_id: str = tables.column("VARCHAR", "Hash of what that report said")
    submission_id: str = tables.column("VARCHAR", "Submission it came in")
    row_number: int = tables.column("BIGINT", "Row as a spreadsheet shows it")
    status: str = tables.column(
        "VARCHAR", "What became of it: " + "; ".join(f"{name}: {words}" for name, words in STATUSES.items()), isin=list(STATUSES)
    )
    told: str = tables.column("VARCHAR", "What the agency is told of an answer that is not in force", nullable=True)
