"""The pipeline as one page of named stages; Dagster's assets and the tests call these and nothing below."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csp_pipeline.declared import add_files, check_unchanged, hash_configuration, hash_declared
from csp_pipeline.errors import PublishError
from csp_pipeline.feed_specs import find_specs
from csp_pipeline.figures.breaks import build_break_suggestions
from csp_pipeline.figures.build import build_figures
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.intake.look_up import read_look_ups
from csp_pipeline.intake.pull import PulledAhead
from csp_pipeline.intake.take_in import FeedIntake, take_in_feed
from csp_pipeline.lake import read_json, table_path, write_ahead_log, write_json
from csp_pipeline.memory import hand_back_freed_memory
from csp_pipeline.partnership.configuration import SCORECARD
from csp_pipeline.partnership.links import load_links
from csp_pipeline.partnership.measures import MeasureBook, load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.periods import Period
from csp_pipeline.parts import Parts
from csp_pipeline.publish.warehouse import FROM_LAKE, publish_warehouse
from csp_pipeline.reconcile.bridge import build_bridges
from csp_pipeline.reconcile.change_tests import build_change_tests
from csp_pipeline.reconcile.claims import build_claims
from csp_pipeline.reconcile.compare import build_comparisons, build_discrepancies
from csp_pipeline.reconcile.history import build_gap_history
from csp_pipeline.reconcile.responses import build_responses
from csp_pipeline.reconcile.search import build_searches
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec

if TYPE_CHECKING:
    from csp_pipeline.delivery import Delivery
    from csp_pipeline.reports.read import Facts


class Reads(IntEnum):
    """What a stage is made from beside tables of the lake; each also reads what those before it do."""

    NOTHING_ELSE = 0
    RECORDS = 1
    ANSWERS = 2
    SENT_REPORTS = 3


@dataclass(frozen=True)
class Pipeline:
    """One partnership's pipeline: settings, what stands in `sources/`, and the declaration of each feed.

    Every stage after intake is a function of what has landed and of `sources/`; a stage whose inputs are as they were
    when it last ran is not run again, and of the others only the parts whose inputs changed.
    """

    settings: Settings
    partnership: Partnership
    specs: dict[str, FeedSpec]

    @cached_property
    def measures(self) -> MeasureBook:
        """Measures, tolerances and breaks; ConfigurationError when they cannot be used."""
        return load_measures(self.partnership)

    def take_in(self, key: str, years: list[str] | None = None, ahead: PulledAhead | None = None) -> FeedIntake:
        """Intake of one feed, for the named financial years or for all; of what was pulled ahead, or else is pulled now."""
        wanted: list[Period] | None = None
        if years is not None:
            wanted = [year for year in self.partnership.years if year.label in years]
        feed = self.partnership.feed(key)
        pulled = ahead.of(feed) if ahead is not None else None
        looked_up = read_look_ups(self.settings, self.partnership, self.specs, feed)
        references = self.partnership.references | looked_up
        return take_in_feed(feed, self.specs[key], references, self.settings, self.partnership.years, wanted, pulled)

    def build_figures(self) -> dict[str, Any]:
        """Records to figures, changes, coverage, validity."""
        return self._unless_done(
            "figures",
            [table_path(self.settings, "figures")],
            lambda parts: build_figures(self.settings, self.partnership, self.measures, self.specs, parts),
        )

    def build_vintages(self) -> dict[str, Any]:
        """Headline figures as known over time; gives the rows of each event."""
        return self._unless_done(
            "figure_vintages",
            [table_path(self.settings, "figure_vintages")],
            lambda parts: build_vintages(self.settings, self.partnership, self.measures, self.specs, parts),
            tables=("figures",),
        )

    def build_break_suggestions(self) -> dict[str, Any]:
        """Level shifts for a person to judge."""
        return self._unless_done(
            "break_suggestions",
            [table_path(self.settings, "break_suggestions")],
            lambda _: {"break_suggestions": build_break_suggestions(self.settings, self.partnership, self.measures)},
            reads=Reads.NOTHING_ELSE,
            tables=("figures",),
        )

    def build_comparisons(self) -> dict[str, Any]:
        """Figures side by side, with verdicts."""
        return self._unless_done(
            "comparisons",
            [table_path(self.settings, "comparisons")],
            lambda _: build_comparisons(self.settings, self.partnership, self.measures),
            reads=Reads.NOTHING_ELSE,
            tables=("figures",),
        )

    def build_bridges(self) -> dict[str, Any]:
        """Records linked, and gaps taken apart into causes."""
        return self._unless_done(
            "bridges",
            [table_path(self.settings, "bridge_steps")],
            lambda parts: build_bridges(self.settings, self.partnership, self.measures, self.specs, parts),
            tables=("comparisons", "coverage", "periods", "validity"),
        )

    def build_gap_history(self) -> dict[str, Any]:
        """The gaps of earlier vintages; gives the rows of each effect."""
        return self._unless_done(
            "gap_history",
            [table_path(self.settings, "gap_history")],
            lambda _: build_gap_history(self.settings, self.partnership, self.measures),
            reads=Reads.NOTHING_ELSE,
            tables=("figure_vintages", "comparisons", "periods"),
        )

    def build_discrepancies(self) -> dict[str, Any]:
        """Conflicts for people to settle."""
        return self._unless_done(
            "discrepancies",
            [table_path(self.settings, "discrepancies")],
            lambda _: {"discrepancies": build_discrepancies(self.settings, self.partnership, self.measures)},
            reads=Reads.NOTHING_ELSE,
            tables=("comparisons", "gap_history", "periods", "validity", "bridge_steps", "responses"),
        )

    def build_responses(self) -> dict[str, Any]:
        """What agencies answered, and which answers are in force; gives the rows of each status."""
        return self._unless_done(
            "responses",
            [table_path(self.settings, "responses")],
            lambda _: build_responses(self.settings, self.partnership, self.measures),
            reads=Reads.ANSWERS,
            tables=("comparisons", "gap_history", "periods", "validity"),
        )

    def search_definitions(self) -> dict[str, Any]:
        """Which definitions of one feed's records another feed's bare numbers are consistent with."""
        return self._unless_done(
            "definition_searches",
            [table_path(self.settings, "definition_searches")],
            lambda parts: build_searches(
                self.settings,
                self.partnership,
                self.measures,
                self.specs,
                linked={frozenset(pair.between) for pair in load_links(self.partnership).pairs},
                parts=parts,
            ),
            tables=("comparisons", "periods", "validity"),
        )

    def build_change_tests(self) -> dict[str, Any]:
        """Changes between years tested against chance, and control limits."""
        return self._unless_done(
            "change_tests",
            [table_path(self.settings, "control_limits")],
            lambda _: build_change_tests(self.settings, self.partnership, self.measures),
            reads=Reads.NOTHING_ELSE,
            tables=("figures", "changes"),
        )

    def build_claims(self) -> dict[str, Any]:
        """Published statements checked against the figures."""
        return self._unless_done(
            "claims",
            [table_path(self.settings, "claims")],
            lambda _: build_claims(self.settings, self.partnership, self.measures),
            reads=Reads.NOTHING_ELSE,
            tables=("figures", "comparisons"),
        )

    def publish(self) -> dict[str, Any]:
        """The DuckDB warehouse; made anew, too, when somebody has written into it."""
        return self._unless_done(
            "warehouse",
            [self.settings.database],
            lambda _: publish_warehouse(self.settings, self.partnership, self.measures, self.specs),
            reads=Reads.ANSWERS,
            tables=FROM_LAKE,
            state=self._state_of_warehouse,
        )

    def write_reports(self) -> dict[str, Any]:
        """A report for each agency, and the index."""

        def write(parts: Parts) -> dict[str, Any]:
            # loaded only where there is something to write, for it takes as long to load as the rest of a second run
            from csp_pipeline.reports import write_reports
            from csp_pipeline.scorecard import cells_on_scorecard

            summary = write_reports(self.settings, cells_on_scorecard, parts)
            self._facts_of_reports.clear()
            self._facts_of_reports[self._published] = summary.facts
            return {report.agency: report.conflicts for report in summary.agencies}

        files = [path for agency in self.partnership.file.agencies for path in self.settings.report_files(agency)]
        return self._unless_done("reports", [self.settings.reports / "index.html", *files], write, reads=Reads.SENT_REPORTS)

    def write_scorecard(self) -> dict[str, Any]:
        """The strategy group's scorecard; gives the row of each measure, none without `scorecard.yml`."""

        def write(_: Parts) -> dict[str, Any]:
            from csp_pipeline.scorecard import write_scorecard
            from csp_pipeline.scorecard.card import rows_of

            facts = self._facts_of_reports.pop(self._published, None)
            # what it hides the reports have asked for too, and they remove what nobody asks for any more
            summary = write_scorecard(self.settings, self.parts_of("reports"), facts)
            return {"measures": rows_of(summary.card) if summary else []}

        return self._unless_done("scorecard", self.settings.report_files(SCORECARD), write, reads=Reads.SENT_REPORTS)

    def deliver_reports(self, send: bool) -> "list[Delivery]":
        """Every agency's report and the scorecard to their places, or what would be sent; never left out, for what was sent
        stands in landing.
        """
        from csp_pipeline.delivery import deliver_reports

        return deliver_reports(self.settings, self.partnership, send=send)

    def inputs(self, reads: Reads = Reads.RECORDS, tables: Sequence[str] = ()) -> str:
        """A hash of all that a stage after intake depends on: tables of the lake, configuration and code; where it reads them,
        receipts and views, what agencies answered, and the published warehouse and what was sent.

        A stage may be run by itself, on tables that were made before the last file came. So it is noted what stood in them.
        """
        digest = hashlib.sha256(self._declared)
        of_lake = [path for table in tables if (path := table_path(self.settings, table)).exists()]
        add_files(digest, self.settings.lake, of_lake)
        if reads == Reads.NOTHING_ELSE:
            return digest.hexdigest()
        with_answers = reads >= Reads.ANSWERS
        for receipts in read_all_receipts(self.settings, self.partnership, with_responses=with_answers).values():
            for receipt in receipts:
                digest.update(f"{receipt.submission_id} {receipt.fingerprint} {receipt.outcome}\n".encode())
        add_files(digest, self.settings.views, sorted(self.settings.views.glob("*.sql")))
        if reads >= Reads.SENT_REPORTS:
            digest.update(f"{self._made_from('warehouse')}\n".encode())
            add_files(digest, self.settings.landing, sorted(self.settings.landing.glob("reports/*/sent.jsonl")))
        return digest.hexdigest()

    @cached_property
    def _facts_of_reports(self) -> "dict[object, Facts]":
        """What the reports were made from, by warehouse, for the scorecard that is made from the same right after them."""
        return {}

    @property
    def _published(self) -> object:
        """Which warehouse is published, if any: each is another file."""
        if not self.settings.database.exists():
            return None
        found = self.settings.database.stat()
        return found.st_ino, found.st_mtime_ns

    def _state_of_warehouse(self) -> list[object] | None:
        """What differs once somebody has written into the published warehouse, or put another in its place."""
        if not self.settings.database.exists():
            return None
        found = self.settings.database.stat()
        return [found.st_size, found.st_mtime_ns, write_ahead_log(self.settings).exists()]

    @cached_property
    def _declared(self) -> bytes:
        """A hash of configuration, code and libraries as they were when this pipeline was opened."""
        return hash_declared(self._configured)

    @cached_property
    def _configured(self) -> dict[str, str]:
        """The hash of each file of the configuration when this pipeline was opened."""
        return hash_configuration(self.partnership)

    def as_configured_now(self) -> "Pipeline":
        """This pipeline, or a new one where the configuration has changed since this one was opened, as in a daemon.

        Raises ConfigurationError for a configuration that cannot be used.
        """
        return self if hash_configuration(self.partnership) == self._configured else open_pipeline(self.settings)

    def parts_of(self, stage: str, apart: str = "") -> Parts:
        """Where the parts of a stage are kept.

        They are told by the receipts that they are made from; tables that were made from others would mix in with them, so
        what is made then is kept `apart`.
        """
        return Parts(self.settings.lake / "parts" / stage, self._declared + apart.encode())

    def _unless_done(
        self,
        stage: str,
        products: Sequence[Path],
        run: Callable[[Parts], dict[str, Any]],
        *,
        reads: Reads = Reads.RECORDS,
        tables: Sequence[str] = (),
        state: Callable[[], object] = lambda: None,
    ) -> dict[str, Any]:
        """Run a stage unless its products are there, in the `state` that it left them in, and were made from the same inputs;
        gives what the stage counted.
        """
        note, inputs = self._note(stage), self.inputs(reads, tables)
        last = read_json(note)
        is_same = last is not None and last.get("inputs") == inputs and last.get("state") == state()
        if last is not None and is_same and all(product.exists() for product in products):
            counted: dict[str, Any] = last["counted"]
            return counted
        check_unchanged(self.partnership, self._configured)
        # first, so that a stage that was killed at its work is not taken for done when its inputs are what they were before
        note.unlink(missing_ok=True)
        parts = self.parts_of(stage, inputs if tables and self._made_from("figures") != self.inputs() else "")
        counted = run(parts)
        try:
            check_unchanged(self.partnership, self._configured)
        except PublishError:
            parts.remove_all()
            raise
        parts.remove_others()
        write_json(note, {"inputs": inputs, "counted": counted, "state": state()})
        return counted

    def _note(self, stage: str) -> Path:
        return self.settings.lake / "stages" / f"{stage}.json"

    def _made_from(self, stage: str) -> object:
        """The inputs that a stage last ran with to its end."""
        return (read_json(self._note(stage)) or {}).get("inputs")


def open_pipeline(settings: Settings) -> Pipeline:
    """Load what stands in `sources/` and find each feed's declaration.

    Raises ConfigurationError for configuration that cannot be used, PublishError when the warehouse's folder cannot be
    written to.
    """
    hand_back_freed_memory()
    partnership = load_partnership(settings.sources)
    specs = find_specs(partnership)
    try:
        settings.lake.mkdir(parents=True, exist_ok=True)
        probe = settings.lake / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise PublishError(
            f"{settings.warehouse}: cannot be written to: {error.strerror}. Give another folder with --warehouse or "
            "CSP_WAREHOUSE, or ask for write access."
        ) from error
    pipeline = Pipeline(settings, partnership, specs)
    pipeline._declared  # noqa: B018 (as it is now: a run may wait long for files before its first stage)
    return pipeline
