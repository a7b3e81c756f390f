"""From the text of a CSV cell to its value: one cell in Python, a whole column in Polars.

``cell_value`` is the rule (tables and files reference, 2.3), and ``column_values`` what a column
adds to it: one number that would not come back makes all of it text, and so does an identifier
beside whole numbers. For a column the first rows
choose the parser to try; that it gives what the rule gives is checked over all cells. So the first
rows decide about time alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

from datacode.tables.column_rules import (
    NULL_WORDS,
    ColumnRule,
    Misfit,
    converted,
    iso_dates,
    misfit_error,
)
from datacode.tables.read_options import Warn, unheard
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import (
    LIKE_IDENTIFIER,
    SPACES_IN_NUMBERS,
    WHITE_SPACE,
    comes_back,
    is_count,
    is_identifier,
    number_from_text,
)
from datacode.values.types import Currency, Value

_WORDS: dict[str, bool | None] = {
    "true": True,
    "yes": True,
    "false": False,
    "no": False,
    **dict.fromkeys(NULL_WORDS),
}
_LONGEST_WORD = max(map(len, _WORDS))
_SIGNS = ("$", "€", "£")
_COULD_BE_NUMBER = frozenset("0123456789+-.,iInN")


def cell_value(text: str, decimal: str = ".", thousands: str | None = None) -> Value:
    """The value of one cell, given its text without quotes."""
    text = text.strip(WHITE_SPACE)
    if not text:
        return None
    if text[0] in _COULD_BE_NUMBER:
        number = number_from_text(text, decimal, thousands)
        if number is not None:
            return number + 0.0  # of the two zeros the one without a sign
    if len(text) <= _LONGEST_WORD:
        word = text.lower()
        if word in _WORDS:
            return _WORDS[word]
    return Currency(text) if text.startswith(_SIGNS) else text


def column_values(texts: Sequence[str], rule: ColumnRule, warn: Warn = unheard) -> list[Value]:
    """The values of a column, given its texts without quotes. Raises a Runtime Error."""
    if rule.type is not None:
        texts = [text.strip(WHITE_SPACE) for text in texts]
        values = _converted(dict.fromkeys(texts), rule, lambda text: texts.index(text))
        return [values[text] for text in texts]
    if not rule.is_plain:
        texts = [text.strip(WHITE_SPACE) for text in texts]
        texts = ["" if text in rule.nulls else text for text in texts]
        dates = iso_dates(_without_nulls(dict.fromkeys(texts)), rule, warn)
        if dates is not None:
            return [dates.get(text) for text in texts]
    cells = [cell_value(text, rule.decimal, rule.thousands) for text in texts]
    numbers = [(t, c) for t, c in zip(texts, cells, strict=True) if c.__class__ is float]
    if not all(_comes_back(text, rule) for text, _ in numbers) or _are_identifiers(cells):
        return [
            None if c is None else t.strip(WHITE_SPACE) for t, c in zip(texts, cells, strict=True)
        ]
    return cells


def _are_identifiers(values: Collection[Value]) -> bool:
    """Are there identifiers and numbers among the values, and all numbers such as these have?"""
    has_numbers = False
    for value in values:
        if isinstance(value, float):
            if not is_count(value):
                return False
            has_numbers = True
    return has_numbers and any(isinstance(v, str) and is_identifier(v) for v in values)


_SURELY_COMES_BACK = re.compile(r"\s*-?[0-9]{1,15}(?:\.[0-9]{0,15})?\s*", re.ASCII)


def _comes_back(text: str, rule: ColumnRule) -> bool:
    if _SURELY_COMES_BACK.fullmatch(text):
        return True
    return comes_back(text, rule.decimal, rule.thousands)


def _without_nulls(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text and text.lower() not in NULL_WORDS]


def _converted(
    texts: Iterable[str], rule: ColumnRule, row_of: Callable[[str], int]
) -> dict[str, Value]:
    """The values of texts, in the order of their rows; ``row_of`` a text it is, from 0."""
    try:
        return converted(texts, rule)
    except Misfit as misfit:
        raise misfit_error(rule, misfit.text, row_of(misfit.text) + 1) from None


# Whole columns ---------------------------------------------------------------

_HEAD = 500
"""The first so many rows choose a column's parser."""

_FEW = 1000
"""At most so many different texts are parsed once each, and looked up for every cell."""

_WORD_PATTERN = f"(?i)^(?:{'|'.join(_WORDS)}|inf|nan)?$"
"""Short texts that are no plain texts, the numbers without a digit among them."""

_LONGEST_LIKE_IDENTIFIER = 200
"""No identifier has more bytes."""

