"""Loops over long tables for many rows at once, with the same last digit as row by row.

A fold (``language.passes.folds``) is run for a chunk of rows: conditions first, each for the rows
that are left, then what is added, for the rows it is added in, then the running sum, from the
accumulator on and in the order of the rows, just as the loop adds. Polars computes each of these
number by number, as Python does, so that nothing differs.

Where that would not be so, or where the loop would fail, the chunk is left to the loop. It starts
with the first row of the chunk, since no variable has been changed by then, and so fails in the
same row, with the same values in all variables. That goes for nulls and kinds of cells that an
operator does not take, NaN in comparisons, divisors of 0, texts that may be dates or money (but
for plain ISO dates, which are ordered as the texts are), and accumulators that hold no number, or
-0.

Never used, as they differ in the last digit: ``Series.sum``, which adds in another order, and
``series / number``, which multiplies by the reciprocal. ``series + 0`` leaves -0 as it is.
"""

from __future__ import annotations

import math
import operator as operators
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

from datacode.language.analysis.plan import FoldProgram
from datacode.tables import column_arithmetic
from datacode.tables.by_value import spread
from datacode.tables.column_functions import FUNCTIONS, PURE
from datacode.tables.filters import is_utf8
from datacode.tables.running_sums import imported_numpy, is_minus_zero, running_sum, sums_by_key
from datacode.values.column_storage import ColumnData
from datacode.values.equality import equal
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import StoredColumn, in_memory
from datacode.values.table import Table
from datacode.values.types import EPSILON, Value

SHORTEST = 2_000
"""Tables with fewer rows are left to the loop: for them it takes less time."""

SHORTEST_COSTLY = 8_000
"""The same for programs with remainders, powers or keys, and for all without NumPy."""

CHUNK = 65_536
"""Rows that are folded at once. They are the longest time that a program cannot be interrupted."""

MOST_SKIPPED = 16
"""So many chunks are left to the loop at most before the next one is tried again."""

WORTH_IMPORT = 200_000
"""For so many cells in lists Polars is imported, if nothing has needed it yet."""

_EXACT = 2.0**53
"""Up to here whole numbers are added without error, in whatever order."""

Cells: TypeAlias = "pl.Series | float | str | bool | None"
"""The value of an expression: for each of some rows, or one for all."""


FunctionCall: TypeAlias = Callable[[str, "Sequence[Value]"], Value]
"""Calls the function of the library of that name."""

MOST_TEXT = 1 << 24
"""So many characters functions may make for a chunk: row by row they are not all kept at once."""


class _Inexact(Exception):
    """The chunk is to be run row by row."""


def are_worth_folding(columns: Sequence[ColumnData], program: FoldProgram) -> bool:
    """Are there enough cells, and do they cost little enough to have as series? Those in files come
    as such.
    """
    rows = len(columns[0])
    if rows < SHORTEST_COSTLY and (imported_numpy() is None or _is_costly(program)):
        return False
    if any(map(_is_in_files, columns)):
        return True
    cells = sum(len(column) for column in columns if not column.is_stored_as_series())
    return not cells or cells >= WORTH_IMPORT or "polars" in sys.modules


def chunks(
    table: Table,
    columns: Sequence[ColumnData],
    positions: Sequence[int],
    program: FoldProgram,
    is_numbered: bool,
    call: FunctionCall,
) -> Iterator[Any]:
    """The rows of a table in chunks; all of them as they are if a column is not of one kind, or if
    the program calls functions whose results may depend on more than their arguments.
    """
    in_files = any(map(_is_in_files, columns))
    typed = None if in_files else _series_of(columns)
    if (typed is None and not in_files) or not _has_functions(program):
        rows = table.cells_of_rows(positions)
        yield zip(count(0.0), rows, strict=False) if is_numbered else rows
        return
    start, skipped = 0, 1
    while start < table.row_count:
        stop = min(start + CHUNK, table.row_count)
        far = min(start + CHUNK * skipped, table.row_count)
        if typed is None:
            cells = _series_of(in_memory(columns, start, stop))
        else:
            cells = [series.slice(start, stop - start) for series in typed]
        chunk = FoldChunk(program, columns, cells, (start, stop, far), is_numbered, call)
        yield chunk
        if chunk.is_folded:
            start, skipped = stop, 1
        else:
            start, skipped = far, min(2 * skipped, MOST_SKIPPED)


