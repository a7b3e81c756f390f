"""States of sessions on the disk: a folder for each, a file for each column and large manifest.

Small manifests, which most are, stay in memory. A file appears under its name when it is complete,
a column is deleted once no state names it. Everything is done in threads of its own, one thing
after the other for each session; what a process sends is bounded before any of it is written.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, DeferredLock, fail
from twisted.logger import Logger

from datacode.plans import table_files
from datacode.runtime.checkpoint import write
from datacode.runtime.checkpoint_file import KeptShare
from datacode.runtime.namespace import Snapshot
from datacode.server.checkpoints.checkpoint_parts import (
    ReadParts,
    StoredPart,
    column_file,
    read_file,
    table_bytes,
    table_file,
    write_file,
)
from datacode.server.checkpoints.storage_quota import NoRoom, QuotaPart, StorageQuota
from datacode.server.checkpoints.stored_index import StoredIndex, write_index
from datacode.server.files.file_threads import FileThreads, SessionWork
from datacode.server.files.session_folder import SessionFolder
from datacode.values.column_encoding import damaged
from datacode.worker import wire

_IN_MEMORY = 1 << 14
"""A manifest of at most so many bytes is kept in memory."""

_FILE = 4096
"""Bytes that a file takes at least."""

_CHECKED = 1 << 24
"""After every so many bytes of a file the disk is looked at again."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Identity:
    """What tells a file from every other that had its name."""

    device: int
    number: int
    size: int
    changed: int


