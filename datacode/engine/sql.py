"""Plans as SQL for DuckDB. All names in it are ours, and no value of a program is part of it.

What is selected has a column ``row``, which numbers rows from 0, and the columns of ``parts``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from datacode.engine.tables import Piece, StoredTable
from datacode.plans import nodes, parts
from datacode.plans.nodes import Aggregation, CellKind, JoinKind, Source

TableOf = Callable[[int], StoredTable]

TYPES = {"n": "DOUBLE", "s": "VARCHAR", "b": "BOOLEAN", "k": "TINYINT"}


class Selection:
    """Writes what gives the rows of plans over these tables."""

    def __init__(self, table: TableOf) -> None:
        self.table = table

    def shape(self, plan: Source) -> nodes.Shape:
        """The kinds of a plan's columns, and its rows. Raises ``BadPlan``."""
        return nodes.shape_of(plan, lambda number: self.table(number).shape)

    def all_of(self, plan: Source) -> str:
        """All rows and columns, in order."""
        shape = self.shape(plan)
        return self.some(plan, range(len(shape.kinds)), 0, shape.rows)

    def some(self, plan: Source, columns: Sequence[int], start: int, stop: int) -> str:
        """Some columns, as columns 0, 1, …, of the rows from ``start`` to before ``stop``."""
        if isinstance(plan, nodes.Scan):
            return _scan(self.table(plan.table), columns, start, stop)
        if isinstance(plan, nodes.Project):
            return self.some(plan.source, [plan.columns[c] for c in columns], start, stop)
        if isinstance(plan, nodes.Slice):
            first = plan.start
            inner = self.some(plan.source, columns, first + start, first + stop)
            return f"SELECT * REPLACE (row - {first} AS row) FROM ({inner})"
        if isinstance(plan, nodes.Zip):
            return self._zip(plan, columns, start, stop)
        return self._concat(plan, columns, start, stop)

    def _zip(self, plan: nodes.Zip, columns: Sequence[int], start: int, stop: int) -> str:
        width = 0
        inner: list[str] = []
        names: dict[int, list[str]] = {}
        for number, part in enumerate(plan.sources):
            kinds = self.shape(part).kinds
            wanted = [c - width for c in columns if width <= c < width + len(kinds)]
            if wanted or not inner:
                inner.append(f"({self.some(part, wanted, start, stop)}) AS p{number}")
            for own, column in enumerate(wanted):
                names[column + width] = [
                    f"p{number}.{each}" for each in parts.names(own, kinds[column])
                ]
            width += len(kinds)
        first = inner[0].rpartition(" AS ")[2]
        selected = [f"{first}.row AS row"]
        for own, column in enumerate(columns):
            selected += [f"{each} AS c{own}{each[-1]}" for each in names[column]]
        return f"SELECT {', '.join(selected)} FROM {' POSITIONAL JOIN '.join(inner)}"

    def _concat(self, plan: nodes.Concat, columns: Sequence[int], start: int, stop: int) -> str:
        kinds = [self.shape(plan).kinds[c] for c in columns]
        before = 0
        selected: list[str] = []
        for part in plan.sources:
            shape = self.shape(part)
            low, high = max(start - before, 0), min(stop - before, shape.rows)
            if low < high or (part is plan.sources[-1] and not selected):
                inner = self.some(part, columns, low, max(low, high))
                own = [shape.kinds[c] for c in columns]
                cells = [
                    each
                    for number, pair in enumerate(zip(own, kinds, strict=True))
                    for each in _as_kind(number, *pair)
                ]
                selected.append(
                    f"SELECT {', '.join([f'row + {before} AS row', *cells])} FROM ({inner})"
                )
            before += shape.rows
        return " UNION ALL ".join(selected)


def _scan(table: StoredTable, columns: Sequence[int], start: int, stop: int) -> str:
    pieces = table.between(start, stop)
    if not pieces:
        pieces = table.pieces[:1]
        start = stop = 0
    selected = ["row"]
    for number, column in enumerate(columns):
        present = {piece.kinds[column] for piece in pieces}
        selected += _cells_in_files(column, number, table.shape.kinds[column], present)
    files = ", ".join(quoted(piece.path) for piece in pieces)
    text = f"SELECT {', '.join(selected)} FROM {_reader(pieces, files)}"
    if start <= pieces[0].first and stop >= pieces[-1].first + pieces[-1].rows:
        return text
    return f"{text} WHERE row >= {start} AND row < {stop}"


