"""A bucket of S3 or of another service that speaks it, by boto3."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, PartialCredentialsError

from csp_pipeline.errors import PullError
from csp_pipeline.intake.places.place import Body, FoundFile, SourceDownError, secret, shown, shown_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.pulling import S3Entry

PIECE = 4 * 1024 * 1024
REFUSED = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "401",
    "403",
    "Forbidden",
}


class S3Place:
    """The objects of a bucket below a prefix."""

    # An object appears when it is whole, and is read only as the one that was listed (If-Match).
    grows = False
    looks_again = False
    by_period = False

    def __init__(self, feed: Feed) -> None:
        self._feed, entry, limits = feed, feed.entry.pull.s3 or S3Entry(), feed.entry.pull.limits
        parts = urlsplit(feed.location)
        self._bucket, prefix = parts.netloc, unquote(parts.path).strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._where = shown(feed.location)
        with self._in_words():
            self._client = boto3.session.Session().client(
                "s3",
                region_name=entry.region,
                endpoint_url=entry.endpoint,
                aws_access_key_id=secret(feed, entry.access_key),
                aws_secret_access_key=secret(feed, entry.secret_key),
                aws_session_token=secret(feed, entry.session_token),
                config=Config(
                    connect_timeout=limits.connect_seconds,
                    read_timeout=limits.read_seconds,
                    retries={"total_max_attempts": 1},  # tries are counted in one place, ours
                    **({"signature_version": UNSIGNED} if entry.anonymous else {}),
                ),
            )

    def list_files(self) -> Iterator[FoundFile]:
        """Every object, a thousand at a time; nothing of a listing is kept."""
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix))
        while True:
            with self._in_words():
                page = next(pages, None)
            if page is None:
                return
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):
                    version = f"{item['Size']}-{item['ETag']}"
                    yield FoundFile(item["Key"][len(self._prefix) :], item["Key"], int(item["Size"]), version)

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The object's bytes from `offset` on, as long as it is the one that was listed."""
        if offset and offset == found.size:
            yield Body(iter(()), offset, found.size, found.version)
            return
        more = {"Range": f"bytes={offset}-"} if offset else {}
        with self._in_words(found):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=found.address, IfMatch=found.version.partition("-")[2], **more
            )
        try:
            yield Body(self._pieces(answer["Body"], found), offset, found.size, found.version)
        finally:
            answer["Body"].close()

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """Not asked: it is read by the ETag that was listed."""
        return found

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _pieces(self, body: Any, found: FoundFile) -> Iterator[bytes]:
        while True:
            with self._in_words(found):
                piece = body.read(PIECE)
            if not piece:
                return
            yield piece

    @contextmanager
    def _in_words(self, found: FoundFile | None = None) -> Iterator[None]:
        name = f": {shown_path(found.path)}" if found else ""
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise SourceDownError(
                f"{self._feed.key}: there are no keys for {self._where}. Name their variables under pull > s3, or "
                "say anonymous: true.",
                is_transient=False,
            ) from error
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "an unknown error"))
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            if code in REFUSED:
                raise SourceDownError(
                    f"{self._feed.key}: {self._where} refuses the keys, or they may not read it ({code}). Check the environment "
                    "variables that pull > s3 names, and ask the bucket's owner for s3:ListBucket and s3:GetObject.",
                    is_transient=False,
                ) from error
            if code == "PreconditionFailed" or code == "NoSuchKey":
                raise PullError(
                    f"{self._feed.key}: {self._where}{name} changed or disappeared while it was copied. "
                    "It is tried again at the next run."
                ) from error
            # 4xx is about what we asked for and stays so; 429 and 5xx pass.
            raise SourceDownError(
                f"{self._feed.key}: {self._where}{name} cannot be read: {code}. Correct feed.yml > location, or "
                "ask the bucket's owner.",
                is_transient=status == 429 or status >= 500,
            ) from error
        except (BotoCoreError, HTTPClientError, OSError, ValueError) as error:
            raise SourceDownError(
                f"{self._feed.key}: {self._where}{name} cannot be reached: {type(error).__name__}. It is tried "
                "again at the next run; "
                "if it stays so, ask the bucket's owner."
            ) from error
