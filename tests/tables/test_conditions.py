"""Conditions over whole columns give what they give row by row."""

from __future__ import annotations

import math
import struct
from operator import truediv
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from datacode.runtime.builtins.registry import BUILTINS
from datacode.runtime.interpreter import Interpreter
from datacode.runtime.operators import modulo, raise_to
from datacode.tables import column_functions, vectorized
from datacode.tables.array_arithmetic import _BLOCK, square
from datacode.tables.column_arithmetic import power, quotient, remainder
from datacode.values import column_storage
from datacode.values.table import Table
from datacode.values.types import Value
from tests.column_tables import table_of_columns
from tests.tables.making import KINDS, NULL, NUMBERS, TableTestCase, contents, quickly, table, typed

NAMES = st.sampled_from(["a", "b", "n", "m", "limit", "word", "flag", "nosuch"])
LITERALS = st.sampled_from(["1", "0", "2.5", "'a'", "'Z'", "true", "null", "-1", "''"])


FUNCTIONS = ["upper", "trim", "len", "abs", "round", "isset", "str", "title", "float", "year"]


def pairs(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Longer expressions out of parts."""
    signs = st.sampled_from(
        ["<", "<=", ">", ">=", "==", "!=", "=", "+", "-", "*", "/", "and", "or", "%", "^"]
    )
    return st.one_of(
        st.tuples(parts, signs, parts).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        parts.map(lambda part: f"not ({part})"),
        parts.map(lambda part: f"-({part})"),
        parts.map(lambda part: f"({part} in [1, 'a', null, 2.5])"),
        parts.map(lambda part: f"({part} not in [0, 'b'])"),
        parts.map(lambda part: f"({part} like '%a%')"),
        parts.map(lambda part: f"({part} matches '^[a-z]')"),
        parts.map(lambda part: f"({part} is not null)"),
        st.tuples(parts, parts, parts).map(
            lambda each: f"({each[0]} between {each[1]} and {each[2]})"
        ),
        st.tuples(parts, parts, parts).map(lambda each: f"if({each[0]}, {each[1]}, {each[2]})"),
        st.tuples(parts, parts, parts).map(
            lambda each: f"case when {each[0]} then {each[1]} else {each[2]} end"
        ),
        st.tuples(st.sampled_from(FUNCTIONS), parts).map(lambda each: f"{each[0]}({each[1]})"),
        parts.map(lambda part: f"round({part}, 1)"),
        parts.map(lambda part: f"contains({part}, 'a')"),
        st.tuples(parts, parts).map(lambda each: f"pad({each[0]}, {each[1]})"),
        st.tuples(parts, parts).map(lambda each: f"date_add({each[0]}, {each[1]}, 'days')"),
        st.tuples(parts, parts).map(lambda each: f"if({each[0]} == {each[1]}, 'x', {each[1]})"),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, LITERALS), pairs, max_leaves=5)


FLOATS = st.one_of(
    st.floats(-1e6, 1e6), st.integers(-1000, 1000).map(float), st.floats(),
    st.sampled_from([2.0, 3.0, 0.5, -0.0, 2.0**53, 7.0]),
)  # fmt: skip


def bits(number: float) -> bytes:
    """A float as it is stored; all NaN alike."""
    return struct.pack("d", math.nan if number != number else number)


class WholeColumnTests(TableTestCase):
    """Long tables of typed columns."""

    def setUp(self) -> None:
        self.interpreter = Interpreter()
        self.addCleanup(self.interpreter.close)
        self.interpreter.run("limit = 1\nword = 'a'\nflag = true\nlist = [1]")

    def result(self, source: Table, call: str, *, whole: bool) -> Any:
        """What a call makes of the table ``t``: its contents, or the error's text."""
        self.interpreter.define("t", source)
        before = column_storage.SHORT
        column_storage.SHORT = -1 if whole else 1 << 60
        try:
            outcome = self.interpreter.run(f"found = {call}")
        finally:
            column_storage.SHORT = before
        if outcome.error is not None:
            return str(outcome.error)
        return contents(self.interpreter.globals_for_export()["found"])

    @quickly
    @given(
        st.lists(
            st.tuples(*[st.one_of(k, NULL) for k in (KINDS[0], KINDS[1])], NUMBERS, NUMBERS),
            max_size=5,
        ),
        EXPRESSIONS,
    )
    def test_same_as_row_by_row(self, rows: list[tuple[Value, ...]], expression: str) -> None:
        """The same rows, or the same error."""
        columns = list(zip(*rows, strict=True)) or [()] * 4
        source = table("a b n m", *map(list, columns), store=typed)
        for call in (
            f'table_query(t, "{expression}")',
            f"table_add_column(t, 'x', expression=\"{expression}\")",
        ):
            self.assertEqual(
                self.result(source, call, whole=True), self.result(source, call, whole=False)
            )

    @quickly
    @given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=20), FLOATS)
    def test_arithmetic_to_the_last_bit(
        self, pairs: list[tuple[float, float]], other: float
    ) -> None:
        """Powers and remainders are those of the language, signs of zeros included."""
        lefts, rights = map(list, zip(*pairs, strict=True))
        for right in (pl.Series(rights, dtype=pl.Float64), other):
            given_rights = rights if isinstance(right, pl.Series) else [other] * len(lefts)
            left = pl.Series(lefts, dtype=pl.Float64)
            found = power(left, right, len(lefts)).to_list()
            self.assertEqual(
                list(map(bits, found)), list(map(bits, map(raise_to, lefts, given_rights)))
            )
            if 0 not in given_rights:
                found = remainder(left, right, len(lefts)).to_list()
                expected = map(bits, map(modulo, lefts, given_rights))
                self.assertEqual(list(map(bits, found)), list(expected))
                found = quotient(left, right).to_list()
                expected = map(bits, map(truediv, lefts, given_rights))
                self.assertEqual(list(map(bits, found)), list(expected))
            self._assert_rounded(lefts, 2.0)

    @quickly
    @given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=20), st.integers(0, 15))
    def test_halves_to_the_last_bit(self, lasts: list[int], digits: int) -> None:
        """Halves of the last place, and the numbers beside them, are rounded as row by row."""
        halves = [float(f"{2 * last + 1}e-{digits}") / 2 for last in lasts]
        printed = [float(f"{last}.5e-{digits}") for last in lasts]
        above = [math.nextafter(number, math.inf) for number in printed]
        below = [math.nextafter(number, -math.inf) for number in printed]
        self._assert_rounded([*halves, *printed, *above, *below, math.nan, -0.3], float(digits))

    @quickly
    @given(
        st.lists(st.integers(0, 1 << 55), min_size=1, max_size=20),
        st.floats(1e-9, 1e9),
        st.integers(0, 1 << 30),
    )
    def test_multiples_to_the_last_bit(self, times: list[int], size: float, fewer: int) -> None:
        """What is left of multiples of the divisor, and of the numbers beside them."""
        exact = [size * each for each in (*times, *(each & fewer for each in times))]
        lefts = [number for e in exact for number in (e, -e, math.nextafter(e, 0), e + size / 3)]
        left = pl.Series(lefts, dtype=pl.Float64)
        expected = [bits(modulo(number, size)) for number in lefts]
        divisors = pl.Series([size]).new_from_index(0, len(lefts))
        for right in (size, divisors):
            found = remainder(left, right, len(lefts)).to_list()
            self.assertEqual(list(map(bits, found)), expected)

    def test_blocks_to_the_last_bit(self) -> None:
        """Columns of several blocks, of numbers that the formulas hold for and of one that they do
        not; what is exact is worked out a block at a time."""
        count = 2 * _BLOCK + 1
        whole = [float(n % 1000 - 100) for n in range(count)]
        for numbers in (
            whole, [n / 8 for n in whole], [n / 100 for n in whole], [n + 0.05 for n in whole],
            [*whole[1:], 0.1], [*whole[1:], -0.0], [*whole[1:], 2.0**60], [*whole[1:], math.nan],
            [*whole[1:], 1e-200], [*whole[1:], 1e160], [0.0] * count,
        ):  # fmt: skip
            left = pl.Series(numbers, dtype=pl.Float64)
            found = power(left, 2.0, count).to_list()
            expected = [raise_to(number, 2.0) for number in numbers]
            self.assertEqual(list(map(bits, found)), list(map(bits, expected)))
            for right in (7.0, 0.3, -2.5):
                found = remainder(left, right, count).to_list()
                expected = [modulo(number, right) for number in numbers]
                self.assertEqual(list(map(bits, found)), list(map(bits, expected)))
            divisors = [float(n % 17 + 1) for n in range(count)]
            found = remainder(left, pl.Series(divisors), count).to_list()
            self.assertEqual(
                list(map(bits, found)), list(map(bits, map(modulo, numbers, divisors)))
            )
            self._assert_rounded(numbers[-2000:], 1.0)
        self.assertIsNotNone(square(pl.Series([3.0, -0.5, 0.0]).to_numpy()))
        self.assertIsNone(square(pl.Series([0.1]).to_numpy()))

    def _assert_rounded(self, numbers: list[float], digits: float) -> None:
        series = pl.Series(numbers, dtype=pl.Float64)
        rounded = column_functions.FUNCTIONS["round"](series, [digits])
        assert rounded is not None
        alone = [BUILTINS["round"].function(number, digits) for number in numbers]
        self.assertEqual(list(map(bits, rounded.to_list())), list(map(bits, alone)))

    def test_it_is_used(self) -> None:
        """Comparisons and computations of typed columns are not done row by row."""
        found = []
        original = vectorized.mask_of

        def watched(*arguments: Any) -> Any:
            found.append(original(*arguments))
            return found[-1]

        from datacode.tables import conditions

        self.patch(conditions, "mask_of", watched)
        source = table("a b n m", [1.0, None], ["x", None], [1.0, 2.0], [3.0, 4.0], store=typed)
        for text in (
            "a > 1 and b == 'x'",
            "n * 2 + m > limit",
            "not (n < m) or a == null",
            "2 <= n",
            "b >= word",
            "n / 2 == m - 1.5",
            "b in ['x', 'y']",
            "a is null or n between 1 and m",
            "b like '%x' or b is null",
            "if(a is null, 0, 1 / a) > 0",
            "case when n > 1 then 'big' else 'small' end = 'big'",
            "case(a is null, '', a > 1, 'x') = 'x'",
            "round(n / 3, 2) > 0.3",
            "b == null or upper(if(b is null, '', b)) = 'X'",
            "`n` + 1 > m",
            "n % 2 == 1 and (m / 3) % n >= 0",
            "n ^ 2 + 2 ^ m > 3",
            "b == b and b != upper(if(b is null, '', b))",
            "b < b or true",
            "pow(n, m) > 3 and true",
        ):
            self.result(source, f'table_query(t, "{text}")', whole=True)
        self.assertEqual([mask is not None for mask in found], [True] * 20)


