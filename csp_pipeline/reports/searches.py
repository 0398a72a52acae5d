"""What a definition search says to one reader about a pair of figures: which definition they are consistent with."""

from collections.abc import Callable

from csp_pipeline.reports import wording
from csp_pipeline.reports.conflict_words import Figure
from csp_pipeline.reports.read import Row

NO_PROOF = "That they are consistent does not show that this is the cause."
CONSISTENT = {"consistent": "is consistent with", "mostly_consistent": "is mostly consistent with"}


def search_sentence(
    searches: list[Row],
    measure: str,
    figures: tuple[Figure, Figure],
    is_protected: Callable[[str], bool],
    has_small: Callable[[Row, str], bool],
) -> str | None:
    """The sentence of the pair's definition search; None where the pair was not searched.

    How far the numbers lie apart is left out where one side is kept from the reader: with few figures compared it would tell
    what they are. And where such a side's figures in a search hold small counts (`has_small` of the search and feed), it is not
    told that they are consistent with a definition: whoever counts the own records by it would have them all.
    """
    pair = {figure.key for figure in figures}
    row = next(
        (
            row
            for row in searches
            if row["measure"] == measure
            and pair == {f"{row['agency']}/{row['feed']}", f"{row['other_agency']}/{row['other_feed']}"}
        ),
        None,
    )
    if row is None:
        return None
    if row["result"] not in CONSISTENT:
        return _sentence(row, figures, is_protected)
    if any(is_protected(figure.key) and has_small(row, figure.key) for figure in figures):
        return None
    return f"{_sentence(row, figures, is_protected)} {NO_PROOF}"


def _sentence(row: Row, figures: tuple[Figure, Figure], is_protected: Callable[[str], bool]) -> str:
    if not any(is_protected(figure.key) for figure in figures):
        return str(row["sentence"])
    by_key = {figure.key: figure for figure in figures}
    counted, number = by_key[f"{row['agency']}/{row['feed']}"], by_key[f"{row['other_agency']}/{row['other_feed']}"]
    tried = f"{wording.counted(row['variants_tried'], 'definition')} tried, {row['variants_as_good']} as good as the best"
    found = f"{counted.label} counted by {row['best_variant']}"
    if row["result"] not in CONSISTENT:
        return wording.sentence_case(
            f"{number.label} is consistent with none of the definitions tried; the nearest is {found} ({tried})"
        )
    return wording.sentence_case(f"{number.label} {CONSISTENT[row['result']]} {found} ({tried})")
