"""The declared tables of comparisons, links, bridges and discrepancies."""

from csp_pipeline import tables
from csp_pipeline.reconcile.declared_responses import STATE_RULES, STATES
from csp_pipeline.tables import Table

COMPARABILITIES = ("like_for_like", "adjustable", "not_comparable")
# The causes of a bridge's steps, in the order in which it tells them.
CAUSES = (
    "reference_date",
    "reference_period",
    "classification",
    "geography",
    "status",
    "counting_unit",
    "repeats",
    "duplicates",
    "rejected_row",
    "later_vintage",
    "known_to_one_agency_only",
    "unexplained",
)
# What a step says of its records, for people: by cause, and where the detail has a meaning of its own by both.
MEANINGS: dict[tuple[str, str | None], str] = {
    ("reference_date", None): "Both know of them; the other side's date falls in another period",
    ("reference_period", None): "The other side has sent nothing for the month that they fall in",
    ("classification", None): "Both know of them; the other side's record does not meet its condition",
    ("geography", None): "Both know of them; the other side's record lies in another area",
    ("geography", "no usable location"): "Both know of them; the other side's record has no usable location",
    ("status", None): "Both know of them; the status of the other side's record does not meet its condition",
    ("counting_unit", None): "Both count the event, one side in more records than the other",
    ("counting_unit", "no person to count"): "The other side counts persons, and its record names none",
    ("repeats", None): "The same unit again in the period, which is counted once",
    ("duplicates", None): "The same thing entered twice",
    ("rejected_row", None): "The other side sent them too, in rows that were rejected",
    ("later_vintage", None): "The other side's record was taken out by a later extract",
    ("known_to_one_agency_only", None): "No record of the other side is linked to them",
    ("unexplained", "shared_identifier"): "Their identifier or person key stands in too many records to link them",
    ("unexplained", "contradicting_links"): "Their identifier leads to a record of another person, or of another time",
    ("unexplained", "persons_do_not_match"): (
        "Nearly all identifiers of their month lead to another person: an agency keys its persons anew, or quotes other numbers"
    ),
    ("unexplained", "reference_not_found"): "They quote an identifier that the other side does not have",
    ("unexplained", "no_identifier"): "They have nothing by which they could be linked",
    ("unexplained", "reference_unreadable"): "What they quote as an identifier cannot be read",
    ("unexplained", "other_without_identifier"): "Most of the other side's records have nothing by which they could be linked",
    ("unexplained", "several_alike"): "Several records of the other side are as likely to be the same",
    ("unexplained", "no_probable_counterpart"): "No record of the other side is surely enough the same",
    (
        "unexplained",
        "too_many_alike",
    ): "Too many pairs are near enough to be compared; narrow days or levels in sources/links.yml",
    ("unexplained", "not_estimated"): (
        "What counterparts have in common could not be estimated; declare prior and shares in sources/links.yml"
    ),
    ("unexplained", "no_link_declared"): "No links are declared between these two feeds (sources/links.yml)",
}
# Begins what a cause says that rests on a link by likeness; the rule's name follows.
PROBABLE = "probable link by "
VERDICTS = ("agrees", "within_tolerance", "conflict", "not_comparable", "missing")

EFFECTS = {
    "first_known": "both figures were known for the first time, and are not in conflict",
    "opened": "the gap came to be a conflict, when the figures or the rest of the period came (the row before is not_comparable, "
    "or there is none), or by a revision (the row before agrees or is within_tolerance)",
    "changed": "a figure, or whether the two may be compared, changed; the conflict did not come or go",
    "closed": "the gap ceased to be a conflict",
}