_BELOW_LETTERS = ":"
"""Digits, ASCII spaces, ``+-.,`` and ``$`` sort before this, letters behind it."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What may be in texts; who knows that it is not saves the time of looking for it.

    White space other than U+0020, signs of currencies, exponents and plus signs.
    """

    odd_space: bool = True
    signs: bool = True
    exponents: bool = True


def columns_from_texts(
    frame: pl.DataFrame, rules: Sequence[ColumnRule], hints: Hints = Hints(), warn: Warn = unheard
) -> list[ColumnData]:
    """The columns of a frame of texts (all String), each by its rule; null is an empty cell.

    Raises a Runtime Error for a text that is not of its column's wanted type.
    """
    made: dict[str, ColumnData | None] = {}
    untyped: list[pl.Series] = []
    for text, rule in zip(frame.get_columns(), rules, strict=True):
        if rule.type is not None:
            made[text.name] = _typed_column(text, rule)
            continue
        prepared = text if rule.is_plain else _without_wanted_nulls(text, rule)
        dates = _date_column(prepared, rule, warn)
        if dates is None:
            untyped.append(prepared)
        else:
            made[text.name] = dates
    if untyped:
        made |= _untyped_columns(pl.DataFrame(untyped), _TextTraits.of(rules[0], hints))
    return [column for name in frame.columns if (column := made[name]) is not None]


Numbers: TypeAlias = Literal["counts", "others"]


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """A part of a column, read by itself.

    ``is_text``: it would be the same if all of the column were text. ``is_unsafe``: there is a
    number in it that would not come back, so that all of the column is text. ``numbers``: there
    are numbers in it, "counts" if they are such as identifiers of digits alone could be. ``texts``:
    all that are no numbers, if there are any.
    """

    column: ColumnData
    is_text: bool
    is_unsafe: bool = False
    numbers: Numbers | None = None
    texts: pl.Series | None = None


def column_part(
    text: pl.Series,
    rule: ColumnRule,
    hints: Hints,
    *,
    as_text: bool,
    seeks_identifiers: bool = True,
) -> ColumnPart:
    """A part of a column without a wanted type or dates.

    ``as_text`` says that it is text, ``seeks_identifiers`` that it may be because of identifiers.
    """
    traits = replace(_TextTraits.of(rule, hints), heeds_identifiers=False)
    if not rule.is_plain:
        text = _without_wanted_nulls(text, rule)
    if as_text:
        stripped = text.str.strip_chars(WHITE_SPACE)
        null = stripped.str.to_lowercase().is_in(["", *NULL_WORDS])
        return ColumnPart(ColumnData.of_series(stripped.set(null, None)), True)
    column = _untyped_columns(text.to_frame(), traits)[text.name]
    assert column is not None
    series = column.stored_series() if column.is_stored_as_series() else None
    if series is None:
        return (
            _part_of_kinds(column, text, traits) if seeks_identifiers else ColumnPart(column, False)
        )
    if series.dtype not in (pl.String, pl.Null):
        return ColumnPart(column, False, numbers=numbers_of(series))
    if series.dtype == pl.Null:
        return ColumnPart(column, True)
    if hints.odd_space:
        text = text.str.strip_chars(WHITE_SPACE)
    like_numbers = text.filter(text < _BELOW_LETTERS).to_frame()
    numbers = like_numbers.select(_as_number(pl.all(), traits).count()).item()
    return ColumnPart(column, True, bool(numbers), texts=series)


def _part_of_kinds(column: ColumnData, text: pl.Series, traits: _TextTraits) -> ColumnPart:
    """A part with values of several kinds."""
    head = column.values()[:_HEAD]
    if not all(is_count(value) for value in head if isinstance(value, float)):
        return ColumnPart(column, False, numbers="others")
    as_number = _as_number(pl.all(), traits)
    number = text.to_frame().select(as_number).to_series()
    rest = text.filter(number.is_null()).str.strip_chars(WHITE_SPACE)
    spaced = rest.to_frame().select(as_number).to_series()
    found = {numbers_of(number), numbers_of(spaced)} - {None}
    numbers: Numbers | None = "others" if "others" in found else "counts" if found else None
    return ColumnPart(column, False, numbers=numbers, texts=rest.filter(spaced.is_null()))


def numbers_of(series: pl.Series) -> Numbers | None:
    """What numbers a part of a column has that holds nothing else (see ``ColumnPart``)."""
    numbers = series.drop_nulls()
    if numbers.dtype != pl.Float64 or not len(numbers):
        return None
    return "counts" if _are_counts(numbers) else "others"


