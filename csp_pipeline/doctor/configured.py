"""Looking at every file of the configuration, each by itself, so that one mistake does not hide the next."""

from collections.abc import Callable, Iterator

import duckdb

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.errors import ConfigurationError, CspError
from csp_pipeline.feed_specs import find_specs
from csp_pipeline.figures.count import check_measures
from csp_pipeline.partnership.claims import load_claims
from csp_pipeline.partnership.configuration import FeedEntry, read_configuration
from csp_pipeline.partnership.links import load_links
from csp_pipeline.partnership.measures import MeasureBook, load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.scorecard import load_scorecard
from csp_pipeline.reconcile.compare import pair_rules
from csp_pipeline.reconcile.link_sides import check_links
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec

AREA = "configuration"
CORRECT = "Correct the file as said, then look again."


def examine_configuration(settings: Settings) -> Iterator[Finding]:
    """partnership.yml and every feed.yml, then what rests on them: code lists, declarations of feeds, measures, links, claims."""
    broken = [finding for finding in _feeds_by_themselves(settings) if finding.verdict == "wrong"]
    yield from broken
    try:
        partnership = load_partnership(settings.sources)
    except CspError as error:
        # a feed's own mistake has been told by its name
        if not any(finding.found == str(error) for finding in broken):
            yield wrong(AREA, "partnership.yml", str(error), CORRECT)
        return
    count = len(partnership.feeds)
    yield fine(AREA, "partnership.yml", f"{partnership.file.name}: {len(partnership.file.agencies)} agencies, {count} feeds")
    yield from _unread_feeds(settings, partnership)
    yield _try("code lists and areas", lambda: f"{len(partnership.areas):,} areas, {len(partnership.references)} lists")
    try:
        specs = find_specs(partnership)
    except CspError as error:
        yield wrong(AREA, "feeds' layouts", str(error), CORRECT)
        specs = {}
    else:
        yield fine(AREA, "feeds' layouts", f"{len(specs)} declared in agencies/")
    yield from _examine_measures(partnership, specs)


def _feeds_by_themselves(settings: Settings) -> Iterator[Finding]:
    for path in sorted(settings.sources.glob("*/*/feed.yml")):
        yield _try(str(path.relative_to(settings.sources)), lambda path=path: read_configuration(path, FeedEntry).title)  # type: ignore[misc]


def _unread_feeds(settings: Settings, partnership: Partnership) -> Iterator[Finding]:
    """Feeds that are set up for an agency that the partnership does not have: no run looks at them, and none says so."""
    for path in sorted(settings.sources.glob("*/*/feed.yml")):
        feed, agency = path.parent.relative_to(settings.sources), path.parent.parent.name
        if agency not in partnership.file.agencies:
            yield warning(
                AREA,
                str(path.relative_to(settings.sources)),
                f"{feed} is not taken in, as partnership.yml has no agency {agency!r}",
                "Add it under agencies in partnership.yml, with name and contact; or remove the folder if nobody sends the feed.",
            )


def _examine_measures(partnership: Partnership, specs: dict[str, FeedSpec]) -> Iterator[Finding]:
    """What a run would find only when it counts, compares and links, too; as far as the feeds' columns are known."""
    try:
        book = load_measures(partnership)
        pair_rules(book)
        with duckdb.connect() as connection:
            for feed in (feed for feed in partnership.feeds if feed.key in specs):
                check_measures(connection, feed, specs[feed.key], book.of_feed(feed.key))
    except CspError as error:
        yield wrong(AREA, "measures.yml, breaks.yml", str(error), CORRECT)
        return
    yield fine(AREA, "measures.yml, breaks.yml", f"{len(book.measures_table.measure.unique())} measures")
    yield _try("links.yml", lambda: _links(partnership, specs))
    yield _try("claims.yml", lambda: f"{len(load_claims(partnership, book))} claims")
    yield _try("scorecard.yml", lambda: _scorecard(partnership, book))


def _links(partnership: Partnership, specs: dict[str, FeedSpec]) -> str:
    links = load_links(partnership)
    if specs:
        with duckdb.connect() as connection:
            check_links(connection, links, specs)
    return f"{len(links.pairs)} pairs of feeds"


def _scorecard(partnership: Partnership, book: MeasureBook) -> str:
    card = load_scorecard(partnership, book)
    return f"{len(card.priorities)} priorities" if card else "none, so there is no scorecard"


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return fine(AREA, what, look())
    except (ConfigurationError, CspError) as error:
        return wrong(AREA, what, str(error), CORRECT)
