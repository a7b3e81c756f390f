"""The prompt: over a pipe, and at a real terminal."""

from __future__ import annotations

import os
import re
import stat

from twisted.trial.unittest import SynchronousTestCase

from datacode.console.repl import next_line, texts
from datacode.language.tools.echo import with_echo
from tests.console.terminal import CommandTestCase, Terminal


class EchoTests(SynchronousTestCase):
    """``with_echo``: what runs for what was typed."""

    def test_untouched(self) -> None:
        """Statements, errors and blocks run as they are."""
        for text in ("x = 1", "x = = 1", "if a do", "local a = 1\nlocal b = 2", "", "# only"):
            self.assertEqual(with_echo(text).program, text)

    def test_lines_stay(self) -> None:
        """The last expression is shown from where it stands."""
        program = with_echo('x = 1\n""" a """ x +\\\n1').program
        self.assertEqual(program, 'x = 1\n""" a """ x +\\\n1')  # no program: untouched
        program = with_echo("x = [\n1]\nx[\n0]  # the first").program
        self.assertTrue(program.startswith("x = [\n1]\n_ = (x[\n0]  # the first\n)\n"), program)

    def test_tables_that_show_themselves(self) -> None:
        """They are drawn once."""
        for text in ("show_table(t)", "table_head(t, 3)"):
            program = with_echo(text, "en").program
            self.assertNotIn("show_table(_)", program)

    def test_places(self) -> None:
        """What the program moved to the right is told where it was typed."""
        echo = with_echo("x = 1\n f(x,\n y)")
        moved = echo.program.split("\n")[1].index("x") + 1
        places = [echo.typed_at(2, moved), echo.typed_at(3, 2), echo.typed_at(1, 7)]
        self.assertEqual(places, [(2, 4), (3, 2), (1, 7)])


class TextTests(SynchronousTestCase):
    """``texts``: whole programs out of lines."""

    def assert_texts(self, given: str, *expected: str) -> None:
        """The lines make these texts."""
        lines = [line + "\n" for line in given.split("\n")]
        self.assertEqual([text for text in texts(lines) if text], list(expected))

    def test_lines(self) -> None:
        """What is whole is a text."""
        self.assert_texts("x = 1\nprint(x)", "x = 1", "print(x)")

    def test_blocks(self) -> None:
        """A block goes on to its own end, blank lines and all."""
        block = "for i in x do\n  if i do\n    next i\n  endif\n\n  print(i)\nnext i"
        self.assert_texts(f"{block}\nprint(1)", block, "print(1)")

    def test_brackets_strings_comments(self) -> None:
        """They may span lines; words and quotes in them mean nothing."""
        for text in ("x = [1,\n\n2]", 'x = "if a do\nb"', '"""\nif a do "\n"""', "f(\n# (\n)"):
            self.assert_texts(f"{text}\nprint(1)", text, "print(1)")

    def test_keys_and_members(self) -> None:
        """Words that are keys or members open no block."""
        self.assert_texts("x = {if: 1}.if\nprint(1)", "x = {if: 1}.if", "print(1)")

    def test_wrong_text_ends_at_once(self) -> None:
        """What cannot become right is not waited for."""
        self.assert_texts("endif\nprint(1)", "endif", "print(1)")
        self.assert_texts("if a do\nendtry\nprint(1)", "if a do\nendtry", "print(1)")

    def test_two_empty_lines_give_up(self) -> None:
        """So one can get out of a block that was not meant."""
        self.assert_texts("if a do\n\n\nprint(1)", "if a do\n\n", "print(1)")

    def test_end_of_input(self) -> None:
        """What is unfinished then is a text, for its error's sake."""
        self.assertEqual(list(texts(["if a do"])), ["if a do"])

    def test_long_block(self) -> None:
        """A block of many lines is not read again for each of them."""
        lines = ["if true do\n", *["x = 1\n"] * 20_000, "endif\n"]
        (text,) = texts(lines)
        self.assertEqual(text.count("\n"), 20_001)


class NextLineTests(SynchronousTestCase):
    """``next_line``: layout while typing."""

    def test_levels(self) -> None:
        """Lines in a block stand one level in, words that divide or close it do not."""
        text = ""
        for line in ("if a do", "for i in x do", "print(i)", "next i", "else", "y = [", "1", "]"):
            text = next_line(text + line)
        self.assertEqual(
            text, "if a do\n  for i in x do\n    print(i)\n  next i\nelse\n  y = [\n    1\n  ]\n  "
        )

    def test_inside_a_string(self) -> None:
        """There every space counts."""
        self.assertEqual(next_line("if a do\n  x = 'a"), "if a do\n  x = 'a\n")

    def test_next_as_a_statement(self) -> None:
        """It closes nothing inside an ``if``."""
        self.assertEqual(
            next_line("for i in x do\n  if i do\n    next i"),
            "for i in x do\n  if i do\n    next i\n    ",
        )


