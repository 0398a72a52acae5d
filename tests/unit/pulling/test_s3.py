"""A bucket, by moto's S3 server on loopback."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from csp_pipeline.errors import CspError, PullError
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.places import open_place
from csp_pipeline.intake.pull import Pulled, find_files, pull_feed
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

SECRET = "open-sesame"  # noqa: S105 (the test's own server)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POLICE_ACCESS", "known")
    monkeypatch.setenv("POLICE_SECRET", SECRET)
    client = boto3.client("s3", "eu-west-2", endpoint_url=endpoint, aws_access_key_id="known", aws_secret_access_key=SECRET)
    client.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    yield client
    for item in client.list_objects_v2(Bucket="exports").get("Contents", []):
        client.delete_object(Bucket="exports", Key=item["Key"])
    client.delete_bucket(Bucket="exports")
    client.close()


@pytest.fixture
def feed_of(endpoint: str, new_feed: Callable[..., Feed]) -> Callable[..., Feed]:
    def make(location: str = "s3://exports/police", **pull: Any) -> Feed:
        keys = {"access_key": "POLICE_ACCESS", "secret_key": "POLICE_SECRET"}
        return new_feed(location, s3={"endpoint": endpoint, "region": "eu-west-2"} | keys, **pull)

    return make


def only_error(pulled: Pulled) -> CspError:
    [error] = pulled.errors
    return error


def test_objects_below_the_prefix_are_fetched_once_and_new_ones_are_seen(
    bucket: Any, feed_of: Callable[..., Feed], settings: Settings
) -> None:
    bucket.put_object(Bucket="exports", Key="police/2016/asb_2016-04.csv", Body=b"april")
    bucket.put_object(Bucket="exports", Key="policeman/other.csv", Body=b"other")
    bucket.put_object(Bucket="exports", Key="police/folder/", Body=b"")
    feed = feed_of()
    assert [file.path for file in pull_feed(feed, settings).landed] == ["2016/asb_2016-04.csv"]
    bucket.put_object(Bucket="exports", Key="police/asb_2016-05.csv", Body=b"may")
    bucket.put_object(Bucket="exports", Key="police/2016/asb_2016-04.csv", Body=b"April")
    pulled = pull_feed(feed, settings)
    assert pulled.errors == []
    contents = [blob_path(settings, file.sha256).read_bytes() for file in pulled.landed]
    assert sorted(contents) == [b"April", b"april", b"may"]
    assert len(pull_feed(feed, settings).landed) == 3


def test_a_file_is_read_from_where_it_broke_off(bucket: Any, feed_of: Callable[..., Feed]) -> None:
    bucket.put_object(Bucket="exports", Key="police/a.csv", Body=b"0123456789")
    feed = feed_of()
    [found] = find_files(feed)
    with open_place(feed) as place, place.open_file(found, 4, "") as body:
        assert (body.offset, b"".join(body.pieces)) == (4, b"456789")


def test_an_object_that_was_replaced_since_it_was_listed_is_left_for_the_next_run(
    bucket: Any, feed_of: Callable[..., Feed]
) -> None:
    bucket.put_object(Bucket="exports", Key="police/a.csv", Body=b"old")
    feed = feed_of()
    [found] = find_files(feed)
    bucket.put_object(Bucket="exports", Key="police/a.csv", Body=b"new")
    with (
        open_place(feed) as place,
        pytest.raises(PullError, match=r"a\.csv changed or disappeared while it was copied"),
        place.open_file(found, 0, ""),
    ):
        pass


def test_a_bucket_that_is_not_there_stays_so_and_a_server_that_is_down_passes(
    bucket: Any, feed_of: Callable[..., Feed], new_feed: Callable[..., Feed], settings: Settings
) -> None:
    error = only_error(pull_feed(feed_of("s3://nowhere/x"), settings))
    assert isinstance(error, PullError)
    assert not error.is_transient
    assert "s3://nowhere/x cannot be read: NoSuchBucket" in str(error)
    keys = {"access_key": "POLICE_ACCESS", "secret_key": "POLICE_SECRET"}
    down = new_feed("s3://exports", s3={"endpoint": "http://127.0.0.1:1"} | keys, limits={"attempts": 2})
    error = only_error(pull_feed(down, settings))
    assert isinstance(error, PullError)
    assert error.is_transient
    assert "s3://exports cannot be reached" in str(error)
    assert SECRET not in str(error)
