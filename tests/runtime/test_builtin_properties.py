"""What holds for every value: properties of the builtins, tried with generated values."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from datacode.runtime.ordering import sort_key
from datacode.runtime.recognise import (
    is_date_text,
    is_money_text,
    moment_from_text,
    number_from_text,
)
from datacode.runtime.values import same
from tests.runtime.builtins.calling import BuiltinTestCase, call_with
from tests.runtime.generated import anything

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
