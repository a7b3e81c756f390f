"""A session that outlives its connection, as a client knows it: what to say, what to make of the
answers. No I/O; the blocking and the asynchronous client share it.

Source of the messages: ``docs/protocol.md``, "A session that outlives its connection".
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus

from datacode.client.results import (
    LOGGER,
    MESSAGE_BYTES,
    ConnectionLost,
    Message,
    Result,
    is_partial,
    result_of,
)

PATIENCE = 30.0
"""Seconds for which a client tries to reach its server again, unless told otherwise."""

ANSWER_SECONDS = 20.0
"""How long the answer to ``attach`` may take; the server itself looks for two seconds."""

PING_SECONDS = 5.0
"""How often a client asks for a sign of life, unless told otherwise (``ping_interval``)."""

PONG_SECONDS = 20.0
"""How long that may take: it comes behind what the server is sending (``ping_timeout``)."""

_AT_ONCE = frozenset(
    {
        "cancel",
        "info",
        "inspect",
        "complete",
        "check",
        "library",
        "table_rows",
        "table_values",
        "table_statistics",
        "auth",
        "sessions",
        "detach",
    }
)
"""Requests that are simply made again: they change nothing, or what they change does not mind."""

_FINAL = frozenset({1000, 4401, 4403, 4410})
"""Close codes after which the session is not asked for again: it has ended or is another's."""

_TAKEN = 4410

_GONE = frozenset({1000, _TAKEN})
"""Those of them that say that the session is not this client's any more."""

_TAKEN_CODES = frozenset({"session_taken", "session_busy"})
"""What the answer to ``attach`` says where another client has the session."""

_IDLE = 4408

_OF_REQUEST = frozenset({1002, 1003, 1007, 1008, 1009})
"""Close codes that would come again if the request did."""

_FOR_NOW = frozenset({"server_stopping", "too_many_tries"})
_NOT_YET = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


def connection_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a connection: those given, and ours."""
    ours = {
        "max_size": MESSAGE_BYTES,
        "logger": LOGGER,
        "ping_interval": PING_SECONDS,
        "ping_timeout": PONG_SECONDS,
    }
    return {**ours, **given}


class SessionLost(ConnectionLost):
    """The server does not have the session any more, or another connection has taken it: variables
    and functions are gone with it. The text is the server's sentence."""


class SessionTaken(SessionLost):
    """Another connection has the session now. It is not taken back by itself: connect with its key
    for that."""


