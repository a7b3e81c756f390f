"""What a session has that outlives its connection: a name, a secret, a record of its answers.

No input or output, and nothing of sockets: the session (``session``) adds to it, the registry
(``registry``) asks it. ``SessionRecord`` is what of it is written to disk.

Source: server reference, 5.7.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque

from msgspec import Struct

from datacode.runtime.checkpoint_file import KeptShare
from datacode.server.answer_record import SHORT_BYTES, AnswerRecord, KeptAnswer, Replay
from datacode.server.api.long_answer import LONG
from datacode.server.api.messages import Request
from datacode.server.net.memory_budget import MemoryAccount
from datacode.server.output_ring import OutputPiece, OutputRing

_TOKEN_BYTES = 16
_OUTPUT_BYTES = 1 << 18
"""Of streamed output so much is written to disk with each answer."""
_LONG_BYTES = 1 << 20
"""Long answers that the client has not seen take at most so much of what is written to disk."""
_ATTEMPTS = 16
"""So many clients that took the session are known by the name of their attempt."""
_DIGEST_PART = 1 << 18
"""Of a long text of a request so much at either end tells it from others."""


class SessionRecord(Struct, kw_only=True):
    """What is kept of a session beside its state: plain data, the token as its SHA-256 only.

    ``answers`` are the last short ones. ``begun`` is a request that had begun when this was
    written and may have been ended with the server, 0 for none. ``position`` is that of the
    streamed output, ``output`` the last pieces of it, ``begins`` tells where that of requests
    begins. ``shares`` are those that the session had, without passwords. ``held_since`` is the
    first epoch of the client that had it last, ``attempts`` are those of the last clients that
    named one.
    """

    session: str
    token_sha256: bytes
    account: str | None
    locale: str
    epoch: int
    seq: int
    forgotten: int
    begun: int
    position: int
    answers: list[KeptAnswer]
    output: list[OutputPiece] = []
    begins: list[tuple[int, int]] = []
    shares: list[KeptShare] = []
    held_since: int = 0
    attempts: list[tuple[str, int]] = []


def new_token() -> str:
    """128 bits that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Attachment:
    """One session's. What is kept for its client is counted ``beside`` another account."""

    def __init__(self, record: SessionRecord, beside: MemoryAccount, output_bytes: int) -> None:
        self.session = record.session
        self.account = record.account
        self.locale = record.locale
        self.epoch = record.epoch
        self._held_since = record.held_since
        self._attempts = dict(record.attempts)
        self.begun = record.begun
        self.unfinished = record.begun
        self._token_sha256 = record.token_sha256
        self._memory = beside.beside(self._shed, is_spare=True)
        self.answers = AnswerRecord(self._hold, record.seq, record.forgotten)
        self.output = OutputRing(output_bytes, self._hold, record.position)
        for kept in record.answers:
            self.answers.keep(kept)
        self.output.put_back(record.output, record.begins)

    def __repr__(self) -> str:
        return f"Attachment({self.session!r})"

    @staticmethod
    def fresh(token: str, account: str | None, locale: str) -> SessionRecord:
        """The record of a session that is new."""
        return SessionRecord(
            session=secrets.token_hex(8),
            token_sha256=token_hash(token),
            account=account,
            locale=locale,
            epoch=0,
            seq=0,
            forgotten=0,
            begun=0,
            position=0,
            answers=[],
        )

    def record(self) -> SessionRecord:
        """What is to be written to disk: no answers that are long, but for the last ones that the
        client may not have yet."""
        unseen, room = _LONG_BYTES, SHORT_BYTES
        short: list[KeptAnswer] = []
        for each in reversed(list(self.answers)):
            if isinstance(each.body, bytes):
                short.insert(0, each)
            elif each.seq > self.answers.seen and each.size <= unseen and each.may_be_written:
                unseen -= each.size
                short.insert(0, each.as_bytes())
        kept: list[KeptAnswer] = []
        for each in reversed(short):
            if each.size < LONG:
                room -= each.size
            if room < 0:
                break
            kept.append(each)
        known = {each.seq for each in kept}
        dropped = [each.seq for each in self.answers if each.seq not in known]
        return SessionRecord(
            session=self.session,
            token_sha256=self._token_sha256,
            account=self.account,
            locale=self.locale,
            epoch=self.epoch,
            seq=self.answers.seq,
            forgotten=max([self.answers.forgotten, *dropped]),
            begun=self.begun,
            position=self.output.position,
            answers=kept[::-1],
            output=self.output.latest(_OUTPUT_BYTES),
            begins=self.output.begins,
            held_since=self._held_since,
            attempts=list(self._attempts.items()),
        )

    def matches(self, token: str) -> bool:
        """Whether it is the right token; takes the same time whatever is wrong with it."""
        return hmac.compare_digest(self._token_sha256, token_hash(token))

    def was_taken_since(self, epoch: int) -> bool:
        """Whether another client has had the session since this epoch, which its own client names.

        One that names none (0) claims nothing, and there is nothing to be refused.
        """
        return 0 < epoch < self._held_since

    def epoch_of(self, attempt: str) -> int:
        """The first epoch of the client that took the session in this attempt; 0 where none did,
        or where it was too long ago."""
        return self._attempts.get(attempt, 0)

    def next_epoch(self, known: int, attempt: str = "") -> None:
        """A connection takes the session. Its client is the one of before if it names an epoch of
        that one's: perhaps not the latest, as the answer that told it can be lost."""
        self.epoch += 1
        if not known or self.was_taken_since(known):
            self._held_since = self.epoch
            if attempt:
                self._attempts[attempt] = self.epoch
                while len(self._attempts) > _ATTEMPTS:
                    del self._attempts[next(iter(self._attempts))]

    def replay(self, seen: int, position: int) -> tuple[Replay, int]:
        """What a client has missed, in the order in which it was sent; and how many bytes of
        output are kept no more."""
        pieces, lost = self.output.missed(seen, position)
        items: list[bytes | KeptAnswer] = []
        left = deque(pieces)
        for answer in self.answers.after(seen):
            while left and left[0].seq <= answer.seq:
                items.append(left.popleft().message)
            items.append(answer)
        items += [each.message for each in left]
        return Replay(items), lost

    def acknowledge(self, seen: int) -> None:
        """The client has the answers up to this one."""
        self.answers.acknowledge(seen)
        self.output.acknowledge(min(seen, self.answers.seq))

    def moved_to(self, account: MemoryAccount) -> None:
        """The client has another address: what is kept counts for that one."""
        self._memory.follow(account)

    def end(self) -> None:
        """Keep nothing any more."""
        self.answers.clear()
        self.output.clear()
        self._memory.end()

    def _hold(self, size: int) -> None:
        if size > 0:
            self._memory.hold(size)
        else:
            self._memory.release(-size)

    def _shed(self, code: int, reason: str) -> None:
        """Too much waits in memory, and this has the most of it: let it go. The client is told."""
        self.answers.clear()
        self.output.clear()
        self._memory = self._memory.beside(self._shed, is_spare=True)


def digest(request: Request) -> bytes:
    """What tells a request from others, whatever its ``id``. Passwords are no part of it: it is
    written to disk, and they could be guessed from it."""
    hashed = hashlib.blake2b(str(type(request).__struct_config__.tag).encode(), digest_size=16)
    for name in request.__struct_fields__:
        if name in ("id", "password"):
            continue
        value = getattr(request, name)
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
        elif not isinstance(value, memoryview):
            value = repr(value).encode()
        hashed.update(b"%b %d " % (name.encode(), len(value)))
        hashed.update(value[:_DIGEST_PART])
        hashed.update(value[-_DIGEST_PART:])
    return hashed.digest()
