"""What an operator may set: every limit and every permission, with its default.

Source: server reference, 3.2, 4.4 and 6.4. Zero is no limit, wherever a limit is a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datacode.server.api.texts import Locale
from datacode.server.options.account_shares import NO_SHARES, AccountShares
from datacode.smb.account_share import AccountShare
from datacode.smb.hosts import ANY_HOST, HostPolicy
from datacode.smb.policy import Kerberos
from datacode.worker.engines import EngineSettings
from datacode.worker.limits import Limits

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of connections and sessions; those of a running program are in ``Limits``.

    Times are in seconds, sizes in bytes. ``request_bytes`` bounds what is decoded at once: every
    message but an upload, which ``message_bytes`` bounds. ``per_address`` does not count
    connections from this machine itself. ``queue`` is how many requests of one connection may
    wait; ``buffered`` bounds the memory of all that waits for clients, also for one connection
    and for one address (``net.memory_budget``). ``spooled`` bounds the copies of files of shares,
    of all sessions together. ``detached`` bounds sessions without a connection,
    ``detached_per_address`` those of one address or account; they are kept for ``keep_seconds``,
    a program of theirs runs on for ``detached_run_seconds``. ``kept_output`` is how much of its
    streamed output each session keeps for a client that comes back. ``state_bytes`` bounds what is
    kept on the disk of variables (``server.checkpoints``), for one session, for one account or
    address, and in all; after ``suspend_seconds`` without a request a session has no process.
    """

    message_bytes: int = 64 * MIB
    request_bytes: int = 8 * MIB
    connections: int = 1000
    per_address: int = 100
    queue: int = 16
    buffered: int = 1024 * MIB
    buffered_per_address: int = 512 * MIB
    buffered_per_connection: int = 128 * MIB
    shares: int = 8
    spooled: int = 32768 * MIB
    upload_bytes: int = 256 * MIB
    upload_files: int = 10_000
    state_bytes: int = 1024 * MIB
    state_bytes_per_address: int = 4096 * MIB
    state_bytes_in_all: int = 16_384 * MIB
    idle_seconds: float = 86_400.0
    suspend_seconds: float = 600.0
    handshake_seconds: float = 10.0
    auth_seconds: float = 10.0
    ping_seconds: float = 30.0
    drain_seconds: float = 2.0
    detached: int = 200
    detached_per_address: int = 50
    keep_seconds: float = 86_400.0
    detached_run_seconds: float = 3600.0
    kept_output: int = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one server runs.

    ``listen`` are endpoint descriptions (``ssl:8443:privateKey=…``); without any, ``host`` and
    ``port`` say where; with ``reuse_port`` other servers may listen there too. ``files`` are the
    folders that programs may read besides ``start``, the folder the server was started in; None
    is every file. ``checkers`` are those of ``twisted.cred``. ``proxies`` is how many proxies in
    front of the server are trusted to say in ``X-Forwarded-For`` whose connection it is.
    ``own_files`` and ``own_folders`` are the server's own, which no program may read.
    ``state`` is the folder for what is kept from start to start, None for nothing; with
    ``keeps_sessions`` sessions that were attached are. ``path_prefix``
    begins the paths of requests that a proxy passes on, ``/datacode``.
    ``smb_spool`` is where copies of files of shares lie, None for the system's temporary folder.
    ``large_tables`` says where tables go that do not fit in memory, None for nowhere.
    ``account_shares`` are the shares that accounts have without ``smb_connect``.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    listen: tuple[str, ...] = ()
    reuse_port: bool = False
    locale: Locale = "ru"
    start: Path = field(default_factory=Path.cwd)
    files: tuple[Path, ...] | None = ()
    use_ve: bool = False
    session_dir: Path | None = None
    token: str | None = field(default=None, repr=False)
    checkers: tuple[Any, ...] = field(default=(), repr=False)
    origins: tuple[str, ...] = ()
    strict_origin: bool = False
    allow_null_origin: bool = False
    allow_hosts: tuple[str, ...] = ()
    path_prefix: str = ""
    metrics_token: str | None = field(default=None, repr=False)
    state: Path | None = None
    keeps_sessions: bool = False
    proxies: int = 0
    compress: bool = False
    smb_hosts: HostPolicy = ANY_HOST
    smb_write: bool = False
    smb_kerberos: Kerberos = field(default_factory=Kerberos)
    smb_require_signing: bool = False
    smb_spool: Path | None = None
    account_shares: AccountShares = NO_SHARES
    large_tables: EngineSettings | None = None
    sandbox: bool = True
    limits: Limits = field(default_factory=Limits)
    bounds: Bounds = Bounds()
    audit: Path | None = None
    own_files: tuple[Path, ...] = ()
    own_folders: tuple[Path, ...] = ()
    log_format: str = "text"

    @property
    def pairing_file(self) -> Path | None:
        """Where the pairing code is kept; None for nowhere."""
        return None if self.state is None else self.state / "pairing-code"

    @property
    def pairs(self) -> bool:
        """Whether a page opened from disk has to show the pairing code."""
        return not (self.guarded or self.strict_origin or self.allow_null_origin)

    def shares_of(self, account: str | None) -> list[AccountShare]:
        """The shares of an account; of a client that has shown none yet, none."""
        return [] if account is None and self.guarded else self.account_shares.of(account)

    @property
    def guarded(self) -> bool:
        """Whether a client must show who it is."""
        return self.token is not None or bool(self.checkers)
