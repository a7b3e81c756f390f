"""Pictures of numbers, regular expressions, JSON and values at random (builtins reference, 12)."""

from __future__ import annotations

import json
import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.values.types import Currency, Path
from tests.column_tables import table_of_columns
from tests.runtime.builtins.calling import BuiltinTestCase, call_with
from tests.tables.making import quickly


class NumberPictureTests(BuiltinTestCase):
    """``format`` and ``round``."""

    def test_pictures(self) -> None:
        """Decimal marks, grouping, percents, text around them."""
        for number, picture, expected in [
            (1234567.891, "# ##0,00", "1 234 567,89"), (1234567.891, "#,##0.00", "1,234,567.89"),
            (1234567.891, "#\xa0##0,00 ₽", "1\xa0234\xa0567,89 ₽"), (-0.004, "0,00", "0,00"),
            (1234.5, "#,##0", "1,235"), (1234.5, "0,0", "1234,5"), (0.256, "0%", "26%"),
            (7, "000", "007"), (0.5, "#.##", ".5"), (12, "0.##", "12"), (1234.5, "0.0##", "1234.5"),
            (1e21, "# ##0", "1 000 000 000 000 000 000 000"), (math.nan, "0.00", "NaN"),
            (-1234.5, "$#,##0.00", "-$1,234.50"), (1234567, "#.##0,00", "1.234.567,00"),
            (2.675, "0.00", "2.68"), (999.999, "# ##0,00", "1 000,00"), (0, "#", ""),
            (1234567, "#'##0", "1'234'567"), (5, "№ 0000", "№ 0005"), (math.inf, "0", "inf"),
        ]:  # fmt: skip
            self.assertGives(expected, "format", number, picture)

    def test_bad_pictures(self) -> None:
        """What has no digits, digits twice, or two kinds of grouping is refused."""
        for picture in ("", "abc", "0 руб 00 коп", "0#", "#0.#0", "# #,##0.00", "0" * 101):
            self.assertIn("is no picture of a number", self.failure("format", 1, picture))
        self.assertIn("expected Number", self.failure("format", "1", "0"))

    @quickly
    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-5, 5))
    def test_round(self, number: float, digits: int) -> None:
        """As a person rounds the printed digits."""
        exact = Decimal(repr(number)).as_tuple()
        shifted = Decimal((exact.sign, exact.digits, int(exact.exponent) + digits))
        whole = Decimal(f"{shifted:f}".partition(".")[0])
        tenth = f"{shifted:f}".partition(".")[2][:1] or "0"
        if tenth >= "5":
            whole += -1 if number < 0 else 1
        self.assertEqual(self.call("round", number, digits), float(f"{whole}e{-digits}"))
        self.assertEqual(
            self.call("round", float(number)),
            float(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP)) if abs(number) < 1e9 else
            self.call("round", number),
        )  # fmt: skip

    def test_round_keeps_what_has_no_decimals(self) -> None:
        """Infinities, huge numbers of digits, digits with a fraction."""
        self.assertGives(math.inf, "round", math.inf, 2)
        self.assertGives(0.1, "round", 0.1, 1e9)
        self.assertGives(0, "round", 123, -1e9)
        self.assertIn("must be a whole number", self.failure("round", 1, 0.5))


class RegularExpressionTests(BuiltinTestCase):
    """``regex_find``, ``regex_all``, ``regex_replace``, ``regex_match``."""

    def test_finding(self) -> None:
        """Parts, groups, nothing."""
        self.assertGives("2024", "regex_find", "n 2024-117", "[0-9]+")
        self.assertGives("117", "regex_find", "n 2024-117", "([0-9]+)-([0-9]+)", 2)
        self.assertGives(None, "regex_find", "none", "[0-9]+")
        self.assertGives(["3", "12"], "regex_all", "3 bolts, 12 nuts", r"\d+")
        self.assertGives([], "regex_all", "", r"\d+")
        self.assertGives(True, "regex_match", "ИНН 7701", r"(?i)инн\s+\d{4}$")
        self.assertGives("12.24", "regex_replace", "31.12.24", r"^(\d\d)\.", "")
        self.assertGives("b-a", "regex_replace", "a-b", "(a)-(b)", "$2-$1")

    def test_group_and_letters(self) -> None:
        """``$1`` ends where the digits end; ``$$`` is a dollar sign."""
        self.assertGives("5руб", "regex_replace", "5", "(5)", "$1руб")
        self.assertGives("$5", "regex_replace", "5", "(5)", "$$$1")
        self.assertGives("$ 5", "regex_replace", "5", "(5)", "$ $1")

    def test_refused(self) -> None:
        """What the engine cannot do in linear time, and what would be too large."""
        for pattern in ("(", r"(a)\1", "(?=a)", "[z-a]"):
            self.assertIn("cannot be read", self.failure("regex_find", "a", pattern))
        for pattern in ("(a{1000}){1000}", "x" * 1001, r"((\d{30}){30}){30}", "[[a]]{9000}"):
            self.assertIn("too large", self.failure("regex_match", "a" * 20000, pattern))
        self.assertIn("no group 3: it has 1", self.failure("regex_replace", "a", "(a)", "$3"))
        self.assertIn("no group 2: it has 1", self.failure("regex_find", "a", "(a)", 2))
        self.assertIn("half a character", self.failure("regex_find", "\ud800", "a"))
        self.assertIn("half a character", self.failure("regex_match", "a", "\ud800"))

    def test_sizes_are_checked_first(self) -> None:
        """Many matches, and long texts for each of them."""
        self.host.memory_limit = 10_000
        self.assertIn("too large", self.failure("regex_all", "a" * 2000, "a"))
        self.assertIn("too large", self.failure("regex_replace", "a" * 2000, "a", "bcdef"))
        self.assertIn("too large", self.failure("regex_replace", "a" * 2000, "a+", "$0$0"))

    def test_time_is_linear(self) -> None:
        """What takes other engines for ever."""
        self.assertGives(False, "regex_match", "a" * 5000, "(a+)+$b")


