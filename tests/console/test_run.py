"""Programs run from files, from the command line and from standard input."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

from twisted.trial.unittest import SkipTest

from datacode.console import completion
from tests.console.terminal import CommandTestCase

FAILING = 'print("before")\nx = 5\nprint(yy + x)\n'


class RunTests(CommandTestCase):
    """``datacode FILE.dc`` and its like: what is printed where, and the exit status."""

    def test_output_alone_on_stdout(self) -> None:
        """Where standard output is no terminal the frame is on standard error."""
        done = self.datacode(self.file("a.dc", 'print("hi", 1 + 1)\n'))
        self.assertEqual((done.status, done.out), (0, "hi 2\n"))
        self.assertEqual(
            done.err,
            "🧠 DataCode File Executor\n========================\n📁 Executing file: a.dc\n\n"
            "🚀 Starting execution...\n\n\n✅ Execution completed successfully!\n",
        )

    def test_error(self) -> None:
        """The sentence, the line with a caret, and a hint; output before it stays."""
        done = self.datacode(self.file("a.dc", FAILING))
        self.assertEqual((done.status, done.out), (1, "before\n"))
        self.assertEqual(
            done.err.partition("❌")[2],
            " Execution failed with error:\n"
            "   Variable Error at line 3: Variable 'yy' not found\n"
            "   3 | print(yy + x)\n"
            "             ^\n",
        )

    def test_error_in_russian(self) -> None:
        """By option, or by the environment."""
        name = self.file("a.dc", "amount = 1\nprint(amuont)\n")
        expected = (
            "Ошибка: переменная 'amuont' не определена (строка 2)\n"
            "2 | print(amuont)\n"
            "          ^\n"
            "💡 возможно, имелось в виду 'amount'?\n"
        )
        # The frame's last empty line comes before it.
        for done in (
            self.datacode("--quiet", "--locale", "ru", name),
            self.datacode("--quiet", name, LC_ALL="ru_RU.UTF-8"),
        ):
            self.assertEqual((done.status, done.out, done.err), (1, "", expected))

    def test_opening_of_an_unclosed_block(self) -> None:
        """The excerpt shows the line that opens it."""
        done = self.datacode("-q", self.file("a.dc", "x = 1\nif x > 1 do\n  print(1)\n"))
        self.assertIn("2 | if x > 1 do\n    ^\n", done.err)

    def test_code(self) -> None:
        """``-c`` runs its operand, without a frame."""
        done = self.datacode("-c", "print(6 * 7)")
        self.assertEqual((done.status, done.out, done.err), (0, "42\n", ""))

    def test_value_of_code(self) -> None:
        """An expression at the end of ``-c`` shows its value, whole; nothing else does."""
        for code, out in (
            ("6 * 7", "42\n"),
            ("x = 1\nx + 1  # two", "2\n"),
            ("null", ""),
            ("x = 1", ""),
            ("global x = 1", ""),
            ("print(1)", "1\n"),
            ('table([[1.25]], ["a"])', "┌──────┐\n│ a    │\n├──────┤\n│ 1.25 │\n└──────┘\n"),
            ('table_head(table([[1]], ["a"]))', "┌───┐\n│ a │\n├───┤\n│ 1 │\n└───┘\n"),
        ):
            done = self.datacode("-c", code)
            self.assertEqual((done.status, done.out, done.err), (0, out, ""), code)
        many = self.datacode(
            "-c", "function f(i) do\nreturn [i]\nendfunction\ntable(map(range(50), 'f'), ['n'])"
        )
        self.assertIn("│ 49 │", many.out)
        done = self.datacode("--json", "-c", "6 * 7")
        self.assertEqual(json.loads(done.out)["output"], "")

    def test_value_of_code_is_not_kept(self) -> None:
        """It is no variable of the program: neither saved nor exported."""
        code = 't = table([[1]], ["a"])\nt'
        self.datacode("--save", "state", "--build_model", "m.db", "-c", code)
        done = self.datacode("--load", "state", "-c", "print(_)")
        self.assertEqual((done.status, done.out), (1, ""))
        with contextlib.closing(sqlite3.connect(self.folder / "m.db")) as base:
            names = base.execute("select name from sqlite_master where type = 'table'").fetchall()
        self.assertIn(("t",), names)
        self.assertNotIn(("_",), names)

    def test_error_of_code(self) -> None:
        """Its place is that of the text that was given."""
        done = self.datacode("-c", "1 + nosuch")
        self.assertEqual(done.status, 1)
        self.assertIn("1 | 1 + nosuch\n        ^\n", done.err)

    def test_standard_input(self) -> None:
        """``-`` reads the program from standard input, without a frame."""
        done = self.datacode("-", stdin='print("мир")\n'.encode())
        self.assertEqual((done.status, done.out, done.err), (0, "мир\n", ""))

    def test_argv(self) -> None:
        """Words behind the program are its own, options too after ``--``."""
        name = self.file("a.dc", "print(argv)")
        done = self.datacode("-q", name, "one", "two words", "--", "--debug")
        self.assertEqual((done.status, done.out), (0, "[one, two words, --debug]\n"))

    def test_missing_file(self) -> None:
        """The original's words."""
        done = self.datacode("none.dc")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertEqual(
            done.err,
            "❌ Error: File 'none.dc' not found\n"
            "💡 Make sure the file exists and the path is correct\n",
        )

    def test_folder(self) -> None:
        """A folder is no program, whatever its name."""
        (self.folder / "folder.dc").mkdir()
        done = self.datacode("folder.dc")
        self.assertEqual(done.status, 1)
        self.assertEqual(done.err, "❌ Error reading file 'folder.dc': Is a directory\n")
        done = self.datacode("folder.dc", "--locale=ru")
        self.assertTrue(done.err.endswith(": это папка\n"), done.err)

    def test_not_utf8(self) -> None:
        """From a file and from standard input."""
        name = self.file("a.dc", b"print('\xff')")
        for done, shown in ((self.datacode(name), name), (self.datacode("-", stdin=b"\xff"), "-")):
            self.assertEqual((done.status, done.out), (1, ""))
            self.assertEqual(
                done.err, f"❌ Error reading file '{shown}': stream did not contain valid UTF-8\n"
            )

    def test_empty_file(self) -> None:
        """White space and a byte order mark are nothing to execute."""
        done = self.datacode(self.file("a.dc", b"\xef\xbb\xbf \n\t\n"))
        self.assertEqual((done.status, done.out), (0, ""))
        self.assertEqual(
            done.err,
            "⚠️  Warning: File 'a.dc' is empty\n✅ Execution completed (nothing to execute)\n",
        )

    def test_byte_order_mark_and_line_ends(self) -> None:
        """A file as a Windows editor leaves it."""
        done = self.datacode("-q", self.file("a.DC", b"\xef\xbb\xbfx = 1\r\nprint(x)\r\n"))
        self.assertEqual((done.status, done.out), (0, "1\n"))

    def test_debug(self) -> None:
        """The file's size before the run, the globals after it."""
        done = self.datacode("--debug", self.file("a.dc", "x = 5\nlocal hidden = 1\nprint(x)\n"))
        self.assertEqual(done.out, "5\n")
        self.assertIn("🔍 Debug mode: ON\n", done.err)
        self.assertIn("🔍 File size: 32 bytes\n", done.err)
        self.assertTrue(done.err.endswith("📊 Final Variables:\n  x = 5\n"), done.err)

    def test_warnings(self) -> None:
        """What a builtin has to say about its data is no output of the program."""
        done = self.datacode("-c", 'print(table([[1, 2], [3]], ["a", "b"]))')
        self.assertEqual((done.status, done.out), (0, "Table(1 rows, 2 columns)\n"))
        self.assertEqual(
            done.err, "⚠️  Warning: table(): 1 of 2 rows were left out: row 2 has 1 cells, not 2\n"
        )

    def test_usage(self) -> None:
        """Words without meaning: two lines, status 2."""
        done = self.datacode("data.csv")
        self.assertEqual((done.status, done.out), (2, ""))
        self.assertEqual(
            done.err,
            "❌ Unknown argument: data.csv (the name of a DataCode file ends in .dc)\n"
            "💡 `datacode --help` tells what there is.\n",
        )

    def test_help_and_version(self) -> None:
        """Both on standard output, status 0."""
        done = self.datacode("--help")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertIn("Usage:", done.out)
        self.assertIn("Использование:", self.datacode("help", LANG="ru_RU.UTF-8", LC_ALL="").out)
        self.assertRegex(self.datacode("--version").out, r"^DataCode \d+\.\d+\.\d+\n$")

    def test_demo(self) -> None:
        """Eight samples, then the variables they have made."""
        done = self.datacode("--demo")
        self.assertEqual(done.status, 0)
        self.assertEqual(done.out.count(">>> "), 8)
        self.assertIn("  answer = 42\n", done.out)