def _is_in_files(column: ColumnData) -> bool:
    """Is the column in files, and not in memory just now? It is read chunk by chunk."""
    return isinstance(column, StoredColumn) and not column.is_loaded


def _series_of(columns: Sequence[ColumnData]) -> list[pl.Series] | None:
    """The columns as series; None if one of them is not of one kind."""
    found = []
    for column in columns:
        series = column.stored_series()
        if series is None:
            return None
        found.append(series)
    return found


@lru_cache(maxsize=256)
def _is_costly(program: FoldProgram) -> bool:
    """Does a chunk cost much, however short it is?"""
    waiting = [program]
    while waiting:
        part = waiting.pop()
        if part and part[0] in ("%", "^", "add by key", "lookup"):
            return True
        if part and part[0] == "call" and part[1] not in FUNCTIONS:
            return True
        waiting += [each for each in part if isinstance(each, tuple)]
    return False


@lru_cache(maxsize=256)
def _has_functions(program: FoldProgram) -> bool:
    """Does the program call only functions that give the same whenever they are given the same?"""
    waiting = [program]
    while waiting:
        part = waiting.pop()
        match part:
            case "call", str() as name, tuple() as arguments:
                if name not in FUNCTIONS and name not in PURE:
                    return False
                waiting += arguments
            case _:
                waiting += [each for each in part if isinstance(each, tuple)]
    return True


class FoldChunk:
    """Some rows of a table, which are run at once or one by one."""

    __slots__ = (
        "_bounds",
        "_call",
        "_cells",
        "_columns",
        "_is_numbered",
        "_program",
        "is_folded",
        "steps",
    )

    def __init__(
        self,
        program: FoldProgram,
        columns: Sequence[ColumnData],
        cells: Sequence[pl.Series] | None,
        bounds: tuple[int, int, int],
        is_numbered: bool,
        call: FunctionCall,
    ) -> None:
        self._program = program
        self._call = call
        self._columns = columns
        self._cells = cells
        self._bounds = bounds
        self._is_numbered = is_numbered
        self.is_folded = False
        self.steps = 0
        """The statements that were run for the rows, if the program counts them."""

    def folded(
        self,
        inputs: Sequence[Value],
        accumulators: Sequence[Value],
        objects: Sequence[Value],
        arrays: Sequence[Value],
        unset: Sequence[Value],
    ) -> tuple[Value, ...] | None:
        """What comes of these rows: the values of the accumulators, the new values in objects, the
        new elements of arrays, and the values of the variables that are set. Of the latter, those
        that no row sets are what ``unset`` has. None: run the rows one by one.
        """
        start, stop, _ = self._bounds
        if self._cells is None:
            return None
        try:
            if not all(each.__class__ is dict for each in objects):
                return None
            if not all(each.__class__ is list for each in arrays):
                return None
            sums = list(map(_sum, accumulators))
            run = _FoldRun(inputs, sums, objects, len(arrays), self._call)
            run.block(_Rows(stop - start, start, self._cells), self._program)
            found = run.results(unset)
        except _Inexact:
            return None
        self.steps = run.steps
        self.is_folded = True
        return found

    @property
    def rows(self) -> Iterator[Any]:
        """What the loop visits, row by row."""
        start, _, stop = self._bounds
        cells: Any = [column.iterate(start, stop) for column in self._columns]
        cells = cells[0] if len(cells) == 1 else zip(*cells, strict=True)
        return zip(count(float(start)), cells, strict=False) if self._is_numbered else cells


def _scalar(value: Value) -> Value:
    """The value of a variable that the rows compute with."""
    kind = value.__class__
    if kind is float or kind is bool or value is None or (kind is str and is_utf8(value)):
        return value
    raise _Inexact


def _sum(value: Value) -> float:
    """The value of an accumulator: the first sum of a series would make 0 of -0."""
    if value.__class__ is not float or is_minus_zero(value):
        raise _Inexact
    return value


# Rows ------------------------------------------------------------------------------------


