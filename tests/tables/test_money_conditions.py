"""Amounts of money beside numbers and amounts, in every form of a condition (reference, 1.3)."""

from __future__ import annotations

from tests.runtime.builtins.test_tables import ProgramTestCase


class MoneyConditionTests(ProgramTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_program(
            "few = table([['1 200 ₽', 1], ['300 ₽', 2], [null, 3], ['400.00 ₽', 4]], ['s', 'n'])\n"
            "many = merge_tables(bulk_create(200, few))"
        )

    def assertRows(self, rows: str, *conditions: str) -> None:
        """A condition gives these rows, few or many, alone or within an expression."""
        for table in ("few", "many"):
            for condition in conditions:
                for text in (condition, f"{condition} and n > 0", f"if({condition}, true, false)"):
                    self.assertPrints(rows, f'unique({table}["{text}"].n)')

    def test_numbers(self) -> None:
        """By the amounts, whatever the currency."""
        self.assertRows("[1, 4]", "s > 350", "350 < s", "s >= 400")
        self.assertRows("[4]", "s = 400", "400 == s", "s in [400]", "s in [5, 400]")
        self.assertRows("[1, 2, 3]", "s != 400", "s not in [400]")
        self.assertRows("[2, 4]", "s between 300 and 400")

    def test_amounts(self) -> None:
        """By the amounts in the same currency."""
        self.assertRows("[4]", "s = '400 ₽'", "s in ['400 ₽', '400 $']")
        self.assertRows("[]", "s = '400 $'")
        self.assertPrints("[4]", "extend(table_in(few, 's', [400, 'x']).n, [])")
        self.assertPrints("[3, 4]", "extend(table_in(few, 's', [null, '400 ₽']).n, [])")

    def test_other_texts(self) -> None:
        """A text that is no money does not compare with a number, and that is told."""
        self.run_program("t = table([['400 ₽', 1], ['x', 2], ['y', 3]], ['s', 'n'])")
        self.assertIn("Cannot compare", self.failure("t['s > 350 and n > 0']"))
        self.run_program("odd = table([['$5', 1], ['$abc', 2], ['$7', 3]], ['s', 'n'])")
        for table in ("odd", "merge_tables(bulk_create(300, odd))"):
            self.assertIn("Cannot compare", self.failure(f"{table}['s > 6 and n > 0']"))
            self.assertPrints("[3]", f"unique({table}['s = 7 and n > 0'].n)")