def _are_counts(numbers: pl.Series) -> bool:
    """As ``is_count`` for each; NaN is none, though Polars takes it for the largest."""
    return bool(
        (numbers.head(_HEAD) == numbers.head(_HEAD).floor()).all()
        and (numbers >= 0).all()
        and numbers.is_finite().all()
        and (numbers == numbers.floor()).all()
    )


def has_identifiers(text: pl.Series) -> bool:
    """Is one of the texts an identifier, without white space around it?"""
    text = text.str.strip_chars(WHITE_SPACE)
    like_one = text.filter(text.str.len_bytes() <= _LONGEST_LIKE_IDENTIFIER)
    found = like_one.filter(like_one.str.contains(LIKE_IDENTIFIER)).unique()
    return any(map(is_identifier, found.to_list()))


def _untyped_columns(frame: pl.DataFrame, traits: _TextTraits) -> dict[str, ColumnData | None]:
    parsers = [_parser_for(column, traits) for column in frame.head(_HEAD).get_columns()]
    made = _parsed(frame, parsers)
    again = [text for text in frame.get_columns() if made[text.name] is None]
    made |= _parsed(pl.DataFrame(again), [_TextParser(traits) for _ in again])
    for text in again:
        if made[text.name] is None:
            made[text.name] = _mixed_column(text, traits)
    return made


@dataclass(frozen=True, slots=True)
class _TextTraits:
    """How numbers are written, and what may be in the texts.

    ``heeds_identifiers``: the texts are all of a column, so that an identifier among whole numbers
    makes them text.
    """

    decimal: str
    thousands: str | None
    has_odd_space: bool
    has_signs: bool
    has_exponents: bool
    heeds_identifiers: bool = True

    @staticmethod
    def of(rule: ColumnRule, hints: Hints) -> _TextTraits:
        """Those of all columns, which write numbers alike."""
        return _TextTraits(
            rule.decimal, rule.thousands, hints.odd_space, hints.signs, hints.exponents
        )

    def comes_back(self, text: str) -> bool:
        """Is a number safe to be kept as one?"""
        return comes_back(text, self.decimal, self.thousands)


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
    numbers = head.to_frame().select(_as_number(pl.all(), traits).count()).item()
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
        return _as_number(text, self.traits)

    def column(self, text: pl.Series, answer: pl.Series) -> ColumnData | None:
        if answer.null_count() != text.null_count():
            return None
        if not _come_back(text, answer, self.traits):
            return ColumnData.of_series(text)
        return ColumnData.of_series(_null_typed(without_minus_zero(answer)))