class StateTests(CommandTestCase):
    """``--save`` and ``--load``."""

    def test_save_and_load(self) -> None:
        """What one run leaves the next one has; ``argv`` is its own."""
        code = "x = [1, 2]\nfunction f(n) do\n return n + len(x)\nendfunction"
        self.assertEqual(self.datacode("--save", "s", "-c", code, "word").status, 0)
        self.assertEqual(os.stat(self.folder / "s").st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.folder), ["s"])
        done = self.datacode("--load=s", "-c", "print(x, f(1), argv)")
        self.assertEqual((done.status, done.out), (0, "[1, 2] 3 []\n"))

    def test_failure_leaves_the_old_file(self) -> None:
        """A program that fails saves nothing."""
        self.datacode("--save", "s", "-c", "x = 1")
        self.assertEqual(self.datacode("--load", "s", "--save", "s", "-c", "x = y").status, 1)
        self.assertEqual(self.datacode("--load", "s", "-c", "print(x)").out, "1\n")

    def test_what_cannot_be(self) -> None:
        """No file, another file, no folder."""
        for words, expected in (
            (("--load", "none"), "The state in 'none' was not loaded: No such file or directory"),
            (("--load", self.file("x", "text")), "This is no file with a state saved by DataCode"),
            (("--save", "no/folder"), "The state was not saved to 'no/folder': No such file"),
        ):
            done = self.datacode(*words, "-c", "x = 1")
            self.assertEqual(done.status, 1)
            self.assertIn(expected, done.err)


