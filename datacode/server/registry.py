"""The sessions that outlive their connection: who may have them, and for how long.

A session enters when its client says ``attach``, and leaves when a client ends it, when nobody
came back in time, or when there are too many: then the one that nobody has had for the longest
time goes first, idle ones before those with a program that runs. Why it has gone is kept a while,
for whoever comes back.

Source: server reference, 5.7.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import UNSET
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from datacode.i18n.catalog import mark, translate
from datacode.i18n.message import Message, MessageError
from datacode.server.api import texts
from datacode.server.api.messages import (
    Answer,
    Attach,
    Attached,
    Detach,
    Done,
    SessionDetails,
    SessionForked,
    SessionList,
)
from datacode.server.attachment import Attachment, SessionRecord, new_token
from datacode.server.auth.accounts import TOKEN_HOLDER
from datacode.server.auth.addresses import is_loopback, network_of
from datacode.server.auth.throttle import LoginThrottle
from datacode.server.session import CLOSE_ENDED, CLOSE_MOVED, ServerContext, Session
from datacode.server.state_requests import shares_to_connect
from datacode.worker.waiters import Waiters

_PROBE_SECONDS = 2.0
"""How long the connection that has a session may take to show that its client is there."""

_UNUSED_SECONDS = 60.0
"""A session that has done nothing yet is kept no longer: a client that lost its connection before
it heard of the session's name never comes back."""

_REMEMBERED = 1000
"""Sessions that have ended of which it is kept why."""


class SessionStore(Protocol):
    """Keeps sessions outside of memory, from start to start."""

    def load(self, session: str) -> Deferred[SessionRecord | None]:
        """What was kept of a session; None where there is none."""

    def restore(self, session: Session) -> None:
        """Give a session that was made of its record the state that it had."""

    async def save(self, session: Session) -> None:
        """A request was answered: write the record, and the state if that can be in time."""

    async def note(self, session: Session) -> None:
        """Write the record as it is."""

    async def give_files(self, session: Session) -> None:
        """Put the files that were kept into the folder of a session that comes back."""

    async def keep_files(self, session: Session) -> None:
        """Keep the files of a session's folder with its next record."""

    def leave(self, session: Session) -> None:
        """The server stops: what was written is to stay."""

    def forget(self, session: Session) -> None:
        """A session has ended for good."""


