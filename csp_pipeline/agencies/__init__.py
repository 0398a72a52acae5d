"""One module for each agency: the pandera model of each of its feeds, and how its terms become ours.

A ready feed names its layout in `feed.yml`; the layouts are declared by publisher and listed in `csp_pipeline.agencies.ready`.
Any other feed `agency/some_feed` is declared by the class `SomeFeed` in the module `csp_pipeline.agencies.agency`; the
answers that every agency may send, `agency/responses`, are declared once in `csp_pipeline.agencies.responses`.
"""

import importlib
import inspect
import re
import traceback
from pathlib import Path

from csp_pipeline.agencies.ready import READY
from csp_pipeline.agencies.responses import Responses
from csp_pipeline.errors import ConfigurationError, is_interruption
from csp_pipeline.partnership.partnership import RESPONSES
from csp_pipeline.tables import ROLES, FeedSpec, FeedTable, feed_spec, is_declared

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
    except Exception as error:  # a module of one's own may raise anything
        if is_interruption(error):
            raise
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            raise ConfigurationError(f"sources/{key}: there is no module csp_pipeline/agencies/{agency}.py. {DECLARE}") from error
        raise ConfigurationError(f"csp_pipeline/agencies/{agency}.py{_line_of(error, agency)}: {_word(error)}") from error
    models = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", model_name).lower(): model
        for model_name, model in inspect.getmembers(module, inspect.isclass)
        if issubclass(model, FeedTable) and model is not FeedTable
    }
    if feed not in models:
        raise ConfigurationError(
            f"sources/{key}: csp_pipeline/agencies/{agency}.py declares {', '.join(sorted(models))}, but not {feed}. {DECLARE}"
        )
    return _checked(f"csp_pipeline/agencies/{agency}.py: {models[feed].__name__}", models[feed])


def _line_of(error: Exception, agency: str) -> str:
    """Where in an agency's module an error came about, as far as it tells."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == f"{agency}.py"]
    return f", line {lines[-1]}" if lines else ""


def _word(error: Exception) -> str:
    """An error of Python in its own words, with its name."""
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{words.rstrip('.')} ({type(error).__name__})."


def _checked(where: str, model: type[FeedTable]) -> FeedSpec:
    """The declaration of a feed, with what it names of its own columns found; ConfigurationError says what was not."""
    if not is_declared(model):
        raise ConfigurationError(f"{where}: @tables.feed(...) above the class is missing. Say there what a row is, and its key.")
    spec = feed_spec(model)
    traits, sent = spec.traits, [column.name for column in spec.columns]
    every = [*sent, *(item.name for item in traits.derived)]
    date = [traits.coverage_date] if traits.coverage_date else []
    for entry, names, known in (
        ("key", traits.key, every),
        ("coverage_date", date, every),
        ("told_apart_by", traits.told_apart_by, every),
        ("role", [role.partition(": ")[0] for role in spec.roles.values()], ROLES),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ConfigurationError(f"{where}: {entry}: {unknown[0]!r} is not known; known: {', '.join(known)}.")
    without_name = [role for role in spec.roles.values() if role in ("date", "unit", "area")]
    if without_name:
        raise ConfigurationError(
            f"{where}: role: {without_name[0]!r} lacks the name that measures call it by: '{without_name[0]}: ...'."
        )
    return spec