class _Rows:
    """Some rows of a chunk: all, or those of other rows for which ``mask`` is true.

    ``first`` is the number of the chunk's first row in the table.
    """

    __slots__ = ("_cells", "_mask", "_numbers", "_outer", "_variables", "count", "first")

    def __init__(
        self,
        count: int,
        first: int,
        cells: Sequence[pl.Series | None],
        outer: _Rows | None = None,
        mask: pl.Series | None = None,
    ) -> None:
        self.count = count
        self.first = first
        self._cells = list(cells)
        self._outer = outer
        self._mask: Any = mask
        self._variables: dict[int, Cells] = {}
        self._numbers: pl.Series | None = None

    def where(self, mask: pl.Series) -> _Rows:
        """Those of the rows for which the mask, without nulls, is true."""
        count = int(mask.sum())
        if count == self.count:
            return self
        return _Rows(count, self.first, [None] * len(self._cells), self, mask)

    def cell(self, index: int) -> pl.Series:
        """The cells that have this index among those of a row."""
        found = self._cells[index]
        if found is None:
            assert self._outer is not None
            found = self._cells[index] = self._outer.cell(index).filter(self._mask)
        return found

    def numbers(self) -> pl.Series:
        """The numbers of the rows in the chunk."""
        if self._numbers is None:
            if self._outer is None:
                self._numbers = pl.int_range(self.count, dtype=pl.UInt32, eager=True)
            else:
                self._numbers = self._outer.numbers().filter(self._mask)
        return self._numbers

    def variable(self, index: int) -> Any:
        """The values of a variable that the rows have set."""
        if index not in self._variables:
            assert self._outer is not None
            value = self._outer.variable(index)
            self._variables[index] = (
                value.filter(self._mask) if isinstance(value, pl.Series) else value
            )
        return self._variables[index]

    def set(self, index: int, value: Cells) -> None:
        """The rows set a variable."""
        self._variables[index] = value


