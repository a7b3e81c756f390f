"""A session's shares, asynchronous, against a real server."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase

from datacode.runtime.files import Entry, FilesError
from datacode.smb import connected_share
from datacode.smb.errors import ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import ConnectionPolicy, ShareLimits, SharePolicy, ThreadLimits, Timeouts
from datacode.smb.shares import SharePool, Shares
from datacode.smb.target import Target
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import PASSWORD, Samba, samba


class SharesTestCase(TestCase):
    """Has a pool, a server and a folder on its share ``data``."""

    timeout = 300
    rules = SharePolicy(writes=True, timeouts=Timeouts(connect=50, stall=50))

    def setUp(self) -> None:
        self.server: Samba = samba()
        self.folder = self.server.folder / f"{type(self).__name__}-{self._testMethodName}"
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.pool = self.started(self.rules)
        self.shares = self.pool.session()

    def started(self, policy: SharePolicy) -> SharePool:
        """A pool that runs until the end of the test."""
        pool = SharePool(reactor, policy)
        pool.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(pool.stop()))
        return pool

    def proxied(self) -> tuple[FaultProxy, Target]:
        """A proxy before the server, and what to connect to."""
        proxy = FaultProxy(self.server.port)
        self.addCleanup(proxy.close)
        return proxy, self.server.target(port=proxy.port)

    def path(self, name: str) -> str:
        """The path on the share of a name in the test's folder."""
        return f"{self.folder.name}/{name}"

    async def read(self, name: str, shares: Shares | None = None, share: str = "data") -> bytes:
        """The bytes of a file in the test's folder."""
        with open(await (shares or self.shares).fetch(share, self.path(name)), "rb") as file:
            return file.read()

    async def refused(self, text: str, call: Coroutine[Any, Any, object]) -> ShareError:
        """Assert that a call fails with exactly this sentence."""
        error = await self.assertFailure(Deferred.fromCoroutine(call), ShareError)
        self.assertEqual(str(error), text)
        return error


