"""Python functions for nested blocks, and how functions and blocks are left.

Blocks that nest deeply (``analysis.layout``) become functions within the function, which tell by
what they return how they were left.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.codegen.builder import Builder
from datacode.language.codegen.frames import Frame, Jump, LoopFrame
from datacode.language.codegen.promotion import write_back


def make_unset(b: Builder, unset: Sequence[str]) -> None:
    """Make variables of a block unset where code looks whether they are set."""
    for python in unset:
        b.assign(python, b.name("unset"))


# Leaving -----------------------------------------------------------------------------


def return_(b: Builder, node: plan.ReturnPlan) -> None:
    """``return``."""
    value = b.constant(None) if node.value is None else b.expression(node.value).node
    if b.frame.outer is not None:
        value = b.tuple_(value)
        _exit_code(b, Jump("return"))
        b.return_(value)
    else:
        _return_from_function(b, value)


def _return_from_function(b: Builder, value: ast.expr) -> None:
    if b.promoted:
        result = b.name(b.temporary())
        b.assign(result.id, value)
        write_back(b, b.promoted)
        value = result
    b.return_(value)


def jump(b: Builder, way: Jump) -> None:
    """Leave the innermost loop, or go on with the next step of a loop around."""
    innermost, target = b.loops[-1], way.loop
    assert target is not None
    if target.frame is not b.frame or innermost.frame is not b.frame:
        b.return_(b.constant(_exit_code(b, way)))
    elif way.word == "break":
        b.emit(b.break_())
    elif target is innermost:
        b.emit(b.continue_())
    else:
        b.assign(_flag_for(b, innermost, target), b.constant(True))
        b.emit(b.break_())


def _flag_for(b: Builder, innermost: LoopFrame, target: LoopFrame) -> str:
    for flag, known in innermost.leaves:
        if known is target:
            return flag
    flag = b.exit_flag()
    innermost.leaves.append((flag, target))
    return flag


def _exit_code(b: Builder, way: Jump) -> int:
    """The number by which the function of a block tells its caller to jump."""
    exits = b.frame.exits
    if way not in exits:
        exits.append(way)
    return exits.index(way)


# Functions within the function -----------------------------------------------------------


def outline_block(b: Builder, emit: Callable[[], None]) -> list[ast.stmt]:
    """What is emitted in a function of its own, and the code that calls it."""
    line = b.line
    outer = b.frame
    inner = b.frame = Frame(outer)
    with b.branch() as body:
        emit()
    b.frame = outer
    b.go_to(line)
    name = b.block_function()
    body = b.declarations(inner) + body
    b.shared_names |= set(filter(python_names.is_private, inner.stored))
    with b.branch() as made:
        b.emit(b.function(name, [], body))
        if inner.exits:
            b.assign(python_names.EXIT, b.call(name))
            _dispatch_exit(b, inner)
        else:
            b.evaluate(b.call(name))
    return made


def _dispatch_exit(b: Builder, inner: Frame) -> None:
    """Do what the function of a block says by what it returned."""
    left = b.name(python_names.EXIT)
    for code, way in enumerate(inner.exits):
        with b.branch() as body:
            if way.word == "return":
                test: ast.expr = b.is_a(left, "tuple")
                _return_from_block(b)
            else:
                test = b.compare(left, [ast.Eq()], [b.constant(code)])
                jump(b, way)
        b.emit(b.if_(test, body))


def _return_from_block(b: Builder) -> None:
    """Return what the function of a block has returned in a tuple."""
    value: ast.expr = b.name(python_names.EXIT)
    if b.frame.outer is None:
        _return_from_function(b, b.subscript(value, b.constant(0)))
    else:
        _exit_code(b, Jump("return"))
        b.return_(value)
