"""The whole library: importing this module registers every family of builtins."""

from datacode.runtime.builtins import (
    arrays,
    numbers,
    system,
    text,
)

__all__ = [
    "arrays",
    "numbers",
    "system",
    "text",
]
