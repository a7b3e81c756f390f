"""From the text of a CSV cell to its value: one cell in Python, a whole column in Polars.

``cell_value`` is the rule (tables and files reference, 2.3). For a column the first rows choose
the parser to try; that it gives what the rule gives is checked over all cells. So the first rows
decide about time alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import WHITE_SPACE, number_from_text
from datacode.values.types import Currency, Value

_WORDS: dict[str, bool | None] = {
    "true": True,
    "yes": True,
    "false": False,
    "no": False,
    "null": None,
    "na": None,
}
_LONGEST_WORD = max(map(len, _WORDS))
_SIGNS = ("$", "€", "£")
_COULD_BE_NUMBER = frozenset("0123456789+-.,iInN")


def cell_value(text: str, decimal: str = ".") -> Value:
    """The value of one cell, given its text without quotes."""
    text = text.strip(WHITE_SPACE)
    if not text:
        return None
    if text[0] in _COULD_BE_NUMBER:
        number = _number(text, decimal)
        if number is not None:
            return number
    if len(text) <= _LONGEST_WORD:
        word = text.lower()
        if word in _WORDS:
            return _WORDS[word]
    return Currency(text) if text.startswith(_SIGNS) else text


def _number(text: str, decimal: str) -> float | None:
    if decimal == ".":
        return number_from_text(text)
    return None if "." in text else number_from_text(text.replace(decimal, "."))


# Whole columns ---------------------------------------------------------------

_HEAD = 500
"""The first so many rows choose a column's parser."""

_FEW = 1000
"""At most so many different texts are parsed once each, and looked up for every cell."""

_WORD_PATTERN = f"(?i)^(?:{'|'.join(_WORDS)}|inf|nan)?$"
"""Short texts that are no plain texts, the numbers without a digit among them."""

_BELOW_LETTERS = ":"
"""Digits, ASCII spaces, ``+-.,`` and ``$`` sort before this, letters behind it."""


def columns_from_texts(
    frame: pl.DataFrame, decimal: str = ".", *, has_odd_space: bool = True, has_signs: bool = True
) -> list[ColumnData]:
    """The columns of a frame of texts (all String); null stands for an empty cell.

    Callers who know that no text has white space other than U+0020, or a currency sign, save the
    time of looking for it.
    """
    traits = _TextTraits(decimal, has_odd_space, has_signs)
    parsers = [_parser_for(column, traits) for column in frame.head(_HEAD).get_columns()]
    made = _parsed(frame, parsers)
    again = [text for text in frame.get_columns() if made[text.name] is None]
    made |= _parsed(pl.DataFrame(again), [_TextParser(traits) for _ in again])
    return [made[text.name] or _mixed_column(text, decimal) for text in frame.get_columns()]


@dataclass(frozen=True, slots=True)
class _TextTraits:
    """How numbers are written, and what may be in the texts."""

    decimal: str
    has_odd_space: bool
    has_signs: bool


def _parsed(frame: pl.DataFrame, parsers: Sequence[_ColumnParser]) -> dict[str, ColumnData | None]:
    """The columns, each by its parser; None for those that it does not fit.

    All probes are computed together, those with one value for a column apart from those with one
    for each cell: in one frame the single values would be repeated.
    """
    probes = [p.probe(pl.col(name)) for name, p in zip(frame.columns, parsers, strict=True)]
    selections = []
    for is_long in (True, False):
        pairs = zip(probes, parsers, strict=True)
        part = [e for e, parser in pairs if isinstance(parser, _NumberParser) is is_long]
        if part:
            selections.append(frame.lazy().select(part))
    answers = {s.name: s for part in pl.collect_all(selections) for s in part.get_columns()}
    return {
        text.name: parser.column(text, answers[text.name])
        for text, parser in zip(frame.get_columns(), parsers, strict=True)
    }


def _parser_for(head: pl.Series, traits: _TextTraits) -> _ColumnParser:
    """The parser to try, judged by a column's first cells."""
    filled = len(head) - head.null_count()
    numbers = head.to_frame().select(_as_number(pl.all(), traits.decimal).count()).item()
    if filled and numbers == filled:
        return _NumberParser(traits)
    if head.n_unique() <= len(head) / 5:
        return _DictionaryParser(traits)
    return _TextParser(traits) if (head < _BELOW_LETTERS).any() else _WordParser(traits)


class _ColumnParser(Protocol):
    """Parses columns of one kind."""

    def probe(self, text: pl.Expr) -> pl.Expr:
        """What the parser has to know of a column: an expression under the same name."""

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        """The column, given the probe's value; None if the parser does not fit."""


@dataclass(frozen=True, slots=True)
class _NumberParser:
    """For a column in which every cell is a number or empty."""

    traits: _TextTraits

    def probe(self, text: pl.Expr) -> pl.Expr:
        return _as_number(text, self.traits.decimal)

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        if answer.null_count() != text.null_count():
            return None
        return ColumnData.of_series(_null_typed(answer))


@dataclass(frozen=True, slots=True)
class _TextParser:
    """For a column in which every cell is a plain text, or empty."""

    traits: _TextTraits

    def probe(self, text: pl.Expr) -> pl.Expr:
        traits = self.traits
        signs = f"^[{''.join(_SIGNS)}]"
        return pl.any_horizontal(
            _as_number(text, traits.decimal).is_not_null().any(),
            _has_words(text, _LONGEST_WORD, _WORD_PATTERN),
            _has_space(text, traits.has_odd_space),
            text.str.contains(signs).any() if traits.has_signs else pl.lit(False),
        ).alias(text.meta.output_name())

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        return None if answer[0] else ColumnData.of_series(text)