class _FoldRun:
    """One run of a program."""

    def __init__(
        self,
        inputs: Sequence[Value],
        sums: list[float],
        objects: Sequence[dict[str, Value]],
        arrays: int,
        call: FunctionCall,
    ) -> None:
        self.steps = 0
        self._call = call
        self._objects = objects
        self._by_key: list[dict[str, float]] = [{} for _ in objects]
        self._pushed: list[list[Value]] = [[] for _ in range(arrays)]
        self._inputs = inputs
        self._sums = sums
        self._added: list[list[tuple[_Rows, pl.Series | float]]] = [[] for _ in sums]
        self._set: dict[int, list[tuple[_Rows, Cells]]] = {}

    # Statements --------------------------------------------------------------------

    def block(self, rows: _Rows, statements: FoldProgram) -> None:
        """Run a block for some rows, which may be none."""
        if not rows.count:
            return
        for statement in statements:
            match statement:
                case "steps", number:
                    self.steps += rows.count * number
                case "if", condition, body, otherwise:
                    self._if(rows, _truth(self.value(rows, condition)), body, otherwise)
                case "set", index, expression:
                    value = self.value(rows, expression)
                    rows.set(index, value)
                    self._set.setdefault(index, []).append((rows, value))
                case "push", index, expression:
                    value = self.value(rows, expression)
                    items = (
                        value.to_list() if isinstance(value, pl.Series) else [value] * rows.count
                    )
                    self._pushed[index] = items
                case "extreme", index, operator, expression, assignments:
                    self._extreme(rows, index, operator, self.value(rows, expression), assignments)
                case "add by key", index, key, expression, start:
                    value = _numbers(self.value(rows, expression))
                    self._by_key[index] = self._sums_by_key(
                        index, self.value(rows, key), _for_each(value, rows.count), start
                    )
                case operator, index, expression:
                    value = _numbers(self.value(rows, expression))
                    self._added[index].append((rows, value if operator == "add" else -value))

    def _if(
        self, rows: _Rows, test: pl.Series | bool, body: FoldProgram, otherwise: FoldProgram
    ) -> None:
        if isinstance(test, bool):
            self.block(rows, body if test else otherwise)
            return
        if body:
            self.block(rows.where(test), body)
        if otherwise:
            self.block(rows.where(~test), otherwise)

    def _extreme(
        self, rows: _Rows, index: int, operator: str, value: Cells, assignments: FoldProgram
    ) -> None:
        """``if value > best``: of equal numbers the first is kept, with ``>=`` the last."""
        numbers = _for_each(_numbers(value), rows.count)
        _refuse_nan(numbers)
        values = [(variable, self.value(rows, each)) for variable, each in assignments]
        best: Any = numbers.max() if operator[0] == ">" else numbers.min()
        if not _ORDER[operator](best, self._sums[index]):
            return
        places = (numbers == best).arg_true()
        place = places.item(-1 if operator[1:] else 0)
        self._sums[index] = numbers.item(place)
        row = rows.where(rows.numbers() == rows.numbers().item(place))
        for variable, each in values:
            found = each.item(place) if isinstance(each, pl.Series) else each
            self._set.setdefault(variable, []).append((row, found))

    def _sums_by_key(
        self, index: int, keys: Any, numbers: pl.Series, start: float | None
    ) -> dict[str, float]:
        """The sums of the keys that there are; those that an object lacks begin with ``start``."""
        sums: dict[str, Value] = self._objects[index]
        if not _all_of(str, keys):
            raise _Inexact
        if not isinstance(keys, pl.Series):
            keys = pl.Series([keys]).new_from_index(0, len(numbers))
        found: dict[str, Any] = {
            key: sums.get(key, start) for key in keys.unique(maintain_order=True).to_list()
        }
        if not all(each.__class__ is float for each in found.values()):
            raise _Inexact
        return sums_by_key(found, keys, numbers)

    # Results -----------------------------------------------------------------------

    def results(self, unset: Sequence[Value]) -> tuple[Value, ...]:
        """The accumulators, what is put to objects and arrays, and the variables that are set."""
        sums = [_total(*each) for each in zip(self._sums, self._added, strict=True)]
        kept = [
            _last(self._set[index]) if index in self._set else before
            for index, before in enumerate(unset, len(sums))
        ]
        return *sums, *self._by_key, *self._pushed, *kept

    # Expressions -------------------------------------------------------------------

    def value(self, rows: _Rows, expression: FoldProgram) -> Any:
        """The value of an expression for some rows."""
        match expression:
            case "constant", value:
                return _scalar(value)
            case "cell", index:
                return rows.cell(index)
            case ("number",):
                return rows.numbers().cast(pl.Float64) + float(rows.first)
            case "input", _:
                return _scalar(self._fixed(expression))
            case "part", _, _:
                return _scalar(self._fixed(expression))
            case "lookup", container, key:
                return _looked_up(self._fixed(container), self.value(rows, key))
            case "variable", index:
                return rows.variable(index)
            case "not", operand:
                test = _truth(self.value(rows, operand))
                return not test if isinstance(test, bool) else ~test
            case "negate", operand:
                return -_numbers(self.value(rows, operand))
            case "call", name, arguments:
                given = [self.value(rows, each) for each in arguments]
                made = _called_with_columns(name, given)
                return _called_by_value(self._call, name, given) if made is None else made
        operator, left, right, *more = expression
        one, other = self.value(rows, left), self.value(rows, right)
        if operator in _ARITHMETIC or operator in ("%", "^"):
            return _arithmetic(operator, one, other)
        if operator in _ORDER:
            return _ordered(operator, one, other, *more)
        if operator in ("and", "or"):
            return _both(operator, _truth(one), _truth(other))
        equal = _equal(one, other)
        if operator == "!=":
            return not equal if isinstance(equal, bool) else ~equal
        return equal

    def _fixed(self, expression: FoldProgram) -> Value:
        """The value of an input or of a part of one."""
        found = self._inputs[expression[1]]
        for key in expression[2] if expression[0] == "part" else ():
            found = _part(found, key)
        return found


def _part(value: Any, key: Value) -> Value:
    """``value[key]``, if it is there."""
    if value.__class__ is dict and key in value:
        return value[key]
    if value.__class__ is list and key.__class__ is float and 0 <= key < len(value):
        return value[int(key)]
    raise _Inexact


def _looked_up(container: Any, keys: Cells) -> Any:
    """The members of an object by texts, all of them scalars of one kind."""
    if container.__class__ is not dict or not _all_of(str, keys):
        raise _Inexact
    if not isinstance(keys, pl.Series):
        return _scalar(_part(container, keys))
    different = keys.unique(maintain_order=True)
    found = [_scalar(_part(container, key)) for key in different.to_list()]
    return _spread([keys], different.to_frame("0"), found)


