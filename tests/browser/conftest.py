"""A real browser for the reports' pages: Debian's Chromium, driven by Playwright, and axe-core from npm."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csp_pipeline.reports import write_reports
from tests.unit.reports.made_warehouse import make_warehouse

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# As root there is no sandbox; the rest keeps the browser from calling anybody.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; tests that need it are skipped where it is not."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("Chromium is not installed: make browser, or apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core; tests that need it are skipped where it is not."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make browser, or npm ci --prefix tests/browser")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """A browser for one module: Playwright keeps an event loop running as long as it is open, which others could not bear."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make test installs it")
    with playwright_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the reports of the warehouse made by hand, which has an example of everything a report may say."""
    return write_reports(make_warehouse(tmp_path_factory.mktemp("browser"))).index.parent
