"""Every syntax error at its place, and texts of every size and depth."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, Kind
from datacode.language.syntax import nodes
from datacode.language.syntax.lexer import RESERVED_WORDS
from datacode.language.syntax.nesting_limits import MAX_NESTING
from datacode.language.syntax.parser import parse, parse_expression
from tests.language.trees import tree, written

BLOCKS = ("if a do\n", "endif\n", "for a in b do\n", "next a\n", "try\n", "endtry\n", "\n", "\n")
SAMPLE = [*RESERVED_WORDS, *BLOCKS, *"ab1,.=()[]{}:+-*!^", "'s'", "f(", "==", '"""']
"""Tokens and lines from which random texts are made."""


class Failing(SynchronousTestCase):
    """Tests of texts that have an error."""

    def assert_error(self, text: str, line: int, column: int, message: str) -> DataCodeError:
        """Parsing fails at that place with that message."""
        error = self.assertRaises(DataCodeError, parse, text)
        self.assertIs(error.kind, Kind.SYNTAX)
        self.assertEqual((error.line, error.column, error.text), (line, column, message))
        return error

    def assert_unexpected(self, text: str, line: int, column: int, token: str) -> None:
        """The token cannot continue the program."""
        error = self.assert_error(text, line, column, f"Unexpected token: {token}")
        self.assertFalse(error.incomplete)

    def assert_incomplete(self, text: str, line: int, column: int, message: str) -> None:
        """The text stops too early."""
        self.assertTrue(self.assert_error(text, line, column, message).incomplete)


class UnexpectedTests(Failing):
    """``Unexpected token: T`` (language reference, 9.4)."""

    def test_examples(self) -> None:
        """The examples of the reference."""
        self.assert_unexpected("a = 1 +", 1, 8, "end of line")
        self.assert_unexpected("print(1e5)", 1, 8, "e5")
        self.assert_unexpected("a = b = 5", 1, 7, "=")
        self.assert_error("x = 5; y = 6", 1, 6, "Unexpected character ';'")
        error = self.assert_error("5 = x", 1, 3, "Invalid assignment")
        self.assertEqual(str(error), "Syntax Error at line 1, column 3: Invalid assignment")

    def test_tokens_as_written(self) -> None:
        """Strings with their quotes, numbers and operators as in the text."""
        for token in ("'a \"b\"'", '""', "007.", "endif", ":", "catch", "цена", "{"):
            self.assert_unexpected(f"a {token}", 1, 3, token)

    def test_strings_of_several_lines(self) -> None:
        """The place is where the string begins."""
        self.assert_unexpected("a 'b\nc'", 1, 3, "'b\nc'")

    def test_end_of_line(self) -> None:
        """The place is behind the last character, be it of a comment."""
        self.assert_unexpected("a =   # c\nb", 1, 10, "end of line")
        self.assert_unexpected("a =\r\nb", 1, 4, "end of line")
        self.assert_unexpected('a = """\n\n"""', 3, 4, "end of line")
        self.assert_unexpected("throw", 1, 6, "end of line")
        self.assert_unexpected("if a\nendif", 1, 5, "end of line")

    def test_nothing_continues_a_line(self) -> None:
        """An operator at the end of a line does not."""
        self.assert_unexpected("a = 1 +\n2", 1, 8, "end of line")
        self.assert_unexpected("a = 1\n+ 2", 2, 1, "+")

    def test_blocks_need_their_own_word(self) -> None:
        """The closing word of another block, or one without a block."""
        self.assert_unexpected("for a in b do\nendif", 2, 1, "endif")
        self.assert_unexpected("if a do\nendtry", 2, 1, "endtry")
        self.assert_unexpected("try\nelse", 2, 1, "else")
        self.assert_unexpected("endif", 1, 1, "endif")
        self.assert_unexpected("next a", 1, 1, "next")
        self.assert_unexpected("function f() do\nnext a\nendfunction", 2, 1, "next")
        self.assert_unexpected("if a do\nelse\nelse\nendif", 3, 1, "else")
        self.assert_unexpected("try\nfinally\ncatch\nendtry", 3, 1, "catch")

    def test_one_statement_a_line(self) -> None:
        """A line break must follow statements and the words of blocks."""
        self.assert_unexpected("if a do b", 1, 9, "b")
        self.assert_unexpected("endfunction x", 1, 1, "endfunction")
        self.assert_unexpected("if a do\nelse b\nendif", 2, 6, "b")
        self.assert_unexpected("try x", 1, 5, "x")

    def test_reserved_words_are_no_names(self) -> None:
        """Neither variables nor functions nor parameters."""
        self.assert_unexpected("then = 1", 1, 1, "then")
        self.assert_unexpected("function if() do\nendfunction", 1, 10, "if")
        self.assert_unexpected("function f(in) do\nendfunction", 1, 12, "in")
        self.assert_unexpected("for in in b do", 1, 5, "in")
        self.assert_unexpected("f(do = 1)", 1, 3, "do")

    def test_brackets_do_not_match(self) -> None:
        """A closing bracket of another kind, or one too many."""
        self.assert_unexpected("a = (1]", 1, 7, "]")
        self.assert_unexpected("a = 1)", 1, 6, ")")
        self.assert_unexpected("a = [1, 2)\nb", 1, 10, ")")
        self.assert_unexpected("a = (\nb c\n)", 2, 3, "c")

    def test_definitions_stand_at_the_top(self) -> None:
        """Not in blocks or functions; the error is at the word ``function``."""
        self.assert_unexpected("if a do\n local function f() do", 2, 8, "function")
        self.assert_unexpected("for a in b do\nfunction f() do", 2, 1, "function")

    def test_what_there_is_not(self) -> None:
        """Compound assignment, default values, unary plus, scoped elements."""
        self.assert_unexpected("a += 1", 1, 4, "=")
        self.assert_unexpected("function f(a = 1) do", 1, 14, "=")
        self.assert_unexpected("a = +1", 1, 5, "+")
        self.assert_unexpected("global a[0] = 1", 1, 9, "[")
        self.assert_unexpected("f(1)(2)", 1, 5, "(")
        self.assert_unexpected("a.b(1)", 1, 5, "1")
        self.assert_unexpected("a = [,]", 1, 6, ",")
        self.assert_unexpected("f(,)", 1, 3, ",")
        self.assert_unexpected("a.1", 1, 3, "1")
        self.assert_unexpected("function f(a,) do", 1, 14, ")")


