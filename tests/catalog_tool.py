"""Keeps the message catalogue: ``python -m tests.catalog_tool`` adds new texts and compiles.

Messages are found by reading the calls in the source that take a code and a template (``CODED``);
texts without a code by those of ``PLAIN``, in the server's options, and in the library's
documentation. Every one is English and wants a Russian translation.
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

from datacode.server.options.parser import Options
from tests import library_page

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "datacode" / "i18n" / "locale" / "ru" / "LC_MESSAGES" / "datacode.po"
CODED = {
    "Message",
    "OptionError",
    "Cause",
    "_error",
    "_refuse",
    "limit_error",
    "runtime_error",
    "syntax_error",
    "usage_error",
    "wrong",
}
"""Calls whose first arguments are a code and a template."""
PLAIN = {"mark", "translate"}
"""Calls whose first argument is a text."""
ORIGINALS = (
    "condition_failed",
    "condition_type",
    "condition_unreadable",
    "no_filter_column",
    "recursion_too_deep",
)
"""Messages that programs see in other Russian words than readers."""
VALUE = "{debug}"
"""The template of a value: English shows its debug form, a translation ``{shown}``."""

Key = tuple[str | None, str]
"""The code (msgctxt) of a message, None for other texts, and its template (msgid)."""


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in the source: the name of what is called, the call and the file."""
    for path in sorted((ROOT / "datacode").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield _called(node), node, str(path.relative_to(ROOT))


def _texts(call: ast.Call, count: int) -> list[str]:
    """The first ``count`` arguments, if they are literals."""
    found = [node.value for node in call.args[:count] if isinstance(node, ast.Constant)]
    return [text for text in found if isinstance(text, str)]


def messages() -> dict[str, set[str]]:
    """The templates of every code in the source."""
    found: dict[str, set[str]] = {}
    for name, call, _ in _calls():
        if name in CODED and len(texts := _texts(call, 2)) == 2:
            found.setdefault(texts[0], set()).add(texts[1])
    return found


def wanted() -> dict[Key, str]:
    """Every text in the source that needs a translation, with the file where it is first found."""
    found: dict[Key, str] = {}
    for name, call, file in _calls():
        if name in CODED and len(texts := _texts(call, 2)) == 2:
            found.setdefault((texts[0], texts[1]), file)
            if texts[0] in ORIGINALS:
                found.setdefault((f"{texts[0]} original", texts[1]), file)
        elif name in PLAIN and (texts := _texts(call, 1)):
            found.setdefault((None, texts[0]), file)
    for text in Options({}).texts():
        found.setdefault((None, text), "datacode/server/options/parser.py")
    for text in library_page.paragraphs():
        found.setdefault((None, text), "datacode/runtime/builtins/documentation.py")
    return {
        key: file
        for key, file in found.items()
        if key[1] == VALUE or re.search(r"[^\W\d_]", re.sub(r"{\w+}", "", key[1]))
    }


def load() -> Catalog:
    """The translations."""
    with PO.open("rb") as file:
        return read_po(file, locale="ru")


def compiled(catalog: Catalog) -> bytes:
    """The ``.mo`` that belongs to a catalogue."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _order(each: tuple[Key, str]) -> tuple[str, str]:
    (code, template), _ = each
    return template, code or ""


def update() -> list[Key]:
    """Add what is new, drop what is gone, compile; what is still without translation."""
    old = load()
    new = Catalog(
        locale="ru",
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
    for (code, template), file in sorted(wanted().items(), key=_order):
        message = old.get(template, code)
        text = message.string if message else ""
        new.add(template, text, locations=[(file, None)], context=code)
    with PO.open("wb") as out:
        write_po(out, new, width=100, include_lineno=False, sort_by_file=False)
    PO.with_suffix(".mo").write_bytes(compiled(load()))
    return [(each.context, str(each.id)) for each in new if each.id and not each.string]


if __name__ == "__main__":
    for key in update():
        sys.stdout.write(f"{key}\n")
