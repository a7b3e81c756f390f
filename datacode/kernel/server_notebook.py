"""Cells that run in a session on a server.

The session outlives its connection: one that is lost is made again. It outlives the kernel, too:
what takes it up is kept beside the connection file, and Jupyter starts a kernel that has died again
with the same one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from websockets.exceptions import InvalidHandshake

from datacode.client import (
    Client,
    ConnectionLost,
    RequestFailed,
    SessionKey,
    SessionLost,
    SessionTaken,
    connect,
)
from datacode.console.backends import RemoteBackend
from datacode.console.connect import LOST, NO_CONNECTION, connected_again
from datacode.console.session_file import SessionFileError, read_key, write_key
from datacode.console.state_files import StateFileError
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason
from datacode.kernel.notebook import CellFailure, Output
from datacode.kernel.shown_tables import StreamedTables
from datacode.language.tools.echo import with_echo
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import plain

_NEW = Message("session_is_new", "The session has ended ({reason}); a new one has begun")
_TAKEN = Message(
    "session_taken_run_again",
    "Another client has taken the session; to take it back, run the cell again",
)
_SAID = Message("of_server", "{text}")

_UNREACHABLE = (ConnectionLost, RequestFailed, OSError, InvalidHandshake, SessionFileError)


class ServerNotebook:
    """One notebook's session on the server at ``url``."""

    def __init__(
        self,
        url: str,
        token: str | None,
        locale: str,
        connection_file: str,
        output: Output,
        warn: Callable[[Message], object],
    ) -> None:
        self._url, self._token, self._locale = url, token, locale
        self._kept_in = Path(connection_file).with_suffix(".datacode-session")
        self._output = output
        self._warn = warn
        self._client: Client | None = None
        self.rolls_back = False

    def run(self, code: str) -> CellFailure | None:
        try:
            backend = self._connected()
            backend.rolls_back = self.rolls_back
            echo = with_echo(code)
            tables = StreamedTables(self._output)
            try:
                result = backend.execute(echo.program, tables.write, shows=True)
            except BaseException:
                tables.end([])
                raise
            tables.end(result.tables)
            for shown in result.charts:
                self._output.chart_description(shown.chart)
            lines = backend.told(result, code, echo)
        except _UNREACHABLE as problem:
            lines = [self._described(problem)]
        return CellFailure("Error", lines[0], lines) if lines else None

    def _connected(self) -> RemoteBackend:
        """The session; connects where there is no connection."""
        if self._client is None:
            try:
                self._client = self._connect(read_key(str(self._kept_in)))
            except SessionLost as gone:
                self._kept_in.unlink(missing_ok=True)
                self._warn(_NEW.filled(reason=str(gone)))
                self._client = self._connect(None)
            self._client.info()  # from now on there is a session to be kept
            if self._client.key is not None:
                write_key(str(self._kept_in), self._client.key)
        return RemoteBackend(self._client, self._locale, RequestFailed)

    def _connect(self, key: SessionKey | None) -> Client:
        return connect(
            self._url,
            token=self._token,
            locale=self._locale,
            session=key,
            on_lost=lambda: self._warn(LOST),
            on_back=lambda output_lost: self._warn(connected_again(output_lost)),
        )

    def _described(self, problem: Exception) -> str:
        """The sentence for a cell that could not be run; the next one connects anew."""
        if isinstance(problem, RequestFailed):
            return str(problem)
        self._client = None
        if isinstance(problem, SessionTaken):
            return _TAKEN.render(self._locale)
        if isinstance(problem, SessionFileError):
            return problem.render(self._locale)
        if isinstance(problem, OSError):
            reason: str | Message = system_reason(problem)
        else:
            reason = str(problem)
        return NO_CONNECTION.filled(url=self._url, reason=reason).render(self._locale)

    def variable_names(self) -> list[str]:
        try:
            return [name for name, _ in self._connected().variables()]
        except _UNREACHABLE:
            return []

    def complete(self, code: str, position: int) -> tuple[int, list[str]]:
        try:
            start, found = self._connected().complete(code, position)
        except _UNREACHABLE:
            return position, []
        return start, [choice.text for choice in found]

    def explain(self, name: str) -> str | None:
        if name in BUILTINS:
            return plain(BUILTINS[name], self._locale)
        try:
            backend = self._connected()
            values = dict(backend.variables())
            return f"{name}\n{values[name]}" if name in values else backend.signature(name)
        except _UNREACHABLE:
            return None

    def save(self, name: str) -> None:
        try:
            self._connected().save(name)
        except _UNREACHABLE as problem:
            raise StateFileError(_SAID.filled(text=self._described(problem))) from None

    def load(self, name: str) -> None:
        try:
            self._connected().load(name)
        except _UNREACHABLE as problem:
            raise StateFileError(_SAID.filled(text=self._described(problem))) from None

    def end(self) -> None:
        try:
            if self._kept_in.exists():
                self._connected().close()
        except _UNREACHABLE:
            pass  # the server keeps the session as long as any other that nobody comes back to
        self._kept_in.unlink(missing_ok=True)