class JsonTests(CommandTestCase):
    """``--json``, for other programs."""

    def test_success(self) -> None:
        """The three keys of an answer, one line, nothing else."""
        done = self.datacode("--json", self.file("a.dc", 'print("привет")'))
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(done.out, '{"success":true,"output":"привет\\n","error":null}\n')

    def test_failure(self) -> None:
        """The output before the error, and where it is."""
        text = "print(1)\nfunction f() do\n  return 1 / 0\nendfunction\nf()"
        done = self.datacode("--json", "-c", text)
        self.assertEqual(done.status, 1)
        self.assertEqual(
            json.loads(done.out),
            {
                "success": False,
                "output": "1\n",
                "error": "Runtime Error at line 3: Division by zero",
                "diagnostics": {
                    "line": 3,
                    "column": 12,
                    "kind": "runtime",
                    "function": "f",
                    "code": "division_by_zero",
                },
            },
        )

    def test_check(self) -> None:
        """Problems as data."""
        done = self.datacode("--check", "--json", "-c", "x = = 1\nprint(argv)")
        self.assertEqual(done.status, 1)
        (problem,) = json.loads(done.out)["problems"]
        self.assertEqual(
            problem,
            {
                "severity": "error",
                "message": "Unexpected token: =",
                "line": 1,
                "column": 5,
                "kind": "syntax",
            },
        )


class DumpPythonTests(CommandTestCase):
    """``--dump-python``."""

    def test_listing(self) -> None:
        """The Python of each part when it is first run, its lines beside it; no output."""
        text = "function f(n) do\n  return n + 1\nendfunction\nx = 1\nprint(f(x))\n"
        done = self.datacode("--dump-python", self.file("a.dc", text))
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(
            [re.split(r"\s+# ", line.strip()) for line in done.out.splitlines()],
            [
                ["def chunk():", "1: function f(n) do"],
                ["global v_x"],
                ["v_x = 1.0", "4: x = 1"],
                ["f_print(k1_f(depth_limit, v_x))", "5: print(f(x))"],
                [""],
                ["def f_f(_d, l_n):", "1: function f(n) do"],
                ["if _d is None:"],
                ["too_deep()"],
                ["return l_n + 1.0", "2: return n + 1"],
                [""],
            ],
        )

    def test_failing(self) -> None:
        """The error is told as otherwise; so is its status."""
        done = self.datacode("--dump-python", "-c", "x = 1\nx = y")
        self.assertEqual((done.status, done.err.splitlines()[0][:13]), (1, "Variable Erro"))
        self.assertIn("v_x = v_y", done.out)


