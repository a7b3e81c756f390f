"""What the documentation shows is what happens."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from datacode import Interpreter
from tests.console.terminal import CommandTestCase

DOCS = Path(__file__).resolve().parents[1] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(page: Path, language: str) -> Iterator[tuple[str, str]]:
    """The blocks of a language on a page, each with the ``text`` block that follows it, if any."""
    blocks = [(m[1], m[2]) for m in _BLOCK.finditer(page.read_text("utf-8"))]
    for position, (kind, text) in enumerate(blocks):
        if kind == language:
            following = blocks[position + 1 : position + 2]
            yield text, following[0][1] if following and following[0][0] == "text" else ""


class ProgramTests(SynchronousTestCase):
    """The DataCode programs on the pages."""

    def check(self, page: Path) -> int:
        """Run every program of a page; how many there were."""
        interpreter = Interpreter()
        count = 0
        for program, expected in shown(page, "datacode"):
            if not program.startswith("# goes on"):
                interpreter = Interpreter()
            outcome = interpreter.run(program)
            error = "" if outcome.error is None else f"{outcome.error}\n"
            self.assertEqual(outcome.output + error, expected, program)
            count += 1
        return count

    def test_language(self) -> None:
        """Every block of the language pages prints what stands below it."""
        english, russian = DOCS / "language.md", DOCS / "ru" / "language.md"
        self.assertGreater(self.check(english), 10)
        self.assertEqual(self.check(russian), self.check(english))


class ChartTests(ProgramTests):
    """The programs on the pages about charts, in a folder of their own."""

    def test_language(self) -> None:
        """Every block prints what stands below it."""
        folder = Path(self.mktemp())
        folder.mkdir()
        before = os.getcwd()
        os.chdir(folder)
        try:
            self.assertEqual(self.check(DOCS / "charts.md"), 3)
            self.assertEqual(self.check(DOCS / "ru" / "charts.md"), 3)
        finally:
            os.chdir(before)
        self.assertGreater(len(list(folder.iterdir())), 10)


class OfficeFileTests(ProgramTests):
    """The programs on the pages about office files, where these files are."""

    def test_language(self) -> None:
        """Every block prints what stands below it."""
        for language in ("", "ru"):
            folder = Path(self.mktemp())
            folder.mkdir()
            shutil.copy(DOCS.parent / "examples" / "data" / "report.xlsx", folder)
            with contextlib.chdir(folder):
                self.assertEqual(self.check(DOCS / language / "office-files.md"), 6)


class PandasPageTests(ProgramTests):
    """The programs on the page that compares with pandas, where their files are."""

    def test_language(self) -> None:
        """Every DataCode program prints what stands below it, and writes what it says."""
        for language, workbook in (("", "sales.xlsx"), ("ru", "sales.xlsx")):
            folder = Path(self.mktemp())
            folder.mkdir()
            data = DOCS.parent / "examples" / "data"
            for name in ("sales.csv", "products.csv", "report.xlsx"):
                shutil.copy(data / name, folder)
            with contextlib.chdir(folder):
                self.assertEqual(self.check(DOCS / language / "pandas.md"), 5)
            made = {each.name for each in folder.iterdir()}
            self.assertLessEqual({"sales.html", workbook, "clean.csv", "revenue.svg"}, made)
            clean = (folder / "clean.csv").read_text("utf-8-sig").splitlines()
            self.assertEqual(len(clean), 6)
            self.assertIn("1250000;250000", clean[4])

    def test_lines(self) -> None:
        """The table counts them as they are: never more than three above those of pandas."""
        for language in ("", "ru"):
            page = DOCS / language / "pandas.md"
            rows = re.findall(
                r"^\| .+ \| (\d+) \| (\d+) \|$", page.read_text("utf-8"), re.MULTILINE
            )
            counts = [
                [_lines(text) for text, _ in shown(page, kind)] for kind in ("datacode", "python")
            ]
            self.assertEqual(
                rows, [(str(ours), str(theirs)) for ours, theirs in zip(*counts, strict=True)]
            )
            self.assertEqual(len(rows), 5)
            for ours, theirs in zip(*counts, strict=True):
                self.assertLessEqual(ours, theirs + 3)
            for text, _ in shown(page, "python"):
                compile(text, str(page), "exec")


def _lines(program: str) -> int:
    """Lines that are neither blank nor comments."""
    lines = (line.strip() for line in program.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


class TablePageTests(ProgramTests):
    """The programs on the page about tables."""

    def test_language(self) -> None:
        """The same programs in both languages."""
        for language in ("", "ru"):
            self.assertEqual(self.check(DOCS / language / "tables.md"), 17)


class FirstProgramTests(CommandTestCase):
    """The programs on the first pages, run as they say there."""

    def test_getting_started(self) -> None:
        """``datacode -q`` shows what stands below them, mistakes too."""
        for page, locale in (("index.md", "en"), ("ru/index.md", "ru")):
            count = 0
            for program, expected in shown(DOCS / page, "datacode"):
                done = self.datacode("-q", "--locale", locale, self.file("order.dc", program))
                self.assertEqual(done.out + done.err, expected)
                count += 1
            self.assertEqual(count, 2)


class SiteTests(SynchronousTestCase):
    """The pages as a site."""

    def test_builds_without_a_warning(self) -> None:
        """Every page is in the navigation, every link and anchor leads somewhere."""
        if importlib.util.find_spec("material") is None:
            raise SkipTest("mkdocs-material is not installed: pip install '.[docs]'")
        site = Path(self.mktemp()).absolute()
        command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site))
        done = subprocess.run(
            command,
            cwd=DOCS.parent,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("WARNING", done.stderr)
        self.assertTrue((site / "ru" / "language" / "index.html").is_file())
        self.assertTrue((site / "schema.json").is_file())
        # Programs are coloured by our own lexer, and nothing comes from other sites.
        page = (site / "language" / "index.html").read_text("utf-8")
        self.assertIn('<span class="k">endfunction</span>', page)
        self.assertNotRegex(page, r"""(?:src|href)="https?://(?:fonts|cdn|unpkg)""")


class ProtocolTests(SynchronousTestCase):
    """The Russian page of the protocol says what the English one says."""

    def test_same_messages(self) -> None:
        """The same JSON blocks in the same order; the same keys, values and errors in the text."""
        pages = []
        for name in ("protocol.md", "ru/protocol.md"):
            text = (DOCS / name).read_text("utf-8")
            blocks = [block for block, _ in shown(DOCS / name, "json")]
            pages.append((blocks, set(re.findall(r"`([^`\n]+)`", _BLOCK.sub("", text)))))
        (english, said), (russian, said_in_russian) = pages
        self.assertGreater(len(english), 20)
        self.assertEqual(russian, english)
        # Each shows a hint in its own language.
        hints = {"\"did you mean 'total'?\"", "\"возможно, имелось в виду 'total'?\""}
        self.assertEqual(said_in_russian ^ said, hints)


class EmbeddingTests(SynchronousTestCase):
    """The Python programs of the embedding pages."""

    def test_embedding(self) -> None:
        """Each prints what stands below it."""
        folder = self.mktemp()
        os.mkdir(folder)
        before = os.getcwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        counts = []
        for page in ("embedding.md", "ru/embedding.md"):
            counts.append(0)
            for program, expected in shown(DOCS / page, "python"):
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    exec(compile(program, page, "exec"), {"__name__": "__main__"})
                self.assertEqual(output.getvalue(), expected)
                counts[-1] += 1
        self.assertGreaterEqual(counts[0], 3)
        self.assertEqual(*counts)
