"""Reports written once from the warehouse made by hand."""

import pytest

from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.settings import Settings
from tests.unit.reports.made_warehouse import make_warehouse


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_warehouse(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="session")
def summary(settings: Settings) -> ReportSummary:
    return write_reports(settings)