class ConnectingTests(SharesTestCase):
    """Connecting and disconnecting."""

    async def test_connects(self) -> None:
        """A share that is connected is listed by the client's spelling, and found by any."""
        await self.shares.connect(self.server.target(), "DATA")
        self.assertEqual(self.shares.names(), ["DATA"])
        self.assertEqual(await self.shares.kind("data", ""), "folder")

    async def test_twice(self) -> None:
        """The same name in any case is refused, also while the first still connects."""
        first = Deferred.fromCoroutine(self.shares.connect(self.server.target(), "data"))
        text = "SMB share 'Data' уже подключена"
        await self.refused(text, self.shares.connect(self.server.target(), "Data"))
        await first
        await self.refused(text, self.shares.connect(self.server.target(), "Data"))

    async def test_an_alias(self) -> None:
        """With it two shares of one name can be used side by side."""
        await self.shares.connect(self.server.target(), "data")
        await self.shares.connect(self.server.target(), "data", alias="other")
        (self.folder / "a").write_text("x")
        self.assertEqual(await self.read("a", share="other"), b"x")

    async def test_several_shares(self) -> None:
        """Each has its own files."""
        await self.shares.connect(self.server.target(), "data")
        await self.shares.connect(self.server.target(), "Отчеты за год")
        (self.server.cyrillic_folder / "июнь.csv").write_text("1")
        (entry,) = await self.shares.list_folder("Отчеты за год", "")
        self.assertEqual(entry.name, "июнь.csv")

    async def test_failures(self) -> None:
        """Carry the prefix of connecting, and leave nothing connected."""
        for target, share, text in (
            (self.server.target(password="x"), "data", "неверное имя пользователя или пароль"),
            (self.server.target(), "Нет", "общая папка 'Нет' не найдена"),
            (self.server.target(), "forbidden", "доступ запрещён"),
            (self.server.target(), "", "общая папка '' не найдена"),
            (Target.parse("127.0.0.1:1", "a", "b", ""), "data", "сервер 127.0.0.1:1 недоступен"),
        ):
            await self.refused(
                f"Ошибка подключения к SMB: {text}", self.shares.connect(target, share)
            )
        self.assertEqual(self.shares.names(), [])
        await self.shares.connect(self.server.target(), "data")

    def silent(self) -> str:
        """The address of a host that accepts connections and says nothing."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return f"127.0.0.1:{listener.getsockname()[1]}"

    async def test_a_silent_host(self) -> None:
        """Is given up in time."""
        address = self.silent()
        pool = self.started(replace(self.rules, timeouts=Timeouts(connect=0.3)))
        await self.refused(
            f"Ошибка подключения к SMB: сервер {address} не отвечает",
            pool.session().connect(Target.parse(address, "a", "b", ""), "data"),
        )

    async def test_a_silent_host_holds_up_nobody(self) -> None:
        """Meanwhile others connect, from other sessions and from the same."""
        silent = Deferred.fromCoroutine(
            self.shares.connect(Target.parse(self.silent(), "a", "b", ""), "silent")
        )
        await self.shares.connect(self.server.target(), "data")
        await self.pool.session().connect(self.server.target(), "data")
        silent.cancel()
        await self.assertFailure(silent, CancelledError)

    async def test_hosts_that_turn_us_away(self) -> None:
        """What refuses this computer, and what tells strangers nothing, is no broken server."""
        denying = samba(hosts_deny="127.0.0.1")
        await self.refused(
            f"Ошибка подключения к SMB: сервер {denying.address} не принимает подключения от"
            " сервера DataCode",
            self.shares.connect(denying.target(), "data"),
        )
        closed = samba(restrict_anonymous="2")
        await self.refused(
            f"Ошибка получения списка общих папок: сервер {closed.address}"
            " не показывает список общих папок без входа",
            self.shares.share_names(closed.target("", "")),
        )

    async def test_silent_hosts_keep_no_thread_from_reading(self) -> None:
        """Many that connect to nobody, from one address: whoever is connected reads on."""
        few = ShareLimits(threads=ThreadLimits(2, 2, 2), connecting=ThreadLimits(3, 2, 2))
        pool = self.started(replace(self.rules, limits=few))
        reader = pool.session("a")
        await reader.connect(self.server.target(), "data")
        (self.folder / "f").write_bytes(b"read")
        hosts = [self.silent() for _ in range(4)]
        waiting = [
            Deferred.fromCoroutine(
                pool.session("a").connect(Target.parse(host, "a", "b", ""), "data")
            )
            for host in hosts
        ]
        self.assertEqual(await self.read("f", reader), b"read")
        for each in waiting:
            each.cancel()
            await self.assertFailure(each, CancelledError)

    async def assertReadsOn(self, pool: SharePool, *calls: Coroutine[Any, Any, object]) -> None:
        """Assert that somebody else reads while calls wait for silent hosts; then end those."""
        (self.folder / "f").write_bytes(b"read")
        reader = pool.session("b")
        await reader.connect(self.server.target(), "data")
        waiting = [Deferred.fromCoroutine(call) for call in calls]
        while len(pool.connecting._threads.working) < 2 or pool.working._threads.working:
            await pause(0.01)
        for _ in range(3):
            self.assertEqual(await self.read("f", reader), b"read")
        for each in waiting:
            self.assertFalse(each.called)
            each.cancel()
            await self.assertFailure(each, CancelledError)

    async def test_a_second_attempt_keeps_no_thread_from_reading(self) -> None:
        """Servers that have fallen silent are waited for where nobody reads."""
        few = ShareLimits(threads=ThreadLimits(2, 2, 2), connecting=ThreadLimits(3, 2, 2))
        pool = self.started(replace(self.rules, limits=few))
        calls = []
        for _ in range(3):
            proxy, target = self.proxied()
            session = pool.session("a")
            await session.connect(target, "data")
            proxy.every(Fault("stall", 0))
            proxy.drop_all()
            calls.append(session.kind("data", "a.txt"))
        await self.assertReadsOn(pool, *calls)

    async def test_a_link_keeps_no_thread_from_reading(self) -> None:
        """Nor does one (DFS) that leads to a silent server."""
        root = samba(host_msdfs="yes", msdfs_root="yes")
        few = ShareLimits(threads=ThreadLimits(2, 2, 2), connecting=ThreadLimits(3, 2, 2))
        hosts = [self.silent() for _ in range(3)]
        listed = ConnectionPolicy(HostPolicy([root.address, self.server.address, *hosts]))
        pool = self.started(replace(self.rules, limits=few, connection=listed))
        calls = []
        for number, host in enumerate(hosts):
            link = root.folder / f"silent-{number}"
            link.symlink_to(f"msdfs:{host}\\data")
            self.addCleanup(link.unlink)
            session = pool.session("a")
            await session.connect(root.target(), "data")
            calls.append(session.list_folder("data", link.name))
        await self.assertReadsOn(pool, *calls)

    async def test_links_are_followed(self) -> None:
        """Reading, searching and writing behind one, over connections that were opened for it."""
        root = samba(host_msdfs="yes", msdfs_root="yes")
        listed = ConnectionPolicy(HostPolicy([root.address, self.server.address]))
        pool = self.started(replace(self.rules, connection=listed))
        link = root.folder / "elsewhere"
        link.symlink_to(f"msdfs:{self.server.address}\\data\\{self.folder.name}")
        self.addCleanup(link.unlink)
        (self.folder / "a.txt").write_text("there")
        shares = pool.session()
        await shares.connect(root.target(), "data")
        with open(await shares.fetch("data", "elsewhere/a.txt"), "rb") as file:
            self.assertEqual(file.read(), b"there")
        await shares.write("data", "elsewhere/b.txt", b"new")
        self.assertEqual((self.folder / "b.txt").read_bytes(), b"new")
        self.assertEqual(
            await shares.match("data", "else*/*.txt"),
            ["lib://data/elsewhere/a.txt", "lib://data/elsewhere/b.txt"],
        )

    async def test_a_host_that_is_not_allowed(self) -> None:
        """The operator's list holds for every session."""
        pool = self.started(SharePolicy(connection=ConnectionPolicy(HostPolicy(["fs1"]))))
        await self.refused(
            f"Ошибка подключения к SMB: сервер {self.server.address} не разрешён администратором",
            pool.session().connect(self.server.target(), "data"),
        )

    async def test_a_refused_password_is_not_sent_again(self) -> None:
        """A share whose password is no longer right says so; one log-in, and no locked account."""
        server = samba(comment="password change")
        server.set_policy("bad lockout attempt", 3)
        (server.folder / "f").write_bytes(b"x")
        await self.shares.connect(server.target(), "data")
        server.set_password("new")
        server.kill()
        server.start()
        text = "Ошибка чтения файла: неверное имя пользователя или пароль"
        calls = [Deferred.fromCoroutine(self.shares.fetch("data", "f")) for _ in range(4)]
        for call in calls:
            error = await self.assertFailure(call, ShareError)
            self.assertEqual(str(error), text)
        for _ in range(6):
            await self.refused(text, self.shares.fetch("data", "f"))
        self.assertEqual(self.shares.names(), ["data"])
        await self.refused(
            "Ошибка подключения к SMB: неверное имя пользователя или пароль",
            self.shares.connect(server.target(password="wrong"), "data"),
        )
        await self.refused(text, self.shares.fetch("data", "f"))
        await self.shares.connect(server.target(password="new"), "data")
        os.close(await self.shares.fetch("data", "f"))
        await self.refused(
            "SMB share 'data' уже подключена",
            self.shares.connect(server.target(password="new"), "data"),
        )

    async def test_why_an_account_is_not_let_in(self) -> None:
        """What the server tells apart, we tell apart."""
        server = samba(comment="accounts")
        for change, back, reason in (
            (("-K", "1"), ("-K", "never"), "срок действия учётной записи истёк"),
            (("-c", "[D]"), ("-c", "[]"), "учётная запись отключена"),
        ):
            server.change_account(*change)
            await self.refused(
                f"Ошибка подключения к SMB: {reason}", self.shares.connect(server.target(), "data")
            )
            server.change_account(*back)
        server.set_policy("bad lockout attempt", 1)
        for reason in ("неверное имя пользователя или пароль", "учётная запись заблокирована"):
            await self.refused(
                f"Ошибка подключения к SMB: {reason}",
                self.shares.connect(server.target(password="wrong"), "data"),
            )

    async def test_too_many(self) -> None:
        """A session has so many shares and no more."""
        pool = self.started(SharePolicy(limits=ShareLimits(shares=2)))
        shares = pool.session()
        await shares.connect(self.server.target(), "data", alias="1")
        await shares.connect(self.server.target(), "data", alias="2")
        await self.refused(
            "Ошибка подключения к SMB: подключено слишком много общих папок (предел 2)",
            shares.connect(self.server.target(), "data", alias="3"),
        )

    async def test_not_connected(self) -> None:
        """Every call says so, without a prefix."""
        text = "SMB share 'nope' не подключена"
        for call in (
            self.shares.list_folder("nope", ""),
            self.shares.match("nope", "*"),
            self.shares.fetch("nope", "a"),
            self.shares.kind("nope", "a"),
            self.shares.stat("nope", "a"),
            self.shares.write("nope", "a", b""),
            self.shares.make_folder("nope", "a"),
            self.shares.delete("nope", "a"),
            self.shares.disconnect("nope"),
        ):
            await self.refused(text, call)
        await self.refused("SMB share '' не подключена", self.shares.fetch("", "a"))

    async def test_disconnecting(self) -> None:
        """Closes the connections; the name is free again."""
        proxy, target = self.proxied()
        await self.shares.connect(target, "data")
        await self.shares.disconnect("DATA")
        self.assertEqual(self.shares.names(), [])
        await self.refused("SMB share 'data' не подключена", self.shares.kind("data", ""))
        await self.shares.connect(target, "data")
        self.assertEqual(proxy.connections, 2)

    async def test_sessions_do_not_see_each_other(self) -> None:
        """What one has connected, another has not."""
        await self.shares.connect(self.server.target(), "data")
        await self.refused("SMB share 'data' не подключена", self.pool.session().kind("data", ""))

    async def test_shares_of_a_host(self) -> None:
        """By name, with what they are."""
        found = {share.name: share for share in await self.shares.share_names(self.server.target())}
        self.assertEqual(found["data"].kind, "disk")
        self.assertFalse(found["data"].hidden)
        self.assertIn("Отчеты за год", found)
        self.assertEqual((found["IPC$"].kind, found["IPC$"].hidden), ("pipe", True))
        await self.refused(
            "Ошибка получения списка общих папок: неверное имя пользователя или пароль",
            self.shares.share_names(self.server.target(password="x")),
        )


