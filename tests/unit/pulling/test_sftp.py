"""An SFTP server on loopback: entered only when its key is known, read where it broke off, whatever its clock says."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from csp_pipeline.errors import CspError, PullError
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.pull import Pulled, list_arrivals, pull_feed
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

KEY_OF_SERVER, KEY_OF_USER, ANOTHER_KEY = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
PASSWORD = "open-sesame"  # noqa: S105 (the test's own server)
PATIENCE_SECONDS = 60


@dataclass
class Server:
    """The server: its folder, its port, and how it behaves."""

    folder: Path
    port: int = 0
    breaks_at: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    grows: str | None = None
    listing: int = 0
    sessions: int = 0


class _Access(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("county", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data == KEY_OF_USER.public_data


def files_of(server: Server) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(server.folder))
            self._channel_of_session = channel
            server.sessions += 1

        async def scandir(self, path: bytes) -> Any:
            for number in range(server.listing):
                yield asyncssh.SFTPName(
                    f"old_{number:06}.txt".encode(), attrs=asyncssh.SFTPAttrs(size=1, permissions=0o100644, mtime=1)
                )
            async for name in super().scandir(path):
                yield name

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            server.offsets.append(offset)
            if server.breaks_at and offset >= server.breaks_at[0]:
                server.breaks_at.pop(0)
                self._channel_of_session.get_connection().abort()
                raise asyncssh.SFTPConnectionLost("gone")
            return super().read(file_obj, offset, size)

        def stat(self, path: bytes) -> Any:
            if server.grows:
                with (server.folder / server.grows).open("ab") as file:
                    file.write(b"more\n")
            return super().stat(path)

    return Files


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def server(tmp_path: Path, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(tmp_path / "served")
    server.folder.mkdir()
    monkeypatch.setenv("COUNTY_USER", "county")
    monkeypatch.setenv("COUNTY_PASSWORD", PASSWORD)

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=_Access, server_host_keys=[KEY_OF_SERVER], sftp_factory=files_of(server)
        )

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_SECONDS)
    server.port = acceptor.get_port()
    yield server

    async def stop() -> None:
        acceptor.close()

    asyncio.run_coroutine_threadsafe(stop(), loop).result(PATIENCE_SECONDS)


@pytest.fixture
def feed_of(server: Server, new_feed: Callable[..., Feed]) -> Callable[..., Feed]:
    """Makes the feed of the server's folder; its key is known unless told otherwise."""

    def make(key: asyncssh.SSHKey | None = KEY_OF_SERVER, sftp: dict[str, str] | None = None, **pull: Any) -> Feed:
        entry = sftp or {"user": "COUNTY_USER", "password": "COUNTY_PASSWORD"}
        feed = new_feed(
            f"sftp://127.0.0.1:{server.port}/", sftp={"known_hosts": "known_hosts"} | entry, **({"settle_seconds": 0} | pull)
        )
        known = f"[127.0.0.1]:{server.port} {key.export_public_key().decode()}" if key else ""
        (feed.folder / "known_hosts").write_text(known)
        return feed

    return make


def bytes_of(pulled: Pulled, settings: Settings) -> dict[str, bytes]:
    assert pulled.errors == []
    return {file.path: blob_path(settings, file.sha256).read_bytes() for file in pulled.landed}


def only_error(pulled: Pulled) -> CspError:
    [error] = pulled.errors
    return error


def test_files_are_fetched_once_from_all_folders_whatever_the_clock_says(
    server: Server, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    contents = {"2016/asb_2016-04.csv": b"april", "asb_2016-05.csv": b"may", "asb_2016-06.csv": b"june"}
    for (name, content), clock in zip(contents.items(), (4_102_444_800, 0, 1_460_000_000), strict=True):
        path = server.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (clock, clock))  # 2100, 1970, and eight hours off
    (server.folder / "asb_2016-07.csv.filepart").write_bytes(b"half")
    (server.folder / ".hidden.csv").write_bytes(b"hidden")
    (server.folder / "link.csv").symlink_to("/etc/hostname")
    feed = feed_of()
    assert bytes_of(pull_feed(feed, settings), settings) == contents
    cursor, reads = list_arrivals(feed), len(server.offsets)
    assert cursor.files == 3
    assert bytes_of(pull_feed(feed, settings), settings) == contents
    assert (list_arrivals(feed), len(server.offsets)) == (cursor, reads)


