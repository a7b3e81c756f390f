"""The grammar: no conflicts, and the trees of the language reference."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import datacode
from datacode.errors import DataCodeError
from datacode.language.syntax import lr_driver, nodes
from datacode.language.syntax.lexer import Token, lex
from datacode.language.syntax.parser import parse, parse_expression
from datacode.language.syntax.source import Source
from tests.language.layered import LayeredReader, Refused
from tests.language.trees import tree, written

ROOT = Path(datacode.__file__).parents[1]

SAMPLE = [*"abf()f()[]{a:},.12+-*/^<=!", "if", "true", "==", "and", "or", "not"]
"""Tokens from which random expressions are made; the more of a kind, the likelier it is."""


class Collector:
    """A log that keeps what PLY says."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def warning(self, text: str, *args: object) -> None:
        """A conflict, an unused rule or token."""
        self.complaints.append(text % args)

    error = critical = warning

    def info(self, text: str, *args: object) -> None:
        """What the tables look like; of no interest."""

    debug = info


class TablesTests(SynchronousTestCase):
    """How PLY makes the tables."""

    def test_no_conflicts(self) -> None:
        """With debugging on PLY reports conflicts and unused rules; there are none."""
        log = Collector()
        before = set(os.listdir())
        lr_driver.build(debug=True, debuglog=log, errorlog=log)
        self.assertEqual(log.complaints, [])
        self.assertEqual(set(os.listdir()), before)

    def test_docstrings_are_needed(self) -> None:
        """Where Python has dropped the docstrings, one sentence says so."""
        code = "from datacode.language.syntax.parser import parse; parse('a = 1')"
        run = subprocess.run(
            [sys.executable, "-OO", "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertIn("RuntimeError: The grammar is written in docstrings", run.stderr)


class ExpressionTests(SynchronousTestCase):
    """Precedence and grouping (language reference, 5.1)."""

    def assert_tree(self, text: str, expected: str) -> None:
        """The expression groups as written."""
        self.assertEqual(tree(text), expected)

    def test_levels(self) -> None:
        """From loosest to tightest."""
        self.assert_tree(
            "a or b and c == d < e + f * -g ^ h",
            "(or a (and b (== c (< d (+ e (* f (- (^ g h))))))))",
        )
        self.assert_tree(
            "-g ^ h * f + e < d == c and b or a",
            "(or (and (== (< (+ (* (- (^ g h)) f) e) d) c) b) a)",
        )

    def test_grouping_to_the_left(self) -> None:
        """All binary operators but the power group to the left, within a level."""
        for low, high in (("or", "or"), ("and", "and"), ("==", "!="), ("<", ">="), ("+", "-"),
                          ("*", "%"), ("/", "*")):  # fmt: skip
            self.assert_tree(f"a {low} b {high} c", f"({high} ({low} a b) c)")
            self.assert_tree(f"a {high} b {low} c", f"({low} ({high} a b) c)")

    def test_power(self) -> None:
        """The power groups to the right and takes a signed right operand."""
        self.assert_tree("2 ^ 3 ^ 2", "(^ 2 (^ 3 2))")
        self.assert_tree("-2 ^ 2", "(- (^ 2 2))")
        self.assert_tree("2 ^ -3 ^ 2 * 4", "(* (^ 2 (- (^ 3 2))) 4)")
        self.assert_tree("a[0] ^ b.c", "(^ (at a 0) (member b c))")

    def test_not(self) -> None:
        """``not`` and ``!`` bind tighter than comparison, and both are ``not``."""
        self.assert_tree("not a == b", "(== (not a) b)")
        self.assert_tree("a == not b", "(== a (not b))")
        self.assert_tree("!-not a", "(not (- (not a)))")
        self.assert_tree("2 ^ not a == b", "(== (^ 2 (not a)) b)")

    def test_minus(self) -> None:
        """Minus may be repeated and binds looser than an index."""
        self.assert_tree("-a[0]", "(- (at a 0))")
        self.assert_tree("3--n", "(- 3 (- n))")
        self.assert_tree("-2 * 3", "(* (- 2) 3)")

    def test_parentheses(self) -> None:
        """Parentheses group, and leave no node."""
        self.assert_tree("(a + b) * ((c))", "(* (+ a b) c)")

    def test_members_and_indexes(self) -> None:
        """Any word is a member; empty parentheses are remembered."""
        self.assert_tree("a.if[1].next().x", "(member (call (at (member a if) 1) next) x)")
        self.assert_tree('"x".len', "(member 'x' len)")
        self.assert_tree("f(1)[0]", "(at f(1) 0)")
        self.assert_tree("[1, 2][0]", "(at [1 2] 0)")

    def test_literals(self) -> None:
        """Arrays and objects, with and without a last comma; words and strings as keys."""
        self.assert_tree("[]", "[]")
        self.assert_tree("[1, 'a', [true, null],]", "[1 'a' [true null]]")
        self.assert_tree("{}", "{}")
        self.assert_tree('{if: 1, "b c": {x: 2,}, a: -1, a: 2}', "{if:1 b c:{x:2} a:(- 1) a:2}")

    def test_calls(self) -> None:
        """Positional, spread and named arguments, with and without a last comma."""
        self.assert_tree("f()", "f()")
        self.assert_tree("f(a, *b + c, 1,)", "f(a *(+ b c) 1)")
        self.assert_tree("f(a = 1, b = c == 2,)", "f(a=1 b=(== c 2))")
        self.assert_tree("f(a, b = 1)", "f(a b=1)")
        self.assert_tree("f(a == 1, -b)", "f((== a 1) (- b))")
        self.assert_tree("print ((1))", "print(1)")

    def test_numbers_and_strings(self) -> None:
        """A number is the nearest double; a string loses its quotes only."""
        body = parse("[007, 5., 0.1, 123456789012345678901234567890]").body
        array = body[0].value  # type: ignore[union-attr]
        self.assertEqual([e.value for e in array.elements], [7.0, 5.0, 0.1, 1.2345678901234568e29])
        self.assertEqual(parse_expression('"a\\n\r\nb"'), nodes.String(1, 1, "a\\n\nb"))
        long = "1" * 400
        self.assertEqual(parse_expression(long), nodes.Number(1, 1, float("inf"), long))

    @settings(max_examples=500, deadline=None, database=None)
    @given(st.lists(st.sampled_from(SAMPLE), max_size=14))
    def test_same_as_the_layered_rules(self, tokens: list[str]) -> None:
        """Whatever tokens come: the same tree, or an error at the same token."""
        text = " ".join(tokens)
        try:
            expected = LayeredReader(tokens).read()
        except Refused as refused:
            expected = f"refused at {refused.position}"
        self.assertEqual(_read(text, len(tokens)), expected)

    @settings(max_examples=500, deadline=None, database=None)
    @given(
        st.lists(st.sampled_from(["+", "-", "*", "%", "^", "<", "!=", "and", "or"]), max_size=9),
        st.lists(st.sampled_from(["", "", "-", "not", "- !"]), min_size=10, max_size=10),
    )
    def test_operators_as_in_the_layered_rules(self, binary: list[str], unary: list[str]) -> None:
        """Chains of operators, each operand with or without signs."""
        text = f"{unary[0]} a" + "".join(
            f" {operator} {sign} a" for operator, sign in zip(binary, unary[1:], strict=False)
        )
        self.assertEqual(tree(text), LayeredReader(text.split()).read())


def _read(text: str, length: int) -> str:
    """What the parser makes of an expression's text; errors as the number of the token."""
    source = Source(f"throw {text}")
    try:
        return written(parse(source.text).body[0])[len("throw ") :]
    except DataCodeError as error:
        if error.incomplete:
            return f"refused at {length}"
        columns = [token.column for token in _tokens(source)]
        return f"refused at {columns.index(error.column or 0) - 1}"


def _tokens(source: Source) -> Iterator[Token]:
    """The tokens as far as the text has any; an open bracket at the end does not matter."""
    try:
        yield from lex(source)
    except DataCodeError:
        return


class StatementTests(SynchronousTestCase):
    """Statements and blocks (language reference, section 6)."""

    def test_assignments(self) -> None:
        """Plain, scoped and of elements."""
        self.assertEqual(tree("a = b == c"), "a := (== b c)")
        self.assertEqual(tree("global a = 1\nlocal b = 2"), "global a := 1; local b := 2")
        self.assertEqual(tree("a[0].if[b + 1] = 2"), "a[0].if[(+ b 1)] := 2")

    def test_if(self) -> None:
        """All spellings of the words; an empty else is not a missing one."""
        self.assertEqual(tree("if a do\nb\nendif"), "if a {b}")
        self.assertEqual(
            tree("if a then\nelse if b do\nc\nelse if d then\nelse\nendeif"),
            "if a {} if b {c} if d {} else {}",
        )
        self.assertEqual(tree("if(a)do\nelse do\nb\nendif"), "if a {} else {b}")
        self.assertEqual(tree("if a do\nelse\nif b do\nendif\nendif"), "if a {} else {if b {}}")

    def test_for(self) -> None:
        """One variable or several, closed by the first or by all."""
        self.assertEqual(tree("for a in b do\nc\nnext a"), "for a b {c}")
        self.assertEqual(tree("for a, b in c do\nnext a"), "for a,b c {}")
        self.assertEqual(tree("for a, b in c do\nnext a, b"), "for a,b c {}")

    def test_next_closes_only_directly_in_the_body(self) -> None:
        """In an ``if`` or ``try`` it is a statement."""
        self.assertEqual(
            tree("for a in b do\nif c do\nnext a\nendif\ntry\nnext a\nendtry\nnext a"),
            "for a b {if c {next a/0}; try {next a/0}}",
        )

    def test_try(self) -> None:
        """Every clause is optional; an empty clause is not a missing one."""
        self.assertEqual(tree("try\na\nendtry"), "try {a}")
        self.assertEqual(tree("try\ncatch e\nb\nfinally\nendtry"), "try {} catch e {b} finally {}")
        self.assertEqual(tree("try\ncatch\nendtry"), "try {} catch None {}")
        self.assertEqual(tree("try\nfinally\na\nendtry"), "try {} finally {a}")

    def test_functions(self) -> None:
        """The three forms mean the same."""
        for scope in ("", "global ", "local "):
            self.assertEqual(
                tree(f"{scope}function f(a, b) do\nreturn a\nreturn\nendfunction"),
                "function f(a,b) {return a; return}",
            )
        self.assertEqual(tree("function f() do\nendfunction"), "function f() {}")

    def test_simple_statements(self) -> None:
        """Throw, break, expressions."""
        self.assertEqual(tree("throw('x')\nf()"), "throw 'x'; f()")
        self.assertEqual(tree("for a in b do\nbreak\nnext a"), "for a b {break}")

    def test_empty(self) -> None:
        """A text without tokens is a program that does nothing."""
        for text in ("", "\ufeff", " \r\n\n", "# c", '"""\n"""'):
            self.assertEqual(parse(text), nodes.Program(1, 1, ()))


class PlaceTests(SynchronousTestCase):
    """Where nodes begin."""

    def test_statements_begin_at_their_first_token(self) -> None:
        """Also where that is a parenthesis, a scope word or a sign."""
        text = "(\na)\n  global b = 1\n-c\nglobal function f() do\nendfunction\n(d)[0]"
        places = [(s.line, s.column) for s in parse(text).body]
        self.assertEqual(places, [(1, 1), (3, 3), (4, 1), (5, 1), (7, 1)])

    def test_expressions_stand_where_they_fail(self) -> None:
        """At the operator, the bracket of an index, the name of a member or function."""
        node = parse_expression("(a + b) * f(c)")
        assert isinstance(node, nodes.Binary)
        parts = [node, node.left, node.right]
        self.assertEqual([(p.line, p.column) for p in parts], [(1, 9), (1, 4), (1, 11)])
        node = parse_expression("a [0].b and\t-c")
        assert isinstance(node, nodes.Logical)
        member = node.left
        assert isinstance(member, nodes.Member)
        columns = [node.column, member.column, member.base.column, node.right.column]
        self.assertEqual(columns, [9, 7, 3, 13])

    def test_steps_of_an_assignment(self) -> None:
        """Each has its place, that of an index its bracket."""
        statement = parse("a[0]. b[\n1] = 2").body[0]
        assert isinstance(statement, nodes.AssignElement)
        self.assertEqual(statement.places, ((1, 2), (1, 7), (1, 8)))

    def test_branches(self) -> None:
        """A branch begins at its ``if``, the statement at the first one."""
        statement = parse("\n if a do\n else if b do\n endif").body[0]
        assert isinstance(statement, nodes.If)
        self.assertEqual((statement.line, statement.column), (2, 2))
        self.assertEqual([(b.line, b.column) for b in statement.branches], [(2, 2), (3, 7)])

    def test_closing_next(self) -> None:
        """A loop knows the ``next`` that closes it."""
        statement = parse("for a, b in c do\n  next a, b").body[0]
        assert isinstance(statement, nodes.For)
        self.assertEqual(statement.closing, nodes.Next(2, 3, ("a", "b")))


class ConditionTests(SynchronousTestCase):
    """Texts that are one expression (tables and files reference, 1.7)."""

    def test_equals_sign(self) -> None:
        """``=`` is ``==``, in arguments too."""
        self.assertEqual(written(parse_expression("a = 1 and b == 2")), "(and (== a 1) (== b 2))")
        self.assertEqual(written(parse_expression("f(a = 1)")), "f((== a 1))")
        self.assertEqual(written(parse_expression("a = b != c")), "(!= (== a b) c)")

    def test_line_breaks(self) -> None:
        """Line breaks mean nothing."""
        self.assertEqual(written(parse_expression("\na\n>\n1\n# c")), "(> a 1)")

    def test_reserved_words_as_columns(self) -> None:
        """A column called like a word of statements can be named, if there is one."""
        self.assertEqual(written(parse_expression("next > 1", ["next"])), "(> next 1)")
        self.assertRaises(DataCodeError, parse_expression, "next > 1", ["a"])
        self.assertEqual(written(parse_expression("not a", ["not", "a"])), "(not a)")