class ReadingTests(SharesTestCase):
    """Listing and reading."""

    def setUp(self) -> Deferred[None]:  # type: ignore[override]
        super().setUp()
        return Deferred.fromCoroutine(self.shares.connect(self.server.target(), "data"))

    async def test_lists(self) -> None:
        """Entries with their sizes and times."""
        (self.folder / "Б.txt").write_text("12345")
        os.utime(self.folder / "Б.txt", (1, 1_500_000_000))
        (self.folder / "а").mkdir()
        found = await self.shares.list_folder("data", self.folder.name)
        self.assertEqual([entry.name for entry in found], ["а", "Б.txt"])
        self.assertEqual(found[1], Entry("Б.txt", False, 5, 1_500_000_000.0))

    async def test_lists_are_never_stale(self) -> None:
        """A file made a moment ago is there."""
        for number in range(5):
            (self.folder / f"{number}").touch()
            found = await self.shares.list_folder("data", self.folder.name)
            self.assertEqual(len(found), number + 1)

    async def test_matches(self) -> None:
        """Patterns give whole paths with the share as it was written."""
        (self.folder / "a.csv").touch()
        (self.folder / "b.txt").touch()
        self.assertEqual(
            await self.shares.match("Data", self.path("*.CSV")),
            [f"lib://Data/{self.path('a.csv')}"],
        )
        error = await self.assertFailure(
            Deferred.fromCoroutine(self.shares.match("data", "[a")), FilesError
        )
        self.assertIn("invalid range pattern", str(error))

    async def test_failures(self) -> None:
        """Carry the prefix of what was tried."""
        folder = self.folder.name
        (self.folder / "a").touch()
        (self.folder / "b").write_text("123")
        for text, call in (
            ("Ошибка чтения файла: 'no.txt' не найден", self.shares.fetch("data", "no.txt")),
            (f"Ошибка чтения файла: '{folder}' является папкой", self.shares.fetch("data", folder)),
            ("Ошибка чтения файла: '' является папкой", self.shares.fetch("data", "")),
            (
                "Ошибка получения списка файлов: 'no' не найден",
                self.shares.list_folder("data", "no"),
            ),
            (
                f"Ошибка получения списка файлов: '{folder}/a' не является папкой",
                self.shares.list_folder("data", f"{folder}/a"),
            ),
            ("Некорректный путь", self.shares.list_folder("data", "a/../b")),
            ("Некорректный путь", self.shares.fetch("data", "../b")),
            ("Ошибка чтения файла: некорректное имя 'a:b'", self.shares.fetch("data", "a:b")),
            (
                f"Ошибка чтения файла: файл '{folder}/b' слишком велик (3 байта, предел 2 байта)",
                self.shares.fetch("data", f"{folder}/b", limit=2),
            ),
        ):
            await self.refused(text, call)

    async def test_english(self) -> None:
        """A reader of English gets the same failure from the catalogue, names untouched."""
        call = Deferred.fromCoroutine(self.shares.fetch("data", "нет.txt"))
        error = await self.assertFailure(call, ShareError)
        self.assertEqual(error.render("ru"), "Ошибка чтения файла: 'нет.txt' не найден")
        self.assertIn("'нет.txt'", error.render("en"))

    async def test_what_is_there(self) -> None:
        """Kind, size and time."""
        (self.folder / "a.txt").write_text("12")
        self.assertEqual(await self.shares.kind("data", self.path("a.txt")), "file")
        self.assertEqual(await self.shares.kind("data", self.path("b.txt")), None)
        self.assertEqual(await self.shares.kind("data", self.folder.name), "folder")
        entry = await self.shares.stat("data", self.path("a.txt"))
        assert entry is not None
        self.assertEqual((entry.name, entry.size), ("a.txt", 2))

    async def test_descriptors_are_independent(self) -> None:
        """Each fetch of one file gives a descriptor with a position of its own, at the start."""
        (self.folder / "a").write_bytes(b"12345")
        first = await self.shares.fetch("data", self.path("a"))
        self.assertEqual(os.read(first, 2), b"12")
        second = await self.shares.fetch("data", self.path("a"))
        self.assertEqual(os.read(second, 9), b"12345")
        self.assertEqual(os.read(first, 9), b"345")
        os.close(first)
        os.close(second)

    async def test_side_by_side(self) -> None:
        """Many files at once, over several connections, each with its own bytes."""
        contents = {f"{i}": random.Random(i).randbytes(200_000) for i in range(30)}
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        calls = [Deferred.fromCoroutine(self.read(name)) for name in contents]
        self.assertEqual(await gatherResults(calls), list(contents.values()))

    async def test_two_reads_do_not_wait_for_each_other(self) -> None:
        """A file that does not come holds up no other of the same share."""
        proxy, target = self.proxied()
        (self.folder / "a").write_bytes(b"x" * 100_000)
        await self.shares.connect(target, "data", alias="slow")
        proxy.every(Fault("stall", 50_000))
        calls = [Deferred.fromCoroutine(self.read("a", share="slow")) for _ in range(2)]
        proxy.every(Fault("none"))
        self.assertEqual(await calls[0], b"x" * 100_000)
        calls[1].cancel()
        await self.assertFailure(calls[1], CancelledError)

    async def test_progress(self) -> None:
        """Is told in the reactor's thread, and always to the end."""
        (self.folder / "a").write_bytes(bytes(5 << 20))
        told: list[tuple[int, int]] = []
        ident: set[int] = set()

        def progress(done: int, total: int) -> None:
            told.append((done, total))
            ident.add(threading.get_ident())

        os.close(await self.shares.fetch("data", self.path("a"), progress=progress))
        self.assertEqual(told[-1], (5 << 20, 5 << 20))
        self.assertEqual(ident, {threading.get_ident()})


