"""What the operators mean for every pair of values: the way that compiled code takes when it
does not see two numbers (or two strings) itself.

Source: language reference, 5.4 to 5.8.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NoReturn

from datacode.errors import runtime_error
from datacode.values import equality, paths
from datacode.values.date_text import begins_like_a_date, both_dates, both_durations, date_key
from datacode.values.described import described
from datacode.values.parse_text import amount_of, both_amounts
from datacode.values.table import Column
from datacode.values.text import number_text, printed
from datacode.values.types import Currency, Path, PathPattern, Value

CheckSize = Callable[[float, int], None]


_SIGNS = {
    "cannot_add": "+",
    "cannot_subtract": "-",
    "cannot_multiply": "*",
    "cannot_divide": "/",
    "cannot_modulo": "%",
    "cannot_raise_to_power": "^",
}
"""The operators by the codes of their errors."""

_LONGEST_SHOWN = 60
"""Characters of an operand that an error suggests in an expression."""


def _refuse(code: str, template: str, left: Value, right: Value, sign: str = "") -> NoReturn:
    sign = sign or _SIGNS.get(code, "")
    if sign and Column in (left.__class__, right.__class__):
        expression = f"{_in_expression(left)} {sign} {_in_expression(right)}"
        if code == "cannot_compare":
            raise runtime_error(
                "column_compared",
                "A column is not compared as a whole; the rows for which it holds are "
                "table_filter(t, '{expression}')",
                expression=expression,
            )
        raise runtime_error(
            "column_computed",
            "A column is not computed with as a whole; for every row it is "
            "table_add_column(t, 'name', expression='{expression}')",
            expression=expression,
        )
    raise runtime_error(code, template, left=described(left), right=described(right))


def _in_expression(operand: Value) -> str:
    """An operand as an expression over rows has it."""
    kind = operand.__class__
    if kind is Column:
        name: str = operand.name
        return name if name.isidentifier() else "`" + name.replace("`", "``") + "`"
    text: str = (
        f'"{operand}"' if kind is str else printed(operand) if kind in (float, bool) else "..."
    )
    return text if len(text) <= _LONGEST_SHOWN else "..."


# Arithmetic ------------------------------------------------------------------


def add(left: Value, right: Value) -> Value:
    """``left + right``."""
    kind, other = left.__class__, right.__class__
    if kind is str and other is str:
        return left + right
    if kind is float and other is float:
        return left + right
    if kind is str and (other is float or other is bool):
        return left + printed(right)
    if other is str:
        if kind is float or kind is bool:
            return printed(left) + right
        if kind is Path or (kind is PathPattern and paths.may_be_name(left)):
            return paths.join(left, right)
    _refuse("cannot_add", "Cannot add {left} and {right}", left, right)


def appended(left: str, between: str, right: Value) -> str:
    """The text that ``left + between + right`` puts behind the two strings."""
    kind = right.__class__
    if kind is str:
        return right  # type: ignore[no-any-return]
    if kind is float:
        return number_text(right)
    if kind is bool:
        return "true" if right else "false"
    _refuse("cannot_add", "Cannot add {left} and {right}", left + between, right)


def subtract(left: Value, right: Value) -> Value:
    """``left - right``."""
    if left.__class__ is float and right.__class__ is float:
        return left - right
    _refuse("cannot_subtract", "Cannot subtract {left} and {right}", left, right)


def multiplication(check_size: CheckSize) -> Callable[[Value, Value], Value]:
    """``left * right``, where ``check_size`` refuses texts that would be too long."""

    def multiply(left: Value, right: Value) -> Value:
        kind, other = left.__class__, right.__class__
        if other is float:
            if kind is float:
                return left * right
            if kind is bool:
                return right if left else 0.0
            if kind is str:
                return repeat(left, right)
        elif kind is float:
            if other is bool:
                return left if right else 0.0
            if other is str:
                return repeat(right, left)
        _refuse("cannot_multiply", "Cannot multiply {left} and {right}", left, right)

    def repeat(text: str, times: float) -> str:
        if not (times >= 0 and times.is_integer()):
            raise runtime_error(
                "bad_string_factor", "String multiplication requires non-negative integer"
            )
        if not text:
            return text  # ``times`` may be more than any length
        check_size(len(text) * times, 1 if text.isascii() else 4)
        return text * int(times)

    return multiply


def divide(left: Value, right: Value) -> Value:
    """``left / right``."""
    kind, other = left.__class__, right.__class__
    if kind is float and other is float:
        if right == 0:
            raise runtime_error("division_by_zero", "Division by zero")
        return left / right
    if kind is Path or (kind is PathPattern and paths.may_be_name(left)):
        if other is str:
            return paths.join(left, right)
        if kind is Path and other is Path and paths.lies_below(right.text, left.text):
            return right
    _refuse("cannot_divide", "Cannot divide {left} and {right}", left, right)


def modulo(left: Value, right: Value) -> Value:
    """``left % right``, with the sign of the left operand; of -0 only where ``right`` is below 0,
    since compiled code computes the other remainders as Python does.
    """
    if left.__class__ is float and right.__class__ is float:
        if right == 0:
            raise runtime_error("modulo_by_zero", "Modulo by zero")
        if math.isinf(left):
            return math.nan
        return math.fmod(left + 0.0 if right > 0 else left, right)
    _refuse("cannot_modulo", "Cannot modulo {left} and {right}", left, right)


def power(left: Value, right: Value) -> Value:
    """``left ^ right`` as C's ``pow`` has it: NaN and infinities instead of errors."""
    if left.__class__ is float and right.__class__ is float:
        return raise_to(left, right)
    _refuse("cannot_raise_to_power", "Cannot raise {left} to the power of {right}", left, right)


