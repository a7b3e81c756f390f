"""Shares: reading, listing, small files and changes, beside other clients in the same run.

    python -m benchmarks.bench_smb [MEBIBYTES]

Starts Samba servers of its own on loopback (``smbd`` and ``smbclient`` must be installed); takes
``smbprotocol`` into the comparison where it can be imported. Every figure is the median of some
runs, every ratio is ours to theirs.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from impacket.smbconnection import SMBConnection

from datacode.smb.client.pipelined_io import BytesSource
from datacode.smb.client.share import open_share
from datacode.smb.deadline import Deadline
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol.messages import AccessMask
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

RUNS = 5
SMALL = 200
NAMES = 3000


def median(
    work: Callable[[], object], runs: int = RUNS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds that ``work`` takes; with ``time.process_time``, those of this process."""
    times = []
    for _ in range(runs):
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times)


def deadline() -> Deadline:
    """Plenty."""
    return Deadline(300, 60)


def ours(server: Samba, path: str) -> Callable[[], object]:
    """Our fetch into an unlinked temporary file, on a connection that is open."""
    share = open_share(server.target(), "data", ConnectionPolicy(), deadline())

    def work() -> None:
        fetched = share.fetch(path, deadline())
        assert fetched.descriptor is not None
        os.close(fetched.descriptor)

    return work


def smbclient(server: Samba, path: str, protection: str) -> Callable[[], object]:
    """``smbclient get`` to a file, the program's start and login included.

    ``protection`` is ``encrypt``, ``sign`` as we do it, or ``off``, which we never do.
    """
    target = tempfile.mktemp()

    def work() -> None:
        subprocess.run(
            [
                *("smbclient", "//127.0.0.1/data", "-p", str(server.port)),
                *("-U", f"{LOGIN}%{PASSWORD}", "-c", f"get {path} {target}"),
                f"--client-protection={protection}",
            ],
            check=True,
            capture_output=True,
        )
        os.unlink(target)

    return work


def impacket(server: Samba) -> SMBConnection:
    """Impacket's own connection."""
    connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=server.port, timeout=60)
    connection.login(LOGIN, PASSWORD)
    return connection


def impacket_get(server: Samba, path: str) -> Callable[[], object]:
    """Impacket's ``getFile``."""
    connection = impacket(server)

    def work() -> None:
        with tempfile.TemporaryFile() as file:
            connection.getFile("data", path, file.write)

    return work


def smbprotocol_get(server: Samba, path: str, *, encrypt: bool) -> Callable[[], object] | None:
    """``smbclient.open_file`` of the package smbprotocol, if it is there."""
    with contextlib.suppress(ImportError):
        import smbclient as library  # type: ignore[import-not-found]

        library.register_session(
            "127.0.0.1", username=LOGIN, password=PASSWORD, port=server.port, encrypt=encrypt
        )

        def work() -> None:
            name = rf"\\127.0.0.1\data\{path}"
            with (
                tempfile.TemporaryFile() as out,
                library.open_file(
                    name, "rb", port=server.port, buffering=0, share_access="rwd"
                ) as file,
            ):
                while part := file.read(1 << 20):
                    out.write(part)

        return work
    return None


def report(title: str, figure: float, unit: str, others: dict[str, float], faster: bool) -> None:
    """One line: our figure, and the ratio to each of the others."""
    ratios = ", ".join(
        f"{name} {value:.4g} ({(figure / value if faster else value / figure):.2f}x)"
        for name, value in others.items()
    )
    print(f"{title:44} {figure:8.4g} {unit:6} {ratios}")


def reading(title: str, server: Samba, mebibytes: int, *, encrypt: bool, full: bool) -> None:
    """One big file."""
    file = server.folder / "big"
    block = random.Random(1).randbytes(1 << 20)
    with open(file, "wb") as out:
        for _ in range(mebibytes):
            out.write(block)
    alike = "encrypt" if encrypt else "sign"
    ways: dict[str, Callable[[], object] | None] = {
        "smbclient": smbclient(server, "big", alike),
        "smbprotocol": smbprotocol_get(server, "big", encrypt=encrypt),
    }
    if not encrypt:
        ways["smbclient unsigned"] = smbclient(server, "big", "off")
    if full:
        ways["impacket getFile"] = impacket_get(server, "big")
    megabytes = mebibytes * 1.048576
    figure = megabytes / median(ours(server, "big"))
    others = {
        name: megabytes / median(way, 1 if name.startswith("impacket") else 3)
        for name, way in ways.items()
        if way is not None
    }
    report(title, figure, "MB/s", others, faster=True)
    file.unlink()


def listing(server: Samba) -> None:
    """A folder of 3,000 names."""
    folder = server.folder / "many"
    folder.mkdir()
    for number in range(NAMES):
        (folder / f"Отчёт номер {number:05}.csv").touch()
    share = open_share(server.target(), "data", ConnectionPolicy(), deadline())
    connection = impacket(server)
    figure = median(lambda: share.list_folder("many", deadline()))
    other = median(lambda: connection.listPath("data", "many\\*"), 1)
    report(f"listing {NAMES} names", figure * 1000, "ms", {"impacket": other * 1000}, faster=False)


