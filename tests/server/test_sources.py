"""Options from a file and from the environment; their table in the documentation.

``python -m tests.server.test_sources`` writes the table anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n.catalog import translate
from datacode.server.options import parser
from datacode.server.options.parser import Options
from datacode.server.options.settings import MIB, Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operating.md"
RUSSIAN = ROOT / "docs" / "ru" / "operating.md"
SAMPLE = ROOT / "deploy" / "server.toml"
TITLE = "## All options\n\n"
"""The last section of the page."""

HEAD = "| option, key in TOML | environment | default | |\n| --- | --- | --- | --- |\n"
REPEATED = {
    name.removeprefix("opt_").replace("_", "-"): getattr(Options, name).__doc__
    for name in vars(Options)
    if name.startswith("opt_") and name != "opt_version"
} | {"auth": "How clients log in: accounts:FILE, or another checker. Repeatable."}


def rows() -> Iterator[tuple[str, str, str]]:
    """Each option with its default and what it is for."""
    for name, _, default, text, *_ in Options.optParameters:
        said = re.search(r" \[default: (.*)\]$", text)
        shown = said[1] if said else "" if default is None else str(default)
        yield name, shown, text[: said.start()] if said else text
    for name, _, text in Options.optFlags:
        yield name, "off", text
    for name, text in REPEATED.items():
        yield name, "", " ".join((text or "").split())


def start(name: str) -> str:
    """How the row of an option begins: its names on the command line, in the file, outside."""
    variable = "DATACODE_" + name.upper().replace("-", "_")
    return f"| `--{name}` | `{variable}` |"


def table() -> str:
    """The table of all options."""
    lines = [f"{start(name)} {default} | {text} |\n" for name, default, text in sorted(rows())]
    return HEAD + "".join(lines)


class ConfigurationTests(SynchronousTestCase):
    """``--config``, ``DATACODE_…`` and the command line, in this order of rising weight."""

    def settings(self, *words: str, toml: str | None = None, **environment: str) -> Settings:
        """What they mean together."""
        given = list(words)
        if toml is not None:
            self.path = self.mktemp()
            Path(self.path).write_text(toml, "utf-8")
            given = ["--config", self.path, *given]
        options = Options(environment)
        options.parseOptions(given)
        return options.settings

    def refused(self, *words: str, toml: str | None = None, **environment: str) -> str:
        """The sentence about what is wrong with them."""
        error = self.assertRaises(UsageError, self.settings, *words, toml=toml, **environment)
        return str(error)

    def test_file(self) -> None:
        """Every kind of option; names with either dash."""
        folder = self.mktemp()
        Path(folder).mkdir()
        settings = self.settings(
            toml=f"""
            host = "0.0.0.0"
            port = 0
            time-limit = 2.5
            max_output_mib = 3
            use-ve = true
            strict-origin = false
            files = ["{folder}"]
            allow-origin = "https://a.example"
            """
        )
        self.assertEqual((settings.host, settings.port), ("0.0.0.0", 0))
        self.assertEqual(settings.limits.run_seconds, 2.5)
        self.assertEqual(settings.limits.output_bytes, 3 * MIB)
        self.assertTrue(settings.use_ve)
        self.assertFalse(settings.strict_origin)
        self.assertEqual(settings.files, (Path(folder).absolute(),))
        self.assertEqual(settings.origins, ("https://a.example",))

    def test_environment(self) -> None:
        """The same names in capitals; lists with commas."""
        settings = self.settings(
            DATACODE_TIME_LIMIT="7",
            DATACODE_USE_VE="true",
            DATACODE_SMB_WRITE="0",
            DATACODE_ALLOW_ORIGIN="https://a.example, https://b.example",
            DATACODE_NO_SUCH_OPTION="1",
        )
        self.assertEqual(settings.limits.run_seconds, 7)
        self.assertTrue(settings.use_ve)
        self.assertFalse(settings.smb_write)
        self.assertEqual(settings.origins, ("https://a.example", "https://b.example"))

    def test_order(self) -> None:
        """The command line over the environment over the file."""
        toml = 'time-limit = 1\ncpu-limit = 1\nmax-queue = 1\nallow-origin = "https://file"'
        settings = self.settings(
            *("--time-limit", "3", "--allow-origin", "https://line"),
            toml=toml,
            DATACODE_TIME_LIMIT="2",
            DATACODE_CPU_LIMIT="2",
        )
        self.assertEqual(settings.limits.run_seconds, 3)
        self.assertEqual(settings.limits.cpu_seconds, 2)
        self.assertEqual(settings.bounds.queue, 1)
        self.assertEqual(settings.origins, ("https://line",))

    def test_older_variables(self) -> None:
        """They stand above the file as well, and below a variable for the one option."""
        toml = 'host = "10.0.0.1"\nport = 1\ntoken = "file"'
        settings = self.settings(
            toml=toml, DATACODE_WS_ADDRESS="127.0.0.2:2", DATACODE_WS_TOKEN="variable"
        )
        self.assertEqual((settings.host, settings.port), ("127.0.0.2", 2))
        self.assertEqual(settings.token, "variable")
        settings = self.settings(toml=toml, DATACODE_WS_ADDRESS="127.0.0.2:2", DATACODE_PORT="3")
        self.assertEqual((settings.host, settings.port, settings.token), ("127.0.0.2", 3, "file"))

    def test_file_from_the_environment(self) -> None:
        """``DATACODE_CONFIG`` names the file where the command line does not."""
        path = self.mktemp()
        Path(path).write_text("port = 5")
        self.assertEqual(self.settings(DATACODE_CONFIG=path).port, 5)
        self.assertEqual(self.settings(toml="port = 6", DATACODE_CONFIG=path).port, 6)
        self.assertEqual(self.settings(f"--conf={path}").port, 5)

    def test_kubernetes(self) -> None:
        """What it sets for a service called datacode is no port."""
        self.assertEqual(self.settings(DATACODE_PORT="tcp://10.0.0.1:8899").port, 8080)

    def test_mistakes(self) -> None:
        """One sentence, which names file and option."""
        for toml, expected in (
            ("nosuch = 1", "неизвестный параметр: nosuch"),
            ("config = 'a'", "неизвестный параметр: config"),
            ("use-ve = 1", "use-ve: ожидается true или false"),
            ("port = [1]", "port: ожидается строка или число"),
            ("port = true", "port: ожидается строка или число"),
            ("files = [1]", "files: ожидается строка или массив строк"),
        ):
            self.assertEqual(self.refused(toml=toml), f"❌ {self.path}: {expected}")
        self.assertIn("--config: ", self.refused(toml="port ="))
        self.assertEqual(
            self.refused("--config", "/none/x"), "❌ --config: /none/x: нет такого файла или папки"
        )
        self.assertEqual(self.refused(toml="port = 'x'"), "❌ Неверный порт: x")
        self.assertEqual(
            self.refused(DATACODE_USE_VE="maybe"),
            "❌ DATACODE_USE_VE: ожидается true или false; получено: maybe",
        )

    def test_sample(self) -> None:
        """The file in ``deploy/`` is valid, and what it leaves commented are real options."""
        text = SAMPLE.read_text("utf-8")
        self.settings(toml=text)
        names = {name for name, *_ in rows()}
        options = text.partition("#[shares")[0]
        for name in re.findall(r"^#?([a-z-]+) = ", options, re.MULTILINE):
            self.assertIn(name, names)

    def test_table_in_the_documentation(self) -> None:
        """It has every option, its default and what it is for."""
        self.assertIn(table(), PAGE.read_text("utf-8"))

    def test_table_in_russian(self) -> None:
        """The same options with the same defaults, in the words of the help."""
        russian = RUSSIAN.read_text("utf-8").partition("## Все параметры")[2]
        found = [line for line in russian.splitlines() if line.startswith("| `--")]
        help_texts = Options({}).docs
        for line, (name, default, _) in zip(found, sorted(rows()), strict=True):
            shown = default.replace("the system's", "временная папка системы")
            shown = shown.replace("the state folder", "папка состояния")
            text = translate(" ".join(help_texts[name].split()), "ru").partition(" [")[0]
            if name == "auth":
                text = "Кого пускать: accounts:ФАЙЛ или другая проверка. Можно повторять."
            self.assertEqual(line, f"{start(name)} {shown} | {text} |")

    def test_every_name_works(self) -> None:
        """Each option of the table is one of the environment, too."""
        names = parser._names()
        known = names.parameters | names.flags | names.lists | {"config"}
        self.assertEqual({name for name, *_ in rows()}, known)


if __name__ == "__main__":
    before = PAGE.read_text("utf-8").partition(TITLE)[0]
    PAGE.write_text(before + TITLE + table(), "utf-8")
    sys.stdout.write("docs/operating.md\n")
