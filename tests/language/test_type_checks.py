"""What the compiler infers of values holds while programs run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
    with_elements,
)
from datacode.runtime.builtins import BUILTINS, registry
from datacode.values.types import Path as PathValue
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT
from tests.language.type_checks import TypeMismatch, fits, type_checks

ROOT = Path(__file__).parents[2]
SESSIONS = int(os.environ.get("DATACODE_SESSIONS", "60"))
PROGRAMS = 3
STEPS = 3000


class TypeCheckTests(SynchronousTestCase):
    """Programs compiled with checks of their types; a wrong type ends a test."""

    def setUp(self) -> None:
        switch = type_checks()
        switch.__enter__()
        self.addCleanup(switch.__exit__, None, None, None)
        self.addCleanup(os.chdir, Path.cwd())

    def test_programs(self) -> None:
        """Those of the conformance cases and the examples, where their data lie."""
        for folder in ("tests/conformance/language", "tests/conformance/builtins", "examples"):
            os.chdir(ROOT / folder)
            programs = sorted(Path().glob("**/*.dc"))
            self.assertTrue(programs)
            for program in programs:
                error = Interpreter().run(program.read_text("utf-8"), max_steps=10 * STEPS).error
                is_fault = error is not None and error.message.code == "internal_error"
                self.assertFalse(is_fault, program)
        for written in (ROOT / "tests/conformance/builtins/data").glob("tmp_*"):
            written.unlink()

    def test_random_sessions(self) -> None:
        """Later programs of a session find what earlier ones left."""
        for seed in range(SESSIONS):
            maker, interpreter = ProgramMaker(seed), Interpreter(recursion_limit=LIMIT)
            for _ in range(PROGRAMS):
                text = maker.program()
                try:
                    error = interpreter.run(text, max_steps=STEPS).error
                except TypeMismatch as mismatch:
                    self.fail(f"seed {seed}: {mismatch}\n{text}")
                is_fault = error is not None and error.message.code == "internal_error"
                self.assertFalse(is_fault, f"seed {seed}: {error}\n{text}")

    def test_hidden_variables_keep_their_types(self) -> None:
        """What a loop does to a variable says nothing of the outer one of the same name."""
        program = "e = -1.5\nfor e in range(3) do\nfor c in [1] do\ne = 'a'\nnext c\nnext e\ne + 1"
        self.assertIsNone(Interpreter().run(program).error)

    def test_wrong_types_are_found(self) -> None:
        """A type that is too small is told of, wherever it is relied on."""
        wrong = replace(BUILTINS["abs"], returns=STRING)
        with mock.patch.dict(registry._registry, {"abs": wrong}):
            for program in (
                "x = abs(-2)",
                "print(abs(-3) + 'a')",
                "for i in [1, 2] do\nx = [abs(i - 7)]\nnext i",
                "function f(n) do\nreturn abs(n)\nendfunction\ntry\nprint(f(-8))\ncatch\nendtry",
            ):
                with self.assertRaises(TypeMismatch):
                    Interpreter().run(program)


class FitsTests(SynchronousTestCase):
    """Values and type sets."""

    def test_values_themselves(self) -> None:
        """Each is of one type; a number that is not finite counts as whole."""
        for value, type_ in (
            (2.0, INTEGER),
            (float("inf"), INTEGER),
            (float("nan"), INTEGER),
            (0.5, FRACTION),
            ("", STRING),
            (True, BOOL),
            (None, NULL),
            ([], ARRAY),
            ({}, OBJECT),
            (PathValue("a"), OTHER),
        ):
            for each in (INTEGER, FRACTION, STRING, BOOL, NULL, ARRAY, OBJECT, OTHER):
                self.assertEqual(fits(value, each), each == type_, value)
        self.assertFalse(fits(1, NUMBER), "an int is no value")

    def test_elements(self) -> None:
        """Two levels are known of."""
        numbers = ARRAY | with_elements(NUMBER)
        self.assertTrue(fits([1.0, 2.5], numbers))
        self.assertFalse(fits([1.0, "a"], numbers))
        nested = ARRAY | with_elements(numbers)
        self.assertTrue(fits([[1.0]], nested))
        self.assertFalse(fits([["a"]], nested))
        self.assertFalse(fits({"k": "a"}, OBJECT | with_elements(NUMBER)))
        self.assertTrue(fits([object()], ANY))
