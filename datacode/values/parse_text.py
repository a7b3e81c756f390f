"""Which text is a number or money, and what it then means.

Texts of all scripts reach these functions, from programs and from files, so every rule is about
ASCII digits only and none relies on what Python happens to accept.

Source: builtins reference, 2.3 and 2.5; tables and files reference, 5.4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from datacode.errors import runtime_error
from datacode.values.types import Currency

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters with Unicode's property White_Space; ``str.strip()`` alone takes four more."""

# Numbers ---------------------------------------------------------------------

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)


SPACES_IN_NUMBERS = " \xa0\u202f\u2009\u2007\u2008"
"""The spaces that group digits: plain, no-break, narrow, thin, as wide as a digit or a point."""

_LARGEST_EXACT = 15
"""A float keeps so many significant digits of any number."""

_SHORTEST_PHONE = 7


def number_from_text(text: str, decimal: str = ".", thousands: str | None = None) -> float | None:
    """The number that a text is, white space around it ignored; None if it is none.

    ``decimal`` separates the decimal places. ``thousands`` groups three digits each before them; a
    space stands for every kind of space.
    """
    plain = _plain(text.strip(WHITE_SPACE), decimal, thousands)
    return float(plain) if plain.isascii() and _NUMBER.fullmatch(plain) else None


def _plain(text: str, decimal: str, thousands: str | None) -> str:
    """A number as the language writes it; anything that is none there for what is no number."""
    if thousands is not None:
        text = _ungrouped(text, decimal, thousands)
    if decimal == ".":
        return text
    return "" if "." in text else text.replace(decimal, ".")


def _ungrouped(text: str, decimal: str, thousands: str) -> str:
    """The text without what groups its digits; as it is where the groups have not three digits."""
    whole, point, places = text.partition(decimal)
    if thousands in SPACES_IN_NUMBERS:
        for each in SPACES_IN_NUMBERS:
            whole = whole.replace(each, thousands)
    first, *groups = whole.split(thousands)
    digits = first[1:] if first[:1] in ("+", "-") else first
    if not groups or not 1 <= len(digits) <= 3 or any(len(group) != 3 for group in groups):
        return text
    if not all(part.isascii() and part.isdecimal() for part in (digits, *groups)):
        return text
    return first + "".join(groups) + point + places


_PLAIN_INTEGER = re.compile("[+-]?[0-9]+")
_CODE_WITH_E = re.compile("[+-]?[0-9]{2,}[eE][0-9]+")


def comes_back(text: str, decimal: str = ".", thousands: str | None = None) -> bool:
    """Is a text that is a number safe to be kept as one, without losing what it says?

    Not with more than 15 significant digits in an integer or before the point, not beyond what a
    float can hold, not for digits around an E as identifiers have them (``12E45``; exponents come
    with one digit before them, a point or a sign), and not for a plus and at least seven digits,
    which is a telephone.
    """
    text = _plain(text.strip(WHITE_SPACE), decimal, thousands)
    if _PLAIN_INTEGER.fullmatch(text):
        digits = text.lstrip("+-")
        if text[0] == "+" and len(digits) >= _SHORTEST_PHONE:
            return False
        return len(digits) <= _LARGEST_EXACT or len(digits.strip("0")) <= _LARGEST_EXACT
    if _CODE_WITH_E.fullmatch(text):
        return False
    whole, point, places = text.partition(".")
    if point and len(whole.lstrip("+-0")) > _LARGEST_EXACT and (whole + places).isdecimal():
        return len((whole + places).strip("0")) <= _LARGEST_EXACT
    number = number_from_text(text)
    if number is None or text.lstrip("+-")[:1] not in "0123456789.":
        return True
    has_digit = any(c in "123456789" for c in re.split("[eE]", text)[0])
    return abs(number) != float("inf") and (number != 0 or not has_digit)


