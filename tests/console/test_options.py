"""The command line, in."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.console.options import CommandLine, UsageError, parse
from datacode.i18n.catalog import locale_of_environment


class ParseTests(SynchronousTestCase):
    """``parse`` against the words a user types."""

    def setUp(self) -> None:
        """English, whatever the machine speaks."""
        self.patch(__import__("os"), "environ", {"LANG": "C"})

    def test_modes(self) -> None:
        """The original's words for what is no run of a file."""
        for words, mode in [
            ([], "repl"),
            (["-i"], "repl"),
            (["repl"], "repl"),
            (["--demo"], "demo"),
            (["help"], "help"),
            (["--version"], "version"),
        ]:
            self.assertEqual(parse(words).mode, mode)

    def test_options_before_and_after_the_program(self) -> None:
        """Options are understood on both sides; other words belong to the program."""
        self.assertEqual(
            parse(["--debug", "a.DC", "--quiet", "x", "y z"]),
            CommandLine("run", "a.DC", argv=["x", "y z"], debug=True, quiet=True),
        )

    def test_words_behind_two_dashes_are_the_programs(self) -> None:
        """Even those that look like options."""
        self.assertEqual(parse(["a.dc", "--", "--debug"]).argv, ["--debug"])

    def test_code(self) -> None:
        """``-c`` takes one word."""
        self.assertEqual(
            parse(["-c", "print(1)", "w"]), CommandLine("run", None, "print(1)", ["w"])
        )

    def test_model(self) -> None:
        """The database's name is optional and may stand before the program."""
        self.assertEqual(parse(["--build_model", "out.db", "a.dc"]).model, "out.db")
        self.assertEqual(parse(["--build_model", "a.dc"]).model, "")
        self.assertEqual(parse(["a.dc", "--build_model"]).model, "")
        self.assertEqual(parse(["a.dc", "--build_model", "--debug"]).model, "")
        self.assertEqual(parse(["a.dc", "--build_model=x.db"]).model, "x.db")

    def test_locale(self) -> None:
        """By option or by environment."""
        self.assertEqual(parse(["--locale", "ru"]).locale, "ru")
        self.patch(__import__("os"), "environ", {"LANG": "ru_RU.UTF-8"})
        self.assertEqual(locale_of_environment(), "ru")

    def test_wrong_words(self) -> None:
        """Each is one sentence that names the word."""
        for words, sentence in [
            (["--nonsense"], "Unknown option: --nonsense"),
            (["a.dc", "--nonsense"], "Unknown option: --nonsense"),
            (["data.csv"], "Unknown argument: data.csv (the name of a DataCode file ends in .dc)"),
            (["-c"], "-c needs a value"),
            (["--locale", "fr"], "Unknown language: fr (ru and en are known)"),
            (["--check"], "No program was named: a FILE.dc, -c CODE or - is expected"),
            (["--dump-python"], "No program was named: a FILE.dc, -c CODE or - is expected"),
        ]:
            error = self.assertRaises(UsageError, parse, words)
            self.assertEqual(error.render("en"), sentence)
