"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    dates,
    functional,
    numbers,
    objects,
    system,
    text,
)

__all__ = [
    "arrays",
    "dates",
    "functional",
    "numbers",
    "objects",
    "system",
    "text",
]
