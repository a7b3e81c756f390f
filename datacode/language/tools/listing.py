"""Compiled code for people to read: its Python, and the lines of the program that it was made for.

Source: the nodes' own places, as ``codegen.builder`` sets them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

WIDTH = 68
"""The column in which lines of the program begin."""


def listing(function: ast.FunctionDef, text: str) -> list[str]:
    """The lines of a Python function that was made for a part of the program ``text``."""
    lines = [] if function.name == "condition" else text.splitlines()  # it has a text of its own
    made: list[str] = []
    shown = 0
    for python, line in _statement(function, 0):
        if line != shown and 0 < line <= len(lines):
            python = f"{python:{WIDTH}}  # {line}: {lines[line - 1].strip()}"
            shown = line
        made.append(python)
    return made


def _statement(node: ast.stmt, depth: int) -> Iterator[tuple[str, int]]:
    """The lines of Python of a statement, each with the line of the program."""
    blocks: list[tuple[str, list[ast.stmt]]]
    match node:
        case ast.FunctionDef(name=name, args=arguments, body=body):
            blocks = [(f"def {name}({ast.unparse(arguments)}):", body)]
        case ast.For(target=target, iter=iterator, body=body):
            blocks = [(f"for {ast.unparse(target)} in {ast.unparse(iterator)}:", body)]
        case ast.If(test=test, body=body, orelse=orelse):
            blocks = [(f"if {ast.unparse(test)}:", body), ("else:", orelse)]
        case ast.Try(body=body, handlers=handlers, finalbody=final):
            blocks = [("try:", body)]
            for handler in handlers:
                assert handler.type is not None
                blocks.append((f"except {ast.unparse(handler.type)}:", handler.body))
            blocks.append(("finally:", final))
        case _:
            yield "    " * depth + ast.unparse(node), node.lineno
            return
    for head, body in blocks:
        if body:
            yield "    " * depth + head, node.lineno
        for inner in body:
            yield from _statement(inner, depth + 1)
