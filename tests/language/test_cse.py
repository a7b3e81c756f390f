"""A part of a value that is read again is what it is by then.

Each program is also run by the plain evaluator, which reads everything each time.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from tests.language.reference import Evaluator

BEFORE = "xs = [3, 1, 2]\no = {k: 1, in: {k: 5}}\nm = [[1, 2], [3, 4]]\ni = 0\nk = 'k'\n"

PARTS = (
    "xs[i]",
    "xs[i + 1]",
    "o.k",
    "o['k']",
    "o[k]",
    "o.in.k",
    "m[i][i]",
    "m[1][0]",
    "m[1]",
    "o['in'].k",
)

CHANGES = (
    "",
    "xs[i] = 9",
    "xs[i + 1] = 8",
    "o.k = 7",
    "o.in.k = 6",
    "o.in = {k: 4}",
    "o[k] = 3",
    "m[1][i] = 9",
    "m[0] = [7, 7]",
    "i = 1",
    "k = 'in'",
    "xs = push(xs, 1)",
    "xs = sort(xs)",
    "o = {k: 'new', in: {k: 'inner'}}",
    "if i == 0 do\nxs[0] = 4\no.k = 'b'\nelse\ni = 0\nendif",
    "for i in [1, 0] do\nprint(xs[i], m[i][i])\nnext i",
    "for j in range(2) do\nxs[j] = xs[i] + 1\ni = 1 - i\nprint(xs[i], o.k)\nnext j",
    "try\nxs[i] = 5\nm[i][i] = 6\no.k = 1 / 0\ncatch\nprint(xs[i], m[i][i], o.k)\nendtry",
    "try\nprint(xs[i], m[i][i])\nfinally\ni = 1\no.k = 2\nendtry",
    "try\nlocal xs = [40, 50]\nprint(xs[i])\nendtry",
    "ys = xs\nys[i] = 100\np = o\np.k = 100\nq = m[1]\nq[0] = 100",
    "m[1][0] = 8\nprint(m[1], m[1])\nq = m[1]\nm[1][0] = 55\nprint(q)",
    "change()",
    "i = 1\nlocal o = {k: 'mine', in: {k: 'own'}}",
)

FUNCTION = "function change() do\nxs[0] = 20\no.k = 30\nm[1][0] = 40\nendfunction\n"


class RepeatTests(SynchronousTestCase):
    """The compiler against ``tests.language.reference``."""

    def compare(self, program: str) -> None:
        """Both print the same, twice in one session."""
        interpreter, evaluator = Interpreter(), Evaluator()
        for _ in range(2):
            outcome = interpreter.run(program)
            found = outcome.output, str(outcome.error or "")
            self.assertEqual(found, evaluator.run(program), program)

    def test_changes(self) -> None:
        """Whatever happens between two reads, at the top, in a function, and in a loop."""
        reads = "\n".join(f"print({part}, {part} == {part})" for part in PARTS)
        for function in ("", FUNCTION):
            for change in CHANGES:
                body = f"{reads}\n{change}\n{reads}"
                self.compare(f"{function}{BEFORE}{body}")
                self.compare(f"{function}function f() do\n{BEFORE}{body}\nendfunction\nf()")
                loop = f"for n in range(2) do\n{body}\nnext n"
                self.compare(f"{function}{BEFORE}{loop}")
                self.compare(f"{function}function f() do\n{BEFORE}{loop}\nendfunction\nf()")
                again = f"{BEFORE}if n > 0 do\n{body}\nendif\n{reads}"
                self.compare(f"{function}function f(n) do\n{again}\nendfunction\nf(0)\nf(1)")

    def test_deep_blocks(self) -> None:
        """Blocks that become Python functions of their own read for themselves."""
        inner = "print(xs[i], o.k)\ntry\nprint(m[0][i])\nendtry\nprint(m[0][i])"
        for depth in (11, 20):
            heads = "\n".join(f"for x{n} in [1] do" for n in range(depth))
            ends = "\n".join(f"next x{n}" for n in reversed(range(depth)))
            around = f"print(xs[i])\n{heads}\n{inner}\n{ends}\nprint(xs[i], m[0][i], o.k)"
            self.compare(BEFORE + around)

    def test_errors_are_raised_each_time(self) -> None:
        """What fails is tried again, and stands where it is tried."""
        self.compare(
            f"{BEFORE}for n in range(2) do\n"
            "try\nprint(o.x)\ncatch e\nprint(e)\nendtry\n"
            "try\nprint(o.x)\ncatch e\nprint(e)\nendtry\n"
            "next n\nprint(1, o.x)"
        )

    def test_files_come_and_go(self) -> None:
        """A path is asked each time."""
        name = self.mktemp()
        program = f"p = path('{name}')\nprint(p.exists)\nprint(p.exists)"
        outcome = Interpreter(on_output=lambda text: Path(name).touch()).run(program)
        self.assertEqual((outcome.error, outcome.output), (None, "false\ntrue\n"))

    def test_conditions(self) -> None:
        """Rows are chosen each time, as the condition may depend on anything."""
        program = (
            "t = table([[1], [2], [3]], ['a'])\nx = 1\n"
            "print(len(t['a + 0 > x']))\nx = 2\nprint(len(t['a + 0 > x']))"
        )
        outcome = Interpreter().run(program)
        self.assertEqual((outcome.error, outcome.output), (None, "2\n1\n"))
