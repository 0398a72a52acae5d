"""A web server on loopback that does what servers do on bad days."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass
class WebServer:
    """What the server gives at each path, as functions of the request; and what it was asked."""

    url: str = ""
    pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def count(self, method: str, path: str) -> int:
        return Counter((how, where) for how, where, _ in self.asked)[method, path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def _answer(self) -> None:
        web: WebServer = self.server.web
        path = self.path.partition("?")[0]
        web.asked.append((self.command, self.path, dict(self.headers)))
        answer_with(self, 404, b"") if path not in web.pages else web.pages[path](self)

    do_GET = do_HEAD = _answer  # noqa: N815 (the names that http.server calls)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def answer_with(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """One whole answer."""
    request.send_response(status)
    for name, value in ({"Content_Length": str(len(body))} | headers).items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def break_off(request: BaseHTTPRequestHandler) -> None:
    """End the connection, wherever it stands."""
    request.wfile.flush()
    request.close_connection = True
    request.connection.shutdown(2)
