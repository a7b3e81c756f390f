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
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from datacode.i18n.catalog import mark, translate
from datacode.server.api import texts
from datacode.server.api.messages import Auth
from datacode.server.attachment import SessionRecord
from datacode.server.auth.accounts import TOKEN_HOLDER, BearerToken, IBearerToken, ServerToken
from datacode.server.auth.addresses import is_loopback, network_of
from datacode.server.auth.logins import LoginQueue
from datacode.server.auth.origins import HostNames, OriginError, Origins
from datacode.server.auth.pairing import PairingCode
from datacode.server.auth.throttle import LoginThrottle
from datacode.server.net import http
from datacode.server.net.http import Site
from datacode.server.net.websocket import ClientProtocol, Denied, Handshake, SessionPort
from datacode.server.ops.descriptors import is_one_of_the_last
from datacode.server.pending import PendingConnections
from datacode.server.registry import SessionRegistry
from datacode.server.session import (
    CLOSE_FORBIDDEN,
    CLOSE_UNAUTHORIZED,
    ClientIdentity,
    NoClient,
    NotAuthenticated,
    ServerContext,
    Session,
)
from datacode.server.workspace import Workspace
from datacode.worker.waiters import Waiters

_PENDING = 64, 512
"""Connections that are no session, at least and at most; else half as many as sessions."""
_PENDING_OF_ONE = 64
"""Of these from one address."""

_NO_CODE = (
    "a page opened from disk needs the pairing code that the server prints at its start; "
    "or open the page at the server's own http:// address"
)
_NO_PAGES_FROM_DISK = "pages opened from disk may not connect (--strict-origin)"
_NOT_OURS = "{host} is not known as a name of this server: see --allow-host, or set --token"
_ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz", "/metrics"})

Opening = Callable[[ClientProtocol], SessionPort]
"""Makes what a WebSocket is connected to, once it is open."""


