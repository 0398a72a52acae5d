"""A JSON API that gives its rows in pages: all pages of one period become one file, a JSON array of rows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from csp_pipeline.errors import PullError
from csp_pipeline.intake.places.place import Body, FoundFile, NotPublishedError, shown
from csp_pipeline.intake.places.web import WebClient, asked_periods, fill
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period
from csp_pipeline.partnership.pulling import ApiEntry

PAGE_MB = 64
# The version of a period that is not asked for again once it has landed.
SETTLED = "settled"


@dataclass
class _Progress:
    """How far the pages of one period have been read, so that a broken connection costs one page."""

    url: httpx.URL | None
    number: int
    pages: list[bytes] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


class ApiPlace:
    """One file for each period that a feed is expected for, named after feed and period."""

    grows = False
    looks_again = False
    by_period = True

    def __init__(self, feed: Feed) -> None:
        self._feed, self._entry = feed, feed.entry.pull.api or ApiEntry()
        self._client = WebClient(feed)
        self._periods = {period.label: period for period in asked_periods(feed)}
        self._progress: dict[str, _Progress] = {}

    def list_files(self) -> Iterator[FoundFile]:
        """The periods, without a request: only asking tells whether there is anything new of the latest ones."""
        labels = list(self._periods)
        again = set(labels[len(labels) - self._entry.ask_again :] if self._entry.ask_again else ())
        for label in labels:
            path = f"{self._feed.name}_{label.replace(' ', '-')}.json"
            yield FoundFile(path, label, None, "" if label in again else SETTLED)

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The rows of a period. A period without any is not published yet, unless the feed may be empty."""
        pages = self._read_pages(self._periods[found.address])
        if not pages and not self._feed.entry.may_be_empty:
            raise NotPublishedError(f"{found.address} has no rows")
        yield Body(iter([b"[\n", *_joined(pages), b"\n]\n"]), 0, None, found.version)
        self._progress.pop(found.address, None)

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """Not asked: its rows are what they are at the time of asking."""
        return found

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _read_pages(self, period: Period) -> list[bytes]:
        query = {name: fill(value, period) for name, value in self._entry.query.items()}
        first = self._client.parse(fill(self._feed.location, period)).copy_merge_params(query)
        progress = self._progress.setdefault(period.label, _Progress(first, self._entry.first_page))
        limit, size = self._feed.entry.pull.limits.file_mb * 1e6, sum(len(page) for page in progress.pages)
        while progress.url is not None:
            url = progress.url
            if self._entry.page is not None:
                url = url.copy_set_param(self._entry.page, str(progress.number))
            if str(url) in progress.asked or len(progress.asked) >= self._entry.max_pages:
                raise self._refused(url, f"its pages do not end (asked for {len(progress.asked):,}). Is pull > api right?")
            try:
                page = self._ask(url)
            except NotPublishedError as error:
                if not progress.asked:
                    raise
                if self._entry.page is None:
                    raise self._refused(url, f"{error}, though the page before leads to it. Ask its owner.") from error
                progress.url = None  # some answer so beyond their last page, instead of with an empty one
                continue
            progress.asked.add(str(url))
            rows = self._find(page, self._entry.rows, url) if self._entry.rows else page
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise self._refused(
                    url, f"its rows are not a JSON array of objects{_at(self._entry.rows)}. Correct pull > api > rows."
                )
            if rows:
                encoded = ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=False) for row in rows).encode()
                size += len(encoded)
                progress.pages.append(encoded)
            if size > limit:
                raise self._refused(url, f"its pages give more than {limit / 1e6:,.0f} MB. Is it right? pull > limits > file_mb.")
            progress.number += 1
            progress.url = self._next(page, url, bool(rows))
        return progress.pages

    def _next(self, page: Any, url: httpx.URL, has_rows: bool) -> httpx.URL | None:
        if self._entry.next_link is not None:
            link = self._find(page, self._entry.next_link, url, may_be_missing=True)
            if not link:
                return None
            try:
                target = url.join(str(link))
            except httpx.InvalidURL as error:
                raise self._refused(url, "its next page is no URL. Correct pull > api > next_link, or ask its owner.") from error
            if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                raise self._refused(url, f"its next page is on another host, {target.host}, which is not asked.")
            return target
        return url if self._entry.page is not None and has_rows else None

    def _ask(self, url: httpx.URL) -> Any:
        body = bytearray()
        self._client.check_time(url)
        with self._client.ask("GET", url, {"Accept": "application/json"}) as response:
            for piece in self._client.pieces(response):
                body += piece
                self._client.check_time(url)
                if len(body) > PAGE_MB * 1_000_000:
                    raise self._refused(url, f"one page is larger than {PAGE_MB} MB.")
            length = response.headers.get("Content-Length")
        if length and "Content-Encoding" not in response.headers and len(body) != int(length):
            raise PullError(
                f"{self._feed.key}: {shown(str(url))} sent {len(body):,} bytes of {int(length):,}. It is tried again."
            )
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:  # the second for brackets in brackets without end
            raise PullError(
                f"{self._feed.key}: {shown(str(url))} does not answer with JSON. Correct the location; if it is "
                "right, ask its owner."
            ) from error

    def _find(self, page: Any, path: str, url: httpx.URL, *, may_be_missing: bool = False) -> Any:
        for key in path.split("."):
            if not isinstance(page, dict) or key not in page:
                if may_be_missing:
                    return None
                raise self._refused(url, f"there is no {key!r}{_at(path)} in a page. Correct pull > api.")
            page = page[key]
        return page

    def _refused(self, url: httpx.URL, why: str) -> PullError:
        return PullError(f"{self._feed.key}: {shown(str(url))}: {why}", is_transient=False)


def _joined(pages: list[bytes]) -> Iterator[bytes]:
    for number, page in enumerate(pages):
        yield b",\n" + page if number else page


def _at(path: str | None) -> str:
    return f" at {path!r}" if path else ""
