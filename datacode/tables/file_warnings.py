"""What a reader should know of several files or sheets, said once for all of which it is true."""

from __future__ import annotations

from datacode.i18n.message import Message
from datacode.tables.read_options import Warn

_MOST = 20
"""Different warnings that are given; the others are counted."""

_OF_FILE = Message("file_warning", "{file}: {warning}")
_OF_FILES = Message("files_warning", "{file} and {count} more: {warning}")
_LACKS = Message("file_lacks_columns", "File '{file}' has no column {columns}: null there")
_LACK = Message(
    "files_lack_columns", "File '{file}' and {count} more have no column {columns}: null there"
)
_MORE = Message("more_file_warnings", "{count} more warnings about these are not shown")


class FileWarnings:
    """The warnings about files, kept until all have been read. Equal ones are one."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], list[str]] = {}
        self._messages: dict[tuple[str, str], tuple[Message, Message, dict[str, object]]] = {}
        self._left_out = 0

    def add(self, file: str, warning: Message) -> None:
        """A warning about a file."""
        self._add(file, (warning.code, str(warning)), _OF_FILE, _OF_FILES, {"warning": warning})

    def add_missing(self, file: str, columns: str) -> None:
        """A file lacks these columns, which others have."""
        self._add(file, (_LACKS.code, columns), _LACKS, _LACK, {"columns": columns})

    def _add(
        self,
        file: str,
        key: tuple[str, str],
        one: Message,
        several: Message,
        params: dict[str, object],
    ) -> None:
        files = self._files.get(key)
        if files is not None:
            if files[-1] != file:
                files.append(file)
        elif len(self._files) < _MOST:
            self._files[key] = [file]
            self._messages[key] = (one, several, params)
        else:
            self._left_out += 1

    def give(self, warn: Warn) -> None:
        """Tell of all that was added."""
        for key, files in self._files.items():
            one, several, params = self._messages[key]
            message = one if len(files) == 1 else several
            warn(message.filled(file=files[0], count=len(files) - 1, **params))
        if self._left_out:
            warn(_MORE.filled(count=self._left_out))
