"""A share with all that its links lead to, by real servers with links (DFS)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors, share_paths
from datacode.smb.client import dfs_namespace
from datacode.smb.client.dfs_namespace import DfsNamespace, open_namespace
from datacode.smb.client.pipelined_io import BytesSource
from datacode.smb.client.share import Share
from datacode.smb.deadline import Deadline
from datacode.smb.errors import Cause, ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol import dfs
from datacode.smb.protocol.dfs import Referral, ReferralTarget
from datacode.smb.protocol.messages import Malformed
from datacode.smb.target import Target
from tests.smb.blocking import through_links
from tests.smb.samba import Samba, free_port, samba
from tests.smb.test_share import ShareTestCase

Result = TypeVar("Result")


class FollowingNamespace(DfsNamespace):
    """Opens the links that it meets at once, in the test's thread."""

    def _at(self, path: str, deadline: Deadline, work: Callable[[Share, str], Result]) -> Result:
        at = super()._at
        return through_links(lambda: at(path, deadline, work), deadline)


class NamespaceTestCase(ShareTestCase):
    """Opens namespaces, and reads as a test likes to."""

    def namespace(
        self, target: Target, name: str = "data", policy: ConnectionPolicy | None = None
    ) -> DfsNamespace:
        """An open one."""
        self.patch(dfs_namespace, "DfsNamespace", FollowingNamespace)
        opened = open_namespace(
            target, name, policy or ConnectionPolicy(), self.deadline(), connecting=self.connecting
        )
        self.addCleanup(opened.close, self.deadline(1))
        return opened

    connecting = 20.0

    def names(self, opened: DfsNamespace, path: str) -> list[str]:
        """The names in a folder."""
        return [entry.name for entry in opened.list_folder(path, self.deadline())]

    def bytes_of(self, opened: DfsNamespace, path: str) -> bytes:
        """The bytes of a file."""
        return self.content(opened.fetch(path, self.deadline()))


