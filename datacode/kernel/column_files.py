"""The columns of a notebook's tables in files, each written once.

Tables never change, and every checkpoint calls the same column by the same name: so what is there
need not be written again. Source: checkpoint reference, 4.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from datacode.values.column_encoding import column_pieces
from datacode.values.column_storage import ColumnData

_UNFINISHED = "unfinished"


class ColumnFiles:
    """The files in a folder, which only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[str] = set()

    def take_up(self, names: Collection[str]) -> None:
        """Go on with these of a kernel that was killed, and without what else it left."""
        self._written = set(names)
        self.keep_only(names)

    def read(self, name: str) -> bytes:
        """What is in a column's file. Raises ``OSError``."""
        return (self._folder / name).read_bytes()

    def write(self, columns: Mapping[str, ColumnData]) -> None:
        """Write what is not there. Raises ``OSError``."""
        for name, cells in columns.items():
            if name not in self._written:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                with (self._folder / _UNFINISHED).open("wb") as file:
                    for piece in column_pieces(cells):
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(file.name, self._folder / name)
                self._written.add(name)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete all others: no state names them any more."""
        self._written.intersection_update(names)
        if not self._folder.exists():
            return
        for path in self._folder.iterdir():
            if path.name not in self._written:
                with contextlib.suppress(OSError):
                    path.unlink()

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
