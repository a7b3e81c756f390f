"""``datacode connect --session FILE``: what takes up a session on a server again, in a file.

Whoever can read the file has the session, so it is for its owner only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datacode.console.private_file import replace_private
from datacode.i18n.message import Message, MessageError
from datacode.i18n.os_errors import system_reason

if TYPE_CHECKING:
    from datacode.client import SessionKey

_LONGEST = 1000
"""Bytes of such a file; a longer one is something else."""


class SessionFileError(MessageError):
    """The file cannot be read or written, or is no such file."""


def read_key(name: str) -> SessionKey | None:
    """What is in the file; None where there is none. Raises ``SessionFileError``."""
    from datacode.client import SessionKey  # slow to import, as all of the client

    try:
        with open(name, encoding="ascii") as file:
            return SessionKey.parse(file.read(_LONGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason: str | Message = system_reason(error)
    except ValueError:  # UnicodeDecodeError among them
        reason = Message("not_a_session_file", "it was not written by datacode connect --session")
    raise SessionFileError(
        Message("session_file_unread", "Cannot read the session in '{name}': {reason}").filled(
            name=name, reason=reason
        )
    )


def write_key(name: str, key: SessionKey) -> None:
    """Put it there, for its owner only. Raises ``SessionFileError``."""
    line = f"{key.text()}\n".encode("ascii")
    try:
        replace_private(name, lambda file: file.write(line))
    except OSError as error:
        raise SessionFileError(
            Message("session_file_unwritten", "Cannot write '{name}': {reason}").filled(
                name=name, reason=system_reason(error)
            )
        ) from None
