"""What stands under `delivery` in partnership.yml: what is accepted, and what is refused without repeating a secret."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import DeliveryEntry, read_configuration
from tests.command import PROJECT

SERVER = {"host": "mail.northby.example", "port": 587, "sender": "reports@northby.example"}


def read(tmp_path: Path, content: dict[str, Any]) -> DeliveryEntry:
    path = tmp_path / "delivery.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return read_configuration(path, DeliveryEntry)


def test_each_way_is_accepted(tmp_path: Path) -> None:
    agencies = {
        "police": {"folder": "/shares/police"},
        "county": {"email": "COUNTY_RECIPIENTS"},
        "fire": {"place": "s3://b/fire"},
    }
    entry = read(tmp_path, {"mail_server": SERVER, "agencies": agencies})
    assert entry.mail_server is not None
    assert entry.mail_server.security == "starttls"
    assert entry.agencies["fire"].place == "s3://b/fire"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"mail_server": SERVER | {"user": "MAIL_USER"}}, "give user and password together"),
        ({"mail_server": SERVER | {"user": "MAIL_USER", "password": "hunter-2-secret"}}, "name environment variables"),
        (
            {"mail_server": SERVER, "agencies": {"county": {"email": "hunter-2-secret@a.example"}}},
            "addresses are not written here",
        ),
        ({"agencies": {"fire": {"place": "sftp://desk:hunter-2-secret@host/reports"}}}, "no user and no password"),
        ({"agencies": {"fire": {"place": "/shares/fire"}}}, "give a folder as folder"),
        ({"agencies": {"fire": {"folder": "a", "place": "s3://b"}}}, "exactly one of folder, place and email"),
        ({"agencies": {"fire": {}}}, "exactly one of folder, place and email"),
        ({"agencies": {"county": {"email": "COUNTY_RECIPIENTS"}}}, "mail_server has to be given"),
        ({"mail_server": SERVER | {"security": "none"}}, "'starttls' or 'tls'"),
        ({"mail_sever": SERVER}, "not a key known here"),
        ({"mail_server": SERVER | {"pasword": "hunter-2-secret"}}, "mail_server > pasword: not a key known here"),
    ],
)
def test_what_cannot_be_is_refused_without_repeating_a_secret(tmp_path: Path, content: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, content)
    assert told in str(refused.value)
    assert "delivery.yml" in str(refused.value)
    assert "hunter-2" not in str(refused.value)


def test_the_example_in_the_documents_is_accepted(tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "delivery.md").read_text(encoding="utf-8")
    example = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    assert set(read(tmp_path, example["delivery"]).agencies) == {"police", "county", "fire"}
