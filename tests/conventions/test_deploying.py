"""What `docs/deploying/` holds for a server names programs, folders and variables that are so."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest

from csp_pipeline.settings import Settings
from tests.command import BIN, PROJECT

FOLDER = PROJECT / "docs" / "deploying"
GUIDE = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
UNITS = sorted(FOLDER.glob("*.service"))


def commands_of(unit: Path) -> list[list[str]]:
    """The ExecStart lines of a unit, each as words; systemd allows several, which configparser does not."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [shlex.split(line.removeprefix("ExecStart=")) for line in lines if line.startswith("ExecStart=")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_the_environment_installs_in_the_folder_of_the_guide(unit: Path) -> None:
    commands = commands_of(unit)
    assert commands
    for program, *arguments in commands:
        if program.startswith("/opt/csp-pipeline/"):
            assert (BIN / Path(program).name).exists(), program
            assert "/opt/csp-pipeline/workspace.yaml" in arguments
        else:
            assert program == "/usr/bin/rsync"
    assert unit.name.removesuffix(".service") in GUIDE


@pytest.mark.parametrize("name", ["csp-daemon.service", "csp-webserver.service"])
def test_services_run_as_their_own_user_and_write_below_one_folder(name: str) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((FOLDER / name).read_text(encoding="utf-8"))
    service = unit["Service"]
    assert (service["User"], service["ReadWritePaths"], service["ProtectSystem"]) == ("csp", "/srv/csp", "strict")
    assert service["EnvironmentFile"] == "/etc/csp-pipeline.env"


def test_pages_are_served_on_this_machine_only_and_nginx_leads_there_with_a_password() -> None:
    [webserver] = commands_of(FOLDER / "csp-webserver.service")
    host, port = webserver[webserver.index("-h") + 1], webserver[webserver.index("-p") + 1]
    assert host == "127.0.0.1"
    nginx = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    assert f"proxy_pass http://{host}:{port};" in nginx
    assert "auth_basic_user_file" in nginx


def test_variables_of_the_file_of_secrets_are_settings() -> None:
    named = set(re.findall(r"^#?(CSP_\w+)=", (FOLDER / "csp-pipeline.env").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {"CSP_SOURCES", "CSP_WAREHOUSE", "CSP_PERSON_KEY_SECRET"}
    assert {name.removeprefix("CSP_").lower() for name in named} <= set(Settings.model_fields)