class IncompleteTests(Failing):
    """What is fine as far as it goes."""

    def test_missing_words(self) -> None:
        """The innermost open block, at its first word."""
        self.assert_incomplete("if a do", 1, 1, "Missing 'endif' in if statement")
        self.assert_incomplete("for a, b in c do\n", 1, 1, "Missing 'next a' in for loop")
        self.assert_incomplete("\n try", 2, 2, "Missing 'endtry' in try statement")
        message = "Missing 'endfunction' in function definition"
        self.assert_incomplete("global function f() do\na", 1, 8, message)
        self.assert_incomplete("function f() do", 1, 1, message)

    def test_innermost_block(self) -> None:
        """Blocks that are closed do not count, nor words as keys and members."""
        text = "try\nfor a in b do\nif a do\nendif\nx = {if: a.try}\n"
        self.assert_incomplete(text, 2, 1, "Missing 'next a' in for loop")
        self.assert_incomplete(text + "next a", 1, 1, "Missing 'endtry' in try statement")

    def test_first_if(self) -> None:
        """An ``if`` is named by its first ``if``, whichever branch is open."""
        for rest in ("else if b do", "else if b do\nelse if c do\nd", "else", "else do\n"):
            text = f"x\n  if a do\n  {rest}"
            self.assert_incomplete(text, 2, 3, "Missing 'endif' in if statement")

    def test_clauses_of_try(self) -> None:
        """A ``try`` is open in every clause."""
        for rest in ("catch", "catch e\na", "finally", "catch\nfinally"):
            self.assert_incomplete(f"try\n{rest}", 1, 1, "Missing 'endtry' in try statement")

    def test_open_brackets_come_first(self) -> None:
        """At the end of the text a bracket is more inside than any block."""
        self.assert_incomplete("if a do\nf(1,", 2, 2, "Unclosed '('")
        self.assert_unexpected("if (a do", 1, 7, "do")
        self.assert_incomplete("x = {a: [1,\n", 1, 9, "Unclosed '['")

    def test_strings_and_comments(self) -> None:
        """Their own errors, at the opening quote."""
        self.assert_incomplete("a = 'b", 1, 5, "Unterminated string")
        self.assert_incomplete('if a do\n  """', 2, 3, "Unclosed multiline comment")


class OrderTests(Failing):
    """The error found first in the text is reported."""

    def test_grammar_before_later_characters(self) -> None:
        """A wrong token before a wrong character, and the other way round."""
        self.assert_unexpected("a b $ 'c", 1, 3, "b")
        self.assert_error("a $ b c", 1, 3, "Unexpected character '$'")
        self.assert_unexpected("f(1 2", 1, 5, "2")

    def test_checks_come_last(self) -> None:
        """What is checked afterwards comes after every error of the grammar."""
        self.assert_unexpected("break\nreturn\n5 = x\nendif", 4, 1, "endif")
        self.assert_error("break\n5 = x", 1, 1, "break statement must be inside a loop")

    def test_multiline(self) -> None:
        """An error knows whether its text has more than one line."""
        for check in (parse, parse_expression):
            self.assertFalse(self.assertRaises(DataCodeError, check, "a = = 1\n").multiline)
            self.assertTrue(self.assertRaises(DataCodeError, check, "\na = = 1").multiline)


