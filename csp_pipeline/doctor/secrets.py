"""Looking whether each environment variable that the configuration names is set. No value is ever shown."""

import os
import re
from collections.abc import Iterator

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.partnership.entry import VARIABLE
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings

AREA = "secrets"


def examine_secrets(settings: Settings, partnership: Partnership) -> Iterator[Finding]:
    """The variables of delivery, alerts and feeds, and the secret that person keys are re-keyed with."""
    for variable, uses in sorted(named_variables(partnership).items()):
        told = f"named by {', '.join(uses)}"
        if os.environ.get(variable, "").strip():
            yield fine(AREA, variable, f"set; {told}")
        else:
            mend = f"Set {variable} where the pipeline runs (the service's environment file), then start it again."
            yield wrong(AREA, variable, f"not set; {told}", mend)
    kept = settings.landing / "person_key.secret"
    if settings.person_key_secret is not None:
        yield fine(AREA, "secret of person keys", "from CSP_PERSON_KEY_SECRET")
    elif not kept.exists():
        yield fine(AREA, "secret of person keys", "none yet; the first run makes one beside landing")
    elif not kept.read_bytes().strip():
        yield wrong(AREA, "secret of person keys", f"{kept} is empty", "Put it back from the backup of landing.")
    elif kept.stat().st_mode & 0o077:
        yield warning(AREA, "secret of person keys", f"{kept} may be read by others", f"chmod 600 {kept}")
    else:
        yield fine(AREA, "secret of person keys", f"{kept}, for this user alone; back it up with landing")


def named_variables(partnership: Partnership) -> dict[str, list[str]]:
    """Each environment variable that the configuration names, and which entries name it."""
    found: dict[str, list[str]] = {}

    def add(name: str | None, use: str) -> None:
        if name is not None and VARIABLE.fullmatch(name):
            found.setdefault(name, []).append(use)

    delivery, alerts = partnership.file.delivery, partnership.file.alerts
    if delivery.mail_server is not None:
        add(delivery.mail_server.user, "delivery > mail_server > user")
        add(delivery.mail_server.password, "delivery > mail_server > password")
    for agency, place in delivery.agencies.items():
        add(place.email, f"delivery > agencies > {agency} > email")
    if delivery.strategy_group is not None:
        add(delivery.strategy_group.email, "delivery > strategy_group > email")
    for key in ("email", "webhook", "webhook_token"):
        add(getattr(alerts, key), f"alerts > {key}")
    for feed in partnership.every_feed:
        for path, name in _variables_in(feed.entry.model_dump()):
            add(name, f"{feed.key}/feed.yml > {path}")
    return found


def _variables_in(entry: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The variables that a feed's entry names: under keys such as `password` and `access_key`, and each of its `headers`."""
    if isinstance(entry, dict):
        for key, value in entry.items():
            where = f"{path} > {key}" if path else str(key)
            is_named = path.endswith("> headers") or re.search(r"secret|password|token|user|key|variable|phrase", str(key))
            if isinstance(value, str) and is_named:
                yield where, value
            else:
                yield from _variables_in(value, where)
