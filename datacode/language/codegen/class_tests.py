"""Tests of what values are at run time, where their types are not known, and what follows."""

from __future__ import annotations

import ast

from datacode.language.analysis.type_sets import ARRAY, NUMBER, OBJECT, STRING, only
from datacode.language.codegen.builder import Builder, Operand

_CLASSES = {ARRAY: "list", OBJECT: "dict", NUMBER: "float", STRING: "str"}


def class_tests(b: Builder, *wanted: tuple[Operand, int]) -> list[ast.expr]:
    """Tests that operands are of a type each, as far as it is not certain."""
    return [
        b.is_a(operand.node, _CLASSES[own])
        for operand, own in wanted
        if not only(operand.types, own)
    ]


def numbers_test(b: Builder, *operands: Operand) -> ast.expr:
    """A test that those operands are numbers that may be something else; some of them may."""
    unknown = [operand.node for operand in operands if not only(operand.types, NUMBER)]
    if len(unknown) == 2:
        classes = [b.class_of(node) for node in unknown]
        return b.compare(classes[0], [ast.Is(), ast.Is()], [classes[1], b.name("float")])
    return b.is_a(unknown[0], "float")
