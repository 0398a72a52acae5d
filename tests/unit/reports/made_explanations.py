"""What lies behind the made warehouse's first conflict, police 120 against county 90: the parts of an explanation."""

from collections.abc import Callable

DISTRICT = "E07000901"
# The gap of the first conflict, police against county, cause by cause: cause, condition, police records, county records.
# To the county, the police's 4 is another agency's small count; no side of the county's is small.
STEPS = [
    ("reference_date", None, 4, 9, "Both know of them; the other side's date falls in another period."),
    ("status", "status <> 'opened_in_error'", 6, 0, "The other side's record does not count: status <> 'opened_in_error'."),
    ("known_to_one_agency_only", None, 50, 21, "No record of the other side is linked to them."),
    ("unexplained", None, 0, 0, "Nothing is left unexplained."),
]


def add_explanations(add: Callable[..., None]) -> None:
    """What lies behind the first conflict: a bridge with records, a search, earlier gaps, a revision and a break."""
    conflict = "domestic_abuse.e07000901.2016-17.crimes.cases"
    for number, (cause, detail, police, county, sentence) in enumerate(STEPS, start=1):
        add(
            "bridge_steps",
            comparison_id=conflict,
            step=number,
            cause=cause,
            detail=detail,
            contribution=county - police,
            records=police + county,
            records_a=police,
            records_b=county,
            sentence=sentence,
        )
        for agency, feed, file, amount in (
            ("police", "crimes", "crimes_april.csv", police),
            ("county", "cases", "cases_early.xlsx", county),
        ):
            for row in range(amount):
                add(
                    "bridge_records",
                    comparison_id=conflict,
                    cause=cause,
                    detail=detail,
                    agency=agency,
                    feed=feed,
                    record_key=f"{agency.upper()}-{number}-{row}",
                    submission_id=file,
                    row_number=row + 2,
                    contribution=-1 if agency == "police" else 1,
                    counterpart_key=f"{'COUNTY' if agency == 'police' else 'POLICE'}-SECRET-{row}",
                    other_differences=[],
                )
    for known_from, known_to, police, county, verdict in (
        ("2016-07-25", "2016-07-28", 120, 118, "within_tolerance"),
        ("2016-07-28", "2016-08-01", 120, 88, "conflict"),
        ("2016-08-01", None, 120, 90, "conflict"),
    ):
        add(
            "gap_history",
            comparison_id=conflict,
            known_from=known_from,
            known_to=known_to,
            value_a=police,
            value_b=county,
            gap=county - police,
            verdict=verdict,
            rule="two_agencies",
            effect="changed",
            changed_by=["county/cases"],
        )
    # to the county, the police's figure of 2 is hidden: nothing of how the gap came about may be told
    young = "youth.e07000901.2016-17.crimes.cases"
    add(
        "bridge_steps",
        comparison_id=young,
        step=1,
        cause="known_to_one_agency_only",
        contribution=45,
        records=45,
        records_a=0,
        records_b=45,
        sentence="No record of the other side is linked to them.",
    )
    for known_from, known_to, police in (("2016-07-25", "2016-08-01", 20), ("2016-08-01", None, 2)):
        add(
            "gap_history",
            comparison_id=young,
            known_from=known_from,
            known_to=known_to,
            value_a=police,
            value_b=47,
            gap=47 - police,
            verdict="conflict",
            rule="two_agencies",
            effect="changed",
            changed_by=["police/crimes"],
        )
    add(
        "definition_searches",
        search_id="theft",
        measure="theft",
        agency="police",
        feed="crimes",
        other_agency="district",
        other_feed="published_figures",
        area_level="district",
        period_kind="financial_year",
        figures_compared=1,
        periods_compared=1,
        variants_tried=12,
        variants_as_good=2,
        best_variant="date committed instead of recorded",
        headline_misfit=5,
        best_misfit=0,
        figures_agreeing=1,
        figures_within=1,
        periods_agreeing=1,
        result="consistent",
        sentence="Theft: the number is consistent with another date; the differences add up to 5.",
    )
    add(
        "breaks",
        break_id="system",
        title="Another recording system",
        break_date="2016-08-15",
        agency="police",
        feed="crimes",
        measure="domestic_abuse",
        comparable_within=[],
        reason="It counts more.",
        source="Minutes",
    )
    for quarter, value, first, last in (
        (1, 40, "2016-04-01", "2016-06-30"),
        (2, 30, "2016-07-01", "2016-09-30"),
        (4, 25, "2017-01-01", "2017-03-31"),
    ):
        add(
            "figures",
            agency="police",
            feed="crimes",
            measure="domestic_abuse",
            area_code=DISTRICT,
            area_basis="offence",
            period=f"2016-17 Q{quarter}",
            period_kind="quarter",
            period_start=first,
            period_end=last,
            date_basis="recorded",
            unit="offence",
            value=value,
            status="B" if quarter == 2 else "A",
            coverage=1.0,
            is_headline=True,
            break_id="system" if quarter == 2 else None,
        )
    add(
        "figure_vintages",
        agency="police",
        feed="crimes",
        measure="domestic_abuse",
        area_code=DISTRICT,
        area_basis="offence",
        period="2016-17 Q1",
        date_basis="recorded",
        unit="offence",
        revision=1,
        known_from="2016-07-30",
        event="revised",
        value=40,
        value_before=37,
        change=3,
        status="A",
        coverage=1.0,
        added=4,
        removed=1,
        reclassified_in=0,
        reclassified_out=0,
        moved_in=0,
        moved_out=0,
    )
