"""What a definition search found, as rows and in words. It says "is consistent with", never "because"."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.search_count import Numbers
from csp_pipeline.reconcile.search_fit import Fit
from csp_pipeline.reconcile.search_space import EVERY_MONTH, MONTHS, Dimension, Option

BEST_KEPT = 25
# Changes that fit a period equally well are named up to this many.
MOST_NAMED = 3
HEADLINE = "the headline definition"
AREAS = {"lsoa": "LSOA", "beat": "beat", "district": "district", "county": "county", "force": "force area"}
Row = dict[str, object]


@dataclass(frozen=True)
class Subject:
    """What a search is about: the measure, the two feeds, the level of areas and the kind of periods; and how to name them."""

    measure: str
    feed: str
    other: str
    area_level: str | None
    period_kind: str | None
    title: str
    feed_title: str
    other_title: str

    @classmethod
    def of(
        cls, partnership: Partnership, book: MeasureBook, measure: str, feed: str, other: str, level: str | None, kind: str | None
    ) -> "Subject":
        """The subject with titles from the configuration."""

        def title_of(key: str) -> str:
            found = partnership.feed(key)
            return f"{partnership.file.agencies[found.agency].name} ({found.entry.title})"

        return cls(measure, feed, other, level, kind, book.measures[measure].title, title_of(feed), title_of(other))

    @property
    def search_id(self) -> str:
        """Stable and readable."""
        return ".".join((self.measure, self.feed.replace("/", "_"), self.other.replace("/", "_")))

    @property
    def columns(self) -> Row:
        """The columns that say what was searched."""
        agency, feed = self.feed.split("/")
        other_agency, other_feed = self.other.split("/")
        return {
            "search_id": self.search_id,
            "measure": self.measure,
            "agency": agency,
            "feed": feed,
            "other_agency": other_agency,
            "other_feed": other_feed,
            "area_level": self.area_level,
            "period_kind": self.period_kind,
        }

    @property
    def heading(self) -> str:
        """How a sentence begins."""
        return f"{self.title}: the number of {self.other_title}"


@dataclass
class FoundRows:
    """The rows of `definition_searches`, `definition_variants` and `definition_figures` as they are found."""

    searches: list[Row] = field(default_factory=list)
    variants: list[Row] = field(default_factory=list)
    figures: list[Row] = field(default_factory=list)

    def add_nothing_to_compare(self, subject: Subject) -> None:
        """A search for which there is no period in which both feeds may be compared."""
        self.searches.append(
            subject.columns
            | {"figures_compared": 0, "periods_compared": 0, "variants_tried": 0, "result": "nothing_to_compare"}
            | dict.fromkeys(
                (
                    "variants_as_good",
                    "best_variant",
                    "headline_misfit",
                    "best_misfit",
                    "figures_agreeing",
                    "figures_within",
                    "periods_agreeing",
                    "periods_predicted",
                    "exceptions",
                )
            )
            | {
                "sentence": f"{subject.heading} cannot be searched for: there is no period in which it may be compared with "
                f"{subject.feed_title}."
            }
        )

    def add(self, subject: Subject, fit: Fit, rows: pd.DataFrame, headline: Numbers, best: Numbers) -> None:
        """One search: `rows` are the figures compared, in the order of the counts `headline` and `best`."""
        self.searches.append(search_row(subject, fit, list(dict.fromkeys(rows.period))))
        self.variants += variant_rows(subject, fit)
        self.figures += [
            {
                "search_id": subject.search_id,
                "area_code": area,
                "period": period,
                "number_low": low,
                "number_high": high,
                "headline": float(counted),
                "best": float(fitted),
            }
            for area, period, low, high, counted, fitted in zip(
                rows.area_code, rows.period, rows.low, rows.high, headline, best, strict=True
            )
        ]


def search_row(subject: Subject, fit: Fit, periods: Sequence[str]) -> Row:
    """The row of `definition_searches`; `periods` in the order of the fit."""
    best = fit.best
    predicted = fit.predicted() if len(periods) > 1 else None
    row = subject.columns | {
        "figures_compared": fit.figures,
        "periods_compared": len(periods),
        "variants_tried": len(fit.order),
        "variants_as_good": fit.as_good,
        "best_variant": words_of(fit.options(best)),
        "headline_misfit": float(fit.misfit[0]),
        "best_misfit": float(fit.misfit[best]),
        "figures_agreeing": int(fit.agreeing[best]),
        "figures_within": int(fit.within[best]),
        "periods_agreeing": int(fit.periods_agreeing[best]),
        "periods_predicted": predicted,
        "result": result_of(fit, len(periods), predicted),
        "exceptions": "; ".join(exceptions_of(fit, periods)) or None,
    }
    return row | {"sentence": sentence_of(subject, row, fit)}


def result_of(fit: Fit, periods: int, predicted: int | None) -> str:
    """How far the numbers are consistent with the best variant.

    A variant that was picked out of many has to carry over: where there are several periods, the variant picked without a
    period has to agree in it more often than not; and it has to agree in more figures than a count of nothing would. The
    headline was not picked.
    """
    within = int(fit.within[fit.best])
    if 2 * within <= fit.figures or fit.tells_nothing or (fit.best != 0 and predicted is not None and 2 * predicted <= periods):
        return "none"
    return "consistent" if within == fit.figures else "mostly_consistent"


def sentence_of(subject: Subject, row: Row, fit: Fit) -> str:
    """What was found, in words."""
    as_many, left_out = fit.as_many, fit.space.left_out
    definition = f"{subject.feed_title} counted by {_definition(str(row['best_variant']))}"
    if row["result"] == "none":
        # most figures may agree and show nothing all the same: what follows says why
        most_agree = 2 * int(fit.within[fit.best]) > fit.figures
        found = "cannot be said to be consistent with any" if most_agree else "is consistent with none"
        text = f"{subject.heading} {found} of the definitions tried; the nearest is {definition}"
    else:
        text = f"{subject.heading} is consistent with {definition}"
    text += (
        f": {row['figures_within']:,} of {row['figures_compared']:,} figures agree ({AREAS[str(subject.area_level)]} by "
        f"{str(subject.period_kind).replace('_', ' ')}), and the differences add up to {row['best_misfit']:,.0f}"
    )
    text += "." if row["best_variant"] == HEADLINE else f", under the headline definition to {row['headline_misfit']:,.0f}."
    text += f" {row['variants_tried']:,} definitions were tried; {row['variants_as_good']:,} fit as well, itself included"
    if as_many:
        text += f", and {as_many:,} more {'agrees' if as_many == 1 else 'agree'} in as many figures"
    text += "."
    if row["periods_predicted"] is None:
        text += " With a single period this may be chance."
    else:
        text += f" Picked without a period, the best agrees in it in {row['periods_predicted']} of {row['periods_compared']}."
    if fit.tells_nothing:
        text += " A count of nothing at all would agree in as many."
    if row["exceptions"]:
        text += f" Exceptions: {row['exceptions']}."
    return text + (f" Not tried, as there are too many: {left_out}." if left_out else "")


def exceptions_of(fit: Fit, periods: Sequence[str]) -> list[str]:
    """Periods that stand out, for the best variant does not fit them but one change more does, exactly or within tolerance.

    A period stands out when a figure in it is beyond tolerance, or when most other periods fit exactly.
    """
    best, found = fit.best, []
    neighbours = fit.neighbours(best)
    is_exact = 2 * int((fit.period_misfit[:, best] == 0).sum()) > len(periods)
    for number, period in enumerate(periods):
        missed, beyond = fit.period_misfit[number, best], fit.period_beyond[number, best]
        if not beyond and not (is_exact and missed):
            continue
        fitting = sorted(
            (float(fit.period_misfit[number, variant]), variant, dimension)
            for variant, dimension in neighbours
            if fit.period_misfit[number, variant] == 0 or fit.period_beyond[number, variant] == 0 < beyond
        )
        if fitting:
            changes = [
                change_between(fit.space.dimensions[place], fit.options(best)[place], fit.options(variant)[place])
                for misfit, variant, place in fitting
                if misfit == fitting[0][0]
            ]
            more = f", or {len(changes) - MOST_NAMED} others" if len(changes) > MOST_NAMED else ""
            found.append(
                f"{period} is consistent with this definition with {', or '.join(changes[:MOST_NAMED])}{more} "
                f"({len(fitting)} of {len(neighbours)} single changes fit it)"
            )
    return found


def change_between(dimension: Dimension, one: Option, other: Option) -> str:
    """The change from one option of a dimension to another, in words."""
    if dimension.is_basis:
        return f"{dimension.name} {other.value} instead of {one.value}"
    if other.words:
        return other.words
    if dimension.name == MONTHS:
        return "every month counted"
    return f"the condition {dimension.name} as it is" if dimension.options[0].value else f"not {one.words}"


def variant_rows(subject: Subject, fit: Fit) -> list[Row]:
    """The rows of `definition_variants` of one search, by rank."""
    steps = {variant: number for number, variant in enumerate(fit.steps())}
    single = np.flatnonzero((fit.changes == 1) & np.isfinite(fit.misfit))
    kept = {int(v) for v in fit.order[:BEST_KEPT]} | {0} | {int(v) for v in single} | set(steps)
    rank = {int(variant): number for number, variant in enumerate(fit.order, 1)}
    rows = []
    for variant in sorted(kept, key=rank.__getitem__):
        options = fit.options(variant)
        settings = list(zip(fit.space.dimensions, options, strict=True))
        conditions = [option.value for dimension, option in settings if dimension.is_condition and option.value]
        months = next((option.value for dimension, option in settings if dimension.name == MONTHS), EVERY_MONTH)
        rows.append(
            {
                "search_id": subject.search_id,
                "rank": rank[variant],
                "variant": words_of(options),
                "changes": int(fit.changes[variant]),
                "date_basis": options[0].value,
                "unit": options[1].value,
                "area_basis": options[2].value,
                "months": months,
                "conditions": " AND ".join(f"({condition})" for condition in conditions) or None,
                "misfit": float(fit.misfit[variant]),
                "figures_agreeing": int(fit.agreeing[variant]),
                "figures_within": int(fit.within[variant]),
                "periods_agreeing": int(fit.periods_agreeing[variant]),
                "is_headline": variant == 0,
                "step": steps.get(variant),
            }
        )
    return rows


def words_of(options: Sequence[Option]) -> str:
    """A variant by what differs from the headline."""
    return "; ".join(option.words for option in options if option.words) or HEADLINE


def _definition(words: str) -> str:
    return words if words == HEADLINE else f"{HEADLINE} with {words.replace('; ', ', ')}"
