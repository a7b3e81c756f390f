"""Names in the database: cleaned, never twice, and quoted (tables and files reference, 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

METADATA = ("_datacode_variables", "_datacode_relations")
"""The metadata tables; no variable's table can be called so."""


def cleaned(name: str) -> str:
    """Letters, digits and ``_`` stay, every other character becomes ``_``."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in name)


def quoted(name: str) -> str:
    """The name in an SQL statement."""
    return '"' + name.replace('"', '""') + '"'


def column_names(names: Sequence[str]) -> list[str]:
    """The SQL columns of a table, different from each other even without letter case."""
    wanted = []
    for index, name in enumerate(names):
        clean = cleaned(name) or f"Column_{index}"
        wanted.append(f"col_{clean}" if clean[0] in "0123456789" else clean)
    return _made_unique(wanted, ())


def table_names(variables: Sequence[str]) -> list[str]:
    """The SQL tables of variables. SQLite keeps names that begin with ``sqlite_`` for itself."""
    wanted = []
    for name in variables:
        clean = cleaned(name)
        wanted.append(f"_{clean}" if clean.lower().startswith("sqlite_") else clean)
    return _made_unique(wanted, METADATA)


def _made_unique(wanted: Iterable[str], taken_before: Iterable[str]) -> list[str]:
    taken = {name.lower() for name in taken_before}
    names = []
    for name in wanted:
        unique, number = name, 1
        while unique.lower() in taken:
            number += 1
            unique = f"{name}_{number}"
        taken.add(unique.lower())
        names.append(unique)
    return names
