"""``save``, ``restore`` and ``fork``: the state of a session as a file, and for a second session.

Source: server reference, 5.8.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

import msgspec

from datacode.i18n.message import Message, MessageError
from datacode.i18n.os_errors import system_text
from datacode.server.api import texts
from datacode.server.api.long_answer import JsonText, json_text
from datacode.server.api.messages import (
    ForkSession,
    RestoreState,
    SaveState,
    SessionForked,
    ShareToConnect,
    StateRestored,
    StateSaved,
)
from datacode.server.checkpoints.checkpoint_parts import (
    ReadParts,
    StoredPart,
    TooLargeFile,
    from_base64,
)
from datacode.server.checkpoints.storage import SessionStorage
from datacode.server.checkpoints.storage_quota import NoRoom
from datacode.server.files.session_folder import SessionFolder
from datacode.server.options.settings import MIB
from datacode.server.request_context import RequestContext
from datacode.server.workspace import Workspace

_NOT_DONE = (NoRoom, MessageError, OSError)
"""Why a state cannot be saved, restored or duplicated, whatever it is asked for."""


def _reason(error: Exception) -> str | Message:
    if isinstance(error, NoRoom):
        return texts.NO_ROOM_FOR_STATE
    if isinstance(error, MessageError):
        return error.message
    assert isinstance(error, OSError)
    return system_text(error)


async def save(request: SaveState, context: RequestContext) -> StateSaved:
    """The state as a file, in the answer or in the session folder."""
    workspace, locale = context.workspace, context.locale

    def failed(reason: str | Message) -> StateSaved:
        return StateSaved.failed(texts.STATE_NOT_SAVED.render(locale, reason=reason))

    folder = workspace.folder
    if request.filename is not None and folder is None:
        return failed(texts.UPLOADS_OFF)
    storage = workspace.storage
    assert storage is not None
    most = context.message_bytes if request.filename is None else 0
    try:
        if workspace.opened is not None:
            await workspace.opened.state_kept()
        parts = [] if folder is None else await workspace.in_thread(_parts_of, folder)
        file = await storage.save_file(parts, workspace.kept_shares(), most)
        with file:
            size = os.fstat(file.fileno()).st_size
            if request.filename is not None:
                assert folder is not None
                await workspace.in_thread(folder.put, request.filename, file.fileno())
                message = texts.STATE_SAVED.render(locale, filename=request.filename)
                return StateSaved(message=message, size=size)
            answer = StateSaved(message=texts.STATE_IN_ANSWER.render(locale), size=size)
            content: JsonText = await workspace.in_thread(_base64_of, file)
    except TooLargeFile as error:
        return failed(texts.FILE_TOO_BIG.filled(limit=f"{error.limit / MIB:g}"))
    except _NOT_DONE as error:
        return failed(_reason(error))
    answer.content = content  # type: ignore[assignment]  # a text when it is sent
    return answer


def _base64_of(file: BinaryIO) -> JsonText:
    return json_text([file.read()], base64=True, prefix=b"base64:")


def _parts_of(folder: SessionFolder) -> list[StoredPart]:
    return [StoredPart(each.name, folder.path / each.name) for each in folder.listing()]


async def restore(request: RestoreState, context: RequestContext) -> StateRestored:
    """Put a saved state in place of the session's, or leave everything as it is."""
    workspace, locale = context.workspace, context.locale

    def failed(reason: str | Message) -> StateRestored:
        return StateRestored.failed(texts.STATE_NOT_RESTORED.render(locale, reason=reason))

    if (request.content is None) == (request.filename is None):
        return failed(texts.CONTENT_OR_FILENAME)
    if request.filename is not None and workspace.folder is None:
        return failed(texts.UPLOADS_OFF)
    storage = workspace.new_storage()
    is_restored = False
    try:
        opened, size = await workspace.in_thread(_source, request, workspace.folder)
        found: ReadParts = await storage.load_file(opened, size)
        await _put_in_place(workspace, storage, found)
        is_restored = True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return failed(texts.UNREADABLE)
    except _NOT_DONE as error:
        return failed(_reason(error))
    finally:
        if not is_restored:
            await storage.close()
    workspace.shares_before = found.shares
    missing = shares_to_connect(workspace)
    answer = StateRestored(message=texts.STATE_RESTORED.render(locale), shares_missing=missing)
    if workspace.folder is None:
        answer.files_left_out = len(found.files)
    else:
        answer.files = len(found.files)
    return answer


def shares_to_connect(workspace: Workspace) -> list[ShareToConnect]:
    """Shares that the session had and has not any more."""
    return [
        ShareToConnect(each.name, each.host, each.share, each.login, each.domain)
        for each in workspace.missing_shares()
    ]


async def fork(request: ForkSession, context: RequestContext) -> SessionForked:
    """A second session with this one's state."""

    def failed(reason: str | Message) -> SessionForked:
        return SessionForked.failed(texts.NOT_FORKED.render(context.locale, reason=reason))

    try:
        return await context.fork()
    except _NOT_DONE as error:
        return failed(_reason(error))


def _source(
    request: RestoreState, folder: SessionFolder | None
) -> tuple[Callable[[], BinaryIO], int]:
    """What opens the file, and how many bytes it has."""
    if request.filename is not None:
        assert folder is not None
        folder.make()
        file: BinaryIO = open(folder.files.open(request.filename), "rb")  # noqa: SIM115
        return (lambda: file), os.fstat(file.fileno()).st_size
    decoded = from_base64(request.base64())
    return (lambda: decoded), len(decoded.getbuffer())  # type: ignore[attr-defined]


async def _put_in_place(workspace: Workspace, storage: SessionStorage, found: ReadParts) -> None:
    """The files, then the variables; all of it or nothing."""
    folder = workspace.folder
    if folder is None:
        await workspace.replace_state(storage)
        return
    await workspace.in_thread(folder.begin_changes)
    is_done = False
    try:
        await workspace.in_thread(_put_files, folder, found.files)
        await workspace.replace_state(storage)
        is_done = True
    finally:
        await workspace.in_thread(partial(folder.end_changes, keep=is_done))


def _put_files(folder: SessionFolder, files: list[StoredPart]) -> None:
    for part in files:
        with open(part.path, "rb") as file:
            folder.put(part.name, file.fileno())
        with contextlib.suppress(OSError):
            os.unlink(part.path)