class Comparisons(Table):
    """Two feeds' headline figures for one measure, area and period: how far they may be compared, and the verdict. Areas lie in
    one another, and so do periods: add up one area_level (areas) and one period_kind (periods) only.
    """

    comparison_id: str = tables.column("VARCHAR", "Stable and readable", unique=True)
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period: 2016-17, 2016-17 Q1 or 2016-04")
    agency_a: str = tables.column("VARCHAR", "First agency")
    feed_a: str = tables.column("VARCHAR", "Its feed")
    value_a: float = tables.column("DOUBLE", "Its figure; NULL when missing or suppressed", nullable=True)
    low_a: float = tables.column("DOUBLE", "Least it can be, where it is suppressed; else the figure", nullable=True)
    high_a: float = tables.column(
        "DOUBLE", "Most it can be, where it is suppressed (NULL: not told); else the figure", nullable=True
    )
    status_a: str = tables.column("VARCHAR", "Its observation status")
    coverage_a: float = tables.column("DOUBLE", "Share of the period it covers")
    agency_b: str = tables.column("VARCHAR", "Second agency")
    feed_b: str = tables.column("VARCHAR", "Its feed")
    value_b: float = tables.column("DOUBLE", "Its figure; NULL when missing or suppressed", nullable=True)
    low_b: float = tables.column("DOUBLE", "Least it can be, where it is suppressed; else the figure", nullable=True)
    high_b: float = tables.column(
        "DOUBLE", "Most it can be, where it is suppressed (NULL: not told); else the figure", nullable=True
    )
    status_b: str = tables.column("VARCHAR", "Its observation status")
    coverage_b: float = tables.column("DOUBLE", "Share of the period it covers")
    gap: float = tables.column("DOUBLE", "value_b - value_a", nullable=True)
    comparability: str = tables.column("VARCHAR", "How far the two may be compared", isin=list(COMPARABILITIES))
    reasons: str = tables.column("VARCHAR", "Why they are not like for like, separated by semicolons", nullable=True)
    verdict: str = tables.column("VARCHAR", "What the gap amounts to, by the rule", isin=list(VERDICTS))
    rule: str = tables.column(
        "VARCHAR",
        "Rule behind the verdict: a tolerance, a declared difference, a break's id, missing, incomplete_period, or suppressed"
        " (one is, and not even the most that it can be is told)",
    )
    as_at: str = tables.column("DATE", "Extract date of the later of the two", nullable=True)


class Links(Table):
    """Records of two feeds that tell of one event, each link with the rule that made it; one-to-many links are kept."""

    agency_a: str = tables.column("VARCHAR", "First agency")
    feed_a: str = tables.column("VARCHAR", "Its feed")
    record_key_a: str = tables.column("VARCHAR", "Key of its record, or submission and row where the feed has no key")
    agency_b: str = tables.column("VARCHAR", "Second agency")
    feed_b: str = tables.column("VARCHAR", "Its feed")
    record_key_b: str = tables.column("VARCHAR", "Key of its record, or submission and row where the feed has no key")
    rule: str = tables.column("VARCHAR", "Rule of sources/links.yml that made the link")
    probability: float = tables.column(
        "DOUBLE", "How likely the two are each other's only counterpart, for a rule by likeness; else NULL", nullable=True
    )


