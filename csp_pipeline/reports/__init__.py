"""What people read: the partnership's front page and one discrepancy report for each agency (page, workbook, JSON)."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csp_pipeline.reports.write import AgencySummary, ReportSummary, write_reports

__all__ = ["AgencySummary", "ReportSummary", "write_reports"]


def __getattr__(name: str) -> Any:
    """Load the writing of reports when it is asked for: a run with nothing new needs their words only, and starts sooner."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from csp_pipeline.reports import write

    return getattr(write, name)
