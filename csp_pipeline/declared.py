"""What results are made from beside records: configuration, code and libraries, told by the hashes of their files."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from csp_pipeline.errors import PublishError
from csp_pipeline.partnership.partnership import Partnership

# Another version of these may give other results, or write them in another way.
LIBRARIES = ("duckdb", "pandas", "scipy", "Jinja2", "vl-convert-python", "XlsxWriter")


def hash_configuration(partnership: Partnership) -> dict[str, str]:
    """The hash of each file of the configuration as it is now, by its place as seen from `sources/`."""
    sources = partnership.sources
    files = sorted([*sources.glob("*.yml"), *sources.glob("*.csv")])
    files += sorted(sources.glob("*/*/feed.yml"))
    files += sorted(sources.glob("*/feed.yml"))
    files += sorted(sources.glob("*/*/corrections.yml"))
    # these may lie anywhere; one that is missing is told where it is read
    files += [path for path in partnership.lists if path.is_file()]
    return _hashes(sources, files)


def check_unchanged(partnership: Partnership, before: Mapping[str, str]) -> None:
    """Check that the configuration is still what it was `before`, when the partnership was loaded.

    Some of it is read then, some where it is needed: what is made of both is a result of neither, and would be taken for that of
    the new one. Raises PublishError naming the files that changed.
    """
    now = hash_configuration(partnership)
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if changed:
        raise PublishError(
            f"{partnership.sources}: changed since this run began: {', '.join(changed)}. What it makes would be of "
            "neither configuration, the old or the new, so it has ended. Run again."
        )


def hash_declared(configured: Mapping[str, str]) -> bytes:
    """One hash of a configuration (`hash_configuration`), of this program's code, and of the libraries that shape results."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in LIBRARIES).encode())
    digest.update(repr(configured).encode())
    program = Path(__file__).parent
    code = sorted(p for p in program.rglob("*") if p.suffix in (".py", ".sql", ".j2", ".css", ".json"))
    add_files(digest, program, code)
    return digest.digest()


def add_files(digest: Any, folder: Path, paths: Sequence[Path]) -> None:
    """Add files to a hash, with their places as seen from a folder: a feed.yml is another one in another feed's folder."""
    digest.update(repr(_hashes(folder, paths)).encode())


def _hashes(folder: Path, paths: Sequence[Path]) -> dict[str, str]:
    hashes = {}
    for path in paths:
        with path.open("rb") as file:  # piece by piece, for tables may be larger than memory
            hashes[os.path.relpath(path, folder)] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes
