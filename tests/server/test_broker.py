"""The broker: who answers what a program asks of the outside."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.file_operations import (
    Copy,
    Delete,
    FindKind,
    ListFolder,
    MakeFolder,
    Match,
    Open,
    Stat,
    WorkingFolder,
    Write,
)
from datacode.runtime.files import FilesError
from datacode.server.api.messages import ReadDetails
from datacode.server.files.broker import FileBroker
from datacode.server.files.sandboxed_files import AllowedFolders, SandboxedFiles
from datacode.server.files.session_folder import SessionFolder
from datacode.smb.errors import ShareError
from datacode.smb.target import Target
from tests.server.fakes import AtOnce, FakeShares


class BrokerTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A folder with a file, a share with another."""
        self.root = Path(self.mktemp()).absolute()
        self.root.mkdir()
        (self.root / "a.txt").write_text("local")
        self.shares = FakeShares()
        self.shares.contents = {"": {"b.csv": b"shared"}, "in": {"c.csv": b"", "d.txt": b""}}
        self.shares.connected["data"] = (Target("h"), "data")
        self.read: list[ReadDetails] = []

    def broker(self, folder: SessionFolder | None = None) -> FileBroker:
        """A broker with or without a session folder."""
        area = AllowedFolders.of(self.root, [])
        files = SandboxedFiles(area) if folder is None else folder.files
        return FileBroker(files, self.shares, AtOnce(), folder=folder, on_read=self.read.append)

    def paths(self) -> list[str]:
        """The files that programs have read."""
        return [each.path for each in self.read]

    def now(self, asked: Any) -> Any:
        """What is answered, at once."""
        return self.successResultOf(Deferred.fromCoroutine(asked))

    def content(self, asked: Any) -> bytes:
        """What is in the file that a descriptor was given for."""
        with open(self.now(asked), "rb") as file:
            return file.read()

    def test_files(self) -> None:
        """lib:// leads to the shares, everything else to the disk."""
        broker = self.broker()
        self.assertEqual(self.content(broker.do(Open("a.txt"))), b"local")
        self.assertEqual(self.content(broker.do(Open("lib://data/b.csv"))), b"shared")
        self.assertEqual(self.now(broker.do(FindKind("a.txt"))), "file")
        self.assertEqual(self.now(broker.do(FindKind("lib://data/in"))), "folder")
        self.assertEqual(self.now(broker.do(WorkingFolder())), str(self.root))

    def test_capitals(self) -> None:
        """LIB:// is an ordinary path."""
        failure = self.failureResultOf(
            Deferred.fromCoroutine(self.broker().do(Open("LIB://data/b")))
        )
        failure.trap(FileNotFoundError)

    def test_listing(self) -> None:
        """Folders here and there, and patterns."""
        broker = self.broker()
        self.assertEqual([e.name for e in self.now(broker.do(ListFolder("")))], ["a.txt"])
        names = [e.name for e in self.now(broker.do(ListFolder("lib://data/in")))]
        self.assertEqual(names, ["c.csv", "d.txt"])
        self.assertEqual(self.now(broker.do(Match("*.txt"))), ["a.txt"])

    def test_reads_of_shares_are_told(self) -> None:
        """Every file that is read, with its size; those of shares with the share's time."""
        broker = self.broker()
        self.content(broker.do(Open("a.txt")))
        self.content(broker.do(Open("lib://data/b.csv")))
        self.assertEqual(self.paths(), ["a.txt", "lib://data/b.csv"])
        self.assertEqual([each.size for each in self.read], [5, 6])
        self.assertEqual(self.read[1].modified, 1.5)
        self.assertEqual(self.read[1].sha256, hashlib.sha256(b"shared").hexdigest())

    def test_not_connected(self) -> None:
        """A share that is not connected is refused in its own words."""
        asked = Deferred.fromCoroutine(self.broker().do(Open("lib://none/x")))
        error = self.failureResultOf(asked, ShareError).value
        self.assertEqual(str(error), "SMB share 'none' не подключена")

    def test_nothing_is_written_without_a_session_folder(self) -> None:
        """Not even in the start folder."""
        asked = Deferred.fromCoroutine(self.broker().do(Write("a.txt", b"x")))
        error = self.failureResultOf(asked, FilesError).value
        self.assertEqual(
            str(error),
            "Доступ запрещен: запись разрешена только в папку сессии, а её нет:"
            " сервер запущен без --use-ve",
        )
        self.assertEqual((self.root / "a.txt").read_text(), "local")

    def test_session_folder(self) -> None:
        """It is made when it is first looked at; what is written there is read there."""
        folder = SessionFolder(self.root / "user", max_bytes=0, max_files=0)
        broker = self.broker(folder)
        self.assertEqual(self.now(broker.do(ListFolder(""))), [])
        self.assertTrue(os.path.isdir(folder.path))
        self.now(broker.do(Write("out/x", b"mine")))
        self.assertEqual(self.content(broker.do(Open("out/x"))), b"mine")
        self.assertEqual(self.now(broker.do(WorkingFolder())), "")
        folder.remove()
        failed = self.failureResultOf(Deferred.fromCoroutine(broker.do(ListFolder(""))), FilesError)
        self.assertEqual(str(failed.value), "Доступ запрещен: папка сессии не установлена")

    def test_copies(self) -> None:
        """From a share and to one, from the disk and to it; the descriptors are closed."""
        folder = SessionFolder(self.root / "user", max_bytes=0, max_files=0)
        broker = self.broker(folder)
        self.shares.writable = True
        before = len(os.listdir("/proc/self/fd"))
        self.now(broker.do(Copy("lib://data/b.csv", "mine")))
        self.now(broker.do(Copy("mine", "again")))
        self.assertEqual((folder.path / "again").read_bytes(), b"shared")
        (folder.path / "again").write_bytes(b"new")
        self.now(broker.do(Copy("again", "lib://data/c.csv")))
        self.now(broker.do(Copy("lib://data/c.csv", "lib://data/d.csv")))
        self.assertEqual(self.shares.contents[""]["d.csv"], b"new")
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)
        # From disk to disk nothing is read.
        self.assertEqual(self.paths(), ["lib://data/b.csv", "again", "lib://data/c.csv"])

    def test_refused_before_anything_is_read(self) -> None:
        """A file of a share is not fetched for a target that may not be written."""
        for change in (Copy("lib://data/b.csv", "a.txt"), MakeFolder("x"), Delete("a.txt")):
            asked = Deferred.fromCoroutine(self.broker().do(change))
            error = self.failureResultOf(asked, FilesError).value
            self.assertEqual(error.message.code, "write_outside")
        self.assertEqual(self.read, [])

    def test_nothing_there(self) -> None:
        """Looking at what is not there is an error, here and on a share."""
        for path, expected in (("none", FileNotFoundError), ("lib://data/none", ShareError)):
            asked = Deferred.fromCoroutine(self.broker().do(Stat(path)))
            self.failureResultOf(asked, expected)
