"""Paths and the contents of folders (tables and files reference, 3)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins.arguments import text
from datacode.runtime.builtins.file_errors import SHARE, carried_out
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.file_operations import FindKind, ListFolder, Match, WorkingFolder
from datacode.runtime.host import Host
from datacode.values import paths
from datacode.values.types import Path, PathPattern, Value

_DEEPEST = 100
"""So many folders inside each other are followed; links can go round in circles."""


@builtin("paths")
def path_(text_: Value) -> Path:
    """A path, exactly as the text has it. Join paths with ``/``.

    Example::

        print(path("data") / "2024" / "sales.csv")      # data/2024/sales.csv
    """
    if text_.__class__ is not str:
        raise type_error("String")
    return Path(text_)


@builtin("paths")
def getcwd(host: Host) -> Path:
    """The working folder; in a session with a folder of its own the empty path, which means it.

    Example::

        print(typeof(getcwd()))     # path
    """
    return Path(carried_out(host, WorkingFolder()))


@builtin("paths")
def list_files(
    host: Host, path: Value, *, regex: Value = ABSENT, recursive: Value = False
) -> list[Path]:
    """The paths of what a folder holds, files and folders, or of what matches a pattern.

    In a pattern ``*`` is any run of characters, ``?`` one, ``[a-z]`` one of some, and ``**`` any
    number of folders. With ``regex`` only names that match are listed: ``*`` and ``?`` make a
    pattern of it (``'*.csv|*.xlsx'`` for alternatives), otherwise it is a regular expression.
    With ``recursive`` the folders inside are searched too.

    Raises an error for a folder that is not there; a pattern that nothing matches gives ``[]``.

    Example::

        write_file("a.csv", "x")
        write_file("b.txt", "y")
        print(list_files("*.csv"), list_files(".", regex="[.]txt$"))        # [a.csv] [b.txt]
    """
    where, kind = _listed(host, path)
    if recursive.__class__ is not bool:
        raise type_error("Bool")
    fits = _name_filter(regex)
    if kind == "file":
        return [Path(where)] if fits(where.rpartition("/")[2]) else []
    if kind == "pattern":
        if recursive:
            raise runtime_error(
                "double_star", "list_files: in a pattern, ** searches the folders inside"
            )
        found = carried_out(host, Match(where))
        return [Path(each) for each in found if fits(each.rpartition("/")[2])]
    listed: list[Path] = []
    for each, name in _entries(host, where, _DEEPEST if recursive else 1):
        if fits(name):
            listed.append(Path(each))
            host.check_size(len(listed), 200)
    return listed


def _listed(host: Host, path: Value) -> tuple[str, str]:
    """The text of what is to be listed, and what it is: ``folder``, ``pattern``, or a ``file``
    whose name looks like a pattern.
    """
    where = path.text if path.__class__ is PathPattern else None
    if where is None:
        where = text(path, "Path, PathPattern or String")
    if not any(mark in where for mark in "*?["):
        return where, "folder"
    try:
        kind = carried_out(host, FindKind(where))
    except DataCodeError:
        kind = None  # where nothing may be looked at, the search itself says so
    return where, kind or "pattern"


def _entries(host: Host, folder: str, depth: int) -> Iterator[tuple[str, str]]:
    """Path and name of all that a folder holds, with the content of a folder behind it."""
    entries = carried_out(host, ListFolder(folder))
    prefix = _prefix(folder)
    for entry in entries:
        path = prefix + entry.name
        yield path, entry.name
        if entry.is_folder and depth > 1:
            yield from _entries(host, path, depth - 1)


def _prefix(folder: str) -> str:
    """The text before a name in a path inside the folder."""
    if folder in ("", "."):
        return ""
    if folder.startswith(SHARE):
        return folder.rstrip("/") + "/"
    return folder if folder.endswith("/") else folder + "/"


def _name_filter(regex: Value) -> Callable[[str], bool]:
    if regex is ABSENT:
        return lambda name: True
    if regex.__class__ is not str:
        raise type_error("String")
    try:
        if "*" in regex or "?" in regex:
            globs = [re.compile(fnmatch.translate(glob)) for glob in regex.split("|")]
            return lambda name: any(glob.match(name) for glob in globs)
        pattern = re.compile(regex)
    except (re.error, OverflowError, RecursionError):
        raise runtime_error(
            "bad_regular_expression", "list_files: not a regular expression: {regex}", regex=regex
        ) from None
    return lambda name: pattern.search(name) is not None


# Members as functions --------------------------------------------------------


def _located(path: Value) -> str:
    """The text of a path, a pattern, or of a text that stands for a path."""
    return str(path.text) if path.__class__ is PathPattern else text(path, "Path or String")


@builtin("paths")
def path_name(path: Value) -> str:
    """The last part of a path, as its member ``name``.

    Example::

        print(path_name("data/sales.csv"))      # sales.csv
    """
    return paths.name(_located(path))


@builtin("paths")
def path_parent(path: Value) -> Path | None:
    """The path without its last part; null for the root.

    Example::

        print(path_parent("data/2024/sales.csv"), path_parent("/"))     # data/2024 null
    """
    parent = paths.parent(_located(path))
    return None if parent is None else Path(parent)


@builtin("paths")
def path_stem(path: Value) -> str:
    """The name without its extension.

    Example::

        print(path_stem("data/sales.csv"), path_stem(".env"))       # sales .env
    """
    return paths.stem_and_extension(_located(path))[0]


@builtin("paths")
def path_extension(path: Value) -> str:
    """What follows the last dot of the name, without the dot; empty if nothing does.

    Example::

        print(path_extension("data/sales.csv"))     # csv
    """
    return paths.stem_and_extension(_located(path))[1]


@builtin("paths")
def path_len(path: Value) -> float:
    """The number of characters of a path.

    Example::

        print(path_len("a/b.csv"))      # 7
    """
    return float(len(_located(path)))


@builtin("paths")
def path_exists(host: Host, path: Value) -> bool:
    """Is there a file or folder of that path?

    Example::

        print(path_exists("nowhere.csv"))       # false
    """
    return host.file_kind(_located(path)) is not None


@builtin("paths")
def path_is_file(host: Host, path: Value) -> bool:
    """Is there a file of that path?

    Example::

        write_file("note.txt", "here")
        print(path_is_file("note.txt"))     # true
    """
    return host.file_kind(_located(path)) == "file"


@builtin("paths")
def path_is_dir(host: Host, path: Value) -> bool:
    """Is there a folder of that path?

    Example::

        print(path_is_dir("."))     # true
    """
    return host.file_kind(_located(path)) == "folder"
