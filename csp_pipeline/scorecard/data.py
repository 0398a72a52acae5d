"""The scorecard as JSON: what its workbook says, row by row, and which figures it tells."""

from typing import Any

from csp_pipeline.scorecard.card import Card
from csp_pipeline.scorecard.workbook import sheets_of

SCHEMA = "csp-scorecard/2"


def as_json(card: Card) -> dict[str, Any]:
    """The scorecard in values that JSON has; each sheet of the workbook as rows by column."""
    return {
        "schema": SCHEMA,
        "partnership": card.partnership,
        "plan": card.plan,
        "district": card.district,
        "as_at": card.as_at.isoformat() if card.as_at else None,
        "sheets": {
            sheet.name: [dict(zip((title for title, _ in sheet.columns), row, strict=True)) for row in sheet.rows]
            for sheet in sheets_of(card)
        },
        "shown_cells": card.shown_cells,
    }