class RowWordTests(TableTestCase):
    """Words that only conditions have, row by row."""

    def setUp(self) -> None:
        self.interpreter = Interpreter()
        self.addCleanup(self.interpreter.close)
        cells = [["bolt", 3.0, None], ["nut", 8.0, 2.0], ["Pin", None, 1.5]]
        columns = [list(column) for column in zip(*cells, strict=True)]
        self.interpreter.define("t", table_of_columns(["item, full", "n", "in"], columns))

    def value(self, expression: str) -> str:
        """The cells of a column computed by an expression, or the error."""
        self.interpreter.define("text", expression)
        outcome = self.interpreter.run(
            "print(join(table_add_column(t, 'x', expression=text)['x'], ' '))"
        )
        return str(outcome.error) if outcome.error else outcome.output.strip()

    def test_values(self) -> None:
        """What each word gives."""
        self.interpreter.run("wanted = [3, 5]")
        for expression, expected in (
            ("n in [3, 4]", "true false false"),
            ("n NOT IN wanted", "false true true"),
            ("n in wanted and `item, full` like 'b%'", "true false false"),
            ("n between 3 and 5", "true false false"),
            ("n not between 3 and 5 and true", "false true true"),
            ("n between 1 + 1 and 2 * 4 or false", "true true false"),
            ("`item, full` like '_ut'", "false true false"),
            ("`item, full` NOT LIKE '%t'", "false false true"),
            ("`item, full` matches '(?i)^p'", "false false true"),
            ("n is null", "false false true"),
            ("n IS NOT NULL", "true true false"),
            ("not n is null", "true true false"),
            ("not n is not null", "false false true"),
            ("true and not n in [3]", "false true true"),
            ("not not n in [3]", "true false false"),
            ("not n between 1 and 5 or false", "false true true"),
            ("not `item, full` like 'b%'", "false true true"),
            ("(not n) in [false]", "true true false"),
            ("not (n in [3])", "false true true"),
            ("if(n is null, 0, n)", "3 8 0"),
            ("if(n > 5, 'many')", "null many null"),
            ("if(in is null, -1, in)", "-1 2 1.5"),
            ("`in` in [2]", "false true false"),
            ("in in [2]", "false true false"),
            ("case(n > 5, 'b', n > 2, 'a')", "a b null"),
            ("case(n > 5, 'b', n > 2, 'a', 'c')", "a b c"),
            ("case when n > 5 then 'b' when n > 2 then 'a' else 'c' end", "a b c"),
            ("case WHEN n > 5 THEN 'b' END", "null b null"),
            ("case when n between 1 and 5 then 1 else 2 end + 1", "2 3 3"),
            ("if(n is null, if(in > 1, 'x', 'y'), case when n > 5 then 'b' else 'c' end)", "c b x"),
            ("if(n is null or n = 3, 1, 1 / (n - 3))", "1 0.2 1"),
            ("upper(if(n in [3], 'a', 'b'))", "A B B"),
            ("[if(n is null, 0, n)][0] in [3]", "true false false"),
        ):
            self.assertEqual(self.value(expression), expected, expression)

    def test_own_functions_win(self) -> None:
        """A function of the program called ``case`` is called."""
        self.interpreter.run("function case(a, b) do\nreturn b\nendfunction")
        self.assertEqual(self.value("case(n, 'own')"), "own own own")
        self.interpreter.run("function upper(a) do\nreturn 'mine'\nendfunction")
        self.assertEqual(self.value("upper(`item, full`)"), "mine mine mine")

    def test_refused(self) -> None:
        """One sentence for each."""
        for expression, expected in (
            ("`nope` > 1", "Column 'nope' not found"),
            ("if(n)", "It is written if(condition, value, otherwise)"),
            ("if(n, 1, 2, 3)", "It is written if(condition, value, otherwise)"),
            ("case(n)", "It is written case(condition, value, condition, value, ..., otherwise)"),
            ("case when n then 1", "Unexpected token: end of line"),
            ("n in 5", "The operator IN needs an array of values"),
            ("n like 5", "The pattern must be a text, not Number(5.0)"),
            ("n matches 'a'", "matches needs a text, not Number(3.0)"),
            ("`item, full` matches '('", "The regular expression '(' cannot be read"),
            ("n between 'a' and 'b'", "Cannot compare"),
            ("if(" * 60 + "1" + ", 1)" * 60, "Nesting is too deep"),
            ("case when " * 60 + "1", "Nesting is too deep"),
        ):
            self.assertIn(expected, self.value(expression))

    def test_programs_have_no_such_words(self) -> None:
        """Outside of conditions they are errors as before, and names."""
        for program in ("x = 1 in [1]", "x = if(true, 1, 2)", "x = `a`", "x = 1 is null"):
            outcome = self.interpreter.run(program)
            self.assertEqual(str(outcome.error).partition(" ")[0], "Syntax", program)
        outcome = self.interpreter.run("like = 1\ncase = 2\nis = like + case\nprint(is)")
        self.assertEqual(outcome.output, "3\n")

    def test_filters(self) -> None:
        """In all functions that take conditions."""
        for call in (
            "table_filter(t, 'n in [3]')",
            "table_query(t, 'n in [3]')",
            "table_where(t, 'n in [3]')",
            "t['n in [3]']",
            "t['`item, full` = \"bolt\"']",
        ):
            outcome = self.interpreter.run(f"print({call}.idx[0])")
            self.assertEqual(outcome.output, "[bolt, 3, null]\n", (call, str(outcome.error)))