class CheckpointStorage:
    """One server's. ``root`` gives the folder for the sessions' folders, in a thread."""

    def __init__(
        self,
        threads: FileThreads,
        quota: StorageQuota,
        tables: StorageQuota,
        root: Callable[[], Path],
        spare: int,
    ) -> None:
        """``tables`` is the quota of files of large tables; ``spare`` are the bytes that stay free
        on the disk, a sixteenth of a small one."""
        self.tables = tables
        self._threads = threads
        self._root = root
        self._spare = spare
        self.quota = quota

    def session(self, owner: str) -> SessionStorage:
        """For a new session of an account, or an address. Nothing is on the disk yet."""
        return SessionStorage(
            self._threads.session(),
            self.quota.part(owner),
            self.tables.part(owner),
            self._new_folder,
            self._check_disk,
        )

    def _new_folder(self) -> Path:
        """A folder for a session; in a thread."""
        folder = self._root() / os.urandom(16).hex()
        os.mkdir(folder, 0o700)
        return folder

    def _check_disk(self) -> None:
        """Raise ``NoRoom`` where the disk is nearly full; in a thread."""
        disk = os.statvfs(self._root())
        spare = min(self._spare, disk.f_blocks * disk.f_frsize // 16)
        if disk.f_bavail * disk.f_frsize < spare or 0 < disk.f_favail < disk.f_files // 16:
            raise NoRoom("the disk is nearly full")


@dataclass(slots=True)
class _StoredFile:
    """A column or manifest on the disk, or a file of a large table, which other processes may have
    as well; ``state`` is the one that it was sent for."""

    path: Path
    size: int
    state: int
    is_table: bool = False

    @property
    def counted(self) -> int:
        return max(_FILE, self.size)


@dataclass(slots=True)
class _Upload:
    """A column, or a manifest, of which not everything has come yet."""

    name: bytes
    state: int
    size: int = 0
    path: Path | None = None
    descriptor: int | None = None
    start: bytearray = field(default_factory=bytearray)
    """Of a manifest, as long as it may be one that stays in memory."""


class SessionStorage:
    """One session's states; a ``worker.kept_state.StateStore``."""

    _log = Logger()

    def __init__(
        self,
        work: SessionWork,
        part: QuotaPart,
        tables: QuotaPart,
        new_folder: Callable[[], Path],
        check_disk: Callable[[], None],
    ) -> None:
        self._check_disk = check_disk
        self._work = work
        self._part = part
        self._tables_part = tables
        self._new_folder = new_folder
        self._turn = DeferredLock()
        self._folder: Path | None = None
        self._columns: dict[bytes, _StoredFile] = {}
        self._upload: _Upload | None = None
        self._failed = 0
        self._closed = False
        self._manifest: bytes | _StoredFile | None = None
        self._kept: frozenset[bytes] = frozenset()
        self._state = self._newest = 0
        self._record: str | None = None
        self._records = 0
        self._gone: list[_StoredFile] = []
        self._files: dict[str, _StoredFile] = {}
        self._identities: dict[str, _Identity] = {}
        self.files_changes: int | None = None
        """How far the session's folder had changed when its files were kept last."""
        self.stays = False
        """Whether what is on the disk is to be there after the end."""

    @property
    def state(self) -> int:
        """The number of the state that is kept, 0 for none."""
        return self._state

    @property
    def newest(self) -> int:
        """The number of the state that there was last; that of the record after a restart."""
        return max(self._state, self._newest)

    # Files of sessions --------------------------------------------------------------------------

    def save_file(
        self, files: list[StoredPart], shares: list[KeptShare], most: int
    ) -> Deferred[BinaryIO]:
        """The state that is kept as one temporary file, which is the caller's and gone when closed.

        Fails with ``TooLargeFile`` above ``most`` bytes, ``OSError``.
        """
        return self._in_turn(self._save_file, files, shares, most)

    async def _save_file(
        self, files: list[StoredPart], shares: list[KeptShare], most: int
    ) -> BinaryIO:
        manifest = self._manifest
        source: bytes | Path
        if manifest is None:
            source = write(Snapshot({}, {}, [])).manifest
        else:
            source = manifest if isinstance(manifest, bytes) else manifest.path
        columns, tables = (
            [
                StoredPart(name.hex(), self._columns[name].path)
                for name in self._kept
                if self._columns[name].is_table == is_table
            ]
            for is_table in (False, True)
        )

        def save() -> BinaryIO:
            self._check_disk()
            target = tempfile.TemporaryFile(dir=self._made_folder())  # noqa: SIM115 - for the caller
            try:
                write_file(target, source, columns, tables, files, shares, most)
                target.seek(0)
            except BaseException:
                target.close()
                raise
            return target

        saved: BinaryIO = await self._work.run(save)
        return saved

    def load_file(self, opened: Callable[[], BinaryIO], most: int) -> Deferred[ReadParts]:
        """Take in a file that somebody saved, which ``opened`` gives, in a thread. This session has
        no state yet.

        Fails with ``CheckpointError``, ``OSError``, ``NoRoom``, and what ``opened`` raises.
        """
        return self._in_turn(self._load_file, opened, most)

    async def _load_file(self, opened: Callable[[], BinaryIO], most: int) -> ReadParts:
        source: BinaryIO = await self._work.run(opened)
        try:

            def measured() -> int:
                self._check_disk()
                if source.seek(0, io.SEEK_END) > most:
                    raise NoRoom("the file has grown")
                source.seek(0)
                return table_bytes(source)

            in_tables: int = await self._work.run(measured)
            self._part.take(most - in_tables)
            try:
                self._tables_part.take(in_tables)
                try:
                    found: ReadParts = await self._work.run(
                        lambda: read_file(source, self._made_folder())
                    )
                finally:
                    self._tables_part.give(in_tables)
            finally:
                self._part.give(most - in_tables)
        finally:
            await self._work.run(source.close)
        if len(found.sizes) + len(found.tables) > wire.STORED_COLUMNS:
            raise NoRoom("too many columns")
        if not found.sizes.keys().isdisjoint(found.tables):
            raise damaged("two parts of one name")
        assert self._folder is not None
        for name, size in found.sizes.items():
            self._add_stored(name, _StoredFile(self._folder / column_file(name), size, 1))
        for name, size in found.tables.items():
            path = self._folder / table_file(name)
            self._add_stored(name, _StoredFile(path, size, 1, is_table=True))
        await self._put(1, found.manifest, [*found.sizes, *found.tables])
        return found

    def _add_stored(self, name: bytes, stored: _StoredFile) -> None:
        """Count a file that is there, and know it. Raises ``NoRoom``."""
        self._part_of(stored).take(stored.counted)
        self._columns[name] = stored

    def _part_of(self, stored: _StoredFile) -> QuotaPart:
        return self._tables_part if stored.is_table else self._part

    def _give(self, gone: Iterable[_StoredFile]) -> None:
        for stored in gone:
            self._part_of(stored).give(stored.counted)

    def copy_to(self, other: SessionStorage) -> Deferred[None]:
        """Give a session that has no state yet the one that is kept here.

        Fails with ``NoRoom`` and ``OSError``; ``other`` is then to be closed.
        """
        return self._in_turn(self._copy_to, other)

    async def _copy_to(self, other: SessionStorage) -> None:
        files = {name: self._columns[name] for name in self._kept}
        manifest = self._manifest
        sources = list(files.values())
        if isinstance(manifest, _StoredFile):
            sources.append(manifest)
        for stored in sources:
            other._part_of(stored).take(stored.counted)
        if sources:

            def link() -> Path:
                folder = other._made_folder()
                for stored in sources:
                    _link(stored.path, folder / stored.path.name)
                return folder

            folder = await self._work.run(link)
            other._columns = {
                name: _StoredFile(
                    folder / stored.path.name, stored.size, self._state, stored.is_table
                )
                for name, stored in files.items()
            }
        if isinstance(manifest, _StoredFile):
            path = folder / manifest.path.name
            other._manifest = _StoredFile(path, manifest.size, self._state)
        else:
            other._manifest = manifest
        other._kept, other._state = self._kept, self._state

    # What a process sends -----------------------------------------------------------------------

    def put(self, state: int, manifest: bytes, columns: Sequence[bytes]) -> Deferred[None] | None:
        """Keep a small state, whose columns are there or on their way; None where it is done."""
        if not self._turn.locked and len(manifest) <= _IN_MEMORY and self._has(columns):
            self._commit(state, manifest, columns)
            return None
        return self._in_turn(self._put, state, manifest, columns)

    async def _put(self, state: int, manifest: bytes, columns: Sequence[bytes]) -> None:
        if len(manifest) <= _IN_MEMORY:
            self._insist(columns)
            self._commit(state, manifest, columns)
        else:
            await self._add(wire.StatePiece(state, b"", manifest, True, b"".join(columns)))

    def add(self, piece: wire.StatePiece) -> Deferred[None]:
        """Keep a piece; the state is whole with the last one of its manifest."""
        if piece.state == self._failed:
            return fail(NoRoom("a part of the state is missing"))
        return self._in_turn(self._add, piece)

    async def _add(self, piece: wire.StatePiece) -> None:
        try:
            upload = self._upload
            if upload is None or (upload.name, upload.state) != (piece.name, piece.state):
                await self._drop_upload()
                if len(self._columns) >= 2 * wire.STORED_COLUMNS:
                    raise NoRoom("too many columns")
                self._part.take(_FILE)
                upload = self._upload = _Upload(piece.name, piece.state)
            self._part.take(max(0, upload.size + len(piece.content) - max(upload.size, _FILE)))
            upload.size += len(piece.content)
            content = piece.content
            if not piece.name and upload.path is None:
                upload.start += content
                content = b"" if len(upload.start) <= _IN_MEMORY else bytes(upload.start)
            if content or piece.name:
                await self._work.run(self._write, upload, content)
            if piece.is_last:
                await self._finish(upload, piece)
        except (OSError, NoRoom):
            self._failed = piece.state
            await self._drop_upload()
            self._drop_unnamed()
            raise

    async def _finish(self, upload: _Upload, piece: wire.StatePiece) -> None:
        """All of a file is there."""
        if not piece.name:
            columns = _split(piece.columns)
            self._insist(columns)
            if upload.path is None:
                self._upload = None
                self._part.give(max(_FILE, upload.size))
                self._commit(piece.state, bytes(upload.start), columns)
                return
        assert self._folder is not None
        name = column_file(piece.name) if piece.name else f"manifest-{os.urandom(8).hex()}"
        stored = _StoredFile(self._folder / name, upload.size, upload.state)
        await self._work.run(_rename, upload, stored.path)
        self._upload = None
        if piece.name:
            before = self._columns.get(piece.name)
            self._columns[piece.name] = stored
            if before is not None:  # it has been replaced
                self._give([before])
                if before.path != stored.path:
                    await self._work.run(_unlink, [before.path])
        else:
            self._commit(piece.state, stored, columns)

    def add_file(self, file: wire.StateFile, folder: Path) -> Deferred[None]:
        """Keep a file of a large table, which is in the folder of an engine.

        It is the same file there and here, and stays when it is removed there.
        """
        if file.state == self._failed:
            return fail(NoRoom("a part of the state is missing"))
        return self._in_turn(self._add_file, file, folder)

    async def _add_file(self, file: wire.StateFile, folder: Path) -> None:
        source = folder / table_files.file_name(file.name.hex())
        taken = 0
        try:
            if file.name in self._columns:
                return
            if len(self._columns) >= 2 * wire.STORED_COLUMNS:
                raise NoRoom("too many columns")
            taken = max(_FILE, await self._work.run(_size_of, source))
            self._tables_part.take(taken)
            stored: _StoredFile = await self._work.run(self._link_table, file, source, taken)
        except (OSError, NoRoom):
            self._failed = file.state
            self._tables_part.give(taken)
            await self._drop_upload()
            self._drop_unnamed()
            raise
        self._columns[file.name] = stored

    def _link_table(self, file: wire.StateFile, source: Path, room: int) -> _StoredFile:
        """In a thread: have an engine's file here, too. The engine may have been taken over."""
        target = self._made_folder() / table_file(file.name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        _link(source, target, self._check_disk)
        found = os.lstat(target)
        if not stat.S_ISREG(found.st_mode) or max(_FILE, found.st_size) != room:
            os.unlink(target)
            raise NoRoom("a file that changes")
        return _StoredFile(target, found.st_size, file.state, is_table=True)

    def give_files(self, folder: Path) -> Deferred[None]:
        """Put the files of large tables into the folder of an engine."""
        return self._in_turn(self._give_files, folder)

    async def _give_files(self, folder: Path) -> None:
        wanted = [
            (stored.path, folder / table_files.file_name(name.hex()))
            for name, stored in self._columns.items()
            if stored.is_table
        ]

        def give() -> None:
            for source, target in wanted:
                if not os.path.lexists(target):
                    _link(source, target, self._check_disk)

        if wanted:
            await self._work.run(give)

    def break_off(self) -> None:
        """No more pieces come of what is not whole."""
        self._later(self._break_off)

    async def _break_off(self) -> None:
        await self._drop_upload()
        self._drop_unnamed()
        self._failed = 0

    # What is kept -----------------------------------------------------------------------------

    def _has(self, columns: Sequence[bytes]) -> bool:
        return all(name in self._columns for name in columns)

    def _insist(self, columns: Sequence[bytes]) -> None:
        if not self._has(columns):
            raise NoRoom("a column of the state is missing")

    def _commit(self, state: int, manifest: bytes | _StoredFile, columns: Sequence[bytes]) -> None:
        """This is the state from now on; what only older ones had goes."""
        gone = []
        if isinstance(self._manifest, _StoredFile):
            gone.append(self._manifest)
        self._manifest = manifest
        self._state = state
        self._kept = frozenset(columns)
        if len(self._columns) > len(columns):
            for name, stored in list(self._columns.items()):
                if name not in self._kept and stored.state <= state:
                    gone.append(self._columns.pop(name))
        self._delete(gone)

    def _drop_unnamed(self) -> None:
        """Delete the columns that were meant for a state which will never be whole."""
        names = [name for name in self._columns if name not in self._kept]
        self._delete([self._columns.pop(name) for name in names])

    def _delete(self, gone: list[_StoredFile]) -> None:
        """Delete files soon; they count until then."""
        if not gone:
            return
        if self._record is not None:
            self._gone += gone  # the record names them still
            return

        async def delete() -> None:
            await self._work.run(_unlink, [stored.path for stored in gone])
            if not self._closed:
                self._give(gone)

        self._later(delete)

    def manifest(self) -> Deferred[bytes | int]:
        """The manifest of the state that is kept, or a descriptor of its own to read it from."""
        return self._in_turn(self._opened_manifest)

    async def _opened_manifest(self) -> bytes | int:
        if isinstance(self._manifest, bytes):
            return self._manifest
        if self._manifest is None:
            raise FileNotFoundError(2, "there is no state")
        descriptor: int = await self._work.run(os.open, self._manifest.path, _READ)
        return descriptor

    def column(self, name: bytes) -> Deferred[int]:
        """A descriptor of its own to read a column of that state from."""
        return self._in_turn(self._opened_column, name)

    async def _opened_column(self, name: bytes) -> int:
        stored = self._columns.get(name)
        if stored is None:
            raise FileNotFoundError(2, "there is no such column")
        descriptor: int = await self._work.run(os.open, stored.path, _READ)
        return descriptor

    def settled(self) -> Deferred[None]:
        """Fires when all that was asked for is done."""
        return self._in_turn(_nothing)

    def clear(self) -> None:
        """Keep nothing."""
        if self._columns or self._turn.locked or self._manifest is not None:
            self._later(self._clear)

    async def _clear(self) -> None:
        await self._drop_upload()
        gone = list(self._columns.values()) + self._gone
        self._gone = []
        if isinstance(self._manifest, _StoredFile):
            gone.append(self._manifest)
        self._columns, self._manifest, self._kept = {}, None, frozenset()
        self._failed = self._state = self._newest = 0
        if self._record is not None:
            self._gone = gone  # the record names them still
        elif gone:
            await self._work.run(_unlink, [stored.path for stored in gone])
            self._give(gone)

    def close(self) -> Deferred[None]:
        """The session is over: nothing of it stays."""
        return self._in_turn(self._close)

    async def _close(self) -> None:
        if self._closed:
            return
        await self._drop_upload()
        self._closed = True
        folder, self._folder = self._folder, None
        if folder is not None and not self.stays:
            await self._work.run(_remove, folder)
        self._part.close()
        self._tables_part.close()

    # Files of the session's folder, beside the state --------------------------------------------

    def keep_files(self, files: list[tuple[str, Path]], changes: int) -> Deferred[None]:
        """Keep these files, by name, with the next record: those that are not kept yet are linked,
        for none is ever changed. Fails with ``NoRoom`` and ``OSError``; then the older ones stay.
        """
        return self._in_turn(self._keep_files, files, changes)

    async def _keep_files(self, files: list[tuple[str, Path]], changes: int) -> None:
        if self._closed:
            return
        found: dict[str, tuple[Path, _Identity]] = await self._work.run(_identified, files)
        new = {
            name: (path, identity)
            for name, (path, identity) in found.items()
            if self._identities.get(name) != identity
        }
        taken = sum(max(_FILE, identity.size) for _, identity in new.values())
        self._part.take(taken)
        made: dict[str, _StoredFile] = {}
        try:
            if new:
                await self._work.run(self._link_files, new, made)
        except (OSError, NoRoom):
            self._part.give(taken)
            await self._work.run(_unlink, [stored.path for stored in made.values()])
            raise
        over = [name for name in self._files if name in new or name not in found]
        gone = [self._files.pop(name) for name in over]
        self._files |= made
        self._identities = {name: identity for name, (_, identity) in found.items()}
        self.files_changes = changes
        self._delete(gone)

    def _link_files(
        self, new: dict[str, tuple[Path, _Identity]], made: dict[str, _StoredFile]
    ) -> None:
        """In a thread."""
        folder = self._made_folder()
        self._check_disk()
        for name, (path, identity) in new.items():
            target = folder / f"file-{os.urandom(8).hex()}"
            _link(path, target, self._check_disk)
            made[name] = _StoredFile(target, identity.size, 0)

    def give_session_files(self, folder: SessionFolder) -> Deferred[None]:
        """Put the files that are kept into a session's folder, which is new.

        Fails with ``StoreError`` and ``OSError``.
        """
        return self._in_turn(self._give_session_files, folder)

    async def _give_session_files(self, folder: SessionFolder) -> None:
        files = [(name, stored.path) for name, stored in self._files.items()]
        if files:
            await self._work.run(folder.take_in, files)
            found = await self._work.run(_identified, folder.paths())
            self._identities = {name: identity for name, (_, identity) in found.items()}
            self.files_changes = folder.changes

    # A record beside the state, which survives the server ------------------------------------

    def write_record(self, name: str, record: bytes, newest: int) -> Deferred[None]:
        """Keep ``record`` with the state that is kept, in a folder named after the session.

        It replaces the one before in one step; only then what that one named is deleted.
        """
        return self._in_turn(self._write_record, name, record, newest)

    async def _write_record(self, name: str, record: bytes, newest: int) -> None:
        if self._closed:
            return
        manifest = self._manifest
        self._records += 1
        index = StoredIndex(
            number=self._records,
            record=record,
            state=self._state,
            newest=max(newest, self._state),
            manifest=manifest if isinstance(manifest, bytes) else b"",
            manifest_file=manifest.path.name if isinstance(manifest, _StoredFile) else "",
            columns=self._sizes(is_table=False),
            tables=self._sizes(is_table=True),
            files=[(each, kept.path.name, kept.size) for each, kept in self._files.items()],
        )
        await self._work.run(self._write_index, name, index)
        gone, self._gone = self._gone, []
        self._record = name
        if gone:
            await self._work.run(_unlink, [each.path for each in gone])
            self._give(gone)

    def _sizes(self, *, is_table: bool) -> list[tuple[bytes, int]]:
        kept = ((name, self._columns[name]) for name in self._kept)
        return [(name, stored.size) for name, stored in kept if stored.is_table == is_table]

    def _write_index(self, name: str, index: StoredIndex) -> None:
        """In a thread."""
        folder = self._made_folder()
        if folder.name != name:
            moved = folder.with_name(name)
            os.rename(folder, moved)
            self._folder = moved
            manifest = [self._manifest] if isinstance(self._manifest, _StoredFile) else []
            kept = (*self._columns.values(), *self._files.values(), *self._gone, *manifest)
            for stored in kept:
                stored.path = moved / stored.path.name
            if self._upload is not None and self._upload.path is not None:
                self._upload.path = moved / self._upload.path.name
            folder = moved
        write_index(folder, index)

    def wake_up(self, folder: Path, index: StoredIndex) -> None:
        """Go on with what is in a folder, of which ``index`` is the record. Raises ``NoRoom``."""
        self._folder, self._record = folder, folder.name
        for name, size in index.columns:
            self._add_stored(name, _StoredFile(folder / column_file(name), size, index.state))
        for name, size in index.tables:
            path = folder / table_file(name)
            self._add_stored(name, _StoredFile(path, size, index.state, is_table=True))
        for path_there, file, size in index.files:
            stored = _StoredFile(folder / file, size, 0)
            self._part.take(stored.counted)
            self._files[path_there] = stored
        self._kept = frozenset(self._columns)
        self._state, self._newest = index.state, index.newest
        self._records = index.number
        if index.manifest_file:
            path = folder / index.manifest_file
            self._manifest = _StoredFile(path, path.stat().st_size, index.state)
            self._part.take(self._manifest.counted)
        elif index.manifest:
            self._manifest = index.manifest

    def lose(self, index: StoredIndex) -> None:
        """There was a state, which cannot be had again: the next program is told."""
        self._give(self._columns.values())
        self._columns, self._manifest, self._kept = {}, None, frozenset()
        self._state, self._newest = 0, max(1, index.newest)

    # Files ------------------------------------------------------------------------------------

    def _made_folder(self) -> Path:
        """In a thread: the session's folder."""
        if self._folder is None:
            self._folder = self._new_folder()
        return self._folder

    def _write(self, upload: _Upload, content: bytes) -> None:
        """In a thread: add to a file, which has no name of its own yet."""
        if upload.descriptor is None:
            folder = self._made_folder()
            self._check_disk()
            upload.path = folder / f"new-{os.urandom(8).hex()}"
            upload.descriptor = os.open(upload.path, _NEW_FILE, 0o600)
        elif upload.size % _CHECKED < len(content):
            self._check_disk()
        view = memoryview(content)
        while view:
            view = view[os.write(upload.descriptor, view) :]

    async def _drop_upload(self) -> None:
        upload, self._upload = self._upload, None
        if upload is not None:
            self._part.give(max(_FILE, upload.size))
            if upload.path is not None:
                await self._work.run(_discard, upload)

    # Turns -----------------------------------------------------------------------------------

    def _in_turn(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """What a coroutine gives, which begins when all before it is done."""
        return self._turn.run(lambda: Deferred.fromCoroutine(work(*arguments)))

    def _later(self, work: Callable[[], Any]) -> None:
        """The same where nobody waits for it."""
        self._in_turn(work).addErrback(
            lambda failure: self._log.failure("keeping the state of a session", failure)
        )


async def _nothing() -> None:
    """Be done at once."""


def _split(names: bytes) -> list[bytes]:
    size = wire.COLUMN_NAME
    return [names[start : start + size] for start in range(0, len(names), size)]


def _rename(upload: _Upload, path: Path) -> None:
    assert upload.descriptor is not None
    assert upload.path is not None
    os.close(upload.descriptor)
    upload.descriptor = None
    os.rename(upload.path, path)


def _discard(upload: _Upload) -> None:
    if upload.descriptor is not None:
        os.close(upload.descriptor)
    if upload.path is not None:
        _unlink([upload.path])


def _size_of(path: Path) -> int:
    """Of a file of an engine. Raises OSError."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        raise FileNotFoundError(2, "there is no such file")
    return found.st_size


def _identified(files: list[tuple[str, Path]]) -> dict[str, tuple[Path, _Identity]]:
    """The files that are there; in a thread."""
    found = {}
    for name, path in files:
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(path)
            identity = _Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            found[name] = path, identity
    return found


def _link(source: Path, target: Path, check: Callable[[], None] = lambda: None) -> None:
    """The same file under another name; nothing is ever written into it. ``check`` is called now
    and then where it has to be copied."""
    try:
        os.link(source, target, follow_symlinks=False)
        return
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one that has no second names
        pass
    with (
        open(os.open(source, _READ | os.O_NONBLOCK), "rb") as content,
        open(os.open(target, _NEW_FILE, 0o600), "wb") as copy,
    ):
        left = os.fstat(content.fileno()).st_size
        while left > 0 and (piece := content.read(min(left, _CHECKED))):
            check()
            copy.write(piece)
            left -= len(piece)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