def _total(before: float, added: Sequence[tuple[_Rows, pl.Series | float]]) -> float:
    """An accumulator behind what some rows, statement by statement, add to it."""
    if not added:
        return before
    whole = [
        (rows.count, value)
        for rows, value in added
        if isinstance(value, float) and value.is_integer()
    ]
    if len(whole) == len(added) and before.is_integer():
        amounts = [count * value for count, value in whole]
        if abs(before) + sum(map(abs, amounts)) < _EXACT:
            return before + sum(amounts)
    terms = [_for_each(value, rows.count) for rows, value in added]
    if len(terms) == 1:
        return running_sum(before, terms[0])
    places = [
        rows.numbers().cast(pl.UInt64) * len(added) + index for index, (rows, _) in enumerate(added)
    ]
    return running_sum(before, pl.concat(terms).gather(pl.concat(places).arg_sort()))


def _last(values: Sequence[tuple[_Rows, Cells]]) -> Value:
    """What a variable is set to last; later statements win within a row."""
    _, value = max(reversed(values), key=lambda each: int(each[0].numbers().item(-1)))
    return value.item(-1) if isinstance(value, pl.Series) else value


def _for_each(value: pl.Series | float, count: int) -> pl.Series:
    """A series of as many numbers."""
    if isinstance(value, pl.Series):
        return value
    return pl.Series([value], dtype=pl.Float64).new_from_index(0, count)


# Operators -------------------------------------------------------------------------------

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.truediv,
}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def _kind(value: Cells) -> type | None:
    """The class of the values beside nulls."""
    if not isinstance(value, pl.Series):
        return value.__class__
    dtype = value.dtype
    if dtype == pl.Float64:
        return float
    return str if dtype == pl.String else bool if dtype == pl.Boolean else type(None)


def _all_of(kind: type, *values: Cells) -> bool:
    """Are they all of this kind, with no null among them?"""
    return all(
        _kind(value) is kind and not (isinstance(value, pl.Series) and value.null_count())
        for value in values
    )


def _numbers(value: Cells) -> Any:
    """A value that is numbers and nothing else."""
    if not _all_of(float, value):
        raise _Inexact
    return value


def _refuse_nan(*values: Cells) -> None:
    """Polars takes NaN for greater than all numbers and for equal to itself."""
    for value in values:
        if isinstance(value, pl.Series) and not math.isfinite(value.sum()):
            if value.is_nan().any():
                raise _Inexact
        elif isinstance(value, float) and value != value:
            raise _Inexact


def _arithmetic(operator: str, left: Any, right: Any) -> Any:
    if operator == "+" and _all_of(str, left, right):
        return left + right
    if not _all_of(float, left, right):
        raise _Inexact
    if operator in "/%" and (_for_each(right, 1) == 0.0).any():
        raise _Inexact
    length = max((len(each) for each in (left, right) if isinstance(each, pl.Series)), default=0)
    if length == 1:  # Polars takes it for a number
        made = _arithmetic(operator, *map(_only, (left, right)))
        return pl.Series([made], dtype=pl.Float64)
    if operator in ("%", "^"):
        compute = column_arithmetic.power if operator == "^" else column_arithmetic.remainder
        found = compute(left, right, max(length, 2))
        return found if length else found.item(0)
    if length and (operator == "/" or 0.0 in (_only(left), _only(right))):
        left, right = _for_each(left, length), _for_each(right, length)
    return _ARITHMETIC[operator](left, right)


def _only(value: Any) -> Any:
    """The number that stands for all rows; None for a longer series."""
    if not isinstance(value, pl.Series):
        return value
    return value.item() if len(value) == 1 else None


def _called_with_columns(name: str, arguments: Sequence[Any]) -> Any:
    """The values of a function of the library, whose first argument is a column; None if there is
    none for whole columns that gives these.
    """
    first, *others = arguments
    if name not in FUNCTIONS or any(isinstance(each, pl.Series) for each in others):
        return None
    if not _all_of(float, first) and not _all_of(str, first):
        return None
    count = len(first) if isinstance(first, pl.Series) else 0
    if count == 1:
        first = first.item()
    # Polars takes a series of one value for a number or a text.
    column = first if count > 1 else pl.Series([first, first])
    found = FUNCTIONS[name](column, others)
    if found is None:
        return None
    return found.head(1) if count == 1 else found if count else found.item(0)


def _called_by_value(call: FunctionCall, name: str, arguments: Sequence[Any]) -> Any:
    """The values of a function that is called once for all rows with the same arguments."""
    columns = [each for each in arguments if isinstance(each, pl.Series)]
    if not columns:
        return _scalar(_result(call, name, arguments))
    for each in columns:
        _refuse_nan_and_minus_zero(each)
    frame = pl.DataFrame([each.alias(str(index)) for index, each in enumerate(columns)])
    different = frame.unique(maintain_order=True)
    results = []
    length = 0
    for row in different.iter_rows():
        cells = iter(row)
        given = [next(cells) if isinstance(each, pl.Series) else each for each in arguments]
        result = _result(call, name, given)
        length += len(result) if isinstance(result, str) else 0
        if length > MOST_TEXT:
            raise _Inexact
        results.append(result)
    return _spread(columns, different, results)


