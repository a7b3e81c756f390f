"""A real Samba server on loopback, for tests.

``samba()`` gives a running server with certain options; tests that ask for the same options share
one, and all are ended with the process. It needs Debian's ``samba`` (the program ``smbd``) but
neither root nor port 445: everything lies in a temporary folder.

    server = samba(signing="mandatory")
    (server.folder / "a.txt").write_text("x")     # lies on the share "data"
    target = server.target()                      # log in as LOGIN with PASSWORD

Tests are skipped where ``smbd`` is missing, except in CI, where that is a failure.
"""

from __future__ import annotations

import atexit
import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest

from datacode.smb.target import Target

LOGIN, PASSWORD = "dcuser", "Секрет-1 pass"
DISABLED = "daemon"
"""A login whose account is disabled."""

SMBD = shutil.which("smbd") or shutil.which("smbd", path="/usr/sbin:/usr/local/sbin")
MISSING = (
    "no smbd on this machine; tests of real shares need it:"
    " apt-get install samba smbclient (Debian), dnf install samba samba-client (Fedora)"
)

_running: dict[tuple[tuple[str, str], ...], Samba] = {}
_DIALECTS = {"2.0.2": "SMB2_02", "2.1": "SMB2_10", "3.0": "SMB3_00", "3.0.2": "SMB3_02"}
_DIALECTS |= {"3.1.1": "SMB3_11", "1": "NT1"}


def samba(
    *,
    dialect: str | None = None,
    signing: str = "default",
    encrypt: str = "default",
    guest: str = "never",
    **options: str,
) -> Samba:
    """A server with these options, shared by all tests that want the same.

    ``dialect`` is the newest that it speaks (and the oldest, for ``1``); ``options`` are more
    lines for smb.conf, with ``_`` for each space of a name.
    """
    wanted = {"server signing": signing, "server smb encrypt": encrypt, "map to guest": guest}
    if dialect is not None:
        wanted["server max protocol"] = _DIALECTS[dialect]
    if dialect == "1":
        wanted["server min protocol"] = "NT1"
    wanted |= {name.replace("_", " "): value for name, value in options.items()}
    key = tuple(sorted(wanted.items()))
    server = _running.get(key)
    if server is None:
        server = _running[key] = Samba(wanted)
        atexit.register(server.stop)
    return server


class Samba:
    """A running smbd."""

    def __init__(self, options: dict[str, str]) -> None:
        if SMBD is None:
            if os.environ.get("CI") == "true":
                raise AssertionError(MISSING)
            raise SkipTest(MISSING)
        self.root = Path(tempfile.mkdtemp(prefix="datacode-samba-"))
        self.root.chmod(0o755)
        self.folder = self.root / "data"
        self.guest_folder = self.root / "guest"
        self.cyrillic_folder = self.root / "отчеты"
        for folder in (self.folder, self.guest_folder, self.cyrillic_folder):
            folder.mkdir()
            folder.chmod(0o777)
        self.port = free_port()
        self._options = options
        self._config = self.root / "smb.conf"
        self._configure()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def address(self) -> str:
        """What a client writes into ``ip``."""
        return f"127.0.0.1:{self.port}"

    def target(
        self,
        login: str = LOGIN,
        password: str = PASSWORD,
        domain: str = "",
        *,
        port: int | None = None,
    ) -> Target:
        """A target for this server, or for a proxy in front of it at ``port``."""
        return Target.parse(f"127.0.0.1:{port or self.port}", login, password, domain)

    def start(self) -> None:
        """Start smbd, and wait until it listens."""
        assert SMBD is not None
        with open(self.root / "smbd.log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *(SMBD, "--foreground", "--no-process-group", "--debug-stdout"),
                    *("-s", str(self._config), "-p", str(self.port), "-d", "1"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        wait_for_port(self.port, self._process)

    def kill(self) -> None:
        """End smbd and every connection at once, as a crash would; it can be started again."""
        if self._process is not None:
            # The children are in its group, and would otherwise serve on.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it and remove its files."""
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        """What smbd has logged."""
        return (self.root / "smbd.log").read_text("utf-8", "replace")

    def _configure(self) -> None:
        user = getpass.getuser()
        own = {
            name: str(self.root / name.replace(" ", "-"))
            for name in (
                *("private dir", "lock directory", "state directory", "cache directory"),
                *("pid directory", "ncalrpc dir", "binddns dir"),
            )
        }
        for folder in own.values():
            os.makedirs(folder, 0o755)
        (self.root / "users").write_text(f"{user} = {LOGIN}\n")
        settings = {
            "interfaces": "127.0.0.1",
            "bind interfaces only": "yes",
            "workgroup": "WORKGROUP",
            "netbios name": "DATACODE",
            "server role": "standalone",
            "disable netbios": "yes",
            "passdb backend": f"tdbsam:{self.root}/passdb.tdb",
            "username map": str(self.root / "users"),
            "log level": "1",
            "load printers": "no",
            "printcap name": "/dev/null",
            "printing": "bsd",
            "disable spoolss": "yes",
            "usershare path": "",
            "server min protocol": "SMB2_02",
            "unix extensions": "no",
            "guest account": "nobody" if os.geteuid() == 0 else user,
            **own,
            **self._options,
        }
        lines = ["[global]", *(f"    {name} = {value}" for name, value in settings.items())]
        for name, folder, extra in (
            ("data", self.folder, "read only = no"),
            ("Отчеты за год", self.cyrillic_folder, "read only = no"),
            ("public", self.guest_folder, "guest ok = yes"),
            ("forbidden", self.folder, "valid users = nosuchuser"),
            ("readonly", self.folder, "read only = yes"),
        ):
            lines += [f"[{name}]", f"    path = {folder}", f"    {extra}"]
        self._config.write_text("\n".join(lines) + "\n", "utf-8")
        self._add_account(user, PASSWORD)
        self._add_account(DISABLED, PASSWORD)
        self._pdbedit("-r", "-c", "[D]", "-u", DISABLED)

    def set_password(self, password: str) -> None:
        """Give the account of ``LOGIN`` another password; connections stay as they are."""
        user = getpass.getuser()
        self._pdbedit("-x", "-u", user)
        self._add_account(user, password)

    def change_account(self, *arguments: str) -> None:
        """``pdbedit`` with more arguments, for the account of ``LOGIN``."""
        self._pdbedit("-r", *arguments, "-u", getpass.getuser())

    def set_policy(self, name: str, value: int) -> None:
        """A rule for all accounts, such as ``bad lockout attempt``."""
        self._pdbedit("-P", name, "-C", str(value))

    def _add_account(self, user: str, password: str) -> None:
        self._pdbedit("-t", "-a", "-u", user, input=f"{password}\n{password}\n".encode())

    def _pdbedit(self, *arguments: str, input: bytes = b"") -> None:
        """Edit the accounts; unlike ``smbpasswd`` it needs no root."""
        subprocess.run(
            ["pdbedit", "-s", str(self._config), *arguments],
            input=input,
            check=True,
            capture_output=True,
        )


def free_port() -> int:
    """A port on loopback that nobody uses at the moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """Wait until somebody listens there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"smbd ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("smbd does not listen")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
