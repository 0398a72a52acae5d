"""Sending a message: by e-mail through the mail server of delivery, or as a JSON POST. No address and no secret is repeated."""

import ipaddress
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from csp_pipeline.alerts.message import Message
from csp_pipeline.delivery.mail import POLICY, open_mailbox, send_message
from csp_pipeline.errors import DeliveryError
from csp_pipeline.partnership.partnership import Partnership

TIMEOUT_SECONDS = 20
# What a server answers that is busy or being restarted.
PASSING = {408, 425, 429, 500, 502, 503, 504}


def send_email(partnership: Partnership, message: Message, environment: Mapping[str, str]) -> None:
    """Send a message to every recipient, or to none.

    Raises DeliveryError.
    """
    server, variable = partnership.file.delivery.mail_server, partnership.file.alerts.email
    if server is None or variable is None:
        raise DeliveryError("alerts > email: give delivery > mail_server too.")
    mailbox = open_mailbox(server, partnership.sources, variable, dict(environment))
    email = EmailMessage(policy=POLICY)
    email["From"] = server.sender
    email["To"] = ", ".join(mailbox.recipients)
    email["Subject"] = message.subject
    email["Date"] = format_datetime(datetime.now(UTC))
    email["Message-ID"] = f"<alert.{message.id}@{server.sender.rpartition('@')[2]}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text)
    send_message(mailbox, email)


def post_to_webhook(partnership: Partnership, message: Message, payload: dict[str, Any], environment: Mapping[str, str]) -> None:
    """POST a message as JSON; its id is the `Idempotency-Key`, so that a receiver can drop one that comes twice.

    Raises DeliveryError naming the variable and what the server answered, never the address.
    """
    import httpx  # loaded only where there is something to post

    alerts = partnership.file.alerts
    needed = [name for name in (alerts.webhook, alerts.webhook_token) if name is not None]
    unset = [name for name in needed if not environment.get(name, "").strip()]
    if unset or alerts.webhook is None:
        raise DeliveryError(f"Not set in the environment: {' and '.join(unset) or 'alerts > webhook'}. Nothing can be posted.")
    url, name = environment[alerts.webhook].strip(), alerts.webhook
    check_address(url, name)
    headers = {"Idempotency-Key": message.id, "User-Agent": "csp-pipeline"}
    if alerts.webhook_token is not None:
        headers["Authorization"] = f"Bearer {environment[alerts.webhook_token].strip()}"
    try:
        answer = httpx.post(url, json=payload, headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=False)
    except httpx.ReadTimeout:
        raise DeliveryError(
            f"{name}: no answer within {TIMEOUT_SECONDS} seconds.", is_passing=True, may_have_arrived=True
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        if _is_about_the_certificate(error):
            raise DeliveryError(f"{name}: the server's certificate cannot be trusted, so nothing was sent.") from None
        raise DeliveryError(
            f"{name}: the connection failed ({type(error).__name__}). Is the server up, and is the address right?",
            is_passing=True,
        ) from None
    if not 200 <= answer.status_code < 300:
        moved = " It leads elsewhere; give the address it leads to." if 300 <= answer.status_code < 400 else ""
        raise DeliveryError(f"{name}: the server answered {answer.status_code}.{moved}", is_passing=answer.status_code in PASSING)


def _is_about_the_certificate(error: BaseException) -> bool:
    """Whether an error came about by the server's certificate: httpx tells it only in the error's cause."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, ssl.SSLError):
        found = found.__cause__ or found.__context__
    return found is not None


def check_address(url: str, variable: str) -> None:
    """Refuse an address that would carry the message in the clear; this machine's own is fine.

    Raises DeliveryError naming the variable.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise DeliveryError(f"{variable}: not an address such as https://chat.example.org/hooks/1.") from None
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and _is_this_machine(host):
        return
    raise DeliveryError(f"{variable}: expected an address that begins with https://, such as https://chat.example.org/hooks/1.")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
