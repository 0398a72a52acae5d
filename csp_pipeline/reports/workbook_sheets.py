"""What each sheet of an agency's workbook holds: the contents of the report as tables, in the order of their tabs."""

from collections.abc import Iterable, Iterator
from typing import Any

from csp_pipeline.reports import wording
from csp_pipeline.reports.changed_sheets import changed_sheets
from csp_pipeline.reports.conflict_words import Figure
from csp_pipeline.reports.pack import AgencyReport
from csp_pipeline.reports.sheets import NOT_APPLICABLE, Sheet


def agency_sheets(report: AgencyReport) -> list[Sheet]:
    return [
        Sheet(
            "Conflicts",
            f"Conflicts between {report.name}'s figures and others",
            CONFLICT_COLUMNS,
            list(_conflict_rows(report)),
        ),
        Sheet(
            "Given answers",
            f"What became of {report.name}'s answers",
            (
                ("Conflict", 44),
                ("Answer", 26),
                ("Date", 12),
                ("Became", 24),
                ("What to do", 70),
                ("Open", 7),
                ("File", 44),
                ("Row", 8),
                ("Reference", 60),
            ),
            [
                (a.conflict, a.answer, a.answered_on, a.became, a.told or NOT_APPLICABLE, a.asks, a.file, a.row, a.discrepancy_id)
                for a in report.given_answers
            ],
        ),
        Sheet(
            "Returned workbooks",
            f"Workbooks of answers that {report.name} sent back",
            (("File", 44), ("Received", 12), ("Outcome", 28), ("Answers", 9), ("Taken", 9), ("Not taken", 9), ("Why not", 90)),
            [
                (
                    b.file,
                    b.received_on,
                    wording.OUTCOMES[b.outcome],
                    b.answers,
                    b.taken,
                    b.answers - b.taken,
                    b.why or NOT_APPLICABLE,
                )
                for b in report.returned
            ],
        ),
        Sheet(
            "Steps of gaps",
            "Gaps between yearly figures taken apart, cause by cause",
            STEP_COLUMNS,
            list(_step_rows(report)),
        ),
        Sheet(
            "Own records",
            f"Records of {report.name} behind those steps",
            (
                ("Conflict", 60),
                ("Step", 34),
                ("Feed", 24),
                ("Your reference", 24),
                ("File", 44),
                ("Sheet", 12),
                ("Row", 8),
            ),
            [
                (c.id, r.title, r.feed_title, r.reference, r.file, r.sheet or NOT_APPLICABLE, r.row)
                for c in report.conflicts.listed
                if c.bridge
                for r in c.bridge.own_records
            ],
        ),
        Sheet(
            "Changes",
            _since_title(report),
            (("Change", 12), ("Measure", 30), ("Area", 22), ("Period", 12), ("In words", 90), ("Conflict", 60)),
            [
                (wording.capitalised(c.kind), c.measure_title, c.area, c.period, c.words, c.id)
                for c in (report.since.changes if report.since else ())
            ],
        ),
        Sheet(
            "Rejected rows",
            "Rows that were not taken in, and what to do",
            (
                ("Feed", 24),
                ("File", 44),
                ("Sheet", 16),
                ("Row", 8),
                ("Your reference", 24),
                ("Column", 18),
                ("Found", 20),
                ("What to do", 70),
                ("Open", 7),
            ),
            list(_rejected_rows(report)),
        ),
        Sheet(
            "Refused files",
            "Files that were refused whole, and what to do",
            (
                ("Feed", 24),
                ("File", 44),
                ("Period", 14),
                ("Extracted", 12),
                ("Column", 18),
                ("What to do", 70),
                ("Open", 7),
            ),
            [
                (f.feed_title, f.file, f.coverage, f.extracted, f.column or NOT_APPLICABLE, f.message, f.is_open)
                for f in report.refused
            ],
        ),
        *changed_sheets(report),
        Sheet(
            "Missing periods",
            f"Periods that have not come by {wording.long_date(report.as_at)}",
            (
                ("Feed", 30),
                ("Period", 14),
                ("Due", 12),
                ("Days overdue", 12),
                ("Part came", 10),
                ("Comparisons waiting", 14),
                ("What to do", 70),
            ),
            [
                (m.feed_title, m.period, m.due, m.days_overdue, m.is_partial, m.comparisons_waiting, m.what_to_do)
                for m in report.missing
            ],
        ),
        Sheet(
            "Late periods",
            "Periods that came after they were due",
            (("Feed", 40), ("Period", 14), ("Due", 12), ("First accepted", 14), ("Days late", 10)),
            [(p.feed_title, p.period, p.due, p.first_accepted, p.days_late) for p in report.late],
        ),
        Sheet(
            "Revised figures",
            "Figures that a later file of yours changed",
            (
                ("Measure", 30),
                ("Feed", 30),
                ("Area", 22),
                ("Period", 12),
                ("Unit", 12),
                ("First", 10),
                ("Now", 10),
                ("Change", 10),
                ("Last revised", 12),
                ("Times", 8),
                ("Records", 60),
            ),
            [
                (
                    r.measure_title,
                    r.feed_title,
                    r.area,
                    r.period,
                    wording.plural(r.unit),
                    r.first,
                    r.now,
                    r.change,
                    r.last_revised,
                    r.times,
                    r.movements,
                )
                for r in report.revisions
            ],
        ),
        Sheet(
            "Quarters",
            "Your quarterly figures with a break, a gap or a revision in them",
            (
                ("Measure", 30),
                ("Feed", 30),
                ("Unit", 12),
                ("Quarter", 14),
                ("Figure", 10),
                ("Before its revision", 12),
                ("Note", 60),
            ),
            [
                (
                    s.measure_title,
                    s.feed_title,
                    wording.plural(s.unit),
                    p.period,
                    p.value,
                    NOT_APPLICABLE if p.first is None else p.first,
                    f"[b] {p.break_title}, {wording.long_date(p.break_date)}" if p.break_title else NOT_APPLICABLE,
                )
                for s in report.series
                for p in s.points
            ],
        ),
        Sheet(
            "Earlier gaps",
            "How yearly gaps stood over time, judged by today's tolerances",
            (
                ("Measure", 30),
                ("Period", 12),
                ("First figure from", 40),
                ("First figure", 10),
                ("Second figure from", 40),
                ("Second figure", 10),
                ("Known from", 12),
                ("Until", 12),
                ("Verdict", 18),
                ("Changed by", 60),
            ),
            [
                (
                    c.measure_title,
                    c.period,
                    f"{c.figures[0].agency_name}: {c.figures[0].feed_title}",
                    g.first,
                    f"{c.figures[1].agency_name}: {c.figures[1].feed_title}",
                    g.second,
                    g.known_from,
                    g.known_to or "today",
                    g.verdict,
                    g.changed_by,
                )
                for c in report.conflicts.listed
                if c.has_moved
                for g in c.past
            ],
        ),
        Sheet(
            "Submissions",
            "What was sent, and what became of it",
            (
                ("Feed", 30),
                ("File", 44),
                ("Period", 24),
                ("Extracted", 12),
                ("Outcome", 28),
                ("Rows read", 10),
                ("Rows accepted", 10),
                ("Rows rejected", 10),
                ("In use", 8),
                ("Note", 60),
            ),
            [
                (
                    s.feed_title,
                    s.file,
                    s.coverage,
                    s.extracted,
                    wording.OUTCOMES.get(s.outcome, s.outcome),
                    s.rows_read,
                    s.rows_accepted,
                    s.rows_rejected,
                    s.is_current,
                    s.message or NOT_APPLICABLE,
                )
                for s in report.submissions
            ],
        ),
    ]


