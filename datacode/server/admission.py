"""Admission control: limits, origins, tokens and accounts; and the sessions that there are.

Each handshake is decided upon once, by what the client shows; a session is made only when the
WebSocket is open. Source: server reference, 4.4 and 6.4.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from datacode.server.api import texts
from datacode.server.api.messages import Auth
from datacode.server.auth.accounts import BearerToken, IBearerToken, ServerToken
from datacode.server.auth.addresses import is_loopback, network_of
from datacode.server.auth.origins import Origins
from datacode.server.auth.throttle import LoginThrottle
from datacode.server.net import http
from datacode.server.net.http import Site
from datacode.server.net.websocket import ClientProtocol, Denied, Handshake, SessionPort
from datacode.server.session import (
    CLOSE_UNAUTHORIZED,
    ClientIdentity,
    NotAuthenticated,
    ServerContext,
    Session,
)
from datacode.server.workspace import Workspace

_SPARE_CONNECTIONS = 256
"""Connections beyond the limit of sessions: for health checks, and to say 503 to the rest."""

_HOLDER = "token"


class RejectedClient:
    """Takes the place of a session where a wrong token was shown: close code 4401 (reference, 4.4).

    The handshake has to succeed first: a browser does not tell a page why one failed.
    """

    def __init__(self, client: ClientProtocol) -> None:
        client.close(CLOSE_UNAUTHORIZED, "wrong token")

    def receive(self, data: bytes, *, is_text: bool) -> None:
        """Ignore a message."""

    def pause_output(self) -> None:
        """There is no output."""

    def resume_output(self) -> None:
        """There is no output."""


class AdmissionControl:
    """One server's. ``make_workspace`` makes what a new session works with."""

    log = Logger()

    def __init__(
        self,
        context: ServerContext,
        site: Site,
        make_workspace: Callable[[ClientIdentity], Workspace],
    ) -> None:
        settings = context.settings
        self.sessions: dict[int, Session] = {}
        self.stopping = False
        self._context = context
        self._site = site
        self._make_workspace = make_workspace
        self._numbers = itertools.count(1)
        self._connections: Counter[str] = Counter()
        self._sessions_from: Counter[str] = Counter()
        self._origins = Origins(settings.origins, strict=settings.strict_origin)
        self._token = None if settings.token is None else ServerToken(settings.token)
        self._throttle = LoginThrottle(context.clock.seconds)
        self._endings: set[Deferred[None]] = set()
        self._waiting: list[Deferred[None]] | None = []
        self._until_empty: list[Deferred[None]] = []

    def open(self) -> None:
        """Answer handshakes, those that have been waiting among them."""
        waiting, self._waiting = self._waiting or [], None
        for deferred in waiting:
            deferred.callback(None)

    def emptied(self) -> Deferred[None]:
        """Fires when the last session has gone."""
        empty: Deferred[None] = Deferred()
        if self.sessions:
            self._until_empty.append(empty)
        else:
            empty.callback(None)
        return empty

    # TCP ---------------------------------------------------------------------------------------

    def connected(self, address: str) -> bool:
        """Count a TCP connection; False above the limit: it is closed without an answer."""
        bounds = self._context.settings.bounds
        network = network_of(address)
        total = self._connections.total()
        if bounds.connections and total >= bounds.connections + _SPARE_CONNECTIONS:
            return False
        most = bounds.per_address and bounds.per_address + _SPARE_CONNECTIONS // 4
        if most and not is_loopback(address) and self._connections[network] >= most:
            return False
        self._connections[network] += 1
        self._context.metrics.connections += 1
        return True

    def disconnected(self, address: str) -> None:
        """Count a TCP connection that is gone."""
        _take_one(self._connections, network_of(address))
        self._context.metrics.connections -= 1

    # HTTP --------------------------------------------------------------------------------------

    def answer_http(self, head: http.Head, address: str) -> http.HttpResponse:
        """The answer to a request that asks for no WebSocket."""
        return self._site.answer(head, may_measure=self._may_measure(head, address))

    def handshake_failed(self, code: int, reason: str, address: str) -> None:
        """Count and log a handshake that failed, with the HTTP status it is answered with."""
        self._context.metrics.rejected(code)
        self.log.info(
            "❌ Ошибка при принятии WebSocket соединения: {address}: {code} {reason}",
            address=address,
            code=code,
            reason=reason[:200],
        )

    def _may_measure(self, head: http.Head, address: str) -> bool:
        """Whether ``/metrics`` is for this client: this machine, or who shows the token."""
        if not self._context.settings.guarded or is_loopback(address):
            return True
        shown = _bearer(head.headers)
        return self._token is not None and shown is not None and self._token.matches(shown)

    # The handshake -----------------------------------------------------------------------------

    def admit(self, handshake: Handshake) -> Deferred[Callable[[ClientProtocol], SessionPort]]:
        """Fires with a function that makes the session later, or fails with ``Denied``."""
        return Deferred.fromCoroutine(self._admit(handshake))

    async def _admit(self, handshake: Handshake) -> Callable[[ClientProtocol], SessionPort]:
        if self._waiting is not None:
            opened: Deferred[None] = Deferred()
            self._waiting.append(opened)
            await opened
        self._check_limits(handshake.address)
        self._check_origin(handshake)
        shown = _credentials(handshake)
        if not self._context.settings.guarded:
            return self._opening(handshake, account=None, authenticator=None)
        self._check_throttle(handshake.address)
        if shown is None:
            authenticator = lambda request: self._authenticate(request, handshake.address)  # noqa: E731
            return self._opening(handshake, account=None, authenticator=authenticator)
        account = await self._account(shown, handshake.address)
        if account is None:
            return RejectedClient
        return self._opening(handshake, account=account, authenticator=None)

    def _check_limits(self, address: str) -> None:
        bounds = self._context.settings.bounds
        if self.stopping:
            raise Denied(503, "the server is stopping")
        if bounds.connections and len(self.sessions) >= bounds.connections:
            raise Denied(503, f"the limit of {bounds.connections} connections is reached")
        most = bounds.per_address
        if most and not is_loopback(address) and self._sessions_from[network_of(address)] >= most:
            raise Denied(503, f"the limit of {most} connections from one address is reached")

    def _check_origin(self, handshake: Handshake) -> None:
        # A page cannot set this header: where it is, a proxy was.
        proxied = "x-forwarded-for" in handshake.headers
        allowed = self._origins.allows(
            handshake.headers.get("origin"),
            handshake.headers.get("host", ""),
            public=proxied or not is_loopback(handshake.local),
        )
        if not allowed:
            raise Denied(403, "pages of this origin may not connect; see --allow-origin")

    def _check_throttle(self, address: str) -> None:
        wait = self._throttle.wait(address)
        if wait:
            raise Denied(429, f"too many failed attempts; try again in {wait} s")

    # Tokens and accounts ------------------------------------------------------------------------

    def _authenticate(self, request: Auth, address: str) -> Deferred[str | None]:
        return Deferred.fromCoroutine(self._account_of(request, address))

    async def _account_of(self, request: Auth, address: str) -> str | None:
        """The account that an ``auth`` request shows. Raises ``NotAuthenticated``."""
        wait = self._throttle.wait(address)
        if wait:
            raise NotAuthenticated(texts.TOO_MANY_TRIES.filled(seconds=wait))
        shown: Any = BearerToken(request.token) if request.token is not None else None
        if request.login is not None and request.password is not None:
            shown = UsernamePassword(request.login.encode(), request.password.encode())
        account = None if shown is None else await self._account(shown, address)
        if account is None:
            refused = texts.LOGIN_REFUSED if request.login is not None else texts.ACCESS_REFUSED
            raise NotAuthenticated(refused)
        return account

    async def _account(self, shown: Any, address: str) -> str | None:
        """The account that credentials belong to; None if to none, which counts as a failure."""
        bearer = IBearerToken.providedBy(shown)
        if bearer and self._token is not None and self._token.matches(shown.token):
            return _HOLDER
        wanted = IBearerToken if bearer else IUsernamePassword
        for checker in self._context.settings.checkers:
            if wanted in checker.credentialInterfaces:
                try:
                    name = await checker.requestAvatarId(shown)
                except UnauthorizedLogin:
                    continue  # another checker may know the account
                return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        self._throttle.failed(address)
        self._context.audit.record("refused", address=address)
        return None

    # Sessions ------------------------------------------------------------------------------------

    def _opening(
        self, handshake: Handshake, *, account: str | None, authenticator: Any
    ) -> Callable[[ClientProtocol], SessionPort]:
        locale = preferred_locale(
            handshake.headers.get("accept-language"), self._context.settings.locale
        )

        def open_session(client: ClientProtocol) -> SessionPort:
            identity = ClientIdentity(next(self._numbers), handshake.address, locale, account)
            return self._open(client, identity, authenticator)

        return open_session

    def _open(
        self, client: ClientProtocol, identity: ClientIdentity, authenticator: Any
    ) -> Session:
        session = Session(
            client, self._make_workspace(identity), identity, self._context, authenticator
        )
        self.sessions[identity.number] = session
        self._sessions_from[network_of(identity.address)] += 1
        self._context.metrics.sessions += 1
        self._context.metrics.sessions_opened += 1
        self.log.info(
            "✅ Новое подключение от {address} (сессия {session})",
            address=client.peer_name,
            session=identity.number,
        )
        self._context.audit.record(
            "connected", session=identity.number, address=identity.address, account=identity.account
        )
        if authenticator is not None:
            session.wait_for_auth(self._context.settings.bounds.auth_seconds)
        return session

    def session_lost(self, session: SessionPort, reason: str) -> None:
        """End the session of a connection that is gone."""
        if not isinstance(session, Session):
            return
        identity = session.identity
        self.sessions.pop(identity.number, None)
        _take_one(self._sessions_from, network_of(identity.address))
        self._context.metrics.sessions -= 1
        self.log.info(
            "🔌 Клиент отключился (сессия {session}): {reason}",
            session=identity.number,
            reason=reason,
        )
        self._context.audit.record("left", session=identity.number, reason=reason)
        ending = session.end()
        self._endings.add(ending)
        ending.addErrback(lambda failure: self.log.failure("Ending a session", failure))
        ending.addBoth(lambda _: self._endings.discard(ending))
        if not self.sessions:
            waiting, self._until_empty = self._until_empty, []
            for empty in waiting:
                empty.callback(None)

    @property
    def endings(self) -> list[Deferred[None]]:
        """Of sessions whose connection is gone: fire when they have released what they hold."""
        return list(self._endings)

    def close_idle(self) -> None:
        """Close sessions without a request for ``idle_seconds``; called periodically."""
        longest = self._context.settings.bounds.idle_seconds
        if not longest:
            return
        now = self._context.clock.seconds()
        for session in list(self.sessions.values()):
            if not session.busy and now - session.last_active > longest:
                session.close_idle()


def preferred_locale(header: str | None, default: texts.Locale) -> texts.Locale:
    """The language of ours that ``Accept-Language`` prefers; ``default`` where it names none."""
    best: tuple[float, texts.Locale] | None = None
    for entry in (header or "").split(","):
        tag, _, parameter = entry.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language == "ru" or language == "en":
            quality = _quality(parameter)
            if quality > 0 and (best is None or quality > best[0]):
                best = (quality, "ru" if language == "ru" else "en")
    return best[1] if best else default


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0


def _credentials(handshake: Handshake) -> Any:
    """The credentials in a handshake: a bearer token, a name and password, or None."""
    token = _bearer(handshake.headers)
    if token is None:
        token = next(iter(handshake.query.get("token", ())), None)
    return BearerToken(token) if token is not None else _basic(handshake.headers)


def _bearer(headers: dict[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _basic(headers: dict[str, str]) -> UsernamePassword | None:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).partition(b":")
    except binascii.Error:
        name, password = b"", b""
    return UsernamePassword(name, password)


def _take_one(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
