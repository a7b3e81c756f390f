"""The last answers of a session, by the numbers of their requests.

An answer that the client has not seen is kept whatever its length, as long as all of them fit in
``UNSEEN_BYTES``, the latest one always. Of what the client has seen, or may have after a restart,
the last ``ANSWERS`` are kept as far as they fit in ``SHORT_BYTES``.

Source: server reference, 5.7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET, Raw, Struct, structs

from datacode.server.api import long_answer, messages
from datacode.server.api.messages import Answer, SessionForked

ANSWERS = 16
SHORT_BYTES = 48 << 10
UNSEEN_BYTES = 16 << 20


class KeptAnswer(Struct):
    """An answer: as JSON without ``seq`` and ``id``, or as it is where it is long.

    ``request`` is a digest of the request that it belongs to, ``id`` that request's own.
    """

    seq: int
    request: bytes
    id: bytes
    body: bytes | Answer
    size: int

    @property
    def may_be_written(self) -> bool:
        """May it lie on a disk? Not where it has a token in it."""
        return not isinstance(self.body, SessionForked)

    def as_bytes(self) -> KeptAnswer:
        """The same as JSON, whatever its length."""
        if isinstance(self.body, bytes):
            return self
        body = messages.encode(structs.replace(self.body, seq=UNSET, id=UNSET))
        return KeptAnswer(self.seq, self.request, self.id, body, len(body))

    def whole(self, request_id: bytes | None = None) -> bytes | long_answer.LongAnswer:
        """The answer for a client, under an ``id`` of its own if it asked again."""
        written = self.id if request_id is None else request_id
        if isinstance(self.body, Answer):
            own: Any = Raw(written) if written else UNSET
            return long_answer.LongAnswer(structs.replace(self.body, seq=self.seq, id=own))
        tail = b',"id":%b' % written if written else b""
        return b'%b,"seq":%d%b}' % (self.body[:-1], self.seq, tail)

    def pieces(self) -> Iterator[bytes]:
        """Its JSON, in pieces that are not too long."""
        whole = self.whole()
        if isinstance(whole, bytes):
            yield whole
        else:
            yield from whole.pieces()


class AnswerRecord:
    """One session's. ``hold`` counts memory, in bytes. ``seq`` is the last request answered.

    ``forgotten`` is the last one whose answer is kept no more.
    """

    def __init__(self, hold: Callable[[int], None], seq: int = 0, forgotten: int = 0) -> None:
        self.seq = seq
        self.seen = 0
        self.forgotten = forgotten
        self._hold = hold
        self._answers: deque[KeptAnswer] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[KeptAnswer]:
        return iter(self._answers)

    def add(self, seq: int, request: bytes, request_id: bytes, answer: Answer, size: int) -> None:
        """Keep the answer to request ``seq``, which takes about ``size`` bytes."""
        if size < long_answer.LONG:
            body = messages.encode(structs.replace(answer, seq=UNSET, id=UNSET))
            self.keep(KeptAnswer(seq, request, request_id, body, len(body)))
        else:
            self.keep(KeptAnswer(seq, request, request_id, answer, size))

    def keep(self, kept: KeptAnswer) -> None:
        """Keep an answer, and of those before it what there is room for."""
        self.seq = max(self.seq, kept.seq)
        self._answers.append(kept)
        self._size += kept.size
        self._hold(kept.size)
        self._trim()

    def find(self, seq: int) -> KeptAnswer | None:
        """The answer to a request, if it is kept."""
        return next((each for each in self._answers if each.seq == seq), None)

    def after(self, seen: int) -> list[KeptAnswer]:
        """The answers to requests behind that one."""
        return [each for each in self._answers if each.seq > seen]

    def acknowledge(self, seen: int) -> None:
        """The client has the answers up to this one."""
        self.seen = max(self.seen, min(seen, self.seq))
        self._trim()

    def clear(self) -> None:
        """Keep none of them."""
        while self._answers:
            self._forget_oldest()

    def _trim(self) -> None:
        while self._answers and (len(self._answers) > ANSWERS or self._size > self._most()):
            self._forget_oldest()

    def _most(self) -> int:
        """What all of them may take, while the oldest is among them."""
        if self._answers[0].seq <= self.seen:
            return SHORT_BYTES
        return UNSEEN_BYTES if len(self._answers) > 1 else self._size

    def _forget_oldest(self) -> None:
        kept = self._answers.popleft()
        self.forgotten = max(self.forgotten, kept.seq)
        self._size -= kept.size
        self._hold(-kept.size)


class Replay(long_answer.Piecewise):
    """Messages that were sent already, as a list in an answer."""

    __slots__ = ("_items",)

    def __init__(self, items: list[bytes | KeptAnswer]) -> None:
        self._items = items

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(len(each) if isinstance(each, bytes) else each.size for each in self._items)

    def text(self) -> Any:
        """As a field of an answer: made at once where it is short."""
        return self if self.size > long_answer.LONG else Raw(b"".join(self.pieces()))

    def pieces(self) -> Iterator[bytes]:
        """The JSON list."""
        before = b"["
        for each in self._items:
            yield before
            before = b","
            if isinstance(each, bytes):
                yield each
            else:
                yield from each.pieces()
        yield b"]" if self._items else b"[]"
