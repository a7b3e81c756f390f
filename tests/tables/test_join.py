"""Joins (builtins reference, 10): against the plain definition, on both ways."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError, runtime_error
from datacode.plans.nodes import JoinKind
from datacode.tables import join_match
from datacode.tables.asof import Direction, asof_join
from datacode.tables.join import (
    applied,
    checked_on,
    compared_join,
    cross_join,
    equal_join,
    joined_names,
    with_suffixes,
    zip_join,
)
from datacode.tables.join_match import matched
from datacode.values.equality import same
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import (
    KINDS,
    NULL,
    VALUES,
    TableTestCase,
    columns,
    contents,
    mixed,
    quickly,
    table,
    typed,
)
from tests.tables.test_filters import is_ordered


def fine(rows: float) -> None:
    """Nothing is too large."""


def refuse(rows: float) -> None:
    """Everything is."""
    raise runtime_error("too_large", "too large")


def can_match(left: Value, right: Value, nulls_equal: bool) -> bool:
    """The rule: equal, but null and NaN are equal to nothing."""
    if left is None or right is None:
        return left is right and nulls_equal
    return same(left, right)


def by_definition(
    left: list[tuple[Value, ...]], right: list[tuple[Value, ...]], how: JoinKind, nulls_equal: bool
) -> list[tuple[int | None, int | None]]:
    """The pairs of a join, by comparing every row with every row."""
    found: list[tuple[int | None, int | None]] = []
    paired: set[int] = set()
    for i, one in enumerate(left):
        partners = [
            j
            for j, other in enumerate(right)
            if all(can_match(a, b, nulls_equal) for a, b in zip(one, other, strict=True))
        ]
        paired.update(partners)
        if how is JoinKind.SEMI or how is JoinKind.ANTI:
            found += [(i, None)] * (bool(partners) is (how is JoinKind.SEMI))
        elif partners:
            found += [(i, j) for j in partners]
        elif how in (JoinKind.LEFT, JoinKind.FULL):
            found.append((i, None))
    if how in (JoinKind.RIGHT, JoinKind.FULL):
        found += [(None, j) for j in range(len(right)) if j not in paired]
    return found


KEYS = st.one_of(
    *(st.tuples(*[st.lists(st.one_of(k, NULL), max_size=8)] * 2) for k in KINDS),
    st.tuples(*[st.lists(VALUES, max_size=8)] * 2),
)


class MatchingTests(TableTestCase):
    """Which rows belong together."""

    @quickly
    @given(KEYS, st.sampled_from(JoinKind), st.booleans())
    def test_one_key(
        self, keys: tuple[list[Value], list[Value]], how: JoinKind, nulls_equal: bool
    ) -> None:
        """Every kind of join on one column."""
        self.check([keys], how, nulls_equal)

    @quickly
    @given(KEYS, st.sampled_from(JoinKind), st.booleans())
    def test_two_keys(
        self, keys: tuple[list[Value], list[Value]], how: JoinKind, nulls_equal: bool
    ) -> None:
        """All keys must be equal."""
        numbers = ([float(i % 2) for i in range(len(side))] for side in keys)
        left, right = numbers
        self.check([keys, (left, right)], how, nulls_equal)

    def check(
        self, keys: list[tuple[list[Value], list[Value]]], how: JoinKind, nulls_equal: bool
    ) -> None:
        """Compare both ways with the definition."""
        left = list(zip(*(k[0] for k in keys), strict=True))
        right = list(zip(*(k[1] for k in keys), strict=True))
        expected = by_definition(left, right, how, nulls_equal)
        for store in (mixed, typed):

            def work(store=store):  # type: ignore[no-untyped-def]
                pairs = matched(
                    [store(k[0]) for k in keys],
                    [store(k[1]) for k in keys],
                    how,
                    fine,
                    nulls_equal=nulls_equal,
                )
                right = list(pairs.right) or [None] * len(pairs)
                return list(zip(pairs.left, right, strict=True))

            self.assertEqual(work() if store is mixed else self.by_polars(work), expected)

    def test_too_many_rows(self) -> None:
        """A join that would not fit is refused before it is made."""
        self.patch(join_match, "_UNCHECKED_ROWS", 1000)
        keys = [typed([1.0] * 600)]
        for how in (JoinKind.INNER, JoinKind.LEFT):
            self.assertRaises(DataCodeError, matched, keys, keys, how, refuse)
        empty = [typed([None] * 600)]
        self.assertRaises(
            DataCodeError, matched, empty, empty, JoinKind.INNER, refuse, nulls_equal=True
        )
        unlike = [typed([float(i) for i in range(600)])]
        self.assertEqual(len(matched(unlike, unlike, JoinKind.INNER, refuse)), 600)
        plain = [mixed(["a", 1.0] * 5)]
        self.assertRaises(DataCodeError, matched, plain, plain, JoinKind.INNER, refuse)

    def test_looking_takes_no_more_than_the_tables(self) -> None:
        """How many rows there would be is found out without making a part of them."""
        sizes: list[int] = []
        join = pl.DataFrame.join

        def watched(frame: Any, *arguments: Any, **options: Any) -> Any:
            made = join(frame, *arguments, **options)
            sizes.append(made.height)
            return made

        self.patch(pl.DataFrame, "join", watched)
        keys = [typed(["x"] * 20_000)]
        self.assertRaises(DataCodeError, matched, keys, keys, JoinKind.INNER, refuse)
        self.assertLessEqual(max(sizes), 20_000)

    def test_many_alike_in_shape(self) -> None:
        """Arrays that differ deep within are found as quickly as numbers."""
        keys = [mixed([[[float(i)], "x"] for i in range(5000)])]
        pairs = matched(keys, keys, JoinKind.INNER, fine)
        self.assertEqual(list(pairs.left), list(range(5000)))
        same_ones = [mixed([[1.0]] * 5000)]
        self.assertEqual(len(matched(same_ones, same_ones, JoinKind.SEMI, fine)), 5000)


class TableJoinTests(TableTestCase):
    """What the joined table looks like."""

    def setUp(self) -> None:
        self.people = table("id name", [1.0, 2.0, 3.0], ["Ann", "Bob", "Cid"])
        self.orders = table("id sum", [3.0, 1.0, 9.0, 1.0], [10.0, 20.0, 30.0, 40.0])

    def join(self, how: JoinKind) -> Table:
        """People and orders by id."""
        return equal_join(self.people, self.orders, [("id", "id")], how, fine)

    def test_all_kinds(self) -> None:
        """Left rows in order with their right rows in order, then right rows that are alone."""
        names = "id_left name id_right sum"
        inner: list[list[Value]] = [[1.0, "Ann", 1.0, 20.0], [1.0, "Ann", 1.0, 40.0]]
        last: list[Value] = [3.0, "Cid", 3.0, 10.0]
        bob: list[Value] = [2.0, "Bob", None, None]
        alone: list[Value] = [None, None, 9.0, 30.0]
        self.assertTable(self.join(JoinKind.INNER), names, *inner, last)
        self.assertTable(self.join(JoinKind.LEFT), names, *inner, bob, last)
        self.assertTable(self.join(JoinKind.RIGHT), names, *inner, last, alone)
        self.assertTable(self.join(JoinKind.FULL), names, *inner, bob, last, alone)
        self.assertTable(self.join(JoinKind.SEMI), "id name", [1.0, "Ann"], [3.0, "Cid"])
        self.assertTable(self.join(JoinKind.ANTI), "id name", [2.0, "Bob"])

    def test_names(self) -> None:
        """Names on both sides get suffixes, others stay."""
        self.assertEqual(
            joined_names(["a", "b"], ["b", "c"], ("_l", "_r")), ["a", "b_l", "b_r", "c"]
        )

    def test_other_suffixes(self) -> None:
        """``table_suffixes`` renames pairs only."""
        source = table("a_left a_right b_left c", [1.0], [2.0], [3.0], [4.0])
        self.assertEqual(with_suffixes(source, ("", "_new")).names, ("a", "a_new", "b_left", "c"))

    def test_cross_and_zip(self) -> None:
        """Every row with every row, and row with row."""
        one, other = table("a", [1.0, 2.0]), table("b", ["x", "y", "z"])
        pairs = [[a, b] for a in (1.0, 2.0) for b in "xyz"]
        self.assertTable(cross_join(one, other, fine, ("", "")), "a b", *pairs)
        fast = self.by_polars(lambda: cross_join(one, other, fine, ("", "")))
        self.assertTable(fast, "a b", *pairs)
        self.assertEqual(len(cross_join(one, table("b", []), fine, ("", ""))), 0)
        self.assertRaises(DataCodeError, cross_join, one, other, refuse, ("", ""))
        self.assertTable(zip_join(one, other, ("", "")), "a b", [1.0, "x"], [2.0, "y"])

    def test_applied(self) -> None:
        """Every row with the rows that a function makes of it."""
        source = table("n", [2.0, 0.0, 1.0])

        def make(row: list[Value]) -> Value:
            return None if not row[0] else table("k", ["x"] * int(row[0]))

        self.assertTable(
            applied(source, make, JoinKind.INNER, fine), "n k", [2.0, "x"], [2.0, "x"], [1.0, "x"]
        )
        left = applied(source, make, JoinKind.LEFT, fine)
        self.assertTable(left, "n k", [2.0, "x"], [2.0, "x"], [0.0, None], [1.0, "x"])
        self.assertTable(applied(source, lambda row: None, JoinKind.INNER, fine), "n")
        for odd in (5.0, [1.0]):
            self.assertRaises(
                DataCodeError, applied, source, lambda _, o=odd: o, JoinKind.INNER, fine
            )
        unlike = iter([table("a", [1.0]), table("b", [1.0]), None])
        self.assertRaises(
            DataCodeError, applied, source, lambda _: next(unlike), JoinKind.INNER, fine
        )


class OnTests(TableTestCase):
    """What ``on`` may be."""

    def test_forms(self) -> None:
        """A name, a pair, and arrays of names and pairs."""
        left, right = table("a b", [1.0], [1.0]), table("a c", [1.0], [1.0])
        self.assertEqual(checked_on("a", left, right), [("a", "a")])
        self.assertEqual(checked_on(["b", "c"], left, right), [("b", "c")])
        self.assertEqual(checked_on(["a", "c"], left, right), [("a", "c")])
        self.assertEqual(
            checked_on([["a", "a"], ["b", "c"]], left, right), [("a", "a"), ("b", "c")]
        )
        self.assertEqual(checked_on(["a", ["b", "c"]], left, right), [("a", "a"), ("b", "c")])
        self.assertEqual(checked_on(["a", "b"], left, left), [("a", "a"), ("b", "b")])

    def test_what_it_is_not(self) -> None:
        """Anything else is refused, and so are unknown columns."""
        left, right = table("a", [1.0]), table("b", [1.0])
        for odd in (5.0, [], [5.0], [["a"]], [["a", 1.0]], {"a": "b"}, None):
            error = self.assertRaises(DataCodeError, checked_on, odd, left, right)
            self.assertIn("on must be", error.text)
        for on, side in ((("b", "b"), "left"), (("a", "a"), "right")):
            error = self.assertRaises(
                DataCodeError, equal_join, left, right, [on], JoinKind.INNER, fine
            )
            self.assertEqual(error.text, f"Column '{on[0]}' not found in the {side} table")


class ComparedTests(TableTestCase):
    """``join_on``."""

    @quickly
    @given(columns(max_size=6), columns(max_size=6), st.sampled_from(["<", "<=", ">", ">=", "!="]))
    def test_order(self, left: list[Value], right: list[Value], sign: str) -> None:
        """Every row with every row that compares so, in order; or the rows that have one."""
        found = compared_join(
            table("a", left), table("b", right), ("a", sign, "b"), JoinKind.INNER, fine
        )
        expected = [
            [one, other]
            for one in left
            for other in right
            if (not same(one, other) if sign == "!=" else is_ordered(sign, one, other))
        ]
        self.assertTable(found, "a b", *expected)
        for how in (JoinKind.SEMI, JoinKind.ANTI):
            kept = compared_join(table("a", left), table("b", right), ("a", sign, "b"), how, fine)
            wanted = [
                [one]
                for one in left
                if any(
                    not same(one, other) if sign == "!=" else is_ordered(sign, one, other)
                    for other in right
                )
                is (how is JoinKind.SEMI)
            ]
            self.assertTable(kept, "a", *wanted)

    def test_many_partners(self) -> None:
        """Whether a row has a partner is known without a list of all it has."""
        numbers = [float(i) for i in range(20_000)]
        source = table("a", numbers)
        for sign, rows in (("!=", 20_000), ("<", 19_999), (">=", 20_000)):
            found = compared_join(source, source, ("a", sign, "a"), JoinKind.SEMI, fine)
            self.assertEqual(len(found), rows)

    def test_equal_and_left(self) -> None:
        """``=`` is the ordinary join; other kinds of joins work alike."""
        left, right = table("a", [1.0, 5.0]), table("b", [2.0, 3.0])
        self.assertTable(
            compared_join(left, right, ("a", "<", "b"), JoinKind.FULL, fine),
            "a b",
            [1.0, 2.0],
            [1.0, 3.0],
            [5.0, None],
        )
        self.assertTable(
            compared_join(left, right, ("a", "<", "b"), JoinKind.ANTI, fine), "a", [5.0]
        )
        self.assertTable(
            compared_join(left, left, ("a", "==", "a"), JoinKind.SEMI, fine), "a", [1.0], [5.0]
        )


class AsofTests(TableTestCase):
    """``asof_join``."""

    def check(self, direction: Direction, *expected: Value, at: list[Value]) -> None:
        """The right cells that are found for left cells."""
        right = table("t v", [10.0, 20.0, 20.0, 30.0], ["a", "b", "c", "d"])
        left = table("t", at)
        found = asof_join(left, right, ("t", "t"), [], direction)
        self.assertEqual([row[2] for row in found.rows()], list(expected))

    def test_directions(self) -> None:
        """Before, after, and whatever is nearer."""
        at: list[Value] = [5.0, 10.0, 15.0, 20.0, 26.0, 31.0, None]
        self.check(Direction.BACKWARD, None, "a", "a", "c", "c", "d", None, at=at)
        self.check(Direction.FORWARD, "a", "a", "b", "b", "d", None, None, at=at)
        self.check(Direction.NEAREST, "a", "a", "a", "c", "d", "d", None, at=at)

    def test_groups(self) -> None:
        """Rows that are equal in the columns of ``by`` only."""
        left = table("g t", ["A", "A", "B", None], [10.0, 20.0, 15.0, 1.0])
        right = table("g t v", ["A", "A", "B"], [12.0, 18.0, 14.0], ["X", "Y", "Z"])
        found = asof_join(left, right, ("t", "t"), [("g", "g")], Direction.BACKWARD)
        self.assertEqual([row[4] for row in found.rows()], [None, "Y", "Z", None])

    def test_odd_groups(self) -> None:
        """Arrays are equal all the way down; NaN equals nothing, the text that looks like it least
        of all."""
        groups: list[Value] = [[1.0, [2.0]], [1.0, [3.0]], "NaN", math.nan, None]
        left = table("g t", groups, [1.0] * 5)
        right = table("g t v", groups[::-1], [1.0] * 5, list("edcba"))
        found = asof_join(left, right, ("t", "t"), [("g", "g")], Direction.BACKWARD)
        self.assertEqual([row[4] for row in found.rows()], ["a", "b", "c", None, "e"])

    def test_dates(self) -> None:
        """Dates in ISO form are in order as text, and have distances."""
        left = table("d", ["2024-01-10", "2024-02-28"])
        right = table("d", ["2024-01-31", "2024-01-01", "2024-03-01"])
        found = asof_join(left, right, ("d", "d"), [], Direction.BACKWARD)
        self.assertEqual([row[1] for row in found.rows()], ["2024-01-01", "2024-01-31"])
        found = asof_join(left, right, ("d", "d"), [], Direction.NEAREST)
        self.assertEqual([row[1] for row in found.rows()], ["2024-01-01", "2024-03-01"])

    def test_names(self) -> None:
        """The columns of both sides, with suffixes."""
        found = asof_join(table("t", [1.0]), table("t", [1.0]), ("t", "t"), [], Direction.FORWARD)
        self.assertEqual(contents(found)[0], ["t_left", "t_right"])
