"""What each feed declares, checked against what its folder says of its columns; read before anything is taken in."""

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.contract import check_contract
from csp_pipeline.intake.correct import check_corrections
from csp_pipeline.intake.look_up import looked_up_feeds
from csp_pipeline.partnership.areas import CODE_LISTS
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.publish.catalogue import MODELS
from csp_pipeline.tables import FeedSpec


def find_specs(partnership: Partnership) -> dict[str, FeedSpec]:
    """The declaration of every feed, by its key.

    Raises ConfigurationError for a feed that is not declared, for one whose table would be another of the warehouse's, for a
    column whose list is not there, for `feed.yml` or `corrections.yml` that names what its columns are not, and for a feed that
    takes over columns of another one that is not there.
    """
    for feed in partnership.feeds:
        if feed.table in MODELS:
            raise ConfigurationError(
                f"{feed.folder}: its records would be the table {feed.table}, which the warehouse has already. Give the folder"
                " another name."
            )
    specs = {feed.key: find_feed_spec(feed.key, feed.entry.layout) for feed in partnership.every_feed}
    for feed in partnership.every_feed:
        _check_lists(feed, specs[feed.key])
        check_contract(feed, specs[feed.key])
        check_corrections(feed, specs[feed.key])
        looked_up_feeds(partnership, specs, feed)
    return specs


def _check_lists(feed: Feed, spec: FeedSpec) -> None:
    """A column can only be checked against a list that the partnership has, or that is looked up in another feed."""
    known = [*CODE_LISTS, *(look_up.name for look_up in spec.traits.looks_up)]
    for column in spec.columns:
        if column.reference is not None and column.reference not in known:
            raise ConfigurationError(
                f"{feed.key}: {spec.name}: {column.name}: reference: {column.reference!r} is not known; known: "
                f"{', '.join(known)}."
            )