class DumpPlanTests(CommandTestCase):
    """``--dump-plan``."""

    def test_listing(self) -> None:
        """The plan of each part when it is first run: variables, types, what is decided."""
        text = "function f(n) do\n  return n + 1\nendfunction\nx = 1\nprint(f(x), y)\n"
        done = self.datacode("--dump-plan", self.file("a.dc", text))
        self.assertEqual(done.status, 1)
        self.assertEqual(
            done.out.splitlines(),
            [
                "chunk chunk() -> null",
                "    k1_f is f(integer) -> integer",
                "    4: v_x = 1",
                "    5: print(k1_f(v_x<integer>)<integer>, v_y?)<null>",
                "",
                "function f_f(_d, l_n) -> integer",
                "    2: return (l_n<integer> + 1)<integer>",
                "",
            ],
        )

    def test_every_kind_of_statement(self) -> None:
        """Loops in versions, jumps, blocks, assignments of all kinds have a line each."""
        text = (
            't = table([[1, "a"]], ["n", "s"])\nxs = []\ntotal = ""\n'
            "for row in t do\ntry\nif row[0] == 1 and not xs do\nxs = push(xs, [row[0], -1])\n"
            "else\nxs[0] = {k: xs.len}\nendif\ncatch e\ntotal = total + row[1]\nnext row\n"
            "finally\ntotal = total + 1\nendtry\nnext row\nfor i in range(2) do\nbreak\nnext i"
        )
        done = self.datacode("--dump-plan", "-c", text)
        self.assertEqual((done.status, done.err), (0, ""))
        for line in (
            "4: for b1x1_row in cells 0, 1 of table v_t, numbers in 0, 1",
            "4: for b5x1_row in elements of v_t",
            "5: try",
            "18: for b7x1_i in range(2)",
            "19: break",
        ):
            self.assertIn(f" {line}\n", done.out)


class CheckTests(CommandTestCase):
    """``--check``."""

    def test_errors_and_warnings(self) -> None:
        """One line each, as compilers print them; nothing runs."""
        name = self.file("a.dc", 'print("ran")\nx = nosuch\nlen()\nprint(argv)\n')
        done = self.datacode("--check", name)
        self.assertEqual((done.status, done.out), (0, ""))
        self.assertEqual(
            done.err,
            "a.dc:2:5: warning: Variable 'nosuch' not found\n"
            "a.dc:3:1: warning: Function 'len': arguments expected: 1, found: 0\n",
        )
        done = self.datacode("--check", self.file("b.dc", "a = )\nb = ]\n"), "--locale", "ru")
        self.assertEqual(done.status, 1)
        self.assertEqual(len(done.err.splitlines()), 2)
        self.assertTrue(done.err.startswith("b.dc:1:5: error: "), done.err)

    def test_nothing_to_say(self) -> None:
        """Silence, status 0."""
        done = self.datacode("--check", "-c", "print(1)")
        self.assertEqual((done.status, done.out, done.err), (0, "", ""))


class ModelTests(CommandTestCase):
    """``--build_model``."""

    PROGRAM = 'global people = table([[1, "Ann"]], ["id", "name"])\n'

    def rows(self, name: str) -> list[tuple[object, ...]]:
        """What the database holds."""
        with sqlite3.connect(self.folder / name) as database:
            found = list(database.execute("SELECT * FROM people"))
        database.close()
        return found

    def test_names(self) -> None:
        """The name given, else the environment's, else the program's."""
        self.file("a.dc", self.PROGRAM)
        for words, variables, expected in (
            (("a.dc", "--build_model"), {}, "a.db"),
            (("a.dc", "--build_model", "out.db"), {}, "out.db"),
            (("a.dc", "--build_model"), {"DATACODE_SQLITE_OUTPUT": "env.db"}, "env.db"),
        ):
            done = self.datacode(*words, **variables)
            self.assertEqual(done.status, 0, done.err)
            self.assertIn(f"✅ SQLite database created successfully: {expected}\n", done.err)
            self.assertEqual(self.rows(expected), [(1, "Ann")])

    def test_failure(self) -> None:
        """A place that cannot be written is status 1; a failed program writes nothing."""
        self.file("a.dc", self.PROGRAM)
        done = self.datacode("a.dc", "--build_model", "no/such/folder.db")
        self.assertEqual(done.status, 1)
        self.assertIn("❌ Failed to export to SQLite: ", done.err)
        done = self.datacode("-c", self.PROGRAM + "x = 1 / 0", "--build_model", "b.db")
        self.assertEqual(done.status, 1)
        self.assertFalse((self.folder / "b.db").exists())


