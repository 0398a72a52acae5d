"""Every table of the warehouse with its declaration, in the order a reader meets them."""

from collections.abc import Mapping
from dataclasses import dataclass

from csp_pipeline.figures.declared import BreakSuggestions, Changes, Figures, FigureVintages
from csp_pipeline.figures.lateness import DuePeriods
from csp_pipeline.intake.contract import ColumnChanges
from csp_pipeline.intake.correct import Corrections, KnownErrors
from csp_pipeline.intake.submissions import Rejects, Submissions, UnmappedCodes, Validity
from csp_pipeline.partnership.areas import Areas, Populations
from csp_pipeline.partnership.measures import Breaks, Measures, Preferences
from csp_pipeline.partnership.partnership import Agencies, Feeds, Partnership
from csp_pipeline.partnership.periods import Periods
from csp_pipeline.reconcile.declared import BridgeRecords, BridgeSteps, Comparisons, Discrepancies, GapHistory, LinkCuts, Links
from csp_pipeline.reconcile.declared_changes import ChangeTests, ControlLimits
from csp_pipeline.reconcile.declared_claims import ClaimFigures, Claims
from csp_pipeline.reconcile.declared_responses import Responses
from csp_pipeline.reconcile.declared_search import DefinitionFigures, DefinitionSearches, DefinitionVariants
from csp_pipeline.tables import ColumnSpec, FeedSpec, Table, specs_of

MODELS: dict[str, type[Table]] = {
    "agencies": Agencies,
    "feeds": Feeds,
    "areas": Areas,
    "populations": Populations,
    "periods": Periods,
    "measures": Measures,
    "breaks": Breaks,
    "preferences": Preferences,
    "submissions": Submissions,
    "rejects": Rejects,
    "column_changes": ColumnChanges,
    "unmapped_codes": UnmappedCodes,
    "known_errors": KnownErrors,
    "corrections": Corrections,
    "validity": Validity,
    "due_periods": DuePeriods,
    "figures": Figures,
    "changes": Changes,
    "figure_vintages": FigureVintages,
    "break_suggestions": BreakSuggestions,
    "comparisons": Comparisons,
    "links": Links,
    "link_cuts": LinkCuts,
    "bridge_steps": BridgeSteps,
    "bridge_records": BridgeRecords,
    "gap_history": GapHistory,
    "responses": Responses,
    "discrepancies": Discrepancies,
    "definition_searches": DefinitionSearches,
    "definition_variants": DefinitionVariants,
    "definition_figures": DefinitionFigures,
    "change_tests": ChangeTests,
    "control_limits": ControlLimits,
    "claims": Claims,
    "claim_figures": ClaimFigures,
}


# In the words on every table of records, for to count them all is the first mistake that is made.
WHICH_HOLD = "Records of files that were replaced since stay here: those that hold today have `valid_to` NULL."


@dataclass(frozen=True)
class CataloguedTable:
    """A table of the warehouse: name, description and columns."""

    name: str
    description: str
    columns: tuple[ColumnSpec, ...]
    is_feed: bool = False


def catalogue(partnership: Partnership, specs: Mapping[str, FeedSpec]) -> list[CataloguedTable]:
    """All tables: the shared ones, then one for each feed."""
    shared = [CataloguedTable(name, " ".join((model.__doc__ or "").split()), specs_of(model)) for name, model in MODELS.items()]
    feeds = [
        CataloguedTable(
            feed.table,
            f"{' '.join(specs[feed.key].description.split())} {WHICH_HOLD}",
            record_columns(specs[feed.key], keeps_extras=feed.entry.changes.keeps_extras),
            True,
        )
        for feed in partnership.feeds
    ]
    return shared + feeds


def record_columns(spec: FeedSpec, *, keeps_extras: bool = False) -> tuple[ColumnSpec, ...]:
    """The columns of a feed's table: where each record comes from and when it holds, then its own columns, and where it
    `keeps_extras` what came beside them.
    """
    origin = (
        ColumnSpec("submission_id", "", "VARCHAR", "Submission it came in"),
        ColumnSpec("sheet", "", "VARCHAR", "Sheet of the workbook; NULL of other files", nullable=True),
        ColumnSpec("row_number", "", "BIGINT", "Row as a spreadsheet shows it"),
        ColumnSpec("covered_label", "", "VARCHAR", "Period that its submission covers"),
        ColumnSpec("valid_from", "", "DATE", "Day of extraction, from which it holds"),
        ColumnSpec("valid_to", "", "DATE", "Day from which a later extract holds; NULL while it is the latest", nullable=True),
    )
    # A flag or choice may have a word for "not known", which is stored as NULL.
    own = tuple(
        ColumnSpec(
            c.name,
            c.header,
            c.type,
            c.description,
            nullable=True,
            role=c.role,
            unit=c.unit,
            sensitivity=c.sensitivity,
            values=c.values,
        )
        for c in spec.columns
        if c.stored
    )
    derived = tuple(ColumnSpec(d.name, "", d.type, d.description, nullable=True, role=d.role) for d in spec.derived)
    extras = (
        ColumnSpec(
            "extras",
            "",
            "VARCHAR",
            "JSON of values beyond the agreed layout, by the sender's column, as text: of new columns, and of values that a "
            "retyped column cannot read (feed.yml > changes). Nothing is counted by it",
            nullable=True,
        ),
    )
    return origin + own + derived + (extras if keeps_extras else ())
