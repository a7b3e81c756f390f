"""A share with all that its links lead to, as one tree of folders. Blocking, like ``share``.

A link (DFS) is met when a server says that a folder lies elsewhere. Then that server is asked
where, and what is behind the link is done on a connection to there, with the same account. A server
may send us to itself and to its domain, at the port of SMB; anywhere else, where the account has no
business, only if the operator's list of hosts has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import TypeVar

from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths
from datacode.smb.client import pipelined_io
from datacode.smb.client.glob import Glob
from datacode.smb.client.pipelined_io import ALL, Progress, Span
from datacode.smb.client.share import Fetched, Share, ask_about_root, open_share
from datacode.smb.client.smb_connection import MAX_NAMES
from datacode.smb.client.steps import UnopenedLink
from datacode.smb.client.tree import PathParts
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol.dfs import Referral, ReferralTarget
from datacode.smb.protocol.messages import FileInfo
from datacode.smb.target import DEFAULT_PORT, Target, split_address

Result = TypeVar("Result")

MAX_LINKS = 8
"""How many links one path may lead through: more are a circle."""

_MAX_SHARES = 16
"""How many shares one namespace may have open."""

_LEADS_ELSEWHERE = (errors.ELSEWHERE, errors.LINK)


def open_namespace(
    target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline, *, connecting: float
) -> DfsNamespace:
    """Open a share, or what a domain's namespace of that name leads to.

    ``connecting`` is the time in seconds that one connection may take, at most.
    """
    with deadline.within(connecting):
        try:
            root = open_share(target, name, policy, deadline)
            return DfsNamespace(root, (), name, policy, connecting)
        except ShareError as error:
            if error.cause is not errors.NO_SHARE:
                raise
            root, folder = _open_root(target, name, policy, deadline, error)
        return DfsNamespace(root, folder, name, policy, connecting)


def _open_root(
    target: Target, name: str, policy: ConnectionPolicy, deadline: Deadline, missing: ShareError
) -> tuple[Share, PathParts]:
    """A domain has namespaces that no server of that name has as a share: ask where they are."""
    try:
        referral = ask_about_root(target, name, policy, deadline)
    except ShareError:
        raise missing from None

    def opened(host: Target, share: str) -> Share:
        return open_share(host, share, policy, deadline)

    return _first(target, referral, policy.hosts, opened)


def _first(
    asked: Target, referral: Referral, hosts: HostPolicy, opened: Callable[[Target, str], Share]
) -> tuple[Share, PathParts]:
    """The first target of a referral that can be opened; the first failure where none can."""
    failures: list[ShareError] = []
    for place in referral.places:
        try:
            return opened(_target(asked, place, hosts), place.share), place.folder
        except ShareError as error:
            failures.append(error)
            if error.cause in errors.LOGIN_REFUSED:
                break  # the others would count it against the account, too
    raise failures[0]


def _target(asked: Target, place: ReferralTarget, hosts: HostPolicy) -> Target:
    """The same account on a referral's server; the server that was asked keeps its port.

    A ``ShareError`` where the account is not to be sent there.
    """
    host, port = split_address(place.host)
    if _folded(host) == _folded(asked.host) and port in (DEFAULT_PORT, asked.port):
        return asked
    target = replace(asked, host=host, port=port, spelled=place.host)
    if hosts.allows_any:
        full = _in_domain(host, asked) if port == DEFAULT_PORT else None
        if full is None:
            raise ShareError(errors.LEADS_AWAY, host=place.host)
        return replace(target, host=full)
    if port != DEFAULT_PORT and not hosts.names_port(port):
        raise ShareError(errors.HOST_REFUSED, ip=place.host)
    return target


def _in_domain(host: str, asked: Target) -> str | None:
    """The full name of a host in the domain of the server that was asked; None outside of it."""
    name, server = _folded(host), _folded(asked.host)
    if _is_address(name) or _is_address(server):
        return None
    parent = server.partition(".")[2]
    if "." not in name:
        # A short name means one of this domain, wherever else it might lead here.
        return f"{host}.{parent}" if parent else host if "." not in server else None
    domains = {server, parent, _folded(asked.domain)}
    if any("." in domain and name.endswith(f".{domain}") for domain in domains):
        return host
    return None


def _key(target: Target, name: str) -> tuple[str, int, str]:
    """What tells one open share from another."""
    return target.host.casefold(), target.port, share_paths.same_share(name)


def _folded(host: str) -> str:
    return host.casefold().removesuffix(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class DfsNamespace:
    """A share that is open, and those that its links lead to. Methods are those of ``Share``.

    They raise ``UnopenedLink`` where a connection has to be opened first.
    """

    def __init__(
        self, root: Share, folder: PathParts, name: str, policy: ConnectionPolicy, connecting: float
    ) -> None:
        self._name = name
        self._policy = policy
        self._connecting = connecting
        self._root = root
        self._links: dict[PathParts, tuple[Share, PathParts]] = {(): (root, folder)}
        self._open: dict[tuple[str, int, str], Share] = {}

    @property
    def broken(self) -> bool:
        """Whether a connection is gone."""
        return any(share.broken for share in self._shares())

    def close(self, deadline: Deadline) -> None:
        """Log off and close; never fails."""
        for share in self._shares():
            share.close(deadline)

    def drop(self) -> None:
        """Close the connections without LOGOFF."""
        for share in self._shares():
            share.drop()

    def check(self, deadline: Deadline) -> None:
        """ECHO on every connection; a ``ShareError`` where one does not answer."""
        for share in self._shares():
            share.check(deadline)

    def list_folder(self, path: str, deadline: Deadline) -> list[Entry]:
        """The entries of a folder, sorted by name, case folded (server reference, 8.3)."""
        return self._at(path, deadline, lambda share, rest: share.list_folder(rest, deadline))

    def match(self, pattern: share_paths.Pattern, path: str, deadline: Deadline) -> list[Entry]:
        """What matches a pattern, by the paths on the share, in order; ``path`` is its text.

        A folder that is not there has nothing in it. Below ``**`` folders that may not be
        looked into are passed over.
        """
        return self._searched(path, lambda: self._walk(deadline).matching(pattern))

    def tree(self, path: str, deadline: Deadline) -> list[Entry]:
        """All that is in a folder and in those inside it, by the paths from there, in order.

        Folders inside that may not be looked into are passed over.
        """
        return self._searched(
            path, lambda: self._walk(deadline).inside(share_paths.components(path))
        )

    def stat(self, path: str, deadline: Deadline) -> FileInfo | None:
        """What is there; None if nothing is."""
        return self._at(path, deadline, lambda share, rest: share.stat(rest, deadline))

    def fetch(
        self,
        path: str,
        deadline: Deadline,
        *,
        known: FileInfo | None = None,
        part: Span = ALL,
        limit: int | None = None,
        folder: str | None = None,
        take: Callable[[int], object] = lambda size: None,
        progress: Progress = lambda done, total: None,
    ) -> Fetched:
        """A file's bytes, as ``Share.fetch`` gives them."""

        def work(share: Share, rest: str) -> Fetched:
            return share.fetch(
                *(rest, deadline),
                known=known,
                part=part,
                limit=limit,
                folder=folder,
                take=take,
                progress=progress,
            )

        return self._at(path, deadline, work)

    def store(
        self,
        path: str,
        source: pipelined_io.ByteSource,
        deadline: Deadline,
        *,
        token: str,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Replace a file, as ``Share.store`` does."""

        def work(share: Share, rest: str) -> None:
            share.store(rest, source, deadline, token=token, progress=progress)

        self._at(path, deadline, work)

    def discard(self, path: str, deadline: Deadline, *, token: str) -> None:
        """Remove what a ``store`` with this token has left behind."""
        self._at(path, deadline, lambda share, rest: share.discard(rest, deadline, token=token))

    def make_folder(self, path: str, deadline: Deadline) -> None:
        """Make a folder, and those above it; one that is there already is no failure."""
        self._at(path, deadline, lambda share, rest: share.make_folder(rest, deadline))

    def remove(self, path: str, deadline: Deadline) -> None:
        """Delete a file, or a folder that is empty."""
        self._at(path, deadline, lambda share, rest: share.remove(rest, deadline))

    def _shares(self) -> list[Share]:
        return [self._root, *self._open.values()]

    def _at(self, path: str, deadline: Deadline, work: Callable[[Share, str], Result]) -> Result:
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
            if failure.cause not in _LEADS_ELSEWHERE:
                raise failure from None
            self._follow(parts, share, rest, deadline, failure)
        raise ShareError(errors.CIRCLE, share=self._name, path=path)

    def _where(self, parts: PathParts) -> tuple[Share, PathParts]:
        """The share behind all known links on the way, and the path there."""
        folded = tuple(part.casefold() for part in parts)
        for count in range(len(parts), -1, -1):
            found = self._links.get(folded[:count])
            if found is not None:
                share, folder = found
                return share, (*folder, *parts[count:])
        raise AssertionError("the root leads somewhere")

    def _follow(
        self,
        parts: PathParts,
        share: Share,
        rest: PathParts,
        deadline: Deadline,
        failure: ShareError,
    ) -> None:
        """Ask for the referral of the link on the way to ``rest``, and take its target.

        ``UnopenedLink`` where that has no connection yet.
        """
        try:
            referral = share.referral("/".join(rest), deadline)
        except ShareError as error:
            if error.cause.broken:
                raise
            raise failure from None
        linked = len(parts) - len(rest) + referral.names
        if not 0 <= linked <= len(parts):
            raise failure

        link = tuple(part.casefold() for part in parts[:linked])

        def known(target: Target, name: str) -> Share:
            if (found := self._open.get(_key(target, name))) is not None:
                return found
            raise UnopenedLink(open_first)

        def opened(target: Target, name: str, deadline: Deadline) -> Share:
            key = _key(target, name)
            if key not in self._open:
                if len(self._open) >= _MAX_SHARES:
                    raise failure
                with deadline.within(self._connecting):
                    self._open[key] = open_share(target, name, self._policy, deadline)
            return self._open[key]

        def lead(opened: Callable[[Target, str], Share]) -> None:
            try:
                self._links[link] = _first(share.target, referral, self._policy.hosts, opened)
            except ShareError as error:
                there = error.params.get("share", self._name)
                error = error.named(ip=share.target.shown)
                raise error.renamed({"": "/".join(parts)}, share=there) from None

        def open_first(deadline: Deadline) -> None:
            lead(lambda target, name: opened(target, name, deadline))

        lead(known)

    def _walk(self, deadline: Deadline) -> Glob:
        return Glob(
            lambda parts: self.list_folder("/".join(parts), deadline), MAX_NAMES, deadline.timeout
        )

    def _searched(self, path: str, search: Callable[[], list[Entry]]) -> list[Entry]:
        try:
            return search()
        except ShareError as error:
            raise error.named(share=self._name, path=path) from None
