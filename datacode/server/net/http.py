"""Plain HTTP on the WebSocket port: the web client, health, metrics, and why something is refused.

One request a connection, GET and HEAD only; pure: a request in, the bytes of an answer out.
Source: server reference, 4.1 and 10.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import resources
from typing import Any

import msgspec

MAX_HEAD_BYTES = 16 * 1024
"""The longest head of a request: its first line and headers."""

_SECURE = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
_NO_PAGE = (
    "DataCode Server. The web client is not part of this installation;\n"
    "connect with a WebSocket client. See docs/protocol.md.\n"
)


class BadHead(Exception):
    """The head of a request is not HTTP; ``code`` and ``reason`` are what to answer."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and headers of a request. Names of headers are in small letters."""

    method: str
    path: str
    version: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, data: bytes) -> Head:
        """Read a head, up to its empty line. Raises ``BadHead``."""
        first, *rest = data.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/") or not words[0].isalpha():
            raise BadHead(400, "the first line is not a request of HTTP")
        if words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadHead(505, "only HTTP/1.1 is spoken here")
        headers: dict[str, str] = {}
        for line in rest:
            name, colon, value = line.partition(":")
            if line and (not colon or not name or name != name.strip()):
                raise BadHead(400, "a header has no name")
            if line:
                headers.setdefault(name.lower(), value.strip())
        return cls(words[0], words[1].partition("?")[0], words[2], headers)

    @property
    def wants_websocket(self) -> bool:
        """Whether it asks for an upgrade to WebSocket."""
        return "websocket" in self.headers.get("upgrade", "").lower()


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response: status, body, headers."""

    code: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, with_body: bool = True) -> bytes:
        """The bytes to send; the connection is closed behind them."""
        try:
            phrase = HTTPStatus(self.code).phrase
        except ValueError:
            phrase = "Error"
        lines = [
            f"HTTP/1.1 {self.code} {phrase}",
            "Server: DataCode",
            "Connection: close",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in (*_SECURE, *self.headers)),
        ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1", "replace") + (self.body if with_body else b"")


def refusal(code: int, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    """A response that refuses a request, with the reason as its text."""
    return HttpResponse(code, (reason + "\n").encode(), headers=headers)


@dataclass(frozen=True, slots=True)
class Page:
    """The web client: one file, compressed once."""

    plain: bytes
    compressed: bytes
    tag: str

    @classmethod
    def installed(cls) -> Page | None:
        """The page that came with this installation, if it has one."""
        try:
            plain = resources.files("datacode.server").joinpath("page/index.html").read_bytes()
        except OSError:
            return None
        digest = hashlib.sha256(plain).hexdigest()[:32]
        return cls(plain, gzip.compress(plain, mtime=0), f'"{digest}"')


@dataclass(slots=True)
class Site:
    """What can be asked in plain HTTP.

    ``ready`` gives whether the server takes sessions, and more to say about it; ``metrics`` the
    text for Prometheus; ``may_measure`` whether this client may have it.
    """

    ready: Callable[[], tuple[bool, dict[str, Any]]]
    metrics: Callable[[], bytes]
    schema: Callable[[], bytes]
    page: Page | None = field(default_factory=Page.installed)

    def answer(self, head: Head, *, may_measure: bool) -> HttpResponse:
        """The answer to a request that asks for no WebSocket."""
        if head.method not in ("GET", "HEAD"):
            return refusal(405, "only GET and HEAD are possible here", (("Allow", "GET, HEAD"),))
        match head.path:
            case "/" | "/index.html":
                return self._page(head)
            case "/healthz":
                return HttpResponse(200, b"ok\n")
            case "/readyz":
                ready, about = self.ready()
                body = msgspec.json.encode({"ready": ready, **about})
                return HttpResponse(200 if ready else 503, body, "application/json")
            case "/schema.json":
                return HttpResponse(200, self.schema(), "application/schema+json")
            case "/metrics" if may_measure:
                return HttpResponse(200, self.metrics(), "text/plain; version=0.0.4; charset=utf-8")
            case "/metrics":
                return refusal(401, "a token is required", (("WWW-Authenticate", "Bearer"),))
        return refusal(
            426,
            "this is a WebSocket server: connect with a WebSocket client, or see /",
            (("Upgrade", "websocket"),),
        )

    def _page(self, head: Head) -> HttpResponse:
        if self.page is None:
            return HttpResponse(200, _NO_PAGE.encode())
        headers = (
            ("ETag", self.page.tag),
            ("Cache-Control", "no-cache"),
            ("Vary", "Accept-Encoding"),
            ("Content-Security-Policy", "frame-ancestors 'none'"),
        )
        kind = "text/html; charset=utf-8"
        if head.headers.get("if-none-match") == self.page.tag:
            return HttpResponse(304, b"", kind, headers)
        if "gzip" in head.headers.get("accept-encoding", ""):
            return HttpResponse(
                200, self.page.compressed, kind, (*headers, ("Content-Encoding", "gzip"))
            )
        return HttpResponse(200, self.page.plain, kind, headers)
