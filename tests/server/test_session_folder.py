"""Session folders and local files: server reference, D4 and 7."""

from __future__ import annotations

import base64
import errno
import os
import stat
import threading
import unicodedata
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.files import Entry, FilesError
from datacode.runtime.local_files import LocalFiles
from datacode.runtime.patterns import matching
from datacode.server.api import texts
from datacode.server.files.protected_files import ProtectedFiles, exposed_keys
from datacode.server.files.sandboxed_files import AllowedFolders, SandboxedFiles
from datacode.server.files.session_folder import SessionFolder, StoreError, Usage
from datacode.server.files.session_folders import SessionFolders


def contents(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        return file.read()


class UploadTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A session folder that is not on the disk yet."""
        self.root = Path(self.mktemp()).absolute()
        self.root.mkdir()
        self.folder = SessionFolder(self.root / "user", max_bytes=100, max_files=3)

    def refused(self, filename: str, content: str = "x") -> str:
        """The sentence about an upload that fails."""
        error = self.assertRaises(StoreError, self.folder.upload, filename, content.encode())
        return error.render("ru")

    def test_made_when_needed(self) -> None:
        """The folder appears with the first file, readable to nobody else."""
        self.assertFalse(self.folder.exists)
        self.folder.upload("a.txt", b"hello")
        self.assertTrue(self.folder.exists)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder.path).st_mode), 0o700)
        self.assertEqual((self.folder.path / "a.txt").read_bytes(), b"hello")

    def test_changes_taken_back(self) -> None:
        """Files that were replaced, deleted or made, and folders; the quota with them."""
        folder = SessionFolder(self.root / "other", max_bytes=1000, max_files=10)
        folder.upload("kept", b"1")
        folder.upload("replaced", b"22")
        folder.upload("old/deleted", b"333")
        before = self.contents(folder)
        usage = folder.usage()
        for keep in (False, True):
            folder.begin_changes()
            folder.write("replaced", b"other")
            folder.write("replaced", b"and other")
            folder.delete("old/deleted")
            folder.delete("old")
            folder.write("new/deep/file", b"4")
            folder.make_folder("empty")
            folder.write("gone", b"5")
            folder.delete("gone")
            changed = self.contents(folder)
            folder.end_changes(keep=keep)
            self.assertEqual(self.contents(folder), changed if keep else before)
            self.assertEqual(os.listdir(self.root), ["other"])
            if not keep:
                self.assertEqual(folder.usage(), usage)
        folder.begin_changes()
        folder.write("kept", b"6")
        folder.remove()
        self.assertEqual(os.listdir(self.root), [])
        folder.end_changes(keep=False)

    def contents(self, folder: SessionFolder) -> dict[str, bytes | None]:
        """All files, and all folders as None."""
        return {
            str(path.relative_to(folder.path)): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.path.rglob("*"))
        }

    def test_text_and_base64(self) -> None:
        """Text is stored in UTF-8; base64 is decoded; base64: alone is an empty file."""
        data = bytes(range(50))
        for content, expected in (
            ("привет", "привет".encode()),
            ("base64:" + base64.b64encode(data).decode(), data),
            ("base64:", b""),
            ("BASE64:QQ==", b"BASE64:QQ=="),
            ("", b""),
        ):
            self.folder.upload("f", content.encode())
            self.assertEqual((self.folder.path / "f").read_bytes(), expected)

    def test_long_base64(self) -> None:
        """Base64 is decoded in pieces, and padding may stand at its end only."""
        folder = SessionFolder(self.root / "other", max_bytes=0, max_files=0)
        data = os.urandom(2_000_001)
        encoded = base64.b64encode(data)
        folder.upload("f", b"base64:" + encoded)
        self.assertEqual((folder.path / "f").read_bytes(), data)
        half = b"A" * ((1 << 20) - 4) + b"AA=="
        error = self.assertRaises(StoreError, folder.upload, "g", b"base64:" + half + half)
        self.assertEqual(error.message.code, texts.BAD_BASE64.code)
        self.assertEqual([each.name for each in folder.listing()], ["f"])

    def test_bad_base64(self) -> None:
        """Anything but standard base64 with padding is refused, and nothing is left behind."""
        for encoded in (
            "A",
            "AA",
            "AAA",
            "AA=",
            "A A=",
            "AAA-",
            "AAA_",
            "=",
            "AA==AA==",
            "Я",
            "AA==\n",
        ):
            self.assertTrue(
                self.refused("f", "base64:" + encoded).startswith("Ошибка декодирования base64: "),
                encoded,
            )
        self.assertEqual(os.listdir(self.folder.path), [])

    def test_folders_are_made(self) -> None:
        """A name with slashes makes folders; Cyrillic, spaces and dots are kept as they are."""
        self.folder.upload("отчёты/за год/a..b.txt", b"x")
        self.assertEqual((self.folder.path / "отчёты" / "за год" / "a..b.txt").read_text(), "x")
        self.assertEqual([each.name for each in self.folder.listing()], ["отчёты/за год/a..b.txt"])

    def test_replaced(self) -> None:
        """An upload replaces a file of that name, and counts once."""
        self.folder.upload("a", b"x" * 60)
        self.folder.upload("a", b"y" * 90)
        self.assertEqual((self.folder.path / "a").read_text(), "y" * 90)
        self.assertEqual(self.folder.usage(), Usage(1, 90))

    def test_given_up(self) -> None:
        """What is given up on the way leaves the old file, and nothing else."""
        self.folder.upload("a", b"old")
        given_up = threading.Event()
        given_up.set()
        for content in (b"", b"new", b"x" * 90, b"base64:QUFB"):
            error = self.assertRaises(StoreError, self.folder.upload, "a", content, given_up)
            self.assertEqual(error.message.code, texts.CANNOT_WRITE.code)
        self.assertEqual(os.listdir(self.folder.path), ["a"])
        self.assertEqual((self.folder.path / "a").read_text(), "old")
        self.assertEqual(self.folder.usage(), Usage(1, 3))

    def test_bad_names(self) -> None:
        """Names that are no path of a file below the folder are refused; nothing is written."""
        (self.root / "outside").mkdir()
        for name in (
            "",
            ".",
            "..",
            "/",
            "a/",
            "/etc/passwd",
            "../x",
            "../../../x",
            "a/../../x",
            "a/../b",
            "a/./b",
            "a//b",
            "\\x",
            "..\\x",
            "a\\b",
            "C:x",
            "c:\\x",
            "c:/x",
            "a\0b",
            "/".join("a" * 100),
        ):
            self.assertEqual(self.refused(name), "Некорректный путь к файлу", repr(name))
        self.assertEqual(sorted(os.listdir(self.root)), ["outside"])

    def test_name_of_a_folder(self) -> None:
        """A folder is not replaced by a file."""
        self.folder.upload("a/b", b"x")
        self.assertEqual(self.refused("a"), "Некорректный путь к файлу")

    def test_parent_is_a_file(self) -> None:
        """A file is no folder."""
        self.folder.upload("a", b"x")
        self.assertEqual(
            self.refused("a/b"), "Ошибка создания директории: это не папка (os error 20)"
        )

    def test_long_names(self) -> None:
        """A name that the disk does not take is refused in its words."""
        self.assertEqual(
            self.refused("x" * 10_000),
            "Ошибка записи файла: слишком длинное имя файла (os error 36)",
        )
        self.assertIn("Ошибка создания директории: ", self.refused("x" * 10_000 + "/a"))

    def test_quota(self) -> None:
        """More bytes than allowed are refused before they are written."""
        self.folder = SessionFolder(self.root / "q", max_bytes=3 << 20, max_files=0)
        self.folder.upload("a", b"x" * (2 << 20))
        self.assertEqual(self.refused("b", "x" * (2 << 20)), "Превышен объём папки сессии (3 МиБ)")
        self.folder.upload("a", b"x" * (3 << 20))

    def test_number_of_files(self) -> None:
        """More files than allowed are refused; replacing one is not."""
        for name in "abc":
            self.folder.upload(name, b"")
        self.assertEqual(self.refused("d"), "Превышено число файлов в папке сессии (3)")
        self.folder.upload("c", b"x")

    def test_link_out(self) -> None:
        """A symbolic link that somebody put there leads nowhere."""
        target = self.root / "target"
        target.mkdir()
        self.folder.make()
        os.symlink(target, self.folder.path / "link")
        os.symlink(self.root / "victim", self.folder.path / "file")
        self.assertIn("Ошибка создания директории", self.refused("link/x"))
        self.folder.upload("file", b"mine")
        self.assertEqual(os.listdir(target), [])
        self.assertFalse((self.root / "victim").exists())

    def test_removed(self) -> None:
        """After its end nothing can be stored."""
        self.folder.upload("a/b", b"x")
        self.assertTrue(self.folder.remove())
        self.assertFalse(self.folder.path.exists())
        self.assertFalse(self.folder.remove())
        self.assertEqual(self.refused("a"), "Сессия пользователя не найдена")


class ProgramWritesTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A session folder."""
        root = Path(self.mktemp()).absolute()
        root.mkdir()
        self.folder = SessionFolder(root / "user", max_bytes=1 << 20, max_files=2)

    def test_written(self) -> None:
        """A program names files as it reads them: relative, or absolute inside."""
        self.folder.write("a/b.txt", b"1")
        self.folder.write(str(self.folder.path / "c.txt"), b"2")
        self.assertEqual([each.name for each in self.folder.listing()], ["a/b.txt", "c.txt"])

    def test_refused(self) -> None:
        """Outside it writes nothing."""
        for path in ("../x", "/tmp/x", "a/../../x"):
            self.assertRaises(FilesError, self.folder.write, path, b"")

    def test_quota(self) -> None:
        """The sentence names the limit."""
        error = self.assertRaises(FilesError, self.folder.write, "a", b"x" * (2 << 20))
        self.assertEqual(str(error), "The session folder is full (limit 1 MiB)")

    def test_folders(self) -> None:
        """Made with those above, deleted when empty; there may be as many as files."""
        self.folder.make_folder("a/b")
        self.folder.make_folder("a/b")
        self.assertTrue((self.folder.path / "a" / "b").is_dir())
        error = self.assertRaises(FilesError, self.folder.make_folder, "c")
        self.assertEqual(str(error), "The session folder is full (limit 2 files)")
        self.assertRaises(FilesError, self.folder.write, "d/x", b"")
        not_empty = self.assertRaises(OSError, self.folder.delete, "a")
        self.assertEqual(not_empty.errno, errno.ENOTEMPTY)
        self.folder.delete("a/b")
        self.folder.make_folder("c")
        self.assertEqual(sorted(os.listdir(self.folder.path)), ["a", "c"])

    def test_folders_with_a_file_in_the_way(self) -> None:
        """Many attempts that fail leave no more folders than are allowed."""
        self.folder.write("f", b"")
        self.assertRaises(NotADirectoryError, self.folder.make_folder, "f/x")
        for number in range(5):
            self.assertRaises(
                (OSError, FilesError), self.folder.make_folder, f"{number}/" + "x" * 300
            )
        self.assertLessEqual(len(os.listdir(self.folder.path)), 3)

    def test_deleted(self) -> None:
        """A file that is deleted makes room; outside, and the folder itself, are refused."""
        self.folder.write("a", b"x" * (1 << 20))
        self.folder.delete("a")
        self.assertEqual(self.folder.usage().bytes, 0)
        self.folder.write("b", b"x" * (1 << 20))
        self.assertRaises(FileNotFoundError, self.folder.delete, "a")
        for path in ("../x", "/tmp/x"):
            self.assertRaises(FilesError, self.folder.delete, path)
            self.assertRaises(FilesError, self.folder.make_folder, path)
        self.assertRaises(OSError, self.folder.delete, ".")

    def test_copied(self) -> None:
        """All bytes of a descriptor, wherever its position is; within the quota."""
        source = self.folder.path.parent / "source"
        source.write_bytes(b"12345")
        descriptor = os.open(source, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        os.lseek(descriptor, 3, os.SEEK_SET)
        self.folder.write("copy", descriptor)
        self.assertEqual((self.folder.path / "copy").read_bytes(), b"12345")
        source.write_bytes(bytes(2 << 20))
        self.assertRaises(FilesError, self.folder.write, "copy", descriptor)
        self.assertEqual((self.folder.path / "copy").read_bytes(), b"12345")

    def test_system_error(self) -> None:
        """What the disk says reaches the program as it is."""
        self.folder.write("a", b"")
        self.assertRaises(NotADirectoryError, self.folder.write, "a/b", b"")
        self.assertRaises(OSError, self.folder.write, ".", b"")


class ReadingTests(SynchronousTestCase):
    """Without --use-ve: the start folder, widened by --files."""

    def setUp(self) -> None:
        """A start folder, an allowed one, and one outside, with links between them."""
        self.root = Path(self.mktemp()).absolute()
        for name in ("start/sub", "allowed", "outside", "start-not"):
            (self.root / name).mkdir(parents=True)
        for name in ("start/a.txt", "start/sub/b.csv", "allowed/c", "outside/d", "start-not/e"):
            (self.root / name).write_text(name)
        self.start = self.root / "start"
        os.symlink(self.root / "outside" / "d", self.start / "out-file")
        os.symlink(self.root / "outside", self.start / "out-folder")
        os.symlink("a.txt", self.start / "in-file")
        os.symlink("/nowhere", self.start / "broken")
        os.mkfifo(self.start / "pipe")
        self.files = SandboxedFiles(AllowedFolders.of(self.start, [self.root / "allowed"]))

    def test_read(self) -> None:
        """Below the start folder and the allowed ones, by relative and absolute paths."""
        for path in ("a.txt", "./sub/../a.txt", "in-file", str(self.start / "a.txt")):
            self.assertEqual(contents(self.files.open(path)), b"start/a.txt")
        self.assertEqual(contents(self.files.open(str(self.root / "allowed" / "c"))), b"allowed/c")
        self.assertEqual(contents(self.files.open("../allowed/c")), b"allowed/c")

    def test_refused(self) -> None:
        """Everything else is refused in one sentence, whether it exists or not."""
        for path in (
            "../outside/d",
            "../outside/none",
            "/etc/passwd",
            "/etc/none",
            "..",
            "/",
            "sub/../../outside/d",
            "out-file",
            "out-folder/d",
            "../start-not/e",
        ):
            for ask in (self.files.open, self.files.list_folder, self.files.kind):
                error = self.assertRaises(FilesError, ask, path)
                self.assertEqual(
                    str(error), "Доступ запрещен: путь находится вне разрешенной папки", path
                )

    def test_patterns_are_refused_too(self) -> None:
        """A pattern sees no more than a path; a link on its way leads nowhere."""
        self.assertRaises(FilesError, matching, "../outside/*", self.files.list_folder)
        self.assertRaises(FilesError, matching, "/etc/*", self.files.list_folder)
        found = matching("**/*", self.files.list_folder)
        self.assertIn("sub/b.csv", found)
        self.assertNotIn("out-folder/d", found)

    def test_any(self) -> None:
        """--files any opens everything; a pipe or a device is still no file."""
        files = SandboxedFiles(AllowedFolders.of(self.start, None))
        self.assertEqual(contents(files.open("../outside/d")), b"outside/d")
        self.assertRaises(FilesError, files.open, "/dev/zero")
        self.assertRaises(FilesError, files.open, "pipe")

    def test_listing(self) -> None:
        """Files and folders by name; a broken link and a pipe are neither."""
        entries = self.files.list_folder("")
        self.assertEqual(
            [(entry.name, entry.is_folder) for entry in entries],
            [
                ("a.txt", False),
                ("in-file", False),
                ("out-file", False),
                ("out-folder", True),
                ("sub", True),
            ],
        )
        self.assertEqual(entries[0].size, 11)
        self.assertIsInstance(self.files.list_folder("sub")[0], Entry)

    def test_system_errors(self) -> None:
        """What is not there, or is something else, is said in the system's words."""
        self.assertRaises(FileNotFoundError, self.files.open, "none")
        self.assertRaises(IsADirectoryError, self.files.open, "sub")
        self.assertRaises(NotADirectoryError, self.files.list_folder, "a.txt")
        self.assertRaises(FileNotFoundError, self.files.open, "a\0b")
        self.assertRaises(OSError, self.files.open, "x" * 10_000)

    def test_kinds(self) -> None:
        """file, folder or nothing."""
        kinds = [self.files.kind(path) for path in ("a.txt", "sub", "none", "broken", "pipe", "")]
        self.assertEqual(kinds, ["file", "folder", None, None, None, "folder"])

    def test_start_folder_behind_a_link(self) -> None:
        """The way to the folders may lead over links: it is the operator's own."""
        os.symlink(self.start, self.root / "link")
        files = SandboxedFiles(AllowedFolders.of(self.root / "link", [self.root / "link" / "sub"]))
        self.assertEqual(contents(files.open("a.txt")), b"start/a.txt")
        self.assertEqual(contents(files.open(str(self.root / "link" / "a.txt"))), b"start/a.txt")

    def test_no_descriptor_is_left(self) -> None:
        """Refusals leave nothing open."""
        before = os.listdir("/proc/self/fd")
        for path in ("out-file", "out-folder/d", "pipe", "sub", "none"):
            self.assertRaises((FilesError, OSError), self.files.open, path)
        self.files.list_folder("")
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), len(before))


