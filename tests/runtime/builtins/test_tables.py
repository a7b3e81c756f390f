"""Table functions in programs: what the conformance cases do not say."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n.message import Message
from datacode.runtime.interpreter import Interpreter
from datacode.values.table import Table

STOCK = """
stock = table([
  ["bolt", 3, 1.5], ["nut", 8, 0.25], ["pin", null, 2], ["board", 5, 12]
], ["item", "n", "price"])
"""


class ProgramTestCase(SynchronousTestCase):
    """Runs programs that find a table ``stock``."""

    def setUp(self) -> None:
        self.warnings: list[Message] = []
        self.shown: list[Table] = []
        self.interpreter = Interpreter(on_warning=self.warnings.append, on_table=self.shown.append)
        self.addCleanup(self.interpreter.close)
        self.run_program(STOCK)

    def run_program(self, program: str) -> str:
        """What a program prints; it must not fail."""
        outcome = self.interpreter.run(program)
        self.assertIsNone(outcome.error, program)
        return outcome.output

    def assertPrints(self, expected: str, *expressions: str) -> None:
        """Each expression prints the same."""
        for expression in expressions:
            self.assertEqual(self.run_program(f"print({expression})"), expected + "\n", expression)

    def failure(self, expression: str) -> str:
        """The error of an expression, without kind and line."""
        outcome = self.interpreter.run(expression)
        assert outcome.error is not None, expression
        return outcome.error.text


class MakingTests(ProgramTestCase):
    """``table`` and what shows tables."""

    def test_named_arguments(self) -> None:
        """Arguments by name."""
        self.assertPrints("[a, b]", "table(data=[[1, 2]], headers=['a', 'b']).column_names")
        self.assertPrints(
            "[[board, 5, 12]]", "table_tail(table=table_sample(table=stock, n=9), n=1).rows.rows"
        )

    def test_columns_as_arrays(self) -> None:
        """A column may stand for the array of names, or of rows."""
        self.assertPrints(
            "[bolt, nut, pin, board]", "table([[1, 2, 3, 4]], stock.item).column_names"
        )
        self.assertPrints("2", "len(table(table([[[1]], [[2]]], ['row']).row))")

    def test_other_headers_for_a_table(self) -> None:
        """A table with new names."""
        self.assertPrints("[x, y, Column_2]", "table(stock, ['x', 'y', 5]).column_names")

    def test_warnings(self) -> None:
        """What is left out is told with its number, beside the output."""
        self.run_program("other = table_select(stock, ['n', 'item', 'price'])")
        self.assertPrints("1", "len(table([[1], [2, 3]], ['a']))")
        self.assertPrints("4", "len(merge_tables([stock, table([[1]], ['item']), other]))")
        self.assertEqual(
            [str(each) for each in self.warnings],
            [
                "table(): 1 of 2 rows were left out: row 2 has 2 cells, not 1",
                "merge_tables(): table 2 with its 1 rows was left out, because its columns are not"
                " those of the first: it lacks 'n'. mode='union' keeps all columns",
                "merge_tables(): table 3 with its 4 rows was left out, because its columns are not"
                " those of the first: their order is another. mode='union' keeps all columns",
            ],
        )

    def test_warnings_are_bounded(self) -> None:
        """The same comes once in a run, and of too many the rest is counted."""
        self.run_program("for i in range(200) do\n  table([[1], [2, 3]], ['a'])\nnext i")
        self.assertEqual(len(self.warnings), 1)
        self.warnings.clear()
        self.run_program(
            "rows = [[1]]\nfor i in range(130) do\n"
            "  rows = push(rows, [1, 2])\n  table(rows, ['a'])\nnext i"
        )
        self.assertEqual(len(self.warnings), 101)
        self.assertEqual(str(self.warnings[-1]), "30 more warnings are not shown")

    def test_shown_tables_are_offered(self) -> None:
        """A host that draws tables gets those that a program shows."""
        self.run_program("show_table(stock)\ntable_head(stock, 2)\ntable_info(stock)")
        self.assertEqual([len(table) for table in self.shown], [4, 2])

    def test_what_is_written_of_a_drawn_table(self) -> None:
        """The host says: nothing, the first rows and how many there are, or all."""
        program = STOCK + "show_table(stock)\nprint('end')"
        for answer, lines in ((True, 1), (None, 9), ("nonsense", 9)):
            outcome = Interpreter(on_table=lambda _, said=answer: said).run(program)
            self.assertEqual(len(outcome.output.splitlines()), lines, answer)
        outcome = Interpreter(on_table=lambda table: table.slice(0, 1)).run(program)
        self.assertEqual(outcome.output.splitlines()[5:], ["⋮ 1/4", "end"])

    def test_arguments_stay(self) -> None:
        """No function changes the arrays that a table is made of, or a table."""
        self.assertEqual(
            self.run_program(
                "rows = [[1, [2]]]\nt = table(rows, ['a', 'b'])\n"
                "rows[0][1][0] = 9\nrows[0][0] = 9\n"
                "c = t['b'][0]\nc[0] = 8\nr = t.idx[0]\nr[0] = 8\nr[1][0] = 8\n"
                "for row in t do\nrow[0] = 7\nnext row\n"
                "print(t.rows.rows, rows)"
            ),
            "[[1, [2]]] [[9, [9]]]\n",
        )


class ColumnTests(ProgramTestCase):
    """Adding, renaming and dropping columns."""

    def test_add_column(self) -> None:
        """An array, a column, one value, or an expression."""
        for values in ("[1, 2, 3, 4]", "range(1, 5)", "table([[1], [2], [3], [4]], ['v']).v"):
            self.assertPrints("[1, 2, 3, 4]", f"unique(table_add_column(stock, 'x', {values}).x)")
        self.assertPrints("[new]", "unique(table_add_column(stock, 'x', 'new').x)")
        self.assertPrints("[null]", "unique(table_add_column(stock, 'x', null).x)")
        self.assertPrints(
            "[4.5, 2, 60]",
            "unique(table_add_column(table_not_null(stock, 'n'), 'x', expression='n * price').x)",
        )

    def test_replace_column(self) -> None:
        """A column of the same name keeps its place."""
        self.assertPrints("[item, n, price]", "table_add_column(stock, 'n', 0).column_names")
        self.assertPrints("[0, 0, 0, 0]", "extend(table_add_column(stock, 'n', 0).n, [])")

    def test_add_column_errors(self) -> None:
        """Wrong lengths, wrong expressions, and nothing to add."""
        self.assertEqual(
            self.failure("table_add_column(stock, 'x', [1])"),
            "The column has 1 cells, but the table has 4 rows",
        )
        self.assertEqual(
            self.failure("table_add_column(stock, 'x')"),
            "table_add_column needs either values or an expression",
        )
        self.assertIn(
            "The expression cannot be read: Syntax Error at line 1",
            self.failure("table_add_column(stock, 'x', expression='n +')"),
        )
        self.assertIn(
            "Error in the expression: Runtime Error at line 1: Cannot multiply",
            self.failure("table_add_column(stock, 'x', expression='n * price')"),
        )

    def test_rename_and_drop(self) -> None:
        """Columns by name; an unknown one is an error."""
        self.assertPrints("[what, n, price]", "table_rename(stock, {item: 'what'}).column_names")
        self.assertPrints("[n]", "table_drop(stock, ['item', 'price']).column_names")
        self.assertPrints("[n, price]", "table_drop(stock, 'item').column_names")
        self.assertPrints("Table(4 rows, 0 columns)", "table_drop(stock, stock.column_names)")
        for call in ("table_rename(stock, {x: 'y'})", "table_drop(stock, 'x')"):
            self.assertEqual(self.failure(call), "Column 'x' not found")
        self.assertEqual(
            self.failure("table_rename(stock, 5)"), "expected Table and Object, found other"
        )


class RowTests(ProgramTestCase):
    """Order, merging, groups."""

    def test_sort_directions(self) -> None:
        """``false`` and ``'desc'`` sort downwards, by name too."""
        for call in ("false", "'desc'", "asc=false"):
            self.assertPrints(
                "[nut, board, bolt, pin]", f"extend(table_sort(stock, 'n', {call}).item, [])"
            )
        self.assertPrints("[pin, bolt, board, nut]", "extend(table_sort(stock, col='n').item, [])")
        self.assertEqual(self.warnings, [])
        for call in ("'down'", "0", "'DESC'"):
            self.warnings.clear()
            self.assertPrints(
                "[pin, bolt, board, nut]", f"extend(table_sort(stock, 'n', {call}).item, [])"
            )
            self.assertEqual([each.code for each in self.warnings], ["no_sort_direction"])

    def test_merge_modes(self) -> None:
        """Union and common columns; other words are refused."""
        self.run_program("other = table([[9, 'x']], ['n', 'y'])")
        self.assertPrints("[null, 9, null, x]", "merge_tables([stock, other], 'outer').idx[-1]")
        self.assertPrints("[9]", "merge_tables([stock, other], mode='inner').idx[-1]")
        self.assertPrints("null", "merge_tables([], 'outer')")
        self.assertEqual(
            self.failure("merge_tables([stock], 'all')"), "mode must be 'union', 'outer' or 'inner'"
        )
        self.assertEqual(
            self.failure("merge_tables([], 'outer', 1)"),
            "Function 'merge_tables' expects 1-2 arguments, got 3",
        )

    def test_group(self) -> None:
        """Functions of the library, of the program, and of groups."""
        self.run_program(
            "function spread(cells) do\nreturn max(cells) - min(cells)\nendfunction\n"
            "sales = table([['a', 'x', 1], ['b', 'x', 5], ['a', 'y', 4]], ['k', 'q', 'n'])"
        )
        self.assertPrints(
            "[[a, 5, 3, [1, 4]], [b, 5, 0, [5]]]",
            "table_group(sales, 'k', {s: ['n', 'sum'], d: ['n', 'spread'], u: ['n', 'unique']})"
            ".rows.rows",
        )
        self.assertPrints(
            "[[a, x, 1], [b, x, 1], [a, y, 1]]",
            "table_group(sales, by=['k', 'q'], columns={n: ['n', 'size']}).rows.rows",
        )
        self.assertPrints("[[a], [b]]", "table_group(sales, 'k', {}).rows.rows")

    def test_one_group(self) -> None:
        """Without columns to group by all rows are one group, and no rows are none."""
        self.run_program("t = table([['a', 1], ['b', null], ['a', 4]], ['k', 'n'])")
        self.assertPrints(
            "[[5, 2, 3]]",
            "table_group(t, [], {s: ['n', 'sum'], n: ['n', 'count'], r: ['k', 'size']}).rows.rows",
        )
        self.assertPrints("[[5, 0]]", "table_pivot(t, [], 'k', 'n').rows.rows")
        self.assertPrints("0", "len(table_group(table_where(t, 'k = z'), [], {s: ['n', 'first']}))")

    def test_group_errors(self) -> None:
        """Unknown columns and functions, and wrong forms."""
        self.assertEqual(self.failure("table_group(stock, 'x', {})"), "Column 'x' not found")
        self.assertEqual(
            self.failure("table_group(stock, 'item', {a: ['n', 'nosuch']})"),
            "Function 'nosuch' not found",
        )
        for wrong in ("'n'", "['n']", "[1, 2]", "['n', 'sum', 1]"):
            self.assertEqual(
                self.failure(f"table_group(stock, 'item', {{a: {wrong}}})"),
                "'a' must be an array [column, function]",
            )

    def test_pivot(self) -> None:
        """Another function, and several columns for the rows."""
        self.run_program("t = table([['a', 1, 'x', 5], ['a', 1, 'y', 6]], ['p', 'q', 'r', 'n'])")
        self.assertPrints(
            "[p, q, x, y]", "table_pivot(t, ['p', 'q'], 'r', 'n', func='max').column_names"
        )
        self.assertEqual(self.failure("table_pivot(t, 'p', 'z', 'n')"), "Column 'z' not found")

    def test_to_csv(self) -> None:
        """A table as text."""
        self.assertPrints(
            "item;n\npin;\n", "to_csv(table_select(stock['item = pin'], ['item', 'n']), ';')"
        )
        self.assertPrints("a\n1,5\n", "to_csv(table([[1.5]], ['a']), delimiter=';', decimal=',')")
        self.assertEqual(
            self.failure("to_csv(stock, ',', decimal=',')"),
            "delimiter and decimal cannot both be ','",
        )


class RelationTests(ProgramTestCase):
    """``relate`` and ``primary_key``."""

    def test_kinds(self) -> None:
        """What is no column is named."""
        for value, kind in (
            ("null", "Null"),
            ("'a'", "String"),
            ("money(5)", "Currency"),
            ("path('a')", "Path"),
            ("path('a') / '*'", "PathPattern"),
            ("{a: 1}", "Object"),
            ("true", "Bool"),
            ("stock.idx", "Unknown"),
        ):
            self.assertEqual(
                self.failure(f"relate({value}, stock.n)"), f"expected TableColumn, found {kind}"
            )

    def test_primary_key(self) -> None:
        """A key has no empty and no equal cells."""
        self.assertPrints("Column(item)", "primary_key(stock.item)")
        self.assertEqual(
            self.failure("primary_key(stock.n)"), "Column 'n' is no key: it has empty cells"
        )
        self.assertEqual(
            self.failure("primary_key(table([[1], [1]], ['a']).a)"),
            "Column 'a' is no key: its cells repeat",
        )
        self.assertEqual(len(self.interpreter.relations()), 1)


class LongTableTests(ProgramTestCase):
    """Tables long enough to be typed give what short ones do."""

    def test_all_functions(self) -> None:
        """A program over 2000 rows, and over the same rows in parts of which none is typed."""
        program = """
