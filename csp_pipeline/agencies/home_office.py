"""Home Office: open data tables of police recorded crime, by force and by Community Safety Partnership."""

from csp_pipeline import tables
from csp_pipeline.tables import Derived, FeedTable, Layout


@tables.feed(
    row_unit="offence",
    coverage_date="quarter_start",
    told_apart_by=("financial_year", "financial_quarter", "force_name", "csp_name", "offence_code"),
    noted={"is_cancellation": "negative counts kept: more records were cancelled than added"},
    derived=(
        Derived(
            "quarter_start",
            "DATE",
            "make_date(CAST(left(financial_year, 4) AS BIGINT) + CASE WHEN financial_quarter = 4 THEN 1 ELSE 0 END,"
            " [4, 7, 10, 1][financial_quarter], 1)",
            "First day of the quarter",
            role="date: recorded",
            grain="quarter",
        ),
        Derived(
            "area_code",
            "VARCHAR",
            "CASE WHEN csp_name IS NULL THEN force_name_list.shared ELSE coalesce(csp_name_list.shared, 'elsewhere') END",
            "Area the count is for: the CSP's district where it is given by CSP, else the force",
            role="area: offence",
        ),
        Derived(
            "is_cancellation",
            "BOOLEAN",
            "number_of_offences < 0",
            "The count is negative: cancelled records outweigh new ones",
        ),
    ),
)
class RecordedCrimeTables(FeedTable):
    """Home Office open data tables of police recorded crime, by force or by CSP, offence code and quarter.

    Negative counts are kept: they are crimes cancelled after an earlier quarter had counted them.
    """

    financial_year: str = tables.financial_year("Financial year", header="Financial Year")
    financial_quarter: str = tables.whole_number(
        "Quarter of the financial year, 1 from April",
        header="Financial Quarter",
        pattern="[1-4]",
        expects="a quarter of the financial year, 1 to 4",
    )
    force_name: str = tables.text(
        "Force area: ONS code, or elsewhere",
        header="Force Name",
        reference="force",
        expects="a police force area of England and Wales",
        sql="{column}",
    )
    csp_name: str = tables.text(
        "Community Safety Partnership",
        header="CSP Name",
        required=False,
        nullable=True,
        reference="district",
        reference_is_closed=False,
        sql="trim({column})",
    )
    offence: str = tables.text("Offence", header="Offence Description")
    offence_group: str = tables.text("Offence group", header="Offence Group")
    offence_subgroup: str = tables.text("Offence subgroup", header="Offence Subgroup")
    offence_code: str = tables.text("Home Office offence code", header="Offence Code")
    number_of_offences: str = tables.whole_number(
        "Offences recorded; negative where cancellations outweigh", header="Number of Offences", unit="offences"
    )


@tables.feed_like(RecordedCrimeTables, layout=Layout("workbook", every_sheet=True))
class RecordedCrimeWorkbook(RecordedCrimeTables):
    """Home Office open data tables of police recorded crime as a workbook (ODS or XLSX), with a table on each of several sheets.

    Sheets without the table, such as notes and contents, are passed over. Negative counts are kept.
    """
