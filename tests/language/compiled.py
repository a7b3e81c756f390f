"""Helps tests to look at what programs are compiled to."""

from __future__ import annotations

import ast

from datacode import Interpreter
from datacode.language.compiler import observed


def compiled_by(interpreter: Interpreter, text: str) -> dict[str, str]:
    """The Python functions that are compiled while a program runs, by name; the last ones."""
    made: dict[str, str] = {}

    def observe(function: ast.FunctionDef) -> None:
        made[function.name] = ast.unparse(function)

    with observed(observe):
        outcome = interpreter.run(text)
    assert outcome.error is None, outcome.error
    return made