class NormalFormTests(SynchronousTestCase):
    """Names with accents, composed (NFC) or taken apart (NFD) as macOS sends them."""

    apart = unicodedata.normalize("NFD", "Отчёт й.csv")
    composed = unicodedata.normalize("NFC", "Отчёт й.csv")

    def test_session_folder(self) -> None:
        """One entry, whichever form it has been uploaded, written and read in."""
        folder = SessionFolder(Path(self.mktemp()).absolute(), max_bytes=0, max_files=0)
        folder.upload(f"{self.apart}/{self.apart}", b"1")
        folder.write(f"{self.composed}/{self.apart}", b"2")
        folder.upload(f"{self.composed}/{self.composed}", b"3")
        self.assertEqual(
            [each.name for each in folder.listing()], [f"{self.composed}/{self.composed}"]
        )
        for path in (self.apart, self.composed):
            self.assertEqual(contents(folder.files.open(f"{self.apart}/{path}")), b"3")
        self.assertEqual(folder.files.kind(self.apart), "folder")
        folder.discard(f"{self.apart}/{self.composed}")
        self.assertEqual(folder.listing(), [])

    def test_start_folder(self) -> None:
        """What is there is found by the other form, by a pattern too."""
        start = Path(self.mktemp()).absolute()
        (start / self.apart).mkdir(parents=True)
        (start / self.apart / self.composed).write_text("x")
        files = SandboxedFiles(AllowedFolders.of(start, []))
        self.assertEqual(contents(files.open(f"{self.composed}/{self.apart}")), b"x")
        self.assertEqual(len(files.match(f"{self.composed}/*й.csv")), 1)
        self.assertEqual(len(files.match(f"*/{self.apart}")), 1)

    def test_own_computer(self) -> None:
        """Reading and writing without a server."""
        start = Path(self.mktemp()).absolute()
        (start / self.apart).mkdir(parents=True)
        files = LocalFiles()
        files.write(f"{start}/{self.composed}/{self.composed}", b"1")
        files.write(f"{start}/{self.composed}/{self.apart}", b"2")
        self.assertEqual(os.listdir(start), [self.apart])
        self.assertEqual((start / self.apart / self.composed).read_bytes(), b"2")


