"""One share on one connection, against real servers."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from datacode.smb import errors, share_paths, spool
from datacode.smb.client import pipelined_io
from datacode.smb.client.share import Fetched, Share, open_share
from datacode.smb.client.smb_connection import ASK_SECURITY, CLOSE
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import Cause, ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol import messages
from datacode.smb.protocol.messages import AccessMask, Dialect
from datacode.smb.target import Target
from tests.smb.impacket_server import ImpacketServer
from tests.smb.proxy import FaultProxy
from tests.smb.samba import DISABLED, LOGIN, PASSWORD, Samba, free_port, samba


@contextlib.contextmanager
def held(share: Share, path: str, sharing: int) -> Iterator[None]:
    """While inside, a file is open in another program that shares only so much of it."""
    wire, tree = share._wire, share._tree.number
    name = share_paths.nt_path(share_paths.components(path))
    with wire.during(Deadline(5, 5)):
        rights = messages.AccessMask.READ_DATA | messages.AccessMask.WRITE_DATA
        body = messages.create(name, rights, messages.CreateDisposition.OPEN, 0, sharing=sharing)
        reply = wire.ask(messages.Command.CREATE, body, tree)
        handle = messages.parse_create(reply.body)[0]
    try:
        yield
    finally:
        with wire.during(Deadline(5, 5)):
            wire.ask(messages.Command.CLOSE, messages.close(handle), tree)


class ShareTestCase(SynchronousTestCase):
    """Opens shares, closes them afterwards, and reads as a test likes to."""

    def deadline(self, seconds: float = 100, stall: float = 60) -> Deadline:
        """The time of one call."""
        return Deadline(seconds, stall)

    def opened(
        self, target: Target, name: str = "data", policy: ConnectionPolicy | None = None
    ) -> Share:
        """An open share."""
        share = open_share(target, name, policy or ConnectionPolicy(), self.deadline())
        self.addCleanup(share.close, self.deadline(1))
        return share

    def folder_of(self, server: Samba) -> Path:
        """A new folder on the share ``data``; its name is the path on the share."""
        folder = server.folder / f"{type(self).__name__}-{self._testMethodName}"
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def content(self, fetched: Fetched) -> bytes:
        """All bytes that were fetched; the descriptor is closed."""
        assert fetched.descriptor is not None
        with open(fetched.descriptor, "rb") as file:
            return file.read()

    def read(self, share: Share, path: str) -> bytes:
        """The bytes of a file on a share."""
        return self.content(share.fetch(path, self.deadline()))

    def listed(self, share: Share, path: str) -> list[str]:
        """The names in a folder on a share."""
        return [entry.name for entry in share.list_folder(path, self.deadline())]

    def fails(self, cause: Cause, text: str, call: object, *args: object, **kw: object) -> None:
        """Assert that a call fails for a cause, with exactly this text."""
        error = self.assertRaises(ShareError, call, *args, **kw)
        self.assertEqual(str(error), text)
        self.assertIs(error.cause, cause)


class ConnectTests(ShareTestCase):
    """Connecting, logging in, opening."""

    def refused(self, cause: Cause, text: str, target: Target, name: str = "data") -> None:
        """Assert that a share cannot be opened."""
        self.fails(cause, text, open_share, target, name, ConnectionPolicy(), self.deadline())

    def test_opens(self) -> None:
        """With the right password a share opens, encrypted by the newest dialect."""
        share = self.opened(samba().target())
        self.assertEqual((share._wire.dialect, share._wire.encrypts), (Dialect.SMB_3_1_1, True))

    def test_domains(self) -> None:
        """No domain, one of one's own, in front of the login or behind it."""
        for login, domain in (
            (LOGIN, ""),
            (LOGIN, "WORKGROUP"),
            (f"WORKGROUP\\{LOGIN}", ""),
            (f"{LOGIN}@workgroup", ""),
        ):
            self.opened(samba().target(login, domain=domain))

    def test_share_names(self) -> None:
        """Case does not count; spaces and Cyrillic are letters like others."""
        self.opened(samba().target(), "DaTa")
        self.opened(samba().target(), "Отчеты за год")

    def test_wrong_password_and_unknown_user(self) -> None:
        """One sentence for both, so that nobody learns which logins there are."""
        text = "неверное имя пользователя или пароль"
        self.refused(errors.WRONG_LOGIN, text, samba().target(password="wrong"))
        self.refused(errors.WRONG_LOGIN, text, samba().target(password=""))
        self.refused(errors.WRONG_LOGIN, text, samba().target("nosuchuser"))

    def test_disabled_account(self) -> None:
        """An account that is there but not to be used."""
        text = "учётная запись отключена"
        self.refused(errors.ACCOUNT_DISABLED, text, samba().target(DISABLED))

    def test_unknown_share(self) -> None:
        """Named as the client spelled it; also where no share can have such a name."""
        for name in ("Nothing", "", "a/b", "a\\b", "x" * 300):
            self.refused(
                errors.NO_SHARE, f"общая папка '{name}' не найдена", samba().target(), name
            )

    def test_no_rights(self) -> None:
        """A share that is for others."""
        self.refused(errors.DENIED, "доступ запрещён", samba().target(), "forbidden")

    def test_not_a_disk(self) -> None:
        """The share of pipes holds no files."""
        text = "в общей папке 'IPC$' нет файлов: это принтер или служебный ресурс"
        self.refused(errors.NOT_A_DISK, text, samba().target(), "IPC$")

    def test_nobody_listens(self) -> None:
        """A closed port, an unknown name."""
        port = free_port()
        target = Target.parse(f"127.0.0.1:{port}", "a", "b", "")
        self.refused(errors.UNREACHABLE, f"сервер 127.0.0.1:{port} недоступен", target)
        target = Target.parse("no-such-host.invalid", "a", "b", "")
        self.refused(errors.UNREACHABLE, "сервер no-such-host.invalid недоступен", target)

    def test_only_smb1(self) -> None:
        """A server that speaks nothing newer is told apart from one that is broken."""
        text = "сервер поддерживает только SMB1"
        self.refused(errors.ONLY_SMB1, text, samba(dialect="1").target())

    def test_guest_is_refused_unless_asked_for(self) -> None:
        """A server that takes anybody for a guest does not make a wrong password right."""
        server = samba(guest="Bad User")
        self.refused(
            errors.WRONG_LOGIN,
            "неверное имя пользователя или пароль",
            server.target("nosuchuser"),
            "public",
        )
        (server.guest_folder / "a.txt").write_text("for all")
        share = self.opened(server.target("", ""), "public")
        self.assertEqual(self.read(share, "a.txt"), b"for all")

    def test_guest_where_there_are_none(self) -> None:
        """Logging in as nobody succeeds only if the share opens."""
        self.refused(errors.DENIED, "доступ запрещён", samba().target("", ""))

    def test_guests_can_be_forbidden(self) -> None:
        """What a guest reads cannot be checked; an operator may refuse that."""
        target = samba(guest="Bad User").target("", "")
        error = self.assertRaises(
            ShareError,
            open_share,
            target,
            "public",
            ConnectionPolicy(require_signing=True),
            self.deadline(),
        )
        self.assertIs(error.cause, errors.UNSIGNED)

    def test_hosts_that_are_not_allowed(self) -> None:
        """The operator's list is asked before anybody is spoken to."""
        target = samba().target()
        for hosts in (["10.0.0.0/8"], ["fs1"], ["127.0.0.1:445"]):
            error = self.assertRaises(
                ShareError,
                open_share,
                target,
                "data",
                ConnectionPolicy(HostPolicy(hosts)),
                self.deadline(),
            )
            self.assertIs(error.cause, errors.HOST_REFUSED)
        self.opened(target, policy=ConnectionPolicy(HostPolicy(["127.0.0.0/8"])))
        self.opened(
            target, policy=ConnectionPolicy(HostPolicy(["fs1", f"127.0.0.1:{target.port}"]))
        )

    def test_a_name_that_leads_to_an_allowed_address(self) -> None:
        """The addresses behind a name are what an entry with an address is about."""
        port = samba().port
        target = Target.parse(f"localhost:{port}", LOGIN, PASSWORD, "")
        self.opened(target, policy=ConnectionPolicy(HostPolicy(["127.0.0.1"])))

    def test_ipv6(self) -> None:
        """An address in brackets, with a port."""
        try:
            proxy = FaultProxy(samba().port, "::1")
        except OSError:
            raise SkipTest("no IPv6 on this machine") from None
        self.addCleanup(proxy.close)
        (samba().folder / "six.txt").write_text("6")
        for text in (f"[::1]:{proxy.port}", f"[0:0::1]:{proxy.port}"):
            target = Target.parse(text, LOGIN, PASSWORD, "")
            share = self.opened(target, policy=ConnectionPolicy(HostPolicy(["::1"])))
            self.assertEqual(self.read(share, "six.txt"), b"6")

    def test_the_next_address(self) -> None:
        """Where a name has several addresses, one that is dead does not count."""
        port = samba().port

        def resolved(host: str, *rest: object) -> list[object]:
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, ("127.0.0.99", port)), (*kind, ("127.0.0.1", port))]

        self.patch(socket, "getaddrinfo", resolved)
        self.opened(Target.parse(f"two-addresses:{port}", LOGIN, PASSWORD, ""))

    def test_the_password_is_nowhere_in_an_error(self) -> None:
        """Not in its text, not in the frames that it came through, nor in a cause."""
        error = self.assertRaises(
            ShareError,
            open_share,
            samba().target(password="Tr0ub4dor"),
            "data",
            ConnectionPolicy(),
            self.deadline(),
        )
        self.assertIsNone(error.__cause__)
        self.assertTrue(error.__context__ is None or error.__suppress_context__)
        seen = [repr(error), str(error.__dict__)]
        for failure in (error, error.__context__):
            frames = failure.__traceback__ if failure is not None else None
            while frames is not None:
                seen.append(repr(frames.tb_frame.f_locals))
                frames = frames.tb_next
        self.assertNotIn("Tr0ub4dor", "".join(seen))