def _result(call: FunctionCall, name: str, arguments: Sequence[Value]) -> Value:
    try:
        return call(name, arguments)
    except Exception as failure:  # the row that it belongs to fails when the rows are run
        raise _Inexact from failure


def _spread(columns: Sequence[pl.Series], known: pl.DataFrame, results: list[Value]) -> pl.Series:
    """The results of all rows, if they are of one kind."""
    frame = pl.DataFrame([each.alias(str(index)) for index, each in enumerate(columns)])
    found = spread(frame, known, results).stored_series()
    if found is None:
        raise _Inexact
    return found


def _refuse_nan_and_minus_zero(column: pl.Series) -> None:
    """Polars takes NaN for equal to itself, and -0 for equal to 0, of which functions may give
    something else.
    """
    if column.dtype == pl.Float64:
        zeros = column.filter(column == 0)
        if column.is_nan().any() or any(map(is_minus_zero, zeros.to_list())):
            raise _Inexact


def _ordered(operator: str, left: Any, right: Any, may_mean_more: bool) -> pl.Series | bool:
    if _all_of(float, left, right):
        _refuse_nan(left, right)
        return _ORDER[operator](left, right)  # type: ignore[no-any-return]
    if not _all_of(str, left, right):
        raise _Inexact
    if may_mean_more and not (
        _are_behind_digits(left)
        or _are_behind_digits(right)
        or (_are_iso_dates(left) and _are_iso_dates(right))
    ):
        raise _Inexact
    return _ORDER[operator](left, right)  # type: ignore[no-any-return]


def _are_behind_digits(texts: pl.Series | str) -> bool:
    """Can none of the texts be a date or an amount, which are compared as such?"""
    found = texts >= ":"
    return found if isinstance(found, bool) else found.all()


_ISO_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _are_iso_dates(texts: pl.Series | str) -> bool:
    """Are all of the texts of the form 2026-01-31, in which dates are ordered as texts are?"""
    if isinstance(texts, pl.Series):
        return texts.str.contains(_ISO_DATE).all()
    return re.fullmatch(_ISO_DATE, texts) is not None


def _equal(left: Any, right: Any) -> pl.Series | bool:
    """``==``, which takes all kinds of values."""
    if not isinstance(left, pl.Series):
        left, right = right, left
    if not isinstance(left, pl.Series):
        return equal(left, right)
    if right is None:
        return left.is_null()
    nulls = left.null_count()
    if isinstance(right, pl.Series) and nulls and right.null_count():
        raise _Inexact
    kind = _kind(left)
    if kind is not _kind(right):
        return False
    if kind is type(None):
        raise _Inexact
    if kind is bool and isinstance(right, bool):
        found = left if right else ~left
    elif kind is float:
        _refuse_nan(left, right)
        found = _close(left, right)
    else:
        found = left == right
    return found.fill_null(False) if found.null_count() else found


def _close(left: pl.Series, right: pl.Series | float) -> pl.Series:
    """Are numbers equal or nearly so? From 2 on no other number is near enough."""
    if isinstance(right, float) and abs(right) >= 2:
        return left == right
    close = (left - right).abs() < EPSILON
    return close | (left == right) if isinstance(right, pl.Series) else close


def _truth(value: Cells) -> pl.Series | bool:
    """What ``if`` makes of a value; NaN is true, null is not."""
    if not isinstance(value, pl.Series):
        return bool(value)
    kind = _kind(value)
    if kind is type(None):
        return False
    found = value if kind is bool else value != (0.0 if kind is float else "")
    return found.fill_null(False) if found.null_count() else found


def _both(operator: str, left: pl.Series | bool, right: pl.Series | bool) -> pl.Series | bool:
    """``and`` and ``or`` of truths."""
    if isinstance(left, bool):
        left, right = right, left
    if isinstance(right, bool):
        is_decided = right == (operator == "or")
        return right if is_decided else left
    assert isinstance(left, pl.Series)
    return left & right if operator == "and" else left | right
