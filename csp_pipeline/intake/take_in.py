"""Taking in one feed: what is new is pulled, landed, read, checked and loaded; each file ends with one outcome."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from csp_pipeline.errors import CspError, RefusedFileError
from csp_pipeline.intake.came_back import find_repeats, forget_where_back
from csp_pipeline.intake.contract import ColumnChange, Contract
from csp_pipeline.intake.convert import prepare_conversion
from csp_pipeline.intake.correct import Correcting, CorrectionsDoNotApplyError
from csp_pipeline.intake.fingerprint import fingerprint_of, person_key_secret, with_corrections
from csp_pipeline.intake.land import LandedFile, begins, blob_path, check_bytes
from csp_pipeline.intake.load import LoadingFile, load_files, make_reject, read_of
from csp_pipeline.intake.membership import reason_set_aside, remarks_on_membership
from csp_pipeline.intake.noted import write_noted
from csp_pipeline.intake.place import Placement, is_within, may_be_within, place_file, submission_id_of
from csp_pipeline.intake.pull import Pulled, pull_feed
from csp_pipeline.intake.read_csv import CsvFile, open_csv, read_together
from csp_pipeline.intake.read_form import read_form
from csp_pipeline.intake.read_json import open_json
from csp_pipeline.intake.read_workbook import read_workbook
from csp_pipeline.intake.receipts import Receipt, read_receipt
from csp_pipeline.intake.rows import COVERED, FILE_INDEX, ReadFile
from csp_pipeline.intake.taken import Taken, given_anew, given_twice, half_written, is_given_anew
from csp_pipeline.intake.told import Facts, check_most_rejected, messages_of, tell_loss
from csp_pipeline.intake.validate import Checker, build_checker
from csp_pipeline.lake import connect, make_folder, receipt_path, records_path, write_json
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period, parse_period
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec

log = logging.getLogger(__name__)

# Files up to this size are read whole and share batches; larger ones stream through alone.
SMALL_FILE = 4 * 1024 * 1024


@dataclass
class FeedIntake:
    """What taking in a feed did: receipts of every landed file, those of this run, what could not be pulled, and remarks on
    what was.
    """

    feed: str
    receipts: list[Receipt] = field(default_factory=list)
    new: list[Receipt] = field(default_factory=list)
    pull_errors: list[CspError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What could not be pulled, in words."""
        return [str(error) for error in self.pull_errors]

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
    pulled: Pulled | None = None,
) -> FeedIntake:
    """Bring one feed up to date with what was pulled; where that is not given, it is pulled first.

    `years` are the partnership's financial years; a file outside them is refused. With `wanted`, only files that cover
    those financial years are loaded; the others wait for a run that wants them. A file already taken in by the same
    code and configuration is not read again.
    """
    pulled = pulled or pull_feed(feed, settings)
    intake = FeedIntake(feed.key, pull_errors=pulled.errors, remarks=pulled.remarks)
    taking = _TakingIn(feed, spec, references, settings, years, intake)
    # of a file that waits for a run of its years, what counts stays as it was until then
    repeats = find_repeats(feed, [file for file in pulled.landed if wanted is None or may_be_within(feed, file, wanted)])
    forget_where_back(settings, pulled.landed, repeats)
    for file in pulled.landed:
        if file.landed_id in repeats or reason_set_aside(feed, file.path):
            taking.forget(file)
        else:
            taking.add(file, wanted)
    taking.load_waiting()
    intake.remarks += remarks_on_membership(feed, [file.path for file in pulled.landed])
    return taking.intake


@dataclass
class _Waiting:
    """A file that is placed and opened, waiting for its group to be loaded."""

    receipt: Receipt
    placement: Placement
    loading: LoadingFile


