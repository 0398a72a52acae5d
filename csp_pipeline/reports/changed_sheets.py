"""The sheets of an agency's workbook on what changed in what it sends: unknown codes and columns that are not as agreed."""

from csp_pipeline.reports import wording
from csp_pipeline.reports.pack import AgencyReport
from csp_pipeline.reports.sheets import Sheet


def changed_sheets(report: AgencyReport) -> list[Sheet]:
    """Both sheets, in the order of their tabs."""
    return [
        Sheet(
            "Unknown codes",
            "Codes that no list knows, whose rows are rejected: correct them, or tell the partnership of a new code",
            (("Feed", 24), ("Column", 24), ("Code", 24), ("Rows", 8), ("Last in", 44)),
            [(code.feed_title, code.column, code.code, code.rows, code.last_file) for code in report.unmapped],
        ),
        Sheet(
            "Changed columns",
            "Columns that are not as agreed: if one is to stay so, tell the partnership",
            (
                ("Feed", 24),
                ("Column", 24),
                ("Change", 12),
                ("What shows it", 70),
                ("What was done", 24),
                ("Files", 8),
                ("Last in", 44),
            ),
            [
                (
                    change.feed_title,
                    change.column,
                    change.change,
                    change.evidence,
                    wording.CHANGES[change.done],
                    change.files,
                    change.last_file,
                )
                for change in report.changed_columns
            ],
        ),
    ]
