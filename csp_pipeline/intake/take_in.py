"""Taking in one feed: what is new is pulled, landed, read, checked and loaded; each file ends with one outcome."""

import hashlib
import inspect
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

import csp_pipeline.intake
from csp_pipeline import tables
from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.land import LandedFile, blob_path, land_file, landed_files
from csp_pipeline.intake.load import Context, LoadedRows, load_rows
from csp_pipeline.intake.place import Placement, place_file
from csp_pipeline.intake.pull import PullError, find_files
from csp_pipeline.intake.read_csv import read_csv
from csp_pipeline.intake.read_workbook import read_workbook
from csp_pipeline.intake.rows import COVERED, ReadFile
from csp_pipeline.intake.submissions import Rejects
from csp_pipeline.intake.validate import build_checker
from csp_pipeline.lake import connect, receipt_path, records_path, replacing, sql_path, write_json
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period, parse_period
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec

log = logging.getLogger(__name__)


@dataclass
class Receipt:
    """What became of one landed file; stored as JSON in the lake. `cells` are the labels of the periods it covers."""

    landed: LandedFile
    fingerprint: str
    submission_id: str
    outcome: str
    extracted: str | None = None
    scope: str = ""
    cells: list[str] = field(default_factory=list)
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    code: str | None = None
    messages: list[str] = field(default_factory=list)


@dataclass
class FeedIntake:
    """What taking in a feed did: receipts of every landed file, those of this run, and what could not be pulled."""

    feed: str
    receipts: list[Receipt] = field(default_factory=list)
    new: list[Receipt] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def rows(self, name: str) -> int:
        """Sum of `rows_read`, `rows_accepted` or `rows_rejected` over every receipt."""
        return sum(getattr(receipt, name) for receipt in self.receipts)


def take_in_feed(
    feed: Feed,
    spec: FeedSpec,
    references: Mapping[str, CodeList],
    settings: Settings,
    years: list[Period],
    wanted: list[Period] | None = None,
) -> FeedIntake:
    """Bring one feed up to date.

    `years` are the partnership's financial years; a file outside them is refused. With `wanted`, only files that cover
    those financial years are loaded; the others wait for a run that wants them. A file already taken in by the same
    code and configuration is not read again.
    """
    intake = FeedIntake(feed.key)
    landed = _land_new_files(feed, settings, intake)
    secret = person_key_secret(settings)
    fingerprint = _fingerprint(feed, spec, references, secret, years)
    taken: dict[tuple[str, str, str], Receipt] = {}
    seen: set[str] = set()
    for file in landed:
        receipt = read_receipt(receipt_path(settings, feed.agency, feed.name, file.landed_id))
        if receipt is None or receipt.fingerprint != fingerprint:
            job = _Job(feed, spec, references, settings, years, secret, fingerprint)
            receipt = job.process(file, wanted, taken)
            if receipt is None:
                continue
            if receipt.submission_id not in seen:
                write_json(receipt_path(settings, feed.agency, feed.name, file.landed_id), asdict(receipt))
                intake.new.append(receipt)
                log.info("%s: %s %s", feed.key, file.path, receipt.outcome.replace("_", " "))
        if receipt.submission_id in seen:
            continue
        seen.add(receipt.submission_id)
        intake.receipts.append(receipt)
        if receipt.outcome != "refused":
            for cell in receipt.cells:
                taken.setdefault((receipt.scope, cell, str(receipt.extracted)), receipt)
    return intake


def _land_new_files(feed: Feed, settings: Settings, intake: FeedIntake) -> list[LandedFile]:
    known = {(file.path, file.version) for file in landed_files(settings, feed)}
    try:
        for found in find_files(feed):
            if (found.path, found.version) not in known:
                try:
                    land_file(settings, feed, found)
                except PullError as error:
                    intake.problems.append(str(error))
    except PullError as error:
        intake.problems.append(str(error))
    for problem in intake.problems:
        log.warning("%s", problem)
    return landed_files(settings, feed)