def _reader(pieces: Sequence[Piece], files: str) -> str:
    if all(piece.kinds == pieces[0].kinds for piece in pieces):
        return f"read_parquet([{files}])"
    return f"read_parquet([{files}], union_by_name = true)"


def quoted(text: str) -> str:
    """A text as SQL has it; for the names of files."""
    return "'" + text.replace("'", "''") + "'"


def _cells_in_files(column: int, number: int, kind: CellKind, present: set[CellKind]) -> list[str]:
    """A column of a table whose pieces have these kinds there."""
    own = {letter for each in present for letter in _LETTERS[each]}
    if kind is not CellKind.MIXED:
        return [
            f"{f'c{column}{letter}' if letter in own else f'NULL::{TYPES[letter]}'}"
            f" AS c{number}{letter}"
            for letter in _LETTERS[kind]
        ]
    return _mixed(f"c{column}", number, own)


_LETTERS = {
    CellKind.NUMBER: "n",
    CellKind.TEXT: "s",
    CellKind.BOOL: "b",
    CellKind.NULL: "",
    CellKind.MIXED: "kns",
}


def _mixed(column: str, number: int, letters: set[str]) -> list[str]:
    """A mixed column of what there is: its own three, or one of a single kind."""
    tests = [f"WHEN {column}k IS NOT NULL THEN {column}k"] if "k" in letters else []
    for letter, code in (("n", parts.NUMBER), ("s", parts.TEXT), ("b", parts.BOOL)):
        if letter in letters:
            tests.append(f"WHEN {column}{letter} IS NOT NULL THEN {code}")
    codes = f"CASE {' '.join(tests)} ELSE {parts.NULL} END" if tests else str(parts.NULL)
    numbers = [f"{column}n"] if "n" in letters else []
    numbers += [f"{column}b::TINYINT::DOUBLE"] if "b" in letters else []
    found = f"coalesce({', '.join([*numbers, 'NULL::DOUBLE'])})"
    texts = f"{column}s" if "s" in letters else "NULL::VARCHAR"
    return [f"({codes})::TINYINT AS c{number}k", f"{found} AS c{number}n", f"{texts} AS c{number}s"]


def _as_kind(number: int, own: CellKind, wanted: CellKind) -> list[str]:
    """A column that has been selected, as one of a kind that holds it."""
    if own is wanted:
        return parts.names(number, own)
    return _cells_in_files(number, number, wanted, {own})


# Steps -------------------------------------------------------------------------------


def step(selection: Selection, plan: nodes.Step, kinds: Sequence[CellKind]) -> str:
    """The rows of a step's result, whose columns have these kinds, in order and numbered."""
    if isinstance(plan, nodes.CopyRows):
        return selection.all_of(plan.source)
    if isinstance(plan, nodes.Filter):
        mask = "c0b" if selection.shape(plan.mask).kinds[0] is CellKind.BOOL else "false"
        rows = (
            f"({selection.all_of(plan.source)}) AS s POSITIONAL JOIN "
            f"(SELECT {mask} AS is_kept FROM ({selection.all_of(plan.mask)})) AS m WHERE is_kept"
        )
        return _numbered(_columns(kinds, "s."), rows)
    if isinstance(plan, nodes.Take):
        found = (
            "i.c0n::BIGINT" if selection.shape(plan.rows).kinds[0] is CellKind.NUMBER else "NULL"
        )
        rows = (
            f"(SELECT i.row AS place, s.* FROM ({selection.all_of(plan.rows)}) AS i "
            f"LEFT JOIN ({selection.all_of(plan.source)}) AS s ON s.row = {found} ORDER BY place)"
        )
        return _numbered(_columns(kinds), rows)
    if isinstance(plan, nodes.Sort):
        rows = f"({selection.all_of(plan.source)} {_order(selection, plan)})"
        return _numbered(_columns(kinds), rows)
    if isinstance(plan, nodes.Group):
        return _group(selection, plan, kinds)
    return _match(selection, plan)


def _columns(kinds: Sequence[CellKind], prefix: str = "") -> list[str]:
    found = [each for number, kind in enumerate(kinds) for each in parts.names(number, kind)]
    return [f"{prefix}{each} AS {each}" for each in found]


def _numbered(columns: list[str], rows: str) -> str:
    """Rows, which come in order, with new numbers: one thread does not mix them up."""
    return f"SELECT {', '.join(['row_number() OVER () - 1 AS row', *columns])} FROM {rows}"


def _order(selection: Selection, plan: nodes.Sort) -> str:
    kinds = selection.shape(plan.source).kinds
    keys = []
    for key in plan.keys:
        for each in parts.names(key.column, kinds[key.column]):
            keys.append(f"{each} {'DESC NULLS LAST' if key.descending else 'ASC NULLS FIRST'}")
    return f"ORDER BY {', '.join([*keys, 'row'])}"


