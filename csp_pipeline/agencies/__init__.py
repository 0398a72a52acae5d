"""One module for each agency: the pandera model of each of its feeds, and how its terms become ours.

A ready feed names its layout in `feed.yml`; the layouts are declared by publisher and listed in `csp_pipeline.agencies.ready`.
Any other feed `agency/some_feed` is declared by the class `SomeFeed` in the module `csp_pipeline.agencies.agency`; the
answers that every agency may send, `agency/responses`, are declared once in `csp_pipeline.agencies.responses`.
"""

import importlib
import inspect
import re

from csp_pipeline.agencies.ready import READY
from csp_pipeline.agencies.responses import Responses
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.partnership import RESPONSES
from csp_pipeline.tables import FeedSpec, FeedTable, feed_spec

DECLARE = (
    "Declare the feed's table there (docs/data-engineers.md, Add a feed), or name a ready layout in its feed.yml: csp feeds lists"
    " them."
)


def find_feed_spec(key: str, layout: str | None = None) -> FeedSpec:
    """The declaration of a feed, by its key `agency/feed`, or by the ready layout that its `feed.yml` names.

    Raises ConfigurationError when there is no such layout, module or class.
    """
    if layout is not None:
        if layout not in READY:
            raise ConfigurationError(f"sources/{key}/feed.yml: layout: no layout {layout!r}; known: {', '.join(READY)}.")
        return feed_spec(READY[layout].model)
    agency, _, feed = key.partition("/")
    if feed == RESPONSES:
        return feed_spec(Responses)
    name = f"{__name__}.{agency}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigurationError(f"sources/{key}: there is no module csp_pipeline/agencies/{agency}.py. {DECLARE}") from error
    models = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", model_name).lower(): model
        for model_name, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, FeedTable) and model is not FeedTable
    }
    if feed not in models:
        raise ConfigurationError(
            f"sources/{key}: csp_pipeline/agencies/{agency}.py declares {', '.join(sorted(models))}, but not {feed}. {DECLARE}"
        )
    return feed_spec(models[feed])
