"""`files` of a feed.yml is narrowed: what had landed stays, is said, and counts or is set aside as feed.yml says."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.cli.output import Format
from csp_pipeline.cli.status import status
from csp_pipeline.doctor.files import examine_files
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.publish.status import feed_status
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text

ASB = "police/asb"
APRIL = "asb_2016-04_extracted-2016-05-10.csv"
TRIAL = "trial_asb_2016-06_extracted-2016-07-10.csv"
NAMES = r"asb_(?P<coverage>\d{4}-\d{2})_extracted-(?P<extracted>\d{4}-\d{2}-\d{2})\.csv$"
SET_ASIDE = {"files": "trial_*", "counts": False, "reason": "A trial export"}


@pytest.fixture(scope="module")
def first(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """A feed whose `files` names everything: a month, and a trial export that was taken in with it."""
    made = new_pipeline([ASB], ONE_YEAR)
    change(made, files="*.csv", coverage={"kind": "month", "by": "file_name", "pattern": NAMES})
    for number, (name, month) in enumerate(((APRIL, "04"), (TRIAL, "06")), start=1):
        made.put(ASB, name, csv_text([asb(number, reported_at=f"15/{month}/2016 10:00")]))
    made.take_in(ASB)
    assert counted(made) == {APRIL, TRIAL}
    return made


@pytest.fixture
def loaded(first: Pipeline, tmp_path: Path) -> Pipeline:
    """The same, for each test to change."""
    shutil.copytree(first.sources, tmp_path / "sources")
    shutil.copytree(first.settings.warehouse, tmp_path / "warehouse")
    return Pipeline(tmp_path / "sources", tmp_path / "warehouse")


def change(desk: Pipeline, **entries: Any) -> None:
    path = desk.sources / ASB / "feed.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | entries), encoding="utf-8")
    desk.reread_configuration()


def counted(desk: Pipeline) -> set[str]:
    """The files on which figures rest."""
    receipts = read_all_receipts(desk.settings, desk.partnership)[ASB]
    return {receipt.landed.path for receipt in receipts if receipt.rows_accepted}


def not_named(desk: Pipeline) -> str | None:
    columns, rows = feed_status(desk.settings, desk.partnership, date(2016, 8, 1))
    return next(row[columns.index("not_named")] for row in rows if row[0] == ASB)


def test_what_is_no_longer_named_stays_and_is_told_with_what_to_do(loaded: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert [finding.verdict for finding in examine_files(loaded.settings, loaded.partnership)] == ["fine"]
    change(loaded, files="asb_*.csv")
    intake = loaded.take_in(ASB)
    assert counted(loaded) == {APRIL, TRIAL}
    [told] = examine_files(loaded.settings, loaded.partnership)
    assert (told.what, told.verdict) == (ASB, "warning")
    assert (
        told.found == f"1 landed file is not named by files ('asb_*.csv') any more, and what was loaded from it stays: {TRIAL}."
    )
    assert "counts: false" in told.mend
    words = f"{told.found} {told.mend}"
    assert not_named(loaded) == words
    assert f"{ASB}: {words}" in intake.remarks
    status(sources=loaded.sources, warehouse=loaded.settings.warehouse, format=Format.table)
    assert f"{ASB}: {words}" in capsys.readouterr().out.splitlines()


def test_files_that_are_set_aside_count_for_nothing_until_they_no_longer_are(loaded: Pipeline) -> None:
    change(loaded, files="asb_*.csv", landed=[SET_ASIDE])
    assert f"{ASB}: 1 landed file is set aside: {TRIAL} (A trial export)." in loaded.take_in(ASB).remarks
    assert counted(loaded) == {APRIL}
    assert not_named(loaded) is None
    change(loaded, files="*.csv", landed=[])
    loaded.take_in(ASB)
    assert counted(loaded) == {APRIL, TRIAL}


def test_a_file_that_is_set_aside_may_still_be_named(loaded: Pipeline) -> None:
    change(loaded, landed=[SET_ASIDE])
    loaded.take_in(ASB)
    assert counted(loaded) == {APRIL}


def test_files_of_an_earlier_name_are_said_to_count_and_told_no_more(loaded: Pipeline) -> None:
    change(loaded, files="new_*.csv", landed=[{"files": "asb_*", "counts": True, "reason": "Named so until 2016"}])
    loaded.take_in(ASB)
    assert counted(loaded) == {APRIL, TRIAL}
    [told] = examine_files(loaded.settings, loaded.partnership)
    assert TRIAL in told.found
    assert APRIL not in told.found


def test_saying_what_counts_needs_a_reason(loaded: Pipeline) -> None:
    change(loaded, landed=[SET_ASIDE | {"reason": ""}])
    with pytest.raises(ConfigurationError, match="landed > 0 > reason"):
        loaded.take_in(ASB)