class FormatTests(CommandTestCase):
    """``datacode fmt``."""

    def test_in_place(self) -> None:
        """Files are laid out; those that are already stay untouched."""
        self.file("a.dc", "if true do\nprint( 1 )\nendif")
        self.assertEqual(self.datacode("fmt", "a.dc").status, 0)
        expected = "if true do\n  print(1)\nendif\n"
        self.assertEqual((self.folder / "a.dc").read_text("utf-8"), expected)
        self.assertEqual(self.datacode("fmt", "--check", "a.dc").status, 0)

    def test_check(self) -> None:
        """``--check`` names the files that would change, and changes none."""
        self.file("a.dc", "x=1")
        done = self.datacode("fmt", "--check", "a.dc")
        self.assertEqual((done.status, done.err), (1, "a.dc\n"))
        self.assertEqual((self.folder / "a.dc").read_text("utf-8"), "x=1")

    def test_what_cannot_be_read(self) -> None:
        """A missing file, and one that is no program, stop nothing else."""
        self.file("a.dc", "x = = 1")
        self.file("b.dc", "x=1")
        done = self.datacode("fmt", "none.dc", "a.dc", "b.dc")
        self.assertEqual(done.status, 1)
        self.assertEqual(
            done.err,
            "❌ Error reading file 'none.dc': No such file or directory\n"
            "a.dc: Syntax Error at line 1, column 5: Unexpected token: =\n",
        )
        self.assertEqual((self.folder / "b.dc").read_text("utf-8"), "x = 1\n")


