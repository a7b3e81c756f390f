"""The state of a notebook in files beside its connection file, for a kernel that is killed.

Jupyter starts a kernel that has died again with the same connection file: it then goes on with
the variables of the last cell that ended. One that the user restarts begins anew, for it is told
to shut down before. Source: checkpoint reference, 5.
"""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from pathlib import Path
from typing import BinaryIO

from datacode.console.private_file import replace_private
from datacode.console.state_files import StateFileError, not_saved, snapshot_in
from datacode.i18n.os_errors import system_reason
from datacode.kernel.column_files import ColumnFiles
from datacode.runtime import checkpoint, checkpoint_file
from datacode.runtime.interpreter import Interpreter
from datacode.runtime.namespace import Snapshot
from datacode.values.column_encoding import damaged

_SUFFIX = ".datacode-state"
_COLUMNS = ".datacode-columns"


class KernelStateFile:
    """The file with all but the columns, the files with these, and the thread that writes them;
    the latest state wins."""

    def __init__(self, connection_file: str) -> None:
        self._path = Path(connection_file).with_suffix(_SUFFIX)
        self._columns = ColumnFiles(Path(connection_file).with_suffix(_COLUMNS))
        self._latest: Snapshot | None = None
        self._wake = threading.Condition()
        self._closed = False
        self._writer: threading.Thread | None = None
        self.failure: StateFileError | None = None
        self._drop_orphans()

    def restore(self, interpreter: Interpreter) -> bool:
        """Go on where a kernel that was killed had got to; whether there was one.

        Raises ``StateFileError`` where its file cannot be read.
        """
        if not self._path.exists():
            self._columns.take_up(())
            return False
        interpreter.restore(snapshot_in(str(self._path), self._read))
        return True

    def _read(self, file: BinaryIO) -> Snapshot:
        reader = checkpoint_file.CheckpointFileReader(file)
        manifest = b""
        for section in reader.sections():
            if section.kind != checkpoint_file.MANIFEST:
                raise damaged("it has more than a manifest")
            manifest = reader.content()
        names: list[str] = []

        def column(name: str) -> bytes:
            names.append(name)
            try:
                return self._columns.read(name)
            except FileNotFoundError:
                raise damaged("a column is missing") from None

        snapshot = checkpoint.read(manifest, column)
        self._columns.take_up(names)
        return snapshot

    def keep(self, snapshot: Snapshot) -> None:
        """Write this state while the next cell runs."""
        with self._wake:
            self._latest = snapshot
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, daemon=True)
                self._writer.start()
            self._wake.notify()

    def forget(self) -> None:
        """The session ends as it should: nothing is left of it."""
        with self._wake:
            self._closed = True
            self._latest = None
            self._wake.notify()
        if self._writer is not None:
            self._writer.join()
        self._path.unlink(missing_ok=True)
        self._columns.remove()

    def _write(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._latest is not None)
                if self._closed:
                    return
                snapshot, self._latest = self._latest, None
            assert snapshot is not None
            self.failure = self._written(snapshot)

    def _written(self, snapshot: Snapshot) -> StateFileError | None:
        """Write a state; why it could not be."""
        try:
            state = checkpoint.write(snapshot)
            self._columns.write(state.columns)
            replace_private(str(self._path), partial(checkpoint.save_manifest, state))
            self._columns.keep_only(state.columns)
        except OSError as error:
            return not_saved(str(self._path), system_reason(error))
        except checkpoint.CheckpointError as error:
            return not_saved(str(self._path), error.message)
        return None

    def _drop_orphans(self) -> None:
        """Remove the files of kernels whose connection files are gone."""
        for path in self._path.parent.glob("*.datacode-*"):
            if path.stem == self._path.stem or path.with_suffix(".json").exists():
                continue
            if path.suffix == _COLUMNS:
                ColumnFiles(path).remove()
            elif path.suffix == _SUFFIX:
                with contextlib.suppress(OSError):
                    path.unlink()
