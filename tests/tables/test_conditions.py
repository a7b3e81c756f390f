"""Conditions over whole columns give what they give row by row."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.runtime.interpreter import Interpreter
from datacode.tables import vectorized
from datacode.values import column_storage
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import KINDS, NULL, NUMBERS, TableTestCase, contents, quickly, table, typed

NAMES = st.sampled_from(["a", "b", "n", "m", "limit", "word", "flag", "nosuch"])
LITERALS = st.sampled_from(["1", "0", "2.5", "'a'", "'Z'", "true", "null", "-1", "''"])


def pairs(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Longer expressions out of parts."""
    signs = st.sampled_from(
        ["<", "<=", ">", ">=", "==", "!=", "=", "+", "-", "*", "/", "and", "or", "%"]
    )
    return st.one_of(
        st.tuples(parts, signs, parts).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        parts.map(lambda part: f"not ({part})"),
        parts.map(lambda part: f"-({part})"),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, LITERALS), pairs, max_leaves=5)


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
        ):
            self.result(source, f'table_query(t, "{text}")', whole=True)
        self.assertEqual([mask is not None for mask in found], [True] * 6)
