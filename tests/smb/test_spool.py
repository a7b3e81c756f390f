"""Files of shares on their way through the temporary folder, and those that are kept there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors
from datacode.smb.errors import ShareError
from datacode.smb.protocol.messages import FileInfo
from datacode.smb.spool import Cache, SpoolPart, SpoolRoom, Taken, reopened, spooled


class SpooledTests(SynchronousTestCase):
    """One temporary file."""

    def test_has_no_name(self) -> None:
        """It is filled through one descriptor, read through the other, and in no folder."""
        folder = tempfile.mkdtemp(dir=".")
        file = spooled(folder)
        os.write(file.output, b"content")
        reader = file.finish()
        self.addCleanup(os.close, reader)
        self.assertEqual(os.read(reader, 100), b"content")
        self.assertEqual(os.listdir(folder), [])
        with self.assertRaises(OSError):
            os.write(reader, b"more")

    def test_no_room(self) -> None:
        """Where none can be made, that is said."""
        refused = self.assertRaises(ShareError, spooled, str(Path(self.mktemp()) / "missing"))
        self.assertIs(refused.cause, errors.SPOOL_FULL)


class RoomTests(SynchronousTestCase):
    """How much of the disk the sessions of a server have."""

    def full(self, part: SpoolPart, size: int) -> None:
        """Assert that there is no room for so many bytes."""
        self.assertIs(self.assertRaises(ShareError, part.take, size).cause, errors.SPOOL_FULL)

    def test_fair(self) -> None:
        """A session has what others leave free, and leaves as much for the next."""
        room = SpoolRoom(1000, None, 0)
        parts = [SpoolPart(room) for _ in range(4)]
        for part, most in zip(parts, (500, 250, 125, 62), strict=True):
            self.full(part, most + 1)
            part.take(most)
            self.full(part, most)
        parts[0].give(500)
        parts[3].take(250)

    def test_space_on_the_disk(self) -> None:
        """Some of it stays free, however much there may be."""
        disk = os.statvfs(tempfile.gettempdir())
        room = SpoolRoom(1 << 60, None, 1 << 20)
        self.full(SpoolPart(room), disk.f_bavail * disk.f_frsize)
        SpoolPart(room).take(1)

    def test_what_others_hold(self) -> None:
        """Counts until their program has ended."""
        part = SpoolPart(SpoolRoom(1000, None, 0))
        taken = Taken(part)
        taken.take(400)
        taken.take(300)  # a second attempt
        part.give_away(taken.size)
        self.full(part, 250)
        part.forget()
        self.assertEqual(part.used, 0)
        failed = Taken(part)
        failed.take(400)
        failed.free()
        self.assertEqual(part.used, 0)
        self.assertRaises(ShareError, failed.take, 1)


class CacheTests(SynchronousTestCase):
    """At most 10 bytes in at most 3 files."""

    def setUp(self) -> None:
        """An empty cache."""
        self.cache = Cache(10, 3)
        self.addCleanup(self.cache.clear)

    def put(self, path: str, size: int, share: str = "data") -> None:
        """Offer a file of so many bytes."""
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * size)
            file.flush()
            self.cache.put(share, path, _info(size), file.fileno())

    def kept(self, *paths: str) -> list[str]:
        """Those of the paths that are kept, each read to its end."""
        found = []
        for path in paths:
            kept = self.cache.get("data", path)
            if kept is not None:
                self.assertEqual(len(os.pread(kept.descriptor, 100, 0)), kept.info.size)
                found.append(path)
        return found

    def test_too_large(self) -> None:
        """What does not fit at all displaces nothing, but the file of that name is gone."""
        self.put("a", 4)
        self.put("b", 11)
        self.put("c", 3)
        self.put("c", 11)
        self.assertEqual(self.kept("a", "b", "c"), ["a"])

    def test_least_lately_used_goes(self) -> None:
        """By bytes, and by number."""
        self.put("a", 5)
        self.put("b", 5)
        self.cache.get("data", "a")
        self.put("c", 5)
        self.assertEqual(self.kept("a", "b", "c"), ["a", "c"])
        for path in "defg":
            self.put(path, 1)
        self.assertEqual(self.kept(*"acdefg"), list("efg"))

    def test_forget_share(self) -> None:
        """The files of one share go, those of others stay."""
        self.put("a", 2)
        self.put("a", 2, "other")
        self.cache.forget_share("other")
        self.assertIsNone(self.cache.get("other", "a"))
        self.assertEqual(self.kept("a"), ["a"])

    def test_descriptor_that_is_none(self) -> None:
        """A file that cannot be opened again is not kept."""
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        self.assertIsNone(reopened(descriptor))
        self.cache.put("data", "a", _info(1), descriptor)
        self.assertEqual(self.kept("a"), [])


def _info(size: int) -> FileInfo:
    return FileInfo(size, 1, 1, 0)