class _TakingIn:
    """One feed's files on their way in, in the order received; small ones wait for each other to be loaded together."""

    def __init__(
        self,
        feed: Feed,
        spec: FeedSpec,
        references: Mapping[str, CodeList],
        settings: Settings,
        years: list[Period],
        intake: FeedIntake,
    ) -> None:
        self.feed, self.spec, self.settings, self.years, self.intake = feed, spec, settings, years, intake
        self.references = references
        self.secret = person_key_secret(settings)
        self.fingerprint = fingerprint_of(feed, spec, references, self.secret, years)
        self.by_content = feed.entry.coverage.by == "content"
        self.taken = Taken()
        self.half_written = Taken()  # what gave a period until the whole of it came
        self.seen: set[str] = set()
        self.waiting: list[_Waiting] = []
        # what they cover, by scope, period and extract date
        self.claimed: set[tuple[str, str, str | None]] = set()
        self.unfit: dict[tuple[str, str], str] = {}

    def add(self, file: LandedFile, wanted: list[Period] | None) -> None:
        """Take one landed file: keep its receipt when it still holds, else place and open it."""
        if file.is_archive and file.refusal is None:
            self.forget(file)  # what is in it is taken in, file by file
            return
        receipt = read_receipt(self._receipt_path(file))
        fingerprint = with_corrections(self.fingerprint, self.feed, file.path)
        is_as_read = receipt is not None and receipt.landed.refusal == file.refusal and receipt.fingerprint == fingerprint
        if receipt is not None and is_as_read and self._stays(receipt):
            if receipt.submission_id not in self.seen:
                self._keep(receipt)
            return
        unplaced = f"{self.feed.agency}.{self.feed.name}.unplaced.{file.landed_id}"
        receipt = Receipt(file, fingerprint, unplaced, "refused")
        try:
            if file.refusal is not None:
                raise RefusedFileError(*file.refusal)
            placement = place_file(self.feed, file)
            receipt.extracted = str(placement.extracted) if self.feed.covers_periods else None
            receipt.scope = placement.scope
            if placement.coverage is not None:
                receipt.cells = [placement.coverage.label]
                if wanted is not None and not is_within(placement.coverage, wanted):
                    return
            receipt.submission_id = submission_id_of(self.feed, file, placement)
            if receipt.submission_id in self.seen:
                self.forget(file)  # what it was taken for before would stay beside the copy that counts
                return
            check_bytes(self.settings, file)
            self._load_if_claimed(receipt)
            self._check_place(receipt, placement)
            loading = self._open(file, placement, receipt)
        except RefusedFileError as error:
            self._refuse(receipt, error)
            return
        self.seen.add(receipt.submission_id)
        self.waiting.append(_Waiting(receipt, placement, loading))
        self.claimed.update((receipt.scope, cell, receipt.extracted) for cell in receipt.cells)
        if file.size > SMALL_FILE or sum(w.receipt.landed.size for w in self.waiting) > 8 * SMALL_FILE:
            self.load_waiting()

    def forget(self, file: LandedFile) -> None:
        """Forget what became of a landed file that counts for nothing by itself."""
        self._receipt_path(file).unlink(missing_ok=True)

    def load_waiting(self) -> None:
        """Load the files that wait, together, and give each its outcome."""
        waiting, self.waiting = self._read_small(self.waiting), []
        self.claimed.clear()
        if not waiting:
            return
        log.info("%s: reading %s%s", self.feed.key, waiting[0].receipt.landed.path, " and more" if len(waiting) > 1 else "")
        try:
            with connect(self.settings) as connection:
                query = prepare_conversion(
                    connection,
                    self.spec,
                    self.references,
                    secret=self.secret,
                    covers_area=self.feed.entry.covers_area,
                    covers_kind=self.feed.entry.coverage.kind,
                    by_content=self.by_content,
                    is_alone=len(waiting) == 1,
                    keeps_extras=self.feed.entry.changes.keeps_extras,
                )
                load_files(connection, query, self.make_checker(), [w.loading for w in waiting], self.settings.batch_rows)
                for item, facts in zip(waiting, self._look_at(connection, waiting), strict=True):
                    self._conclude(item, facts)
        except CorrectionsDoNotApplyError as error:
            self.unfit.update(error.problems)
            self._load_one_by_one(waiting)
        except RefusedFileError as error:
            if len(waiting) > 1:
                self._load_one_by_one(waiting)
            else:
                self._refuse(waiting[0].receipt, error)
        finally:
            for item in waiting:
                item.loading.beside.unlink(missing_ok=True)
                self._scratch(item.receipt.landed).unlink(missing_ok=True)

    def _read_small(self, waiting: list[_Waiting]) -> list[_Waiting]:
        """Read the small files that wait, together; where that fails each by itself, to refuse only those at fault."""
        small = [item.loading.read for item in waiting if item.receipt.landed.size <= SMALL_FILE]
        files = [read for read in small if isinstance(read, CsvFile)]
        try:
            if files:
                read_together(files, self.spec.columns, self.settings)
        except RefusedFileError as error:
            if len(waiting) > 1:
                return [good for item in waiting for good in self._read_small([item])]
            self._refuse(waiting[0].receipt, error)
            self._scratch(waiting[0].receipt.landed).unlink(missing_ok=True)
            return []
        return waiting

    def _load_one_by_one(self, waiting: list[_Waiting]) -> None:
        """Load each file of a group alone, after one of them turned out not to be loadable."""
        for item in waiting:
            try:
                again = self._open(item.receipt.landed, item.placement, item.receipt)
            except RefusedFileError as error:
                self._refuse(item.receipt, error)
                continue
            self.waiting = [_Waiting(item.receipt, item.placement, again)]
            self.load_waiting()

    def _stays(self, receipt: Receipt) -> bool:
        """Whether a file's outcome is what it would be today, for one of a period turns on that of the others: the one that
        gave the period before may have been set aside since, or count again.
        """
        if receipt.outcome == "refused" and receipt.code != "period_given_twice":
            return True
        if self.by_content:
            self.load_waiting()  # which periods are in a file is known when it has been read
        else:
            self._load_if_claimed(receipt)
        # what came between a file and the whole of it was refused for the file, and is not to take the place of the whole
        givers = [self.taken, self.half_written] if receipt.code == "period_given_twice" else [self.taken]
        others = [other for cell in receipt.cells for giver in givers if (other := giver.of_same_date(receipt, cell))]
        is_given = any(other.landed.sha256 != receipt.landed.sha256 for other in others)
        return is_given == (receipt.code == "period_given_twice")

    def _load_if_claimed(self, receipt: Receipt) -> None:
        """Load the files that wait if one of them covers what this one does."""
        if any((receipt.scope, cell, receipt.extracted) in self.claimed for cell in receipt.cells):
            self.load_waiting()

    def _check_place(self, receipt: Receipt, placement: Placement) -> None:
        for cell in receipt.cells:
            period = parse_period(cell, self.feed.entry.coverage.kind)
            if period is None or not is_within(period, self.years):
                raise RefusedFileError(
                    "outside_years",
                    f"it covers {cell}, outside the financial years {self.years[0].label} to {self.years[-1].label} that the "
                    "partnership takes in (sources/partnership.yml > financial_years). Widen them there, then run again.",
                )
            other = self.taken.of_same_date(receipt, cell)
            if other is None or other.landed.sha256 == receipt.landed.sha256:
                continue
            if begins(self.settings, other.landed, receipt.landed):
                self._take_back(other, half_written())
            elif not is_given_anew(receipt, placement, other):
                raise given_twice(receipt, cell, other)

    def _take_back(self, other: Receipt, why: RefusedFileError) -> None:
        """Refuse a file that was taken in, now that one is here that takes its place."""
        self.intake.receipts.remove(other)
        self.intake.new = [receipt for receipt in self.intake.new if receipt is not other]
        self.taken.remove(other)
        other.rows_read = other.rows_accepted = other.rows_rejected = 0
        other.not_corrected = {}
        self._refuse(other, why)

    def _open(self, file: LandedFile, placement: Placement, receipt: Receipt) -> LoadingFile:
        blob, scratch = blob_path(self.settings, file.sha256), self._scratch(file)
        make_folder(scratch.parent)
        kind, layout, columns = self.feed.entry.coverage.kind, self.spec.traits.layout, self.spec.columns
        entry = self.feed.entry
        contract = Contract(self.spec, self.make_checker, entry.changes, entry.renamed, placement.extracted)
        read: ReadFile
        try:
            if layout.kind == "workbook":
                read = read_workbook(blob, columns, layout, kind, self.settings.batch_rows, contract)
            elif layout.kind == "json":
                read = open_json(blob, columns, self.settings, contract)
            elif layout.kind == "form":
                read = read_form(blob, columns, layout, self.feed.agency, self.settings.batch_rows)
            else:
                read = open_csv(blob, columns, self.settings, scratch, contract)
        except RefusedFileError:
            scratch.unlink(missing_ok=True)
            raise
        corrections = {
            name: correction
            for name, correction in self.feed.corrections.items()
            if correction.concerns(file.path, placement.extracted) and (receipt.submission_id, name) not in self.unfit
        }
        return LoadingFile(
            submission_id=receipt.submission_id,
            path=file.path,
            extracted=placement.extracted,
            covered=placement.coverage,
            read=read,
            correcting=Correcting(corrections),
            beside=self._scratch(file, "parquet"),
        )

    def _receipt_path(self, file: LandedFile) -> Path:
        return receipt_path(self.settings, self.feed.agency, self.feed.name, file.landed_id)

    def make_checker(self) -> Checker:
        """The feed's checks, ready for a group of files."""
        return build_checker(self.spec, self.references, self.feed.entry.changes)

    def _scratch(self, file: LandedFile, kind: str = "csv") -> Path:
        # the feed in its name: another, at work beside this one, may have been sent the same file
        return self.settings.lake / "scratch" / f"{file.agency}.{file.feed}.{file.landed_id}.{kind}"

    def _look_at(self, connection: duckdb.DuckDBPyConnection, waiting: list[_Waiting]) -> list[Facts]:
        """What the records of each loaded file say, all files in one statement."""
        day = self.spec.traits.coverage_date or "CAST(NULL AS DATE)"
        cells = f"list(DISTINCT {COVERED} ORDER BY {COVERED})" if self.by_content else "[]"
        noted = ", ".join(f"count(*) FILTER ({column})" for column in self.spec.traits.noted)
        rows = connection.execute(
            f"""
            SELECT {FILE_INDEX}, count(*) FILTER (outside), min({day}) FILTER (outside), max({day}) FILTER (outside), {cells},
                [{noted}]
            FROM (
                SELECT *, CAST({day} AS DATE) NOT BETWEEN file_covered_from AND file_covered_until AS outside
                FROM files JOIN {read_of([item.loading for item in waiting])} USING (submission_id)
            ) GROUP BY {FILE_INDEX}
            """
        ).fetchall()
        found = {index: Facts(*facts) for index, *facts in rows}
        without_rows = Facts(0, None, None, [], [0] * len(self.spec.traits.noted))
        return [found.get(index, without_rows) for index in range(len(waiting))]

    def _conclude(self, item: _Waiting, facts: Facts) -> None:
        """Give a loaded file its outcome; one with no accepted row is refused, and one with too few: missing is not zero."""
        receipt, loading = item.receipt, item.loading
        try:
            if loading.rows_read == 0 and not self.feed.entry.may_be_empty:
                raise RefusedFileError(
                    "no_rows",
                    "it has a header and no rows. If there was truly nothing to report, say so to the partnership (feed.yml "
                    "> may_be_empty); else export it again.",
                )
            check_most_rejected(self.feed, self.spec, loading)
            receipt.corrections = dict(sorted(Counter(row["correction"] for row in loading.correcting.made).items()))
            receipt.not_corrected = {
                name: why for (submission, name), why in sorted(self.unfit.items()) if submission == receipt.submission_id
            }
            if self.by_content:
                receipt.cells = facts.cells
            receipt.messages = messages_of(self.feed, self.spec, receipt, item.placement, loading, facts)
            receipt.messages += tell_loss(loading.rows_read, self.taken.replaced_by(receipt))
            if self.by_content:
                self._check_place(receipt, item.placement)
        except RefusedFileError as error:
            self._refuse(receipt, error)
            return
        receipt.rows_read, receipt.rows_accepted = loading.rows_read, loading.rows_accepted
        receipt.rows_rejected = len(loading.rejects)
        self._write_rejects(receipt, loading.rejects)
        self._note_columns(receipt, loading.read.changes)
        self._note(receipt, "corrections", loading.correcting.made)
        headers = {column.name: column.header for column in self.spec.columns}
        codes = [
            {"column_name": headers[name], "code": code, "rows": rows}
            for (name, code), rows in sorted(loading.misfits.unmapped.items())
        ]
        self._note(receipt, "codes_not_mapped", codes)
        if receipt.rows_read and not receipt.rows_accepted:
            receipt.code = "no_row_accepted"
            rows = f"None of its {receipt.rows_read:,} rows could" if receipt.rows_read > 1 else "Its one row could not"
            receipt.messages.insert(0, f"{rows} be accepted, so nothing of it is counted.")
        else:
            target = records_path(self.settings, self.feed.agency, self.feed.name, receipt.submission_id)
            make_folder(target.parent)
            loading.beside.replace(target)
            for other in self.taken.given_before(receipt):
                self._take_back(other, given_anew())
            receipt.outcome = (
                "accepted_with_rejects" if loading.rejects else "accepted_with_warnings" if receipt.messages else "accepted"
            )
        self._keep(receipt, is_new=True)

    def _refuse(self, receipt: Receipt, error: RefusedFileError) -> None:
        receipt.outcome, receipt.code, receipt.corrections = "refused", error.code, {}
        receipt.messages = [error.message[:1].upper() + error.message[1:]]
        message = f"{receipt.landed.path}: {error.message}"
        self._write_rejects(receipt, [make_reject(error.code, message, sheet=error.sheet, column_name=error.column)])
        self._note_columns(receipt, error.changes)
        for table in ("corrections", "codes_not_mapped"):
            self._note(receipt, table, [])
        self._keep(receipt, is_new=True)

    def _keep(self, receipt: Receipt, *, is_new: bool = False) -> None:
        """Note a receipt as this feed's, and store it when it is new."""
        if is_new:
            if receipt.outcome == "refused":
                records_path(self.settings, self.feed.agency, self.feed.name, receipt.submission_id).unlink(missing_ok=True)
            write_json(self._receipt_path(receipt.landed), asdict(receipt))
            self.intake.new.append(receipt)
            log.info("%s: %s %s", self.feed.key, receipt.landed.path, receipt.outcome.replace("_", " "))
        self.seen.add(receipt.submission_id)
        self.intake.receipts.append(receipt)
        if receipt.outcome != "refused":
            self.taken.add(receipt)
        elif receipt.code == "half_written":
            self.half_written.add(receipt)

    def _write_rejects(self, receipt: Receipt, rejects: list[dict[str, object]]) -> None:
        rows = sorted(rejects, key=lambda r: (str(r["sheet"] or ""), int(str(r["row_number"] or 0))))
        self._note(receipt, "rejects", rows)

    def _note_columns(self, receipt: Receipt, changes: Sequence[ColumnChange]) -> None:
        self._note(receipt, "column_changes", [asdict(change) for change in changes])

    def _note(self, receipt: Receipt, table: str, rows: list[dict[str, Any]]) -> None:
        write_noted(self.settings, self.feed, table, receipt.submission_id, receipt.landed.path, rows)
