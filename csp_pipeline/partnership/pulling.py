"""The part of `feed.yml` that says how files are pulled from their place: ways in, secrets by name, time-outs, limits."""

import re
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, model_validator

from csp_pipeline.partnership.entry import VARIABLE, Entry

SECRET_PARAMETER = re.compile(r"(?i)(pass|secret|token|api_?key|apikey|credential|signature|^sig$|^key$|auth|^headers$)")
PLACEHOLDER = re.compile(r"\{(month|quarter|financial_year)(?::([^{}]*))?\}")


def _check_names(**names: str | None) -> None:
    """Refuse what is not the name of an environment variable, without repeating it: it may be the secret itself."""
    for key, name in names.items():
        if name is not None and not VARIABLE.fullmatch(name):
            raise ValueError(f"{key} names an environment variable, such as COUNTY_{key.upper()}; secrets are not written here")


class LimitsEntry(Entry):
    """How long pulling may take, how often it is tried, and how much is taken in: whatever is beyond is refused by name.

    A try that fails for a passing reason is repeated up to `attempts` times in all, with waits that double from
    `first_wait_seconds`, each lengthened at random. `total_seconds` is the time for all of a feed's files in one run; what is
    left then is fetched by the next run, a download from where it stood.
    """

    connect_seconds: float = Field(10, gt=0, le=300)
    read_seconds: float = Field(60, gt=0, le=3600)
    total_seconds: float = Field(900, gt=0, le=86_400)
    attempts: int = Field(4, ge=1, le=10)
    first_wait_seconds: float = Field(1, ge=0, le=60)
    listed_files: int = Field(250_000, ge=1)
    file_mb: float = Field(16_384, gt=0)
    archive_members: int = Field(10_000, ge=1)
    archive_mb: float = Field(16_384, gt=0)
    archive_ratio: float = Field(200, ge=1)


class SftpEntry(Entry):
    """How to enter an SFTP server.

    `known_hosts` is a file beside `feed.yml` (or an absolute path) with the server's key. `user`, `password`, `key` and
    `passphrase` name environment variables; that of `key` holds a private key, or the path of its file.
    """

    known_hosts: str
    user: str
    password: str | None = None
    key: str | None = None
    passphrase: str | None = None

    @model_validator(mode="after")
    def _holds_no_secret(self) -> "SftpEntry":
        _check_names(user=self.user, password=self.password, key=self.key, passphrase=self.passphrase)
        if (self.password is None) == (self.key is None):
            raise ValueError("give either password or key, as the name of an environment variable")
        return self


class WebEntry(Entry):
    """How to ask a web server.

    `user` with `password`, `token` (sent as a bearer) and the values of `headers` name environment variables; they go to
    the place's own host only. Without `names` the location is the one file; with them it is a folder, and each name a file in
    it. Redirects lead to the same host, or to one of `allow_hosts`; addresses inside a network are asked only with
    `allow_private`, which is also needed for `http://`. `certificates` is a PEM file beside `feed.yml`.
    """

    user: str | None = None
    password: str | None = None
    token: str | None = None
    headers: dict[str, str] = {}
    names: list[str] = []
    allow_hosts: list[str] = []
    allow_private: bool = False
    certificates: str | None = None

    @model_validator(mode="after")
    def _holds_no_secret(self) -> "WebEntry":
        _check_names(user=self.user, password=self.password, token=self.token)
        if any(not VARIABLE.fullmatch(variable) for variable in self.headers.values()):
            raise ValueError("headers give the name of an environment variable for each header; values are not written here")
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password together, or neither")
        if self.user is not None and self.token is not None:
            raise ValueError("give either user and password, or token")
        return self


class ApiEntry(Entry):
    """How to page through a JSON API: all pages of one period become one file, a JSON array of its rows.

    `query` holds the parameters of the request, with placeholders such as `{month:%Y-%m}`. `rows` and `next_link` are where in
    a page its rows and the address of the next page stand (keys parted by dots); without `rows` the page is the array. `page`
    is the parameter that numbers the pages from `first_page` on, until a page has no rows. Of the periods that have landed
    the latest `ask_again` are asked for again.
    """

    query: dict[str, str] = {}
    rows: str | None = None
    next_link: str | None = None
    page: str | None = None
    first_page: int = Field(1, ge=0)
    max_pages: int = Field(1_000, ge=1)
    ask_again: int = Field(3, ge=0)

    @model_validator(mode="after")
    def _one_way(self) -> "ApiEntry":
        if self.next_link is not None and self.page is not None:
            raise ValueError("give either next_link or page")
        if any(SECRET_PARAMETER.search(name) for name in self.query):
            raise ValueError("query holds what looks like a secret: give it as web > headers or web > token, by variable")
        return self


