"""What holds for every value: properties of the builtins, tried with generated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from datacode.values import column_storage
from datacode.values.date_text import is_date_text, moment_from_text
from datacode.values.equality import equal, same
from datacode.values.ordering import sort_key
from datacode.values.parse_text import WHITE_SPACE, is_money_text, number_from_text
from datacode.values.table import Table
from datacode.values.types import Currency
from tests.column_tables import table_of_columns
from tests.runtime.builtins.calling import BuiltinTestCase, call_with
from tests.runtime.generated import anything, tables

properties = settings(max_examples=100, deadline=None, database=None)


class ConversionProperties(BuiltinTestCase):
    @given(st.floats())
    @properties
    def test_text_of_a_number_gives_it_back(self, number: float) -> None:
        """``float(str(x))`` is ``x``, but for the sign of zero."""
        back = self.call("float", self.call("str", number))
        self.assertTrue(back == number or (math.isnan(back) and math.isnan(number)))

    @given(st.text(alphabet="0123456789+-.eE_ \tinfaNy٣,x", max_size=8))
    @properties
    def test_numbers_are_pythons_without_its_extras(self, text: str) -> None:
        """What is read is read as Python reads it, and underscores and other digits are not."""
        try:
            expected: float | None = float(text)
        except ValueError:
            expected = None
        if "_" in text or not text.isascii():
            expected = None
        self.assertEqual(repr(number_from_text(text)), repr(expected))

    @given(st.text(max_size=40) | st.text(alphabet="0123456789-/.: TZ+$€USDeur,", max_size=30))
    @properties
    def test_any_text_can_be_looked_at(self, text: str) -> None:
        """Recognising never fails, and what is a date stays one when it is written again."""
        is_money_text(text)
        moment = moment_from_text(text)
        self.assertEqual(is_date_text(text), moment is not None)
        if moment is not None:
            self.assertTrue(is_date_text(moment.text()))


class ArrayProperties(BuiltinTestCase):
    @given(st.lists(anything, max_size=8))
    @properties
    def test_sort_is_total_and_stable(self, array: list[Any]) -> None:
        """In the order of the kinds and of each kind; equals as they stood; nothing lost."""
        result = call_with(self.host, "sort", [array], {})
        self.assertEqual(sorted(map(id, result)), sorted(map(id, array)))
        keys = list(map(sort_key, result))
        self.assertEqual(keys, sorted(keys))
        places = {id(value): place for place, value in reversed(list(enumerate(array)))}
        for left, right in pairwise(result):
            if sort_key(left) == sort_key(right):
                self.assertLessEqual(places[id(left)], places[id(right)])

    @given(st.lists(anything, max_size=8).flatmap(lambda a: st.permutations(a + a[:2])))
    @properties
    def test_unique_keeps_first_appearances(self, array: list[Any]) -> None:
        """The same as looking at every earlier element."""
        expected: list[Any] = []
        for value in array:
            if not any(same(value, each) for each in expected):
                expected.append(value)
        result = call_with(self.host, "unique", [array], {})
        self.assertEqual(list(map(id, result)), list(map(id, expected)))
        for value in array:
            wanted = any(same(value, each) for each in array)
            found = call_with(self.host, "contains", [array, value], {})
            self.assertEqual(found, wanted)

    @given(st.integers(-30, 30), st.integers(-30, 30), st.integers(-7, 7).filter(bool))
    @properties
    def test_range_is_pythons(self, start: int, end: int, step: int) -> None:
        """With numbers instead of integers."""
        self.assertGives(list(range(start, end, step)), "range", start, end, step)


class TextProperties(BuiltinTestCase):
    @given(st.text(max_size=20), st.text(min_size=1, max_size=2))
    @properties
    def test_join_undoes_split(self, text: str, delimiter: str) -> None:
        """With the same delimiter."""
        self.assertEqual(self.call("join", self.call("split", text, delimiter), delimiter), text)
        self.assertEqual("".join(self.call("split", text, "")), text)

    @given(st.text("abж", max_size=12), st.text("abж", min_size=1, max_size=2))
    @properties
    def test_find_and_substring(self, text: str, part: str) -> None:
        """What is found stands where it was found."""
        place = self.call("find", text, part)
        self.assertEqual(place >= 0, self.call("contains", text, part))
        if place >= 0:
            self.assertEqual(self.call("substring", text, place, place + len(part)), part)


class DateProperties(BuiltinTestCase):
    @given(
        st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31)).map(
            lambda t: t.replace(microsecond=0)
        ),
        st.sampled_from(
            ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
        ),
        st.integers(-300, 300),
    )
    @properties
    def test_adding_what_lies_between(self, time: datetime, form: str, days: int) -> None:
        """``date_add`` and ``date_diff`` are inverse, and the form is kept."""
        text = time.strftime(form)
        later = self.call("date_add", text, days)
        self.assertEqual(self.call("date_diff", text, later), days)
        if 1970 <= (time + timedelta(days)).year <= 2069:
            self.assertEqual(later, (time + timedelta(days)).strftime(form))


_csv_texts = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6
) | st.sampled_from(
    ["yes", "FALSE", "NA", "null", "007", "1e2", ".5", "$5", "a,b", 'say "x"', "1_0"]
)


def csv_cell(text: str) -> Any:
    """What a cell of a CSV file is (tables and files reference, 2.3)."""
    text = text.strip(WHITE_SPACE)
    word = text.lower()
    if word in ("", "null", "na"):
        return None
    if word in ("true", "yes", "false", "no"):
        return word in ("true", "yes")
    if text[0] in "$€£":
        return Currency(text)
    if text.isascii() and "_" not in text:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def rowwise(source: Table, keeps: Callable[[Any], bool]) -> list[list[Any]]:
    """The rows whose first cell is to be kept, found by a loop."""
    return [row for row in source.rows() if keeps(row[0])]


class TableProperties(BuiltinTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.short = column_storage.SHORT

    def tearDown(self) -> None:
        column_storage.SHORT = self.short

    def stored_both_ways(self, source: Table) -> list[Table]:
        """The table with its cells in lists, and typed where that can be."""
        both = [table_of_columns(source.names, [list(c) for c in source.columns])]
        column_storage.SHORT = -1
        both.append(table_of_columns(source.names, [list(c) for c in source.columns]))
        column_storage.SHORT = self.short
        return both

    def assertRows(self, found: Table, expected: list[list[Any]]) -> None:
        """The same rows, down to the kinds of their cells (the two zeros are one)."""
        self.assertCells([*found.rows()], expected)

    def assertCells(self, found: list[Any], expected: list[Any]) -> None:
        """The same values and kinds."""
        self.assertEqual(repr(found).replace("-0.0", "0.0"), repr(expected).replace("-0.0", "0.0"))

    @given(st.lists(anything, min_size=1, max_size=8))
    @properties
    def test_distinct_keeps_first_appearances(self, values: list[Any]) -> None:
        """The cells themselves, in the order in which they first appear."""
        values += values[:2]
        expected: list[Any] = []
        for value in values:
            if not any(same(value, each) for each in expected):
                expected.append(value)
        for source in self.stored_both_ways(table_of_columns(["k"], [values])):
            found = call_with(self.host, "table_distinct", [source, "k"], {})
            self.assertCells(found, expected)

    @given(tables().filter(lambda t: bool(t.names)), anything, anything)
    @properties
    def test_filters_are_loops(self, source: Table, one: Any, other: Any) -> None:
        """Over the rows, one after the other, with the equality of the language."""
        name = source.names[0]
        for stored in self.stored_both_ways(source):
            for filter_, rest, keeps in (
                ("table_where", ["=", one], lambda cell: equal(cell, one)),
                ("table_where", ["!=", one], lambda cell: not equal(cell, one)),
                ("table_in", [[one, other]], lambda cell: equal(cell, one) or equal(cell, other)),
                ("table_is_null", [], lambda cell: cell is None),
                ("table_not_null", [], lambda cell: cell is not None),
            ):
                found = call_with(self.host, filter_, [stored, name, *rest], {})
                self.assertEqual(found.names, source.names)
                self.assertRows(found, rowwise(source, keeps))

    @given(tables().filter(lambda t: bool(t.names)), st.data())
    @properties
    def test_cells_stay_the_same(self, source: Table, data: st.DataObject) -> None:
        """Selecting, merging and cutting move cells and change none."""
        chosen = data.draw(st.lists(st.sampled_from(source.names), max_size=4))
        places = [source.names.index(name) for name in chosen]
        rows = [*source.rows()]
        one, other = self.stored_both_ways(source)
        for stored in (one, other):
            selected = self.call("table_select", stored, chosen)
            self.assertEqual(list(selected.names), chosen)
            self.assertRows(selected, [[row[place] for place in places] for row in rows])
            self.assertRows(self.call("table_tail", stored, 2), rows[-2:])
        are_different = len(set(source.names)) == len(source.names)
        for mode in [[], ["outer"], ["inner"]] if are_different else [[]]:
            self.assertRows(self.call("merge_tables", [one, other, one], *mode), rows * 3)

    @given(
        st.integers(1, 3).flatmap(
            lambda width: st.lists(
                st.lists(_csv_texts, min_size=width, max_size=width), min_size=1, max_size=4
            )
        ),
        st.sampled_from(
            [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]
        ),
    )
    @properties
    def test_csv_of_python_is_read_back(self, rows: list[list[str]], form: tuple[str, int]) -> None:
        """Every cell as the reference says, whatever Python had to quote."""
        names = [f"c{number}" for number in range(len(rows[0]))]
        end, quoting = form
        target = io.StringIO(newline="")
        csv.writer(target, lineterminator=end, quoting=quoting).writerows([names, *rows])
        self.files.contents["t.csv"] = target.getvalue().encode()
        expected = [[csv_cell(text) for text in row] for row in rows]
        if quoting == csv.QUOTE_MINIMAL and len(names) == 1:
            # A line of white space is no record, unless it is quoted as the empty text is.
            lines = zip(expected, rows, strict=True)
            expected = [made for made, [text] in lines if not text or text.strip(WHITE_SPACE)]
        found = self.call("read_file", "t.csv")
        self.assertEqual(list(found.names), names)
        self.assertRows(found, expected)
