"""An SFTP server, by asyncssh: its host key is known or it is not spoken to."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncssh

from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.places.place import Body, FoundFile, SourceDownError, is_hidden, secret, shown
from csp_pipeline.partnership.partnership import Feed

# asyncssh logs who enters where, which stands in the environment for a reason.
asyncssh.set_log_level("WARNING")

# So much has to come within the time for reading, so a line of 20 kB a second is fast enough.
PIECE = 1024 * 1024
BATCH = 500
DEEPEST = 32
Result = TypeVar("Result")


class SftpPlace:
    """A folder of an SFTP server with the folders below it, over one connection; links are passed over."""

    grows = True
    looks_again = True
    by_period = False

    def __init__(self, feed: Feed) -> None:
        self._feed, self._limits = feed, feed.entry.pull.limits
        parts = urlsplit(feed.location)
        self._host, self._port = parts.hostname or "", parts.port or 22
        # As everywhere with SFTP, /~/ is the user's own folder, and a plain path starts at the root.
        path = unquote(parts.path).rstrip("/") or "/"
        self._root = path.removeprefix("/~/") if path.startswith("/~/") else "." if path == "/~" else path
        self._where = shown(feed.location)
        self._loop = asyncio.Runner()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._open_client: asyncssh.SFTPClient | None = None

    def list_files(self) -> Iterator[FoundFile]:
        """Every plain file, folder by folder, as the server gives them: a listing is never held whole."""
        waiting = [(self._root, "", 0)]
        while waiting:
            folder, prefix, depth = waiting.pop()
            entries = self._client.scandir(folder)
            try:
                while batch := self._run(_next_of(entries)):
                    for entry in batch:
                        name, kind = str(entry.filename), _kind(entry.attrs)
                        path, address = f"{prefix}{name}", f"{folder.rstrip('/')}/{name}"
                        if kind == stat.S_IFDIR and name not in (".", "..") and not is_hidden(name) and depth < DEEPEST:
                            waiting.append((address, f"{path}/", depth + 1))
                        elif kind == stat.S_IFREG:
                            yield self._found(path, address, entry.attrs)
            finally:
                self._loop.run(_quietly(entries.aclose()))  # type: ignore[attr-defined] # an async generator

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The file's bytes from `offset` on, several requests under way at a time."""
        file = self._run(_open(self._client, found.address))
        try:
            yield Body(self._pieces(file, offset), offset, found.size, found.version)
        finally:
            # A connection that broke takes its files with it: what matters then is the error that said so.
            self._loop.run(_quietly(file.close()))

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """The file as it is now."""
        try:
            attributes = self._run(self._client.stat(found.address))
        except PullError as error:
            if isinstance(error.__cause__, asyncssh.SFTPNoSuchFile):
                return None
            raise
        return self._found(found.path, found.address, attributes)

    def close(self) -> None:
        """End the connection."""
        self._drop_connection()
        self._loop.close()

    @property
    def _client(self) -> asyncssh.SFTPClient:
        """The session with the server, begun anew after the last one broke."""
        if self._open_client is None:
            self._open_client = self._run(self._connect(), self._limits.connect_seconds * 2)
        return self._open_client

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._open_client = None

    def _found(self, path: str, address: str, attributes: asyncssh.SFTPAttrs) -> FoundFile:
        return FoundFile(path, address, attributes.size, f"{attributes.size}-{attributes.mtime}")

    def _pieces(self, file: asyncssh.SFTPClientFile, offset: int) -> Iterator[bytes]:
        while piece := self._run(file.read(PIECE, offset)):
            offset += len(piece)
            yield bytes(piece)  # type: ignore[arg-type] # opened as bytes, which its type does not say

    async def _connect(self) -> asyncssh.SFTPClient:
        entry = self._feed.entry.pull.sftp
        if entry is None:
            raise ConfigurationError(f"{self._feed.key}: sftp:// needs pull > sftp in feed.yml.")
        known_hosts = self._feed.folder / entry.known_hosts
        if not known_hosts.is_file():
            raise ConfigurationError(
                f"{self._feed.key}: {known_hosts}, which pull > sftp > known_hosts names, does not exist. Ask the "
                "server's owner for "
                f"its key, and write there: {self._listed_as} <kind of key> <key>."
            )
        try:
            asyncssh.read_known_hosts(str(known_hosts))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{self._feed.key}: {known_hosts} cannot be read as known hosts: {error}. Each line of it is: {self._listed_as} "
                "<kind of key> <key>."
            ) from error
        self._connection = await asyncssh.connect(
            self._host,
            self._port,
            username=secret(self._feed, entry.user),
            password=secret(self._feed, entry.password),
            client_keys=self._read_key(entry.key, entry.passphrase),
            known_hosts=str(known_hosts),
            # Nothing of the user that happens to run the pipeline: no ~/.ssh/config, no agent, no keys of their own.
            config=None,
            agent_path=None,
            connect_timeout=self._limits.connect_seconds,
            login_timeout=self._limits.connect_seconds,
            keepalive_interval=self._limits.read_seconds,
        )
        # A name that is no UTF-8 is listed as far as it can be, and refused by name: it holds back none of the others.
        return await self._connection.start_sftp_client(path_errors="surrogateescape")

    @property
    def _listed_as(self) -> str:
        return self._host if self._port == 22 else f"[{self._host}]:{self._port}"

    def _read_key(self, name: str | None, passphrase: str | None) -> list[asyncssh.SSHKey] | None:
        text = secret(self._feed, name)
        if text is None:
            return None
        try:
            if not text.startswith("-----BEGIN"):
                text = Path(text).expanduser().read_text(encoding="ascii")
            return [asyncssh.import_private_key(text, secret(self._feed, passphrase))]
        except (OSError, UnicodeDecodeError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise ConfigurationError(
                f"{self._feed.key}: the environment variable {name} holds neither a private key nor the path of one that can be "
                f"read ({type(error).__name__}). Put the key there, and its passphrase in the variable of pull > "
                "sftp > passphrase."
            ) from None  # the error's own words may hold what the variable holds

    def _run(self, work: Coroutine[Any, Any, Result], seconds: float | None = None) -> Result:
        """One request to the server, with its time-out, and its failure in our words."""
        try:
            return self._loop.run(_within(work, seconds or self._limits.read_seconds))
        except asyncssh.HostKeyNotVerifiable as error:
            raise SourceDownError(
                f"{self._feed.key}: {self._where} shows a host key that is not the one in known_hosts, so nothing "
                "was sent to it. "
                "Ask the server's owner by another way whether the key was changed; if it was, replace the line "
                f"of {self._listed_as} "
                "in the file that pull > sftp > known_hosts names.",
                is_transient=False,
            ) from error
        except asyncssh.PermissionDenied as error:
            raise SourceDownError(
                f"{self._feed.key}: {self._where} refuses the user or the key. Check the environment variables "
                "that pull > sftp names, "
                "and ask the server's owner whether the key is still known there.",
                is_transient=False,
            ) from error
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise PullError(
                f"{self._feed.key}: {self._where}: the folder does not exist, or a file disappeared while it was read. Correct "
                "feed.yml > location, or ask for it; it is looked for again at the next run."
            ) from error
        except asyncssh.SFTPPermissionDenied as error:
            raise PullError(
                f"{self._feed.key}: {self._where} does not allow this user to read it. Ask the server's owner for read access.",
                is_transient=False,
            ) from error
        except (asyncssh.Error, OSError, TimeoutError, EOFError) as error:
            self._drop_connection()
            why = "it did not answer in time" if isinstance(error, TimeoutError) else _reason(error)
            raise SourceDownError(
                f"{self._feed.key}: {self._where} cannot be reached: {why}. It is tried again at the next run; if "
                "it stays so, ask the "
                "server's owner."
            ) from error


def _reason(error: Exception) -> str:
    return (getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__).rstrip(".")


async def _within(work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    async with asyncio.timeout(seconds):
        return await work


async def _open(client: asyncssh.SFTPClient, address: str) -> asyncssh.SFTPClientFile:
    return await client.open(address, "rb")


async def _next_of(entries: AsyncIterator[asyncssh.SFTPName]) -> list[asyncssh.SFTPName]:
    """The next entries of a folder; none at its end."""
    batch: list[asyncssh.SFTPName] = []
    while len(batch) < BATCH and (entry := await anext(entries, None)) is not None:
        batch.append(entry)
    return batch


def _kind(attributes: asyncssh.SFTPAttrs) -> int:
    """Folder, plain file or another kind, of a server that tells permissions or only types."""
    if attributes.permissions is not None and (kind := stat.S_IFMT(attributes.permissions)):
        return kind
    types = {asyncssh.FILEXFER_TYPE_DIRECTORY: stat.S_IFDIR, asyncssh.FILEXFER_TYPE_SYMLINK: stat.S_IFLNK}
    return types.get(attributes.type, stat.S_IFREG)


async def _quietly(closing: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(5):
            await closing
    except (asyncssh.Error, OSError, TimeoutError):
        return
