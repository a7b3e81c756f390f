"""Keeps the message catalogues: ``python -m tests.catalog_tool`` adds new templates and compiles.

Templates are found by reading the calls in the source that take one (``KEYWORDS``: function name
to the position of the template among its arguments), in the server's options, and in the library's
documentation. A template in English wants a Russian translation and the other way round.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from datacode.runtime.builtins import documentation
from datacode.server.options.parser import Options

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = {
    "runtime_error": 0,
    "syntax_error": 0,
    "limit_error": 0,
    "mark": 0,
    "Text": 0,
    "translate": 0,
    "DataCodeError": 1,
    "FilesError": 0,
    "ShareError": 0,
    "SessionError": 0,
    "_refuse": 0,
    "Mistake": 0,
}
"""Functions whose argument at that position is a template."""


def is_russian(template: str) -> bool:
    """Is it one of the templates that the original had in Russian?"""
    return re.search("[а-яА-ЯёЁ]", template) is not None


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: a literal, or either side of a conditional."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def templates() -> dict[str, str]:
    """Every template in the source, with the file where it is first found."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "datacode").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            position = KEYWORDS.get(_called(node))
            if position is None or len(node.args) <= position:
                continue
            for text in _literals(node.args[position]):
                if re.search(r"[^\W\d_]", text):
                    found.setdefault(text, str(path.relative_to(ROOT)))
    for text in Options({}).texts():
        found.setdefault(text, "datacode/server/options/parser.py")
    for text in documentation.paragraphs():
        found.setdefault(text, "datacode/runtime/builtins/documentation.py")
    return found


def po_path(locale: str) -> Path:
    """Where the translations into ``locale`` are kept."""
    return ROOT / "datacode" / "i18n" / "locale" / locale / "LC_MESSAGES" / "datacode.po"


def load(locale: str) -> Catalog:
    """The translations into ``locale``; empty where there are none yet."""
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalog: Catalog) -> bytes:
    """The ``.mo`` that belongs to a catalogue."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


REWORDED = frozenset({"Превышена максимальная глубина рекурсии ({limit})"})
"""Russian texts that programs see, and that clients are told in other Russian words."""


def wanted(locale: str) -> dict[str, str]:
    """The templates that need a translation into ``locale``."""
    return {
        template: file
        for template, file in templates().items()
        if is_russian(template) == (locale == "en") or template in REWORDED
    }


def update(locale: str) -> list[str]:
    """Add what is new, drop what is gone, compile; the templates still without translation."""
    old = load(locale)
    new = Catalog(
        locale=locale,
        project="DataCode",
        version="1",
        msgid_bugs_address="none",
        last_translator="the DataCode Server developers",
        language_team="the DataCode Server developers",
        fuzzy=False,
        header_comment="",
    )
    # No date of ours: the file changes only when a text does.
    new.creation_date = new.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    for template, file in sorted(wanted(locale).items()):
        message = old.get(template)
        new.add(template, message.string if message else "", locations=[(file, None)])
    with po_path(locale).open("wb") as out:
        write_po(out, new, width=100, include_lineno=False, sort_by_file=False)
    path = po_path(locale)
    path.with_suffix(".mo").write_bytes(compiled(load(locale)))
    return [m.id for m in new if m.id and not m.string]


if __name__ == "__main__":
    for name in ("ru", "en"):
        for missing in update(name):
            sys.stdout.write(f"{name}: {missing!r}\n")
