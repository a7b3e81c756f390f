"""Large messages, read a step at a time: exactly as others are. Server reference, 4.3 and 5.1."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import json_limits, json_steps, messages
from datacode.server.api.messages import Request
from datacode.server.api.parse import BadRequest, parse, parse_in_steps

TOKENS = [
    *(b'"code"', b'"c\\u006fde"', b'"type"', b'"execute"', b'"id"', b'"columns"', b'"x"'),
    *(b'"table_rows"', b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\\\u0041"', b'"\xd1\x8f\xd1\x8f"'),
    *(b'"\\""', b'"a\\\\"', b'"\\x"', b'"\x01"', b'"', b"\\", b'"long long text"'),
    *(b"{", b"}", b"[", b"]", b":", b",", b",", b",", b" ", b"\n", b"    ", b"\x0b"),
    *(b"1", b"-5", b"05", b"1.5e3", b"1,2,3,", b"12345678901234567890", b"true", b"null", b"x"),
]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


def in_steps(data: bytes) -> Request:
    """What ``parse`` would give, after all steps."""
    steps = parse_in_steps(data)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            request: Request = done.value
            return request


def outcome(read: Callable[[bytes], Request], data: bytes) -> Any:
    """The request, or everything that the answer to a wrong one tells."""
    try:
        return read(data)
    except BadRequest as bad:
        # A type that is an array is shown as it stands there, but for white space.
        text = re.sub("unknown type .*", "unknown type", bad.render("en"), flags=re.DOTALL)
        return text, bad.shape, bad.id and bytes(bad.id), bad.locale


class SmallStepsTests(SynchronousTestCase):
    """With steps of a few bytes everything is cut everywhere."""

    def setUp(self) -> None:
        """Make the steps small."""
        self.patch(json_steps, "STEP", 12)  # no less than a pair of surrogates takes
        self.patch(json_steps, "_LITTLE", 2)

    def same(self, data: bytes) -> None:
        """Read in steps and at once, it is the same. What is no UTF-8 never comes so far; with
        steps it is refused also where nobody reads it."""
        try:
            data.decode()
        except UnicodeDecodeError:
            return
        self.assertEqual(outcome(in_steps, data), outcome(parse, data), data)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(TOKENS), max_size=30))
    def test_tokens(self, tokens: list[bytes]) -> None:
        """Whatever stands there."""
        self.same(b"".join(tokens))
        self.same(b'{"code": "1", "y": ' + b"".join(tokens) + b"}")
        self.same(b'{"code": "1", "y": [' + b"".join(tokens) + b"]}")

    @settings(deadline=None)
    @given(
        st.dictionaries(st.sampled_from(["code", "id", "x", "ключ"]) | st.text(max_size=4), VALUES),
        st.booleans(),
        st.none() | st.integers(min_value=0, max_value=9),
        st.integers(min_value=0),
        st.sampled_from(TOKENS),
    )
    def test_objects(
        self, fields: dict[str, Any], ascii_only: bool, indent: int | None, at: int, token: bytes
    ) -> None:
        """Whatever a message holds; and with something put into it anywhere."""
        data = json.dumps(fields, ensure_ascii=ascii_only, indent=indent).encode()
        self.same(data)
        at %= len(data)
        self.same(data[:at] + token + data[at:])
        self.same(data[:at] + data[at + 1 :])

    def test_rows(self) -> None:
        """Numbers by the thousand: what stands before, between and behind them counts."""
        row = b"1, 2.5,-3,\n true ,1e9,null," * 40
        for front in (b"[", b"[ 5 ", b"[5", b"[05,", b"[x,", b"[,", b'["a"', b"[[],", b"", b"["):
            for back in (b"1]", b"]", b"1}", b"x,1]", b"12-3,1]", b'"a"]', b"[1]]", b" 1  ]"):
                data = b'{"code":"1","y":' + front + row + back + b',"id":7}'
                self.same(data)
                self.same(data.replace(b",", b" , "))
                self.same(data.replace(b"-3,", b"-3 "))
        for field in (b"y", b"columns"):
            self.same(
                b'{"type":"table_rows","name":"t","offset":0,"' + field + b'":[' + row + b"1]}"
            )

    def test_numbers_of_a_field(self) -> None:
        """Where somebody reads them, all of them stay."""
        columns = list(range(1000))
        data = json.dumps({"type": "table_rows", "table": "t", "columns": columns}).encode()
        self.same(data)


class LimitTests(SynchronousTestCase):
    def sentence(self, data: bytes) -> tuple[str, Any]:
        """Why a message is refused, and the id that is repeated."""
        bad = self.assertRaises(BadRequest, in_steps, data)
        return bad.render("en"), bad.id and bytes(bad.id)

    def test_values(self) -> None:
        """Those that nobody reads are bounded as ever; of the rest nothing is read."""
        too_many = "Request error: more than 250000 nested values"
        many = b"[" + b"[]," * 200_000 + b"1]"
        few = b"[" + b"[]," * 100_000 + b"1]"
        self.assertEqual(in_steps(b'{"code":"1","y":' + few + b"}"), messages.Execute(code="1"))
        self.assertEqual(
            self.sentence(b'{"id":7,"type":"reset","y":' + many + b"}"), (too_many, b"7")
        )
        self.assertEqual(self.sentence(b'{"y":' + many + b"}")[0], too_many)
        strings = many.replace(b"[]", b'""').replace(b"1]", b'"",' * 60_000 + b"1]")
        self.assertEqual(self.sentence(b'{"code":"1","y":' + strings + b"}")[0], too_many)
        numbers = b"[" + b"1," * 300_000 + b"1]"
        self.assertEqual(in_steps(b'{"code":"1","y":' + numbers + b"}"), messages.Execute(code="1"))
        columns = b'{"type":"table_rows","columns":' + numbers + b"}"
        bad = self.assertRaises(BadRequest, in_steps, columns)
        self.assertEqual((bad.render("en"), bad.shape), (too_many, messages.TableRowsFound))

    def test_fields(self) -> None:
        """So are fields."""
        many = b'{"code":"1"' + b',"y":1' * 20_000 + b"}"
        self.assertEqual(self.sentence(many)[0], "Request error: more than 10000 fields")
        deep = b'{"code":"1","y":' + b"[" * 600 + b"]" * 600 + b',"z":"' + b"z" * 300_000 + b'"}'
        self.assertEqual(self.sentence(deep)[0], "Request error: nested deeper than 512 levels")

    def test_what_is_decoded(self) -> None:
        """Of what nobody reads next to nothing is left, and no step passes much of it."""
        text = json.dumps("\n\u044f\U0001f600" * 100_000).encode()
        row, space = b"[" + b"1," * 500_000 + b"1]", b" " * 1_000_000
        for key, value in (
            (b"y", row),
            (b"y", text),
            (b"y", space + b"1"),
            (b"code", space + b"1"),
        ):
            data = b'{"' + key + b'":' + value + b"}"
            steps = json_steps.shortened(data, json_limits.Keys.of(["code"]))
            count = 0
            while True:
                try:
                    next(steps)
                except StopIteration as done:
                    self.assertLess(len(done.value), 3 * json_steps.STEP)
                    break
                count += 1
            self.assertGreaterEqual(count, len(value) // (2 * json_steps.STEP) - 1)