_LONGEST_IDENTIFIER = 64
LIKE_IDENTIFIER = (
    rf"^(?:0[xX][0-9a-fA-F]+|\+(?:[()\-{SPACES_IN_NUMBERS}]*[0-9]){{{_SHORTEST_PHONE},}}"
    "|[0-9a-f]*[0-9][a-f][0-9a-f]*|[0-9A-F]*[0-9][A-F][0-9A-F]*)$"
)
"""What every identifier matches, for Polars: hexadecimal digits in one case, and telephones."""
_LIKE_IDENTIFIER = re.compile(LIKE_IDENTIFIER)
_WITH_PREFIX = ("0x", "0X", "+")
_SHORTEST_HEXADECIMAL = 4
_WITH_UNIT = re.compile("[1-9][0-9]*(?:[a-f]|cd|db|ea)", re.IGNORECASE)


def is_identifier(text: str) -> bool:
    """Is a text, without white space around it, one that numbers beside it are identifiers like?

    That are hexadecimal digits with ``0x``, or in one case with a letter behind a digit (``9F3C``,
    but not the words ``abc123`` and ``bed2``), which are neither a number nor one with a unit
    (``365d``); and a plus with at least seven digits among spaces, hyphens and brackets.
    """
    if len(text) > _LONGEST_IDENTIFIER or not _LIKE_IDENTIFIER.fullmatch(text):
        return False
    if text.startswith(_WITH_PREFIX):
        return True
    if len(text) < _SHORTEST_HEXADECIMAL or _WITH_UNIT.fullmatch(text):
        return False
    return not _NUMBER.fullmatch(text)


def is_count(number: float) -> bool:
    """Could a number be an identifier of digits alone? Not a fraction, nor below zero."""
    return number >= 0 and number.is_integer()


# Money -----------------------------------------------------------------------

_SYMBOLS = "$€₽£¥₹₩₪₦₡₨₫₱₲₴₵₸₼"
_SPACES = " \xa0\u202f"
"""A plain space, and the two that keep the digits of an amount on one line."""