@dataclass
class _Job:
    """Everything that processing one landed file needs."""

    feed: Feed
    spec: FeedSpec
    references: Mapping[str, CodeList]
    settings: Settings
    years: list[Period]
    secret: bytes
    fingerprint: str

    def process(
        self, file: LandedFile, wanted: list[Period] | None, taken: Mapping[tuple[str, str, str], Receipt]
    ) -> Receipt | None:
        """Read, check and load one landed file; None when it covers no wanted year."""
        receipt = Receipt(file, self.fingerprint, f"{self.feed.agency}.{self.feed.name}.unplaced.{file.landed_id}", "refused")
        try:
            placement = place_file(self.feed, file)
            receipt.extracted, receipt.scope = str(placement.extracted), placement.scope
            if placement.coverage is not None:
                receipt.cells = [placement.coverage.label]
                if wanted is not None and not _within(placement.coverage, wanted):
                    return None
            receipt.submission_id = _submission_id(self.feed, file, placement)
            self._check_place(receipt, placement, taken)
            loaded = self._load(file, placement, receipt)
            if placement.coverage is None:
                self._check_place(receipt, placement, taken)
            self._conclude(receipt, placement, loaded)
        except RefusedFileError as error:
            self._refuse(receipt, error)
        return receipt

    def _check_place(
        self, receipt: Receipt, placement: Placement, taken: Mapping[tuple[str, str, str], Receipt]
    ) -> None:
        for cell in receipt.cells:
            period = parse_period(cell, self.feed.entry.coverage.kind)
            if period is None or not _within(period, self.years):
                raise RefusedFileError(
                    "outside_years",
                    f"it covers {cell}, outside the financial years {self.years[0].label} to {self.years[-1].label} that the "
                    "partnership takes in (sources/partnership.yml > financial_years). Widen them there, then run again.",
                )
            other = taken.get((receipt.scope, cell, str(placement.extracted)))
            if other is not None and other.landed.sha256 != receipt.landed.sha256:
                raise RefusedFileError(
                    "period_given_twice",
                    f"{cell}, extracted on {placement.extracted}, was already given by {other.landed.path}, with other "
                    "contents; that one stays. If this one is right, send it again with its own extract date in its name.",
                )

    def _load(self, file: LandedFile, placement: Placement, receipt: Receipt) -> LoadedRows:
        blob = blob_path(self.settings, file.sha256)
        scratch = self.settings.lake / "scratch" / f"{file.landed_id}.csv"
        scratch.parent.mkdir(parents=True, exist_ok=True)
        target = records_path(self.settings, self.feed.agency, self.feed.name, receipt.submission_id)
        context = Context(
            receipt.submission_id,
            placement,
            self.feed.entry.covers_area,
            self.feed.entry.coverage.kind,
            self.secret,
        )
        checker = build_checker(self.spec, self.references, placement.extracted)
        try:
            read = self._open(blob, scratch)
            loaded = load_rows(read, checker, context, self.settings, target)
        finally:
            scratch.unlink(missing_ok=True)
        if read.extra_columns:
            shown = ", ".join(repr(name) for name in read.extra_columns[:10])
            receipt.messages.append(f"Columns that are not in the agreed layout were left out: {shown}.")
        receipt.rows_accepted, receipt.rows_rejected = loaded.rows_accepted, len(loaded.rejects)
        receipt.rows_read = loaded.rows_read
        self._inspect(receipt, placement, target)
        return loaded

    def _open(self, blob: Path, scratch: Path) -> ReadFile:
        if self.spec.traits.layout.kind == "workbook":
            return read_workbook(
                blob, self.spec.columns, self.spec.traits.layout, self.feed.entry.coverage.kind, self.settings.batch_rows
            )
        return read_csv(blob, self.spec.columns, self.settings, scratch)

    def _inspect(self, receipt: Receipt, placement: Placement, target: Path) -> None:
        """Look at the loaded records once: the periods they cover, rows outside the coverage, rows worth a note."""
        records = f"read_parquet('{sql_path(target)}')"
        with connect(self.settings) as connection:
            if placement.coverage is None:
                cells = connection.execute(f"SELECT DISTINCT {COVERED} FROM {records} ORDER BY 1").fetchall()
                receipt.cells = [cell for (cell,) in cells]
            elif self.spec.traits.coverage_date and receipt.rows_accepted:
                outside, first, last = connection.execute(
                    f"SELECT count(*), min({self.spec.traits.coverage_date}), max({self.spec.traits.coverage_date}) FROM {records} "
                    f"WHERE CAST({self.spec.traits.coverage_date} AS DATE) NOT BETWEEN ? AND ?",
                    [placement.coverage.start, placement.coverage.end],
                ).fetchall()[0]
                if outside:
                    receipt.messages.append(
                        f"{outside:,} rows are dated outside {placement.coverage.label} ({self.spec.traits.coverage_date} from "
                        f"{first:%d/%m/%Y} to {last:%d/%m/%Y}); they are kept and counted by their dates."
                    )
            for column, note in self.spec.traits.noted.items():
                count = connection.execute(f"SELECT count(*) FROM {records} WHERE {column}").fetchall()[0][0]
                if count:
                    receipt.messages.append(f"{count:,} {note}.")

    def _conclude(self, receipt: Receipt, placement: Placement, loaded: LoadedRows) -> None:
        """Give the outcome; a file without one accepted row is refused, for missing is not zero."""
        if receipt.rows_read == 0 and not self.feed.entry.may_be_empty:
            raise RefusedFileError(
                "no_rows",
                "it has a header and no rows. If there was truly nothing to report, say so to the partnership (feed.yml > "
                "may_be_empty); else export it again.",
            )
        if receipt.rows_read and not receipt.rows_accepted:
            self._write_rejects(receipt, loaded.rejects)
            receipt.code = "no_row_accepted"
            receipt.messages.insert(0, f"None of its {receipt.rows_read:,} rows could be accepted, so nothing of it is counted.")
            self._forget_records(receipt)
            return
        if not placement.extract_date_is_known:
            receipt.messages.append("Its name does not say when it was extracted; the day it was received is taken.")
        elif placement.coverage is not None and placement.extracted <= placement.coverage.end:
            receipt.messages.append(
                f"It was extracted on {placement.extracted:%d/%m/%Y}, before {placement.coverage.label} ended, so that period "
                "is not yet covered whole."
            )
        self._write_rejects(receipt, loaded.rejects)
        receipt.outcome = (
            "accepted_with_rejects" if loaded.rejects else "accepted_with_warnings" if receipt.messages else "accepted"
        )

    def _refuse(self, receipt: Receipt, error: RefusedFileError) -> None:
        receipt.outcome, receipt.code = "refused", error.code
        receipt.rows_read = receipt.rows_accepted = receipt.rows_rejected = 0
        receipt.messages = [_sentence(error.message)]
        self._forget_records(receipt)
        self._write_rejects(
            receipt,
            [
                {
                    "sheet": error.sheet,
                    "row_number": None,
                    "column_name": error.column,
                    "code": error.code,
                    "value": None,
                    "problems": 1,
                    "message": f"{receipt.landed.path}: {error.message}",
                }
            ],
        )

    def _forget_records(self, receipt: Receipt) -> None:
        records_path(self.settings, self.feed.agency, self.feed.name, receipt.submission_id).unlink(missing_ok=True)

    def _write_rejects(self, receipt: Receipt, rejects: list[dict[str, Any]]) -> None:
        path = rejects_path(self.settings, self.feed, receipt.submission_id)
        if not rejects:
            path.unlink(missing_ok=True)
            return
        frame = pd.DataFrame(rejects).assign(
            submission_id=receipt.submission_id, agency=self.feed.agency, feed=self.feed.name, file=receipt.landed.path
        )
        frame = frame.sort_values(["sheet", "row_number"], kind="stable", na_position="first")
        columns = ", ".join(f"CAST({spec.name} AS {spec.type}) AS {spec.name}" for spec in tables.specs_of(Rejects))
        with connect(self.settings) as connection, replacing(path) as beside:
            connection.register("rejects", frame)
            connection.execute(f"COPY (SELECT {columns} FROM rejects) TO '{sql_path(beside)}' (FORMAT parquet)").fetchall()