rows = map(range(2000), 'row_of')
t = table(rows, ['i', 'k', 'v'])
big = table_where(t, 'v', '>', 50)
print(len(big), sum(big.v), len(table_query(t, 'v > 50 and k == "k3"')), len(t['v < 10']))
print(table_sort(big, 'v', false).idx[0], table_distinct(t, 'k').len, average(t.i))
g = table_group(t, 'k', {n: ['i', 'count'], s: ['v', 'sum'], m: ['v', 'max']})
print(g.rows.rows)
print(len(inner_join(t, g, 'k')), left_join(g, big, 'k').idx[-1])
print(table_pivot(t, 'k', 'k', 'v').idx[1])
print(table_between(t, 'v', 10, 11).idx[0], len(table_in(t, 'k', ['k1', 'k2'])), t.idx[-1])
"""
        define = """
function row_of(i) do
  return [i, 'k' + i % 5, i * 7 % 97]
endfunction
"""
        self.run_program(define)
        numbers = [(i, f"k{i % 5}", i * 7 % 97) for i in range(2000)]
        big = [row for row in numbers if row[2] > 50]
        groups = [[row for row in numbers if row[1] == f"k{k}"] for k in range(5)]
        sums: list[Any] = [
            f"[k{k}, {len(g)}, {sum(r[2] for r in g)}, {max(r[2] for r in g)}]"
            for k, g in enumerate(groups)
        ]
        highest = max(big, key=lambda row: row[2])
        last = [row for row in big if row[1] == "k4"][-1]
        between = next(row for row in numbers if 10 <= row[2] <= 11)

        def shown(row: tuple[object, ...]) -> str:
            return f"[{', '.join(map(str, row))}]"

        expected = [
            f"{len(big)} {sum(r[2] for r in big)} "
            f"{sum(r[1] == 'k3' for r in big)} {sum(r[2] < 10 for r in numbers)}",
            f"{shown(highest)} 5 999.5",
            f"[{', '.join(sums)}]",
            f"2000 {sums[4][:-1]}, {shown(last)[1:]}",
            f"[k1, null, {sum(r[2] for r in groups[1])}, null, null, null]",
            f"{shown(between)} 800 {shown(numbers[-1])}",
        ]
        self.assertEqual(self.run_program(program).splitlines(), expected)