class JsonTests(BuiltinTestCase):
    """``json_parse`` and ``json_text``."""

    values = st.recursive(
        st.none() | st.booleans() | st.text(max_size=5) | st.floats(-1e9, 1e9),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=12,
    )

    @quickly
    @given(values, st.sampled_from([0, 2]))
    def test_there_and_back(self, value: Any, indent: int) -> None:
        """The text is JSON, and what is read is what was written."""
        text = self.call("json_text", value, indent)
        self.assertEqual(json.loads(text), value)
        self.assertEqual(self.call("json_parse", text), value)

    def test_what_json_does_not_have(self) -> None:
        """Tables, money, paths; NaN is null."""
        source = table_of_columns(["a", "b"], [[1.0], ["x"]])
        self.assertGives('[{"a": 1, "b": "x"}]', "json_text", source)
        self.assertGives("[1]", "json_text", source.column_named("a"))
        self.assertGives(
            '["$5", "a/b", null]', "json_text", [Currency("$5"), Path("a/b"), math.nan]
        )
        repeated = table_of_columns(["a", "a"], [[1.0], [2.0]])
        self.assertIn("one name", self.failure("json_text", repeated))

    def test_numbers(self) -> None:
        """All are numbers but whole ones that would lose digits."""
        self.assertGives(
            [1, 1000, "12345678901234567891", 1e300, 9007199254740994],
            "json_parse",
            "[1, 1e3, 12345678901234567891, 1e300, 9007199254740994]",
        )

    def test_refused(self) -> None:
        """With the place."""
        self.assertIn("line 2, column 3", self.failure("json_parse", "[1,\n  x]"))
        self.assertIn("it has NaN", self.failure("json_parse", "[NaN]"))
        self.assertIn("deeper than 500", self.failure("json_parse", "[" * 501))
        self.assertIn("deeper than 500", self.failure("json_parse", '{"a":' * 100_000))
        self.assertGives("[" * 600, "json_parse", '"' + "[" * 600 + '"')

    def test_shared_parts(self) -> None:
        """A value that shares its parts to such a degree that its text would not fit."""
        self.host.memory_limit = 1_000_000
        value: list[Any] = ["abc"]
        for _ in range(60):
            value = [value, value]
        error = self.assertRaises(DataCodeError, call_with, self.host, "json_text", [value], {})
        self.assertIn("too large", str(error))
        deep: list[Any] = []
        for _ in range(510):
            deep = [deep]
        error = self.assertRaises(DataCodeError, call_with, self.host, "json_text", [deep], {})
        self.assertIn("deeper than 500", str(error))


class RandomTests(BuiltinTestCase):
    """``random`` and ``random_choice``."""

    def test_seeds(self) -> None:
        """The same with the same seed, in all versions."""
        self.assertGives(0.35258858106537283, "random", seed=5)
        self.assertEqual(self.call("random", 1, 7, seed="x"), self.call("random", 1, 7, seed="x"))
        self.assertTrue(all(1 <= self.call("random", 1, 7) < 7 for _ in range(100)))
        self.assertIn("below high", self.failure("random", 3, 3))
        self.assertIn("seed must be", self.failure("random", seed=[1]))

    def test_choice(self) -> None:
        """Different places, each at most once."""
        chosen = self.call("random_choice", [1, 2, 3, 4], 4)
        self.assertEqual(sorted(chosen), [1, 2, 3, 4])
        self.assertIn(self.call("random_choice", ["a", "b"]), ["a", "b"])
        self.assertEqual(
            self.call("random_choice", list(range(50)), 5, seed=1),
            self.call("random_choice", list(range(50)), 5, seed=1),
        )
        self.assertIn("the array has 0", self.failure("random_choice", []))
        self.assertIn("the array has 1", self.failure("random_choice", [1], 2))


class TextTests(BuiltinTestCase):
    """``pad``, ``repeat``, ``title``, ``chr``, ``ord``."""

    def test_pad(self) -> None:
        """To either side, never cut."""
        self.assertGives("007", "pad", 7, 3, "0")
        self.assertGives("ab..", "pad", "ab", 4, ".", side="right")
        self.assertGives("abc", "pad", "abc", 2)
        self.assertIn("one character", self.failure("pad", "a", 3, "ab"))
        self.assertIn("side must be", self.failure("pad", "a", 3, " ", "middle"))
        self.assertIn("too large", self.failure("pad", "a", 1e15))

    def test_repeat(self) -> None:
        """Nothing too large, nothing negative."""
        self.assertGives("ababab", "repeat", "ab", 3)
        self.assertGives("", "repeat", "", 1e18)
        self.assertIn("negative", self.failure("repeat", "a", -1))
        self.assertIn("too large", self.failure("repeat", "a", 1e15))

    def test_title(self) -> None:
        """Words of both scripts, with hyphens and apostrophes."""
        self.assertGives("Иванов-Петров И.О.", "title", "ИВАНОВ-петров и.о.")
        self.assertGives("O'neil 3rd", "title", "o'NEIL 3RD")

    def test_characters(self) -> None:
        """There and back; half of a character is none."""
        self.assertGives("\xa0", "chr", 160)
        self.assertGives(160, "ord", "\xa0x")
        for number in (-1, 0x110000, 0xD800):
            self.assertIn("no character", self.failure("chr", number))
        self.assertIn("empty", self.failure("ord", ""))
