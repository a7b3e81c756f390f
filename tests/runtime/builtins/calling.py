"""Calling builtins in tests, as compiled programs do: through the registry."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.runtime.builtins.registry import BUILTINS
from datacode.runtime.files import Entry, FilesError
from datacode.runtime.host import Host
from datacode.runtime.patterns import matching


class MemoryFiles:
    """``Files`` over a dictionary of paths and contents; the folders follow from the paths.

    ``refused`` paths raise ``FilesError``, those in ``broken`` an ``OSError`` of that number.
    """

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.contents = contents or {}
        self.refused: set[str] = set()
        self.broken: dict[str, int] = {}
        self.opened: list[str] = []
        self.made: set[str] = set()

    def working_folder(self) -> str:
        return ""

    def _check(self, path: str) -> None:
        if path in self.refused:
            raise FilesError(Message("out_of_bounds", "'{path}' is out of bounds", {"path": path}))
        if path in self.broken:
            raise OSError(self.broken[path], os.strerror(self.broken[path]))

    def open(self, path: str) -> BinaryIO:
        self.opened.append(path)
        self._check(path)
        if self.kind(path) == "folder":
            raise IsADirectoryError(errno.EISDIR, "a folder")
        if path not in self.contents:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return io.BytesIO(self.contents[path])

    def list_folder(self, path: str) -> list[Entry]:
        self._check(path)
        folder = "" if path in ("", ".") else path.rstrip("/") + "/"
        below = [each[len(folder) :] for each in self.contents if each.startswith(folder)]
        if not below and folder:
            found = errno.ENOTDIR if path in self.contents else errno.ENOENT
            raise OSError(found, os.strerror(found))
        names = sorted({each.partition("/")[0] for each in below})
        return [Entry(name, folder + name not in self.contents) for name in names]

    def match(self, pattern: str) -> list[str]:
        return matching(pattern, self.list_folder)

    def kind(self, path: str) -> str | None:
        self._check(path)
        if path in self.contents:
            return "file"
        folder = path.rstrip("/") + "/"
        is_folder = path in ("", ".", *self.made) or any(
            each.startswith(folder) for each in self.contents
        )
        return "folder" if is_folder else None

    def stat(self, path: str) -> Entry:
        kind = self.kind(path)
        if kind is None:
            raise FileNotFoundError(errno.ENOENT, "nothing there")
        size = len(self.contents[path]) if kind == "file" else None
        return Entry(path.rstrip("/").rpartition("/")[2], kind == "folder", size, 1_750_000_000.5)

    def write_parts(self, path: str, parts: Iterable[bytes]) -> None:
        """Replace a file."""
        self.write(path, b"".join(parts))

    def write(self, path: str, content: bytes) -> None:
        self._check(path)
        self.contents[path] = content

    def copy(self, source: str, target: str) -> None:
        self.write(target, self.open(source).read())

    def make_folder(self, path: str) -> None:
        self._check(path)
        if path in self.contents:
            raise FileExistsError(errno.EEXIST, "a file")
        self.made.add(path)

    def delete(self, path: str) -> None:
        self._check(path)
        if path not in self.contents:
            is_folder = self.kind(path) == "folder"
            number = errno.ENOTEMPTY if is_folder else errno.ENOENT
            raise OSError(number, os.strerror(number))
        del self.contents[path]


class _Functions:
    """An engine that knows the builtins and some functions of a test's own."""

    def __init__(self, host: Host, own: dict[str, Any]) -> None:
        self.host = host
        self.own = own

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        if name in self.own:
            return self.own[name](*arguments)
        return call_with(self.host, name, arguments, {})

    def defines(self, name: str) -> bool:
        return name in self.own

    def condition(self, text: str, columns: Sequence[str]) -> Any:
        raise NotImplementedError("no test here filters tables")


def call_with(host: Host, name: str, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
    """Check the call, then run the builtin."""
    entry = BUILTINS[name]
    keywords = entry.keywords(len(arguments), list(named))
    first = [host] if entry.needs_host else []
    return entry.function(*first, *arguments, **dict(zip(keywords, named.values(), strict=True)))


class BuiltinTestCase(SynchronousTestCase):
    """A host with files in memory. ``self.call("len", "abc")`` takes ints for numbers."""

    def setUp(self) -> None:
        self.files = MemoryFiles()
        self.warnings: list[Message] = []
        self.own: dict[str, Any] = {}
        self.host = Host(self.files, on_warning=self.warnings.append)
        self.host.attach(_Functions(self.host, self.own))

    def call(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        """The result of a builtin."""
        values = {key: as_value(value) for key, value in named.items()}
        return call_with(self.host, name, [as_value(a) for a in arguments], values)

    def failure(self, name: str, /, *arguments: Any, **named: Any) -> str:
        """The error of a builtin, kind and text."""
        return str(self.assertRaises(DataCodeError, self.call, name, *arguments, **named))

    def assertGives(self, expected: Any, name: str, /, *arguments: Any, **named: Any) -> None:
        """The result is this value, down to its types."""
        found = self.call(name, *arguments, **named)
        self.assertEqual(repr(found), repr(as_value(expected)))


def as_value(value: Any) -> Any:
    """A Python value as a value of the language: ints become numbers, also inside."""
    if isinstance(value, list):
        return [as_value(each) for each in value]
    if isinstance(value, dict):
        return {key: as_value(each) for key, each in value.items()}
    return float(value) if type(value) is int else value
