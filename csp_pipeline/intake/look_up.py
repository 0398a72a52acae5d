"""What a feed takes over from another feed's records, such as the day of a casualty's collision: lists by that feed's key."""

from collections.abc import Mapping

import pandas as pd

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.receipts import read_receipts
from csp_pipeline.lake import connect, records_path, sql_path
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.settings import Settings
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec, LookUp


def looked_up_feeds(partnership: Partnership, specs: Mapping[str, FeedSpec], feed: Feed) -> dict[str, Feed]:
    """The feed that each of a feed's look-ups reads, by the look-up's name; it has to be taken in first.

    Raises ConfigurationError where the partnership has no such feed, or several.
    """
    found = {}
    for look_up in specs[feed.key].traits.looks_up:
        fitting = [other for other in partnership.feeds if specs[other.key].model is look_up.model]
        if len(fitting) != 1:
            named = ", ".join(other.key for other in fitting) or "none"
            taken = ", ".join(look_up.columns)
            raise ConfigurationError(
                f"{feed.folder}/feed.yml: {feed.key} takes {taken} from the records of another feed, and needs one of "
                f"{look_up.layout}; there is {named}. Switch one on with csp feeds add {look_up.layout}, and have only one."
            )
        found[look_up.name] = fitting[0]
    return found


def read_look_ups(settings: Settings, partnership: Partnership, specs: Mapping[str, FeedSpec], feed: Feed) -> dict[str, CodeList]:
    """The lists that a feed looks up, by name: `value` and `shared` are the other feed's key, beside the columns taken over.

    Of a key in several submissions, the one extracted last counts.
    """
    sources = looked_up_feeds(partnership, specs, feed)
    look_ups = {look_up.name: look_up for look_up in specs[feed.key].traits.looks_up}
    return {name: CodeList(_read(settings, look_ups[name], source)) for name, source in sources.items()}


def _read(settings: Settings, look_up: LookUp, source: Feed) -> pd.DataFrame:
    names = ["value", "shared", *look_up.columns]
    accepted = [receipt for receipt in read_receipts(settings, source) if receipt.outcome != "refused"]
    if not accepted:
        return pd.DataFrame({name: pd.Series([], dtype="str") for name in names})
    accepted.sort(key=lambda receipt: (str(receipt.extracted), receipt.submission_id))
    latest = pd.DataFrame({"submission_id": [receipt.submission_id for receipt in accepted], "place": range(len(accepted))})
    paths = [records_path(settings, source.agency, source.name, receipt.submission_id) for receipt in accepted]
    listed = ", ".join(f"'{sql_path(path)}'" for path in paths)
    key, taken = (
        identifier(look_up.key),
        ", ".join(f"arg_max({identifier(c)}, place) AS {identifier(c)}" for c in look_up.columns),
    )
    with connect(settings) as connection:
        connection.register("latest", latest)
        return connection.execute(
            f"SELECT {key} AS value, {key} AS shared, {taken} FROM read_parquet([{listed}], union_by_name = true) "
            f"JOIN latest USING (submission_id) WHERE {key} IS NOT NULL GROUP BY {key} ORDER BY {key}"
        ).df()