def test_a_private_key_is_taken_from_the_environment(
    server: Server, feed_of: Callable[..., Feed], settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (server.folder / "a.csv").write_bytes(b"a")
    text = KEY_OF_USER.export_private_key("pkcs8-pem", passphrase="words").decode()  # noqa: S106
    (tmp_path / "key").write_text(text)
    monkeypatch.setenv("COUNTY_WORDS", "words")
    entry = {"user": "COUNTY_USER", "key": "COUNTY_KEY", "passphrase": "COUNTY_WORDS"}
    for value in (text, str(tmp_path / "key")):
        monkeypatch.setenv("COUNTY_KEY", value)
        assert bytes_of(pull_feed(feed_of(sftp=entry), settings), settings) == {"a.csv": b"a"}
    monkeypatch.setenv("COUNTY_KEY", "hunter2-is-no-key")
    error = only_error(pull_feed(feed_of(sftp=entry), settings))
    assert "COUNTY_KEY holds neither a private key nor the path of one" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("known", [ANOTHER_KEY, None], ids=["changed", "unknown"])
def test_a_host_key_that_is_not_known_is_refused_before_anything_is_sent(
    server: Server, feed_of: Callable[..., Feed], settings: Settings, known: asyncssh.SSHKey | None
) -> None:
    error = only_error(pull_feed(feed_of(key=known), settings))
    assert isinstance(error, PullError)
    assert not error.is_transient
    assert "host key that is not the one in known_hosts, so nothing was sent" in str(error)
    assert f"replace the line of [127.0.0.1]:{server.port}" in str(error)
    assert server.sessions == 0


def test_a_wrong_password_or_key_is_told_once_and_without_it(
    feed_of: Callable[..., Feed], settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("COUNTY_PASSWORD", "hunter2")
    monkeypatch.setenv("COUNTY_KEY", ANOTHER_KEY.export_private_key().decode())
    with caplog.at_level("DEBUG"):
        for entry in ({"user": "COUNTY_USER", "password": "COUNTY_PASSWORD"}, {"user": "COUNTY_USER", "key": "COUNTY_KEY"}):
            error = only_error(pull_feed(feed_of(sftp=entry), settings))
            assert isinstance(error, PullError)
            assert not error.is_transient
            assert "police/asb: sftp://127.0.0.1" in str(error)
            assert "refuses the user or the key" in str(error)
    assert "hunter2" not in caplog.text + str(error)


def test_what_is_not_configured_is_told_with_what_to_do(
    feed_of: Callable[..., Feed], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUNTY_PASSWORD")
    feed = feed_of()
    assert "environment variable COUNTY_PASSWORD" in str(only_error(pull_feed(feed, settings)))
    (feed.folder / "known_hosts").unlink()
    assert "known_hosts names, does not exist" in str(only_error(pull_feed(feed, settings)))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'csp-pipeline[sftp]'" in str(only_error(pull_feed(feed, settings)))


def test_a_server_that_is_down_is_passing(
    new_feed: Callable[..., Feed], settings: Settings, tmp_path: Path, server: Server
) -> None:
    feed = new_feed(
        "sftp://127.0.0.1:1/exports",
        sftp={"known_hosts": "known_hosts", "user": "COUNTY_USER", "password": "COUNTY_PASSWORD"},
        limits={"attempts": 2},
    )
    (feed.folder / "known_hosts").write_text("")
    error = only_error(pull_feed(feed, settings))
    assert isinstance(error, PullError)
    assert error.is_transient
    assert "sftp://127.0.0.1:1/exports cannot be reached" in str(error)
    assert "tried again at the next run" in str(error)


def test_a_connection_that_breaks_is_made_again_and_the_file_goes_on(
    server: Server, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    body = os.urandom(1024) * 10_000
    (server.folder / "large.csv").write_bytes(body)
    server.breaks_at = [6_000_000]
    assert bytes_of(pull_feed(feed_of(), settings), settings) == {"large.csv": body}
    assert server.sessions == 2
    after_break = server.offsets[next(n for n, offset in enumerate(server.offsets) if offset >= 6_000_000) :]
    assert min(after_break) >= 4 * 1024 * 1024


def test_a_file_that_is_still_growing_waits_for_the_next_run(
    server: Server, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    (server.folder / "asb_2016-04.csv").write_bytes(b"whole\n")
    server.grows = "asb_2016-04.csv"
    feed = feed_of(settle_seconds=0.01)
    pulled = pull_feed(feed, settings)
    assert (pulled.landed, pulled.errors) == ([], [])
    assert "asb_2016-04.csv is still being written; it is left for the next run" in pulled.remarks[0]
    server.grows = None
    assert list(bytes_of(pull_feed(feed, settings), settings)) == ["asb_2016-04.csv"]


def test_a_file_that_changes_while_it_is_copied_is_not_landed(
    server: Server, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    (server.folder / "asb_2016-04.csv").write_bytes(b"whole\n")
    server.grows = "asb_2016-04.csv"
    pulled = pull_feed(feed_of(), settings)
    assert pulled.landed == []
    assert "changed while it was copied" in str(only_error(pulled))


def test_a_name_that_leads_elsewhere_is_refused_by_name(server: Server, feed_of: Callable[..., Feed], settings: Settings) -> None:
    (server.folder / "a\\..\\b.csv").write_bytes(b"x")
    (server.folder / "c\nd.csv").write_bytes(b"x")
    (server.folder / "good.csv").write_bytes(b"good")
    pulled = pull_feed(feed_of(), settings)
    assert [file.path for file in pulled.landed] == ["good.csv"]
    assert sorted(str(error).partition(": ")[2] for error in pulled.errors) == [
        "'a\\..\\b.csv' is refused: its name holds a backslash. Ask its sender for a plain name.",
        "'c\\nd.csv' is refused: its name holds characters that cannot be shown. Ask its sender for a plain name.",
    ]


def test_a_name_in_another_encoding_is_refused_by_name_and_the_others_are_taken(
    server: Server, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    (server.folder / os.fsdecode("asb_café.csv".encode("latin-1"))).write_bytes(b"x")
    (server.folder / "good.csv").write_bytes(b"good")
    pulled = pull_feed(feed_of(), settings)
    assert [file.path for file in pulled.landed] == ["good.csv"]
    assert "'asb_caf\\udce9.csv' is refused: its name holds characters that cannot be shown" in str(only_error(pulled))


def test_hidden_folders_are_not_looked_into(server: Server, feed_of: Callable[..., Feed], settings: Settings) -> None:
    for path in (".snapshot/asb_2016-04.csv", "asb_2016-04.csv"):
        (server.folder / path).parent.mkdir(exist_ok=True)
        (server.folder / path).write_bytes(b"x")
    assert list_arrivals(feed_of()).files == 1


@pytest.mark.parametrize("line", ["[127.0.0.1]:22 ssh-ed25519 no-key", "only-a-host", "\udcff"])
def test_known_hosts_that_cannot_be_read_are_told(feed_of: Callable[..., Feed], settings: Settings, line: str) -> None:
    feed = feed_of()
    (feed.folder / "known_hosts").write_bytes(line.encode("utf-8", "surrogateescape"))
    message = str(only_error(pull_feed(feed, settings)))
    assert "known_hosts" in message
    assert "<kind of key> <key>" in message or "host key" in message


def test_a_place_with_too_many_files_is_told(server: Server, feed_of: Callable[..., Feed], settings: Settings) -> None:
    server.listing = 3_000
    (server.folder / "new.csv").write_bytes(b"new")
    feed = feed_of(limits={"listed_files": 2_000})
    assert "holds more than 2,000 files" in str(only_error(pull_feed(feed, settings)))
