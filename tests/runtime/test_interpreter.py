"""The embedding interface: runs, outcomes, errors, and what stays in between."""

from __future__ import annotations

import subprocess
import sys
import threading

from twisted.trial.unittest import SynchronousTestCase

from datacode import DataCodeError, Interpreter, Outcome
from datacode.errors import Kind


class OutcomeTests(SynchronousTestCase):
    """What ``run`` returns."""

    def test_success(self) -> None:
        """Output, and no error."""
        self.assertEqual(Interpreter().run("print(1 + 2)"), Outcome("3\n", None))
        self.assertEqual(Interpreter().run(""), Outcome("", None))

    def test_output_before_an_error(self) -> None:
        """What was printed is in the outcome; the next run begins with nothing."""
        interpreter = Interpreter()
        outcome = interpreter.run("print('a')\nprint(b)")
        self.assertEqual(outcome.output, "a\n")
        self.assertIsInstance(outcome.error, DataCodeError)
        self.assertEqual(interpreter.run("print('c')").output, "c\n")

    def test_output_as_it_is_printed(self) -> None:
        """``on_output`` gets the same text; without ``keep_output`` only it does."""
        heard: list[str] = []
        outcome = Interpreter(on_output=heard.append).run("print(1)\nprint(2, 3)")
        self.assertEqual("".join(heard), "1\n2 3\n")
        self.assertEqual(outcome.output, "1\n2 3\n")
        heard.clear()
        silent = Interpreter(on_output=heard.append, keep_output=False)
        self.assertEqual(silent.run("print(1)").output, "")
        self.assertEqual("".join(heard), "1\n")


class GoingBackTests(SynchronousTestCase):
    """``roll_back`` makes the state what it was before the last run, if that has failed."""

    def setUp(self) -> None:
        self.interpreter = Interpreter()
        self.output(
            "global total = [1, [2]]\no = {a: {b: 1}}\nlocal tag = 't'\n"
            "function show() do\n return total[0] + len(total)\nendfunction"
        )

    def output(self, text: str) -> str:
        """What a program prints that does not fail."""
        outcome = self.interpreter.run(text)
        self.assertIsNone(outcome.error)
        return outcome.output

    def undone(self, text: str) -> None:
        """A program that fails, and what it did is taken back."""
        self.assertIsNotNone(self.interpreter.run(f"{text}\nprint(missing)").error)
        self.interpreter.roll_back()

    def test_variables(self) -> None:
        """New ones are gone, others are what they were, elements included."""
        self.undone("total[0] = 5\ntotal[1][0] = 6\no.a.b = 7\ntag = 8\nnew = 9\nglobal x = 1")
        self.assertEqual(self.output("print(total, o, tag)"), "[1, [2]] {a: {b: 1}} t\n")
        names = [variable.name for variable in self.interpreter.variables()]
        self.assertEqual(names, ["total", "o", "tag"])
        self.assertIsNotNone(self.interpreter.run("print(new)").error)

    def test_owned(self) -> None:
        """What an earlier program changed in place belongs to nobody afterwards."""
        self.output("total[0] = 3\no.a.b = 4\ntotal = push(total, 5)")
        self.undone("total[0] = 6\no.a.b = 7\ntotal = push(total, 8)\no.a.c = 1")
        self.output("copy = total\ntotal[0] = 9")
        self.assertEqual(
            self.output("print(copy, total, o)"), "[3, [2], 5] [9, [2], 5] {a: {b: 4}}\n"
        )

    def test_functions(self) -> None:
        """New ones are gone, replaced ones are back; callers find what there is."""
        self.output("function twice() do\n return show() * 2\nendfunction\nprint(twice())")
        self.undone(
            "function show() do\n return 'text'\nendfunction\n"
            "function other() do\n return 1\nendfunction\nprint(twice, other())"
        )
        self.undone("function show(n) do\n return n\nendfunction\nprint(show(1))")
        self.assertEqual(self.output("print(twice())"), "6\n")
        self.assertEqual(list(self.interpreter.functions()), ["show", "twice"])

    def test_compiled_for_what_is_gone(self) -> None:
        """A function compiled for a variable that is no more finds it missing, and new again."""
        self.output("function get() do\n return later\nendfunction")
        self.undone("global later = 5\nprint(get() + 1)")
        self.assertIn("'later'", str(self.interpreter.run("print(get())").error))
        self.assertEqual(self.output("global later = 'x'\nprint(get() + 'y')"), "xy\n")

    def test_success(self) -> None:
        """A program that succeeded is not taken back."""
        self.output("total = 5")
        self.interpreter.roll_back()
        self.assertEqual(self.output("print(total)"), "5\n")


