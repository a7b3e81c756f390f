"""Order and equality.

Source: language reference, 5.6 and 5.7.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import BOOL, INTEGER, NULL, NUMBER, OTHER, STRING, only
from datacode.language.codegen.builder import STEADY, Builder, Operand
from datacode.language.codegen.class_tests import numbers_test
from datacode.language.codegen.evaluation_order import combine, constant_number, order_operands

EPSILON = 2.0**-52

_ORDER: dict[str, tuple[type[ast.cmpop], str]] = {
    "<": (ast.Lt, "less"),
    "<=": (ast.LtE, "less_equal"),
    ">": (ast.Gt, "greater"),
    ">=": (ast.GtE, "greater_equal"),
}


def comparison(b: Builder, node: plan.Compare, left: Operand, mark: int, right: Operand) -> Operand:
    """``left operator right``; ``mark``: where ``out`` ended after ``left``."""
    if node.operator in _ORDER:
        return _ordering(b, node.operator, left, mark, right, node.may_mean_more)
    return _equality(b, node, left, mark, right)


def _ordering(
    b: Builder, operator: str, left: Operand, mark: int, right: Operand, may_mean_more: bool
) -> Operand:
    operation, helper = _ORDER[operator]
    in_condition = b.in_condition
    if in_condition:
        helper = f"cell_{helper}"
    both = left.types | right.types
    if only(both, NUMBER) or (only(both, STRING) and not may_mean_more):
        left, right = _two_wholes(b, left, mark, right)
        node: ast.expr = b.compare(left.node, [operation()], [right.node])
        return Operand(node, BOOL, safe=left.safe and right.safe)
    is_text = only(left.types, STRING) or only(right.types, STRING)
    if not left.types & right.types & (NUMBER | STRING) or (
        in_condition and is_text and may_mean_more
    ):
        left, right = order_operands(b, left, mark, right, "")
        return Operand(b.call(helper, left.node, right.node), BOOL)
    left, right = order_operands(b, left, mark, right, "lr")
    fast = b.compare(left.node, [operation()], [right.node])
    slow = b.call(helper, left.node, right.node)
    if is_text:
        known, other = (left, right) if only(left.types, STRING) else (right, left)
        tests = [] if only(other.types, STRING) else [b.is_a(other.node, "str")]
        if may_mean_more:
            looked_at = other if isinstance(known.node, ast.Constant) else known
            tests.append(b.compare(looked_at.node, [ast.GtE()], [b.constant(_BEHIND_DIGITS)]))
        test = b.all_of(tests)
    else:
        test = numbers_test(b, left, right)
    return Operand(b.choose(test, fast, slow), BOOL, height=2)


_BEHIND_DIGITS = ":"
"""No text from here on begins with a digit, a sign or a dollar, and so is compared as a text."""


def _two_wholes(b: Builder, left: Operand, mark: int, right: Operand) -> tuple[Operand, Operand]:
    """Two numbers or strings to be compared; as Python ints if both are known as such."""
    if left.whole is None or right.whole is None or not (left.is_exact and right.is_exact):
        return order_operands(b, left, mark, right, "")
    left, right = replace(left, node=left.whole), replace(right, node=right.whole)
    return order_operands(b, left, mark, right, "")


# Equality ------------------------------------------------------------------


def _equality(b: Builder, node: plan.Compare, left: Operand, mark: int, right: Operand) -> Operand:
    may_be_texts = left.types & right.types & STRING
    may_be_money = any(
        one.types & NUMBER and other.types & (STRING | OTHER)
        for one, other in ((left, right), (right, left))
    )
    if b.in_condition and (may_be_money or (may_be_texts and node.may_mean_more)):
        made, safe = _equal_cells(b, left, mark, right), False
    else:
        made, safe = _equal(b, left, mark, right, node.bounds)
    if node.operator == "!=":
        made = _negated(b, made)
    return Operand(made, BOOL, safe=safe, height=3)


def _equal_cells(b: Builder, left: Operand, mark: int, right: Operand) -> ast.expr:
    """In a condition over the rows of a table dates are equal in whatever form they are, and
    amounts of money are equal to numbers."""
    if not left.types & right.types & NUMBER:
        left, right = order_operands(b, left, mark, right, "")
        return b.call("cell_equal", left.node, right.node)
    left, right = order_operands(b, left, mark, right, "lr")
    slow = b.call("cell_equal", left.node, right.node)
    return b.choose(numbers_test(b, left, right), _close(b, left.node, right.node), slow)


def _negated(b: Builder, node: ast.expr) -> ast.expr:
    """``not node``, which Python's comparisons have operators for."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        opposite = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot}.get(type(node.ops[0]))
        if opposite is not None:
            return b.compare(node.left, [opposite()], node.comparators)
    return b.unary(ast.Not(), node)


