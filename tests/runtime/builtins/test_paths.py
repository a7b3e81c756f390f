"""Paths and folders (tables and files reference, 3)."""

from __future__ import annotations

import errno

from datacode.values import paths
from datacode.values.types import Path, PathPattern
from tests.runtime.builtins.calling import BuiltinTestCase


class ListFilesTests(BuiltinTestCase):
    def setUp(self) -> None:
        super().setUp()
        names = (
            "a.csv",
            "b.txt",
            "in/c.csv",
            "in/deep/d.csv",
            "in/[x]/e.csv",
            "lib://share/dir/f.csv",
        )
        self.files.contents = dict.fromkeys(names, b"")

    def listed(self, path: object, **named: object) -> list[str]:
        found = self.call("list_files", path, **named)
        self.assertEqual({type(each) for each in found} - {Path}, set())
        return [each.text for each in found]

    def test_entries_with_their_folder_in_front(self) -> None:
        """One slash between; the working folder is not mentioned."""
        self.assertEqual(self.listed("in"), ["in/[x]", "in/c.csv", "in/deep"])
        self.assertEqual(self.listed(Path("in/")), ["in/[x]", "in/c.csv", "in/deep"])
        self.assertEqual(self.listed(""), self.listed("."))
        self.assertIn("a.csv", self.listed("."))

    def test_shares(self) -> None:
        """A slash behind the path is dropped."""
        self.assertEqual(self.listed("lib://share/dir//"), ["lib://share/dir/f.csv"])

    def test_patterns(self) -> None:
        """As values of their own, and in texts and paths that are no folder."""
        for pattern in ("*.csv", Path("*.csv"), PathPattern("*.csv")):
            self.assertEqual(self.listed(pattern), ["a.csv"])
        self.assertEqual(self.listed("in/[x]"), ["in/[x]/e.csv"])
        self.assertEqual(self.listed(PathPattern("in/[x]")), ["in/[x]/e.csv"])
        self.assertEqual(self.listed(PathPattern("in/[x]/*.csv")), ["in/[x]/e.csv"])
        self.assertEqual(self.listed(PathPattern("in/[y]")), [])

    def test_names_with_brackets(self) -> None:
        """A path that exists is a path, however it was made."""
        self.files.contents["in/f[1].csv"] = b""
        self.files.contents["in/f1.csv"] = b""
        self.assertEqual(self.listed(PathPattern("in/f[1].csv")), ["in/f[1].csv"])
        self.assertEqual(self.listed("in/f[[]1].csv"), ["in/f[1].csv"])
        joined = paths.join(paths.join(Path("in"), "[x]"), "e.csv")
        self.assertEqual(joined, PathPattern("in/[x]/e.csv"))
        self.assertEqual(self.listed(joined), ["in/[x]/e.csv"])

    def test_names_by_expression(self) -> None:
        """A glob with ``*`` or ``?`` in it, otherwise a regular expression."""
        self.assertEqual(self.listed("", regex="*.csv|*.txt"), ["a.csv", "b.txt"])
        self.assertEqual(self.listed("", regex="[.]t.t$"), ["b.txt"])
        self.assertEqual(self.listed("in/*", regex="^d"), ["in/deep"])
        self.assertEqual(
            self.failure("list_files", "", regex="("),
            "Runtime Error: list_files: not a regular expression: (",
        )

    def test_recursive(self) -> None:
        """A folder's content comes behind it."""
        self.assertEqual(
            self.listed("in", recursive=True),
            ["in/[x]", "in/[x]/e.csv", "in/c.csv", "in/deep", "in/deep/d.csv"],
        )
        self.assertEqual(
            self.listed("in", regex="*.csv", recursive=True),
            ["in/[x]/e.csv", "in/c.csv", "in/deep/d.csv"],
        )
        self.assertIn("** searches", self.failure("list_files", "*.csv", recursive=True))
        self.assertEqual(
            self.failure("list_files", "in", recursive=1), "Type Error: expected Bool, found other"
        )

    def test_failures(self) -> None:
        """The system's in its words, refusals in their own."""
        self.files.broken["locked"] = errno.EACCES
        self.files.refused.add("secret")
        for path, error in [
            ("none", "Failed to read dir: No such file or directory (os error 2): 'none'"),
            ("a.csv", "Failed to read dir: Not a directory (os error 20)"),
            ("locked", "Failed to read dir: Permission denied (os error 13)"),
            ("secret", "'secret' is out of bounds"),
            (
                "[",
                "Invalid glob pattern: Pattern syntax error near position 0: invalid range pattern",
            ),
        ]:
            self.assertEqual(self.failure("list_files", path), f"Runtime Error: {error}")


class PathFunctionTests(BuiltinTestCase):
    def test_members(self) -> None:
        """Of paths, patterns and texts."""
        self.files.contents["in/a.csv"] = b""
        for path in (Path("in/a.csv"), "in/a.csv"):
            found = [self.call(f"path_{m}", path) for m in ("name", "stem", "extension", "len")]
            self.assertEqual(found, ["a.csv", "a", "csv", 8.0])
            self.assertGives(Path("in"), "path_parent", path)
            flags = [self.call(f"path_{m}", path) for m in ("exists", "is_file", "is_dir")]
            self.assertEqual(flags, [True, True, False])
        self.assertGives("*.csv", "path_name", PathPattern("in/*.csv"))
        self.assertGives(None, "path_parent", "/")
        self.assertEqual(
            self.failure("path_len", 5), "Type Error: expected Path or String, found other"
        )

    def test_path_takes_text_only(self) -> None:
        """And keeps it as it is."""
        self.assertGives(Path("/x/../y/"), "path", "/x/../y/")
        self.assertEqual(
            self.failure("path", Path("a")), "Type Error: expected String, found other"
        )

    def test_working_folder(self) -> None:
        """Whatever the host says; here the session's own."""
        self.assertGives(Path(""), "getcwd")
