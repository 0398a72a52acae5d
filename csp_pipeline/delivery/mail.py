"""Sending a report by e-mail, always encrypted: to every recipient or to none. Nothing here repeats an address or a secret."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from csp_pipeline.delivery.letter import Letter
from csp_pipeline.delivery.pack import TYPES, Pack
from csp_pipeline.errors import DeliveryError
from csp_pipeline.partnership.configuration import MailServerEntry
from csp_pipeline.reports.wording import joined

TIMEOUT_SECONDS = 30
# Headers stay on one line, and every byte on the way is ASCII, which all servers take.
POLICY = policy.SMTP.clone(max_line_length=998, cte_type="7bit")
# An address with a name before it, as address books write it; the name is not used.
NAMED_ADDRESS = re.compile(r"""["']?[\w .,'()&/-]*["']?\s*<([^<>\s]+)>""")
EXTENDED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class Mailbox:
    """Where e-mail leaves and arrives: the server, and what the environment says. `variable` names the recipients' variable."""

    server: MailServerEntry
    sources: Path
    variable: str
    recipients: tuple[str, ...] = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def open_mailbox(server: MailServerEntry, sources: Path, variable: str, environment: dict[str, str]) -> Mailbox:
    """Read from the environment what the configuration names.

    Raises DeliveryError naming the variable that is not set, or the entry of it that is no address.
    """
    needed = [name for name in (variable, server.user, server.password) if name is not None]
    unset = [name for name in needed if not environment.get(name, "").strip()]
    if unset:
        raise DeliveryError(f"Not set in the environment: {joined(unset)}. No e-mail can be sent.")
    entries = _addresses(environment[variable])
    for number, entry in enumerate(entries, start=1):
        _check_address(entry, f"{variable}, entry {number} of {len(entries)}")
    _check_address(server.sender, "delivery > mail_server > sender")
    return Mailbox(
        server=server,
        sources=sources,
        variable=variable,
        recipients=tuple(dict.fromkeys(entries)),
        user=environment.get(server.user or ""),
        password=environment.get(server.password or ""),
    )


def _addresses(text: str) -> list[str]:
    """The addresses of a list, apart by commas, semicolons or spaces: `team@example.org`, or `Team <team@example.org>`."""
    bare = NAMED_ADDRESS.sub(r" \1 ", text)
    return [entry for entry in re.split(r"[,;\s]+", bare) if entry]


def compose(mailbox: Mailbox, pack: Pack, letter: Letter, now: datetime) -> EmailMessage:
    """The message: the letter as text, page and workbook attached. The same report always has the same Message-ID."""
    sender = mailbox.server.sender
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = ", ".join(mailbox.recipients)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{pack.addressee}.{pack.sha256[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    for kind, (main, sub) in TYPES.items():
        name = f"{pack.stem}.{kind}"
        message.add_attachment(pack.files[name], maintype=main, subtype=sub, filename=name)
    return message


def send_message(mailbox: Mailbox, message: EmailMessage) -> None:
    """Hand the message to the server for all recipients, or for none.

    Raises DeliveryError: `is_passing` when the server is away or says so, `may_have_arrived` when the connection broke after the
    message had been handed over.
    """
    server, where = mailbox.server, f"{mailbox.server.host}:{mailbox.server.port}"
    content = message.as_bytes()
    is_handed_over = False
    try:
        with _connected(mailbox) as connection:
            if mailbox.user is not None and mailbox.password is not None:
                connection.login(mailbox.user, mailbox.password)
            _expect(connection.mail(server.sender, [f"size={len(content)}"] if connection.has_extn("size") else []), where, "")
            for number, recipient in enumerate(mailbox.recipients, start=1):
                which = f" recipient {number} of {len(mailbox.recipients)} in {mailbox.variable}"
                _expect(connection.rcpt(recipient), where, which)
            is_handed_over = True
            _expect(connection.data(content), where, " the message")
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(
            f"{where}: its certificate cannot be trusted ({error.verify_message}), so nothing was sent. Correct the server's "
            "name, or name its authority's file in delivery > mail_server > certificates."
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{where}: did not accept user and password (code {error.smtp_code}). Check {server.user} and {server.password}.",
            is_passing=_is_passing(error.smtp_code),
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(
            f"{where}: does not offer what is needed ({server.security} and signing in), so nothing was sent."
        ) from None
    except smtplib.SMTPResponseException as error:
        _expect((error.smtp_code, _as_bytes(error.smtp_error)), where, " the message" if is_handed_over else "")
        raise
    except (smtplib.SMTPException, OSError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise DeliveryError(
            f"{where}: the connection failed ({why}). Is the server up, and are its name and port right?",
            is_passing=not isinstance(error, smtplib.SMTPHeloError),
            may_have_arrived=is_handed_over,
        ) from None


@contextmanager
def _connected(mailbox: Mailbox) -> Iterator[smtplib.SMTP]:
    server = mailbox.server
    authority = str(mailbox.sources / server.certificates) if server.certificates else None
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise DeliveryError(f"{authority}: not a file of certificates: {error.strerror}.") from error
    name = server.sender.rpartition("@")[2]
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=name, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT_SECONDS)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        connection.ehlo_or_helo_if_needed()
        yield connection
        # The message is the server's by now: that it hangs up without a word is no failure.
        try:
            connection.quit()
        except smtplib.SMTPServerDisconnected:
            return
    finally:
        connection.close()


def _expect(reply: tuple[int, bytes], where: str, what: str) -> None:
    code, text = reply
    if 200 <= code < 300:
        return
    extended = EXTENDED_CODE.search(text.decode("ascii", "replace"))
    codes = f"code {code} {extended[0]}" if extended else f"code {code}"
    raise DeliveryError(
        f"{where}: refused{what or ' the sender'} ({codes}), so nothing was sent to anybody.", is_passing=_is_passing(code)
    )


def _is_passing(code: int) -> bool:
    return 400 <= code < 500


def _as_bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _check_address(text: str, where: str) -> None:
    """An address of one line, of ASCII, with a domain: it can neither begin another header nor another command."""
    try:
        address = Address(addr_spec=text)
        is_address = bool(address.username and "." in address.domain and text.isascii() and text.isprintable())
    except (ValueError, IndexError, MessageError):
        is_address = False
    if not is_address:
        raise DeliveryError(f"{where}: expected an e-mail address such as team@example.org; found something else.")