class PipeTests(CommandTestCase):
    """``datacode`` reading from a pipe."""

    def converse(self, *lines: str, **variables: str) -> tuple[str, str]:
        """What these lines give, and the complaints; the status is 0."""
        done = self.datacode(stdin="\n".join([*lines, ""]).encode(), **variables)
        self.assertEqual(done.status, 0)
        return done.out, done.err

    def test_values(self) -> None:
        """Expressions show their value, declarations what they set, the rest nothing."""
        out, err = self.converse(
            "x = 5", "x * 2", "_ + 1", "global y = [1, 'a']", "local z = null", "null", "print(1)"
        )
        self.assertEqual((out, err), ("10\n11\n✓ y = [1, a]\n✓ z = null\n1\n", ""))

    def test_long_table(self) -> None:
        """Its first rows are drawn, and a note tells how to see the rest."""
        many = "t = table(map(range(50), 'pair'), ['n'])"
        lines = ["function pair(i) do", "  return [i]", "endfunction", many]
        out, _ = self.converse(*lines, "t", DATACODE_LOCALE="ru")
        self.assertIn("│ 19 │\n└────┘\n… строки 1–20; все показывает `show_table(_)`\n", out)
        self.assertNotIn("│ 20 │", out)
        out, _ = self.converse(*lines, "show_table(t)")
        self.assertEqual(out.count("│ 49 │"), 1)
        self.assertNotIn("…", out)

    def test_help_in_russian(self) -> None:
        """What a function does, for readers of Russian."""
        out, _ = self.converse("help push", DATACODE_LOCALE="ru")
        self.assertTrue(out.startswith("push(array, item)\n\nКопия массива"), out)

    def test_table(self) -> None:
        """A table is drawn, fitted to the width."""
        row = '"' + "long " * 20 + '"'
        out, _ = self.converse(f'table([[1, {row}]], ["id", "text"])', COLUMNS="30")
        lines = out.splitlines()
        self.assertEqual({len(line) for line in lines}, {30})
        self.assertEqual(lines[3], "│ 1  │ long long long long … │")

    def test_blocks(self) -> None:
        """They run when they are complete; a false condition runs nothing."""
        out, _ = self.converse(
            "if false do", 'print("no")', "endif", "for i in [1, 2] do", "", "i", "next i", "i"
        )
        self.assertEqual(out, "")
        out, _ = self.converse("for i in [1, 2] do", "if i > 1 do", "print(i)", "endif", "next i")
        self.assertEqual(out, "2\n")

    def test_errors(self) -> None:
        """On standard error, with the line where one line does not say it; all goes on."""
        out, err = self.converse("amount = 1", "amuont", "x = = 1", "print('on')")
        self.assertEqual(out, "on\n")
        self.assertEqual(
            err,
            "❌ Variable Error at line 1: Variable 'amuont' not found\n"
            "   1 | amuont\n"
            "       ^\n"
            "   💡 did you mean 'amount'?\n"
            "❌ Syntax Error at line 1, column 5: Unexpected token: =\n"
            "   1 | x = = 1\n"
            "           ^\n"
            "   💡 assignment is a statement of its own; `==` compares\n",
        )

    def test_error_in_an_earlier_function(self) -> None:
        """The line shown is that of the function's own text."""
        _, err = self.converse("function f(n) do", "  return n / 0", "endfunction", "a = 1", "f(1)")
        self.assertEqual(
            err,
            "❌ Runtime Error at line 2: Division by zero\n"
            "   2 |   return n / 0\n"
            "                  ^\n",
        )

    def test_russian(self) -> None:
        """One line needs no line number, though more than one line runs for it."""
        _, err = self.converse("1 / 0", LC_ALL="ru_RU.UTF-8")
        self.assertEqual(err, "❌ Ошибка: деление на ноль\n   1 | 1 / 0\n         ^\n")

    def test_commands(self) -> None:
        """``vars``, ``reset``, ``help NAME``; ``exit`` ends it."""
        out, _ = self.converse(
            *("x = 5", "s = 'a' + 'b'", "vars", "reset", "vars", "help pow", "help hlep"),
            *("function mine(a, b) do", "endfunction", "help mine", "exit", "print(1)"),
        )
        self.assertEqual(
            out[: out.index("pow(base, exp)")],
            "📊 Current Variables:\n  x = 5\n  s = ab\nInterpreter reset! 🔄\n"
            "📊 Current Variables:\n  (no variables defined)\n",
        )
        self.assertTrue(out.endswith("There is no function 'hlep'\nmine(a, b)\n"), out)

    def test_help_searches(self) -> None:
        """By words in names and texts of both languages, by group, and to a function's kin."""
        for locale, words in (
            ("en", "help sort table"),
            ("en", "help сортировка"),
            ("ru", "help упорядочить"),
        ):
            out, _ = self.converse(words, DATACODE_LOCALE=locale)
            found = {line.split()[0] for line in out.splitlines()}
            self.assertIn("table_sort", found, out)
            self.assertNotIn("now", found)
        out, _ = self.converse("help sort")
        self.assertTrue(out.startswith("sort(array)\n"), out)
        self.assertIn("\nSee also: table_sort\n", out)
        for title in ("help joins", "help Соединения таблиц"):
            out, _ = self.converse(title, DATACODE_LOCALE="ru")
            self.assertIn("left_join ", out)
            self.assertNotIn("Нет функции", out)
        out, _ = self.converse("help", "help nothing of the sort")
        self.assertIn("Groups of functions: ", out)
        self.assertTrue(out.endswith("There is no function 'nothing of the sort'\n"), out)

    def test_commands_that_are_programs(self) -> None:
        """What can be run is run."""
        out, _ = self.converse("help = 5", "help > 4", "record = 2", "record", "help - 1")
        self.assertEqual(out, "true\n2\n4\n")

    def test_record(self) -> None:
        """A row of the last value or of a variable, with all digits; else what is expected."""
        rows = '[["bolt", 0.123456789], ["long " * 10, null]]'
        out, _ = self.converse(
            f't = table({rows}, ["item", "price"])',
            *("record t", "table_tail(t, 1)", "record", "record t 3", "record 0", "record x"),
            COLUMNS="30",
        )
        self.assertTrue(out.startswith("row 1 of 2\nitem   bolt\nprice  0.123456789\n┌"), out)
        expected = "a table and a row from 1 are expected (without a name, the last value)"
        self.assertEqual(
            out.partition("┘\n")[2].splitlines(),
            [
                "row 1 of 1",
                "item   long long long long lon",
                "       g long long long long l",
                "       ong",
                "price  null",
                "There is no row 3: the table has 2",
                f"`record _ 0`: {expected}",
                f"`record x 1`: {expected}",
            ],
        )

    def test_no_colours(self) -> None:
        """Nothing but text comes out of a pipe."""
        out, err = self.converse("x = 5", "x", "help", "nosuch")
        self.assertNotIn("\x1b", out + err)

    def test_bytes_that_are_no_text(self) -> None:
        """They are a mistake in the line, not the end of the prompt."""
        done = self.datacode(stdin=b"x = \xff\nprint(1)\n")
        self.assertEqual((done.status, done.out), (0, "1\n"))
        self.assertIn("Unexpected character", done.err)


