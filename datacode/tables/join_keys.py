"""What is compared in place of key columns, and what is odd about two of them.

Dates are compared by what they are, and numbers with texts that are numbers by their values. Keys
that only look alike are told: codes have often lost their leading zeros on the way through a
spreadsheet, names are typed by hand. Source: builtins reference, 10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from datacode.i18n.message import Message
from datacode.plans.nodes import JoinKind
from datacode.tables.date_columns import keyed_pair
from datacode.tables.filters import is_utf8
from datacode.tables.join_match import KeyColumns, Pairs
from datacode.tables.read_options import Warn
from datacode.tables.similar_texts import difference, folded, folded_series
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices, is_short
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import WHITE_SPACE, comes_back, number_from_text
from datacode.values.stored_column import batches, rows_of
from datacode.values.text import number_text
from datacode.values.types import Value

_BY_VALUE = Message(
    "number_key_with_text_key",
    "Column '{left}' holds numbers and column '{right}' texts: they are compared by value, '{text}'"
    " as the number {number}. Read the file with types={{'{left}': 'String'}} to compare texts",
)
_NEVER_EQUAL = Message(
    "numbers_never_equal_texts",
    "Column '{left}' holds numbers and column '{right}' texts, such as {number} and '{text}':"
    " they are never equal",
)
_NUMBER_AND_TEXT = Message(
    "key_is_number_and_text",
    "'{one}' in column '{left}' finds nothing, but column '{right}' has '{other}': one is a number"
    " and the other a text",
)
_LOOK_SAME = Message(
    "keys_look_the_same",
    "'{one}' in column '{left}' finds nothing, but '{other}' in column '{right}' differs from it"
    " only by {difference}",
)
_LOOK_ALIKE = Message(
    "keys_look_alike",
    "'{one}' in column '{left}' finds nothing, but '{other}' in column '{right}' differs from it"
    " only by leading zeros or spaces",
)

Names = tuple[str, str]

_MOST_ROWS = 10_000

_MOST = 1000
"""So many keys without a partner are looked at."""

_MOST_FOLDED = 100_000
"""In so many rows of the other table keys are looked for that are written otherwise."""


def comparable(
    left: KeyColumns, right: KeyColumns, names: Sequence[Names], warn: Warn
) -> tuple[KeyColumns, KeyColumns]:
    """The columns to compare in place of these."""
    pairs = [
        _by_value(*keyed_pair(one, other, keep_texts=True), both, warn)
        for one, other, both in zip(left, right, names, strict=True)
    ]
    return [one for one, _ in pairs], [other for _, other in pairs]


# Numbers and texts -------------------------------------------------------------------


def _by_value(
    left: ColumnData, right: ColumnData, names: Names, warn: Warn
) -> tuple[ColumnData, ColumnData]:
    """A column of numbers beside one of texts: the texts as numbers, if no two are the same."""
    kinds = _kind(left), _kind(right)
    if kinds == (str, float):
        other, one = _by_value(right, left, (names[1], names[0]), warn)
        return one, other
    if kinds != (float, str):
        return left, right
    different = dict.fromkeys(value for value in right if value is not None)
    numbers = {t: number_from_text(t) if comes_back(t) else None for t in different}
    found = [number for number in numbers.values() if number is not None]
    if not found or len(set(found)) < len(found):
        warn_of_kinds(left, right, names, warn)
        return left, right
    examples = [text for text, number in numbers.items() if number is not None]
    text = next((t for t in examples if t != number_text(numbers[t] or 0.0)), examples[0])
    warn(
        _BY_VALUE.filled(
            left=names[0], right=names[1], text=text, number=number_text(numbers[text] or 0.0)
        )
    )
    return left, _as_numbers(right, numbers)


def _as_numbers(cells: ColumnData, numbers: dict[str, float | None]) -> ColumnData:
    if None not in numbers.values() and cells.is_stored_as_series():
        series = cells.stored_series()
        assert series is not None
        return ColumnData.of_series(
            series.replace_strict(numbers, default=None, return_dtype=pl.Float64)
        )
    values = []
    for value in cells:
        number = None if value is None else numbers[value]
        values.append(value if number is None else number)
    return ColumnData.of_list(values)


def warn_of_kinds(left: ColumnData, right: ColumnData, names: Names, warn: Warn) -> None:
    """Tell that numbers never equal texts, if one column holds the ones and one the others."""
    kinds = _kind(left), _kind(right)
    if kinds == (str, float):
        warn_of_kinds(right, left, (names[1], names[0]), warn)
    elif kinds == (float, str):
        number = next(value for value in left if value is not None)
        text = next(value for value in right if value is not None)
        warn(
            _NEVER_EQUAL.filled(
                left=names[0], right=names[1], number=number_text(number), text=text
            )
        )


def _kind(cells: ColumnData) -> type | None:
    """``float`` or ``str`` if all that is in a column is of that kind; None otherwise."""
    known = None if cells.source is None else cells.source.kind(cells.position)
    if known is not None:
        return known if known in (float, str) else None
    if is_short(len(cells)):
        kinds = set(map(type, cells.values())) - {type(None)}
        return kinds.pop() if kinds in ({float}, {str}) else None
    series = cells.stored_series()
    if series is None or series.null_count() == len(series):
        return None
    return {pl.Float64: float, pl.String: str}.get(type(series.dtype))


# Keys that look alike -----------------------------------------------------------------


def warn_of_lost_zeros(
    left: KeyColumns,
    right: KeyColumns,
    names: Sequence[Names],
    pairs: Pairs,
    how: JoinKind,
    warn: Warn,
) -> None:
    """Tell of a key that found no partner in a join, and of one that looks like it but for leading
    zeros, spaces, the case and look of its letters, or because one is a number and the other a
    text.
    """

    def alone() -> Indices:
        return pairs.left if how is JoinKind.ANTI else _unpaired(pairs, len(left[0]))

    warn_of_alone(left, right, names, alone, warn)


def warn_of_alone(
    left: KeyColumns,
    right: KeyColumns,
    names: Sequence[Names],
    alone: Callable[[], Indices],
    warn: Warn,
) -> None:
    """The same, for whoever knows the left rows that found no partner."""
    rows: Indices | None = None
    for one, other, both in zip(left, right, names, strict=True):
        if not _may_look_alike(one, other):
            continue
        if rows is None:
            rows = alone()
        if not len(rows):
            return
        (lonely,) = column_storage.take([one], rows)
        found = _alike(_first_keys(lonely), other)
        if found is not None:
            _warn_of_alike(*found, both, warn)


def _warn_of_alike(one: Value, other: Value, names: Names, warn: Warn) -> None:
    shown = [v[:100] if v.__class__ is str else number_text(v) for v in (one, other)]
    told: dict[str, Any] = {
        "one": shown[0], "other": shown[1], "left": names[0], "right": names[1],
    }  # fmt: skip
    if one.__class__ is not other.__class__:
        warn(_NUMBER_AND_TEXT.filled(**told))
    elif _without_ends(one) == _without_ends(other):
        warn(_LOOK_ALIKE.filled(**told))
    else:
        warn(_LOOK_SAME.filled(difference=difference(one, other), **told))


def _may_look_alike(one: ColumnData, other: ColumnData) -> bool:
    """Are there texts in one of the columns, and numbers or texts in the other?

    Numbers alone beside texts alone are told of as such.
    """
    kinds = kinds_of(one) & {str, float}, kinds_of(other) & {str, float}
    return all(kinds) and str in kinds[0] | kinds[1] and {float, str} != kinds[0] ^ kinds[1]


def kinds_of(cells: ColumnData) -> set[type]:
    """The kinds of values in a column, of a typed one its own."""
    if cells.source is not None:
        known = cells.source.kind(cells.position)
        if known is not None:
            return {known} & {str, float}
        return set().union(*(kinds_of(part) for (part,) in batches([cells])))
    if cells.is_stored_as_series():
        kind = _kind(cells)
        return set() if kind is None else {kind}
    return set(map(type, cells.values()))


def warn_of_lost_zeros_in_files(
    left: KeyColumns, right: KeyColumns, names: Sequence[Names], nulls_equal: bool, warn: Warn
) -> None:
    """The same for a join that was done where the rows are in files."""
    source = next((each.source for each in (*left, *right) if each.source is not None), None)
    texts = [_kind(one) is str and _kind(two) is str for one, two in zip(left, right, strict=True)]
    if source is None or not any(texts):
        return
    sides = source.together(left), source.together(right)
    if sides[0] is None or sides[1] is None:
        return
    places = [(number, number) for number in range(len(left))]
    alone = sides[0].joined(sides[1], places, "anti", nulls_equal)
    if not alone or not len(alone[0]):
        return
    for place, both in enumerate(names):
        if texts[place]:
            found = _alike(_first_keys(alone[place]), right[place])
            if found is not None:
                _warn_of_alike(*found, both, warn)


def _first_keys(cells: ColumnData) -> list[Value]:
    """The first different texts and numbers of a column, a thousand at most."""
    rows = rows_of([cells])
    found = None if rows is None else rows.grouped([0], [])
    if found:
        different = found[0].slice(0, min(_MOST + 1, len(found[0]))).values()
        return [key for key in different if key is not None][:_MOST]
    if cells.is_stored_as_series():
        series = cells.stored_series()
        assert series is not None
        return series.drop_nulls().unique(maintain_order=True).head(_MOST).to_list()
    return list(dict.fromkeys(v for v in cells if v.__class__ in (str, float)))[:_MOST]


def _unpaired(pairs: Pairs, rows: int) -> Indices:
    """The left rows that are in no pair."""
    if isinstance(pairs.left, list) and is_short(rows):
        right = list(pairs.right) or [0] * len(pairs.left)
        paired = {row for row, found in zip(pairs.left, right, strict=True) if found is not None}
        return [row for row in range(rows) if row not in paired]
    left = pl.Series(pairs.left, dtype=pl.UInt32)
    if len(pairs.right):
        left = left.filter(pl.Series(pairs.right, dtype=pl.UInt32).is_not_null())
    taken = pl.Series([False], dtype=pl.Boolean).new_from_index(0, rows)
    taken = taken.scatter(left.drop_nulls().unique(), True)
    return (~taken).arg_true()


def _alike(keys: list[Value], others: ColumnData) -> tuple[Value, Value] | None:
    """One of some keys and one of a column that differ, but only look so."""
    cores = {_core(key): key for key in keys}
    candidates = _candidates(others, cores)
    known = set(candidates)
    for other in candidates:
        key = cores.get(_core(other))
        if key is not None and key not in known:
            return key, other
    return None


def _candidates(cells: ColumnData, cores: dict[str, Value]) -> list[Value]:
    """The keys of a column that may be like one of these."""
    if cells.source is not None and _kind(cells) is str:
        return _candidates_in_files(cells, cores)
    if not cells.is_stored_as_series():
        keys = list(dict.fromkeys(v for v in cells if v.__class__ in (str, float)))
        plain = {*cores, *cores.values()}
        rest = (key for key in keys[_MOST_FOLDED:] if key in plain or _has_odd_ends(key))
        return [*keys[:_MOST_FOLDED], *rest]
    series = cells.stored_series()
    assert series is not None
    if series.dtype != pl.String:
        return series.drop_nulls().unique(maintain_order=True).to_list()
    return [*_like_ends(series, cores), *_written_otherwise(series.head(_MOST_FOLDED), cores)]


def _like_ends(series: pl.Series, cores: dict[str, Value]) -> list[Value]:
    """The texts that are one of these keys, or may be but for zeros and spaces at their ends."""
    has_odd_ends = series.str.contains(f"^[{WHITE_SPACE}0]|[{WHITE_SPACE}]$")
    odd = series.filter(has_odd_ends).unique(maintain_order=True).head(10 * _MOST)
    texts = [key for key in cores.values() if key.__class__ is str]
    ends = [_without_ends(key) for key in cores.values()]
    wanted = pl.Series([text for text in (*ends, *texts) if is_utf8(text)], dtype=pl.String)
    plain = series.filter(series.is_in(wanted.implode())).unique(maintain_order=True)
    return [*plain.to_list(), *odd.to_list()]


def _written_otherwise(series: pl.Series, cores: dict[str, Value]) -> list[Value]:
    """The texts that look as one of these keys."""
    wanted = pl.Series([core for core in cores if is_utf8(core)], dtype=pl.String)
    like = series.filter(folded_series(series).is_in(wanted.implode()))
    return like.unique(maintain_order=True).head(10 * _MOST).to_list()


def _candidates_in_files(cells: ColumnData, cores: dict[str, Value]) -> list[Value]:
    plain: dict[Value, None] = {}
    odd: dict[Value, None] = {}
    like: dict[Value, None] = {}
    rows = 0
    for (part,) in batches([cells]):
        series = part.stored_series()
        if series is None or series.dtype != pl.String:
            continue
        found = _like_ends(series, cores)
        known = {*map(_without_ends, cores.values()), *cores.values()}
        plain |= dict.fromkeys(key for key in found if key in known)
        odd |= dict.fromkeys(key for key in found if _has_odd_ends(key))
        if rows < _MOST_FOLDED:
            first = series.head(_MOST_FOLDED - rows)
            like |= dict.fromkeys(_written_otherwise(first, cores))
            rows += len(first)
    return [*plain, *list(odd)[: 10 * _MOST], *like]


def _has_odd_ends(key: Value) -> bool:
    """Has a text zeros or spaces at its ends that another one may lack?"""
    return key.__class__ is str and (key.startswith("0") or key.strip(WHITE_SPACE) != key)


def _core(key: Value) -> str:
    """What is left of a key without what cannot be seen in it."""
    return folded(key if key.__class__ is str else number_text(key))


def _without_ends(key: Value) -> str:
    """A key without white space around it and without leading zeros."""
    text = key.strip(WHITE_SPACE) if key.__class__ is str else number_text(key)
    return text.lstrip("0") or text[:1]


def warn_of_columns(left: ColumnData, right: ColumnData, names: Names, warn: Warn) -> None:
    """The same for two columns of a table that are compared row by row, in its first rows."""
    warn_of_kinds(left, right, names, warn)
    if _kind(left) is float or _kind(right) is float or not _may_look_alike(left, right):
        return
    left, right = (c.slice(0, min(len(c), _MOST_ROWS)) for c in (left, right))
    for one, other in zip(left, right, strict=True):
        if one.__class__ not in (str, float) or other.__class__ not in (str, float):
            continue
        if one != other and _core(one) == _core(other):
            _warn_of_alike(one, other, names, warn)
            return
