"""The audit log: who executed what (as a hash), and which files of shares were read.

One JSON object a line. Never code, data or passwords, and at most so much a minute for a client.
A thread of its own writes, so that a slow disk holds up nobody; what cannot be written is
reported in the server's log.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from twisted.logger import Logger

from datacode.server.ops.log_guard import CLIENT_BYTES, LineBudget, cleaned


class Audit:
    """``record`` from the reactor's thread; ``close`` blocks until all is written."""

    log = Logger()

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` where the file cannot be written."""
        self._budget = LineBudget(CLIENT_BYTES)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 - it lives as long as we do
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="audit", daemon=True)
        self._thread.start()

    def record(self, event: str, **fields: Any) -> None:
        """Add a line. Texts are cut; where a client has had its lines of this minute, it is
        counted instead (``tell``)."""
        for name, value in fields.items():
            if isinstance(value, str):
                fields[name] = cleaned(value)
        line = _line(event, fields)
        client = fields.get("address")
        if client is None or self._budget.admits(client, len(line)):
            self._lines.put(line)

    def tell(self) -> None:
        """Add how many lines were left out in the last minute; called periodically."""
        for client, count in self._budget.take_left_out():
            self._lines.put(_line("left_out", {"address": client, "lines": count}))

    def close(self) -> None:
        """Write what is left, and end."""
        self._lines.put(None)
        self._thread.join(timeout=5)
        self._file.close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._file.write(line)
            except OSError as error:
                self.log.critical("Cannot write the audit log: {error}", error=str(error))


def _line(event: str, fields: dict[str, Any]) -> bytes:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return msgspec.json.encode({"time": time, "event": event, **fields}) + b"\n"


class NoAudit:
    """Records nothing: there is no ``--audit``."""

    def record(self, event: str, **fields: Any) -> None:
        """Do nothing."""

    def tell(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def hash_of(code: str) -> str:
    """What stands for a program in the log."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
