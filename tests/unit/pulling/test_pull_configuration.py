"""What feed.yml may say of pulling, and the mistakes in it, told without repeating a secret."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import FeedEntry, read_configuration
from csp_pipeline.partnership.pulling import LimitsEntry
from tests.command import PROJECT

SFTP = {"known_hosts": "known_hosts", "user": "COUNTY_USER", "password": "COUNTY_PASSWORD"}

EXAMPLES = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "pulling.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., FeedEntry]:
    def read_entry(location: str, pull: dict[str, Any] | None = None) -> FeedEntry:
        content = {
            "title": "Incidents",
            "contact": "Analysts",
            "cadence": "monthly",
            "deadline_days": 15,
            "location": location,
            "coverage": {"kind": "month", "pattern": "(?P<coverage>x)"},
            "covers_area": "E07000131",
            "sharing_basis": "Agreement",
            "pull": pull or {},
        }
        path = tmp_path / "feed.yml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return read_configuration(path, FeedEntry)

    return read_entry


@pytest.mark.parametrize(
    ("location", "pull"),
    [
        ("exports", {}),
        ("sftp://files.example.org:2222/exports", {"sftp": SFTP}),
        ("https://example.org/{month:%Y-%m}.csv", {}),
        ("https://example.org/api", {"api": {"query": {"date": "{month:%Y-%m}"}}, "web": {"token": "POLICE_TOKEN"}}),
        ("http://server.inside/asb.csv", {"web": {"allow_private": True}}),
        ("s3://bucket/prefix", {"s3": {"access_key": "ACCESS", "secret_key": "SECRET"}}),
    ],
)
def test_each_kind_of_place_can_be_declared(read: Callable[..., FeedEntry], location: str, pull: dict[str, Any]) -> None:
    assert read(location, pull).location == location


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition("\n")[0])
def test_the_examples_in_the_documents_can_be_used(read: Callable[..., FeedEntry], example: str) -> None:
    content = yaml.safe_load(example)
    entry = read(content["location"], content.get("pull"))
    assert entry.pull.model_fields_set == set(content.get("pull", {}))


@pytest.mark.parametrize(
    ("location", "pull", "words"),
    [
        ("sftp://county:hunter2@example.org/x", {"sftp": SFTP}, "location holds a user or a password"),
        ("https://hunter2@example.org/x", {}, "location holds a user or a password"),
        ("https://example.org/x?api_key=hunter2", {}, "location holds what looks like a secret"),
        ("https://example.org/x", {"api": {"query": {"token": "hunter2"}}}, "query holds what looks like a secret"),
        ("https://example.org/x", {"web": {"token": "hunter2"}}, "token names an environment variable, such as COUNTY_TOKEN"),
        ("https://example.org/x", {"web": {"token": 5552}}, "pull > web > token"),
        ("https://example.org/x", {"web": {"headers": {"X-Key": "hunter2"}}}, "name of an environment variable for each header"),
        ("https://example.org/x", {"web": {"headers": {"X-Key": 5552}}}, "pull > web > headers > X-Key"),
        ("sftp://example.org/x", {"sftp": SFTP | {"password": "hunter2"}}, "password names an environment variable"),
        ("sftp://example.org/x", {"sftp": SFTP | {"passwrod": "hunter2"}}, "passwrod: not a key known here"),
        ("s3://bucket", {"s3": {"access_key": "ACCESS", "secret_key": "hunter2"}}, "secret_key names an environment variable"),
        ("s3://bucket", {"s3": {"endpoint": "https://a:hunter2@example.org"}}, "holds a user or a password"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(
    read: Callable[..., FeedEntry], location: str, pull: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(location, pull)
    assert words in str(caught.value)
    assert "feed.yml" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "5552" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "pull", "words"),
    [
        ("sftp://example.org/x", {}, "needs pull > sftp with known_hosts"),
        ("sftp://example.org/x", {"sftp": {"user": "U", "password": "P"}}, "known_hosts: is missing"),
        ("sftp://example.org/x", {"sftp": SFTP | {"key": "K"}}, "give either password or key"),
        ("http://example.org/x", {}, "http:// is not encrypted"),
        ("https:///x", {}, "location names no host"),
        ("https://example.org:99999/x", {}, "port"),
        ("simplecache::https://example.org/x", {}, "chain of file systems"),
        ("exports", {"s3": {}}, "pull > s3 goes with a location that begins with s3://"),
        ("https://example.org/{quarter}.csv", {}, "placeholder has to name the feed's own kind of period"),
        ("https://example.org/{mnth}.csv", {}, "such as {month}"),
        ("https://example.org/x", {"api": {}, "web": {"names": ["a.csv"]}}, "either pull > api or pull > web > names"),
        ("https://example.org/x", {"api": {"page": "p", "next_link": "n"}}, "either next_link or page"),
        ("exports", {"limits": {"attempts": 0}}, "pull > limits > attempts"),
    ],
)
def test_a_mistake_is_told_with_what_was_expected(
    read: Callable[..., FeedEntry], location: str, pull: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(location, pull)
    assert words in str(caught.value)


def test_the_limits_in_the_documents_are_the_defaults() -> None:
    [shown] = [content["pull"]["limits"] for text in EXAMPLES if "limits" in (content := yaml.safe_load(text)).get("pull", {})]
    assert shown == LimitsEntry().model_dump()
