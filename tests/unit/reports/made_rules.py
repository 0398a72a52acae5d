"""Disclosure rules for tests: counts of 1 to 4 are small, one feed is published, and percentages count nobody."""

from csp_pipeline.partnership.configuration import DisclosureEntry
from csp_pipeline.reports.disclosure_rules import Rules

RULES = Rules(
    DisclosureEntry.model_validate(
        {
            "small_counts": {"highest": 4, "reason": "Few people."},
            "public_feeds": [{"feed": "police/street", "reason": "Published."}],
            "exempt_units": [{"unit": "percent", "reason": "They count nobody."}],
        }
    )
)