class ReadTests(ShareTestCase):
    """Listing and reading."""

    def test_exact_bytes(self) -> None:
        """Files of every awkward size come as they are, nothing before and nothing after."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        for size in (0, 1, 4095, 65536, 65537, 1 << 20, (1 << 20) + 1, 9_999_999):
            content = random.Random(size).randbytes(size)
            (folder / "file").write_bytes(content)
            self.assertEqual(self.read(share, f"{folder.name}/file"), content)

    def test_names(self) -> None:
        """Every name that can be listed can be read, whatever it is made of."""
        folder = self.folder_of(samba())
        names = [
            *("a b.txt", "Отчёт за июнь.csv", "😀 𝔘𝔫𝔦.txt", "ß.txt", "日本語.txt", "[x].txt"),
            *("100% & co; rm -rf.txt", "'quote'.txt", "a#b=c,d.txt", "@GMT-x.txt", "...a"),
            unicodedata.normalize("NFC", "йё.txt"),
            unicodedata.normalize("NFD", "йё-2.txt"),
            "я" * 120 + ".txt",
            "x" * 251 + ".txt",
        ]
        for name in names:
            (folder / name).write_text(name, "utf-8")
        share = self.opened(samba().target())
        self.assertEqual(self.listed(share, folder.name), sorted(names, key=share_paths.order))
        for name in names:
            self.assertEqual(self.read(share, f"{folder.name}/{name}"), name.encode())

    def test_names_that_windows_cannot_have(self) -> None:
        """The server shows them mangled, and they open by what it shows."""
        folder = self.folder_of(samba())
        names = ["a:b.txt", "dot.", "space ", "con?.txt"]
        for name in names:
            (folder / name).write_text(name)
        share = self.opened(samba().target())
        shown = self.listed(share, folder.name)
        self.assertEqual(len(shown), len(names))
        contents = {self.read(share, f"{folder.name}/{name}").decode() for name in shown}
        self.assertEqual(contents, set(names))

    def test_look_up_without_regard_to_case(self) -> None:
        """As on Windows."""
        folder = self.folder_of(samba())
        (folder / "Отчёт.CSV").write_text("x")
        share = self.opened(samba().target())
        self.assertEqual(self.read(share, f"{folder.name.upper()}/отчёт.csv"), b"x")

    def test_accents_composed_and_apart(self) -> None:
        """A file that a Mac has named is found by the name that others type, and vice versa."""
        folder = self.folder_of(samba())
        (folder / unicodedata.normalize("NFD", "йод.txt")).write_text("apart")
        (folder / unicodedata.normalize("NFC", "чай.txt")).write_text("whole")
        share = self.opened(samba().target())
        name = f"{folder.name}/" + unicodedata.normalize("NFC", "йод.txt")
        self.assertEqual(self.read(share, name), b"apart")
        name = f"{folder.name}/" + unicodedata.normalize("NFD", "чай.txt")
        self.assertEqual(self.read(share, name), b"whole")

    def test_accents_composed_and_apart_on_one_path(self) -> None:
        """A folder that a Mac has made, and in it a file that Windows has."""
        folder = self.folder_of(samba()) / unicodedata.normalize("NFD", "май")
        folder.mkdir()
        (folder / unicodedata.normalize("NFC", "чай.txt")).write_text("mixed")
        share = self.opened(samba().target())
        path = str(folder.relative_to(samba().folder)) + "/чай.txt"
        for form in ("NFC", "NFD"):
            self.assertEqual(self.read(share, unicodedata.normalize(form, path)), b"mixed")

    def test_very_long_path(self) -> None:
        """Beyond the 260 characters of old."""
        folder = self.folder_of(samba())
        path = folder / "/".join("папка" * 20 for _ in range(8))
        path.mkdir(parents=True)
        (path / "a.txt").write_text("deep")
        share = self.opened(samba().target())
        self.assertEqual(
            self.read(share, str(path.relative_to(samba().folder)) + "/a.txt"), b"deep"
        )

    def test_listing(self) -> None:
        """Files and folders of one level, hidden ones too, sorted by name, case folded."""
        folder = self.folder_of(samba())
        for name in ("b.txt", "A.txt", "c.TXT", ".hidden", "._mac", ".DS_Store"):
            (folder / name).write_text("123")
        (folder / "Bdir" / "below").mkdir(parents=True)
        os.utime(folder / "A.txt", (1_700_000_000, 1_700_000_000.5))
        (folder / "c.TXT").chmod(0o444)
        share = self.opened(samba().target())
        found = share.list_folder(folder.name, self.deadline())
        self.assertEqual(
            [(entry.name, entry.is_folder, entry.size) for entry in found],
            [
                (".hidden", False, 3),
                ("A.txt", False, 3),
                ("b.txt", False, 3),
                ("Bdir", True, None),
                ("c.TXT", False, 3),
            ],
        )
        self.assertEqual(found[1].modified, 1_700_000_000.5)

    def test_five_thousand_entries(self) -> None:
        """More than one answer can hold, none lost, none twice."""
        folder = self.folder_of(samba())
        for number in range(5000):
            (folder / f"файл номер {number:05} с именем подлиннее.txt").touch()
        share = self.opened(samba().target())
        expected = [f"файл номер {number:05} с именем подлиннее.txt" for number in range(5000)]
        self.assertEqual(self.listed(share, folder.name), expected)

    def test_empty_folder(self) -> None:
        """Has nothing in it, and that is no failure."""
        folder = self.folder_of(samba())
        self.assertEqual(self.listed(self.opened(samba().target()), folder.name), [])

    def test_slashes(self) -> None:
        """Both separate, superfluous ones do not count."""
        folder = self.folder_of(samba())
        (folder / "sub").mkdir()
        (folder / "sub" / "a.txt").write_text("x")
        share = self.opened(samba().target())
        for path in (f"/{folder.name}//sub/./a.txt/", f"{folder.name}\\sub\\a.txt"):
            self.assertEqual(self.read(share, path), b"x")

    def test_two_hundred_megabytes(self) -> None:
        """A big file, byte for byte, with every step told."""
        folder = self.folder_of(samba())
        block = random.Random(1).randbytes(1 << 20)
        with open(folder / "big", "wb") as file:
            for number in range(200):
                file.write(number.to_bytes(4, "big") + block[4:])
        share = self.opened(samba().target())
        steps: list[tuple[int, int]] = []
        fetched = share.fetch(
            f"{folder.name}/big",
            self.deadline(120),
            progress=lambda done, total: steps.append((done, total)),
        )
        assert fetched.descriptor is not None
        with open(fetched.descriptor, "rb") as file:
            for number in range(200):
                self.assertTrue(file.read(1 << 20) == number.to_bytes(4, "big") + block[4:])
            self.assertEqual(file.read(1), b"")
        self.assertEqual(steps[-1], (200 << 20, 200 << 20))
        self.assertEqual(steps, sorted(steps))
        (folder / "big").unlink()

    def test_the_descriptor_can_only_read(self) -> None:
        """Whoever gets it cannot change what others read."""
        folder = self.folder_of(samba())
        (folder / "a").write_text("x")
        fetched = self.opened(samba().target()).fetch(f"{folder.name}/a", self.deadline())
        assert fetched.descriptor is not None
        self.addCleanup(os.close, fetched.descriptor)
        self.assertRaises(OSError, os.write, fetched.descriptor, b"y")
        self.assertEqual(os.fstat(fetched.descriptor).st_nlink, 0)

    def test_unchanged_files_are_not_read_again(self) -> None:
        """Only a file that is no longer what is known of it is moved."""
        folder = self.folder_of(samba())
        (folder / "a").write_text("one")
        share = self.opened(samba().target())
        first = share.fetch(f"{folder.name}/a", self.deadline())
        self.assertEqual(self.content(first), b"one")
        again = share.fetch(f"{folder.name}/a", self.deadline(), known=first.info)
        self.assertEqual(again, Fetched(first.info, None))
        (folder / "a").write_text("two")
        changed = share.fetch(f"{folder.name}/a", self.deadline(), known=first.info)
        self.assertEqual(self.content(changed), b"two")

    def test_missing(self) -> None:
        """Named as the client wrote it."""
        share = self.opened(samba().target())
        for path in ("Нет такого.csv", "no/folder/a.txt"):
            text = f"'{path}' не найден"
            self.fails(errors.MISSING, text, share.fetch, path, self.deadline())
            self.fails(errors.MISSING, text, share.list_folder, path, self.deadline())

    def test_folder_and_file_confused(self) -> None:
        """Each has its sentence."""
        folder = self.folder_of(samba())
        (folder / "a").write_text("x")
        share = self.opened(samba().target())
        text = f"'{folder.name}' является папкой"
        self.fails(errors.IS_FOLDER, text, share.fetch, folder.name, self.deadline())
        self.fails(errors.IS_FOLDER, "'/' является папкой", share.fetch, "/", self.deadline())
        path = f"{folder.name}/a"
        text = f"'{path}' не является папкой"
        self.fails(errors.NOT_FOLDER, text, share.list_folder, path, self.deadline())

    def test_no_rights_to_a_file(self) -> None:
        """The server's own permissions hold."""
        folder = self.folder_of(samba())
        (folder / "a").write_text("x")
        server = samba(hide_unreadable="no", veto_files="/secret*/")
        (server.folder / "secret.txt").write_text("x")
        share = self.opened(server.target())
        error = self.assertRaises(ShareError, share.fetch, "secret.txt", self.deadline())
        self.assertIn(error.cause, (errors.MISSING, errors.DENIED))

    def test_locked_by_another_program(self) -> None:
        """A file that somebody holds for himself alone, as Excel does when saving."""
        folder = self.folder_of(samba())
        (folder / "book.xlsx").write_bytes(b"x")
        path = f"{folder.name}/book.xlsx"
        holder, share = self.opened(samba().target()), self.opened(samba().target())
        with held(holder, path, sharing=0):
            text = "файл занят другим процессом"
            self.fails(errors.LOCKED, text, share.fetch, path, self.deadline())
        with held(holder, path, sharing=1):
            self.assertEqual(self.read(share, path), b"x")

    def test_too_large(self) -> None:
        """Refused by size, before anything is read."""
        folder = self.folder_of(samba())
        (folder / "a").write_bytes(b"12345")
        share = self.opened(samba().target())
        path = f"{folder.name}/a"
        text = f"файл '{path}' слишком велик (5 байт, предел 4 байта)"
        self.fails(errors.TOO_LARGE, text, share.fetch, path, self.deadline(), limit=4)
        self.assertEqual(self.content(share.fetch(path, self.deadline(), limit=5)), b"12345")

    def test_no_room_for_the_copy(self) -> None:
        """Where the server's own disk is at fault, it says so."""
        folder = self.folder_of(samba())
        (folder / "a").write_bytes(b"12345")
        share = self.opened(samba().target())
        path = f"{folder.name}/a"
        text = f"на сервере DataCode нет места для файла '{path}'"
        missing = "/no/such/folder"
        self.fails(errors.SPOOL_FULL, text, share.fetch, path, self.deadline(), folder=missing)
        self.assertEqual(self.read(share, path), b"12345")

    def test_what_is_there(self) -> None:
        """Size, time and kind; None where nothing is."""
        folder = self.folder_of(samba())
        (folder / "a").write_bytes(b"12345")
        os.utime(folder / "a", (1, 1_600_000_000))
        share = self.opened(samba().target())
        info = share.stat(f"{folder.name}/a", self.deadline())
        assert info is not None
        self.assertEqual((info.size, info.modified, info.is_folder), (5, 1_600_000_000.0, False))
        for path, expected in ((folder.name, True), ("", True)):
            found = share.stat(path, self.deadline())
            assert found is not None
            self.assertEqual(found.is_folder, expected)
        for path in (f"{folder.name}/b", f"{folder.name}/a/b", "no/folder"):
            self.assertIsNone(share.stat(path, self.deadline()))

    def test_no_room_in_the_middle(self) -> None:
        """The local disk that fills up spoils neither the sentence nor the connection."""
        folder = self.folder_of(samba())
        (folder / "a").write_bytes(b"x" * (5 << 20))
        share = self.opened(samba().target())

        def full(folder: str | None) -> spool.Spooled:
            return spool.Spooled(
                os.open("/dev/full", os.O_WRONLY), os.open(os.devnull, os.O_RDONLY)
            )

        self.patch(spool, "spooled", full)
        path = f"{folder.name}/a"
        text = f"на сервере DataCode нет места для файла '{path}'"
        self.fails(errors.SPOOL_FULL, text, share.fetch, path, self.deadline())
        self.assertFalse(share.broken)
        self.assertEqual(self.listed(share, folder.name), ["a"])

    def test_many_threads_one_connection_each(self) -> None:
        """Connections do not disturb each other."""
        folder = self.folder_of(samba())
        contents = {f"f{i}": random.Random(i).randbytes(50_000 + i) for i in range(20)}
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        wrong: list[str] = []

        def reader() -> None:
            share = open_share(samba().target(), "data", ConnectionPolicy(), self.deadline())
            wrong.extend(
                name
                for name, content in contents.items()
                if self.read(share, f"{folder.name}/{name}") != content
            )
            share.close(self.deadline(1))

        threads = [threading.Thread(target=reader) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class ChangeTests(ShareTestCase):
    """Files that change while they are read."""

    def setUp(self) -> None:
        """Without a server the tests are skipped here, before they expect errors."""
        super().setUp()
        samba()

    def read_while(self, change: Callable[[Path, int], None], size: int = 20 << 20) -> Fetched:
        """Fetch a file that ``change`` is done to, in each round after its first piece."""
        folder = self.folder_of(samba())
        file = folder / "file"
        file.write_bytes(b"a" * size)
        share = self.opened(samba().target())
        rounds = 0

        def progress(done: int, total: int) -> None:
            nonlocal rounds
            if done <= share._wire.sizes.read:
                rounds += 1
                change(file, rounds)

        return share.fetch(f"{folder.name}/file", self.deadline(), progress=progress)

    def test_replaced_once(self) -> None:
        """It is read again: what comes is one state of the file, not a mixture."""

        def change(file: Path, rounds: int) -> None:
            if rounds == 1:
                file.write_bytes(b"b" * (20 << 20))

        self.assertTrue(self.content(self.read_while(change)) == b"b" * (20 << 20))

    def test_cut_short_once(self) -> None:
        """The same where it became shorter."""

        def change(file: Path, rounds: int) -> None:
            if rounds == 1:
                os.truncate(file, 5)

        self.assertEqual(self.content(self.read_while(change)), b"aaaaa")

    def test_changing_all_the_time(self) -> None:
        """There is a sentence for it, and no bytes."""

        def change(file: Path, rounds: int) -> None:
            with open(file, "r+b") as opened:
                opened.write(bytes((rounds,)))

        error = self.assertRaises(ShareError, self.read_while, change)
        self.assertIs(error.cause, errors.CHANGED)
        self.assertIn("изменяется во время чтения", str(error))

    def test_growing_all_the_time(self) -> None:
        """A log that is written to can be read, as long as it was when it was opened."""

        def change(file: Path, rounds: int) -> None:
            with open(file, "ab") as opened:
                opened.write(b"b")

        content = self.content(self.read_while(change))
        self.assertTrue(content == b"a" * (20 << 20) + b"bb")


class WriteTests(ShareTestCase):
    """Writing."""

    def store(self, share: Share, path: str, content: bytes) -> None:
        """Replace a file."""
        share.store(path, pipelined_io.BytesSource(content), self.deadline(), token="t")

    def test_new_and_replaced(self) -> None:
        """A file is there whole, and nothing else is."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        for size in (10, 3_000_001, 0):
            content = random.Random(size).randbytes(size)
            self.store(share, f"{folder.name}/Отчёт 😀.bin", content)
            self.assertEqual((folder / "Отчёт 😀.bin").read_bytes(), content)
            self.assertEqual(os.listdir(folder), ["Отчёт 😀.bin"])

    def attributes(self, share: Share, path: str, new: int | None = None) -> int:
        """The attributes of a file, after they have been set where ``new`` ones are given."""
        with share._working("", self.deadline()):
            handle = share._tree.open(tuple(path.split("/")), 0x180)
            if new is not None:
                basic = messages.basic_information(0, new)
                share._connection.setInfo(share._tree.number, handle, messages.BASIC, basic)
            share._tree.close(handle)
        return handle.info.attributes

    def test_attributes(self) -> None:
        """A file that is replaced is hidden if it was, and archived as all that has changed."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        hidden, archive = 0x2, 0x20
        for name, attributes in (
            ("plain", messages.ATTRIBUTE_NORMAL),
            ("archived", archive),
            ("hidden", hidden | archive),
        ):
            path = f"{folder.name}/{name}"
            self.store(share, path, b"first")
            self.attributes(share, path, attributes)
            for content in (b"second", b"third"):
                self.store(share, path, content)
                self.assertEqual((folder / name).read_bytes(), content)
                self.assertEqual(
                    self.attributes(share, path), attributes & (hidden | archive) | archive, name
                )

    def test_accents_as_they_are_there(self) -> None:
        """What a Mac has named is replaced, and not doubled; new files lie in its folders."""
        folder = self.folder_of(samba()) / unicodedata.normalize("NFD", "май")
        folder.mkdir()
        folder.chmod(0o777)
        apart = unicodedata.normalize("NFD", "чай.txt")
        (folder / apart).write_text("old")
        share = self.opened(samba().target())
        typed = unicodedata.normalize("NFC", str(folder.relative_to(samba().folder)))
        for name in ("чай.txt", "новый.txt"):
            path = f"{typed}/" + unicodedata.normalize("NFC", name)
            share.store(path, pipelined_io.BytesSource(b"new"), self.deadline(), token="t")
            self.assertEqual(self.read(share, path), b"new")
        share.make_folder(f"{typed}/йод/й", self.deadline())
        self.store(share, f"{typed}/йод/й.txt", b"new")
        share.remove(f"{typed}/новый.txt", self.deadline())
        composed = unicodedata.normalize("NFC", "йод")
        self.assertEqual(sorted(os.listdir(folder)), sorted([apart, composed]))
        self.assertEqual(len(os.listdir(folder.parent)), 1)

    def test_from_a_local_file(self) -> None:
        """A descriptor stays open and where it was."""
        folder = self.folder_of(samba())
        local = Path(self.mktemp())
        local.write_bytes(b"0123456789" * 300_000)
        share = self.opened(samba().target())
        with open(local, "rb") as file:
            source = pipelined_io.FileSource(file.fileno())
            share.store(f"{folder.name}/copy", source, self.deadline(), token="t")
            self.assertEqual(file.tell(), 0)
        self.assertEqual((folder / "copy").read_bytes(), local.read_bytes())

    def test_failures_leave_nothing(self) -> None:
        """Not even the file under its first name."""
        folder = self.folder_of(samba())
        (folder / "sub").mkdir()
        share = self.opened(samba().target())
        path = f"{folder.name}/sub"
        text = f"'{path}' является папкой"
        self.fails(errors.IS_FOLDER, text, self.store, share, path, b"x")
        self.assertEqual(os.listdir(folder), ["sub"])
        path = f"{folder.name}/no/folder"
        self.fails(errors.MISSING, f"'{path}' не найден", self.store, share, path, b"x")

    def opened_elsewhere(self, path: str, access: int, sharing: int) -> Callable[[], None]:
        """Have another client open a file; what is called lets go of it."""
        other = self.opened(samba().target())
        with other._working("", self.deadline()):
            handle = other._tree.open(tuple(path.split("/")), access, sharing=sharing)

        def let_go() -> None:
            with other._working("", self.deadline()):
                pipelined_io.write_file(
                    *(other._wire, other._tree.number, handle),
                    *(pipelined_io.BytesSource(b"theirs"), lambda done, total: None),
                )
                other._tree.close(handle)

        return let_go

    def test_a_file_that_others_write_to(self) -> None:
        """Is refused, however they have opened it, and what they save later stays."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        path, text = f"{folder.name}/book.csv", "файл занят другим процессом"
        writing = AccessMask.READ_DATA | AccessMask.WRITE_DATA
        for sharing in (0, 1, 7):
            (folder / "book.csv").write_bytes(b"before")
            let_go = self.opened_elsewhere(path, writing, sharing)
            self.fails(errors.LOCKED, text, self.store, share, path, b"ours")
            self.assertEqual(os.listdir(folder), ["book.csv"])
            let_go()
            self.assertEqual((folder / "book.csv").read_bytes(), b"theirs")
        (folder / "book.csv").write_bytes(b"before")
        self.opened_elsewhere(path, AccessMask.TO_READ, 1)  # reads, and wants nobody to write
        self.fails(errors.LOCKED, text, self.store, share, path, b"ours")
        self.assertEqual((folder / "book.csv").read_bytes(), b"before")

    def test_a_file_that_others_read(self) -> None:
        """Is replaced, if what replaces it would be the same but for the content."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        self.store(share, f"{folder.name}/book.csv", b"before")
        self.opened_elsewhere(f"{folder.name}/book.csv", AccessMask.TO_READ, 7)
        before = (folder / "book.csv").stat()
        self.store(share, f"{folder.name}/book.csv", b"ours")
        self.assertEqual((folder / "book.csv").read_bytes(), b"ours")
        self.assertNotEqual((folder / "book.csv").stat().st_ino, before.st_ino)

    def test_a_file_that_is_in_use_for_a_moment(self) -> None:
        """Samba refuses to replace what the same connection has open: it is tried again."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        path = f"{folder.name}/book.csv"
        self.store(share, path, b"before")
        with share._working("", self.deadline()):
            handle = share._tree.open((folder.name, "book.csv"), AccessMask.TO_READ)
        seen: list[str] = []

        class LettingGo(Deadline):
            """Lets go of the file in the first pause."""

            def pause(self, seconds: float) -> None:
                if not seen:
                    seen.extend(os.listdir(folder))
                    share._tree.close(handle)

        share.store(path, pipelined_io.BytesSource(b"ours"), LettingGo(300, 60), token="t")
        self.assertEqual(len(seen), 2)
        self.assertEqual((folder / "book.csv").read_bytes(), b"ours")
        self.assertEqual(self.attributes(share, path), 0x20)
        self.assertEqual(os.listdir(folder), ["book.csv"])

    def test_a_file_that_stays_in_use(self) -> None:
        """Is refused in the end, and the new one is gone."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        path = f"{folder.name}/book.csv"
        self.store(share, path, b"before")
        with share._working("", self.deadline()):
            share._tree.open((folder.name, "book.csv"), AccessMask.TO_READ)
        text = "файл занят другим процессом"
        self.fails(errors.LOCKED, text, self.store, share, path, b"ours")
        self.assertEqual((folder / "book.csv").read_bytes(), b"before")
        self.assertEqual(os.listdir(folder), ["book.csv"])

    def test_a_read_only_file(self) -> None:
        """Is refused in its own words."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        path = f"{folder.name}/book.csv"
        (folder / "book.csv").write_bytes(b"before")
        with share._working("", self.deadline()):
            handle = share._tree.open((folder.name, "book.csv"), AccessMask.WRITE_ATTRIBUTES)
            share._connection.setInfo(
                share._tree.number, handle, messages.BASIC, messages.basic_information(0, 1)
            )
            share._tree.close(handle)
        text = f"файл '{path}' доступен только для чтения"
        self.fails(errors.FILE_READ_ONLY, text, self.store, share, path, b"ours")
        self.assertEqual((folder / "book.csv").read_bytes(), b"before")
        self.assertEqual(os.listdir(folder), ["book.csv"])

    def test_what_a_file_is_stays(self) -> None:
        """Permissions, whatever the server gives new files; and the time it was made."""
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        file = folder / "book.csv"
        for mode in (0o644, 0o600, 0o640, 0o604, 0o777):
            file.unlink(missing_ok=True)
            file.write_bytes(b"before, and longer")
            file.chmod(mode)
            before, number = self.security(share, file), file.stat().st_ino
            self.store(share, f"{folder.name}/book.csv", b"ours")
            self.assertEqual(file.read_bytes(), b"ours")
            self.assertEqual(self.security(share, file), before, oct(mode))
            self.assertNotEqual(file.stat().st_ino, number, oct(mode))

    def security(self, share: Share, file: Path) -> messages.Security:
        """Whose a file is, and who may what with it."""
        with share._working("", self.deadline()):
            parts = (file.parent.name, file.name)
            asked = share._tree.open_then(parts, AccessMask.READ_CONTROL, ASK_SECURITY, CLOSE)
            return messages.parse_security(share._connection.told_security(asked[1][1]))

    def test_a_file_of_another_account(self) -> None:
        """Is written where it is, and stays that account's; it becomes shorter and longer."""
        if os.geteuid() != 0:
            raise SkipTest("only root can give files away")
        folder = self.folder_of(samba())
        share = self.opened(samba().target())
        file = folder / "book.csv"
        file.write_bytes(b"before, and longer")
        os.chown(file, 12345, 12345)
        file.chmod(0o666)
        before = file.stat()
        for content in (b"ours", b"ours" * 500_000, b""):
            self.store(share, f"{folder.name}/book.csv", content)
            self.assertEqual(file.read_bytes(), content)
            self.assertEqual(file.stat().st_ino, before.st_ino)
            self.assertEqual(file.stat().st_uid, 12345)
        self.assertEqual(os.listdir(folder), ["book.csv"])

    def test_a_share_that_is_read_only(self) -> None:
        """Has the server's own word."""
        share = self.opened(samba().target(), "readonly")
        error = self.assertRaises(ShareError, self.store, share, "a", b"x")
        self.assertIn(error.cause, (errors.DENIED, errors.READ_ONLY))

    def test_folders(self) -> None:
        """Made with those above; one that is there is no failure, a file of that name is."""
        folder = self.folder_of(samba())
        (folder / "file").touch()
        share = self.opened(samba().target())
        share.make_folder(f"{folder.name}/a/b/в", self.deadline())
        share.make_folder(f"{folder.name}/a/b/в", self.deadline())
        self.assertTrue((folder / "a" / "b" / "в").is_dir())
        error = self.assertRaises(
            ShareError, share.make_folder, f"{folder.name}/file", self.deadline()
        )
        self.assertIn(error.cause, (errors.NOT_FOLDER, errors.EXISTS))

    def test_deleting(self) -> None:
        """Files, and folders that are empty."""
        folder = self.folder_of(samba())
        (folder / "a").touch()
        (folder / "full" / "x").mkdir(parents=True)
        share = self.opened(samba().target())
        share.remove(f"{folder.name}/a", self.deadline())
        share.remove(f"{folder.name}/full/x", self.deadline())
        self.assertEqual(os.listdir(folder), ["full"])
        (folder / "full" / "y").touch()
        path = f"{folder.name}/full"
        self.fails(
            errors.NOT_EMPTY, f"папка '{path}' не пуста", share.remove, path, self.deadline()
        )
        path = f"{folder.name}/a"
        self.fails(errors.MISSING, f"'{path}' не найден", share.remove, path, self.deadline())


class DialectTests(ShareTestCase):
    """Every dialect, with every protection that it has, gives the same bytes."""

    def works(self, server: Samba, dialect: int, *, encrypted: bool) -> None:
        """Assert that listing, reading and writing work in this dialect."""
        folder = self.folder_of(server)
        share = self.opened(server.target())
        self.assertEqual((share._wire.dialect, share._wire.encrypts), (dialect, encrypted))
        content = random.Random(3).randbytes(2_500_000)
        share.store(
            f"{folder.name}/файл", pipelined_io.BytesSource(content), self.deadline(), token="t"
        )
        self.assertEqual(self.read(share, f"{folder.name}/файл"), content)
        self.assertEqual(self.listed(share, folder.name), ["файл"])

    def test_2_0_2(self) -> None:
        """Signed, in pieces of 64 KiB."""
        self.works(samba(dialect="2.0.2"), Dialect.SMB_2_0_2, encrypted=False)

    def test_2_1(self) -> None:
        """Signed."""
        self.works(samba(dialect="2.1"), Dialect.SMB_2_1, encrypted=False)

    def test_2_1_signing_required(self) -> None:
        """Signed because the server wants it."""
        self.works(samba(dialect="2.1", signing="mandatory"), Dialect.SMB_2_1, encrypted=False)

    def test_3_0(self) -> None:
        """Encrypted by AES-128-CCM."""
        self.works(samba(dialect="3.0"), Dialect.SMB_3_0, encrypted=True)

    def test_3_0_2(self) -> None:
        """Encrypted by AES-128-CCM."""
        self.works(samba(dialect="3.0.2"), Dialect.SMB_3_0_2, encrypted=True)

    def test_3_0_without_encryption(self) -> None:
        """Signed by AES-CMAC."""
        self.works(samba(dialect="3.0", encrypt="off"), Dialect.SMB_3_0, encrypted=False)

    def test_3_1_1_encryption_required(self) -> None:
        """Encrypted because the server wants it."""
        self.works(samba(encrypt="required"), Dialect.SMB_3_1_1, encrypted=True)

    def test_3_1_1_ciphers(self) -> None:
        """Every cipher that a server may insist on."""
        for cipher in ("AES-128-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM"):
            server = samba(server_smb3_encryption_algorithms=cipher)
            share = self.opened(server.target())
            self.assertTrue(share._wire.encrypts)
            content = random.Random(3).randbytes(300_000)
            (server.folder / "c").write_bytes(content)
            self.assertEqual(self.read(share, "c"), content)

    def test_3_1_1_signatures(self) -> None:
        """Every signature that a server may insist on."""
        for algorithm in ("AES-128-GMAC", "AES-128-CMAC"):
            server = samba(encrypt="off", server_smb3_signing_algorithms=algorithm)
            share = self.opened(server.target())
            self.assertFalse(share._wire.encrypts)
            self.assertEqual(share._wire.dialect, Dialect.SMB_3_1_1)
            content = random.Random(3).randbytes(300_000)
            (server.folder / "s").write_bytes(content)
            self.assertEqual(self.read(share, "s"), content)

    def test_encryption_required_of_an_old_dialect(self) -> None:
        """Cannot be had, and the server says so."""
        server = samba(dialect="2.1", encrypt="required")
        error = self.assertRaises(
            ShareError, open_share, server.target(), "data", ConnectionPolicy(), self.deadline()
        )
        self.assertIn(error.cause, (errors.DENIED, errors.LOST))


class CancelTests(ShareTestCase):
    """Ending a call from another thread."""

    def test_before_it_begins(self) -> None:
        """Then nothing is done."""
        deadline = self.deadline()
        deadline.cancel()
        self.assertRaises(
            CallCancelled, open_share, samba().target(), "data", ConnectionPolicy(), deadline
        )

    def test_during_a_read(self) -> None:
        """The connection is gone with it."""
        folder = self.folder_of(samba())
        with open(folder / "big", "wb") as file:
            file.truncate(300 << 20)
        share = self.opened(samba().target())
        deadline = self.deadline()
        self.assertRaises(
            CallCancelled,
            share.fetch,
            f"{folder.name}/big",
            deadline,
            progress=lambda done, total: deadline.cancel(),
        )
        self.assertTrue(share.broken)


class ImpacketServerTests(ShareTestCase):
    """The server that comes with Impacket: old, slow and with ideas of its own."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.server = ImpacketServer(folder)
        self.addCleanup(self.server.stop)

    def test_reads_and_lists(self) -> None:
        """The same bytes and names as from any other."""
        content = random.Random(5).randbytes(1_000_000)
        (self.server.folder / "Отчёт 😀.csv").write_bytes(content)
        (self.server.folder / "папка" / "x").mkdir(parents=True)
        share = self.opened(self.server.target())
        self.assertEqual(self.listed(share, ""), ["Отчёт 😀.csv", "папка"])
        self.assertEqual(self.listed(share, "папка"), ["x"])
        self.assertEqual(self.read(share, "Отчёт 😀.csv"), content)

    def test_failures(self) -> None:
        """Its own statuses mean the same sentences."""
        share = self.opened(self.server.target())
        self.fails(errors.MISSING, "'a/b' не найден", share.fetch, "a/b", self.deadline())
        self.fails(errors.MISSING, "'a' не найден", share.list_folder, "a", self.deadline())
        for target, name, cause in (
            (self.server.target(), "nothing", errors.NO_SHARE),
            (self.server.target("x"), "data", errors.WRONG_LOGIN),
            (self.server.target(password="x"), "data", errors.WRONG_LOGIN),
        ):
            error = self.assertRaises(
                ShareError, open_share, target, name, ConnectionPolicy(), self.deadline()
            )
            self.assertIs(error.cause, cause)