CONFLICT_COLUMNS = (
    ("Measure", 24),
    ("Area", 22),
    ("Period", 12),
    ("First figure from", 34),
    ("First figure", 10),
    ("First unit", 11),
    ("Second figure from", 34),
    ("Second figure", 10),
    ("Second unit", 11),
    ("Gap", 10),
    ("Question for you", 60),
    ("Why they may differ", 100),
    ("Definition search", 100),
    ("First date basis", 20),
    ("First area basis", 20),
    ("First coverage", 16),
    ("First extracted", 12),
    ("Second date basis", 20),
    ("Second area basis", 20),
    ("Second coverage", 16),
    ("Second extracted", 12),
    ("In words", 70),
    ("State", 14),
    ("Open", 7),
    ("First seen", 12),
    ("Answers", 60),
    ("Reference", 60),
)


def _rejected_rows(report: AgencyReport) -> Iterator[tuple[Any, ...]]:
    for row in report.rejected:
        file, sheet = (row.feed_title, row.file), row.sheet or NOT_APPLICABLE
        yield *file, sheet, row.row, row.reference, row.column, row.found_shown, row.what_to_do, row.is_open
        if row.more:
            yield (
                *file,
                sheet,
                NOT_APPLICABLE,
                NOT_APPLICABLE,
                row.column,
                NOT_APPLICABLE,
                wording.further_rejected(row.more),
                row.is_open,
            )


def _since_title(report: AgencyReport) -> str:
    since = report.since
    return f"What changed since the report of {wording.long_date(since.as_at)}" if since else "Changes: this is the first report"


STEP_COLUMNS = (
    ("Measure", 30),
    ("Area", 18),
    ("Period", 12),
    ("From", 40),
    ("First figure", 10),
    ("To", 40),
    ("Second figure", 10),
    ("Step number", 8),
    ("Step", 36),
    ("What it is", 60),
    ("First side's records", 12),
    ("Second side's records", 12),
    ("Adds", 8),
    ("Reached", 10),
    ("Conflict", 60),
)


def _step_rows(report: AgencyReport) -> Iterable[tuple[Any, ...]]:
    for c in report.conflicts.listed:
        if c.bridge is None:
            continue
        first, second = (f"{figure.agency_name}: {figure.feed_title}" for figure in c.figures)
        for number, step in enumerate(c.bridge.steps, start=1):
            yield (
                c.measure_title,
                c.area,
                c.period,
                first,
                c.bridge.start,
                second,
                c.bridge.end,
                number,
                step.title,
                step.meaning,
                step.first_records,
                step.second_records,
                step.contribution,
                step.reached,
                c.id,
            )


def _conflict_rows(report: AgencyReport) -> Iterable[tuple[Any, ...]]:
    for c in report.conflicts.listed:
        (first, first_basis), (second, second_basis) = (_side(figure) for figure in c.figures)
        gap = c.gap_shown if c.gap is None else c.gap
        yield (
            c.measure_title,
            c.area,
            c.period,
            *first,
            *second,
            gap,
            c.question,
            " ".join(c.reasons),
            c.search or NOT_APPLICABLE,
            *first_basis,
            *second_basis,
            c.sentence,
            c.state,
            c.is_open,
            c.first_seen,
            "\n".join(answer.sentence for answer in c.answers) or NOT_APPLICABLE,
            c.id,
        )


def _side(figure: Figure) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    shown = figure.shown if figure.value is None else figure.value
    return (
        (f"{figure.agency_name}: {figure.feed_title}", shown, wording.plural(figure.unit)),
        (
            wording.date_basis(figure.date_basis),
            wording.area_basis(figure.area_basis),
            wording.coverage(figure.coverage),
            figure.extracted,
        ),
    )
