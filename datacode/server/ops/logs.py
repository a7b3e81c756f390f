"""The log of a server that runs in the foreground: plain lines, or JSON for machines.

Both know only what is passed to them: never code, data or passwords. Under ``twistd`` its own
log is used, unless JSON is asked for.
"""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from zope.interface import implementer

_FIELDS = ("session", "request", "type", "success", "seconds", "address", "code", "reason")


@implementer(ILogObserver)
class PlainLog:
    """A line for each event: what is wrong to standard error, the rest to standard output."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    def __call__(self, event: LogEvent) -> None:
        """Write an event."""
        level = event.get("log_level", LogLevel.info)
        if level is LogLevel.debug or _is_noise(event):
            return
        text = formatEvent(event)
        failure = event.get("log_failure")
        if event.get("log_format") is None and not text and failure is None:
            return  # left out by the guard; the banner's empty lines have a format
        if failure is not None:
            text = f"{text}\n{failure.getTraceback()}" if text else failure.getTraceback()
        _write(self._out if level is LogLevel.info else self._err, text + "\n")


@implementer(ILogObserver)
class JsonLog:
    """An object for each event: time, level, message, and what it is about."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def __call__(self, event: LogEvent) -> None:
        """Write an event."""
        level = event.get("log_level", LogLevel.info)
        if level is LogLevel.debug or _is_noise(event) or not formatEvent(event):
            return
        moment = datetime.fromtimestamp(event["log_time"], UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": level.name,
            "message": formatEvent(event),
        }
        line.update((name, event[name]) for name in _FIELDS if event.get(name) is not None)
        failure = event.get("log_failure")
        if failure is not None:
            line["traceback"] = failure.getTraceback()
        text = msgspec.json.encode(line, enc_hook=str).decode("utf-8", "replace")
        _write(self._out, text + "\n")


_json_log_name = "-"


def json_log_to(name: str) -> str:
    """The name by which ``twistd`` finds a log in JSON that goes to this file; ``-`` for stdout.

    Twisted takes the name of a function without arguments, so the file is kept here.
    """
    global _json_log_name
    _json_log_name = name
    return f"{__name__}.{json_log.__name__}"


def json_log() -> JsonLog:
    """What ``twistd`` logs with, where JSON is asked for."""
    name = _json_log_name
    return JsonLog(sys.stdout if name == "-" else open(name, "a", encoding="utf-8"))


def _is_noise(event: LogEvent) -> bool:
    """What Twisted says about itself at level info: factories starting, ports opening."""
    if event.get("log_level") is not LogLevel.info:
        return False
    return not str(event.get("log_namespace", "")).startswith("datacode")


def _write(out: TextIO, text: str) -> None:
    """Write; errors are dropped, as there is no other place to tell of them."""
    with contextlib.suppress(OSError, ValueError):
        try:
            out.write(text)
        except UnicodeEncodeError:
            out.write(text.encode("ascii", "backslashreplace").decode())
        out.flush()