class ArgumentTests(Failing):
    """``Positional arguments cannot follow named arguments``."""

    MESSAGE = "Positional arguments cannot follow named arguments"

    def test_place(self) -> None:
        """The place is the argument, however it begins."""
        for argument in ("2", "'x'", "true", "-1", "not a", "!a", "(b)", "[1]", "{}", "*c", "b",
                         "b[0]", "b.c", "b + 1", "b == 1", "g(1)", "b and c"):  # fmt: skip
            self.assert_error(f"f(a = 1, {argument})", 1, 10, self.MESSAGE)
            self.assert_error(f"f(0, a = 1, b = 2, {argument}, c)", 1, 20, self.MESSAGE)

    def test_other_errors(self) -> None:
        """What is no argument at all is just unexpected."""
        self.assert_unexpected("f(a = 1, b c)", 1, 12, "c")
        self.assert_unexpected("f(a = 1, if)", 1, 10, "if")
        self.assert_unexpected("f(a = 1, ,)", 1, 10, ",")
        self.assert_error("f(a = 1, 2 3", 1, 10, self.MESSAGE)

    def test_calls_inside(self) -> None:
        """Each call has its own order of arguments."""
        self.assertEqual(tree("f(g(a = 1), 2)"), "f(g(a=1) 2)")
        self.assert_error("f(1, g(a = 1, 2))", 1, 15, self.MESSAGE)


class ConditionTests(Failing):
    """Errors in the conditions of row filters."""

    def assert_refused(self, text: str, line: int, column: int, message: str) -> None:
        """The text is no expression."""
        error = self.assertRaises(DataCodeError, parse_expression, text)
        self.assertEqual((error.line, error.column, error.text), (line, column, message))

    def test_errors(self) -> None:
        """Places count in the condition's own text; an equals sign is shown as written."""
        self.assert_refused("a >", 1, 4, "Unexpected token: end of line")
        self.assert_refused("", 1, 1, "Unexpected token: end of line")
        self.assert_refused("a > 1 b", 1, 7, "Unexpected token: b")
        self.assert_refused("a == = 1", 1, 6, "Unexpected token: =")
        self.assert_refused("a\n$", 2, 1, "Unexpected character '$'")
        self.assert_refused("(a", 1, 1, "Unclosed '('")
        self.assert_refused("return 1", 1, 1, "Unexpected token: return")


