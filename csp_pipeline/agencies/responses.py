"""What every agency may send back: its answers to discrepancies, on the `Answers` sheet of its report's workbook."""

import pandas as pd
import pandera.pandas as pa

from csp_pipeline import tables
from csp_pipeline.tables import Derived, FeedTable, Layout

SHEET = "Answers"
# What an agency may answer, in the words of the drop-down, and how it is stored.
ANSWERS = {
    "agree": "agree",
    "we will correct": "will_correct",
    "definition differs": "definition_differs",
    "other agency should correct": "other_should_correct",
    "need records": "need_records",
}
# These say nothing to the other agency without a reason.
NEED_A_REASON = ("definition differs", "other agency should correct")
LONGEST_REASON, LONGEST_ROLE = 500, 80
# The report that a row answers, as `report_reference` writes it: agency, as-at date, and hash of what the report said.
REPORT = r"([a-z][a-z0-9_]*), as at ([0-9]{4}-[0-9]{2}-[0-9]{2}), report ([0-9a-f]{12})"
EXAMPLE = "police, as at 2017-07-04, report 0123456789ab"


def report_reference(agency: str, as_at: object, report_id: str) -> str:
    """What ties a row of the sheet to its report; `Responses` reads it back."""
    return f"{agency}, as at {as_at}, report {report_id}"


def _of_report(group: int) -> str:
    return f"regexp_extract(report, '^{REPORT}$', {group})"


@tables.feed(
    row_unit="answer",
    record_level=False,
    layout=Layout("form", sheet=SHEET, to_fill=("answer", "reason", "role", "answered_on", "valid_until"), addressed="report"),
    derived=(
        Derived("report_as_at", "DATE", _of_report(2), "As-at date of the report that it answers"),
        Derived("report_id", "VARCHAR", _of_report(3), "Hash of what that report said"),
    ),
)
class Responses(FeedTable):
    """Answers to discrepancies, a row each, as returned on the sheet `Answers` of an agency's report."""

    discrepancy_id: str = tables.text("Discrepancy that is answered", header="Reference")
    in_words: str = tables.text("The conflict in words, as sent", header="In words", nullable=True, required=False, stored=False)
    first_figure: str = tables.text("First figure, as sent", header="First figure", nullable=True, required=False, stored=False)
    second_figure: str = tables.text(
        "Second figure, as sent", header="Second figure", nullable=True, required=False, stored=False
    )
    state: str = tables.text("State, as sent", header="State", nullable=True, required=False, stored=False)
    said_so_far: str = tables.text("Answers in force, as sent", header="Said so far", nullable=True, required=False, stored=False)
    answer: str = tables.choice(ANSWERS, "Answer", header="Answer")
    reason: str = tables.text(
        "Reason in the agency's words",
        header="Reason",
        nullable=True,
        pattern=rf"[\s\S]{{1,{LONGEST_REASON}}}",
        expects=f"a reason of at most {LONGEST_REASON} characters",
        sensitivity="free text",
    )
    role: str = tables.text(
        "Role of whoever answered, never a name",
        header="Role",
        pattern=rf"(?!(?i:mr|mrs|ms|miss|mx|dr|sir|dame|cllr)\b)[^@0-9]{{1,{LONGEST_ROLE}}}",
        expects="a role such as Crime registrar (no person's name, address or number)",
        sensitivity="person",
    )
    answered_on: str = tables.day("%d/%m/%Y", "Day of the answer", header="Date", may_be_future=True)
    valid_until: str = tables.day(
        "%d/%m/%Y", "Last day on which it holds", header="Valid until", nullable=True, may_be_future=True
    )
    report: str = tables.text(
        "Report that is answered",
        header="Report",
        pattern=REPORT,
        expects=f"what the report was sent with, such as {EXAMPLE}: leave this column as it is",
    )

    @pa.dataframe_check(name="missing_reason:answer", error="missing_reason:answer")
    def _says_why(cls, frame: pd.DataFrame) -> pd.Series:  # noqa: N805 (pandera gives the class)
        return ~(frame["answer"].isin(NEED_A_REASON) & frame["reason"].isna())

    @pa.dataframe_check(name="valid_before_date:valid_until", error="valid_before_date:valid_until")
    def _ends_after_it_begins(cls, frame: pd.DataFrame) -> pd.Series:  # noqa: N805
        begins, ends = (_days(frame[name]) for name in ("answered_on", "valid_until"))
        return ~(ends < begins)


def _days(texts: pd.Series) -> pd.Series:
    """Dates written in either of the two ways that are accepted; anything else is the concern of the column's own check."""
    iso = pd.to_datetime(texts.str.slice(0, 10), format=tables.ISO_DAY, errors="coerce")
    return iso.fillna(pd.to_datetime(texts, format="%d/%m/%Y", errors="coerce"))