class CacheTests(SharesTestCase):
    """A file that was read before is not moved again."""

    async def connected(self, **limits: int) -> tuple[FaultProxy, Shares]:
        """A session behind a proxy that counts."""
        proxy, target = self.proxied()
        shares = self.started(replace(self.rules, limits=ShareLimits(**limits))).session()
        await shares.connect(target, "data")
        return proxy, shares

    async def moved(self, proxy: FaultProxy, shares: Shares, name: str) -> tuple[int, bytes]:
        """Bytes that came from the server for a read, and the file's bytes."""
        before = proxy.received
        content = await self.read(name, shares)
        return proxy.received - before, content

    async def test_twice(self) -> None:
        """The second time the server is only asked whether it is still the same."""
        proxy, shares = await self.connected()
        (self.folder / "a").write_bytes(b"x" * 500_000)
        self.assertGreater((await self.moved(proxy, shares, "a"))[0], 500_000)
        moved, content = await self.moved(proxy, shares, "a")
        self.assertLess(moved, 2000)
        self.assertEqual(content, b"x" * 500_000)

    async def test_changes_are_seen_at_once(self) -> None:
        """Other bytes, the same size, the same write time: the change time gives it away."""
        _, shares = await self.connected()
        file = self.folder / "a"
        file.write_bytes(b"one")
        os.utime(file, (1, 1_600_000_000))
        self.assertEqual(await self.read("a", shares), b"one")
        file.write_bytes(b"two")
        os.utime(file, (1, 1_600_000_000))
        self.assertEqual(await self.read("a", shares), b"two")

    async def test_bounded_by_size(self) -> None:
        """What does not fit is read again."""
        proxy, shares = await self.connected(cache_size=250_000)
        for name in ("a", "b", "c"):
            (self.folder / name).write_bytes(b"x" * 100_000)
        for name in ("a", "b", "c"):
            await self.read(name, shares)
        self.assertLess((await self.moved(proxy, shares, "c"))[0], 2000)
        self.assertGreater((await self.moved(proxy, shares, "a"))[0], 100_000)

    async def test_bounded_by_number(self) -> None:
        """The one that was read longest ago goes first."""
        proxy, shares = await self.connected(cache_files=2)
        for name in ("a", "b"):
            (self.folder / name).write_bytes(b"x" * 100_000)
            await self.read(name, shares)
        await self.read("a", shares)
        (self.folder / "c").write_bytes(b"x" * 100_000)
        await self.read("c", shares)
        self.assertLess((await self.moved(proxy, shares, "a"))[0], 2000)
        self.assertGreater((await self.moved(proxy, shares, "b"))[0], 100_000)

    async def test_nothing_stays_open(self) -> None:
        """When the session ends, so do its descriptors."""
        before = set(os.listdir("/proc/self/fd"))
        _, shares = await self.connected()
        for name in ("a", "b"):
            (self.folder / name).write_bytes(b"x")
            await self.read(name, shares)
        await shares.close()
        left = set(os.listdir("/proc/self/fd")) - before
        files = [
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in left
            if Path(f"/proc/self/fd/{fd}").is_symlink()
        ]
        self.assertEqual([name for name in files if "datacode-" in name], [])