class NestingTests(Failing):
    """Depth and size (language reference, section 12)."""

    def assert_too_deep(self, text: str, line: int, column: int) -> None:
        """The token there goes too far."""
        self.assert_error(text, line, column, "Nesting is too deep")

    def test_at_least_200(self) -> None:
        """Two hundred blocks of each kind, and in them two hundred levels of an expression."""
        for opening, closing in (("if a do\n", "endif\n"), ("for a in b do\n", "next a\n"),
                                 ("try\n", "endtry\n"), ("if a do\nelse\n", "endif\n"),
                                 ("try\ncatch\n", "endtry\n")):  # fmt: skip
            for left, right in (("(", ")"), ("[", "]"), ("{if:", "}"), ("f(1 + ", ")"), ("a[", "]"),
                                ("-", ""), ("not (a == ", ")"), ("2 ^ ", "")):  # fmt: skip
                deep = left * 200 + "1" + right * 200
                text = opening * 200 + f"x = {deep}\n" + closing * 200
                self.assertEqual(len(parse(text).body), 1)

    def test_the_limit(self) -> None:
        """As many levels as the limit are fine; the token that opens the next one is too much."""
        for left, right in (("(", ")"), ("-", ""), ("a[", "]"), ("a^", ""), ("f(", ")")):
            whole = left * MAX_NESTING + "a" + right * MAX_NESTING
            parse(whole)
            column = (MAX_NESTING + 1) * len(left)  # the last character of ``left``
            self.assert_too_deep(left + whole + right, 1, column)

    def test_blocks(self) -> None:
        """A block that goes too far is reported at its word."""
        self.assert_too_deep("if a do\n" * 100_000, MAX_NESTING + 1, 1)
        self.assert_too_deep("for a in b do\n" * 100_000, MAX_NESTING + 1, 1)
        self.assert_too_deep("try\ncatch\n" * 100_000, MAX_NESTING * 2 + 1, 1)

    def test_else(self) -> None:
        """What stands in an ``else`` is inside it, closed or not."""
        for blocks in ("if a do\nelse\n", "if a do\nelse do\n"):
            parse(blocks * (MAX_NESTING - 1) + "endif\n" * (MAX_NESTING - 1))
            self.assert_too_deep(blocks * 100_000, MAX_NESTING * 2 + 1, 1)
            self.assert_too_deep(blocks * 100_000 + "endif\n" * 100_000, MAX_NESTING * 2 + 1, 1)

    def test_brackets(self) -> None:
        """A hundred thousand open brackets, with or without the closing ones."""
        for bracket in "([{":
            text = bracket * 100_000 if bracket != "{" else "{a:" * 100_000
            column = MAX_NESTING + 1 if bracket != "{" else MAX_NESTING * 3 + 1
            self.assert_too_deep(text, 1, column)
        self.assert_too_deep("(" * 100_000 + ")" * 100_000, 1, MAX_NESTING + 1)

    def test_long_postfix_chains(self) -> None:
        """An index or member too many; parentheses do not hide the depth of what is inside."""
        for step in ("[0]", ".b", ".b()"):
            parse("a" + step * MAX_NESTING)
            self.assert_too_deep("a" + step * 100_000, 1, 2 + len(step) * MAX_NESTING)
        half = MAX_NESTING // 2
        parse(f"(a{'.b' * (half - 1)}){'.b' * half}")
        self.assert_too_deep(f"(a{'.b' * half}){'.b' * half}", 1, 2 * MAX_NESTING + 2)

    def test_depth_of_arguments(self) -> None:
        """A deep argument in deep brackets is too deep, although neither is alone."""
        chain = "a" + ".b" * (MAX_NESTING - 100)
        parse("[" * 100 + chain + "]" * 100)
        self.assert_too_deep("[" * 101 + chain + "]" * 101, 1, 1)

    def test_long_chains_of_operators(self) -> None:
        """Operators of one level nest on the left only and may be as many as you like."""
        for operator in ("+", "-", "*", "and", "or", "==", "<"):
            node = parse_expression(f" {operator} ".join(["a"] * 20_000))
            depth = 0
            while isinstance(node, (nodes.Binary, nodes.Logical)):
                node, depth = node.left, depth + 1
            self.assertEqual(depth, 19_999)

    def test_long_flat_texts(self) -> None:
        """Length is no depth: branches, elements, arguments, statements, keys that are words."""
        many = 20_000
        program = parse("if a do\n" + "else if a do\nb\n" * many + "endif")
        self.assertEqual(len(program.body[0].branches), many + 1)  # type: ignore[union-attr]
        parse("x = [" + "(1), " * many + "]")
        parse("f(" + "-a, " * many + "b = 1)")
        parse("x = {" + "if: 1, " * many + "}")
        parse("a.for\n" * many)
        parse("function f() do\nif a[0] do\nendif\nendfunction\n" * 2000)
        parse("for a, b in c do\ntry\nif a do\nnext a\nendif\ncatch e\nendtry\nnext a, b\n" * 2000)

    def test_long_lines(self) -> None:
        """A megabyte in one token."""
        million = 1_000_000
        parse(f"{'x' * million} = '{'y' * million}' + {'1' * million} # {'z' * million}")
        self.assert_unexpected("a " + "x" * million, 1, 3, "x" * 199 + "…")
        self.assert_incomplete("'" + "x" * million, 1, 1, "Unterminated string")


class AnyTextTests(SynchronousTestCase):
    """No text makes the parser fail in another way than it should."""

    def assert_sane(self, text: str) -> None:
        """A tree, or one syntax error at a place in the text."""
        for read in (parse, parse_expression):
            try:
                read(text)
            except DataCodeError as error:
                self.assertIs(error.kind, Kind.SYNTAX)
                lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
                line, column = error.line or 0, error.column or 0
                self.assertTrue(1 <= line <= len(lines))
                self.assertTrue(1 <= column <= len(lines[line - 1]) + 1)
                str(error).encode()

    @settings(max_examples=500, deadline=None, database=None)
    @given(st.text())
    def test_any_characters(self, text: str) -> None:
        """Characters of any kind."""
        self.assert_sane(text)

    @settings(max_examples=1000, deadline=None, database=None)
    @given(st.lists(st.sampled_from(SAMPLE), max_size=25))
    def test_any_tokens(self, tokens: list[str]) -> None:
        """Tokens in any order."""
        self.assert_sane(" ".join(tokens))

    def test_odd_names(self) -> None:
        """Names that mean something to Python mean nothing here."""
        self.assertEqual(written(parse_expression("__class__.__mro__[0]")),
                         "(at (member __class__ __mro__) 0)")  # fmt: skip
