"""What a receipt depends on besides the landed bytes: when any of it changes, files are taken in again."""

import hashlib
import inspect
import secrets
import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from csp_pipeline import tables
from csp_pipeline.errors import PublishError
from csp_pipeline.lake import replacing
from csp_pipeline.partnership import areas, contracts, corrections, periods
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec

# Feeds are taken in side by side, and the first of them makes the secret for all.
_MAKING_THE_SECRET = threading.Lock()


def person_key_secret(settings: Settings) -> bytes:
    """The secret that person keys are re-keyed with: from the environment, else made once and kept beside landing.

    Raises PublishError when the kept one is empty.
    """
    if settings.person_key_secret is not None:
        value = settings.person_key_secret.get_secret_value().encode()
    else:
        path = settings.landing / "person_key.secret"
        with _MAKING_THE_SECRET:
            if not path.exists():
                with replacing(path) as beside:
                    beside.touch(mode=0o600)
                    beside.write_text(secrets.token_hex(32))
        value = path.read_bytes()
        if not value.strip():
            raise PublishError(
                f"{path}: is empty, so that everybody could make the keys of persons. Put it back from the backup of landing; "
                "where there is none, remove the file and run again: another is made, and all keys change."
            )
    return hashlib.sha256(value).digest() if len(value) > 64 else value


def fingerprint_of(feed: Feed, spec: FeedSpec, references: Mapping[str, CodeList], secret: bytes, years: list[Period]) -> str:
    """A short hash of code, configuration, code lists and secret."""
    digest = hashlib.sha256()
    code = [*sorted(Path(__file__).parent.glob("*.py"))]
    code += [Path(inspect.getfile(what)) for what in (tables, areas, contracts, corrections, periods, spec.model)]
    for path in code:
        digest.update(path.read_bytes())
    digest.update(feed.entry.model_dump_json(exclude={"location", "pull", "contact", "title", "notes", "landed"}).encode())
    digest.update(f"{years[0].label}:{years[-1].label}".encode())
    for name in sorted({column.reference for column in spec.columns if column.reference}):
        digest.update(references[name].digest)
    digest.update(hashlib.sha256(secret).digest())
    return digest.hexdigest()[:16]


def with_corrections(fingerprint: str, feed: Feed, path: str) -> str:
    """The fingerprint of one file: another one when the known errors that it may have change, apart from their story."""
    about = {
        name: entry.model_dump_json(exclude={"reason", "reported", "status"})
        for name, entry in feed.corrections.items()
        if fnmatchcase(path, entry.files)
    }
    return hashlib.sha256(f"{fingerprint}{about}".encode()).hexdigest()[:16] if about else fingerprint