class _Refused(Exception):
    """``attach`` fails; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.code)
        self.message = message


class SessionRegistry:
    """One server's. ``store`` is None where sessions are kept in memory only."""

    log = Logger()

    def __init__(self, context: ServerContext, store: SessionStore | None = None) -> None:
        self._context = context
        self._bounds = context.settings.bounds
        self.store = store
        self._sessions: dict[str, Session] = {}
        self._detached: OrderedDict[str, float] = OrderedDict()
        self._ended: OrderedDict[str, tuple[Attachment, Message]] = OrderedDict()
        self._waking: dict[str, Waiters[None]] = {}
        self._throttle = LoginThrottle(context.clock.seconds)
        self.make: Callable[[SessionRecord, Session], Session] | None = None
        """Makes a session without a connection, of a record, for a client that asks for it."""
        self.on_moved: Callable[[Session, Session], object] = lambda before, now: None
        self.on_ended: Callable[[Session], object] = lambda session: None

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def detached(self) -> list[Session]:
        """Sessions that no connection has, the longest so first."""
        return [self._sessions[name] for name in self._detached]

    # What sessions ask for -----------------------------------------------------------------------

    def attach(self, session: Session, request: Attach) -> Deferred[Answer | Session]:
        """Keep a session; or hand its client over to one that was kept."""
        if request.session is None and request.token is None:
            return succeed(self._keep(session))
        return Deferred.fromCoroutine(self._attach(session, request))

    async def _attach(self, session: Session, request: Attach) -> Answer | Session:
        try:
            wanted = await self._found(session, request)
        except _Refused as refused:
            locale = request.locale or session.identity.locale
            answer = Attached.failed(refused.message.render(locale))
            answer.code = refused.message.code
            return answer
        self._hand_over(session, wanted, request)
        return wanted

    def detach(self, session: Session, request: Detach) -> Answer:
        """End a session for good."""
        locale = request.locale or session.identity.locale
        own = session.attachment
        name = request.session if request.session is not None else own and own.session
        if not name:
            return Done.failed(texts.NOT_ATTACHED.render(locale))
        meant = self._sessions.get(name)
        if meant is None or meant not in self._of_client(session):
            return Done.failed(texts.UNKNOWN_SESSION.render(locale))
        self.end(meant, texts.ENDED_BY_CLIENT, but=session)
        return Done(message=texts.SESSION_ENDED.render(locale))

    def sessions(self, session: Session) -> Answer:
        """The sessions of this one's account; without accounts, itself."""
        now = self._context.clock.seconds()
        found = []
        for each in self._of_client(session):
            assert each.attachment is not None
            found.append(
                SessionDetails(
                    session=each.attachment.session,
                    own=each is session,
                    attached=each.is_attached,
                    busy=each.is_working,
                    seq=each.attachment.answers.seq,
                    idle_seconds=round(now - each.last_active, 1),
                )
            )
        return SessionList(sessions=found)

    async def fork(self, session: Session) -> SessionForked:
        """A session of its own with the state of this one, which nobody has attached yet.

        Raises ``DataCodeError``, ``NoRoom``, ``MessageError`` and ``OSError`` where that cannot be.
        """
        assert self.make is not None
        workspace, identity = session.workspace, session.identity
        assert workspace.storage is not None
        if workspace.opened is not None:
            await workspace.opened.state_kept()
        token = new_token()
        record = Attachment.fresh(token, identity.account, identity.locale)
        forked = self.make(record, session)
        try:
            assert forked.workspace.storage is not None
            await workspace.storage.copy_to(forked.workspace.storage)
            if workspace.folder is not None and forked.workspace.folder is not None:
                await workspace.in_thread(forked.workspace.folder.copy_all, workspace.folder)
            forked.workspace.shares_before = [*workspace.kept_shares(), *workspace.missing_shares()]
            if session.is_ending:
                raise MessageError(texts.SERVER_STOPPING)
        except BaseException:
            self.on_ended(forked)
            raise
        forked.keep(Attachment(record, session.memory, self._bounds.kept_output))
        forked.is_used = True
        self._sessions[record.session] = forked
        self._detached[record.session] = self._context.clock.seconds()
        self._count()
        self._make_room(forked)
        if self.store is not None:
            await self.store.keep_files(forked)
        self._note(forked)
        return SessionForked(
            session=record.session, token=token, keep_seconds=self._bounds.keep_seconds
        )

    def give_up(self, session: Session, code: int, reason: str) -> None:
        """A session holds too much memory: end it for good."""
        if session.is_attached:
            session.release_client(code, reason)
        self.end(session, texts.ENDED_FOR_MEMORY)

    # Keeping on the disk -------------------------------------------------------------------------

    def begun(self, session: Session) -> None:
        """A numbered request begins: after a crash its client is to know that it may have run."""
        self._note(session)

    async def answered(self, session: Session) -> None:
        """A request is done: its answer goes out when it is on the disk."""
        if self.store is not None and not session.is_ending:
            await self.store.save(session)
        elif self.store is not None:
            await self.store.note(session)

    def stopping(self) -> None:
        """The server stops: sessions stay on the disk."""
        for session in self._sessions.values():
            if self.store is not None:
                self.store.leave(session)

    def _note(self, session: Session) -> None:
        if self.store is not None:
            Deferred.fromCoroutine(self.store.note(session)).addErrback(
                lambda failure: self.log.failure("Keeping a session", failure)
            )

    # Keeping -------------------------------------------------------------------------------------

    def _keep(self, session: Session) -> Answer:
        own = session.attachment
        if own is not None:  # it asks again: the token was told once
            return self._described(own, session)
        token = new_token()
        identity = session.identity
        record = Attachment.fresh(token, identity.account, identity.locale)
        own = Attachment(record, session.memory, self._bounds.kept_output)
        own.next_epoch(0)
        session.keep(own)
        self._sessions[own.session] = session
        self._note(session)
        answer = self._described(own, session)
        answer.token = token
        return answer

    def _described(self, own: Attachment, session: Session) -> Attached:
        missing = shares_to_connect(session.workspace)
        return Attached(
            shares_missing=missing or UNSET,
            session=own.session,
            epoch=own.epoch,
            seq=own.answers.seq,
            pending=session.pending,
            position=own.output.position,
            keep_seconds=self._bounds.keep_seconds,
            run_seconds=self._bounds.detached_run_seconds,
        )

    # Attaching -----------------------------------------------------------------------------------

    async def _found(self, asking: Session, request: Attach) -> Session:
        """The session that a client may have, free to be taken. Raises ``_Refused``."""
        name, token, address = request.session, request.token, asking.identity.address
        if name is None or token is None:
            raise _Refused(texts.SESSION_AND_TOKEN)
        if asking.is_used or asking.attachment is not None:
            raise _Refused(texts.ATTACH_FIRST)
        wait = self._throttle.wait(address)
        if wait:
            raise _Refused(texts.TOO_MANY_TRIES.filled(seconds=wait))
        if name in self._sessions:
            wanted = await self._awake(name)
        else:
            wanted = await self._stored(name, token, asking)
        assert wanted.attachment is not None
        self._check(wanted.attachment, token, asking)
        known = request.epoch or wanted.attachment.epoch_of(request.attempt)
        if wanted.attachment.was_taken_since(known):
            raise _Refused(texts.SESSION_TAKEN)
        if wanted.is_attached and not request.force:
            epoch = wanted.epoch
            is_there = await wanted.probe(_PROBE_SECONDS)
            if wanted.is_attached and (is_there or wanted.epoch != epoch):
                raise _Refused(texts.SESSION_BUSY)
        if wanted.is_writing:
            epoch = wanted.epoch
            while wanted.is_writing:
                await wanted.written()
            if wanted.is_attached and wanted.epoch != epoch and not request.force:
                raise _Refused(texts.SESSION_BUSY)  # somebody else has got it meanwhile
        if wanted.attachment.was_taken_since(known):  # while that was waited for
            raise _Refused(texts.SESSION_TAKEN)
        if wanted.is_ending or asking.is_ending:
            ended = self._ended.get(name)
            raise _Refused(
                texts.SERVER_STOPPING
                if ended is None
                else texts.SESSION_GONE.filled(reason=ended[1])
            )
        return wanted

    def _check(self, own: Attachment, token: str, asking: Session) -> None:
        """Whether a client may have a session. Raises ``_Refused``."""
        address = asking.identity.address
        if not own.matches(token):
            self._throttle.failed(address)
            self._context.audit.record("refused", address=address, account=asking.identity.account)
            raise _Refused(texts.WRONG_SESSION_TOKEN)
        if own.account != asking.identity.account:
            raise _Refused(texts.OTHER_ACCOUNT)

    async def _awake(self, name: str) -> Session:
        """A session in memory, with all its files."""
        session = self._sessions[name]
        if name in self._waking:
            await self._waking[name].wait()
        return session

    async def _stored(self, name: str, token: str, asking: Session) -> Session:
        """A session that is not in memory. Raises ``_Refused``."""
        if name in self._ended:
            own, reason = self._ended[name]
            self._check(own, token, asking)
            raise _Refused(texts.SESSION_GONE.filled(reason=reason))
        record = None if self.store is None else await self.store.load(name)
        if record is None or self.store is None or self.make is None:
            raise _Refused(texts.UNKNOWN_SESSION)
        if name in self._sessions:  # another connection has asked for it meanwhile
            return await self._awake(name)
        own = Attachment(record, asking.memory, self._bounds.kept_output)
        try:
            self._check(own, token, asking)
        except _Refused:
            own.end()
            raise
        session = self.make(record, asking)
        session.keep(own)
        session.is_used = True
        session.workspace.shares_before = record.shares
        self.store.restore(session)
        self._sessions[name] = session
        self._detached[name] = self._context.clock.seconds()
        self._waking[name] = Waiters()
        try:
            await self.store.give_files(session)
        finally:
            self._waking.pop(name).tell(None)
        return session

    def _hand_over(self, before: Session, wanted: Session, request: Attach) -> None:
        own = wanted.attachment
        assert own is not None
        if wanted.is_attached:
            wanted.release_client(CLOSE_MOVED, "another connection has taken the session")
        self._detached.pop(own.session, None)
        self._count()
        own.next_epoch(request.epoch or own.epoch_of(request.attempt), request.attempt)
        own.acknowledge(min(request.seen, own.answers.seq))

        def answer() -> Answer:
            said = self._described(own, wanted)
            replay, lost = own.replay(request.seen, request.position)
            said.replay = replay.text()
            if own.unfinished > own.answers.seq:
                said.unfinished = [own.unfinished]
            if own.answers.forgotten > request.seen:
                said.forgotten = own.answers.forgotten
            if lost:
                said.output_lost = lost
            if request.id:
                said.id = request.id
            return said

        wanted.take_client(before.give_client(), before.identity, answer)
        self._note(wanted)  # after a crash of the server, too, it is known whose the session is
        self.on_moved(before, wanted)

    # Without a connection ------------------------------------------------------------------------

    def left(self, session: Session) -> bool:
        """The connection of a session is gone; False where that ends the session."""
        own = session.attachment
        if own is None or session.is_ending or own.session not in self._sessions:
            return False
        session.leave_client(self._bounds.detached_run_seconds)
        self._detached[own.session] = self._context.clock.seconds()
        self._make_room(session)
        self._count()
        return True

    def expire(self) -> None:
        """End sessions that nobody has come back to; called periodically."""
        longest = self._bounds.keep_seconds or math.inf
        now = self._context.clock.seconds()
        for name, since in list(self._detached.items()):
            session = self._sessions[name]
            seconds = longest if session.is_used else min(longest, _UNUSED_SECONDS)
            if now - since > seconds and not session.busy:
                self.end(session, texts.ENDED_TOO_OLD.filled(seconds=f"{seconds:g}"))

    def _make_room(self, latest: Session) -> None:
        """End what is too much: of the account, of the address, and in all.

        Where there are too many in all, one of those goes who have the most: nobody makes room for
        his own with the sessions of others.
        """
        bounds, identity = self._bounds, latest.identity
        if identity.account is not None:
            self._end_oldest(
                lambda each: each.identity.account == identity.account, bounds.detached_per_address
            )
        if not is_loopback(identity.address):
            network = network_of(identity.address)
            self._end_oldest(
                lambda each: network_of(each.identity.address) == network,
                bounds.detached_per_address,
            )
        while bounds.detached and len(self._detached) > bounds.detached:
            owners = Counter(map(_owner, self.detached))
            most, count = owners.most_common(1)[0]
            self._end_oldest(partial(_is_of, most), count - 1, bounds.detached)

    def _end_oldest(
        self, is_meant: Callable[[Session], bool], limit: int, said: int | None = None
    ) -> None:
        """Those that have done nothing go first, those with a program that runs last."""
        if not limit and said is None:
            return
        found = [each for each in self.detached if is_meant(each)]
        found.sort(key=lambda each: (each.busy, each.is_used))
        for session in found[: max(0, len(found) - limit)]:
            limited = limit if said is None else said
            self.end(session, texts.ENDED_FOR_OTHERS.filled(limit=limited))

    def end(self, session: Session, reason: Message, but: Session | None = None) -> None:
        """End a session for good; ``but`` is one whose client is told by its answer."""
        own = session.attachment
        assert own is not None
        self._sessions.pop(own.session, None)
        self._detached.pop(own.session, None)
        self._count()
        self._ended[own.session] = own, reason
        while len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)
        self.log.info(
            translate(mark("🗑️  A session has ended (session {session}): {reason}"), self._locale),
            session=session.identity.number,
            reason=reason.render(self._locale),
        )
        if self.store is not None:
            self.store.forget(session)
        if session is but:
            session.finish()
        else:
            session.release_client(CLOSE_ENDED, "the session was ended")
            self.on_ended(session)

    def _count(self) -> None:
        self._context.metrics.detached = len(self._detached)

    @property
    def _locale(self) -> str:
        return self._context.settings.locale

    def _of_client(self, session: Session) -> list[Session]:
        """The sessions that a client may see: those of its account, or its own.

        A token that the server has for all is nobody's account.
        """
        account = session.identity.account
        shared = self._context.settings.token is not None and account == TOKEN_HOLDER
        if account is None or shared:
            return [session] if session.attachment is not None else []
        return [
            each
            for each in self._sessions.values()
            if each.attachment is not None and each.attachment.account == account
        ]


def _is_of(owner: str, session: Session) -> bool:
    return _owner(session) == owner


def _owner(session: Session) -> str:
    """Whose a session is, as far as fairness goes: an account's, or else an address's."""
    identity = session.identity
    return identity.account or network_of(identity.address)