def rejects_path(settings: Settings, feed: Feed, submission_id: str) -> Path:
    """Parquet of one submission's rejects."""
    return settings.lake / "rejects" / feed.agency / feed.name / f"{submission_id}.parquet"


def read_receipt(path: Path) -> Receipt | None:
    """A stored receipt, or None when there is none or it is not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Receipt(**(content | {"landed": LandedFile(**content["landed"])}))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        log.warning("%s is not a whole receipt; its file is taken in again", path)
        return None


def read_receipts(settings: Settings, feed: Feed) -> list[Receipt]:
    """Every stored receipt of a feed, in the order received."""
    folder = receipt_path(settings, feed.agency, feed.name, "x").parent
    receipts = [receipt for path in folder.glob("*.json") if (receipt := read_receipt(path))]
    return sorted(receipts, key=lambda r: (r.landed.received, r.landed.path, r.landed.sha256))


def person_key_secret(settings: Settings) -> bytes:
    """The secret that person keys are re-keyed with: from the environment, else made once and kept beside landing."""
    if settings.person_key_secret is not None:
        value = settings.person_key_secret.get_secret_value().encode()
    else:
        path = settings.landing / "person_key.secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.touch(mode=0o600)
                beside.write_text(secrets.token_hex(32))
        value = path.read_bytes()
    return hashlib.sha256(value).digest() if len(value) > 64 else value


def _fingerprint(
    feed: Feed, spec: FeedSpec, references: Mapping[str, CodeList], secret: bytes, years: list[Period]
) -> str:
    """Changes when anything that a receipt depends on, besides the landed bytes, does: code, configuration, lists."""
    digest = hashlib.sha256()
    package = Path(inspect.getfile(csp_pipeline.intake)).parent
    code = [*sorted(package.glob("*.py")), Path(inspect.getfile(tables)), Path(inspect.getfile(spec.model))]
    for path in code:
        digest.update(path.read_bytes())
    digest.update(feed.entry.model_dump_json(exclude={"location", "contact", "title", "notes"}).encode())
    digest.update(f"{years[0].label}:{years[-1].label}".encode())
    for name in sorted({column.reference for column in spec.columns if column.reference}):
        digest.update(references[name].digest)
    digest.update(hashlib.sha256(secret).digest())
    return digest.hexdigest()[:16]


def _submission_id(feed: Feed, file: LandedFile, placement: Placement) -> str:
    coverage = placement.coverage.label.replace(" ", "-") if placement.coverage else "by-content"
    scope = f".{placement.scope}" if placement.scope else ""
    return f"{feed.agency}.{feed.name}{scope}.{coverage}.{placement.extracted}.{file.sha256[:8]}"


def _within(period: Period, years: list[Period]) -> bool:
    return any(year.start <= period.start and period.end <= year.end for year in years)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def extract_day(receipt: Receipt) -> date | None:
    """The receipt's day of extraction."""
    return date.fromisoformat(receipt.extracted) if receipt.extracted else None