class LinkCuts(Table):
    """Records left without a link because too many of them share one identifier or person key, hang together, or are alike."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Its feed")
    other_agency: str = tables.column("VARCHAR", "Agency of the feed it was to be linked with")
    other_feed: str = tables.column("VARCHAR", "That feed")
    rule: str = tables.column("VARCHAR", "Rule whose links were cut, or `event` for a set too large to be one event")
    records: int = tables.column("BIGINT", "Records whose links were cut", unit="records")


class BridgeSteps(Table):
    """The way from value_a to value_b of a comparison of two record-level figures: signed steps that add up to its gap."""

    comparison_id: str = tables.column("VARCHAR", "Comparison")
    step: int = tables.column("BIGINT", "Place of the step in the bridge, from 1")
    cause: str = tables.column("VARCHAR", "Cause of the step; the last of a bridge is unexplained", isin=list(CAUSES))
    detail: str = tables.column(
        "VARCHAR", "Condition that is not met, why nothing explains it, or that links are probable", nullable=True
    )
    contribution: float = tables.column("DOUBLE", "What the step adds to the gap, signed")
    records: int = tables.column(
        "BIGINT", "Records behind the step; NULL where no links are declared", nullable=True, unit="records"
    )
    records_a: int = tables.column("BIGINT", "Those of the first feed", nullable=True, unit="records")
    records_b: int = tables.column("BIGINT", "Those of the second feed", nullable=True, unit="records")
    possible_counterparts: int = tables.column(
        "BIGINT",
        "Of what is known to one agency only, how many may be records of the other side's that stay unexplained",
        nullable=True,
        unit="records",
    )
    sentence: str = tables.column("VARCHAR", "The step in words")


class BridgeRecords(Table):
    """The records behind the steps of the bridges: each counted by one side only, or beyond what the other side counts. Join a
    feed's table on submission_id and row_number, in workbooks on sheet too: a key stands in each extract that has the record.
    """

    comparison_id: str = tables.column("VARCHAR", "Comparison")
    cause: str = tables.column("VARCHAR", "Its one cause, the first that applies in the declared order", isin=list(CAUSES))
    detail: str = tables.column(
        "VARCHAR", "Condition not met, other month, why nothing explains it, or that the link is probable", nullable=True
    )
    agency: str = tables.column("VARCHAR", "Agency of the record")
    feed: str = tables.column("VARCHAR", "Its feed")
    record_key: str = tables.column("VARCHAR", "Its key, or submission and row where the feed has no key")
    submission_id: str = tables.column("VARCHAR", "Submission that it came in")
    sheet: str = tables.column("VARCHAR", "Sheet of the workbook; NULL of other files", nullable=True)
    row_number: int = tables.column("BIGINT", "Row as a spreadsheet shows it")
    contribution: int = tables.column("INTEGER", "What it adds to the gap: 1 or -1")
    counterpart_key: str = tables.column(
        "VARCHAR",
        "Key of the other side's record of the same event, also of a duplicate; where it repeats an earlier row, key of that row",
        nullable=True,
    )
    rule: str = tables.column(
        "VARCHAR",
        "Rule that links it with its counterpart; NULL where only another record of its event does, as of a second crime of one"
        " incident, and where it repeats a row",
        nullable=True,
    )
    other_differences: list = tables.column("VARCHAR[]", "Every further difference between the two, as `cause: detail`")


class GapHistory(Table):
    """The gap of a comparison as it was known over time, judged by today's rules: for each comparison that is in conflict, or
    one of whose figures was ever revised; not for LSOAs.
    """

    comparison_id: str = tables.column("VARCHAR", "Comparison")
    known_from: str = tables.column("DATE", "Extract date from which it stood so")
    known_to: str = tables.column("DATE", "Extract date from which it stood otherwise; NULL for today's", nullable=True)
    value_a: float = tables.column("DOUBLE", "First figure as then known; NULL when suppressed or missing", nullable=True)
    value_b: float = tables.column("DOUBLE", "Second figure as then known; NULL when suppressed or missing", nullable=True)
    gap: float = tables.column("DOUBLE", "value_b - value_a", nullable=True)
    verdict: str = tables.column("VARCHAR", "Verdict on it, by today's tolerances", isin=list(VERDICTS))
    rule: str = tables.column("VARCHAR", "Rule behind the verdict")
    effect: str = tables.column(
        "VARCHAR", "What began this row: " + "; ".join(f"{name}: {words}" for name, words in EFFECTS.items()), isin=list(EFFECTS)
    )
    changed_by: list = tables.column("VARCHAR[]", "Feeds (agency/feed) whose figure came or changed on that day")


class Discrepancies(Table):
    """A conflict as people handle it: one for each conflicting comparison at the levels that the partnership raises."""

    discrepancy_id: str = tables.column("VARCHAR", "Stable and readable; the comparison's id", unique=True)
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period")
    agency_a: str = tables.column("VARCHAR", "First agency")
    feed_a: str = tables.column("VARCHAR", "Its feed")
    value_a: float = tables.column("DOUBLE", "Its figure", nullable=True)
    agency_b: str = tables.column("VARCHAR", "Second agency")
    feed_b: str = tables.column("VARCHAR", "Its feed")
    value_b: float = tables.column("DOUBLE", "Its figure", nullable=True)
    gap: float = tables.column("DOUBLE", "value_b - value_a", nullable=True)
    owner_agencies: list = tables.column("VARCHAR[]", "Agencies that can settle it")
    state: str = tables.column("VARCHAR", "How far it is settled", isin=list(STATES))
    state_rule: str = tables.column(
        "VARCHAR",
        "Rule that gives the state, the first that holds: "
        + "; ".join(f"{rule}: {words} ({state})" for rule, (state, words) in STATE_RULES.items()),
        nullable=True,
    )
    answers: list = tables.column("VARCHAR[]", "Answers in force, as `agency: answer`", nullable=True)
    unanswered_by: list = tables.column("VARCHAR[]", "Owner agencies that have no answer in force", nullable=True)
    first_seen: str = tables.column("DATE", "Extract date from which the gap was first a conflict", nullable=True)
    last_seen: str = tables.column("DATE", "Latest extract date at which it still stands", nullable=True)
    rule: str = tables.column("VARCHAR", "Tolerance that the gap is beyond")
    unexplained: float = tables.column(
        "DOUBLE", "Records that no cause explains, whichever side counts them; NULL where there is no bridge", nullable=True
    )
    reasons: str = tables.column("VARCHAR", "Differences in definition that may explain it", nullable=True)
    rejected_a: int = tables.column(
        "BIGINT",
        "Rows rejected from the files that value_a rests on, whatever their area and measure: it may lack up to as many",
        unit="rows",
    )
    rejected_b: int = tables.column(
        "BIGINT",
        "Rows rejected from the files that value_b rests on, whatever their area and measure: it may lack up to as many",
        unit="rows",
    )
    sentence: str = tables.column("VARCHAR", "The conflict in words")
