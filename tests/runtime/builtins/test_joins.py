"""Joins in programs."""

from __future__ import annotations

from tests.runtime.builtins.test_tables import ProgramTestCase


class JoinTests(ProgramTestCase):
    """The functions and their arguments; what they do is tested with the tables."""

    def setUp(self) -> None:
        super().setUp()
        self.run_program(
            "a = table([[1, 'x'], [2, 'y'], [null, 'z']], ['id', 'k'])\n"
            "b = table([[2, 'p'], [null, 'q'], [3, 'r']], ['ref', 'k'])"
        )

    def test_ways_to_say_on(self) -> None:
        """A pair, two names, or names of both tables."""
        for on in ("['id', 'ref']", "'id', 'ref'", "on=[['id', 'ref']]", "on='id', right_on='ref'"):
            self.assertPrints("[[2, y, 2, p]]", f"inner_join(a, b, {on}).rows.rows")
        self.assertPrints("3", "len(left_join(a, a, 'k'))")

    def test_kinds(self) -> None:
        """Every join by its own name and by ``join``."""
        for kind, rows in (
            ("inner", 1),
            ("left", 3),
            ("right", 3),
            ("full", 5),
            ("semi", 1),
            ("anti", 2),
        ):
            on = "['id', 'ref']"
            self.assertPrints(
                str(rows),
                f"len({kind}_join(a, b, {on}))",
                f"len(join(a, b, {on}, '{kind}'))",
                f"len(join(a, b, on={on}, type='{kind}'))",
            )
        self.assertPrints("9", "len(cross_join(a, b))", "len(join(a, b, null, 'cross'))")
        self.assertPrints("1", "len(join(a, b, ['id', 'ref']))")

    def test_suffixes_and_nulls(self) -> None:
        """Other suffixes; nulls that belong together."""
        self.assertPrints(
            "[id, kA, ref, kB]", "inner_join(a, b, 'id', 'ref', suffixes=['A', 'B']).column_names"
        )
        self.assertPrints("2", "len(inner_join(a, b, 'id', 'ref', nulls_equal=true))")
        self.assertPrints(
            "[id, k, ref, k2]",
            "table_suffixes(inner_join(a, b, 'id', 'ref'), '', '2').column_names",
        )

    def test_other_joins(self) -> None:
        """By comparison, by place, by nearness, by function."""
        self.assertPrints("2", "len(join_on(a, b, ['id', '<', 'ref'])) - 1")
        self.assertPrints("4", "len(join_on(a, b, 'id < ref', type='left'))")
        self.assertPrints("3", "len(zip_join(a, b))")
        self.assertPrints("[null, p, null]", "extend(asof_join(a, b, ['id', 'ref']).k_right, [])")
        self.assertPrints(
            "[p, p, null]",
            "extend(asof_join(a, b, ['id', 'ref'], direction='forward').k_right, [])",
        )
        self.run_program(
            "function parts(row) do\nreturn table([[row[1] + '!']], ['part'])\nendfunction"
        )
        self.assertPrints("[x!, y!, z!]", "extend(apply_join(a, 'parts').part, [])")

    def test_errors(self) -> None:
        """One clear sentence for every mistake."""
        for call, message in (
            ("inner_join(a, 5, 'id')", "expected Table, Table, found other"),
            ("inner_join(a, b, 'id')", "Column 'id' not found in the right table"),
            ("inner_join(a, b)", "Function 'inner_join' expects 3 arguments, found 2"),
            (
                "inner_join(a, b, 'id', 'ref', suffixes='x')",
                "suffixes must be an array of two strings",
            ),
            ("inner_join(a, b, 'id', 'ref', nulls_equal=1)", "nulls_equal must be true or false"),
            (
                "join(a, b, 'k', 'outer')",
                "type must be one of inner, left, right, full, semi, anti, cross",
            ),
            ("join(a, b)", "Function 'join' needs the argument 'on'"),
            ("join(['a'], ',', 'x')", "Function 'join' expects 2 arguments, found 3"),
            ("join_on(a, b, 'id ~ ref')", "Unsupported operator: ~"),
            (
                "join_on(a, b, 'id')",
                "cond must be an array [left column, operator, right column], "
                "or a text with these three parts",
            ),
            (
                "asof_join(a, a, 'id', direction='up')",
                "direction must be 'backward', 'forward' or 'nearest'",
            ),
            (
                "asof_join(a, a, [['id', 'id'], ['k', 'k']])",
                "asof_join compares one column with one; others belong into by",
            ),
            ("apply_join(a, 'len')", "The function must give a table for every row"),
            ("apply_join(a, 'nosuch')", "Function 'nosuch' not found"),
        ):
            self.assertEqual(self.failure(call), message)

    def test_results_that_would_not_fit(self) -> None:
        """A join of everything with everything is refused before it is made."""
        self.run_program(
            "function one(i) do\nreturn [1, i]\nendfunction\n"
            "t = table(map(range(100000), 'one'), ['x', 'i'])"
        )
        message = "The value is too large: it would not fit into memory"
        self.assertEqual(self.failure("cross_join(t, t)"), message)
        self.assertEqual(self.failure("inner_join(t, t, 'x')"), message)
        self.assertPrints("100000", "len(inner_join(t, t, 'i'))")

    def test_columns_renamed_by_a_join(self) -> None:
        """Who asks for a column by its old name is told the new ones, wherever it is."""
        self.run_program("both = inner_join(a, a, 'id')")
        told = "Column 'id' not found: after the join it is called 'id_left' / 'id_right'"
        for use in (
            "both['id']", "both.id", "table_sort(both, 'id')", "table_where(both, 'id', '>', 1)",
            "table_between(both, 'id', 1, 2)", "table_filter(both, 'id > 1')",
            "table_query(both, 'id > 1 and true')", "inner_join(both, b, ['id', 'ref'])",
            "table_select(both, ['id'])", "table_group(both, 'id', {n: ['k', 'count']})",
        ):  # fmt: skip
            self.assertEqual(self.failure(f"x = {use}"), told, use)