_AGGREGATES = {
    Aggregation.SUM: "coalesce(CASE WHEN isfinite(fsum({0})) THEN fsum({0}) ELSE sum({0}) END, 0)",
    Aggregation.AVERAGE: "CASE WHEN isfinite(fsum({0})) THEN fsum({0}) ELSE sum({0}) END"
    " / nullif(count({0}), 0)",
    Aggregation.STD: "stddev_samp({0})",
    Aggregation.MIN: "min({0})",
    Aggregation.MAX: "max({0})",
    Aggregation.FIRST: "arg_min_null({0}, row)",
    Aggregation.LAST: "arg_max_null({0}, row)",
    Aggregation.COUNT: "count({0})::DOUBLE",
    Aggregation.DISTINCT: "count(DISTINCT {0})::DOUBLE",
}

_LOW, _HIGH = "quantile_disc({0}, 0.5)", "-quantile_disc(-{0}, 0.5)"
_MEDIAN = f"CASE WHEN {_LOW} = {_HIGH} THEN {_LOW} ELSE {_LOW} + ({_HIGH} - {_LOW}) * 0.5 END"
"""The number in the middle, or between the two that are there: in proportion, as in memory."""


def _group(selection: Selection, plan: nodes.Group, kinds: Sequence[CellKind]) -> str:
    own = selection.shape(plan.source).kinds
    keys = [each for column in plan.by for each in parts.names(column, own[column])]
    selected = ["min(row) AS place"]
    for number, column in enumerate(plan.by):
        names = zip(parts.names(column, own[column]), parts.names(number, own[column]), strict=True)
        selected += [f"{one} AS {other}" for one, other in names]
    for number, aggregate in enumerate(plan.aggregates, len(plan.by)):
        for name in parts.names(number, kinds[number]):
            selected.append(f"{_aggregate(aggregate, own[aggregate.column])} AS {name}")
    rows = f"SELECT {', '.join(selected)} FROM ({selection.all_of(plan.source)})"
    rows += f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) > 0"
    return _numbered(_columns(kinds), f"({rows} ORDER BY place)")


def _aggregate(aggregate: nodes.AggregateColumn, kind: CellKind) -> str:
    function, column = aggregate.function, aggregate.column
    if function is Aggregation.SIZE:
        return "count(*)::DOUBLE"
    if kind is CellKind.MIXED:
        return f"count(nullif(c{column}k, {parts.NULL}))::DOUBLE"
    cells = "NULL::DOUBLE" if kind is CellKind.NULL else parts.name(column, kind)
    if function is Aggregation.MEDIAN:
        return _MEDIAN.format(cells)
    return _AGGREGATES[function].format(cells)


_JOINS = {
    JoinKind.INNER: "JOIN",
    JoinKind.LEFT: "LEFT JOIN",
    JoinKind.RIGHT: "RIGHT JOIN",
    JoinKind.FULL: "FULL JOIN",
    JoinKind.SEMI: "SEMI JOIN",
    JoinKind.ANTI: "ANTI JOIN",
}


def _match(selection: Selection, plan: nodes.Match) -> str:
    left, right = selection.shape(plan.left), selection.shape(plan.right)
    sign = "IS NOT DISTINCT FROM" if plan.nulls_equal else "="
    tests = []
    for number, (one, other) in enumerate(plan.on):
        kind = left.kinds[one]
        if kind is CellKind.NULL:
            tests.append("true" if plan.nulls_equal else "false")
        else:
            keys = parts.name(number, kind), parts.name(number, right.kinds[other])
            tests.append(f"l.{keys[0]} {sign} r.{keys[1]}")
    keys_of_left = selection.some(plan.left, [one for one, _ in plan.on], 0, left.rows)
    keys_of_right = selection.some(plan.right, [other for _, other in plan.on], 0, right.rows)
    joined = (
        f"({keys_of_left}) AS l {_JOINS[plan.kind]} ({keys_of_right}) AS r ON {' AND '.join(tests)}"
    )
    is_left = plan.kind in (JoinKind.SEMI, JoinKind.ANTI)
    of_right = "NULL" if is_left else "r.row"
    rows = f"SELECT l.row AS place, {of_right} AS right_place FROM {joined} "
    rows += "ORDER BY place NULLS LAST, right_place"
    numbers = ["place::DOUBLE AS c0n", "right_place::DOUBLE AS c1n"]
    return _numbered(numbers, f"({rows})")
