"""The reference (``docs/reference/``) and what cites it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
PAGES = {
    "language": "language.md",
    "builtins": "builtins.md",
    "tables and files": "tables-and-files.md",
    "server": "server.md",
    "chart": "chart.md",
}
_ITEM = r"(?:[LBTFSWD]\d+|\d+(?:\.\d+)*)"
_CITATION = re.compile(
    rf"\b({'|'.join(PAGES)}) reference,? (?:sections? )?"
    rf"({_ITEM}(?:(?:, | and | to |, and ){_ITEM})*)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)*)\.? ", re.MULTILINE)
_MARK = re.compile(r"^\| ([LBTFSWD]\d+) \|", re.MULTILINE)
_WRAPPED = re.compile(r"\s*\n\s*(?:#:? ?|\* ?)?")


def sections(page: str) -> set[str]:
    """The numbers of a page's sections and the marks of its decisions and differences."""
    text = (REFERENCE / page).read_text("utf-8")
    return {*_HEADING.findall(text), *_MARK.findall(text)}


def citations(path: Path) -> Iterator[tuple[str, str]]:
    """Every section or mark that a file cites, with the page it is said to stand on."""
    for cited in _CITATION.finditer(_WRAPPED.sub(" ", path.read_text("utf-8"))):
        for item in re.findall(_ITEM, cited[2]):
            yield PAGES[cited[1].lower()], item


class CitationTests(SynchronousTestCase):
    """What the code cites is there to be read."""

    def test_every_citation_resolves(self) -> None:
        """``language reference, 5.8`` is a section of ``docs/reference/language.md``; marks too."""
        marks = sections("differences.md")
        known = {page: sections(page) | marks for page in PAGES.values()}
        count = 0
        wrong = []
        for folder in ("datacode", "tests", "benchmarks", "twisted"):
            for path in sorted((ROOT / folder).rglob("*.py")):
                for page, item in citations(path):
                    count += 1
                    if item not in known[page]:
                        wrong.append(f"{path.relative_to(ROOT)}: {page}, {item}")
        self.assertEqual(wrong, [])
        self.assertGreater(count, 140)

    def test_citations_name_a_section(self) -> None:
        """No docstring cites "the reference" of a page without saying where in it."""
        loose = re.compile(rf"Source: (?:{'|'.join(PAGES)}) reference\.", re.IGNORECASE)
        for path in sorted((ROOT / "datacode").rglob("*.py")):
            self.assertNotRegex(_WRAPPED.sub(" ", path.read_text("utf-8")), loose, path.name)


class DifferenceTests(SynchronousTestCase):
    """Marks in the text and rows of the one table belong together."""

    def test_every_mark_has_a_row(self) -> None:
        """A mark like **[L12]** has one row in ``differences.md``, which names it once."""
        rows = _MARK.findall((REFERENCE / "differences.md").read_text("utf-8"))
        self.assertEqual(len(rows), len(set(rows)))
        for page in PAGES.values():
            text = (REFERENCE / page).read_text("utf-8")
            marks = {
                m
                for found in re.findall(r"\[((?:[LBTFSWD]\d+(?:, )?)+)\]", text)
                for m in found.split(", ")
            }
            self.assertLessEqual(marks, set(rows) | sections(page), page)
