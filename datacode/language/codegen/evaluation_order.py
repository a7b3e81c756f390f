"""The order of evaluation: operands that are computed before the expression they belong to.

What must be computed before the expression at hand goes into statements in front of it; then all
that stands to its left is computed there too, so that the order of evaluation is always the
program's (language reference, 5.2).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.codegen.builder import LOOSE, SHARED, STEADY, Builder, Operand

MAX_HEIGHT = 24
"""Expressions of Python that nest deeper are cut in two."""


def flatten(b: Builder, operand: Operand) -> Operand:
    """The operand, computed beforehand if it has become too deep for Python."""
    return b.spill(operand) if operand.height > MAX_HEIGHT else operand


def operands_of(b: Builder, parts: Sequence[plan.Expr]) -> list[Operand]:
    """Several expressions, in order."""
    operands: list[Operand] = []
    for part in parts:
        mark = len(b.out)
        operand = b.expression(part)
        keep_order(b, operands, mark)
        operands.append(operand)
    return operands


def keep_order(b: Builder, operands: list[Operand], mark: int) -> None:
    """Code was put before the expression at ``mark``: what is to its left must run earlier."""
    if len(b.out) == mark:
        return
    for i, operand in enumerate(operands):
        if operand.steadiness != STEADY:
            operands[i] = b.spill(operand, mark)
            mark += 1


def order_operands(
    b: Builder, left: Operand, mark: int, right: Operand, twice: str
) -> tuple[Operand, Operand]:
    """Two operands, of which those named in ``twice`` (``l``, ``r``) will stand twice.

    ``mark`` is where ``out`` ended when the left one had been made.
    """
    before = len(b.out)
    moves_right = "r" in twice and not right.plain
    disturbed = before > mark or moves_right
    if left.steadiness == LOOSE:
        must_move = disturbed or ("l" in twice and not left.plain)
        must_move = must_move or ("l" in twice and right.calls)
    else:
        must_move = "l" in twice and not left.plain
        must_move = must_move or (left.steadiness == SHARED and (disturbed or right.calls))
    if must_move:
        left = b.spill(left, mark)
    if moves_right:
        right = b.spill(right)
    return left, right


def combine(result: Operand, *parts: Operand) -> Operand:
    """The result, with what follows for it from the operands that it is made of."""
    result.calls = result.calls or any(part.calls for part in parts)
    result.height = max(result.height, *(part.height for part in parts)) + 1
    return result


def constant_number(operand: Operand) -> float | None:
    """The number that an operand is, if it is a constant number."""
    if isinstance(operand.node, ast.Constant) and isinstance(operand.node.value, float):
        return operand.node.value
    return None


def constant_text(operand: Operand) -> str | None:
    """The string that an operand is, if it is a constant string."""
    if isinstance(operand.node, ast.Constant) and isinstance(operand.node.value, str):
        return operand.node.value
    return None