class AnswerLost(ConnectionLost):
    """A request was carried out, or may have been, but its answer is not to be had any more.

    The session is there. ``began`` is True where the server itself was ended while it ran: then
    nobody knows what of it was done.
    """

    def __init__(self, text: str, *, began: bool) -> None:
        super().__init__(text)
        self.began = began


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What gives a session back: whoever has it has the session. Keep it as a secret.

    ``seen`` and ``position`` tell how far the client had read; of the program ``program`` it had
    ``shown`` characters of output, but no answer.
    """

    session: str
    token: str = field(repr=False)
    seen: int = 0
    position: int = 0
    program: int = 0
    shown: int = 0

    def text(self) -> str:
        """As one line, to be written to a file that nobody else may read."""
        numbers = (self.seen, self.position, self.program, self.shown)
        return " ".join([self.session, self.token, *map(str, numbers)])

    @classmethod
    def parse(cls, text: str) -> SessionKey:
        """The key in such a line. Raises ``ValueError``."""
        words = text.split()
        if len(words) not in (4, 6):  # earlier versions wrote four
            raise ValueError(
                "expected a line with six words: session, token, seen, position, program, shown"
            )
        return cls(words[0], words[1], *map(int, words[2:]))


@dataclass(frozen=True, slots=True)
class Reattached:
    """What a new connection of a session has brought: see ``attach`` in the protocol.

    ``output_lost`` are bytes of streamed output that nobody will get any more.
    """

    replay: list[Message]
    pending: frozenset[int]
    unfinished: frozenset[int]
    answered: int
    forgotten: int
    output_lost: int

    @classmethod
    def of(cls, answer: Message) -> Reattached:
        """The answer of ``attach``."""
        return cls(
            answer.get("replay") or [],
            frozenset(answer.get("pending") or ()),
            frozenset(answer.get("unfinished") or ()),
            answer["seq"],
            answer.get("forgotten", 0),
            answer.get("output_lost", 0),
        )

    def must_send(self, request: Message, *, rerun: bool) -> bool:
        """Whether a request whose answer is not in ``replay`` has to be sent again, as it never
        arrived, changes nothing, or is to be run again. Raises ``AnswerLost``."""
        seq = request.get("seq")
        if seq is None:
            return True
        if seq in self.pending:
            return False
        if seq in self.unfinished:
            if rerun:
                return True
            raise AnswerLost(
                "the server was ended while it carried out the request; rerun=True sends it again",
                began=True,
            )
        if seq <= self.answered:
            raise AnswerLost(
                "the request was carried out, but its answer is kept no more", began=False
            )
        return True


class KeptSession:
    """One client's session. Until ``adopt`` there is none, and the connection is all there is."""

    def __init__(
        self,
        key: SessionKey | None,
        patience: float,
        on_lost: Callable[[], object] = lambda: None,
        on_back: Callable[[int], object] = lambda output_lost: None,
    ) -> None:
        self.patience = patience
        self.on_lost = on_lost
        self.on_back = on_back
        self.output_lost = 0
        self.pending: set[int] = set()
        """The numbers of programs of a client before this one that still run or wait."""
        self._missed: list[Message] = []
        self._key = key
        self._epoch = 0
        self._attempt = secrets.token_hex(8)
        self._seen = 0 if key is None else key.seen
        self._position = 0 if key is None else key.position
        self._program = 0 if key is None else key.program
        self._shown = 0 if key is None else key.shown
        self._unanswered: dict[int, int] = {}
        """The numbers of this client's own requests by their ids."""
        self._last = self._seen
        self.is_settled = patience <= 0 or key is not None
        """Whether it is known if there is one: the server has been asked, or need not be."""

    @property
    def key(self) -> SessionKey | None:
        """What gives the session back; None where it ends with the connection."""
        if self._key is None:
            return None
        unanswered = (self._program, self._shown) if self._program > self._seen else ()
        return SessionKey(
            self._key.session, self._key.token, self._seen, self._position, *unanswered
        )

    def attach_fields(self) -> dict[str, Any]:
        """The fields of the request that attaches.

        Who connects with a key wants the session from whoever has it. Who has had it since may
        only have it back from its own connection, whose end the server may not have noticed; and
        so may who perhaps has it, since the answer was lost that would have told.
        """
        key = self.key
        if key is None:
            return {}
        return {
            "session": key.session,
            "token": key.token,
            "seen": key.seen,
            "position": key.position,
            "force": True,
            **({"epoch": self._epoch} if self._epoch else {"attempt": self._attempt}),
        }

    def begun(self, answer: Message) -> None:
        """The answer to the first ``attach``; a server that knows no such thing has none."""
        self.is_settled = True
        if self._key is None and answer["success"] and "token" in answer:
            self._key = SessionKey(answer["session"], answer["token"])
            self._epoch = answer["epoch"]

    def again(self, answer: Message) -> Reattached | None:
        """The answer to an ``attach`` that asks for the session; None where to try once more.

        Raises ``SessionLost``.
        """
        if self._key is None:
            self.begun(answer)
            return Reattached.of({"seq": 0})
        if not answer["success"]:
            if answer.get("code") in _FOR_NOW:
                return None
            lost_to = SessionTaken if answer.get("code") in _TAKEN_CODES else SessionLost
            raise lost_to(str(answer["error"]))
        self._epoch = answer["epoch"]
        found = Reattached.of(answer)
        self._last = max(self._last, found.answered, *found.pending, *found.unfinished)
        self.output_lost += found.output_lost
        return found

    def numbered(self, request: Message) -> Message:
        """A request with its number, if the session has any and the request needs one."""
        if self._key is None or request["type"] in _AT_ONCE:
            return request
        self._last += 1
        request_id = request["id"]
        self._unanswered[request_id] = self._last
        whole = {k: v for k, v in request.items() if k != "id"}
        return {**whole, "seq": self._last, "seen": self._seen, "id": request_id}

    def note(self, message: Message) -> None:
        """A message has come."""
        if "position" in message and message.get("type") == "output":
            self._position = max(self._position, message["position"])
            program = self._unanswered.get(message["id"])
            if program is not None:
                if program != self._program:
                    self._program, self._shown = program, 0
                self._shown += len(message["text"])
        elif "success" in message and isinstance(message.get("seq"), int):
            self._seen = max(self._seen, message["seq"])
            self._unanswered.pop(message["id"], None)

    def taken_up(self, found: Reattached) -> None:
        """A session of a client before this one was attached to for the first time."""
        self.pending = set(found.pending)
        for message in found.replay:
            self.note(message)
            if not is_partial(message):
                self._missed.append(message)

    def is_missed(self, message: Message) -> bool:
        """Whether a message that nobody here waits for is the answer of a pending program; it is
        kept for ``missed`` then."""
        if message.get("seq") not in self.pending or is_partial(message):
            return False
        self.pending.discard(message["seq"])
        self._missed.append(message)
        return True

    def missed(self) -> list[Result]:
        """The results that have come so, in their order, each once."""
        found, self._missed = self._missed, []
        return [self._missed_result(each) for each in found if "output" in each]

    def _missed_result(self, answer: Message) -> Result:
        shown = self._shown if answer["seq"] == self._program else 0
        return replace(result_of(answer), shown=shown)

    def problem_after(self, failed: Exception) -> Exception:
        """Why there is no connection, after an attempt that failed so; raises it where no other
        one can succeed."""
        if not self.may_try(failed):
            raise lost(failed) from None
        return failed

    def may_return(self, problem: Exception) -> bool:
        """Whether the session may be asked for again after that; or for a session, if the
        connection was lost before there was one."""
        return (
            (self._key is not None or not self.is_settled)
            and self.patience > 0
            and _code(problem) not in _FINAL | _OF_REQUEST
        )

    def may_try(self, problem: Exception) -> bool:
        """Whether a connection that failed so may succeed a little later."""
        if isinstance(problem, InvalidStatus):
            return problem.response.status_code in _NOT_YET
        return _code(problem) not in _FINAL

    def is_of_request(self, problem: Exception) -> bool:
        """Whether it was the request that the server would not have: the session is there."""
        return self._key is not None and _code(problem) in _OF_REQUEST

    def is_idle(self, problem: Exception) -> bool:
        """Whether the server closed because nothing was asked: the next request is early enough."""
        return self._key is not None and _code(problem) == _IDLE

    def pauses(self) -> Iterator[float]:
        """Seconds to wait between attempts, until patience has run out; longer and longer, and
        never the same for many clients that a server has lost at once."""
        end = time.monotonic() + self.patience
        pause = _FIRST_PAUSE
        while (left := end - time.monotonic()) > 0:
            yield min(left, pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)


def lost(problem: Exception) -> ConnectionLost:
    """What a caller is told of a connection that is gone."""
    if isinstance(problem, ConnectionLost):
        return problem
    if _code(problem) == _TAKEN:
        return SessionTaken(_reason(problem))
    if _code(problem) in _GONE:
        return SessionLost(_reason(problem))
    return ConnectionLost(_reason(problem))


def _reason(problem: Exception) -> str:
    """What the server said when it closed, with its code, or else what the library says."""
    if isinstance(problem, ConnectionClosed) and problem.rcvd is not None and problem.rcvd.reason:
        return f"{problem.rcvd.reason} ({problem.rcvd.code})"
    return str(problem)


def _code(problem: Exception) -> int | None:
    if isinstance(problem, ConnectionClosed) and problem.rcvd is not None:
        return problem.rcvd.code
    return None
