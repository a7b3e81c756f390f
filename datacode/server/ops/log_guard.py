"""Bounds on what is logged: by field, by client, by fault.

What a client can make the server write is cut and made harmless (no control characters, which
could forge lines or speak to a terminal), and bounded by the minute. Beyond the bound lines are
counted, and the count is written. Source: server reference, 6.4.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, formatEvent
from zope.interface import implementer

FIELD = 1024
"""Characters of a field."""
_TEXT = 8 * FIELD
"""Characters of a whole text, and of a traceback."""

MINUTE = 60.0
CLIENT_BYTES = 1 << 20
"""What one client may have written in a minute."""
SAME_FAULTS = 10
"""Faults of one kind that are written in a minute."""

_MOST_KEYS = 10_000
_OTHERS = "others"
_LINE = 100
"""Bytes of a line beside its text: time, names of fields."""

_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_HARMFUL_IN_LINES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def cleaned(text: str, most: int = FIELD, *, lines: bool = False) -> str:
    """The text without control characters, which become escapes, and at most so long. With
    ``lines`` line ends and tabs stay."""
    harmful = _HARMFUL_IN_LINES if lines else _HARMFUL
    clean = harmful.sub(_escape, text[: most + 1])
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class LineBudget:
    """Counts bytes, or lines, by a key and the minute; what is beyond is counted, too."""

    def __init__(self, most: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._began = seconds()
        self._used: Counter[Hashable] = Counter()
        self._left_out: Counter[Hashable] = Counter()

    def admits(self, key: Hashable, size: int) -> bool:
        """Whether so much more may be written for a key."""
        if key not in self._used and len(self._used) >= _MOST_KEYS:
            key = _OTHERS
        if self._used[key] + size > self._most:
            self._left_out[key] += 1
            return False
        self._used[key] += size
        return True

    def take_left_out(self) -> list[tuple[Hashable, int]]:
        """Once a minute is over: the keys for which lines were left out, and how many."""
        now = self._seconds()
        if now - self._began < MINUTE:
            return []
        self._began = now
        self._used.clear()
        left_out, self._left_out = self._left_out, Counter()
        return list(left_out.items())


class _Traceback:
    """Stands for a failure in an event: its traceback, cut."""

    def __init__(self, failure: Any) -> None:
        text = str(failure.getTraceback())
        if len(text) > _TEXT:
            text = f"{text[: _TEXT // 4]}\n…\n{text[-_TEXT * 3 // 4 :]}"
        self.type = failure.type
        self._text = cleaned(text, 2 * _TEXT, lines=True)

    def getTraceback(self) -> str:
        """The text."""
        return self._text


@implementer(ILogObserver)
class LogGuard:
    """The first observer of all events: changes them before others write them.

    What is left out becomes an event without a text, which nobody writes.
    """

    log = Logger(namespace="datacode.server")

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._clients = LineBudget(CLIENT_BYTES, seconds)
        self._faults = LineBudget(SAME_FAULTS, seconds)

    def __call__(self, event: LogEvent) -> None:
        """Cut an event's fields and text, or leave it out."""
        failure = event.get("log_failure")
        if failure is not None:
            event["log_failure"] = _Traceback(failure)
        for name, value in event.items():
            if isinstance(value, str) and not name.startswith("log_"):
                event[name] = cleaned(value, lines=_is_foreign(event))
        fault = event.get("log_format")
        text = formatEvent(event)
        clean = cleaned(text, _TEXT, lines=_is_foreign(event))
        if clean != text:
            event["log_format"], event["guarded"] = "{guarded}", clean
        if not self._admits(event, fault, len(clean.encode("utf-8", "replace"))):
            event["log_format"] = None
            event.pop("log_failure", None)

    def _admits(self, event: LogEvent, fault: object, size: int) -> bool:
        level = event.get("log_level", LogLevel.info)
        failure = event.get("log_failure")
        if failure is not None:
            size += len(failure.getTraceback())
        if failure is not None or level >= LogLevel.error:
            kind = getattr(failure.type, "__name__", "") if failure is not None else ""
            key = cleaned(f"{fault or ''} {kind}".strip())
            if not self._faults.admits(key, 1):
                return False
        client = event.get("client") or event.get("address")
        return client is None or self._clients.admits(client, size + _LINE)

    def tell(self) -> None:
        """Write how much was left out in the last minute; called periodically."""
        for fault, count in self._faults.take_left_out():
            self.log.warn("{count} more in a minute: {fault}", count=count, fault=str(fault))
        for client, count in self._clients.take_left_out():
            self.log.warn(
                "{count} lines about {about} were left out in a minute", count=count, about=client
            )


def _is_foreign(event: LogEvent) -> bool:
    """Whether another library says it: its texts may have lines."""
    return not str(event.get("log_namespace", "")).startswith("datacode")
