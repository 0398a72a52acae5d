"""The strategy group's scorecard: the plan's priorities, how each measure moves, and how far the agencies agree."""

from csp_pipeline.scorecard.write import ScorecardSummary, cells_on_scorecard, write_scorecard

__all__ = ["ScorecardSummary", "cells_on_scorecard", "write_scorecard"]
