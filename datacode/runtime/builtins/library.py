"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    dates,
    files,
    functional,
    numbers,
    objects,
    paths,
    system,
    text,
)

__all__ = [
    "arrays",
    "dates",
    "files",
    "functional",
    "numbers",
    "objects",
    "paths",
    "system",
    "text",
]
