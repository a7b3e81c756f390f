"""What ``relate`` and ``primary_key`` record for the export (tables and files reference, 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from datacode.tables.table import Column


@dataclass(frozen=True, slots=True)
class Relation:
    """``source`` refers to ``target``; ``type`` is the type of what they share."""

    source: Column
    target: Column
    type: str


@dataclass(frozen=True, slots=True)
class Key:
    """A column whose cells identify the rows of its table."""

    column: Column