class ErrorTests(SynchronousTestCase):
    """The parts of an error and its texts."""

    def error_of(self, text: str) -> DataCodeError:
        """The error of a program."""
        error = Interpreter().run(text).error
        assert error is not None
        return error

    def assert_error(self, text: str, kind: Kind, line: int, english: str, russian: str) -> None:
        """Kind, line, and the text in both languages; ``str()`` is the English one."""
        error = self.error_of(text)
        self.assertIs(error.kind, kind)
        self.assertEqual(error.line, line)
        self.assertEqual(str(error), english)
        self.assertEqual(error.render("en"), english)
        self.assertEqual(error.render("ru"), russian)

    def test_kinds(self) -> None:
        """One of each; a kind is the word that the text begins with."""
        self.assert_error(
            "\nx = )",
            Kind.SYNTAX,
            2,
            "Syntax Error at line 2, column 5: Unexpected token: )",
            "Ошибка: здесь не ожидается «)» (строка 2, столбец 5)",
        )
        self.assert_error(
            "x = 1\n\nprint(y)",
            Kind.VARIABLE,
            3,
            "Variable Error at line 3: Variable 'y' not found",
            "Ошибка: переменная 'y' не определена (строка 3)",
        )
        self.assert_error(
            "nosuch()",
            Kind.FUNCTION,
            1,
            "Function Error at line 1: Function 'nosuch' not found",
            "Ошибка: функция 'nosuch' не определена",
        )
        self.assert_error(
            "x = 1 / 0",
            Kind.RUNTIME,
            1,
            "Runtime Error at line 1: Division by zero",
            "Ошибка: деление на ноль",
        )
        self.assert_error(
            "throw {a: 1}", Kind.EXCEPTION, 1, "Exception at line 1: {a: 1}", "Ошибка: {a: 1}"
        )
        self.assertEqual(self.error_of("x = 1 / 0").kind, "Runtime Error")

    def test_columns(self) -> None:
        """The column of a syntax error is in its text, that of a running program beside it."""
        syntax = self.error_of("a = 1\nb = = 2")
        self.assertEqual((syntax.line, syntax.column), (2, 5))
        running = self.error_of("a = 1\nb = a + nosuch")
        self.assertEqual((running.line, running.column), (2, 9))

    def test_text_of_users_is_no_template(self) -> None:
        """Braces in values, keys and messages stay as they are, in both languages."""
        for text, message in (
            ("throw '{x} {0} %s {message}'", "{x} {0} %s {message}"),
            ("o = {}\no['{key}']", "Key '{key}' not found in object"),
            ("'{left}' - 1", 'Cannot subtract String("{left}") and Number(1.0)'),
        ):
            error = self.error_of(text)
            self.assertEqual(error.text, message)
            self.assertIn("{", error.render("ru"))

    def test_incomplete(self) -> None:
        """A text that stops too early can be told from one that is wrong."""
        for text in ("if true do", "x = [1,", "x = 'a", '"""', "for i in x do\n", "try\ncatch"):
            self.assertTrue(self.error_of(text).incomplete, text)
        for text in ("x = )", "x =", "endif", "return", "nosuch()"):
            self.assertFalse(self.error_of(text).incomplete, text)


