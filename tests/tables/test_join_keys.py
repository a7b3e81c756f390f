"""Keys that only look alike are told (builtins reference, 10)."""

from __future__ import annotations

from typing import Any

from datacode.i18n.message import Message
from datacode.plans.nodes import JoinKind
from datacode.tables.asof import Direction, asof_join
from datacode.tables.join import SUFFIXES, compared_join, equal_join
from datacode.tables.keyed_join import keyed_join
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import TableTestCase, mixed, typed


class JoinKeyTests(TableTestCase):
    """Joins of texts with numbers, and of texts that differ by zeros or spaces."""

    def setUp(self) -> None:
        self.warnings: list[Message] = []

    def join(
        self, left: list[Value], right: list[Value], how: JoinKind = JoinKind.INNER
    ) -> list[Any]:
        """The keys that a join pairs, and the codes and parameters of its warnings, both ways."""

        def work(store: Any) -> list[Any]:
            self.warnings = []
            one = Table(["code"], [store(left)], len(left))
            other = Table(["id"], [store(right)], len(right))
            warn = self.warnings.append
            found = equal_join(one, other, [("code", "id")], how, lambda _: None, warn=warn)
            return [list(found.rows()), self.warnings]

        plain = work(mixed)
        self.assertEqual(self.by_polars(lambda: work(typed)), plain)
        return plain

    def keyed_join(
        self, left: list[Value], right: list[Value], how: JoinKind = JoinKind.INNER
    ) -> Table:
        """The same by ``table_join``."""
        self.warnings = []
        one = Table(["code"], [mixed(left)], len(left))
        other = Table(["id"], [mixed(right)], len(right))
        return keyed_join(
            *(one, other, [("code", "id")], how, lambda _: None),
            suffixes=SUFFIXES,
            warn=self.warnings.append,
        )

    def test_keyed_join(self) -> None:
        """``table_join`` compares as the other joins do: numbers by value, dates by the day."""
        found = self.keyed_join([7.0, 8.0], ["007", "008"])
        self.assertEqual(list(found.rows()), [[7.0], [8.0]])
        self.assertEqual([each.code for each in self.warnings], ["number_key_with_text_key"])
        found = self.keyed_join(["31.12.2025", "1.12.2025"], ["2025-12-31", "2025-12-01 10:00"])
        self.assertEqual(list(found.rows()), [["31.12.2025"], ["1.12.2025"]])

    def test_several_kinds(self) -> None:
        """Codes of which some have become numbers."""
        for left, right, codes in (
            ([17.0, "A1"], ["0017", "A1"], ["key_is_number_and_text"]),
            ([17.0, "A1"], ["17", "A1"], ["key_is_number_and_text"]),
            (["0017", "A1"], [17.0, "A1"], ["key_is_number_and_text"]),
            ([17.0, "A1", None, True], [17.0, "A1"], []),
            (["\ud800", "A1"], ["A1"], []),
        ):
            rows, warnings = self.join(list(left), list(right))
            self.assertEqual(rows[-1], ["A1", "A1"])
            self.assertEqual([each.code for each in warnings], codes)

    def test_long_numbers(self) -> None:
        """A text of more digits than a number keeps is no number."""
        rows, (warning,) = self.join([4.0702810900000012e19], ["40702810900000012345"])
        self.assertEqual((rows, warning.code), ([], "numbers_never_equal_texts"))

    def test_numbers_and_texts(self) -> None:
        """They are compared by value where the texts are different numbers."""
        for left, right in (([7.0, 8.0], ["007", "008"]), (["007", "008"], [7.0, 8.0])):
            rows, warnings = self.join(list(left), list(right))
            self.assertEqual(rows, [[left[0], right[0]], [left[1], right[1]]])
            (warning,) = warnings
            self.assertEqual(warning.code, "number_key_with_text_key")
            self.assertEqual(warning.value("text"), "007")
        rows, (warning,) = self.join([7.0, None], ["7", "x", None])
        self.assertEqual(rows, [[7.0, "7"]])

    def test_ambiguous_texts(self) -> None:
        """Of two texts for one number neither is it."""
        for texts in (["7", "007"], ["a", "b"]):
            rows, (warning,) = self.join([7.0, 8.0], list(texts))
            self.assertEqual(rows, [])
            self.assertEqual(warning.code, "numbers_never_equal_texts")
            self.assertEqual((warning.value("left"), warning.value("right")), ("code", "id"))

    def test_lost_zeros_and_spaces(self) -> None:
        """A key that finds nothing is told, if another is it but for zeros or spaces."""
        for left, right in (
            (["007", "8"], ["7", "8"]), (["7", "8"], ["007", "8"]), (["A1 ", "8"], ["A1", "8"]),
            (["A1", "8"], ["\xa0A1", "8"]), (["0", "8"], ["00", "8"]),
        ):  # fmt: skip
            for how in (
                JoinKind.INNER,
                JoinKind.LEFT,
                JoinKind.RIGHT,
                JoinKind.FULL,
                JoinKind.SEMI,
                JoinKind.ANTI,
            ):
                rows, (warning,) = self.join(list(left), list(right), how)
                self.assertEqual(warning.code, "keys_look_alike", (left, right))
                self.assertEqual(
                    (warning.value("one"), warning.value("other")), (left[0], right[0])
                )
                self.assertEqual("8" in [row[0] for row in rows], how is not JoinKind.ANTI)
                again = self.warnings
                self.keyed_join(list(left), list(right), how)
                self.assertEqual(self.warnings, again)

    def test_written_otherwise(self) -> None:
        """A key that finds nothing is told, if another looks the same to people."""
        for one, other, difference in (
            ("ООО Ромашка", "ооо ромашка", "differ_by_case"), ("a1", "A1", "differ_by_case"),
            ("Королёв", "Королев", "differ_by_yo"), ("ЁЛКИН", "ЕЛКИН", "differ_by_yo"),
            ("АВС-12", "ABC-12", "differ_by_letters"), ("Mосква", "Москва", "differ_by_letters"),
            ("ООО Ромашка", "ООО\xa0Ромашка", "differ_by_signs"),
            ("ООО  Ромашка", "ООО Ромашка", "differ_by_signs"),
            ("ООО «Роза»", 'ООО "Роза"', "differ_by_signs"), ("А–1", "А-1", "differ_by_signs"),
            ("Иван\u200b", "Иван", "differ_by_signs"),
            ("Андреи\u0306", "Андрей", "differ_by_signs"),
            ("ЗАО\u202f«Ёж»", 'зао "еж"', "differ_by_several"),
        ):  # fmt: skip
            for left, right in (([one, "8"], [other, "8"]), ([other, "8"], [one, "8"])):
                for how in (JoinKind.INNER, JoinKind.FULL, JoinKind.ANTI):
                    _, (warning,) = self.join(list(left), list(right), how)
                    told = [warning.value(name) for name in ("one", "other", "left", "right")]
                    self.assertEqual(warning.code, "keys_look_the_same")
                    self.assertEqual(told, [left[0], right[0], "code", "id"])
                    found = warning.params["difference"]
                    self.assertEqual(getattr(found, "code", None), difference, left)
                    again = self.warnings
                    self.keyed_join(list(left), list(right), how)
                    self.assertEqual(self.warnings, again)
        for left, right in ((["a", "A"], ["A", "a"]), (["ёж", "кот"], ["кит", None])):
            self.assertEqual(self.join(list(left), list(right))[1], [])

    def test_far_down(self) -> None:
        """Of a long table the first rows are looked at for other ways to write a key, and all for
        zeros and spaces."""
        far = [f"n{number}" for number in range(100_000)]
        for keys, told in (
            (["ИВАН", *far], "keys_look_the_same"), ([*far, "ИВАН"], None),
            ([*far, "Иван "], "keys_look_alike"),
        ):  # fmt: skip
            for store in (mixed, typed):
                self.warnings = []
                one = Table(["code"], [store(["Иван"])], 1)
                other = Table(["id"], [store(list(keys))], len(keys))
                equal_join(
                    *(one, other, [("code", "id")], JoinKind.LEFT, lambda _: None),
                    warn=self.warnings.append,
                )
                codes = [each.code for each in self.warnings]
                self.assertEqual(codes, [told] if told else [])

    def test_nearest_in_groups(self) -> None:
        """The groups of ``asof_join`` are keys, too."""
        one = Table(["day", "name"], [mixed([2.0, 3.0]), mixed(["Иван", "Пётр"])], 2)
        other = Table(["day", "name"], [mixed([1.0, 1.0]), mixed(["Иван", "Петр"])], 2)
        both, by = ("day", "day"), [("name", "name")]
        found = asof_join(one, other, both, by, Direction.BACKWARD, warn=self.warnings.append)
        self.assertEqual(list(found.rows())[1], [3.0, "Пётр", None, None])
        (warning,) = self.warnings
        self.assertEqual((warning.value("one"), warning.value("other")), ("Пётр", "Петр"))

    def test_half_of_a_surrogate_pair(self) -> None:
        """A text that a column of Polars cannot hold is like none in it."""

        def work() -> Table:
            one = Table(["code"], [mixed(["\ud800", "7"])], 2)
            other = Table(["id"], [typed(["007", "x"])], 2)
            warn = self.warnings.append
            return equal_join(
                one, other, [("code", "id")], JoinKind.INNER, lambda _: None, warn=warn
            )

        self.assertEqual(list(self.by_polars(work).rows()), [])
        (warning,) = self.warnings
        self.assertEqual((warning.value("one"), warning.value("other")), ("7", "007"))

    def test_nothing_to_tell(self) -> None:
        """Keys that find their partners, and keys that are simply not there."""
        for left, right in (
            (["007", "7"], ["007", "7", "0007"]), (["a", "b"], ["c", None]), ([1.0], [2.0]),
            ([], ["007"]), (["7"], []), ([None], ["7"]),
        ):  # fmt: skip
            self.assertEqual(self.join(list(left), list(right))[1], [])

    def test_comparisons(self) -> None:
        """A number is neither above nor below a text, and that is told."""
        left, right = Table(["a"], [mixed([1.0])], 1), Table(["b"], [mixed(["x"])], 1)
        warn = self.warnings.append
        found = compared_join(
            left, right, ("a", "<", "b"), JoinKind.INNER, lambda _: None, warn=warn
        )
        self.assertEqual(len(found), 0)
        self.assertEqual([each.code for each in self.warnings], ["numbers_never_equal_texts"])
