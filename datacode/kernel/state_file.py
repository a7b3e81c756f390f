"""The state of a notebook in a file beside its connection file, for a kernel that is killed.

Jupyter starts a kernel that has died again with the same connection file: it then goes on with
the variables of the last cell that ended. One that the user restarts begins anew, for it is told
to shut down before. Source: checkpoint reference, 5.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from datacode.console.state_files import StateFileError, load_state, save_state
from datacode.runtime.interpreter import Interpreter
from datacode.runtime.namespace import Snapshot

_SUFFIX = ".datacode-state"


class KernelStateFile:
    """The file, and the thread that writes it; the latest state wins."""

    def __init__(self, connection_file: str) -> None:
        self._path = Path(connection_file).with_suffix(_SUFFIX)
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
            return False
        load_state(interpreter, str(self._path))
        return True

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

    def _write(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._latest is not None)
                if self._closed:
                    return
                snapshot, self._latest = self._latest, None
            assert snapshot is not None
            try:
                save_state(snapshot, str(self._path))
                self.failure = None
            except StateFileError as failure:
                self.failure = failure

    def _drop_orphans(self) -> None:
        """Remove the files of kernels whose connection files are gone."""
        for path in self._path.parent.glob(f"*{_SUFFIX}"):
            if path != self._path and not path.with_suffix(".json").exists():
                with contextlib.suppress(OSError):
                    path.unlink()