def small_files(server: Samba) -> None:
    """Many files of 4 KiB, one after the other."""
    for number in range(SMALL):
        (server.folder / f"small{number}").write_bytes(b"x" * 4096)
    share = open_share(server.target(), "data", ConnectionPolicy(), deadline())
    connection = impacket(server)

    def each_of_ours() -> None:
        for number in range(SMALL):
            fetched = share.fetch(f"small{number}", deadline())
            assert fetched.descriptor is not None
            os.close(fetched.descriptor)

    def each_of_theirs() -> None:
        for number in range(SMALL):
            connection.getFile("data", f"small{number}", lambda data: None)

    figure = median(each_of_ours) / SMALL
    other = median(each_of_theirs, 1) / SMALL
    report("a small file", figure * 1000, "ms", {"impacket": other * 1000}, faster=False)


def changing(server: Samba) -> None:
    """New files of 4 KiB, the same one over and over, folders that are made and removed.

    Impacket's ``putFile`` writes into the file itself; ours is never seen half written.
    """
    share = open_share(server.target(), "data", ConnectionPolicy(), deadline())
    connection = impacket(server)
    content = b"x" * 4096
    numbers = iter(range(10**9))

    def store(name: str) -> None:
        share.store(name, BytesSource(content), deadline(), token="bench")

    def put(name: str) -> None:
        connection.putFile("data", name, io.BytesIO(content).read)

    def folder() -> None:
        share.make_folder("folder", deadline())
        share.remove("folder", deadline())

    def their_folder() -> None:
        connection.createDirectory("data", "folder")
        connection.deleteDirectory("data", "folder")

    for name in ("one", "their one"):
        store(name)
    names, their_names = ["one", "other"], ["their one", "their other"]

    def rename() -> None:
        with share._working(names[0], deadline()):
            handle = share._tree.open((names[0],), AccessMask.TO_REPLACE)
            share._tree.rename(handle, (names[1],), replacing=False)
            share._tree.close(handle)
        names.reverse()

    def their_rename() -> None:
        connection.rename("data", *their_names)
        their_names.reverse()

    for title, ours_does, theirs_does in (
        (
            "store a file of 4 KiB",
            lambda: store(f"new{next(numbers)}"),
            lambda: put(f"new{next(numbers)}"),
        ),
        ("replace a file of 4 KiB", lambda: store("same"), lambda: put("same")),
        ("rename a file", rename, their_rename),
        ("make and remove a folder", folder, their_folder),
    ):
        for clock, added in ((time.perf_counter, ""), (time.process_time, ", processor")):
            figure = median(ours_does, SMALL, clock) * 1000
            other = median(theirs_does, SMALL, clock) * 1000
            report(title + added, figure, "ms", {"impacket": other}, faster=False)


def connecting(server: Samba) -> None:
    """Connect, log in, open the share, close."""

    def work() -> None:
        open_share(server.target(), "data", ConnectionPolicy(), deadline()).close(deadline())

    report("connect, log in, open, close", median(work, 20) * 1000, "ms", {}, faster=False)


def session(server: Samba, mebibytes: int) -> None:
    """The same file through a session's shares: threads, cache and all."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, gatherResults

    from datacode.smb.policy import ShareLimits, SharePolicy
    from datacode.smb.shares import SharePool, Shares

    for name in ("one", "two"):
        (server.folder / name).write_bytes(bytes(mebibytes << 20))
    megabytes = mebibytes * 1.048576

    async def read(shares: Shares, *names: str) -> float:
        """Seconds that it takes to read these side by side, the median of some runs."""
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            calls = [Deferred.fromCoroutine(shares.fetch("data", name)) for name in names]
            for descriptor in await gatherResults(calls):
                os.close(descriptor)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    async def measured() -> None:
        pool = SharePool(reactor, SharePolicy(limits=ShareLimits(cache_files=0)))
        pool.start()
        shares = pool.session()
        await shares.connect(server.target(), "data")
        alone = megabytes / await read(shares, "one")
        both = 2 * megabytes / await read(shares, "one", "two")
        report("through a session", alone, "MB/s", {}, faster=True)
        report("two files side by side", both, "MB/s", {"one": alone}, faster=True)
        await pool.stop()
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(measured()))
    reactor.run()


def main() -> None:
    """Run it all."""
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    plain = {"encrypt": "off"}
    reading("3.1.1 encrypted (AES-128-GCM)", samba(), mebibytes, encrypt=True, full=True)
    server = samba(server_smb3_encryption_algorithms="AES-128-CCM")
    reading("3.1.1 encrypted (AES-128-CCM)", server, mebibytes, encrypt=True, full=False)
    server = samba(dialect="3.0")
    reading("3.0 encrypted (AES-128-CCM)", server, mebibytes, encrypt=True, full=False)
    reading("3.1.1 signed (AES-128-GMAC)", samba(**plain), mebibytes, encrypt=False, full=False)
    server = samba(server_smb3_signing_algorithms="AES-128-CMAC", **plain)
    reading("3.1.1 signed (AES-128-CMAC)", server, mebibytes, encrypt=False, full=False)
    reading("2.1 signed (HMAC-SHA256)", samba(dialect="2.1"), mebibytes, encrypt=False, full=True)
    connecting(samba())
    listing(samba())
    small_files(samba())
    changing(samba())
    session(samba(), mebibytes)


if __name__ == "__main__":
    main()
