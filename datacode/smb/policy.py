"""The operator's rules: which file servers, how to log in, how long, how much. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datacode.smb.hosts import ANY_HOST, HostPolicy
from datacode.smb.protocol.crypto import Cipher, Signing
from datacode.smb.protocol.messages import Dialect
from datacode.smb.refused_logins import RefusedLogins
from datacode.smb.target import Target


@dataclass(frozen=True, slots=True)
class Offer:
    """What we are ready to speak; the defaults are all that we can."""

    dialects: tuple[int, ...] = Dialect.ALL
    ciphers: tuple[int, ...] = Cipher.ALL
    signing: tuple[int, ...] = Signing.OFFERED


@dataclass(frozen=True, slots=True)
class Kerberos:
    """Accounts that log in with tickets, as the operator has set them up.

    ``files`` maps ``user@REALM`` to a credential cache or keytab: whoever names that account and
    gives no password logs in with it. ``kdcs`` maps ``REALM`` to the host of its key
    distribution centre: accounts of that realm log in by Kerberos even with a password.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    kdcs: Mapping[str, str] = field(default_factory=dict)

    def file_for(self, target: Target) -> str | None:
        """The operator's tickets for the account, if there are any."""
        wanted = f"{target.login}@{target.domain}".casefold()
        return next((v for k, v in self.files.items() if k.casefold() == wanted), None)

    def kdc_for(self, target: Target) -> str | None:
        """Who gives tickets for the account's realm, if it is known."""
        wanted = target.domain.casefold()
        return next((v for k, v in self.kdcs.items() if k.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class ConnectionPolicy:
    """Whom clients may reach, and how.

    ``require_signing`` refuses guests: they have no key, so what they read cannot be checked.
    ``refused`` are the log-ins of a session that are not tried again.
    """

    hosts: HostPolicy = ANY_HOST
    kerberos: Kerberos = field(default_factory=Kerberos)
    require_signing: bool = False
    offer: Offer = field(default_factory=Offer)
    refused: RefusedLogins = field(default_factory=RefusedLogins)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that calls may take; ``stall`` is the longest wait in which not a byte arrives.

    Where no socket's time limit reaches, as in waiting for a name server, ``goodbye`` is added:
    so connecting takes less than the ten seconds of the server reference, 8.1.
    """

    connect: float = 9.0
    call: float = 60.0
    transfer: float = 600.0
    stall: float = 20.0
    goodbye: float = 0.8


@dataclass(frozen=True, slots=True)
class ThreadLimits:
    """How many threads there are, and how many of them one session has at most at the same time.

    All sessions from one address have ``address`` of them, which leaves some for everybody else.
    """

    total: int
    session: int
    address: int


@dataclass(frozen=True, slots=True)
class ShareLimits:
    """Bounds of one session, sizes in bytes, and the threads of the whole server.

    ``connections`` is how many one share may have, ``shares`` how many shares one session.
    ``spool_size`` bounds the copies of files of all sessions together, ``spool_spare`` is what they
    leave free on the disk. ``connecting`` are threads in which connections are opened: hosts that
    are silent hold those,
    and not the ``threads`` in which files are read.
    """

    shares: int = 8
    connections: int = 4
    file_size: int | None = 4 << 30
    cache_size: int = 256 << 20
    cache_files: int = 64
    spool_size: int = 32 << 30
    spool_spare: int = 256 << 20
    threads: ThreadLimits = ThreadLimits(128, 8, 96)
    connecting: ThreadLimits = ThreadLimits(64, 4, 48)


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """What the operator has decided about shares.

    ``writes`` allows programs to change files on shares; ``spool_folder`` is where the unlinked
    copies of fetched files lie, by default the system's temporary folder.
    """

    connection: ConnectionPolicy = field(default_factory=ConnectionPolicy)
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: ShareLimits = field(default_factory=ShareLimits)
    writes: bool = False
    spool_folder: str | None = None
