"""A report as a value: a title and what stands below it, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from datacode.values.chart import Chart, Language
from datacode.values.table import Table

Block: TypeAlias = "str | Table | Chart"
"""What a report is made of: text in Markdown, tables, charts."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A document to be written to a file. Without ``language`` that of its texts counts."""

    title: str
    blocks: tuple[Block, ...]
    language: Language | None = None