class ProtectedTests(SynchronousTestCase):
    """What belongs to the server, though it lies where programs may read."""

    def setUp(self) -> None:
        """A start folder with a configuration, a key, a log and a session folder in it."""
        self.start = Path(self.mktemp()).absolute()
        (self.start / "datacode-sessions-12" / "user").mkdir(parents=True)
        (self.start / "logs").mkdir()
        for name in ("server.toml", "key.pem", "audit.jsonl", "mine.txt", "logs/server.log"):
            (self.start / name).write_text("x")
        (self.start / "datacode-sessions-12" / "user" / "theirs").write_text("x")
        own = [self.start / name for name in ("server.toml", "key.pem", "audit.jsonl", "later")]
        self.files = SandboxedFiles(
            AllowedFolders.of(self.start, None), ProtectedFiles(own, [self.start / "logs"])
        )

    def refused(self, path: str) -> str:
        """The code of the refusal, whatever is asked."""
        codes = {
            self.assertRaises(FilesError, ask, path).message.code
            for ask in (self.files.open, self.files.kind, self.files.stat)
        }
        (code,) = codes
        return code

    def test_own_files(self) -> None:
        """By any name: other spellings, links, hard links, versions, those made later."""
        os.symlink("server.toml", self.start / "link")
        os.link(self.start / "key.pem", self.start / "hard")
        for name in ("server.toml~", "audit.jsonl.1", ".server.toml.swp", "#server.toml#", "later"):
            (self.start / name).write_text("x")
        for path in (
            *("server.toml", "./key.pem", str(self.start / "audit.jsonl"), "link", "hard", "later"),
            *("server.toml~", "audit.jsonl.1", ".server.toml.swp", "#server.toml#"),
            *("logs/server.log", "datacode-sessions-12/user/theirs"),
        ):
            self.assertEqual(self.refused(path), "protected_file", path)
        for folder in ("logs", "datacode-sessions-12", "datacode-sessions-12/user"):
            self.assertRaises(FilesError, self.files.list_folder, folder)
        self.assertEqual(contents(self.files.open("mine.txt")), b"x")
        (self.start / "server.tomlx").write_text("x")
        self.assertEqual(contents(self.files.open("server.tomlx")), b"x")

    def test_keys_and_accounts(self) -> None:
        """By how they begin, though no option names them."""
        for text in (
            "-----BEGIN PRIVATE KEY-----\nMII",
            "Bag Attributes\n-----BEGIN EC PRIVATE KEY-----\nMII",
            f"-----BEGIN CERTIFICATE-----\n{'M' * 9000}\n-----END CERTIFICATE-----\n"
            "-----BEGIN PRIVATE KEY-----\nMII",
            f"Bag Attributes\n{' ' * 900}\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII",
            "PuTTY-User-Key-File-3: ssh-ed25519\n",
            "\x05\x02\x00\x00\x00\x40",
            "# ours\nanna:$argon2id$v=19$m=65536",
        ):
            (self.start / "found").write_text(text)
            error = self.assertRaises(FilesError, self.files.open, "found")
            self.assertEqual(error.message.code, "protected_file")
        (self.start / "found").write_text("-----BEGIN CERTIFICATE-----\nMII")
        os.close(self.files.open("found"))

    def test_what_it_writes_to(self) -> None:
        """A log is the server's own also where a shell has opened it."""
        log = self.start / "out.log"
        standard_output = os.dup(1)
        try:
            with log.open("w") as file:
                os.dup2(file.fileno(), 1)
                self.assertEqual(self.refused("out.log"), "protected_file")
        finally:
            os.dup2(standard_output, 1)
            os.close(standard_output)
        self.assertEqual(contents(self.files.open("out.log")), b"")

    def test_kernel(self) -> None:
        """Nothing of procfs and sysfs, whatever leads there; nothing that a process has open."""
        os.symlink("/proc/self/environ", self.start / "environ")
        os.symlink("/proc", self.start / "p")
        for path in (
            "/proc/self/environ",
            "/proc/self/maps",
            "/sys/kernel/mm",
            "environ",
            "p/1/stat",
        ):
            self.assertEqual(self.refused(path), "protected_file", path)
        self.assertRaises(FilesError, self.files.list_folder, "/proc")
        with open(self.start / "mine.txt", "rb") as opened:
            unnamed = os.open(self.start, os.O_TMPFILE | os.O_RDWR)
            for descriptor in (opened.fileno(), unnamed):
                for path in (f"/proc/self/fd/{descriptor}", f"/dev/fd/{descriptor}"):
                    self.assertRaises((OSError, FilesError), self.files.open, path)
            os.close(unnamed)
        for path in ("/proc/self/root/etc/hostname", "/proc/self/cwd"):
            self.assertRaises((OSError, FilesError), self.files.open, path)

    def test_keys_in_reach(self) -> None:
        """The root of the disk, and a home with keys."""
        home = self.start / "home"
        (home / ".ssh").mkdir(parents=True)
        self.assertEqual(
            exposed_keys([Path("/"), home, self.start, Path("/nowhere")]), [Path("/"), home]
        )