class SessionTests(SynchronousTestCase):
    """What stays from run to run (language reference, 11)."""

    def test_state(self) -> None:
        """Globals, top-level locals and functions stay, also after an error; lines begin anew."""
        interpreter = Interpreter()
        interpreter.run("n = 1\nlocal tag = 't'\nfunction show() do\n  print(tag, n)\nendfunction")
        self.assertEqual(interpreter.run("n = n + 1\nshow()").output, "t 2\n")
        failed = interpreter.run("x = 5\nx = missing")
        self.assertIn("at line 2: Variable 'missing' not found", str(failed.error))
        self.assertEqual(interpreter.run("print(x)").output, "5\n")

    def test_what_ends(self) -> None:
        """Blocks and calls are gone, however they were left; a syntax error changes nothing."""
        interpreter = Interpreter()
        interpreter.run("for i in [1] do\n  local k = i\n  throw k\nnext i")
        self.assertEqual(interpreter.run("print(isset(i), isset(k))").output, "false false\n")
        interpreter.run("function f(p) do\n  q = p\n  throw q\nendfunction\nf(1)")
        self.assertEqual(interpreter.run("print(isset(p), isset(q))").output, "false false\n")
        interpreter.run("z = 1\nfunction g() do\nendfunction\n)")
        self.assertEqual(interpreter.run("print(isset(z))").output, "false\n")
        self.assertIn("'g' not found", str(interpreter.run("g()").error))

    def test_lines_of_earlier_programs(self) -> None:
        """A function's lines are those of the program that defined it."""
        interpreter = Interpreter()
        interpreter.run("\n\nfunction f() do\n\n  return missing\nendfunction")
        error = interpreter.run("f()").error
        self.assertEqual(str(error), "Variable Error at line 5: Variable 'missing' not found")

    def test_two_interpreters(self) -> None:
        """They share neither variables nor functions, although they share compiled code."""
        text = "isset(n)\nn = 1\nfunction f() do\n  return n\nendfunction\nprint(f())"
        first, second = Interpreter(), Interpreter()
        self.assertEqual(first.run(text).output, "1\n")
        first.run("n = 2")
        self.assertEqual(second.run("print(isset(n))").output, "false\n")
        self.assertIn("'f' not found", str(second.run("f()").error))
        self.assertEqual(second.run(text).output, "1\n")
        self.assertEqual(first.run("print(n)").output, "2\n")

    def test_cancel(self) -> None:
        """From another thread; ``catch`` does not hold it, and the variables survive."""
        heard = threading.Event()
        interpreter = Interpreter(on_output=lambda text: heard.set())

        def cancel() -> None:
            heard.wait()
            interpreter.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        text = "n = 7\nprint(n)\nfor i in range(10 ^ 15) do\ntry\nn = n\ncatch\nendtry\nnext i"
        error = interpreter.run(text).error
        canceller.join()
        assert error is not None
        self.assertIs(error.kind, Kind.LIMIT)
        self.assertEqual(interpreter.run("print(n)"), Outcome("7\n", None))

    def test_cancelled_at_the_end(self) -> None:
        """A cancel that comes while a program ends anyway ends that run or none, and no more."""
        interpreter = Interpreter()
        over = threading.Event()

        def cancel() -> None:
            while not over.is_set():
                interpreter.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        try:
            ends = {str(interpreter.run("n = 1").error) for _ in range(2000)}
        finally:
            over.set()
            canceller.join()
        self.assertLessEqual(ends, {"None", "Limit Error: Execution was interrupted"})
        self.assertEqual(interpreter.run("print(n)"), Outcome("1\n", None))
        self.assertIsNone(interpreter._thread)
        self.assertFalse(interpreter._is_cancelled)

    def test_traced(self) -> None:
        """It runs, is cancelled and runs again under a debugger and a profiler."""
        script = """if True:
            import cProfile, sys, threading
            from datacode import Interpreter

            def trace(frame, event, argument):
                return trace

            def stop(text):
                if text == "begun\\n":
                    threading.Timer(0.1, interpreter.cancel).start()

            begin, end = {
                "trace": (lambda: sys.settrace(trace), lambda: sys.settrace(None)),
                "profile": ((profile := cProfile.Profile()).enable, profile.disable),
            }[sys.argv[1]]
            begin()
            interpreter = Interpreter(on_output=stop)
            print(interpreter.run("n = 0\\nfor i in range(99) do\\nn = n + i\\nnext i").error)
            print(interpreter.run("print('begun')\\nfor i in range(10 ^ 15) do\\nnext i").error)
            print(interpreter.run("print(n)").output)
            end()
        """
        for how in ("trace", "profile"):
            done = subprocess.run(
                [sys.executable, "-c", script, how],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            self.assertEqual(done.stderr, "")
            self.assertEqual(
                done.stdout, "None\nLimit Error: Execution was interrupted\n4851\n\n", how
            )

    def test_no_server_is_loaded(self) -> None:
        """Embedding brings neither Twisted nor the client of shares."""
        script = (
            "import sys; from datacode import Interpreter; Interpreter().run('print(1)');"
            "print([n for n in ('twisted', 'autobahn', 'impacket') if n in sys.modules])"
        )
        found = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        self.assertEqual(found.stdout, "[]\n")


class CopyTests(SynchronousTestCase):
    """Arrays, objects and texts are values, and yet growing them in a loop copies nothing."""

    STEPS = 500

    def versions_of(self, name: str, text: str) -> int:
        """How many Python objects a variable is in a loop that prints once a step."""
        seen: list[object] = []
        interpreter = Interpreter(on_output=lambda _: seen.append(held()[f"v_{name}"]))
        held = interpreter._namespace.now
        outcome = interpreter.run(text)
        self.assertIs(outcome.error, None)
        self.assertEqual(len(seen), self.STEPS)
        return len({id(each) for each in seen})

    def loop(self, start: str, step: str) -> str:
        """A program that repeats a step."""
        return f"{start}\nfor i in range({self.STEPS}) do\n{step}\nprint(i)\nnext i"

    def test_growing_arrays(self) -> None:
        """One object from the first step to the last."""
        self.assertEqual(self.versions_of("xs", self.loop("xs = []", "xs = push(xs, i)")), 1)

    def test_changing_elements(self) -> None:
        """At most the first change copies."""
        self.assertLessEqual(self.versions_of("xs", self.loop("xs = [0]", "xs[0] = i")), 2)
        self.assertLessEqual(self.versions_of("o", self.loop("o = {}", "o['k' + i] = i")), 2)
        deep = self.loop("xs = [[0]]", "xs[0][0] = i")
        self.assertLessEqual(self.versions_of("xs", deep), 2)

    def test_shared_arrays(self) -> None:
        """One that somebody else holds is copied once for each holder."""
        shared = self.loop("xs = []", "ys = xs\nxs = push(xs, i)\nxs = push(xs, i)")
        self.assertEqual(self.versions_of("xs", shared), self.STEPS)
