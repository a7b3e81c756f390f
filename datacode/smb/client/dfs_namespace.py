"""A share with all that its links lead to, as one tree of folders. Blocking, like ``share``.

A link (DFS) is met when a server says that a folder lies elsewhere. Then that server is asked
where, and what is behind the link is done on a connection to there, with the same account and
under the operator's same rules; a host that is not allowed stays closed, whoever names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths
from datacode.smb.client import pipelined_io
from datacode.smb.client.glob import Walk
from datacode.smb.client.pipelined_io import ALL, Progress, Span
from datacode.smb.client.share import Fetched, Share, ask_about_root, open_share
from datacode.smb.client.tree import MAX_NAMES, Names
from datacode.smb.deadline import Interrupt
from datacode.smb.errors import ShareError
from datacode.smb.policy import Access
from datacode.smb.protocol.dfs import Elsewhere, Referral
from datacode.smb.protocol.messages import Stamp
from datacode.smb.target import DEFAULT_PORT, Target, split_address

Result = TypeVar("Result")

MAX_LINKS = 8
"""How many links one path may lead through: more are a circle."""

_MAX_SHARES = 16
"""How many shares one namespace may have open."""

_LEADS_ELSEWHERE = (errors.ELSEWHERE, errors.LINK)


def open_namespace(
    target: Target, name: str, rules: Access, interrupt: Interrupt, *, connecting: float
) -> Namespace:
    """Open a share, or what a domain's namespace of that name leads to.

    ``connecting`` is the time in seconds that one connection may take, at most.
    """
    with interrupt.within(connecting):
        try:
            root = open_share(target, name, rules, interrupt)
            return Namespace(root, (), name, rules, connecting)
        except ShareError as error:
            if error.reason is not errors.NO_SHARE:
                raise
            root, folder = _open_root(target, name, rules, interrupt, error)
        return Namespace(root, folder, name, rules, connecting)


def _open_root(
    target: Target, name: str, rules: Access, interrupt: Interrupt, missing: ShareError
) -> tuple[Share, Names]:
    """A domain has namespaces that no server of that name has as a share: ask where they are."""
    try:
        referral = ask_about_root(target, name, rules, interrupt)
    except ShareError:
        raise missing from None

    def opened(host: Target, share: str) -> Share:
        return open_share(host, share, rules, interrupt)

    return _first(target, referral, opened)


def _first(
    asked: Target, referral: Referral, opened: Callable[[Target, str], Share]
) -> tuple[Share, Names]:
    """The first place that can be opened; the first failure where none can."""
    failures: list[ShareError] = []
    for place in referral.places:
        try:
            return opened(_target(asked, place), place.share), place.folder
        except ShareError as error:
            failures.append(error)
    raise failures[0]


def _target(asked: Target, place: Elsewhere) -> Target:
    """The same account on another server; the one that was asked keeps its port."""
    host, port = split_address(place.host)
    if host.casefold() == asked.host.casefold() and port == DEFAULT_PORT:
        return asked
    return replace(asked, host=host, port=port, spelled=place.host)


class Namespace:
    """A share that is open, and those that its links lead to. Methods are those of ``Share``."""

    def __init__(
        self, root: Share, folder: Names, name: str, rules: Access, connecting: float
    ) -> None:
        self._name = name
        self._rules = rules
        self._connecting = connecting
        self._root = root
        self._links: dict[Names, tuple[Share, Names]] = {(): (root, folder)}
        self._open: dict[tuple[str, int, str], Share] = {}

    @property
    def broken(self) -> bool:
        """Whether a connection is gone."""
        return any(share.broken for share in self._shares())

    @property
    def dialect(self) -> int:
        """The dialect that is spoken with the first server."""
        return self._root.dialect

    @property
    def encrypted(self) -> bool:
        """Whether everything is encrypted."""
        return all(share.encrypted for share in self._shares())

    def close(self, interrupt: Interrupt) -> None:
        """Log off and close; never fails."""
        for share in self._shares():
            share.close(interrupt)

    def drop(self) -> None:
        """Close the connections without a word."""
        for share in self._shares():
            share.drop()

    def check(self, interrupt: Interrupt) -> None:
        """Ask for signs of life; a ``ShareError`` if there is one missing."""
        for share in self._shares():
            share.check(interrupt)

    def list_folder(self, path: str, interrupt: Interrupt) -> list[Entry]:
        """The entries of a folder, sorted by name, case folded (server reference, 8.3)."""
        return self._at(path, interrupt, lambda share, rest: share.list_folder(rest, interrupt))

    def match(self, pattern: share_paths.Pattern, path: str, interrupt: Interrupt) -> list[Entry]:
        """What matches a pattern, by the paths on the share, in order; ``path`` is its text.

        A folder that is not there has nothing in it. Below ``**`` folders that may not be
        looked into are passed over.
        """
        return self._searched(path, lambda: self._walk(interrupt).matching(pattern))

    def tree(self, path: str, interrupt: Interrupt) -> list[Entry]:
        """All that is in a folder and in those inside it, by the paths from there, in order.

        Folders inside that may not be looked into are passed over.
        """
        return self._searched(
            path, lambda: self._walk(interrupt).inside(share_paths.components(path))
        )

    def look(self, path: str, interrupt: Interrupt) -> Stamp | None:
        """What is there; None if nothing is."""
        return self._at(path, interrupt, lambda share, rest: share.look(rest, interrupt))

    def fetch(
        self,
        path: str,
        interrupt: Interrupt,
        *,
        known: Stamp | None = None,
        part: Span = ALL,
        limit: int | None = None,
        folder: str | None = None,
        progress: Progress = lambda done, total: None,
    ) -> Fetched:
        """A file's bytes, as ``Share.fetch`` gives them."""

        def work(share: Share, rest: str) -> Fetched:
            return share.fetch(
                *(rest, interrupt),
                known=known,
                part=part,
                limit=limit,
                folder=folder,
                progress=progress,
            )

        return self._at(path, interrupt, work)

    def store(
        self,
        path: str,
        source: pipelined_io.Source,
        interrupt: Interrupt,
        *,
        token: str,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Replace a file, as ``Share.store`` does."""

        def work(share: Share, rest: str) -> None:
            share.store(rest, source, interrupt, token=token, progress=progress)

        self._at(path, interrupt, work)

    def discard(self, path: str, interrupt: Interrupt, *, token: str) -> None:
        """Remove what a ``store`` with this token has left behind."""
        self._at(path, interrupt, lambda share, rest: share.discard(rest, interrupt, token=token))

    def make_folder(self, path: str, interrupt: Interrupt) -> None:
        """Make a folder, and those above it; one that is there already is no failure."""
        self._at(path, interrupt, lambda share, rest: share.make_folder(rest, interrupt))

    def remove(self, path: str, interrupt: Interrupt) -> None:
        """Delete a file, or a folder that is empty."""
        self._at(path, interrupt, lambda share, rest: share.remove(rest, interrupt))

    def _shares(self) -> list[Share]:
        return [self._root, *self._open.values()]

    def _at(self, path: str, interrupt: Interrupt, work: Callable[[Share, str], Result]) -> Result:
        """Do ``work`` on the share where a path lies, by the path there, behind all links."""
        try:
            parts = share_paths.components(path)
        except ShareError as error:
            raise error.named(share=self._name, path=path) from None
        for _ in range(MAX_LINKS):
            share, rest = self._where(parts)
            try:
                # As the client wrote it, where that is the same: messages show it.
                return work(share, path if rest == parts else "/".join(rest))
            except ShareError as error:
                failure = error
                if rest != parts:
                    failure = error.renamed({"/".join(rest): path}, share=self._name)
            if failure.reason not in _LEADS_ELSEWHERE:
                raise failure from None
            self._follow(parts, share, rest, interrupt, failure)
        raise ShareError(errors.CIRCLE, share=self._name, path=path)

    def _where(self, parts: Names) -> tuple[Share, Names]:
        """The share behind all known links on the way, and the path there."""
        folded = tuple(part.casefold() for part in parts)
        for count in range(len(parts), -1, -1):
            found = self._links.get(folded[:count])
            if found is not None:
                share, folder = found
                return share, (*folder, *parts[count:])
        raise AssertionError("the root leads somewhere")

    def _follow(
        self, parts: Names, share: Share, rest: Names, interrupt: Interrupt, failure: ShareError
    ) -> None:
        """Find out where the link on the way to ``rest`` leads, and open that."""
        try:
            referral = share.referral("/".join(rest), interrupt)
        except ShareError as error:
            if error.reason.broken:
                raise
            raise failure from None
        linked = len(parts) - len(rest) + referral.names
        if not 0 <= linked <= len(parts):
            raise failure

        def opened(target: Target, name: str) -> Share:
            key = (target.host.casefold(), target.port, share_paths.same_share(name))
            if key not in self._open:
                if len(self._open) >= _MAX_SHARES:
                    raise failure
                with interrupt.within(self._connecting):
                    self._open[key] = open_share(target, name, self._rules, interrupt)
            return self._open[key]

        link = tuple(part.casefold() for part in parts[:linked])
        try:
            self._links[link] = _first(share.target, referral, opened)
        except ShareError as error:
            there = error.params.get("share", self._name)
            raise error.renamed({"": "/".join(parts)}, share=there) from None

    def _walk(self, interrupt: Interrupt) -> Walk:
        return Walk(lambda parts: self.list_folder("/".join(parts), interrupt), MAX_NAMES)

    def _searched(self, path: str, search: Callable[[], list[Entry]]) -> list[Entry]:
        try:
            return search()
        except ShareError as error:
            raise error.named(share=self._name, path=path) from None
