"""Archives: unpacked while they land, or refused by name with nothing of them taken in."""

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.land import LandedFile, blob_path
from csp_pipeline.intake.pull import pull_feed
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import parse_period
from csp_pipeline.settings import Settings
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text

CSV = b"reference,date\n1,2016-04-01\n"


def zip_of(members: dict[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content, compress_type=method)
    return target.getvalue()


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], None]:
    def put_in_place(name: str, content: bytes) -> None:
        path = tmp_path / "sources" / "police" / "asb" / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return put_in_place


def landed_of(feed: Feed, settings: Settings) -> dict[str, LandedFile]:
    pulled = pull_feed(feed, settings)
    assert pulled.errors == []
    return {file.path: file for file in pulled.landed}


def test_what_is_wanted_in_an_archive_lands_as_files_of_their_own(
    put: Callable[[str, bytes], None], new_feed: Callable[..., Feed], settings: Settings
) -> None:
    archive = zip_of(
        {"2016-04/kent-street.csv": CSV, "2016-04/kent-outcomes.csv": b"x", "__MACOSX/._a-street.csv": b"x", "a/": b""}
    )
    put("april.zip", archive)
    put("2016-05-street.csv.gz", gzip.compress(CSV + CSV))
    feed = new_feed("exports", files="**/*-street.csv")
    landed = landed_of(feed, settings)
    contents = {path: blob_path(settings, file.sha256).read_bytes() for path, file in landed.items()}
    assert contents == {
        "april.zip": archive,
        "april.zip/2016-04/kent-street.csv": CSV,
        "2016-05-street.csv.gz": contents["2016-05-street.csv.gz"],
        "2016-05-street.csv.gz/2016-05-street.csv": CSV + CSV,
    }
    assert landed["april.zip/2016-04/kent-street.csv"].archive == landed["april.zip"].landed_id
    assert landed["april.zip"].is_archive
    assert landed_of(feed, settings) == landed


def test_archives_that_other_feeds_files_are_in_can_be_left_out(
    put: Callable[[str, bytes], None], new_feed: Callable[..., Feed], settings: Settings
) -> None:
    put("asb_april.zip", zip_of({"a.csv": CSV}))
    put("crimes_april.zip", zip_of({"b.csv": CSV}))
    feed = new_feed("exports", files="**/*.csv", archives="asb_*.zip")
    assert sorted(landed_of(feed, settings)) == ["asb_april.zip", "asb_april.zip/a.csv"]


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("a.csv")
    entry.external_attr = 0o120777 << 16
    return entry