class TooManyTries(Exception):
    """An address has to wait ``seconds`` until it may show something again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed attempts; try again in {seconds} s")
        self.seconds = seconds


class RejectedClient:
    """Takes the place of a session where what was shown is wrong (reference, 4.4).

    The handshake has to succeed first: a browser does not tell a page why one failed.
    """

    def __init__(self, client: ClientProtocol, code: int, reason: str) -> None:
        client.close(code, reason)

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
        self._admitted: dict[ClientProtocol, str] = {}
        self._sessions_from: Counter[str] = Counter()
        self.hosts = HostNames((*settings.allow_hosts, settings.host))
        self._origins = Origins(settings.origins, self.hosts, guarded=settings.guarded)
        self._token = _token(settings.token)
        self._metrics_token = _token(settings.metrics_token)
        self._throttle = LoginThrottle(context.clock.seconds)
        self._pairing_throttle = LoginThrottle(context.clock.seconds)
        self._logins = LoginQueue(self._throttle, context.clock)
        self.pairing = context.pairing or PairingCode()
        sessions = settings.bounds.connections or 2 * _PENDING[1]
        self._pending = PendingConnections(
            min(max(_PENDING[0], sessions // 2), _PENDING[1]), _PENDING_OF_ONE
        )
        self._endings: set[Deferred[None]] = set()
        self._waiting: list[Deferred[None]] | None = []
        self._until_empty: Waiters[None] = Waiters()
        self.registry = SessionRegistry(context)
        self.registry.make = self._restored
        self.registry.on_moved = self._session_moved
        self.registry.on_ended = self._end_session

    def open(self) -> None:
        """Answer handshakes, those that have been waiting among them."""
        waiting, self._waiting = self._waiting or [], None
        for deferred in waiting:
            deferred.callback(None)

    def emptied(self) -> Deferred[None]:
        """Fires when the last session has gone."""
        return self._until_empty.wait() if self.sessions else succeed(None)

    # TCP ---------------------------------------------------------------------------------------

    def connected(self, client: ClientProtocol, address: str) -> None:
        """Count a TCP connection. ``address`` may be a proxy's; then it is nobody's yet."""
        behind_proxy = bool(self._context.settings.proxies)
        self._context.metrics.connections += 1
        self._pending.add(client, None if behind_proxy else address)

    def identified(self, client: ClientProtocol, address: str) -> None:
        """A proxy has said whose connection it is."""
        self._pending.add(client, address)

    def disconnected(self, client: ClientProtocol) -> None:
        """Count a TCP connection that is gone."""
        self._pending.remove(client)
        self._release(client)
        self._context.metrics.connections -= 1

    # HTTP --------------------------------------------------------------------------------------

    def answer_http(self, head: http.Head, address: str) -> http.HttpResponse:
        """The answer to a request that asks for no WebSocket."""
        host = head.headers.get("host")
        if not (head.path in _ALWAYS_ANSWERED or self._is_ours(host)):
            return http.refusal(403, _NOT_OURS.format(host=str(host)[:200]))
        return self._site.answer(head, may_watch=self._may_watch(head, address))

    def _is_ours(self, host: str | None) -> bool:
        """Whether ``Host`` is a name of this server, or whoever asks shows who he is anyway."""
        return self._context.settings.guarded or self.hosts.of_header(host)

    def _may_watch(self, head: http.Head, address: str) -> bool:
        """Whether figures and details are for this client: this machine's own, or who shows the
        token for them."""
        shown = _bearer(head.headers)
        if self._metrics_token is not None and shown is not None:
            return self._metrics_token.matches(shown)
        # What a proxy nobody has told us of passes on is not from this machine.
        proxied = head.is_forwarded and not self._context.settings.proxies
        host = head.headers.get("host")
        return is_loopback(address) and self.hosts.of_header(host) and not proxied

    def handshake_failed(self, code: int, reason: str, address: str) -> None:
        """Count and log a handshake that failed, with the HTTP status it is answered with."""
        self._context.metrics.rejected(code)
        self.log.info(
            self._said(mark("❌ A WebSocket connection is refused: {address}: {code} {reason}")),
            address=address,
            code=code,
            reason=reason[:200],
        )

    # The handshake -----------------------------------------------------------------------------

    def admit(self, handshake: Handshake) -> Deferred[Opening]:
        """Fires with what makes the session, once the WebSocket is open; or fails with Denied.

        To be cancelled where the client does not wait for it.
        """
        return Deferred.fromCoroutine(self._admit(handshake))

    async def _admit(self, handshake: Handshake) -> Opening:
        if self._waiting is not None:
            opened: Deferred[None] = Deferred()
            self._waiting.append(opened)
            await opened
        self._check_limits(handshake)
        if not self._check_origin(handshake):
            return lambda client: RejectedClient(client, CLOSE_FORBIDDEN, "wrong pairing code")
        if not self._context.settings.guarded:
            return self._opening(handshake, None, needs_auth=False)
        self._check_throttle(self._throttle, handshake.address)
        shown = self._shown(handshake)
        if shown is None:
            return self._opening(handshake, None, needs_auth=True)
        try:
            account = await self._account(shown, handshake.address, handshake.is_there)
        except TooManyTries as error:
            raise Denied(429, str(error)) from None
        if account is None:
            return lambda client: RejectedClient(client, CLOSE_UNAUTHORIZED, "wrong token")
        self._check_limits(handshake)
        return self._opening(handshake, account, needs_auth=False)

    def _check_limits(self, handshake: Handshake) -> None:
        reached = self._reached(handshake.address)
        if reached is None and is_one_of_the_last(handshake.descriptor):
            reached = "the server has no file descriptors left for another connection"
        if reached is not None:
            raise Denied(503, reached)

    def _reached(self, address: str) -> str | None:
        """Why there is no room for one session more; None where there is."""
        bounds = self._context.settings.bounds
        if self.stopping:
            return "the server is stopping"
        if bounds.connections and len(self._admitted) >= bounds.connections:
            return f"the limit of {bounds.connections} connections is reached"
        most = bounds.per_address
        if most and not is_loopback(address) and self._sessions_from[network_of(address)] >= most:
            return f"the limit of {most} connections from one address is reached"
        return None

    def _check_origin(self, handshake: Handshake) -> bool:
        """Whether a page may connect; False where it shows a wrong code. Raises ``Denied``."""
        origin = handshake.headers.get("origin")
        host = handshake.headers.get("host")
        if origin is None and not self._is_ours(host):
            raise Denied(403, _NOT_OURS.format(host=str(host)[:200]))
        if not Origins.is_null(origin):
            try:
                self._origins.check(origin, host or "")
            except OriginError as error:
                raise Denied(403, str(error)) from None
            return True
        settings = self._context.settings
        if settings.strict_origin:
            raise Denied(403, _NO_PAGES_FROM_DISK)
        # Where there are tokens or accounts the page must show one of these.
        if settings.allow_null_origin or settings.guarded or self._origins.lists(str(origin)):
            return True
        shown = next(iter(handshake.query.get("pairing", ())), None)
        if shown is None:
            raise Denied(403, _NO_CODE)
        self._check_throttle(self._pairing_throttle, handshake.address)
        if self.pairing.matches(shown):
            return True
        self._pairing_throttle.failed(handshake.address)
        self._context.audit.record("refused", address=handshake.address)
        return False

    @staticmethod
    def _check_throttle(throttle: LoginThrottle, address: str) -> None:
        wait = throttle.wait(address)
        if wait:
            raise Denied(429, str(TooManyTries(wait)))

    # Tokens and accounts ------------------------------------------------------------------------

    def _shown(self, handshake: Handshake) -> Any:
        """What a handshake shows to prove who it is: credentials, or None for nothing."""
        headers = handshake.headers
        if Origins.is_null(headers.get("origin")):
            headers = {}  # a page cannot set one: a browser or a proxy added it, for any page
        token = _bearer(headers)
        if token is None:
            token = next(iter(handshake.query.get("token", ())), None)
        if token is not None:
            return BearerToken(token)
        # Without accounts, a name and password are for somebody else, such as a proxy in front.
        return _basic(headers) if self._checkers(IUsernamePassword) else None

    def _checkers(self, wanted: Any) -> list[Any]:
        checkers = self._context.settings.checkers
        return [each for each in checkers if wanted in each.credentialInterfaces]

    async def _account_of(self, request: Auth, address: str) -> str:
        """The account that an ``auth`` request shows. Raises ``NotAuthenticated``."""
        shown: Any = BearerToken(request.token) if request.token is not None else None
        if request.login is not None and request.password is not None:
            shown = UsernamePassword(request.login.encode(), request.password.encode())
        try:
            account = await self._account(shown, address)
        except TooManyTries as error:
            raise NotAuthenticated(texts.TOO_MANY_TRIES.filled(seconds=error.seconds)) from None
        if account is None:
            refused = texts.LOGIN_REFUSED if request.login is not None else texts.ACCESS_REFUSED
            raise NotAuthenticated(refused)
        return account

    async def _account(
        self, shown: Any, address: str, is_there: Callable[[], bool] = lambda: True
    ) -> str | None:
        """Whose token or password it is; None, and a mark against the address, if nobody's.

        Raises ``TooManyTries``.
        """
        network = network_of(address)
        return await self._logins.check(network, lambda: self._found(shown, address), is_there)

    async def _found(self, shown: Any, address: str) -> str | None:
        wait = self._throttle.wait(address)
        if wait:
            raise TooManyTries(wait)
        # Counted first: who goes away while it is looked at has had his guess.
        self._throttle.failed(address)
        account = None if shown is None else await self._owner(shown)
        if account is None:
            self._context.audit.record("refused", address=address)
        else:
            self._throttle.forgive(address)
        return account

    async def _owner(self, shown: Any) -> str | None:
        bearer = IBearerToken.providedBy(shown)
        if bearer and self._token is not None and self._token.matches(shown.token):
            return TOKEN_HOLDER
        for checker in self._checkers(IBearerToken if bearer else IUsernamePassword):
            try:
                name = await checker.requestAvatarId(shown)
            except UnauthorizedLogin:
                continue  # another checker may know the account
            return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        return None

    # Sessions ------------------------------------------------------------------------------------

    def _opening(self, handshake: Handshake, account: str | None, *, needs_auth: bool) -> Opening:
        locale = _locale(handshake, self._context.settings.locale)

        def open_session(client: ClientProtocol) -> SessionPort:
            identity = ClientIdentity(next(self._numbers), handshake.address, locale, account)
            return self._open(client, identity, needs_auth=needs_auth)

        return open_session

    def _open(
        self, client: ClientProtocol, identity: ClientIdentity, *, needs_auth: bool
    ) -> Session:
        def authenticate(request: Auth) -> Deferred[str | None]:
            return Deferred.fromCoroutine(self._authenticate(client, identity, request))

        session = Session(
            client,
            self._make_workspace(identity),
            identity,
            self._context,
            authenticate if needs_auth else None,
            self.registry,
        )
        self.sessions[identity.number] = session
        self._context.metrics.sessions = len(self.sessions)
        self._context.metrics.sessions_opened += 1
        if not needs_auth:
            self._admit_session(client, identity)
        self.log.info(
            self._said(mark("✅ New connection from {address} (session {session})")),
            address=client.peer_name,
            session=identity.number,
            client=identity.address,
        )
        self._context.audit.record(
            "connected", session=identity.number, address=identity.address, account=identity.account
        )
        if needs_auth:
            session.wait_for_auth(self._context.settings.bounds.auth_seconds)
        return session

    async def _authenticate(
        self, client: ClientProtocol, identity: ClientIdentity, request: Auth
    ) -> str | None:
        account = await self._account_of(request, identity.address)
        reached = self._reached(identity.address)
        if reached is not None:
            raise NotAuthenticated(texts.NO_ROOM)
        self._admit_session(client, identity)
        return account

    def _admit_session(self, client: ClientProtocol, identity: ClientIdentity) -> None:
        """From now on it counts as a session, and has a session's limits."""
        self._pending.remove(client)
        network = network_of(identity.address)
        self._admitted[client] = network
        self._sessions_from[network] += 1
        client.admitted()

    def _release(self, client: ClientProtocol) -> None:
        network = self._admitted.pop(client, None)
        if network is not None:
            _take_one(self._sessions_from, network)

    def session_ended(self, client: ClientProtocol, session: SessionPort, reason: str) -> None:
        """A session is over before its connection is, which is one like any other again."""
        self._release(client)
        self._pending.add(client, client.address)
        self.session_lost(session, reason)

    def session_lost(self, session: SessionPort, reason: str) -> None:
        """End the session of a connection that is gone, or keep it for the next one."""
        if not isinstance(session, Session):
            return
        identity = session.identity
        self.log.info(
            self._said(mark("🔌 A client has left (session {session}): {reason}")),
            session=identity.number,
            reason=reason,
            client=identity.address,
        )
        self._context.audit.record(
            "left", session=identity.number, address=identity.address, reason=reason
        )
        if self.registry.left(session):
            self._forget(session)
        else:
            self._end_session(session)

    def _session_moved(self, before: Session, now: Session) -> None:
        """A client goes on with another session than the one that was made for it."""
        self.log.info(
            self._said(mark("🔌 Session {session} goes on at {address} (it was {before})")),
            session=now.identity.number,
            address=now.identity.address,
            before=before.identity.number,
        )
        self._context.audit.record(
            "attached",
            session=now.identity.number,
            address=now.identity.address,
            account=now.identity.account,
        )
        self.sessions[now.identity.number] = now
        self._end_session(before)

    def _restored(self, record: SessionRecord, asking: Session) -> Session:
        """A session without a connection, made of what was kept of it."""
        identity = ClientIdentity(
            next(self._numbers), asking.identity.address, record.locale, record.account
        )
        workspace = self._make_workspace(identity)
        client = NoClient(asking.memory)
        return Session(client, workspace, identity, self._context, keeper=self.registry)

    def _end_session(self, session: Session) -> None:
        """End a session for good; ``endings`` has it until it has let go of everything."""
        ending = session.end()
        self._endings.add(ending)
        ending.addErrback(lambda failure: self.log.failure("Ending a session", failure))
        ending.addBoth(lambda _: self._endings.discard(ending))
        self._forget(session)

    def _forget(self, session: Session) -> None:
        """No connection has this session any more."""
        self.sessions.pop(session.identity.number, None)
        self._context.metrics.sessions = len(self.sessions)
        if not self.sessions:
            self._until_empty.tell(None)

    def _said(self, text: str) -> str:
        """A line of the log in the server's language."""
        return translate(text, self._context.settings.locale)

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


def _locale(handshake: Handshake, default: texts.Locale) -> texts.Locale:
    """The language that a client asks for, which a browser's preference alone does not do."""
    asked = next(iter(handshake.query.get("locale", ())), None)
    if asked == "ru" or asked == "en":
        return "ru" if asked == "ru" else "en"
    if "origin" in handshake.headers and asked != "auto":
        return default
    return preferred_locale(handshake.headers.get("accept-language"), default)


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0


def _token(text: str | None) -> ServerToken | None:
    return None if text is None else ServerToken(text)


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