class WritingTests(SharesTestCase):
    """Changing files on a share."""

    def setUp(self) -> Deferred[None]:  # type: ignore[override]
        super().setUp()
        return Deferred.fromCoroutine(self.shares.connect(self.server.target(), "data"))

    async def test_writes(self) -> None:
        """Bytes, or a local file; what was written is what is read."""
        await self.shares.write("data", self.path("a.txt"), "текст".encode())
        self.assertEqual((self.folder / "a.txt").read_text(), "текст")
        with open(self.folder / "a.txt", "rb") as file:
            await self.shares.write("data", self.path("b.txt"), file.fileno())
        self.assertEqual(await self.read("b.txt"), "текст".encode())
        await self.shares.write("data", self.path("b.txt"), b"new")
        self.assertEqual(await self.read("b.txt"), b"new")

    async def test_readers_never_see_half_a_file(self) -> None:
        """While one is replaced over and over, each read is one of its states."""
        states = [bytes([n]) * 300_000 for n in range(5)]
        await self.shares.write("data", self.path("a"), states[0])
        writes = Deferred.fromCoroutine(self.rewrite(states))
        seen: set[bytes] = set()
        while not writes.called:
            seen.add(await self.read("a"))
        await writes
        self.assertTrue(seen <= set(states))

    async def rewrite(self, states: list[bytes]) -> None:
        """Write each of the states."""
        for state in states:
            await self.shares.write("data", self.path("a"), state)

    async def test_folders_files_names(self) -> None:
        """Make, write, delete."""
        await self.shares.make_folder("data", self.path("x/y"))
        await self.shares.write("data", self.path("x/b"), b"1")
        self.assertEqual((self.folder / "x" / "b").read_bytes(), b"1")
        await self.shares.delete("data", self.path("x/b"))
        await self.shares.delete("data", self.path("x/y"))
        self.assertEqual(os.listdir(self.folder / "x"), [])
        path = self.path("x/b")
        await self.refused(f"Ошибка удаления: '{path}' не найден", self.shares.delete("data", path))

    async def test_only_where_the_operator_allows(self) -> None:
        """By default nothing on a share can be changed."""
        shares = self.started(SharePolicy()).session()
        await shares.connect(self.server.target(), "data")
        text = "запись в общие папки не разрешена администратором"
        for prefix, call in (
            ("Ошибка записи файла: ", shares.write("data", "a", b"")),
            ("Ошибка создания папки: ", shares.make_folder("data", "a")),
            ("Ошибка удаления: ", shares.delete("data", "a")),
        ):
            await self.refused(prefix + text, call)

    async def test_a_write_that_is_broken_off(self) -> None:
        """Leaves the file as it was, and none beside it, whoever ended it."""
        proxy, target = self.proxied()
        await self.shares.connect(target, "data", alias="slow")
        await self.shares.write("slow", self.path("a"), b"old")
        for end in ("cancel", "disconnect"):
            proxy.drop_all()
            proxy.fault(Fault("stall", 2200))  # behind the login, in the middle of the write
            writing = Deferred.fromCoroutine(
                self.shares.write("slow", self.path("a"), bytes(30_000_000))
            )
            while not (left := set(os.listdir(self.folder)) - {"a"}):
                await pause(0.01)
            self.assertRegex(left.pop(), r"^\.~.*\.tmp$")
            if end == "cancel":
                writing.cancel()
            else:
                await self.shares.disconnect("slow")
            await self.assertFailure(writing, CancelledError)
            while os.listdir(self.folder) != ["a"]:
                await pause(0.01)
            self.assertEqual((self.folder / "a").read_bytes(), b"old")

    async def test_a_write_into_a_file_that_is_broken_off(self) -> None:
        """Says that the file may be incomplete; one that succeeds in the end says nothing."""
        file = self.folder / "a"
        file.write_bytes(b"old" * 100)
        file.chmod(0o666)
        os.chown(file, 12345, 12345)  # so that it can only be written itself
        proxy, target = self.proxied()
        proxy.fault(Fault("cut", 5000))  # behind the login, in the middle of the write
        await self.shares.connect(target, "data", alias="cut")
        await self.shares.write("cut", self.path("a"), b"x" * 30_000_000)
        self.assertEqual(file.stat().st_size, 30_000_000)
        self.assertEqual(proxy.connections, 2)
        proxy.drop_all()
        proxy.every(Fault("cut", 5000))
        writing = self.shares.write("cut", self.path("a"), b"y" * 20_000_000)
        error = await self.assertFailure(Deferred.fromCoroutine(writing), ShareError)
        self.assertRegex(
            str(error),
            rf"^Ошибка записи файла: .*; файл '{self.path('a')}' теперь может быть неполным$",
        )
        self.assertIn(" may be incomplete now", error.render("en"))

    async def test_a_write_survives_a_cut(self) -> None:
        """It is done again on a new connection, and no other file stays behind."""
        proxy, target = self.proxied()
        proxy.fault(Fault("cut", 3000))  # behind the login, in the middle of the second write
        await self.shares.connect(target, "data", alias="cut")
        await self.shares.write("cut", self.path("a"), b"x")
        self.assertEqual(proxy.connections, 1)
        content = b"y" * 30_000_000
        await self.shares.write("cut", self.path("a"), content)
        self.assertEqual(proxy.connections, 2)
        self.assertTrue((self.folder / "a").read_bytes() == content)
        self.assertEqual(os.listdir(self.folder), ["a"])


