"""Writing the scorecard to its place beside the reports: a page, a workbook and JSON."""

import json
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.lake import replacing
from csp_pipeline.partnership.configuration import SCORECARD
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.parts import Parts
from csp_pipeline.reports.read import Facts, read_facts
from csp_pipeline.scorecard.card import Card, build_card, cells_shown
from csp_pipeline.scorecard.data import as_json
from csp_pipeline.scorecard.page import scorecard_page
from csp_pipeline.scorecard.read import card_facts_of
from csp_pipeline.scorecard.workbook import write_workbook
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class ScorecardSummary:
    """What was written, and what it holds."""

    page: Path
    workbook: Path
    data: Path
    card: Card


def write_scorecard(settings: Settings, parts: Parts | None = None, facts: Facts | None = None) -> ScorecardSummary | None:
    """Write the scorecard from the published warehouse; the same warehouse gives the same bytes. None without `scorecard.yml`,
    and then an earlier one is removed.

    What is hidden of the same figures is kept in `parts`. `facts` are those that the reports were just made from, with what has
    been worked out of them; without, they are read.

    Raises PublishError when there is no warehouse to read or a scorecard that was sent cannot be read, ConfigurationError
    when `sources/` cannot be read.
    """
    page, workbook, data = files = settings.report_files(SCORECARD)
    card_facts = None
    if (settings.sources / "scorecard.yml").exists():
        facts = facts or read_facts(settings, load_partnership(settings.sources), parts)
        card_facts = card_facts_of(settings, facts)
    if facts is None or card_facts is None:
        for path in files:  # of a scorecard that was declared before: it would pass for today's
            path.unlink(missing_ok=True)
        return None
    card = build_card(facts, card_facts)
    with replacing(page) as beside:
        beside.write_text(scorecard_page(card), encoding="utf-8")
    with replacing(workbook) as beside:
        write_workbook(beside, card)
    with replacing(data) as beside:
        beside.write_text(json.dumps(as_json(card), ensure_ascii=False) + "\n", encoding="utf-8")
    return ScorecardSummary(page, workbook, data, card)


def cells_on_scorecard(settings: Settings, facts: Facts) -> frozenset[str]:
    """The cells of figures that the scorecard shows, which the agencies' reports have to reckon with; raises as above."""
    card_facts = card_facts_of(settings, facts)
    return frozenset() if card_facts is None else cells_shown(facts, card_facts)
