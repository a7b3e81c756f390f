"""Programs are compiled to the same Python as before."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.language import snapshots


class SnapshotTests(SynchronousTestCase):
    """``tests.language.snapshots`` against the files beside it."""

    def test_same_python(self) -> None:
        """Every function, with all places; where its text is kept it is shown."""
        kept = dict(
            line.rstrip("\n").split("\t") for line in snapshots.HASHES.open(encoding="utf-8")
        )
        found = {}
        for name, texts in snapshots.sessions():
            functions = snapshots.compiled(name, texts)
            found[name] = snapshots.hashes(functions)
            if snapshots.is_readable(name):
                expected = snapshots.readable_file(name).read_text("utf-8")
                self.assertEqual(snapshots.readable(functions), expected, name)
        changed = [name for name in kept | found if kept.get(name) != found.get(name)]
        self.assertEqual(changed, [])

    def test_replaced_when_whole(self) -> None:
        """Writing keeps what stays, and an interruption loses nothing."""
        folder = Path(self.mktemp())
        old, new = folder / "a.txt", folder / "b.txt"
        snapshots.write({old: "one"})
        unwritable = "\ud800"
        self.assertRaises(UnicodeEncodeError, snapshots.write, {new: "two", old: unwritable})
        self.assertEqual(old.read_text(), "one")
        snapshots.write({new: "two"})
        self.assertEqual([path.name for path in folder.iterdir()], ["b.txt"])
