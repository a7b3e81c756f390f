"""Output, types and conversions (builtins reference, 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from datacode.errors import runtime_error, type_error
from datacode.language.analysis.type_sets import BOOL, NULL, NUMBER, STRING
from datacode.runtime.builtins.file_options import decimal_option, thousands_option
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.host import Host
from datacode.values import number_picture
from datacode.values.date_picture import date_picture
from datacode.values.date_text import is_date_text
from datacode.values.described import described
from datacode.values.equality import type_name
from datacode.values.parse_text import WHITE_SPACE, amount_of, is_money_text, number_from_text
from datacode.values.text import printed
from datacode.values.types import Currency, Value

# Output ----------------------------------------------------------------------


@builtin("output", returns=NULL, pure=True)
def print_(host: Host, *values: Value) -> None:
    """Print values as text, separated by spaces, and end the line.

    Example::

        print("a", 1.5, [true, null])       # a 1.5 [true, null]
    """
    host.write(" ".join([v if v.__class__ is str else printed(v) for v in values]) + "\n")


@builtin("output", returns=STRING)
def now(host: Host) -> str:
    """The time in UTC, as a text that is a date (RFC 3339).

    Example::

        print(isinstance(now(), date))      # true
    """
    return host.now().isoformat(timespec="microseconds")


# Types -----------------------------------------------------------------------


@builtin("types", returns=STRING, pure=True)
def typeof(value: Value) -> str:
    """The name of the value's type.

    A number is ``int`` without a fraction and ``float`` with one. The other types are ``string``,
    ``bool``, ``null``, ``array``, ``object``, ``currency``, ``path``, ``pathpattern``, ``table``,
    ``tablecolumn`` and ``tableindexer``.

    Example::

        print(typeof(1), typeof(1.5), typeof("a"), typeof([]))      # int float string array
    """
    return type_name(value)


_TESTED = {
    "string": ("string", "str", "text"),
    "bool": ("bool", "boolean"),
    "null": ("null", "none"),
    "array": ("array", "list", "vec"),
    "object": ("object", "dict", "map"),
    "currency": ("money", "currency"),
    "path": ("path",),
    "pathpattern": ("pathpattern", "pattern"),
    "table": ("table",),
}
_TYPE_OF_NAME = {name: kind for kind, names in _TESTED.items() for name in names}
TYPE_WORDS = frozenset(
    (
        *("int", "float", "num", "str", "text", "bool", "date", "money", "array", "vec"),
        *("object", "dict", "map", "table", "path", "pathpattern", "pattern"),
    )
)
"""Names of types that need no quotes; others would be read as variables."""

_NUMBERS = ("number", "num", "float", "double")
_WHOLE_NUMBERS = ("int", "integer")
_DATES = ("date", "datetime")


@builtin("types", returns=BOOL, pure=True, intrinsic="isinstance", bare_words=TYPE_WORDS)
def isinstance_(value: Value, type_: Value) -> bool:
    """Is the value of a type? The type's name may stand without quotes.

    The types are ``number`` (``num float double``), ``int`` (``integer``: without a fraction),
    ``string`` (``str text``), ``bool``, ``null``, ``array`` (``list vec``), ``object``
    (``dict map``), ``date`` (a text that is a date), ``money`` (a currency value, or a text that
    is money), ``path``, ``pathpattern`` (``pattern``) and ``table``, in any letter case.

    Raises an error for a type that is not in this list.

    Example::

        print(isinstance(5, int), isinstance("2024-01-31", "date"))     # true true
    """
    if type_.__class__ is float or type_.__class__ is bool:
        raise runtime_error(
            "type_name_expected",
            "isinstance: second argument must be a type name, got value: {value}",
            value=printed(type_),
        )
    wanted = printed(type_)
    name = wanted.lower()
    if name in _NUMBERS:
        return value.__class__ is float
    if name in _WHOLE_NUMBERS:
        return value.__class__ is float and value.is_integer()
    if name in _DATES:
        return value.__class__ is str and is_date_text(value)
    kind = _TYPE_OF_NAME.get(name)
    if kind is None:
        raise runtime_error("unknown_type", "Unknown type: {type}", type=wanted)
    if kind == "currency" and value.__class__ is str:
        return is_money_text(value)
    return type_name(value) == kind


@builtin("types", returns=BOOL, pure=True, intrinsic="isset")
def isset(value: Value) -> bool:
    """Is there a value? False for null, and for the name of a variable that does not exist.

    Example::

        print(isset(0), isset(null), isset(nowhere))        # true false false
    """
    return value is not None


# Conversions -----------------------------------------------------------------


@builtin("conversions", returns=STRING, pure=True)
def str_(value: Value) -> str:
    """The text that ``print`` would write.

    Example::

        print(str(1.50) + "!", str([1, "a"]))       # 1.5! [1, a]
    """
    return printed(value)


@builtin("conversions", returns=NUMBER, pure=True)
def int_(value: Value) -> float:
    """A whole number: of a number or of a text that is one, fraction cut off; of a bool 1 or 0,
    of money the amount.

    Raises an error for any other text and any other kind of value, null included.

    Example::

        print(int(5.9), int(" -7.2 "), int(true))       # 5 -7 1
    """
    kind = value.__class__
    if kind is float:
        return _cut(value)
    if kind is str:
        number = number_from_text(value)
        if number is None:
            number = _amount(value)
        if number is None:
            raise runtime_error("bad_integer", "Cannot convert '{text}' to integer", text=value)
        return _cut(number)
    if kind is bool:
        return 1.0 if value else 0.0
    if (amount := _amount(value)) is not None:
        return _cut(amount)
    raise runtime_error(
        "not_an_integer", "Cannot convert {value} to integer", value=described(value)
    )


def _amount(value: Value) -> float | None:
    """The amount of money; None for what is none."""
    amount = amount_of(value)
    return None if amount is None else amount.amount


def _cut(number: float) -> float:
    return float(int(number)) if number - number == 0 else number


@builtin("conversions", returns=NUMBER, pure=True)
def float_(value: Value) -> float:
    """A number: itself, of a text that is one, of a bool 1 or 0, of money the amount.

    In a text spaces may group the digits by three, and a comma may be the decimal one, as in
    ``1 234,50``. ``1,234`` could be either, and is none: see ``number``.

    Raises an error for any other text and any other kind of value, null included.

    Example::

        print(float("2.50"), float("1e3"), float(false))        # 2.5 1000 0
        print(float("1 234,50"))                                # 1234.5
    """
    kind = value.__class__
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is str:
        number = number_from_text(value)
        if number is None:
            number = _local_number(value)
        if number is None:
            number = _amount(value)
        if number is None:
            raise runtime_error("bad_float", "Cannot convert '{text}' to float", text=value)
        return number
    if kind is bool:
        return 1.0 if value else 0.0
    if (amount := _amount(value)) is not None:
        return amount
    raise runtime_error("not_a_float", "Cannot convert {value} to float", value=described(value))


_AMBIGUOUS = re.compile("[+-]?[1-9][0-9]{0,2},[0-9]{3}")


def _local_number(text: str) -> float | None:
    """A number with grouped digits or a decimal comma; None if it can be read in two ways."""
    if _AMBIGUOUS.fullmatch(text.strip(WHITE_SPACE)):
        return None
    found = number_from_text(text, ".", " ")
    return number_from_text(text, ",", " ") if found is None else found


@builtin("conversions", returns=NUMBER)
def number(text: Value, decimal: Value = ".", thousands: Value = ABSENT) -> float:
    """The number in a text with a decimal point or comma and, if given, groups of three digits.

    For ``thousands`` a space stands for every kind of space. A number stays itself.

    Raises an error for text that is no number in this form, and for values of other kinds.

    Example::

        print(number("1.234,50", ",", "."), number("-1 234", thousands=" "))      # 1234.5 -1234
    """
    if text.__class__ is float:
        return float(text)
    if text.__class__ is not str:
        raise runtime_error(
            "not_a_number", "Cannot convert {value} to number", value=described(text)
        )
    point = decimal_option(decimal)
    group = None if thousands is ABSENT or thousands is None else thousands_option(thousands)
    if point == group:
        raise runtime_error(
            "separators_are_equal",
            "{one} and {other} cannot both be '{mark}'",
            one="decimal",
            other="thousands",
            mark=point,
        )
    found = number_from_text(text, point, group)
    if found is None:
        raise runtime_error(
            "bad_number",
            "Cannot convert '{text}' to number, with '{decimal}' before the decimal places",
            text=text,
            decimal=point,
        )
    return found


_WORDS = dict.fromkeys(("true", "yes", "1", "on"), True)
_WORDS |= dict.fromkeys(("false", "no", "0", "off"), False)


@builtin("conversions", returns=BOOL)
def bool_(value: Value) -> bool:
    """True or false, for every value.

    Numbers are true unless 0; texts by the words ``true yes 1 on`` and ``false no 0 off``, and
    otherwise unless empty; null is false; arrays, objects and tables unless empty; all else true.

    Example::

        print(bool("Yes"), bool("off"), bool(0.1), bool([]))        # true false true false
    """
    kind = type_name(value)
    if kind == "string":
        return _WORDS.get(value.strip(WHITE_SPACE).lower(), bool(value))
    if kind in ("int", "float"):
        return bool(value != 0)
    if kind in ("null", "bool", "array", "object"):
        return bool(value)
    return kind != "table" or bool(len(value))


@builtin("conversions")
def date(value: Value, format: Value = ABSENT) -> str:
    """The text itself if it is a date, and an error if it is not.

    Dates are ``2024-01-31``, ``31.01.2024``, ``1.2.2024``, ``31/01/2024`` or ``01/31/2024``, with
    two digits for day and month also with a year of two digits. A time may follow: ``10:30:00``,
    ``10:30`` or ``9:30``; ``2024-01-31T10:30:00+03:00`` has a time zone.

    With a ``format`` such as ``MM/DD/YYYY`` or ``DD.MM.YYYY HH:mm`` (see ``date_format``) it is the
    ISO date of a text in that form.

    Example::

        print(date("2024-02-29"))                                   # 2024-02-29
        print(date("5.3.2024 9:30", "DD.MM.YYYY HH:mm"))            # 2024-03-05 09:30:00
    """
    if value.__class__ is not str:
        raise runtime_error("not_a_date", "Cannot convert {value} to date", value=described(value))
    if format is not ABSENT:
        return _pictured_date(value, format)
    if not is_date_text(value):
        raise runtime_error("bad_date", "Cannot parse '{text}' as date", text=value)
    return str(value)


def _pictured_date(text: str, format: Value) -> str:
    if format.__class__ is not str:
        raise type_error("String")
    found = date_picture(format).iso(text)
    if found is None:
        raise runtime_error(
            "bad_date_in_picture",
            "Cannot parse '{text}' as date in the form {picture}",
            text=text,
            picture=format,
        )
    return found


@builtin("conversions")
def money(amount: Value, format: Value = ABSENT) -> Value:
    """A currency value.

    A number gets a dollar sign and two decimals, or the given unit behind it. A format with a
    ``0`` in it is a picture of the amount: ``0.00`` and ``0,00`` two decimals behind a point or
    a comma, ``0`` none, with whatever stands around them. With ``#`` it is a picture as
    ``format`` takes it: ``# ##0,00 ₽``. A text that is money stays as it is; with a unit it
    becomes a text.

    Raises an error for values of other kinds, and without a format for text that is neither
    money nor a number.

    Example::

        print(money(2.5), money("5 EUR"))                       # $2.50 5 EUR
        print(money(250.75, "USD"), money(250.75, "0,0 ₽"))     # 250.75 USD 250,75 ₽
        print(money(1234567.891, "# ##0,00 ₽"))                 # 1 234 567,89 ₽
    """
    if format is ABSENT:
        return _dollars(amount)
    if format.__class__ is not str:
        raise type_error("String")
    kind = amount.__class__
    if kind is Currency:
        return amount
    picture = _picture(format)
    number = number_from_text(amount) if picture and kind is str else amount
    if picture and number.__class__ is float:
        return Currency(picture(number))
    if kind is float:
        return Currency(f"{printed(amount)} {format}")
    if kind is str:
        return f"{amount} {format}"
    raise runtime_error("not_money", "Cannot convert {value} to money", value=described(amount))


def _dollars(value: Value) -> Currency:
    kind = value.__class__
    if kind is Currency:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return Currency("$" + decimals(value, 2))
    if kind is not str:
        raise runtime_error("not_money", "Cannot convert {value} to money", value=described(value))
    if is_money_text(value):
        return Currency(value)
    number = number_from_text(value)
    if number is None:
        raise runtime_error("bad_money", "Cannot convert '{text}' to money", text=value)
    return Currency("$" + decimals(number, 2))


_PICTURE = re.compile(r"(?P<before>[^0-9]*)0+(?:(?P<point>[.,])(?P<digits>0+))?(?P<after>[^0-9]*)")


def _picture(text: str) -> Callable[[float], str] | None:
    """What shows an amount as the text says; None if it is a unit.

    A picture of ``format`` has a ``#``: nothing was known of those in 1.x, where it is a unit.
    """
    if "#" in text and "0" in text:
        read = number_picture.picture(text)
        return read.text if read else None
    match = _PICTURE.fullmatch(text)
    return partial(_pictured, picture=match) if match else None


def _pictured(number: float, picture: re.Match[str]) -> str:
    """The amount in its picture; a picture with decimals has two of them at least."""
    digits = max(2, len(picture["digits"])) if picture["point"] else 0
    amount = decimals(number, digits)
    if picture["point"] == ",":
        amount = amount.replace(".", ",")
    return f"{picture['before']}{amount}{picture['after']}"


def decimals(number: float, digits: int) -> str:
    """The number with so many decimals: its exact binary value, ties to even."""
    return f"{number:.{digits}f}" if number - number == 0 else printed(number)
