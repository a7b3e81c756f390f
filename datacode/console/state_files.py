"""The state of a session in a file: ``--save``, ``--load`` and the prompt's commands.

Source: checkpoint reference, 5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from datacode.console.private_file import replace_private
from datacode.errors import DataCodeError
from datacode.i18n.message import Message, MessageError
from datacode.i18n.os_errors import system_reason
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse
from datacode.plans.local import EngineFolder, LocalStorage
from datacode.plans.rows import Storage
from datacode.runtime import checkpoint
from datacode.runtime.interpreter import Interpreter
from datacode.runtime.namespace import Snapshot


class StateFileError(MessageError):
    """A state was not saved, or not loaded."""


def save_state(snapshot: Snapshot, name: str, large_tables: Storage | None = None) -> None:
    """Write a state to a file. ``large_tables`` is the interpreter's.

    Raises ``StateFileError``.
    """
    folder = _folder_of(large_tables)
    try:
        write_state(name, lambda file: checkpoint.save(snapshot, file, folder))
    except checkpoint.CheckpointError as error:
        raise not_saved(name, error.message) from None


def _folder_of(large_tables: Storage | None) -> EngineFolder | None:
    return large_tables.folder if isinstance(large_tables, LocalStorage) else None


def write_state(name: str, write: Callable[[BinaryIO], object]) -> None:
    """Write a file, which only its owner may read; an old one stays until then.

    Raises ``StateFileError``.
    """
    try:
        replace_private(name, write)
    except OSError as error:
        raise not_saved(name, system_reason(error)) from None


def read_state(name: str) -> bytes:
    """What is in a file. Raises ``StateFileError``."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise not_loaded(name, system_reason(error)) from None


def load_state(interpreter: Interpreter, name: str) -> None:
    """Put the state of a file in place of the interpreter's. Raises ``StateFileError``."""
    tables = interpreter.large_tables
    kept = None if tables is None else tables.kept
    folder = _folder_of(tables)
    interpreter.restore(snapshot_in(name, lambda file: checkpoint.load(file, folder, kept)))


def snapshot_in(name: str, read: Callable[[BinaryIO], Snapshot]) -> Snapshot:
    """What ``read`` makes of the file. Raises ``StateFileError``."""
    try:
        with open(name, "rb") as file:
            return read(file)
    except OSError as error:
        raise not_loaded(name, system_reason(error)) from None
    except checkpoint.CheckpointError as error:
        raise not_loaded(name, error.message) from None


def not_saved(name: str, reason: str | Message) -> StateFileError:
    """What is said where a state cannot be written."""
    return StateFileError(
        Message("state_not_saved", "The state was not saved to '{name}': {reason}").filled(
            name=name, reason=reason
        )
    )


def not_loaded(name: str, reason: str | Message) -> StateFileError:
    """What is said where a state cannot be read."""
    return StateFileError(
        Message("state_not_loaded", "The state in '{name}' was not loaded: {reason}").filled(
            name=name, reason=reason
        )
    )


_COMMAND = re.compile(r"(save|load)\s+(\S.*)")


def state_command(text: str, names: Callable[[], Collection[str]]) -> tuple[str, str] | None:
    """``save`` or ``load`` and a file's name, where that is what was typed and no program.

    ``save = 5`` is one, and so is ``save /tmp/x`` where a variable has that name.
    """
    typed = _COMMAND.fullmatch(text.strip())
    if typed is None:
        return None
    command = typed[1], typed[2].strip("\"'")
    try:
        (statement,) = parse(text).body
    except (DataCodeError, ValueError):
        return command
    is_quotient = isinstance(statement, nodes.ExpressionStatement) and typed[2][0] in "/."
    return command if is_quotient and typed[1] not in names() else None
