"""The declared tables of the definition search."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

RESULTS = {
    "consistent": "every figure compared agrees under the best variant, or is within tolerance",
    "mostly_consistent": "more than half of them are",
    "none": "no definition tried gives these figures, only by what may well be chance, or a count of nothing does as well",
    "nothing_to_compare": "there is no period in which both feeds may be compared",
}


class DefinitionSearches(Table):
    """A definition search: the records of one feed counted under every variant of its definition, to see which of them another
    feed's numbers are consistent with. One row for each measure and pair of feeds.

    The numbers are compared in all areas and periods at once in which comparisons allow it. The more variants and the fewer
    periods, the more easily one fits by chance: `variants_as_good` and `periods_predicted` show how far to trust it.
    """

    search_id: str = tables.column("VARCHAR", "Stable and readable", unique=True)
    measure: str = tables.column("VARCHAR", "Measure")
    agency: str = tables.column("VARCHAR", "Agency whose records are counted")
    feed: str = tables.column("VARCHAR", "Its feed")
    other_agency: str = tables.column("VARCHAR", "Agency whose numbers are looked for")
    other_feed: str = tables.column("VARCHAR", "Its feed")
    area_level: str = tables.column("VARCHAR", "Level of the areas compared: the smallest that both give", nullable=True)
    period_kind: str = tables.column("VARCHAR", "Kind of the periods compared: the shortest that both give", nullable=True)
    figures_compared: int = tables.column("BIGINT", "Figures compared: one for each area and period", unit="figures")
    periods_compared: int = tables.column("BIGINT", "Periods among them", unit="periods")
    variants_tried: int = tables.column("BIGINT", "Variants counted, the headline included", unit="variants")
    variants_as_good: int = tables.column(
        "BIGINT", "Variants that fit as well as the best, itself included", unit="variants", nullable=True
    )
    best_variant: str = tables.column("VARCHAR", "The best variant, by what differs from the headline", nullable=True)
    headline_misfit: float = tables.column(
        "DOUBLE", "Total absolute difference between the headline's counts and the numbers", nullable=True
    )
    best_misfit: float = tables.column("DOUBLE", "The same for the best variant", nullable=True)
    figures_agreeing: int = tables.column(
        "BIGINT", "Figures that are equal under the best variant", unit="figures", nullable=True
    )
    figures_within: int = tables.column(
        "BIGINT", "Figures that are equal or within tolerance under it", unit="figures", nullable=True
    )
    periods_agreeing: int = tables.column(
        "BIGINT", "Periods all of whose figures are within tolerance under it", unit="periods", nullable=True
    )
    periods_predicted: int = tables.column(
        "BIGINT",
        "Periods in which the variant that fits the other periods best agrees too; NULL where there is one period only",
        unit="periods",
        nullable=True,
    )
    result: str = tables.column("VARCHAR", "; ".join(f"{name}: {words}" for name, words in RESULTS.items()), isin=list(RESULTS))
    exceptions: str = tables.column(
        "VARCHAR", "Periods that the best variant does not fit but one change more does", nullable=True
    )
    sentence: str = tables.column("VARCHAR", "What was found, in words")


class DefinitionVariants(Table):
    """Variants of a definition search: the 25 that fit best, the headline, every single change from it, and the way from the
    headline to the best, one change at a time.
    """

    search_id: str = tables.column("VARCHAR", "Search")
    rank: int = tables.column(
        "BIGINT",
        "Place among all variants tried: first those with more than half of the figures within tolerance, by how many; then by "
        "misfit; then by the number of changes",
    )
    variant: str = tables.column("VARCHAR", "What differs from the headline, separated by semicolons")
    changes: int = tables.column("BIGINT", "How many changes lead there from the headline")
    date_basis: str = tables.column("VARCHAR", "Which date puts a record in the period")
    unit: str = tables.column("VARCHAR", "What is counted")
    area_basis: str = tables.column("VARCHAR", "What the area is of")
    months: str = tables.column("VARCHAR", "Which months of each period are counted")
    conditions: str = tables.column("VARCHAR", "Conditions on the feed's columns, as SQL", nullable=True)
    misfit: float = tables.column("DOUBLE", "Total absolute difference from the numbers")
    figures_agreeing: int = tables.column("BIGINT", "Figures that are equal", unit="figures")
    figures_within: int = tables.column("BIGINT", "Figures that are equal or within tolerance", unit="figures")
    periods_agreeing: int = tables.column("BIGINT", "Periods all of whose figures are within tolerance", unit="periods")
    is_headline: bool = tables.column("BOOLEAN", "The definition that the feed is compared on")
    step: int = tables.column(
        "BIGINT", "Place on the way from the headline (0) to the best variant; NULL when not on it", nullable=True
    )


class DefinitionFigures(Table):
    """The figures that a definition search compared: the other feed's number beside the headline and the best variant."""

    search_id: str = tables.column("VARCHAR", "Search")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period")
    number_low: float = tables.column("DOUBLE", "The other feed's number, or the least it can be where it is suppressed")
    number_high: float = tables.column("DOUBLE", "The same number, or the most it can be")
    headline: float = tables.column("DOUBLE", "Count under the headline definition")
    best: float = tables.column("DOUBLE", "Count under the best variant")
