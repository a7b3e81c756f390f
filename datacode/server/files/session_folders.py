"""Where the session folders of one server lie. Source: server reference, 7.1."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from datacode.server.files.server_folder import ServerFolder
from datacode.server.files.session_folder import SessionFolder


class SessionFolders:
    """Every method blocks; ``open`` and ``close`` come once, first and last."""

    def __init__(
        self,
        base: Path | None,
        *,
        max_bytes: int,
        max_files: int,
        on_made: Callable[[Path], object] = lambda path: None,
    ) -> None:
        self._own = ServerFolder(base)
        self._on_made = on_made
        self._max_bytes = max_bytes
        self._max_files = max_files

    def open(self) -> None:
        """Delete what dead servers left, and make this server's own folder."""
        self._own.open()

    def folder(self) -> SessionFolder:
        """A folder for a new session; nothing is made on the disk yet."""
        name = "user_" + secrets.token_hex(16)
        return SessionFolder(
            self._own.path / name,
            max_bytes=self._max_bytes,
            max_files=self._max_files,
            on_made=self._on_made,
        )

    def close(self) -> None:
        """Delete this server's folder, with whatever is still in it."""
        self._own.close()