_ANY_CODE = (
    "USD|EUR|RUB|GBP|JPY|CNY|INR|KRW|CAD|AUD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|HRK|RSD|BAM|MKD"
    "|ALL|TRY|UAH|BYN|MDL|GEL|AMD|AZN|KZT|KGS|TJS|TMT|UZS"
)
MONEY_MARKS = (_SYMBOLS, _ANY_CODE)
"""The signs of currencies, of which every amount of money has one, as parts of patterns."""
_HAS_MARK = re.compile(
    rf"[{_SYMBOLS}]|\A(?:{_ANY_CODE})|(?:{_ANY_CODE})\Z", re.IGNORECASE | re.ASCII
)
MONEY_MARK = f"[{_SYMBOLS}]|(?i:{_ANY_CODE})"
"""What every text that is money holds, for Polars."""
_HAS_CODE = re.compile(_ANY_CODE, re.IGNORECASE | re.ASCII)
_MARK = re.compile(rf"[{_SYMBOLS}]|{_ANY_CODE}", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(rf"[0-9+\-.,{_SPACES}{_SYMBOLS}]+")
_WITH_LETTERS = re.compile(rf"[0-9+\-.,{_SPACES}{_SYMBOLS}A-Za-z]+")
_ASCII_DIGIT = re.compile("[0-9]")
_AMOUNT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


_DIGITS = "0123456789"
_LONGEST_MONEY = 200


def is_money_text(text: str) -> bool:
    """Is the text an amount of money (builtins reference, 2.5)?"""
    text = text.strip(WHITE_SPACE)
    if not 1 <= len(text) <= 50 or len(text.encode("utf-8", "surrogatepass")) > 50:
        return False
    if not _ASCII_DIGIT.search(text) or not _HAS_MARK.search(text):
        return False
    allowed = _WITH_LETTERS if _HAS_CODE.search(text) else _PLAIN
    return allowed.fullmatch(text) is not None


def currency_amount(text: str) -> float | None:
    """The amount in the text of a currency value; None where there is none to be read.

    With both commas and points the last of them is the decimal point, and the others group digits.
    A single comma followed by one or two final digits is the decimal point, otherwise commas group.
    """
    kept = _HAS_CODE.sub("", text)
    kept = "".join(c for c in kept if c not in _SYMBOLS and c not in WHITE_SPACE)
    head, comma, tail = kept.rpartition(",")
    if comma and "." in head and "." not in tail:
        is_point = "," not in head
        kept = kept.replace(".", "")
        head = head.replace(".", "")
    else:
        is_point = bool(comma) and "." not in kept and "," not in head and 1 <= len(tail) <= 2
    kept = f"{head}.{tail}" if is_point else kept.replace(",", "")
    return float(kept) if _AMOUNT.fullmatch(kept) else None


_CODES = {"$": "USD", "€": "EUR", "₽": "RUB", "£": "GBP", "₸": "KZT", "₴": "UAH", "₹": "INR"}
"""The codes of symbols that belong to one currency (a dollar is taken for the American one)."""


class Amount(NamedTuple):
    """An amount of money: how much, and the code or symbol of the currency, None for none."""

    amount: float
    currency: str | None


_KEPT_AMOUNTS = 8192


@lru_cache(_KEPT_AMOUNTS)
def _amount(text: str) -> Amount | None:
    amount = currency_amount(text)
    if amount is None:
        return None
    mark = money_mark(text)
    name = None if mark is None else mark[0]
    return Amount(amount, name if name is None else _CODES.get(name, name))


def amount_of(value: object) -> Amount | None:
    """The amount of a currency value, or of a text that is money; None for everything else."""
    if isinstance(value, Currency):
        return _amount(value.text) if len(value.text) <= _LONGEST_MONEY else None
    if not isinstance(value, str) or not value or len(value) > _LONGEST_MONEY:
        return None
    if value[0] in _DIGITS and value[-1] in _DIGITS:
        return None
    return _amount(value) if is_money_text(value) else None


def both_amounts(left: object, right: object) -> tuple[float, float] | None:
    """What two values compare by if both are money, else None.

    Raises a Runtime Error where the currencies are different.
    """
    one = amount_of(left)
    other = None if one is None else amount_of(right)
    if one is None or other is None:
        return None
    if one.currency != other.currency:
        raise runtime_error(
            "currencies_differ",
            "Cannot compare {left} and {right}: the currencies are different",
            left=_written(left),
            right=_written(right),
        )
    return one.amount, other.amount


def amounts_of(values: Sequence[object]) -> list[float] | None:
    """The amounts of values that are money or numbers, all in one currency; None for others.

    Raises a Runtime Error where the currencies are different.
    """
    found: list[float] = []
    first: tuple[object, str] | None = None
    for value in values:
        if value.__class__ is float:
            found.append(value)
            continue
        amount = amount_of(value)
        if amount is None:
            return None
        found.append(amount.amount)
        if amount.currency is not None:
            if first is None:
                first = value, amount.currency
            elif first[1] != amount.currency:
                raise runtime_error(
                    "currencies_mixed",
                    "Amounts in different currencies: {one} and {other}",
                    one=_written(first[0]),
                    other=_written(value),
                )
    return found


def _written(value: object) -> str:
    return value.text if isinstance(value, Currency) else str(value)


def money_mark(text: str) -> tuple[str, bool] | None:
    """The symbol or code of an amount's currency, and whether it stands in front.

    None if there is none, or another one besides.
    """
    text = text.strip(WHITE_SPACE)
    marks = list(_MARK.finditer(text))
    if len({mark[0].upper() for mark in marks}) != 1:
        return None
    return marks[0][0].upper(), not _ASCII_DIGIT.search(text[: marks[0].start()])
