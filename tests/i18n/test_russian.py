"""The Russian that users read: one word for one thing, ё, no English in between, numbers agree.

The words are those of ``docs/ru/glossary.md``; ``yo.txt`` has the words that are written with ё
and are none without it.
"""

from __future__ import annotations

import contextlib
import itertools
import keyword
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language.syntax.lexer import KEYWORDS
from datacode.runtime.builtins import BUILTINS
from tests import catalog_tool
from tests.catalog_tool import ROOT

RUSSIAN = re.compile(r"[а-яё]+", re.IGNORECASE)
GLOSSARY = ROOT / "docs" / "ru" / "glossary.md"
EXCEPTIONS = (
    "Успешно подключено к SMB шаре",  # the first protocol's, like the next ones
    "SMB share",
    "Отключено от SMB шары",
    "Режим --use-ve не включен",
    "Доступ запрещен: путь находится вне разрешенной папки",
    "запись разрешена только в папку сессии, а её нет",
    "Доступ запрещен",
    "Ошибка парсинга запроса",
    "Ошибка создания директории",
    "Колонки:",  # what table_info prints
    "Колонок:",
    "Счет",  # a heading in other people's files
    '"Еж"',
    "[Ёж, Еж,",
)
"""What stays as it is, as the glossary says, and examples of data that others have written."""