class PatternTests(NamespaceTestCase):
    """Searching, without any links."""

    def test_patterns(self) -> None:
        """One folder, several, any depth; a missing folder has nothing in it."""
        folder = self.folder_of(samba())
        for name in ("in/a.csv", "in/B.CSV", "in/c.txt", "in/x/d.csv", "in/x/y/e.csv"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        share = self.namespace(samba().target())

        def matched(pattern: str) -> list[str]:
            text = f"{folder.name}/{pattern}"
            parsed = share_paths.Pattern.parse("data", text)
            found = [each.name for each in share.match(parsed, text, self.deadline())]
            return [path.removeprefix(f"{folder.name}/") for path in found]

        self.assertEqual(matched("in/*.csv"), ["in/a.csv", "in/B.CSV"])
        self.assertEqual(matched("in/*"), ["in/a.csv", "in/B.CSV", "in/c.txt", "in/x"])
        self.assertEqual(
            matched("**/*.csv"), ["in/a.csv", "in/B.CSV", "in/x/d.csv", "in/x/y/e.csv"]
        )
        self.assertEqual(matched("**/y/*"), ["in/x/y/e.csv"])
        self.assertEqual(matched("in/**"), ["in/x", "in/x/y"])
        self.assertEqual(matched("i?/[xy]/*"), ["in/x/d.csv", "in/x/y"])
        self.assertEqual(matched("in/a.csv"), ["in/a.csv"])
        self.assertEqual(matched("nothing/*.csv"), [])
        self.assertEqual(matched("in/a.csv/*"), [])


class LinkTests(NamespaceTestCase):
    """A namespace on one server, with links to another and to itself."""

    def setUp(self) -> None:
        self.root: Samba = samba(host_msdfs="yes", msdfs_root="yes")
        self.other: Samba = samba()
        self.there = self.folder_of(self.other)
        (self.there / "a.txt").write_text("from there")
        (self.there / "inside").mkdir()
        (self.there / "inside" / "b.csv").write_text("x;y")
        self.here = self.folder_of(self.root)

    def link(self, name: str, *places: str) -> str:
        """Make a link in the test's folder; its path on the share."""
        path: Path = self.here / name
        path.symlink_to("msdfs:" + ",".join(places))
        self.addCleanup(os.unlink, path)
        return f"{self.here.name}/{name}"

    def place(self, folder: str = "") -> str:
        """The test's folder on the other server, as a link says it."""
        path = f"{self.other.address}\\data\\{self.there.name}"
        return path + (f"\\{folder}" if folder else "")

    def opened(self, policy: ConnectionPolicy | None = None) -> DfsNamespace:  # type: ignore[override]
        """The namespace."""
        listed = HostPolicy([self.root.address, self.other.address])
        return self.namespace(self.root.target(), policy=policy or ConnectionPolicy(hosts=listed))

    def assertFails(self, cause: Cause, text: str, opened: DfsNamespace, path: str) -> None:
        """Assert what is said when that is read."""
        error = self.assertRaises(ShareError, opened.fetch, path, self.deadline())
        self.assertIs(error.cause, cause)
        self.assertEqual(str(error), text)

    def test_reading_through_a_link(self) -> None:
        """It is a folder like any other, and so is what is in it; case does not count."""
        path = self.link("elsewhere", self.place())
        opened = self.opened()
        self.assertEqual(self.names(opened, self.here.name), ["elsewhere"])
        self.assertEqual(self.names(opened, path), ["a.txt", "inside"])
        self.assertEqual(self.bytes_of(opened, f"{path}/a.txt"), b"from there")
        self.assertEqual(self.bytes_of(opened, f"{path.upper()}/INSIDE/B.CSV"), b"x;y")
        found = opened.stat(path, self.deadline())
        assert found is not None
        self.assertTrue(found.is_folder)
        self.assertIsNone(opened.stat(f"{path}/none", self.deadline()))

    def test_searching_through_links(self) -> None:
        """What lies behind them is found, by its path in the namespace."""
        path = self.link("elsewhere", self.place())
        text = f"{self.here.name}/**/*.csv"
        opened = self.opened()
        found = opened.match(share_paths.Pattern.parse("data", text), text, self.deadline())
        self.assertEqual([entry.name for entry in found], [f"{path}/inside/b.csv"])
        tree = opened.tree(self.here.name, self.deadline())
        self.assertEqual(
            [entry.name for entry in tree],
            ["elsewhere", "elsewhere/a.txt", "elsewhere/inside", "elsewhere/inside/b.csv"],
        )

    def test_writing_through_a_link(self) -> None:
        """Files and folders: all on the server where they lie."""
        path = self.link("elsewhere", self.place())
        opened = self.opened()
        opened.store(f"{path}/new.txt", BytesSource(b"new"), self.deadline(), token="t")
        opened.make_folder(f"{path}/deep/down", self.deadline())
        opened.remove(f"{path}/a.txt", self.deadline())
        self.assertEqual((self.there / "new.txt").read_bytes(), b"new")
        self.assertTrue((self.there / "deep" / "down").is_dir())
        self.assertFalse((self.there / "a.txt").exists())

    def test_messages_show_the_path_as_it_was_written(self) -> None:
        """Not the one on the other server."""
        path = self.link("elsewhere", self.place("inside"))
        text = f"'{path}/none.txt' не найден"
        self.assertFails(errors.MISSING, text, self.opened(), f"{path}/none.txt")

    def test_another_share_of_the_same_server(self) -> None:
        """Is reached through the port that the first one was."""
        (self.root.guest_folder / self.here.name).write_text("public")
        path = self.link("public", "127.0.0.1\\public")
        self.assertEqual(self.bytes_of(self.opened(), f"{path}/{self.here.name}"), b"public")

    def test_a_second_place(self) -> None:
        """Is taken where the first one is down."""
        down = f"127.0.0.1:{free_port()}"
        path = self.link("elsewhere", f"{down}\\data", self.place())
        listed = HostPolicy([down, self.root.address, self.other.address])
        self.assertEqual(
            self.bytes_of(self.opened(ConnectionPolicy(hosts=listed)), f"{path}/a.txt"),
            b"from there",
        )

    def test_places_that_cannot_be_opened(self) -> None:
        """The cause, with the host and the share that the link leads to."""
        port = free_port()
        for name, place, cause, text in (
            (
                *("down", f"127.0.0.1:{port}\\data", errors.UNREACHABLE),
                f"сервер 127.0.0.1:{port} недоступен",
            ),
            (
                *("none", f"{self.other.address}\\none", errors.NO_SHARE),
                "общая папка 'none' не найдена",
            ),
        ):
            path = self.link(name, place)
            listed = [self.root.address, self.other.address, f"127.0.0.1:{port}"]
            opened = self.opened(ConnectionPolicy(hosts=HostPolicy(listed)))
            self.assertFails(cause, text, opened, f"{path}/a.txt")

    def test_only_hosts_that_are_allowed(self) -> None:
        """A link opens no door that the operator has closed."""
        path = self.link("elsewhere", self.place())
        allowed = HostPolicy([self.root.address])
        opened = self.opened(ConnectionPolicy(hosts=allowed))
        text = f"сервер {self.other.address} не разрешён администратором"
        self.assertFails(errors.HOST_REFUSED, text, opened, f"{path}/a.txt")
        self.assertEqual(self.names(opened, self.here.name), ["elsewhere"])

    def test_no_login_is_sent_elsewhere(self) -> None:
        """Without a list a link leads to the same server or domain, and to the port of SMB."""
        trap = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(trap.close)
        port = trap.getsockname()[1]
        for place in (f"127.0.0.1:{port}", f"localhost:{port}", "127.0.0.2", "evil.example"):
            path = self.link(f"to-{place}".replace(":", "-"), f"{place}\\data")
            text = (
                f"'{path}/a.txt' лежит на сервере {place} (DFS), вне домена сервера"
                f" {self.root.address}; его может разрешить администратор (--smb-host)"
            )
            self.assertFails(
                errors.LEADS_AWAY, text, self.opened(ConnectionPolicy()), f"{path}/a.txt"
            )
        trap.settimeout(0)
        self.assertRaises(BlockingIOError, trap.accept)
        path = self.link("port", f"127.0.0.1:{port}\\data")
        opened = self.opened(ConnectionPolicy(hosts=HostPolicy(["127.0.0.0/8"])))
        text = f"сервер 127.0.0.1:{port} не разрешён администратором"
        self.assertFails(errors.HOST_REFUSED, text, opened, f"{path}/a.txt")

    def test_where_a_server_may_send_us(self) -> None:
        """To itself, and to its domain by full and by short names."""
        for asked, domain, place, host in (
            ("fs1.corp.example", "", "FS1.corp.example.", "fs1.corp.example"),
            ("fs1.corp.example", "", "fs2.corp.example", "fs2.corp.example"),
            ("fs1.corp.example", "", "FS2", "FS2.corp.example"),
            ("corp.example", "", "fs2.corp.example", "fs2.corp.example"),
            ("fs1", "corp.example", "fs2.corp.example", "fs2.corp.example"),
            ("fs1", "", "fs2", "fs2"),
            ("fs1.corp.example", "", "fs2.evil.example", None),
            ("fs1.corp.example", "", "evilcorp.example", None),
            ("fs1.corp.example", "", "fs2.corp.example:4450", None),
            ("fs1.corp.example", "", "10.0.0.1", None),
            ("10.0.0.1", "", "10.0.0.2", None),
            ("10.0.0.1", "", "fs2", None),
            ("fs1", "", "fs2.evil.example", None),
            ("corp.example", "", "evil.example", None),
        ):
            target = Target(asked, login="a", password="b", domain=domain)
            referral = ReferralTarget(place, "data", ())
            if host is None:
                error = self.assertRaises(
                    ShareError, dfs_namespace._target, target, referral, HostPolicy()
                )
                self.assertIs(error.cause, errors.LEADS_AWAY, place)
            else:
                found = dfs_namespace._target(target, referral, HostPolicy())
                self.assertEqual(found.host, host)

    def test_a_circle(self) -> None:
        """Ends with a sentence."""
        path = self.link("round", f"127.0.0.1\\data\\{self.here.name}\\round")
        text = f"ссылки на пути '{path}/a.txt' ведут по кругу"
        self.assertFails(errors.CIRCLE, text, self.opened(), f"{path}/a.txt")

    def test_connections_are_closed(self) -> None:
        """All of them, and the namespace is broken when one is."""
        path = self.link("elsewhere", self.place())
        opened = self.opened()
        self.names(opened, path)
        opened.check(self.deadline())
        shares = opened._shares()
        self.assertEqual(len(shares), 2)
        shares[1].drop()
        self.assertTrue(opened.broken)
        opened.close(self.deadline(1))
        self.assertTrue(all(share.broken for share in shares))


class RootTests(NamespaceTestCase):
    """A namespace that is a domain's, and no server's share."""

    def test_where_it_is(self) -> None:
        """The domain says which servers have it."""
        server = samba()
        folder = self.folder_of(server)
        (folder / "a.txt").write_text("root")
        referral = Referral(0, (ReferralTarget(server.address, "data", (folder.name,)),))
        asked: list[str] = []

        def ask(
            target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline
        ) -> Referral:
            asked.append(name)
            return referral

        self.patch(dfs_namespace, "ask_about_root", ask)
        policy = ConnectionPolicy(hosts=HostPolicy([server.address]))
        opened = self.namespace(server.target(), "files", policy)
        self.assertEqual(asked, ["files"])
        self.assertEqual(self.bytes_of(opened, "a.txt"), b"root")
        self.assertEqual(self.names(opened, ""), ["a.txt"])

    def test_neither_share_nor_namespace(self) -> None:
        """The share is not there, whatever the server says about namespaces."""
        for server in (samba(), samba(host_msdfs="yes", msdfs_root="yes")):
            error = self.assertRaises(ShareError, self.namespace, server.target(), "files")
            self.assertEqual(str(error), "общая папка 'files' не найдена")


def entry(version: int, text: str, flags: int = 0) -> bytes:
    """A referral with one place."""
    fixed = {2: 22, 3: 34, 4: 34}[version]
    offsets = struct.pack("<III", 0, 60, 0)[: 8 if version == 2 else 4]
    head = struct.pack("<HHHH", version, fixed, 0, flags) + offsets
    head += struct.pack("<HHH", fixed, fixed, fixed)
    return head.ljust(fixed, b"\0") + text.encode("utf-16-le") + b"\0\0"


def answer(consumed: int, *entries: bytes) -> memoryview:
    """A whole answer."""
    return memoryview(struct.pack("<HHI", consumed, len(entries), 2) + b"".join(entries))


class ReferralTests(SynchronousTestCase):
    """Answers as bytes."""

    PATH = "\\corp\\files\\Отчёты\\2024"

    def test_versions(self) -> None:
        """All that servers of today send."""
        consumed = 2 * len("\\corp\\files\\Отчёты")
        for version in (2, 3, 4):
            found = dfs.parse(self.PATH, answer(consumed, entry(version, "\\fs1\\data\\Год\\x")))
            self.assertEqual(found, Referral(1, (ReferralTarget("fs1", "data", ("Год", "x")),)))

    def test_what_is_none(self) -> None:
        """Lists of names, places without a share, texts without an end, too much consumed."""
        good = entry(4, "\\fs1\\data")
        for data in (
            memoryview(b""),
            answer(24),
            answer(24, entry(4, "\\fs1")),
            answer(24, entry(4, "\\fs1\\data", flags=2)),
            answer(24, good[:-2]),
            answer(24, good[:20]),
            answer(23, good),
            answer(0, good),
            answer(200, good),
            answer(24, b"\1" + good[1:]),
        ):
            self.assertRaises(Malformed, dfs.parse, self.PATH, data)

    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        """A referral or ``Malformed``."""
        try:
            found = dfs.parse(self.PATH, memoryview(data))
        except Malformed:
            return
        self.assertTrue(found.places)
