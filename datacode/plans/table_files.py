"""The files that hold stored tables, as data: what a checkpoint says of them and what an engine is
told to take up again.

A file has a random name and never changes. It is named to the engine that made it, to another one
later, and in checkpoints, perhaps on another machine: whoever reads such a description checks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from datacode.plans.facts import Facts
from datacode.plans.nodes import (
    MOST_NODES,
    BadPlan,
    CellKind,
    Concat,
    Project,
    Scan,
    Shape,
    Slice,
    Source,
    Zip,
    common_kind,
)

SUFFIX = ".parquet"
NAME_BYTES = 12
"""Random bytes of which a file's name is made, in hexadecimal."""

MOST_FILES = 100_000
"""Of one table."""

_NAME = re.compile(r"[0-9a-f]{24}")


class TableFile(Struct, array_like=True, frozen=True):
    """A file with some of a table's rows, which follow those of the file before."""

    name: str
    rows: int
    kinds: tuple[CellKind, ...]


class _FileRows(Struct, array_like=True, frozen=True):
    rows: int
    kinds: int


class FilesDescription(Struct, array_like=True, frozen=True):
    """``TableFile`` without names; the kinds of columns, mostly the same, stand once."""

    kinds: list[tuple[CellKind, ...]]
    files: list[_FileRows]


class ColumnFacts(Struct, array_like=True, frozen=True):
    """``Facts`` of a column, as they stand in a checkpoint."""

    kind: CellKind
    nulls: int | None
    is_plain: bool
    is_finite: bool
    are_days: bool = False


class _Scanned(Struct, tag="scan", array_like=True, frozen=True):
    table: int


class _Projected(Struct, tag="project", array_like=True, frozen=True):
    source: int
    columns: tuple[int, ...]


class _Sliced(Struct, tag="slice", array_like=True, frozen=True):
    source: int
    start: int
    stop: int


class _Concatenated(Struct, tag="concat", array_like=True, frozen=True):
    sources: tuple[int, ...]


class _Zipped(Struct, tag="zip", array_like=True, frozen=True):
    sources: tuple[int, ...]


_Written = _Scanned | _Projected | _Sliced | _Concatenated | _Zipped
"""Nodes of a plan, which name their sources by number: nothing is nested, so nothing too deeply."""


class _RowsWritten(Struct, array_like=True, frozen=True):
    """The nodes of a plan, each after its sources, the whole last."""

    plan: list[_Written]
    rows: int
    facts: list[ColumnFacts]


@dataclass(frozen=True, slots=True)
class RowsDescription:
    """Rows of stored tables: a plan in which tables have the numbers of their place in a list."""

    plan: Source
    rows: int
    facts: list[ColumnFacts]


_encoder = msgspec.msgpack.Encoder()
_files_decoder = msgspec.msgpack.Decoder(FilesDescription)
_rows_decoder = msgspec.msgpack.Decoder(_RowsWritten)


def is_name(text: str) -> bool:
    """Can a file be called so?"""
    return _NAME.fullmatch(text) is not None


def file_name(name: str) -> str:
    """What the file of that name is called in a folder."""
    return name + SUFFIX


def described_files(files: Sequence[TableFile]) -> bytes:
    """What there is to know of files beside their names."""
    kinds: dict[tuple[CellKind, ...], int] = {}
    rows = [_FileRows(each.rows, kinds.setdefault(each.kinds, len(kinds))) for each in files]
    return _encoder.encode(FilesDescription(list(kinds), rows))


def files_of(names: Sequence[str], description: bytes) -> tuple[TableFile, ...]:
    """The files of that description. Raises ``BadPlan`` for what cannot be."""
    try:
        found = _files_decoder.decode(description)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadPlan(str(fault)) from None
    if not 0 < len(names) == len(found.files) <= MOST_FILES or not all(map(is_name, names)):
        raise BadPlan("files of a table that cannot be")
    if any(not 0 <= each.kinds < len(found.kinds) for each in found.files):
        raise BadPlan("a file without kinds of columns")
    files = tuple(
        TableFile(name, each.rows, found.kinds[each.kinds])
        for name, each in zip(names, found.files, strict=True)
    )
    shape_of_files(files)
    return files


def shape_of_files(files: Sequence[TableFile]) -> Shape:
    """The shape of a table of these files. Raises ``BadPlan``."""
    width = len(files[0].kinds)
    if any(len(each.kinds) != width or each.rows < 0 for each in files):
        raise BadPlan("files of different widths")
    different = dict.fromkeys(each.kinds for each in files)
    kinds = tuple(map(common_kind, zip(*different, strict=True)))
    return Shape(kinds, sum(each.rows for each in files))


def described_rows(plan: Source, rows: int, facts: Sequence[Facts]) -> bytes:
    """The description of rows; ``plan`` scans tables by their place in the list of them."""
    known = [ColumnFacts(f.kind, f.nulls, f.is_plain, f.is_finite, f.are_days) for f in facts]
    written: list[_Written] = []
    _write(plan, written)
    return _encoder.encode(_RowsWritten(written, rows, known))


def _write(plan: Source, written: list[_Written]) -> int:
    """Add a plan's nodes; the number of the last."""
    if isinstance(plan, Scan):
        written.append(_Scanned(plan.table))
    elif isinstance(plan, Project):
        written.append(_Projected(_write(plan.source, written), plan.columns))
    elif isinstance(plan, Slice):
        written.append(_Sliced(_write(plan.source, written), plan.start, plan.stop))
    else:
        sources = tuple(_write(source, written) for source in plan.sources)
        kind = _Concatenated if isinstance(plan, Concat) else _Zipped
        written.append(kind(sources))
    return len(written) - 1


def rows_described(description: bytes) -> RowsDescription:
    """The rows of a description, whose plan is not too large. Raises ``BadPlan``."""
    try:
        found = _rows_decoder.decode(description)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadPlan(str(fault)) from None
    if not 0 < len(found.plan) <= MOST_NODES:
        raise BadPlan("a plan that is too large")
    return RowsDescription(_read(found.plan), found.rows, found.facts)


def _read(written: Sequence[_Written]) -> Source:
    """The plan of these nodes, of which each is the source of one other at most."""
    known: dict[int, Source] = {}

    def source(number: int) -> Source:
        try:
            return known.pop(number)
        except KeyError:
            raise BadPlan("a node of a plan that is not there") from None

    for number, node in enumerate(written):
        if isinstance(node, _Scanned):
            known[number] = Scan(node.table)
        elif isinstance(node, _Projected):
            known[number] = Project(source(node.source), node.columns)
        elif isinstance(node, _Sliced):
            known[number] = Slice(source(node.source), node.start, node.stop)
        else:
            sources = tuple(map(source, node.sources))
            kind = Concat if isinstance(node, _Concatenated) else Zip
            known[number] = kind(sources)
    return known[len(written) - 1]
