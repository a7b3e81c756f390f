"""Paths on a share that match a pattern with wildcards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from datacode.runtime.files import Entry
from datacode.runtime.in_steps import EVERY, done, sorted_in_steps
from datacode.runtime.name_patterns import NamePattern
from datacode.smb import errors, share_paths
from datacode.smb.errors import ShareError

MAX_DEPTH = 64
"""How many folders deep a search goes."""

_ANYTHING = NamePattern("*")


class Glob:
    """One search; each folder is listed once. ``check`` raises where it is to end."""

    def __init__(
        self,
        list_folder: Callable[[tuple[str, ...]], list[Entry]],
        max_names: int,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._check = check
        self._list_folder = list_folder
        self._seen: dict[tuple[str, ...], list[Entry]] = {}
        self._names = 0
        self._max_names = max_names

    def matching(self, pattern: share_paths.Pattern) -> list[Entry]:
        """What matches, each once and named by its path, in order."""
        fixed = pattern.fixed
        found = dict(self._below(fixed, pattern.parts[len(fixed) :]))
        return _named(found)

    def inside(self, folder: tuple[str, ...]) -> list[Entry]:
        """All that is in a folder and in those inside it, named by the path from there."""
        self._seen[folder] = self._list_folder(folder)
        found = dict(self._below(folder, (None, _ANYTHING)))
        return _named({path[len(folder) :]: entry for path, entry in found.items()})

    def _below(
        self, folder: tuple[str, ...], pattern: tuple[share_paths.Part, ...], *, deep: bool = False
    ) -> Iterator[tuple[tuple[str, ...], Entry]]:
        """What matches ``pattern`` in a folder; ``deep`` where it was found by ``**``."""
        if not pattern:
            return
        part, rest = pattern[0], pattern[1:]
        if part is None:
            yield from self._below(folder, rest, deep=deep)
        for entry in self._fitting(part, self._entries(folder, deep=deep)):
            here = (*folder, entry.name)
            if part is None:
                if entry.is_folder:
                    if not rest:
                        yield here, entry
                    yield from self._below(here, pattern, deep=True)
            else:
                if not rest:
                    yield here, entry
                elif entry.is_folder:
                    yield from self._below(here, rest, deep=deep)

    def _fitting(self, part: share_paths.Part, entries: list[Entry]) -> Iterator[Entry]:
        """Those of the entries that a part of a pattern means."""
        if isinstance(part, NamePattern) and part.has_set:
            # A name with brackets is a name where there is one.
            literal = [entry for entry in entries if part.is_name(entry.name)]
            if literal:
                yield from literal
                return
        for number, entry in enumerate(entries):
            if number % EVERY == 0:
                self._check()
            if share_paths.part_matches(part, entry.name):
                yield entry

    def _entries(self, folder: tuple[str, ...], *, deep: bool) -> list[Entry]:
        if folder in self._seen:
            return self._seen[folder]
        if len(folder) > MAX_DEPTH:
            raise ShareError(errors.TOO_DEEP, path="/".join(folder), limit=MAX_DEPTH)
        try:
            found = self._list_folder(folder)
        except ShareError as error:
            passed_over = (errors.MISSING, errors.NOT_FOLDER)
            if error.cause not in ((*passed_over, errors.DENIED) if deep else passed_over):
                raise
            found = []
        self._names += len(found)
        if self._names > self._max_names:
            raise ShareError(errors.TOO_MANY_NAMES, path="/".join(folder), limit=self._max_names)
        self._seen[folder] = found
        return found


def _named(found: dict[tuple[str, ...], Entry]) -> list[Entry]:
    """The entries by their paths, what is in a folder behind the folder."""
    in_order = done(sorted_in_steps(found, lambda path: [share_paths.order(part) for part in path]))
    return [replace(found[path], name="/".join(path)) for path in in_order]
