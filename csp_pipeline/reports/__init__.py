"""What people read: the partnership's front page and one discrepancy report for each agency (page, workbook, JSON)."""

from csp_pipeline.reports.write import AgencySummary, ReportSummary, write_reports

__all__ = ["AgencySummary", "ReportSummary", "write_reports"]