class ProcessTests(CommandTestCase):
    """What only a process of its own can show."""

    def test_reader_goes_away(self) -> None:
        """``datacode … | head``: the program ends, and nobody complains."""
        process = self.process("-c", "for i in range(1000000) do\n  print(i)\nnext i")
        assert process.stdout is not None
        assert process.stderr is not None
        self.assertEqual(process.stdout.readline(), b"0\n")
        process.stdout.close()
        self.assertEqual(process.wait(60), 1)
        self.assertEqual(process.stderr.read(), b"")

    def test_no_room_for_the_output(self) -> None:
        """A full disk is said in a sentence; no ``catch`` of the program hides it."""
        if not os.path.exists("/dev/full"):
            self.skipTest("this system has no /dev/full")
        with open("/dev/full", "wb") as full:
            code = "try\nprint('x' * 100000)\ncatch e\nprint('caught')\nendtry\nprint(1)"
            process = self.process("-c", code, stdout=full.fileno())
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        expected = "❌ The output cannot be written: No space left on device\n"
        self.assertEqual(err.decode(), expected)

    def test_interrupt(self) -> None:
        """Ctrl-C ends the program with its line of output and status 130."""
        loop = "for i in range(1000000000) do\nx = i\nnext i\n"
        # Much output first: it is buffered, as it goes to no terminal.
        code = f"print('on ' * 10000)\ntry\n{loop}catch e\nprint(e)\nendtry"
        process = self.process("-c", code)
        assert process.stdout is not None
        process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(out.endswith(b"on \n"), out[-20:])
        self.assertEqual(err.decode(), "Limit Error: Execution was interrupted\n")

    def test_interrupt_while_reading_the_program(self) -> None:
        """Ctrl-C at ``datacode -`` leaves no traceback."""
        process = self.process("-")
        assert process.stdin is not None
        # Written in two parts, so that the process is surely in the middle of reading.
        process.stdin.write(b"print(1)\n" * 20_000)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (130, b""))

    def test_interrupt_of_a_stubborn_program(self) -> None:
        """A ``finally`` that never ends is ended by the next Ctrl-C."""
        loop = "for i in range(1000000000) do\nx = i\nnext i\n"
        code = f"print('x' * 20000)\ntry\n{loop}finally\n{loop}endtry"
        process = self.process("-c", code)
        assert process.stdout is not None
        process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)  # in which it comes to its ``finally``
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)

    def test_help_for_nobody(self) -> None:
        """Whoever read the server's help has gone: no word about it."""
        reader, writer = os.pipe()
        os.close(reader)
        process = self.process("--websocket", "--help", stdout=writer)
        os.close(writer)
        self.assertEqual(process.communicate(timeout=60)[1], b"")

    def test_ascii_terminal(self) -> None:
        """Letters that an encoding does not have become ``?``."""
        process = self.process("-c", "print('мир ok')", PYTHONIOENCODING="ascii")
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out, err), (0, b"??? ok\n", b""))

    def test_completion_scripts(self) -> None:
        """The shells themselves find nothing wrong with them."""
        for shell in ("bash", "zsh", "fish"):
            script = self.datacode("completion", shell).out
            try:
                done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True)
            except FileNotFoundError:
                continue
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.datacode("completion", "tcsh").status, 2)

    def test_completion_knows_every_option(self) -> None:
        """Those of the console without ``--websocket``, those of the server behind it."""
        for option in ("--build_model", "--locale", "--smb", "--check", "--websocket"):
            self.assertIn(option, completion.console_options())
        for option in ("--use-ve", "--time-limit", "--reuse-port", "--auth", "--files"):
            self.assertIn(option, completion.server_options())
        for words in (["--build_model"], ["--websocket", "--time-l"]):
            script = (
                self.datacode("completion", "bash").out
                + f"\nCOMP_WORDS=(datacode {' '.join(words)}); COMP_CWORD={len(words)}; "
                + 'compopt() { :; }; _datacode; echo "${COMPREPLY[@]}"'
            )
            done = subprocess.run(["bash"], input=script, text=True, capture_output=True)
            self.assertEqual(
                done.stdout, "--build_model\n" if len(words) == 1 else "--time-limit\n"
            )

    def test_fish_completes(self) -> None:
        """fish itself, asked what may stand there."""
        if shutil.which("fish") is None:
            raise SkipTest("no fish on this machine: apt-get install fish")
        script = self.datacode("completion", "fish").out
        for line, expected in (
            ("datacode --build", "--build_model"),
            ("datacode --websocket --time-l", "--time-limit"),
            ("datacode --locale r", "ru"),
            ("datacode compl", "completion"),
        ):
            done = subprocess.run(
                ["fish", "--no-config"],
                input=f"{script}\ncomplete -C '{line}'\n",
                text=True,
                capture_output=True,
            )
            self.assertEqual(done.stdout.split()[:1], [expected], done.stderr)

    def test_help_of_commands(self) -> None:
        """``--help`` behind a command is no mistake."""
        for command in ("fmt", "connect", "completion"):
            done = self.datacode(command, "--help")
            self.assertEqual((done.status, done.err), (0, ""))
            self.assertTrue(done.out.startswith(f"Usage: datacode {command} "), done.out)

    def test_format_standard_input(self) -> None:
        """``-`` goes in and out; with ``--check`` it is only looked at."""
        done = self.datacode("fmt", "-", stdin="x=1  # да\n".encode())
        self.assertEqual((done.status, done.out, done.err), (0, "x = 1  # да\n", ""))
        done = self.datacode("fmt", "--check", "-", stdin=b"x=1")
        self.assertEqual((done.status, done.out, done.err), (1, "", "-\n"))

    def test_russian_frame(self) -> None:
        """Who reads Russian reads all of it in Russian."""
        done = self.datacode("--debug", "--locale", "ru", self.file("a.dc", "x = 5\nprint(x)"))
        self.assertEqual((done.status, done.out), (0, "5\n"))
        self.assertNotRegex(done.err.replace("DataCode", "").replace("a.dc", ""), "[a-zA-Z]{2}")
        for words in (["none.dc"], ["-q", self.file("b.dc", b"\xff")], ["fmt", "none.dc"]):
            done = self.datacode(*words, DATACODE_LOCALE="ru")
            self.assertEqual(done.status, 1)
            self.assertRegex(done.err, "^❌ (Ошибка: файл|Не удалось прочитать файл) '")
        done = self.datacode("--demo", "--locale", "ru")
        self.assertIn("📊 Переменные в конце:\n", done.out)
