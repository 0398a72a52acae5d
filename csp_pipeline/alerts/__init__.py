"""Being told: one message a run at most, when something opens, closes or reopens that needs a person."""

from csp_pipeline.alerts.concerns import RunOutcome
from csp_pipeline.alerts.tell import Told, tell_news

__all__ = ["RunOutcome", "Told", "tell_news"]