def texts() -> dict[str, str]:
    """Every text for readers of Russian by where it stands; not what programs see of 1.x."""
    found = {
        f"catalogue, {message.context or message.id!r}": str(message.string)
        for message in catalog_tool.load()
        if message.id and not str(message.context).endswith(" original")
    }
    pages = [*(ROOT / "docs" / "ru").glob("*.md"), ROOT / "README.ru.md"]
    page = [path for path in (ROOT / "web" / "src").rglob("*.ts") if path.name != "positions.ts"]
    others = ["console/options.py", "console/repl.py", "server/auth/passwd.py", "lsp/server.py"]
    for path in [*pages, *page, *(ROOT / "datacode" / name for name in others)]:
        if path != GLOSSARY:
            found[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    return found


def forbidden() -> re.Pattern[str]:
    """The last column of the glossary's table."""
    words = []
    for line in GLOSSARY.read_text("utf-8").splitlines():
        cells = line.split("|")
        if len(cells) == 5 and not set(cells[1]) <= set("- "):
            words += re.findall(r"`([^`]+)`", cells[3])
    patterns = (re.escape(word).replace("…", r"[а-яё]*") for word in words)
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def without_exceptions(text: str) -> str:
    """The text with only what the rules are for."""
    for exception in EXCEPTIONS:
        text = text.replace(exception, "")
    return text


class GlossaryTests(SynchronousTestCase):
    """Words, wherever they stand."""

    def test_one_word_for_one_thing(self) -> None:
        """No word of the glossary's last column."""
        rule = forbidden()
        self.assertGreater(rule.pattern.count("|"), 30)
        self.assertTrue(rule.search("Подключить шару"))
        self.assertTrue(rule.search("таблица без колонки"))
        wrong = [
            (place, found[0])
            for place, text in texts().items()
            for found in rule.finditer(without_exceptions(text))
        ]
        self.assertEqual(wrong, [])

    def test_yo(self) -> None:
        """A word that has ё is written with it."""
        words = Path(__file__).with_name("yo.txt").read_text("utf-8").split()
        without = {word.replace("ё", "е") for word in words}
        self.assertLessEqual({"еще", "ее", "учетная", "запрещен", "темное", "счет"}, without)
        wrong = [
            (place, word)
            for place, text in texts().items()
            for word in RUSSIAN.findall(without_exceptions(text))
            if word.lower() in without
        ]
        self.assertEqual(wrong, [])

    def test_yo_of_new_words(self) -> None:
        """A word that is somewhere written with ё is so everywhere, if the list knows it or not."""
        both = {"все", "всем", "чем", "тем", "нем", "том", "самое", "счета", "е"}
        written = {w.lower() for text in texts().values() for w in RUSSIAN.findall(text)}
        without = {word.replace("ё", "е") for word in written if "ё" in word} - both
        self.assertEqual(
            {word for text in texts().values() for word in _words(text)} & without, set()
        )

    def test_words_agree_with_numbers(self) -> None:
        """Behind a number stands the form for it, or no word that has forms."""
        units = {"с", "мин", "мс", "байт", "x"}
        counts = "n|m|count|limit|rows|columns|most|minimum|maximum|found|bytes|tries|number|all"
        rule = re.compile(rf"{{(?:{counts})}} ([а-яё]+)")
        words = "строк|столбц|файл|лист|символ|аргумент|байт|уров|част|сесси|ячее|знач|элемент"
        wrong = [
            (place, found[0])
            for place, text in texts().items()
            if place.startswith(("catalogue", "web"))
            for found in rule.finditer(text)
            if found[1] not in units and re.match(words, found[1])
        ]
        self.assertEqual(wrong, [])


def _words(text: str) -> set[str]:
    return {word.lower() for word in RUSSIAN.findall(without_exceptions(text))}


class ProvokedErrorTests(SynchronousTestCase):
    """Errors as readers of Russian see them."""

    VALUES = ("1", "-1.5", '"б"', "true", "null", "[1, 'я']", "{а: 1}", "т", "т.а", "path('я')")
    OTHERS = (
        "1 +",
        "if true do",
        "for i in 5 do\nnext i",
        "function f(a) do\nendfunction\nf()",
        "function f(a) do\nendfunction\nf(1, 2)",
        ")",
        "x = [1, 2",
        "x = {1 2}",
        "print 'я'",
        "'не закрыто",
        "a, b = [1]",
        "a, b = 1",
        "т.idx[9]",
        "т.нет",
        "т['нет']",
        "т[1]",
        "[1][3]",
        "'я'[4]",
        "{а: 1}['б']",
        "{а: 1}.б",
        "нет",
        "нет()",
        "table_filter(т, 'if')",
        "table_filter(т, 'а >')",
        "table_filter(т, 'нет > 1')",
        "table_add_column(т, 'в', expression='а + ')",
        "table_add_column(т, 'в', expression='а + null')",
        "regex_find('я', '(')",
        "regex_find('я', '[')",
        "regex_find('я', '*')",
        "regex_find('я', '(?<я')",
        "regex_find('я', 'a{2,1}')",
        "regex_find('я', '\\y')",
        "list_files('.', regex='(')",
        "json_parse('{')",
        "json_parse('[1,]')",
        "date('вчера')",
        "number('я')",
        "int('я')",
        "read_file('нет.csv')",
        "read_file('нет.xlsx')",
        "read_file('нет.xyz')",
        "read_file('bad.csv')",
        "read_file('cp1251.csv')",
        "read_file('bad.xlsx')",
        "read_file('bad.xls')",
        "read_file('bad.ods')",
        "read_file('bad.parquet')",
        "read_file('bad.arrow')",
        "read_file('bad.json')",
        "read_file('bad.zip')",
        "read_file('bad.gz')",
        "read_file('half.xlsx')",
        "write_file('/нет/нет.csv', 'я')",
        "list_files('нет')",
        "read_file('lib://нет/а.csv')",
        "chart(т, 'нет', 'а', 'б')",
        "chart(т, 'bar', 'нет', 'б')",
        "throw 'своё'",
        "break",
        "return 1",
        "next i",
    )

    def setUp(self) -> None:
        """A table, and a folder of files that cannot be read."""
        folder = Path(self.mktemp())
        folder.mkdir()
        self.interpreter = Interpreter()
        self.enterContext(contextlib.chdir(folder))
        Path("bad.csv").write_text('a,b\n1,2\n1,2,3\n"', "utf-8")
        Path("cp1251.csv").write_bytes("имя,число\nёж,1\n".encode("cp1251"))
        for kind in ("xlsx", "xls", "ods", "parquet", "arrow", "json", "zip", "gz"):
            Path(f"bad.{kind}").write_bytes(b"\x01\x02 nothing of the kind \xff" * 9)
        Path("half.xlsx").write_bytes(b"PK\x03\x04" + b"\x00" * 90)

    def said(self, program: str) -> str | None:
        """The error of a program in Russian, None if there is none."""
        start = "т = table([[1, 'я'], [2, null]], ['а', 'б'])\n"
        outcome = self.interpreter.run(start + program)
        return None if outcome.error is None else outcome.error.render("ru")

    def known(self) -> set[str]:
        """Words of the language: its names and those of what it works with."""
        names: set[str] = set()
        names |= {"inner", "left", "bar", "barh", "stacked", "area", "scatter", "histogram", "box"}
        names |= {"pie", "heatmap", "combined", "idx", "i", "t"}
        for name, entry in BUILTINS.items():
            names |= {name, *entry.parameters}
        formats = (
            "CSV XLSX XLS ODS JSON UTF PDF HTML SQLite Parquet Arrow DataCode utf cp CP XLSB gz "
            "os error lib csv xlsx xls ods svg png html pdf json jsonl tsv txt parquet arrow xlsm "
            "zip xlsb null NaN inf Excel xyz"
        )
        return names | set(formats.split()) | set(KEYWORDS) | set(keyword.softkwlist)

    def english(self, text: str) -> list[str]:
        """The English words in a message, outside of quotes and of names."""
        for quotes in ("«[^»]*»", "'[^']*'", '"[^"]*"', "`[^`]*`", r"\([^()]*=[^()]*\)"):
            text = re.sub(quotes, "", text)
        known = self.known()
        return [word for word in re.findall(r"[A-Za-z_]+", text) if word not in known]

    def test_every_function_with_wrong_values(self) -> None:
        """Whatever a function refuses, it says so in Russian."""
        wrong, refused = [], 0
        for name, entry in sorted(BUILTINS.items()):
            least = max(entry.minimum, 1)
            calls = [[value] * least for value in self.VALUES]
            calls += [["т", *[value] * least] for value in self.VALUES[::3]]
            calls += [["т", "'а'", value] for value in self.VALUES[::3]]
            for arguments in calls:
                said = self.said(f"x = {name}({', '.join(arguments)})")
                refused += said is not None
                if said is not None and (words := self.english(said)):
                    wrong.append((name, arguments, said, words))
        self.assertGreater(refused, 1000)
        self.assertEqual(wrong, [])

    def test_other_errors(self) -> None:
        """Syntax, names, members, files and libraries."""
        wrong = []
        for program in self.OTHERS:
            said = self.said(program)
            self.assertIsNotNone(said, program)
            if words := self.english(said or ""):
                wrong.append((program, said, words))
        self.assertEqual(wrong, [])

    def test_operators(self) -> None:
        """Every pair of values with every operator."""
        wrong = []
        for left, right in itertools.product(self.VALUES, self.VALUES):
            for operator in ("+", "-", "*", "/", "%", "^", "<", ">="):
                said = self.said(f"x = {left} {operator} {right}")
                if said is not None and (words := self.english(said)):
                    wrong.append((left, operator, right, said, words))
        self.assertEqual(wrong, [])