class SessionAreaTests(SynchronousTestCase):
    """With --use-ve: the session's own folder."""

    def setUp(self) -> None:
        """A session folder with a file, and something beside it."""
        self.root = Path(self.mktemp()).absolute()
        (self.root / "secret").mkdir(parents=True)
        self.folder = SessionFolder(self.root / "user", max_bytes=0, max_files=0)
        self.folder.upload("sub/n.txt", b"x")
        os.symlink(self.root / "secret", self.folder.path / "link")
        self.files = self.folder.files

    def refused(self, path: str) -> str:
        """Why a path is refused, the same whatever is asked."""
        said = {
            str(self.assertRaises(FilesError, ask, path))
            for ask in (self.files.open, self.files.list_folder, self.files.kind)
        }
        self.assertEqual(len(said), 1)
        return said.pop()

    def test_inside(self) -> None:
        """Paths are relative to the folder, which is itself the empty path."""
        self.assertEqual(self.files.working_folder(), "")
        for path in (
            "sub/n.txt",
            "./sub/n.txt",
            "sub/../sub/n.txt",
            str(self.folder.path / "sub/n.txt"),
        ):
            self.assertEqual(contents(self.files.open(path)), b"x")
        for path in ("", ".", "sub/.."):
            self.assertEqual([e.name for e in self.files.list_folder(path)], ["link", "sub"])
        self.assertEqual(matching("sub/*.txt", self.files.list_folder), ["sub/n.txt"])

    def test_refusals(self) -> None:
        """Each way out has its own sentence."""
        self.assertEqual(
            self.refused("/etc/passwd"), "Доступ запрещен: путь находится вне папки сессии"
        )
        for path in ("..", "../secret", "sub/../../secret", "..\\secret", "sub\\..\\..\\x"):
            self.assertEqual(
                self.refused(path),
                "Доступ запрещен: использование '..' для выхода из папки сессии не разрешено",
            )
        self.assertEqual(
            self.refused("link"), "Доступ запрещен: путь выходит за пределы папки сессии"
        )


class SessionFoldersTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A base folder."""
        self.base = Path(self.mktemp()).absolute()

    def folders(self) -> SessionFolders:
        """One server's folders, closed at the end."""
        folders = SessionFolders(self.base, max_bytes=0, max_files=0)
        folders.open()
        self.addCleanup(folders.close)
        return folders

    def test_apart(self) -> None:
        """Each session has a folder with a name that cannot be guessed."""
        folders = self.folders()
        first, second = folders.folder(), folders.folder()
        self.assertNotEqual(first.path, second.path)
        self.assertGreater(len(first.path.name), 30)
        self.assertEqual(stat.S_IMODE(os.stat(first.path.parent).st_mode), 0o700)

    def test_closed(self) -> None:
        """When the server ends, everything is gone."""
        folders = self.folders()
        folders.folder().upload("a/b", b"x")
        folders.close()
        self.assertEqual(list(self.base.iterdir()), [])

    def test_dead_servers_are_found(self) -> None:
        """What a killed server left is deleted at the next start; a living server's stays."""
        living = self.folders().folder()
        living.upload("a", b"x")
        dead = self.base / "datacode-sessions-0123"
        (dead / "user_1" / "sub").mkdir(parents=True)
        (dead / "user_1" / "sub" / "file").write_text("left")
        (dead / ".lock").touch()
        self.folders()
        self.assertFalse(dead.exists())
        self.assertTrue((living.path / "a").exists())

    def test_foreign_things_stay(self) -> None:
        """A link, or a file with such a name, is left alone."""
        self.base.mkdir()
        target = Path(self.mktemp()).absolute()
        (target / "data").mkdir(parents=True)
        os.symlink(target, self.base / "datacode-sessions-link")
        (self.base / "datacode-sessions-file").write_text("x")
        self.folders()
        self.assertTrue((target / "data").exists())
        self.assertTrue((self.base / "datacode-sessions-file").exists())

    def test_without_a_lock(self) -> None:
        """A folder that merely has such a name is not ours."""
        (self.base / "datacode-sessions-other").mkdir(parents=True)
        self.folders()
        self.assertTrue((self.base / "datacode-sessions-other").exists())