def locked() -> bytes:
    content = bytearray(zip_of({"a.csv": CSV}, zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def strangely_packed() -> bytes:
    """A ZIP whose one file is said to be packed by Deflate64, as Windows packs large files."""
    content = bytearray(zip_of({"a.csv": CSV}))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = content.index(mark) + place
        content[start : start + 2] = (9).to_bytes(2, "little")
    return bytes(content)


def lying_header() -> bytes:
    """A bomb whose headers say that it unpacks to 10 bytes."""
    content = bytearray(zip_of({"a.csv": b"0" * 40_000_000}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(mark) + place
        content[start : start + 4] = (10).to_bytes(4, "little")
    return bytes(content)


REFUSED: list[tuple[str, Callable[[], bytes], str, str]] = [
    ("up.zip", lambda: zip_of({"../../etc/cron.d/a.csv": CSV}), "unsafe_archive", "'../../etc/cron.d/a.csv' in it is refused"),
    ("absolute.zip", lambda: zip_of({"/etc/a.csv": CSV}), "unsafe_archive", "absolute"),
    ("drive.zip", lambda: zip_of({"C:a.csv": CSV}), "unsafe_archive", "absolute"),
    ("windows.zip", lambda: zip_of({"..\\a.csv": CSV}), "unsafe_archive", "backslash"),
    ("odd.zip", lambda: zip_of({"a\n\x1b[31m.csv": CSV}), "unsafe_archive", r"a\n\x1b[31m.csv"),
    ("zero.zip", lambda: zip_of({"axb.csv": CSV}).replace(b"axb.csv", b"a\0b.csv"), "unsafe_archive", "cannot be shown"),
    ("twice.zip", lambda: zip_of({"a.csv": CSV, "A.csv": CSV}), "unsafe_archive", "twice"),
    ("link.zip", lambda: zip_of({link(): b"/etc/passwd"}), "unsafe_archive", "link"),
    ("locked.zip", locked, "locked_archive", "password"),
    ("strange.zip", strangely_packed, "unknown_packing", "Pack it again as an ordinary ZIP file"),
    ("nested.zip", lambda: zip_of({"inner.zip": zip_of({"a.csv": CSV})}), "nested_archive", "inner.zip"),
    ("hidden.zip", lambda: zip_of({"a.csv": zip_of({"a.csv": CSV})}), "nested_archive", "a.csv"),
    ("tar.tar.gz", lambda: gzip.compress(CSV), "nested_archive", "tar.tar"),
    ("twice.csv.gz", lambda: gzip.compress(gzip.compress(CSV)), "nested_archive", "packed once"),
    ("bomb.zip", lambda: zip_of({"a.csv": b"0" * 40_000_000}), "archive_ratio", "200 times"),
    ("bomb.csv.gz", lambda: gzip.compress(b"0" * 40_000_000), "archive_ratio", "200 times"),
    ("large.zip", lambda: zip_of({"a.csv": b"0123456789" * 150_000}, zipfile.ZIP_STORED), "archive_too_large", "more than 1 MB"),
    ("many.zip", lambda: zip_of({f"{n}.csv": b"" for n in range(21)}), "too_many_members", "more than 20"),
    ("lying.zip", lying_header, "damaged_archive", "cannot be unpacked"),
    ("cut.zip", lambda: zip_of({"a.csv": CSV * 99})[:-30], "damaged_archive", "cut short"),
    ("cut.csv.gz", lambda: gzip.compress(CSV * 99)[:-12], "damaged_archive", "cut short"),
    ("empty.zip", lambda: b"", "damaged_archive", "cut short"),
]


@pytest.mark.parametrize(("name", "make", "code", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_an_archive_that_is_not_safe_is_refused_and_kept(
    put: Callable[[str, bytes], None],
    new_feed: Callable[..., Feed],
    settings: Settings,
    name: str,
    make: Callable[[], bytes],
    code: str,
    words: str,
) -> None:
    content = make()
    put(name, content)
    limits: dict[str, Any] = {"archive_members": 20}
    if code == "archive_too_large":
        limits |= {"archive_mb": 1}
    landed = landed_of(new_feed("exports", limits=limits), settings)
    assert list(landed) == [name]
    assert landed[name].refusal is not None
    assert landed[name].refusal[0] == code
    assert words in landed[name].refusal[1]
    assert blob_path(settings, landed[name].sha256).read_bytes() == content
    assert [path for path in (settings.landing / "incoming").rglob("*") if path.is_file()] == []
    assert len([path for path in (settings.landing / "blobs").rglob("*") if path.is_file()]) == 1


def test_raising_a_limit_unpacks_what_has_landed(
    put: Callable[[str, bytes], None], new_feed: Callable[..., Feed], settings: Settings
) -> None:
    put("many.zip", zip_of({"a.csv": CSV, "b.csv": CSV + CSV}))
    assert list(landed_of(new_feed("exports", limits={"archive_members": 1}), settings)) == ["many.zip"]
    landed = landed_of(new_feed("exports", limits={"archive_members": 2}), settings)
    assert sorted(landed) == ["many.zip", "many.zip/a.csv", "many.zip/b.csv"]
    assert landed["many.zip"].refusal is None


def test_files_in_an_archive_are_taken_in_and_a_bomb_is_an_outcome(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/asb"], ONE_YEAR)
    name = "asb_2016-04_extracted-2016-05-10.csv"
    pipeline.put("police/asb", "april.zip", zip_of({f"exports/{name}": csv_text([asb(1), asb(2)]).encode()}))
    pipeline.put("police/asb", "bomb.zip", zip_of({"a.csv": b"0" * 40_000_000}))
    intake = pipeline.take_in("police/asb")
    outcomes = {receipt.landed.path: (receipt.outcome, receipt.code, receipt.rows_read) for receipt in intake.receipts}
    assert outcomes == {
        f"april.zip/exports/{name}": ("accepted", None, 2),
        "bomb.zip": ("refused", "archive_ratio", 0),
    }
    refused = next(receipt for receipt in intake.receipts if receipt.code)
    assert [reject["code"] for reject in pipeline.rejects(refused)] == ["archive_ratio"]
    again = pipeline.take_in("police/asb")
    assert (again.new, len(again.receipts)) == ([], 2)


def test_an_archive_that_arrives_is_taken_in_for_all_years_whatever_month_its_name_says(
    new_feed: Callable[..., Feed], settings: Settings, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    feed = new_feed(str(place), files="**/*.csv")
    years = [period for label in ("2014-15", "2015-16", "2016-17") if (period := parse_period(label, "financial_year"))]
    (place / "asb_2016-05.csv").write_bytes(b"x")
    _, new = look_for_new_files(settings, feed, years, None, date(2016, 6, 1))
    assert new is not None
    assert (new.first_year, new.last_year) == ("2016-17", "2016-17")
    with zipfile.ZipFile(place / "2016-05.zip", "w") as archive:
        archive.writestr("2014-06/asb_2014-06.csv", "x")
    _, new = look_for_new_files(settings, feed, years, None, date(2016, 6, 1))
    assert new is not None
    assert (new.first_year, new.last_year) == ("2014-15", "2016-17")
