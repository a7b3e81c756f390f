"""Anything may be sent: every answer is well-formed, and the session goes on.

Messages and programs are drawn by hypothesis and sent to a real server; after each the connection
must still run a program that uses a variable set at its beginning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import messages
from tests.daemons import Daemon, Talk, foreground

TYPES = (
    # Not the one that ends a session which has said ``attach``.
    *(r.__struct_config__.tag for r in messages.REQUESTS if r is not messages.Detach),
    *("EXECUTE", "", "exekute"),
)
FIELDS = (
    *sorted({name for request in messages.REQUESTS for name in request.__struct_fields__}),
    "type",
)
SHAPES = [
    {"success", "session"},
    *(
        keys
        for each in (
            msgspec.to_builtins(kind.answer(success=False)).keys() for kind in messages.REQUESTS
        )
        if len(keys := set(each)) > 2
    ),
]
"""Every answer has the keys of one of these."""

REFUSAL = {"success", "error", "code", "id"}
"""Requests about sessions (``attach``, ``fork``, …) say no more where they fail."""

QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
requests = st.dictionaries(st.sampled_from(FIELDS), values, max_size=8).flatmap(
    lambda fields: st.sampled_from(TYPES).map(lambda kind: {"type": kind, **fields})
)
messages = (
    requests.map(json.dumps)
    | values.map(json.dumps)
    | st.text(max_size=200)
    | st.integers(1, 2000).map(lambda depth: '{"code": "", "x": ' + "[" * depth + "]" * depth + "}")
)

WORDS = """
    x y z 1 2.5 'a' "b" true null [ ] { } ( ) , . : = == != < > + - * / % ^ and or not if else do
    then endif for in next function endfunction return break try catch finally endtry throw global
    local print len range push map table sum read_file path str sort x[0] x.y f(x) я \\ $
""".split()
words = st.sampled_from([*WORDS, "\n", "\n", "\n", "# c\n", '"""', "\x00", "\u202e"])
soups = st.lists(words, max_size=60).map(" ".join)
OPERANDS = ["1", "0", "2.5", "'a'", "true", "null", "x", "[1, 'b']", "{k: 1}", "t", "t['a']"]
OPERATORS = "+ - * / % ^ == != < > <= >= and or".split()
FUNCTIONS = "- not len str sum sort typeof bool unique f".split()
expressions = st.recursive(
    st.sampled_from(OPERANDS),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner)
        | st.builds("{} ({})".format, st.sampled_from(FUNCTIONS), inner)
        | st.builds("{}[{}]".format, inner, inner)
        | st.builds("[{0}, {0}]".format, inner)
    ),
    max_leaves=10,
)
statements = st.builds("print({})".format, expressions) | st.builds("x = {}".format, expressions)
PROGRAM = """
x = 3
t = table([[1, 'u'], [2, null]], ['a', 'b'])
function f(v) do
  return v
endfunction
for i in [1, 2] do
  try
    STATEMENTS
  catch e
    print(e)
  endtry
next i
"""
programs = st.lists(statements, max_size=6).map(
    lambda lines: PROGRAM.replace("STATEMENTS", "\n".join(lines))
)


class FuzzTests(SynchronousTestCase):
    """One server for each test, one connection for all that is sent to it."""

    timeout = 300

    def setUp(self) -> None:
        """A server with short limits."""
        folder = Path(self.mktemp())
        folder.mkdir()
        command = foreground("--port", "0", "--time-limit", "5", "--use-ve", "--locale", "en")
        self.daemon = Daemon([*command, "--smb-host", "127.0.0.9"], folder)
        self.addCleanup(self.daemon.close)
        self.talk = Talk(self.daemon.port())
        self.addCleanup(self.talk.close)

    def is_well_formed(self, answer: dict[str, Any]) -> None:
        """One of the documented shapes, with a sentence exactly where it failed."""
        if answer["success"] or answer.keys() - REFUSAL:
            self.assertTrue(any(shape <= answer.keys() for shape in SHAPES), answer)
        self.assertIs(type(answer["success"]), bool)
        if not answer["success"]:
            self.assertTrue(answer["error"], answer)
        if answer["error"] is not None:
            for secret in ("Traceback", "object at 0x", "<class", "datacode.", 'File "'):
                self.assertNotIn(secret, answer["error"])

    def lives(self) -> None:
        """The session still runs programs."""
        answer = self.talk.ask(type="execute", code="print('alive')")
        self.assertEqual(answer, {"success": True, "output": "alive\n", "error": None})

    def answer_to(self, message: str | bytes) -> dict[str, Any]:
        """Send a message; its answer, after output and progress."""
        self.talk.socket.send(message)
        while True:
            answer = self.talk.receive()
            if "success" in answer:
                return answer

    def test_messages(self) -> None:
        """Every type, wrong types, deep nesting, repeated keys, no JSON at all."""

        @QUICK
        @given(messages)
        @example('{"code": 1, "code": "print(1)"}')
        @example('{"type": "execute", "type": "info", "code": ""}')
        @example('{"code": NaN}')
        @example('{"code": "", "max_steps": 18446744073709551616}')
        @example('{"code": "print(1)", "id": 1e400}')
        @example('{"code": "\\ud800"}')
        @example('\ufeff{"code": ""}')
        @example('{"type": "complete", "code": "x", "position": -1}')
        def send(message: str) -> None:
            self.is_well_formed(self.answer_to(message))

        send()
        self.lives()

    def test_word_soup(self) -> None:
        """Words in any order: nearly always a syntax error, never anything worse."""

        @QUICK
        @given(soups)
        def run(program: str) -> None:
            self.is_well_formed(self.answer_to(json.dumps({"code": program})))

        run()
        self.lives()

    def test_programs(self) -> None:
        """Programs that parse, with operands of every type: all their errors can be caught."""

        @QUICK
        @given(programs)
        def run(program: str) -> None:
            answer = self.answer_to(json.dumps({"code": program}))
            self.is_well_formed(answer)
            self.assertNotIn("Internal error", answer["output"])
            self.assertEqual(answer["error"], None, program)

        run()
        self.lives()
