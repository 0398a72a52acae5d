"""Files of a web server, by httpx: conditional requests, ranges, and no redirect to where it must not lead."""

import base64
import ipaddress
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

import httpx

from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.places.place import (
    Body,
    FoundFile,
    NotModifiedError,
    NotPublishedError,
    RestartError,
    SourceDownError,
    secret,
    shown,
)
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period
from csp_pipeline.partnership.pulling import PLACEHOLDER, WebEntry

# httpx logs every address it asks, and that of a redirect may hold a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)

REDIRECTS = 5
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NOT_ALLOWED = {405, 501}
PASSING = {408, 425, 429, 500, 502, 503, 504}


class MethodRefusedError(PullError):
    """The server does not answer this kind of question."""


class MissingFileError(PullError):
    """There is no file where the entry says that one is, whatever the period."""


class WebClient:
    """Requests to a feed's place, redirects followed only where its entry allows."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self._entry = feed, feed.entry.pull.web or WebEntry()
        self._place = self.parse(feed.location.partition("{")[0])
        limits = feed.entry.pull.limits
        # Nothing of this machine's user: no proxy of the environment, no .netrc.
        self._client = httpx.Client(
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
            verify=self._certificates(),
            trust_env=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "csp-pipeline"},
        )
        self._secrets = self._secret_headers()
        self._end = time.monotonic() + limits.total_seconds

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def parse(self, text: str) -> httpx.URL:
        """A URL of the feed's entry; ConfigurationError when it cannot be one."""
        try:
            return httpx.URL(text)
        except httpx.InvalidURL as error:
            raise ConfigurationError(
                f"{self.feed.key}: {shown(text)} is no URL: {error}. Correct feed.yml > location."
            ) from error

    @contextmanager
    def ask(self, method: str, url: httpx.URL, headers: dict[str, str]) -> Iterator[httpx.Response]:
        """One answer, at the end of its redirects; its body is not read yet.

        Raises PullError for anything but 2xx, 304 and 416, NotPublishedError for 404 and 410.
        """
        for _ in range(REDIRECTS + 1):
            self._check_address(url)
            own = self._secrets if self._is_own(url) else {}
            try:
                response = self._client.send(self._client.build_request(method, url, headers=headers | own), stream=True)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise self._down(url, error) from error
            try:
                self._check_peer(response)
                if not response.has_redirect_location:
                    self._check_status(response)
                    yield response
                    return
                url = self._redirected(url, response.headers["Location"])
            finally:
                response.close()
        raise PullError(
            f"{self.feed.key}: {shown(str(url))} redirects more than {REDIRECTS} times. Correct the location.", is_transient=False
        )

    def pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """The body as it comes, a broken connection told as such; one that was packed for the way, unasked, is unpacked.

        Pieces are not gathered to a size: who sends a byte a minute would never fill one, nor let anybody look at the time.
        """
        try:
            yield from response.iter_bytes() if "Content-Encoding" in response.headers else response.iter_raw()
        except httpx.HTTPError as error:
            raise self._down(response.url, error) from error

    def check_time(self, url: httpx.URL) -> None:
        """Raises PullError when the feed's time in this run is used up."""
        if time.monotonic() >= self._end:
            raise PullError(
                f"{self.feed.key}: {shown(str(url))} takes longer than the {self.feed.entry.pull.limits.total_seconds:,.0f} "
                "seconds that pull > limits > total_seconds allows a run. It is tried again at the next run."
            )

    def _secret_headers(self) -> dict[str, str]:
        entry = self._entry
        found = {name: secret(self.feed, variable) or "" for name, variable in entry.headers.items()}
        if entry.token is not None:
            found["Authorization"] = f"Bearer {secret(self.feed, entry.token)}"
        if entry.user is not None:
            pair = f"{secret(self.feed, entry.user)}:{secret(self.feed, entry.password)}"
            found["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return found

    def _certificates(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context(trust_env=False)
        if self._entry.certificates is not None:
            path = self.feed.folder / self._entry.certificates
            try:
                context.load_verify_locations(str(path))
            except (OSError, ssl.SSLError) as error:
                raise ConfigurationError(
                    f"{self.feed.key}: {path}: no certificates in PEM can be read from it: {error}."
                ) from error
        return context

    def _is_own(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self._place.scheme, self._place.host, self._place.port)

    def _redirected(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            target = url.join(location)
        except httpx.InvalidURL as error:
            raise PullError(f"{self.feed.key}: {shown(str(url))} redirects to what is no URL.", is_transient=False) from error
        if target.scheme not in ("http", "https") or (url.scheme == "https" and target.scheme != "https"):
            raise PullError(
                f"{self.feed.key}: {shown(str(url))} redirects from https to {target.scheme}, which is not "
                "followed. Ask its owner, or "
                "correct the location.",
                is_transient=False,
            )
        if target.host != self._place.host and target.host not in self._entry.allow_hosts:
            raise PullError(
                f"{self.feed.key}: {shown(str(url))} redirects to another host, {target.host}, which is not "
                "followed. If that host "
                "is right, add it under pull > web > allow_hosts.",
                is_transient=False,
            )
        return target

    def _check_address(self, url: httpx.URL) -> None:
        """Before anything is sent: every address of the host has to be public, unless the entry says otherwise."""
        if self._entry.allow_private:
            return
        try:
            found = socket.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # the second for what cannot be a host's name
            why = getattr(error, "strerror", None) or "it cannot be one"
            raise SourceDownError(
                f"{self.feed.key}: {shown(str(url))}: the host's name is not known ({why}). Correct the location; "
                "it is tried again at the next run."
            ) from error
        for *_, address in found:
            self._refuse_private(url, str(address[0]))

    def _check_peer(self, response: httpx.Response) -> None:
        """The address that did answer, since a name may have been given another meanwhile."""
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        if peer is not None and not self._entry.allow_private:
            self._refuse_private(response.url, str(peer[0]))

    def _refuse_private(self, url: httpx.URL, address: str) -> None:
        parsed = _innermost(ipaddress.ip_address(address.partition("%")[0]))
        if not parsed.is_global or parsed.is_multicast:
            raise PullError(
                f"{self.feed.key}: {shown(str(url))} has an address inside a network ({parsed}), which is not "
                "asked. If the server is "
                "yours, say so with pull > web > allow_private.",
                is_transient=False,
            )

    def _check_status(self, response: httpx.Response) -> None:
        status, url = response.status_code, shown(str(response.url))
        if status < 300 or status in (304, 416):
            return
        if status in (404, 410):
            raise NotPublishedError(f"{url} is not there ({status})")
        if status in (401, 403):
            raise SourceDownError(
                f"{self.feed.key}: {url} does not let us in ({status}). Check the environment variables that pull "
                "> web names, and ask "
                "its owner for access.",
                is_transient=False,
            )
        if status in NOT_ALLOWED:
            raise MethodRefusedError(f"{self.feed.key}: {url} answers {status}. Correct the location.", is_transient=False)
        passing = status in PASSING
        what = "It is tried again at the next run; if it stays so, ask its owner." if passing else "Correct the location."
        error = SourceDownError if passing else PullError
        raise error(
            f"{self.feed.key}: {url} answers {status} {response.reason_phrase}. {what}",
            is_transient=passing,
            wait_seconds=_retry_after(response),
        )

    def _down(self, url: httpx.URL, error: Exception) -> PullError:
        why = "it did not answer in time" if isinstance(error, httpx.TimeoutException) else _reason(error)
        is_certificate = "CERTIFICATE_VERIFY_FAILED" in str(error)
        if is_certificate:
            why = "its certificate is not trusted. Check the host, or give the authority as pull > web > certificates"
        return SourceDownError(
            f"{self.feed.key}: {shown(str(url))} cannot be read: {why}. It is tried again at the next run.",
            is_transient=not is_certificate,
        )


def _innermost(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it does: mapped, 6to4 or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


class WebPlace:
    """The files that a feed's location names: one, or one for each name and each period of a placeholder."""

    # What is being replaced on a web server has another ETag afterwards; a body has the length that was announced.
    grows = False
    looks_again = False

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.client = WebClient(feed)
        self.by_period = False
        self._addresses: dict[str, tuple[httpx.URL, bool]] = {}
        self._paths: dict[str, str] = {}
        names = (feed.entry.pull.web or WebEntry()).names
        for name in names or [""]:
            is_named_by_period = PLACEHOLDER.search(f"{feed.location}/{name}") is not None
            self.by_period = self.by_period or is_named_by_period
            for period in asked_periods(feed) if is_named_by_period else [None]:
                root = self.client.parse(fill(feed.location, period))
                url = self.client.parse(f"{fill(feed.location, period).rstrip('/')}/{fill(name, period)}") if name else root
                base = len(root.path.rstrip("/")) + 1 if name else root.path.rfind("/") + 1
                self._addresses[str(url)] = (url, is_named_by_period)
                self._paths[str(url)] = unquote(url.path)[base:]

    def list_files(self) -> Iterator[FoundFile]:
        """A question (HEAD) for each file, which gives its version; a file that is not published yet is not listed.

        One that should be there and is not holds back none of the others: fetching it fails by name.
        """
        missing: dict[str, MissingFileError] = {}
        any_listed = False
        for address, (url, _) in self._addresses.items():
            try:
                with self._unless_missing(address), self.client.ask("HEAD", url, {}) as response:
                    length = response.headers.get("Content-Length")
                    found = FoundFile(self._paths[address], address, int(length) if length else None, _version(response))
            except NotPublishedError:
                continue
            except MissingFileError as error:
                missing[address] = error
                continue
            except MethodRefusedError:
                found = FoundFile(self._paths[address], address, None, "")
            any_listed = True
            yield found
        if missing and not any_listed:
            raise next(iter(missing.values()))
        yield from (FoundFile(self._paths[address], address, None, "") for address in missing)

    @contextmanager
    def _unless_missing(self, address: str) -> Iterator[None]:
        """A file that no period explains has to be there."""
        try:
            yield
        except NotPublishedError as error:
            if self._addresses[address][1]:
                raise
            raise MissingFileError(
                f"{self._feed.key}: {error}. Correct the location, or ask its owner.", is_transient=False
            ) from error

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The file's bytes; from `offset` on where it is still the same and the server can do that."""
        headers = {}
        tag, _, changed = (found.version if offset else known_version).partition(" ")
        validator = tag if tag.startswith('"') else changed
        if offset and validator:
            headers = {"Range": f"bytes={offset}-", "If-Range": validator}
        elif known_version and not offset:
            headers = {"If-None-Match": tag} if tag != "-" else {"If-Modified-Since": changed}
        with self._unless_missing(found.address), self.client.ask("GET", httpx.URL(found.address), headers) as response:
            if response.status_code == 304:
                raise NotModifiedError
            is_rest = response.status_code == 206
            if response.status_code == 416 or (is_rest and not _continues(response, offset)):
                raise RestartError(
                    f"{self._feed.key}: {shown(found.address)} cannot go on at byte {offset:,}. It is tried again."
                )
            length = None if "Content-Encoding" in response.headers else response.headers.get("Content-Length")
            start = offset if is_rest else 0
            total = int(length) + start if length else None
            yield Body(self.client.pieces(response), start, total, _version(response))

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """Not asked: its version comes with its bytes."""
        return found

    def close(self) -> None:
        """Let the connections go."""
        self.client.close()


def asked_periods(feed: Feed) -> list[Period]:
    """The periods that a feed is expected for and that have begun: nobody publishes the future."""
    today = datetime.now(UTC).date()
    return [period for period in feed.expected if period.start <= today]


def fill(template: str, period: Period | None) -> str:
    """A text with its placeholders filled for one period: `{month:%Y-%m}` with its first day, `{month}` with its label."""
    if period is None:
        return template
    return PLACEHOLDER.sub(lambda found: f"{period.start:{found[2]}}" if found[2] else period.label.replace(" ", "-"), template)


def _version(response: httpx.Response) -> str:
    """ETag and Last-Modified as one text, `-` where there is none; empty when there is neither. Weak tags are tags too."""
    tag, changed = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    return f"{tag.replace(' ', '') or '-'} {changed}".strip() if tag or changed else ""


def _retry_after(response: httpx.Response) -> float:
    """For how many seconds the server asks to be left alone: a number, or a time by the server's own clock."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(response.headers.get("Date", ""))
        return max((until - now).total_seconds(), 0)
    except (ValueError, TypeError):  # neither, or one of the times without a zone: then our own waits hold
        return 0


def _continues(response: httpx.Response, offset: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")


def _reason(error: Exception) -> str:
    """Why a request failed, in words that hold no address: the class, and the system's reason where there is one."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, UnicodeError):
        return "its host's name cannot be one"
    return {"RemoteProtocolError": "the connection broke off", "ReadError": "the connection broke off"}.get(
        type(error).__name__, type(error).__name__
    )
