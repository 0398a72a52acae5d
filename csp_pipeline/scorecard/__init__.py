"""The strategy group's scorecard: the plan's priorities, how each measure moves, and how far the agencies agree."""

from csp_pipeline.scorecard.write import ScorecardSummary, write_scorecard

__all__ = ["ScorecardSummary", "write_scorecard"]