@dataclass(frozen=True, slots=True)
class _WordParser:
    """For a column in which every cell is a text that begins with a letter, or is empty.

    Most of what is no plain text begins with something that sorts before all letters: digits,
    signs, spaces. What is left are some words and what lies beyond ASCII.
    """

    traits: _TextTraits

    def probe(self, text: pl.Expr) -> pl.Expr:
        traits = self.traits
        return pl.any_horizontal(
            (text < _BELOW_LETTERS).any(),
            _has_words(text, _LONGEST_WORD, _WORD_PATTERN),
            _has_words(text.filter(text.str.len_bytes() == 8), 8, "(?i)^infinity$"),
            _has_space(text, True) if traits.has_odd_space else text.str.ends_with(" ").any(),
            text.str.contains("^[€£]").any() if traits.has_signs else pl.lit(False),
        ).alias(text.meta.output_name())

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        return None if answer[0] else ColumnData.of_series(text)


@dataclass(frozen=True, slots=True)
class _DictionaryParser:
    """For a column with few different texts, whatever they stand for."""

    traits: _TextTraits

    def probe(self, text: pl.Expr) -> pl.Expr:
        return text.drop_nulls().unique().implode()

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        different: list[str] = answer[0].to_list()
        if len(different) > _FEW:
            return None
        values = {each: cell_value(each, self.traits.decimal) for each in different}
        return _column_by_dictionary(text, values)


def _as_number(text: pl.Expr, decimal: str) -> pl.Expr:
    """Every text that is a number, without white space around it, and null for all others.

    Polars reads the same numbers as the builtins reference, 2.3 (a test compares them).
    """
    if decimal != ".":
        has_point = text.str.contains(".", literal=True)
        text = pl.when(~has_point).then(text.str.replace_all(decimal, ".", literal=True))
    return text.cast(pl.Float64, strict=False)


def _has_space(text: pl.Expr, has_odd_space: bool) -> pl.Expr:
    if has_odd_space:
        return text.str.contains(f"^[{WHITE_SPACE}]|[{WHITE_SPACE}]$").any()
    return (text < "!").any() | text.str.ends_with(" ").any()


def _has_words(text: pl.Expr, longest: int, pattern: str) -> pl.Expr:
    """Does one of the texts match that have at most so many bytes?"""
    return text.filter(text.str.len_bytes() <= longest).str.contains(pattern).any()


def _null_typed(numbers: pl.Series) -> pl.Series:
    """The numbers; a column of nulls alone has the type Null."""
    return numbers.cast(pl.Null) if numbers.null_count() == len(numbers) else numbers


def _column_by_dictionary(text: pl.Series, values: dict[str, Value]) -> ColumnData:
    """A column by the values of its different texts."""
    kinds = {type(value) for value in values.values() if value is not None}
    if not kinds:
        return ColumnData.of_series(pl.Series([None] * len(text), dtype=pl.Null))
    if kinds == {bool}:
        return ColumnData.of_series(_bools(text, values))
    if kinds == {str}:
        changed = {each: value for each, value in values.items() if each != value}
        return ColumnData.of_series(_replaced(text, changed))
    cells = [None if each is None else values[each] for each in text.to_list()]
    return ColumnData.of_list(cells)


def _bools(text: pl.Series, values: dict[str, Value]) -> pl.Series:
    result = pl.Series([None], dtype=pl.Boolean).new_from_index(0, len(text))
    for each, value in values.items():
        if value is not None:
            result = result.set(text == each, value)
    return result


def _replaced(text: pl.Series, changed: dict[str, Any]) -> pl.Series:
    return text.replace(changed) if changed else text


# Any column --------------------------------------------------------------------


def _mixed_column(text: pl.Series, decimal: str) -> ColumnData:
    """A column that may hold anything: numbers, words, money, texts, with space around them."""
    text = text.str.strip_chars(WHITE_SPACE)
    number = text.to_frame().select(_as_number(pl.all(), decimal)).to_series()
    values = _special_values(text)
    nulls = [each for each, value in values.items() if value is None]
    kinds = {type(value) for value in values.values() if value is not None}
    text = _replaced(text, dict.fromkeys(nulls))
    is_number = number.is_not_null()
    if not kinds and int(is_number.sum()) == len(text) - text.null_count():
        return ColumnData.of_series(_null_typed(number))
    if not kinds and not is_number.any():
        return ColumnData.of_series(text)
    if not is_number.any() and kinds == {bool} and text.is_in([None, *values]).all():
        return ColumnData.of_series(_bools(text, values))
    return ColumnData.of_list(_merged(text, number, values))


def _special_values(text: pl.Series) -> dict[str, Value]:
    """What those different trimmed texts stand for that are neither numbers nor plain text."""
    short = text.filter(text.str.len_bytes() <= _LONGEST_WORD)
    words = short.filter(short.str.contains(_WORD_PATTERN)).unique().to_list()
    signed = text.filter(text.str.contains(f"^[{''.join(_SIGNS)}]")).unique().to_list()
    return {each: cell_value(each) for each in words + signed}


def _merged(text: pl.Series, number: pl.Series, values: dict[str, Value]) -> list[Value]:
    if not values:
        pairs = zip(text.to_list(), number.to_list(), strict=True)
        return [t if n is None else n for t, n in pairs]
    return [
        values.get(t, t) if n is None else n
        for t, n in zip(text.to_list(), number.to_list(), strict=True)
    ]