class S3Entry(Entry):
    """How to enter a bucket: `access_key`, `secret_key` and `session_token` name environment variables.

    Without them the AWS chain decides (environment, profile, role), unless the bucket is `anonymous`. `endpoint` is another
    service that speaks S3.
    """

    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    anonymous: bool = False
    region: str | None = None
    endpoint: str | None = None

    @model_validator(mode="after")
    def _holds_no_secret(self) -> "S3Entry":
        _check_names(access_key=self.access_key, secret_key=self.secret_key, session_token=self.session_token)
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("give access_key and secret_key together, or neither")
        if self.endpoint is not None:
            check_location(self.endpoint)
        return self


class PullEntry(Entry):
    """How a feed's files are pulled from its location.

    A file is taken when it is the same at two looks `settle_seconds` apart; by default 10 where files may still be growing
    (SFTP, a folder outside the feed's own), 0 where they cannot (the feed's own folder, web, buckets). `archives` says which
    ZIP and gzip files are unpacked; `files` then chooses among what is in them.
    """

    sftp: SftpEntry | None = None
    web: WebEntry | None = None
    api: ApiEntry | None = None
    s3: S3Entry | None = None
    settle_seconds: float | None = Field(None, ge=0, le=3600)
    archives: str = "**/*"
    limits: LimitsEntry = LimitsEntry()


def scheme_of(location: str) -> Literal["folder", "sftp", "web", "s3", "other"]:
    """The kind of place that a location names."""
    scheme = location.partition("://")[0].lower() if "://" in location else ""
    if scheme in ("http", "https"):
        return "web"
    if scheme in ("sftp", "ssh"):
        return "sftp"
    if scheme in ("s3", "s3a"):
        return "s3"
    return "other" if scheme and scheme != "file" else "folder"


def check_location(location: str) -> None:
    """Refuse a location that holds a secret or that cannot be one. The message does not repeat it."""
    if "://" not in location:
        return
    if "::" in location.partition("://")[0]:
        raise ValueError("location is a chain of file systems ('::'): name the place itself; archives are unpacked by themselves")
    parts = urlsplit(location)
    if "@" in parts.netloc:
        raise ValueError(
            "location holds a user or a password: name the environment variables under pull, as docs/pulling.md says"
        )
    if any(SECRET_PARAMETER.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError("location holds what looks like a secret after its '?': give it as pull > web > headers, by variable")
    if scheme_of(location) != "other" and not parts.netloc and parts.scheme != "file":
        raise ValueError("location names no host; expected a URL such as https://example.org/exports.csv")
    try:
        _ = parts.port
    except ValueError as error:
        raise ValueError("location has a port that is not a number up to 65535") from error


def check_pulling(location: str, pull: PullEntry, kind: str) -> None:
    """Refuse keys under `pull` that do not go with the location, and placeholders of another kind of period."""
    check_location(location)
    scheme = scheme_of(location)
    for key, wanted in (("sftp", "sftp"), ("web", "web"), ("api", "web"), ("s3", "s3")):
        if getattr(pull, key) is not None and scheme != wanted:
            expected = {"sftp": "sftp://", "web": "https://", "s3": "s3://"}[wanted]
            raise ValueError(f"pull > {key} goes with a location that begins with {expected}")
    if scheme == "sftp" and pull.sftp is None:
        raise ValueError("a location with sftp:// needs pull > sftp with known_hosts, user, and password or key")
    web = pull.web or WebEntry()
    if location.lower().startswith("http://") and not web.allow_private:
        raise ValueError("http:// is not encrypted: use https://, or pull > web > allow_private for a server inside your network")
    if pull.api is not None and web.names:
        raise ValueError("give either pull > api or pull > web > names")
    if scheme != "web":
        return
    for text in (location, *web.names, *(pull.api.query.values() if pull.api else ())):
        if "{" in PLACEHOLDER.sub("", text) or any(found[1] != kind for found in PLACEHOLDER.finditer(text)):
            raise ValueError(f"a placeholder has to name the feed's own kind of period, such as {{{kind}}} or {{{kind}:%Y-%m}}")