def raise_to(base: float, exponent: float) -> float:
    """C's ``pow``, as the builtin of that name."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        negative = base < 0 and exponent % 2 == 1
    except ValueError:
        if base != 0:
            return math.nan
        negative = math.copysign(1, base) < 0 and exponent % 2 == 1
    return -math.inf if negative else math.inf


def negate(value: Value) -> Value:
    """``-value``."""
    if value.__class__ is float:
        return -value
    raise runtime_error("cannot_negate", "Cannot negate {value}", value=described(value))


# Comparison ------------------------------------------------------------------


def _sides(left: Value, right: Value, sign: str) -> tuple[Any, Any]:
    """What the two values are compared by: two dates by the days, durations by how long they are,
    amounts of money by the sums.
    """
    kind = left.__class__
    if kind is right.__class__:
        if kind is str:
            if left < ":" and right < ":":  # compiled code asks only for these
                return (
                    both_dates(left, right)
                    or both_durations(left, right)
                    or both_amounts(left, right)
                    or (left, right)
                )
            return left, right
        if kind is float:
            return left, right
        if kind is Currency:
            amounts = both_amounts(left, right)
            if amounts is not None:
                return amounts
    _refuse("cannot_compare", "Cannot compare {left} and {right}", left, right, sign)


def less(left: Value, right: Value) -> bool:
    """``left < right``."""
    one, other = _sides(left, right, "<")
    return one < other  # type: ignore[no-any-return]


def less_equal(left: Value, right: Value) -> bool:
    """``left <= right``."""
    one, other = _sides(left, right, "<=")
    return one <= other  # type: ignore[no-any-return]


def greater(left: Value, right: Value) -> bool:
    """``left > right``."""
    one, other = _sides(left, right, ">")
    return one > other  # type: ignore[no-any-return]


def greater_equal(left: Value, right: Value) -> bool:
    """``left >= right``."""
    one, other = _sides(left, right, ">=")
    return one >= other  # type: ignore[no-any-return]


def cell_equal(left: Value, right: Value) -> bool:
    """``left == right`` in a condition over rows, where two dates are equal in any form, two
    durations, two amounts in one currency, and an amount and a number.
    """
    if left.__class__ is not right.__class__:
        beside = _amount_beside_number(left, right)
        return equality.equal(*(beside or (left, right)))
    if left.__class__ is right.__class__ is str and left != right:
        keys = both_dates(left, right) or both_durations(left, right)
        if keys is not None:
            return keys[0] == keys[1]
        one = amount_of(left)
        return one is not None and one == amount_of(right)
    return equality.equal(left, right)


def _amount_beside_number(left: Value, right: Value) -> tuple[float, float] | None:
    """An amount of money and a number, in whatever currency, in their order; None for others."""
    if left.__class__ is float:
        amount = amount_of(right)
        return None if amount is None else (left, amount.amount)
    if right.__class__ is float:
        amount = amount_of(left)
        return None if amount is None else (amount.amount, right)
    return None


_RAW = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}


def _is_no_date_beside_one(text: str, other: str) -> bool:
    """Is the other text a date, and the text not even the beginning of one?"""
    return date_key(other) is not None and not begins_like_a_date(text)


def lenient(compare: Callable[[Value, Value], bool]) -> Callable[[Value, Value], bool]:
    """The comparison in a condition over rows, where null is less and more than nothing."""

    raw: Callable[[Any, Any], bool] = _RAW[compare.__name__]

    def compare_cells(left: Value, right: Value) -> bool:
        if left is None or right is None:
            return False
        if left.__class__ is right.__class__ is str:
            pair = (
                both_dates(left, right) or both_durations(left, right) or both_amounts(left, right)
            )
            if pair is not None:
                return raw(*pair)
            if _is_no_date_beside_one(left, right) or _is_no_date_beside_one(right, left):
                return False
            return raw(left, right)
        beside = _amount_beside_number(left, right)
        return compare(left, right) if beside is None else raw(*beside)

    return compare_cells
