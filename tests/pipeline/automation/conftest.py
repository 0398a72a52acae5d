"""The small partnership, its definitions, and an instance of Dagster for each test."""

import shutil
from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from csp_pipeline.defs.build import build_definitions
from csp_pipeline.stages import Pipeline as Stages
from csp_pipeline.stages import open_pipeline
from tests.conftest import TWO_YEARS, Pipeline
from tests.pipeline.automation.small_world import APRIL, APRIL_BEFORE, ASB, CRIMES, incidents


@pytest.fixture(scope="session")
def small(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Two feeds over two financial years, whose configuration and definitions are read once."""
    return new_pipeline([ASB, CRIMES], TWO_YEARS)


@pytest.fixture(scope="session")
def stages(small: Pipeline) -> Stages:
    return open_pipeline(small.settings)


@pytest.fixture(scope="session")
def definitions(stages: Stages) -> dg.Definitions:
    return build_definitions(stages)


@pytest.fixture
def world(small: Pipeline) -> Pipeline:
    """Nothing is landed; of one feed a file of each year waits."""
    shutil.rmtree(small.settings.warehouse, ignore_errors=True)
    for exports in small.sources.glob("*/*/exports"):
        shutil.rmtree(exports)
        exports.mkdir()
    small.put(ASB, APRIL_BEFORE, incidents("15/04/2015", 1, 2))
    small.put(ASB, APRIL, incidents("15/04/2016", 3))
    return small


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made
