"""A temporary folder of one server, and how those of dead servers are found.

It lies under the system's temporary folder and has a file in it that the server keeps locked as
long as it lives. The lock goes with the process, however it ends; so a folder whose lock can be had
is a dead server's, and is deleted. Source: server reference, 7.1.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import threading
from pathlib import Path

from twisted.logger import Logger

from datacode.server.files.protected_files import NEW_FOLDER, SERVER_FOLDER

_LOCK = ".lock"


class ServerFolder:
    """Every method blocks; ``open`` and ``close`` come once, first and last."""

    log = Logger()

    def __init__(self, base: Path | None) -> None:
        # With no links in it, as the paths that are compared with it have none.
        self._base = Path(os.path.realpath(base or tempfile.gettempdir()))
        self._turn = threading.Lock()
        self._lock: int | None = None
        self._own: Path | None = None

    @property
    def path(self) -> Path:
        """The folder, once it is open."""
        assert self._own is not None, "open() comes first"
        return self._own

    def opened(self) -> Path:
        """The folder, which is made when it is first asked for."""
        with self._turn:
            if self._own is None:
                self.open()
            return self.path

    def open(self) -> None:
        """Delete what dead servers left, and make this server's own folder."""
        self._base.mkdir(parents=True, exist_ok=True)
        for folder in self._base.glob(SERVER_FOLDER + "*"):
            _remove_if_dead(folder, self.log)
        # Under a name that nobody looks for until it is locked, so that no other server that
        # starts at the same moment takes it for a dead one's.
        new = Path(tempfile.mkdtemp(prefix=NEW_FOLDER, dir=self._base))
        self._lock = os.open(new / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._own = new.with_name(SERVER_FOLDER + secrets.token_hex(8))
        new.rename(self._own)

    def close(self) -> None:
        """Delete this server's folder, with whatever is still in it."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            self._own = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _remove_if_dead(folder: Path, log: Logger) -> None:
    """Delete a server's folder if its server is gone. Another user's is left alone."""
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # not ours: there is no moment in which ours has this name and no lock
    except OSError as error:
        log.warn("Cannot look at {folder}: {error}", folder=str(folder), error=str(error))
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
        log.info("Deleted the session folders of a dead server: {folder}", folder=str(folder))
    except BlockingIOError:
        pass  # its server lives
    except OSError as error:
        log.warn("Cannot delete {folder}: {error}", folder=str(folder), error=str(error))
    finally:
        os.close(lock)