class EndingTests(SharesTestCase):
    """Cancelling, closing, stopping."""

    async def test_cancel(self) -> None:
        """Ends a read at once; the next one has a new connection."""
        proxy, target = self.proxied()
        (self.folder / "a").write_bytes(b"x" * 500_000)
        await self.shares.connect(target, "data")
        proxy.drop_all()
        proxy.fault(Fault("stall", 100_000))
        reading = Deferred.fromCoroutine(self.read("a"))
        while proxy.received < 100_000:
            await pause(0.01)
        reading.cancel()
        await self.assertFailure(reading, CancelledError)
        self.assertEqual(await self.read("a"), b"x" * 500_000)

    async def test_a_result_that_nobody_waits_for(self) -> None:
        """Is let go of: its descriptor is closed."""
        (self.folder / "a").write_bytes(b"x")
        await self.shares.connect(self.server.target(), "data")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            reading = Deferred.fromCoroutine(self.read("a"))
            reactor.callLater(0.001, reading.cancel)
            with contextlib.suppress(CancelledError):
                await reading
        await self.shares.close()
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)

    async def test_closing_ends_calls(self) -> None:
        """A session that ends waits for no server."""
        proxy, target = self.proxied()
        (self.folder / "a").write_bytes(b"x" * 500_000)
        await self.shares.connect(target, "data")
        proxy.drop_all()
        proxy.fault(Fault("stall", 100_000))
        reading = Deferred.fromCoroutine(self.read("a"))
        while proxy.received < 100_000:
            await pause(0.01)
        await self.shares.close()
        await self.assertFailure(reading, CancelledError, ShareError)
        await self.refused("SMB share 'data' не подключена", self.shares.kind("data", ""))

    async def test_closing_that_is_cancelled(self) -> None:
        """Its threads stay busy until they end, and nothing fails unseen."""
        proxy, target = self.proxied()
        await self.shares.connect(target, "data")
        proxy.drop_all()
        proxy.every(Fault("stall", 0))
        reading = Deferred.fromCoroutine(self.shares.kind("data", ""))
        while proxy.connections < 2:
            await pause(0.01)
        closing = Deferred.fromCoroutine(self.shares.close())
        closing.cancel()
        await closing
        await self.assertFailure(reading, CancelledError)
        while self.pool.connecting._addresses:
            await pause(0.01)

    async def test_closing_while_connecting(self) -> None:
        """Leaves nothing behind."""
        proxy, target = self.proxied()
        proxy.every(Fault("stall", 300))
        connecting = Deferred.fromCoroutine(self.shares.connect(target, "data"))
        while not proxy.connections:
            await pause(0.01)
        await self.shares.close()
        await self.assertFailure(connecting, CancelledError, ShareError)
        self.assertEqual(self.shares.names(), [])

    async def test_closing_logs_off(self) -> None:
        """The server knows at once."""
        proxy, target = self.proxied()
        await self.shares.connect(target, "data")
        await self.shares.close()
        while proxy._open:
            await pause(0.01)

    async def test_spare_connections_are_closed(self) -> None:
        """Those that were needed for a moment only; one stays."""
        self.patch(connected_share, "SPARE", 0.05)
        proxy, target = self.proxied()
        (self.folder / "a").write_bytes(b"x" * 500_000)
        await self.shares.connect(target, "data")
        await gatherResults([Deferred.fromCoroutine(self.read("a")) for _ in range(4)])
        self.assertEqual(proxy.connections, 4)
        while len(proxy._open) > 2:  # each has two ends
            await pause(0.01)
        await self.read("a")
        self.assertEqual(proxy.connections, 4)

    async def test_passwords_are_not_logged(self) -> None:
        """Whatever goes wrong, the log does not hold them."""
        events: list[str] = []
        globalLogPublisher.addObserver(lambda event: events.append(repr(dict(event))))
        call = Deferred.fromCoroutine(self.shares.connect(self.server.target(), "nothing"))
        failure = await self.assertFailure(call, ShareError)
        self.assertTrue(any("nothing" in event for event in events))
        self.assertNotIn(PASSWORD, "".join(events) + repr(failure) + repr(vars(failure)))


def pause(seconds: float) -> Deferred[None]:
    """A little later."""
    done: Deferred[None] = Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done
