"""Data that comes with DataCode, for programs to try: ``sample://sales.csv``.

Three years of sales of a shop with its products and customers, read-only, the same everywhere: on
a computer of one's own and on a server whatever its sessions may read.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import BinaryIO

from datacode.i18n.message import Message
from datacode.runtime.files import FilesError

_PREFIX = "sample://"
_FOLDER = Path(__file__).resolve().parents[1] / "samples"
_READ_ONLY = Message("shipped_read_only", "'{path}' comes with DataCode and cannot be changed")
NAMES = ("customers.csv", "products.csv", "sales.csv")


def is_shipped(path: str) -> bool:
    """Whether a path means data that comes with DataCode, be there any of that name or not."""
    return path.startswith(_PREFIX)


def kind_of_shipped(path: str) -> str | None:
    """``"file"``, or None where there is none of that name."""
    return "file" if path.removeprefix(_PREFIX) in NAMES else None


def refuse_shipped(path: str) -> None:
    """Raise ``FilesError`` for a path that nothing can be written to."""
    if is_shipped(path):
        raise FilesError(_READ_ONLY.filled(path=path))


def open_shipped(path: str) -> BinaryIO:
    """The file for reading. Raises ``FileNotFoundError``."""
    name = path.removeprefix(_PREFIX)
    if name not in NAMES:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return (_FOLDER / name).open("rb")