class StateTests(CommandTestCase):
    """``save`` and ``load`` at the prompt, and the options of the same names."""

    def test_commands(self) -> None:
        """They are commands where they cannot be meant as programs."""
        done = self.datacode(
            "--save", "end", stdin=b"x = 1\nsave ./a b\nx = 2\nload ./a b\nprint(x)\nload none\n"
        )
        self.assertIn("1\n", done.out)
        self.assertIn("'none' was not loaded", done.err)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a b", "end"])
        done = self.datacode("--load", "end", stdin=b"save = x + 1\nsave /x\nprint(save)\n")
        self.assertIn("2\n", done.out)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a b", "end"])

    def test_rollback(self) -> None:
        """A program that fails changes nothing, while that is switched on."""
        block = "for i in [2] do\nx = i\nprint(missing)\nnext i\nx\n"
        typed = f"x = 1\nrollback on\n{block}rollback off\n{block}"
        done = self.datacode(stdin=typed.encode())
        self.assertEqual([line for line in done.out.split("\n") if line.isdigit()], ["1", "2"])

    def test_no_state_to_load(self) -> None:
        """The prompt does not begin with another state than it was told to."""
        done = self.datacode("--load", "none", stdin=b"print(1)\n")
        self.assertEqual((done.status, done.out), (1, ""))


