"""Plain HTTP on the WebSocket port: the web client, health, metrics, and why something is refused.

One request a connection, GET and HEAD only; pure: a request in, the bytes of an answer out.
Source: server reference, 4.1 and 10.
"""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

import msgspec

MAX_HEAD_BYTES = 16 * 1024
"""The longest head of a request: its first line and headers."""
_MAX_FIELDS = 32
"""Parameters in the address of a request."""

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


_NOT_FOR_ALL = "this is for the server's own machine, and for who shows the --metrics-token"


class BadHead(Exception):
    """The head of a request is not HTTP; ``code`` and ``reason`` are what to answer."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""Some readers take one of these for the end of a line: then a value is headers, too."""
_AT_MOST_ONCE = frozenset(
    {"authorization", "host", "origin", "sec-websocket-key", "sec-websocket-version"}
)
_OF_PROXIES = frozenset(
    {
        *("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"),
        *("x-forwarded-server", "x-forwarded-port", "x-original-forwarded-for", "x-real-ip"),
        *("x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"),
        *("fastly-client-ip", "x-envoy-external-address", "x-proxy-user-ip"),
    }
)
_OF_HANDSHAKE = (
    "host",
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
)


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and headers of a request. Names of headers are in small letters.

    The only reader of a request's head: nothing reads its bytes once more, for two readers that
    differ are how headers are smuggled in.
    """

    method: str
    target: str
    version: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, data: bytes) -> Head:
        """Read a head, up to its empty line. Raises ``BadHead``."""
        first, *rest = map(_line, data.split(b"\r\n"))
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/") or not words[0].isalpha():
            raise BadHead(400, "the first line is not a request of HTTP")
        if words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadHead(505, "only HTTP/1.1 is spoken here")
        if not words[1] or "#" in words[1]:
            raise BadHead(400, "the address in the first line is not one of a resource")
        headers: dict[str, str] = {}
        for line in rest:
            name, colon, value = line.partition(":")
            name = name.lower()
            if not colon or not _NAME.fullmatch(name):
                raise BadHead(400, "a header has no name, or one that cannot be")
            if name in headers:
                if name in _AT_MOST_ONCE:
                    raise BadHead(400, f"the header {name} appears more than once")
                headers[name] += ", " + value.strip(" \t")
            else:
                headers[name] = value.strip(" \t")
        target = words[1]
        if not target.startswith("/") and target != "*":
            target = _path_of(target, headers.get("host", ""))
        return cls(words[0], target, words[2], headers)

    @property
    def path(self) -> str:
        """The path that is asked for."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, list[str]]:
        """What stands behind the question mark; nothing where that makes no sense."""
        try:
            return parse_qs(self.target.partition("?")[2], max_num_fields=_MAX_FIELDS)
        except ValueError:
            return {}

    @property
    def wants_websocket(self) -> bool:
        """Whether it asks for an upgrade to WebSocket."""
        return "websocket" in self.headers.get("upgrade", "").lower()

    def for_handshake(self) -> bytes:
        """As much as the WebSocket's own handshake needs to know, in letters that are safe.

        Raises ``BadHead`` where it would not be the same in such letters, and where a body
        follows, of which nobody knows whether it is frames.
        """
        if "transfer-encoding" in self.headers or self.headers.get("content-length", "0") != "0":
            raise BadHead(400, "a WebSocket handshake has no body")
        lines = [f"{self.method} / {self.version}"]
        for name in _OF_HANDSHAKE:
            value = self.headers.get(name)
            if value is not None:
                if not value.isascii():
                    raise BadHead(400, f"the header {name} has letters that cannot be in it")
                lines.append(f"{name}: {value}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    @property
    def is_forwarded(self) -> bool:
        """Whether it bears the mark of a proxy: one of the headers that proxies add."""
        return not _OF_PROXIES.isdisjoint(self.headers)

    def forwarded_for(self, proxies: int) -> str | None:
        """Whose request ``proxies`` trusted proxies have passed on; None where they do not say."""
        entries = self.headers.get("x-forwarded-for", "").split(",")[-proxies:] if proxies else []
        try:
            return str(ipaddress.ip_address(entries[0].strip(" \t[]"))) if entries else None
        except ValueError:
            return None


def _path_of(address: str, host: str) -> str:
    """The path of a whole address in the first line, which is one of ``host``. Raises ``BadHead``:
    of two hosts readers take one or the other (RFC 9112, 3.2.2)."""
    scheme, found, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    authority, question, query = authority.partition("?")
    if not found or scheme.lower() not in ("http", "https", "ws", "wss"):
        raise BadHead(400, "the address in the first line is not one of a resource")
    if authority.lower() != host.lower():
        raise BadHead(400, "the address in the first line names another server than Host")
    return f"/{question}{query}{slash if question else ''}{path}"


def _line(data: bytes) -> str:
    """A line of a head. Raises ``BadHead`` for control characters, however they are written."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if _CONTROL.search(text):
        raise BadHead(400, "there is a control character in the head of the request")
    return text


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
    text for Prometheus. ``prefix`` is where a proxy has put the server: its requests come with it.
    """

    ready: Callable[[], tuple[bool, dict[str, Any]]]
    metrics: Callable[[], bytes]
    schema: Callable[[], bytes]
    page: Page | None = field(default_factory=Page.installed)
    prefix: str = ""

    def answer(self, head: Head, *, may_watch: bool) -> HttpResponse:
        """The answer to a request that asks for no WebSocket.

        ``may_watch`` is whether figures and details are for this client.
        """
        if head.method not in ("GET", "HEAD"):
            return refusal(405, "only GET and HEAD are possible here", (("Allow", "GET, HEAD"),))
        path = head.path
        if self.prefix and path == self.prefix:
            return HttpResponse(308, b"", headers=(("Location", f"{self.prefix}/"),))
        if self.prefix and path.startswith(f"{self.prefix}/"):
            path = path.removeprefix(self.prefix)
        match path:
            case "/" | "/index.html":
                return self._page(head)
            case "/healthz":
                return HttpResponse(200, b"ok\n")
            case "/readyz":
                ready, about = self.ready()
                body = msgspec.json.encode({"ready": ready, **(about if may_watch else {})})
                return HttpResponse(200 if ready else 503, body, "application/json")
            case "/schema.json":
                return HttpResponse(200, self.schema(), "application/schema+json")
            case "/metrics" if may_watch:
                return HttpResponse(200, self.metrics(), "text/plain; version=0.0.4; charset=utf-8")
            case "/metrics":
                return refusal(401, _NOT_FOR_ALL, (("WWW-Authenticate", "Bearer"),))
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
