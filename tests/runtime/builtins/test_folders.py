"""Files and folders as wholes, through the registry and on a real disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.interpreter import Interpreter
from datacode.runtime.local_files import LocalFiles
from tests.runtime.builtins.calling import BuiltinTestCase


class FoldersTests(BuiltinTestCase):
    def test_size_and_time(self) -> None:
        """Bytes, not characters; the time in UTC in the form of ``now()``; null for a folder."""
        self.files.contents["d/a.txt"] = "привет".encode()
        self.assertEqual(self.call("file_size", "d/a.txt"), 12.0)
        self.assertIsNone(self.call("file_size", "d"))
        self.assertEqual(self.call("file_modified", "d/a.txt"), "2025-06-15T15:06:40.500000+00:00")

    def test_missing(self) -> None:
        """Each says what it could not do."""
        for name, words in (
            ("file_size", "look at file"),
            ("file_modified", "look at file"),
            ("delete_file", "delete file"),
        ):
            error = self.failure(name, "none")
            self.assertEqual(
                error,
                f"Runtime Error: Failed to {words}: No such file or directory (os error 2): 'none'",
            )
        self.assertEqual(
            self.failure("copy_file", "none", "b"),
            "Runtime Error: Failed to copy file: No such file or directory (os error 2)",
        )

    def test_wrong_arguments(self) -> None:
        """What is no path, and what no path can be."""
        self.assertEqual(
            self.failure("make_folder", 5), "Type Error: expected Path or String, found other"
        )
        self.assertIn("Invalid argument", self.failure("copy_file", "a\0", "b"))

    def test_refused(self) -> None:
        """A refusal stays in its own words."""
        self.files.refused.add("x")
        for name in ("make_folder", "delete_file", "file_size"):
            self.assertEqual(self.failure(name, "x"), "Runtime Error: 'x' is out of bounds")


class LocalFilesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def run_program(self, text: str) -> str:
        """What a program prints, or its error."""
        outcome = Interpreter(files=LocalFiles()).run(text.replace("DIR", str(self.folder)))
        return outcome.output if outcome.error is None else outcome.error.render("en")

    def test_a_day_in_the_life(self) -> None:
        """Make, write, copy, look, delete."""
        self.assertEqual(
            self.run_program(
                "make_folder('DIR/a/b')\nmake_folder('DIR/a')\n"
                "write_file('DIR/a/b/x.txt', 'text')\ncopy_file('DIR/a/b/x.txt', 'DIR/y.txt')\n"
                "copy_file('DIR/y.txt', 'DIR/y.txt')\n"
                "print(read_file('DIR/y.txt'), file_size('DIR/y.txt'))\n"
                "delete_file('DIR/a/b/x.txt')\ndelete_file('DIR/a/b')\n"
                "print(path('DIR/a/b').exists, path('DIR/a').is_dir)\n"
                "print(file_modified('DIR/y.txt') <= now())"
            ),
            "text 4\nfalse true\ntrue\n",
        )

    def test_only_empty_folders(self) -> None:
        """A folder that holds something is not deleted, nor is anything in it."""
        (self.folder / "a").mkdir()
        (self.folder / "a" / "f").touch()
        self.assertIn("Directory not empty", self.run_program("delete_file('DIR/a')"))
        self.assertTrue((self.folder / "a" / "f").exists())

    def test_a_link_is_deleted_itself(self) -> None:
        """Not what it leads to."""
        (self.folder / "f").touch()
        (self.folder / "link").symlink_to(self.folder / "f")
        self.assertEqual(self.run_program("delete_file('DIR/link')"), "")
        self.assertEqual(os.listdir(self.folder), ["f"])

    def test_shares(self) -> None:
        """Outside the server there are none; looking whether something is there says so."""
        sentence = "SMB manager not available. Share 'x' may not be connected."
        for code in (
            "make_folder('lib://x/a')",
            "copy_file('lib://x/a', 'DIR/b')",
            "delete_file('lib://x/a')",
            "file_size('lib://x/a')",
        ):
            self.assertIn(sentence, self.run_program(code))
        self.assertEqual(self.run_program("print(path('lib://x/a').exists)"), "false\n")

    def test_system_errors(self) -> None:
        """The system's own errors keep their numbers."""
        files = LocalFiles()
        for call in (files.delete, files.stat):
            error = self.assertRaises(OSError, call, str(self.folder / "none"))
            self.assertEqual(error.errno, errno.ENOENT)