def _equal(
    b: Builder, left: Operand, mark: int, right: Operand, bounds: tuple[float, float] | None
) -> tuple[ast.expr, bool]:
    """A test that two values are equal, and whether it is safe."""
    for known, other in ((right, left), (left, right)):
        if not isinstance(known.node, ast.Constant):
            continue
        if known.types == STRING:
            left, right = order_operands(b, left, mark, right, "")
            return b.compare(left.node, [ast.Eq()], [right.node]), left.safe and right.safe
        if known.types in (NULL, BOOL):
            return _is_constant(b, left, mark, right, known, other)
        return _equals_number(b, left, mark, right, known, other is left, bounds)
    if only(left.types | right.types, NUMBER):
        if only(left.types | right.types, INTEGER):
            left, right = _two_wholes(b, left, mark, right)
            node: ast.expr = b.compare(left.node, [ast.Eq()], [right.node])
        else:
            left, right = order_operands(b, left, mark, right, "lr")
            node = _close(b, left.node, right.node)
        return node, left.safe and right.safe
    if only(left.types | right.types, STRING | BOOL | NULL):
        left, right = order_operands(b, left, mark, right, "")
        return b.compare(left.node, [ast.Eq()], [right.node]), left.safe and right.safe
    if not left.types & right.types & NUMBER:
        left, right = order_operands(b, left, mark, right, "")
        return b.call("equal", left.node, right.node), False
    left, right = order_operands(b, left, mark, right, "lr")
    test = numbers_test(b, left, right)
    slow = b.call("equal", left.node, right.node)
    return b.choose(test, _close(b, left.node, right.node), slow), False


def _is_constant(
    b: Builder, left: Operand, mark: int, right: Operand, known: Operand, other: Operand
) -> tuple[ast.expr, bool]:
    """One operand is ``null``, ``true`` or ``false``."""
    if isinstance(other.node, ast.Constant):
        same = ast.dump(other.node) == ast.dump(known.node)
        return b.constant(same), True
    if not other.types & known.types:
        # Never the same; but Python folds constants, and warns of ``is`` between them.
        if other is left:
            left = b.spill(left, mark)
        else:
            left, right = order_operands(b, left, mark, right, "")
            left = left if left.steadiness == STEADY else b.spill(left)
            right = b.spill(right)
    left, right = order_operands(b, left, mark, right, "")
    return b.identical(left.node, right.node), left.safe and right.safe


def _close(b: Builder, left: ast.expr, right: ast.expr) -> ast.expr:
    """``left == right or -EPSILON < left - right < EPSILON``."""
    difference = b.binary(left, ast.Sub(), right)
    return b.boolean(ast.Or(), b.compare(left, [ast.Eq()], [right]), _within(b, difference))


def _within(b: Builder, difference: ast.expr) -> ast.expr:
    return _between(b, ast.Lt(), ast.Gt(), difference, (-EPSILON, EPSILON))


def _between(
    b: Builder, below: ast.cmpop, above: ast.cmpop, number: ast.expr, bounds: tuple[float, float]
) -> ast.expr:
    """A test that a number is between two; the greater one first, which more numbers fail."""
    least, greatest = map(b.constant, bounds)
    if not isinstance(number, ast.Name):
        return b.compare(greatest, [above, above], [number, least])
    return b.all_of([b.compare(number, [below], [greatest]), b.compare(number, [above], [least])])


def is_multiple(b: Builder, node: plan.IsMultiple) -> Operand:
    """Is a number a multiple of a constant?

    Of numbers below the divisor those nearest to 0 are taken for 0. All others are 0 or so far
    apart that their remainders are not nearly 0 unless they are 0, whatever sign Python gives them.
    """
    operand = b.expression(node.value)
    divisor = plan.number_of(node.divisor)
    assert divisor is not None
    equals: ast.cmpop = ast.NotEq() if node.is_negated else ast.Eq()
    if isinstance(operand.whole, ast.Name) and operand.is_exact:
        rest = b.binary(operand.whole, ast.Mod(), b.constant(int(divisor)))
        made: ast.expr = b.compare(rest, [equals], [b.constant(0)])
        return combine(Operand(made, BOOL, safe=operand.safe), operand)
    if not only(operand.types, INTEGER):
        operand = b.spilled(operand)
    rest = b.binary(operand.node, ast.Mod(), b.constant(divisor))
    made = b.compare(rest, [equals], [b.constant(0.0)])
    if not only(operand.types, INTEGER):
        is_zero = _within(b, operand.node)
        if node.is_negated:
            made = b.all_of([made, b.unary(ast.Not(), is_zero)])
        else:
            made = b.boolean(ast.Or(), made, is_zero)
    return combine(Operand(made, BOOL, safe=operand.safe, height=2), operand)


def _equals_number(
    b: Builder,
    left: Operand,
    mark: int,
    right: Operand,
    known: Operand,
    other_is_left: bool,
    bounds: tuple[float, float] | None,
) -> tuple[ast.expr, bool]:
    """One operand is a constant number, which all numbers within ``bounds`` are equal to."""
    value = constant_number(known)
    assert value is not None
    other = left if other_is_left else right
    if not other.types & NUMBER:
        left, right = order_operands(b, left, mark, right, "")
        return b.call("equal", left.node, right.node), False
    certain = only(other.types, NUMBER)
    if only(other.types, INTEGER):
        left, right = _two_wholes(b, left, mark, right)
        node = b.compare(left.node, [ast.Eq()], [right.node])
        return node, left.safe and right.safe
    left, right = order_operands(b, left, mark, right, "" if certain else "lr")
    other = left if other_is_left else right
    # From 2 up the next number is at least EPSILON away.
    if abs(value) >= 2:
        test: ast.expr = b.compare(other.node, [ast.Eq()], [known.node])
    elif bounds is not None:
        test = _between(b, ast.LtE(), ast.GtE(), other.node, bounds)
    elif value == 0:
        test = _within(b, other.node)
    else:
        test = _within(b, b.binary(other.node, ast.Sub(), known.node))
    if certain:
        return test, other.safe
    # No other kind of value is equal to a number.
    return b.all_of([b.is_a(other.node, "float"), test]), other.safe