@dataclass(frozen=True, slots=True)
class _TextParser:
    """For a column in which every cell is a plain text, or empty."""

    traits: _TextTraits

    def probe(self, text: pl.Expr) -> pl.Expr:
        traits = self.traits
        signs = f"^[{''.join(_SIGNS)}]"
        return pl.any_horizontal(
            _as_number(text, traits).is_not_null().any(),
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
        traits = self.traits
        values = {each: cell_value(each, traits.decimal, traits.thousands) for each in different}
        are_safe = all(v.__class__ is not float or traits.comes_back(t) for t, v in values.items())
        if not are_safe or (traits.heeds_identifiers and _are_identifiers(values.values())):
            values = {t: None if v is None else t.strip(WHITE_SPACE) for t, v in values.items()}
        return _column_by_dictionary(text, values)


def _as_number(text: pl.Expr, traits: _TextTraits) -> pl.Expr:
    """Every text that is a number, without white space around it, and null for all others.

    Polars reads the same numbers as the builtins reference, 2.3 (a test compares them).
    """
    if traits.thousands is not None:
        text = _ungrouped(text, traits.decimal, traits.thousands)
    if traits.decimal != ".":
        has_point = text.str.contains(".", literal=True)
        text = pl.when(~has_point).then(text.str.replace_all(traits.decimal, ".", literal=True))
    return text.cast(pl.Float64, strict=False)


def _ungrouped(text: pl.Expr, decimal: str, thousands: str) -> pl.Expr:
    """The texts without what groups the digits of numbers (see ``values.parse_text``)."""
    group = re.escape(thousands) if thousands not in SPACES_IN_NUMBERS else SPACES_IN_NUMBERS
    is_grouped = f"^[+-]?[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+(?:{re.escape(decimal)}[^{group}]*)?$"
    bare = text.str.replace_all(f"[{group}]", "")
    return pl.when(text.str.contains(is_grouped)).then(bare).otherwise(text)


_LARGE = 16
"""So many characters are needed for a whole number to be inexact without an exponent or a plus."""


_TOO_LARGE = 10.0**15


def _come_back(text: pl.Series, number: pl.Series, traits: _TextTraits) -> bool:
    """Are all the texts that are numbers safe to be kept as such?

    Those that are not have whole values, for they are large, have a plus or an exponent without
    a point, or become 0 or infinite.
    """
    whole = text.filter((number == number.floor()) | (number.abs() >= _TOO_LARGE))
    doubtful = whole.str.len_bytes() >= _LARGE
    if traits.has_exponents:
        doubtful |= whole.str.contains("[eE+]")
    return all(map(traits.comes_back, whole.filter(doubtful).unique().to_list()))


def _has_space(text: pl.Expr, has_odd_space: bool) -> pl.Expr:
    if has_odd_space:
        return text.str.contains(f"^[{WHITE_SPACE}]|[{WHITE_SPACE}]$").any()
    return (text < "!").any() | text.str.ends_with(" ").any()


def _has_words(text: pl.Expr, longest: int, pattern: str) -> pl.Expr:
    """Does one of the texts match that have at most so many bytes?"""
    return text.filter(text.str.len_bytes() <= longest).str.contains(pattern).any()


def without_minus_zero(numbers: pl.Series) -> pl.Series:
    """The numbers; of the two zeros the one without a sign."""
    zeros = numbers == 0
    return numbers.set(zeros, 0.0) if zeros.any() else numbers


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


def _mixed_column(text: pl.Series, traits: _TextTraits) -> ColumnData:
    """A column that may hold anything: numbers, words, money, texts, with space around them."""
    text = text.str.strip_chars(WHITE_SPACE)
    number = text.to_frame().select(_as_number(pl.all(), traits)).to_series()
    values = _special_values(text)
    nulls = [each for each, value in values.items() if value is None]
    kinds = {type(value) for value in values.values() if value is not None}
    text = _replaced(text, dict.fromkeys(nulls))
    is_number = number.is_not_null()
    if is_number.any() and not _come_back(text, number, traits):
        return ColumnData.of_series(text)
    if not kinds and int(is_number.sum()) == len(text) - text.null_count():
        return ColumnData.of_series(_null_typed(without_minus_zero(number)))
    if not kinds and not is_number.any():
        return ColumnData.of_series(text)
    counts = traits.heeds_identifiers and numbers_of(number) == "counts"
    if counts and has_identifiers(text.filter(~is_number)):
        return ColumnData.of_series(text)
    if not is_number.any() and kinds == {bool} and text.is_in([None, *values]).all():
        return ColumnData.of_series(_bools(text, values))
    return ColumnData.of_list(_merged(text, without_minus_zero(number), values))


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


# Columns of which something is wanted ----------------------------------------------


def _without_wanted_nulls(text: pl.Series, rule: ColumnRule) -> pl.Series:
    """The texts, trimmed, with null for those that stand for it."""
    text = text.str.strip_chars(WHITE_SPACE)
    return text.set(text.is_in(["", *rule.nulls]), None)


def _date_column(text: pl.Series, rule: ColumnRule, warn: Warn) -> ColumnData | None:
    if rule.dates is None:
        return None
    different = text.drop_nulls().unique(maintain_order=True)
    dates = iso_dates(_without_nulls(different.to_list()), rule, warn)
    if dates is None:
        return None
    others = [each for each in different if each not in dates]
    return ColumnData.of_series(text.replace({**dates, **dict.fromkeys(others)}))


def _typed_column(text: pl.Series, rule: ColumnRule) -> ColumnData:
    """A column of a wanted type. Raises a Runtime Error for a text that is not of it."""
    text = _without_wanted_nulls(text, rule)
    if rule.type == "String":
        return ColumnData.of_series(text)
    if rule.type in ("Number", "Integer"):
        return ColumnData.of_series(_null_typed(_numbers(text, rule)))
    different = text.drop_nulls().unique(maintain_order=True).to_list()
    values = _converted(different, rule, lambda wrong: int((text == wrong).arg_max() or 0))
    return _column_by_dictionary(text, values)


def _numbers(text: pl.Series, rule: ColumnRule) -> pl.Series:
    text = text.set(text.str.to_lowercase().is_in(list(NULL_WORDS)), None)
    expression = _as_number(pl.all(), _TextTraits.of(rule, Hints()))
    number = text.to_frame().select(expression).to_series()
    wrong = number.is_null() & text.is_not_null()
    if rule.type == "Integer":
        wrong |= (~number.is_finite() | (number != number.floor())).fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise misfit_error(rule, text[row], row + 1)
    return without_minus_zero(number)