class TerminalTests(CommandTestCase):
    """``datacode`` at a real terminal."""

    def prompt(self, **variables: str) -> Terminal:
        """A terminal that shows its first prompt."""
        variables.setdefault("XDG_STATE_HOME", str(self.folder / "state"))
        terminal = self.terminal(**variables)
        terminal.prompt()
        return terminal

    def test_conversation(self) -> None:
        """Values, a block over several lines, an error, ``exit``; then the history."""
        terminal = self.prompt()
        self.assertIn("🧠 DataCode ", terminal.text)
        terminal.say("6 * 7", "\n42\n")
        terminal.say("for i in [1, 2] do", "\n...")
        terminal.type("print('row', i)\r")
        terminal.type("next i\r")
        terminal.wait("...   print('row', i)\n... next i\nrow 1\nrow 2\n>>>")
        terminal.say("nosuch", "\n❌ Variable Error at line 1: Variable 'nosuch' not found")
        terminal.forget()
        terminal.type("exit\r")
        terminal.wait("Goodbye! 👋")
        self.assertEqual(terminal.status(), 0)
        history = self.folder / "state" / "datacode" / "history"
        text = history.read_text("utf-8")
        self.assertIn("+6 * 7\n", text)
        self.assertIn("+for i in [1, 2] do\n+  print('row', i)\n+next i\n", text)
        self.assertEqual(stat.S_IMODE(os.stat(history).st_mode), 0o600)

    def test_end_of_input(self) -> None:
        """Ctrl-D leaves, and says goodbye."""
        terminal = self.prompt()
        terminal.type("\x04")
        terminal.wait("Goodbye! 👋")
        self.assertEqual(terminal.status(), 0)

    def test_interrupt_at_the_prompt(self) -> None:
        """Ctrl-C forgets what was typed, a block too, and goes on."""
        terminal = self.prompt()
        terminal.say("if true do", "...")
        terminal.forget()
        terminal.type("\x03")
        terminal.wait("^C\n>>>")
        terminal.say("1 + 1", "\n2\n")

    def test_interrupt_a_program(self) -> None:
        """Ctrl-C ends the run; variables keep their values."""
        terminal = self.prompt()
        terminal.say("n = 0", ">>>")
        terminal.forget()
        # As a terminal pastes several lines at once.
        loop = "n = 1\nprint('started')\nfor i in range(1000000000) do\nn = n + 1\nnext i"
        terminal.type(f"\x1b[200~{loop}\x1b[201~\r")
        terminal.wait("\nstarted\n")
        terminal.type("\x03")
        terminal.wait("❌ Limit Error: Execution was interrupted")
        terminal.prompt()
        terminal.say("n > 0", "\ntrue\n")

    def test_completion(self) -> None:
        """Tab completes a name; an only choice is taken at once."""
        terminal = self.prompt()
        terminal.say("price_of_paper = 349", ">>>")
        terminal.forget()
        terminal.type("price_\t")
        terminal.wait(">>> price_of_paper")
        terminal.type(" + 1\r")
        terminal.wait("\n350\n")

    def test_table_as_wide_as_the_terminal(self) -> None:
        """The widest column gives way, so that no line is broken."""
        terminal = self.terminal(columns=40, XDG_STATE_HOME=str(self.folder / "state"))
        terminal.prompt()
        terminal.say('s = "long " * 20', ">>>")
        shown = terminal.say('table([[1, s]], ["id", "s"])', "└")
        lines = [line for line in shown.splitlines() if line[:1] in "┌│├└"]
        self.assertEqual([len(line) for line in lines if line], [40] * 5)

    def test_wide_table(self) -> None:
        """Columns without room are named below; numbers stand to the right with their decimals."""
        terminal = self.terminal(columns=40, XDG_STATE_HOME=str(self.folder / "state"))
        terminal.prompt()
        cells = '["a", 1.5, 12.0625, 1234567, 1, 2, 3]'
        shown = terminal.say(
            f'table([{cells}], ["name", "p", "q", "count", "x", "y", "last"])', "`record`"
        )
        self.assertIn("│ a    │ 1.50 │ 12.0625 │ 1234567 │ 1 │\n", shown)
        self.assertIn("│ name │    p │       q │   count │ x │\n", shown)
        self.assertIn("… columns without room: 2 (y, last);", shown)
        self.assertIn("last   3\n", terminal.say("record", "last"))

    def test_colours(self) -> None:
        """Words are coloured, unless the environment wants no colours."""
        colours = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|9[0-7])[0-9;]*m")
        for variables, expected in (({}, True), ({"NO_COLOR": "1"}, False)):
            terminal = self.prompt(**variables)
            terminal.say("if true do", "...")
            self.assertEqual(bool(colours.search(terminal.raw)), expected)

    def test_history_that_cannot_be_kept(self) -> None:
        """Said once; the prompt works all the same."""
        blocked = self.folder / "blocked"
        blocked.write_text("")
        terminal = self.prompt(XDG_STATE_HOME=str(blocked))
        self.assertEqual(terminal.raw.count("⚠️".encode()), 1)
        terminal.say("1 + 1", "\n2\n")

    def test_output_at_a_terminal(self) -> None:
        """A file's frame is on standard output there."""
        program = 'print(1)\nshow_table(table([[10.125], [2]], ["n"]))'
        terminal = self.terminal(self.file("a.dc", program))
        self.assertEqual(terminal.status(), 0)
        self.assertIn("🚀 Starting execution...\n\n1\n┌", terminal.text)
        self.assertIn("│ 10.125 │\n│  2     │\n└────────┘\n\n✅", terminal.text)
