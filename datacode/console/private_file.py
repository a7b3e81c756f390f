"""A file that only its owner may read, replaced as a whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def replace_private(name: str, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in place of the one of that name, which stays until the new one is whole.

    Raises ``OSError``; then nothing is left of the new one.
    """
    path = Path(name).absolute()
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
