"""Adding sheets to a workbook that exists, of which nothing else changes.

openpyxl would lose what it does not know (the stored results of formulas, pictures, pivot tables,
forms), so the package is copied part by part. Only the parts that list the sheets and the styles
get more entries, put into their text where a list ends: whatever else they hold, in whatever
namespace prefixes, stays as it is. Source: ECMA-376, part 1, 12.3.23, 18.2.19, 18.8; part 2, 9.3.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from html import unescape
from typing import IO, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.xlsx.cells import GENERAL, Style
from datacode.tables.xlsx.package import MOST_BYTES, Package, relations_part, too_large
from datacode.tables.xlsx.zip_archive import Archive

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_ATTRIBUTE = re.compile(rb"""([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_STRICT = b"http://purl.oclc.org/ooxml/"


def _odd(part: str) -> DataCodeError:
    return runtime_error(
        "book_not_extendable",
        "No sheet can be added to the workbook: its part {part} is of an unusual form",
        part=part,
    )


class ExtendedBook:
    """A workbook with what is to be added to the parts that list its sheets and its styles.

    Raises Runtime Errors for a file that is no workbook or one of an unusual form.
    """

    def __init__(self, file: BinaryIO) -> None:
        source = Package(file)
        self._source = source
        self._new: set[str] = set()
        self._book_name = source.workbook
        self._rels_name = self._needed(relations_part(source.workbook))
        self._types_name = self._needed("[Content_Types].xml")
        self._parts = {self._book_name: source.index_part(self._book_name)}
        for name in (self._rels_name, self._types_name):
            self._parts[name] = source.index_part(name)
        for name, content in self._parts.items():
            if b"<!" in content.replace(b"<!--", b"") or not content or _STRICT in content:
                raise _odd(name)
            self._parts[name] = _as_utf_8(content, name)
        self.sheet_names = [sheet.name for sheet in source.sheets()]
        self._numbers = [
            int(number) for number in re.findall(rb'\bsheetId="([0-9]{1,9})"', self._book)
        ]
        self._styles_name = self._needed(source.related("/styles") or "xl/styles.xml")
        styles = source.index_part(self._styles_name)
        self.styles = _Styles(_as_utf_8(styles, self._styles_name), self._styles_name)

    @property
    def _book(self) -> bytes:
        return self._parts[self._book_name]

    def _needed(self, path: str) -> str:
        """The part of that path, as the package writes its name."""
        name = self._source.find(path)
        if name is None:
            raise _odd(path)
        return name

    def save(self, titles: Sequence[str], write: Callable[[str, IO[bytes]], None]) -> bytes:
        """The bytes of the workbook with these sheets, whose parts ``write`` writes."""
        target = io.BytesIO()
        with Archive(target, "w", zipfile.ZIP_DEFLATED) as archive:
            paths = {title: self._new_sheet(title) for title in titles}
            for name, content in reversed(self._parts.items()):
                archive.writestr(name, content)
            for title, path in paths.items():
                with archive.open(path, "w", force_zip64=True) as part:
                    write(title, part)
            if self.styles.is_changed:
                self._parts[self._styles_name] = self.styles.content
                archive.writestr(self._styles_name, self.styles.content)
            self._copy_others(archive)
        return target.getvalue()

    def _copy_others(self, archive: Archive) -> None:
        """Copy all parts that are as they were."""
        copied = 0
        for name in self._source:
            if name in self._parts or name.endswith("/"):
                continue
            with archive.open(name, "w", force_zip64=True) as part:
                for chunk in self._source.chunks(name):
                    part.write(chunk)
                    copied += len(chunk)
                    if copied > MOST_BYTES:
                        raise too_large()

    def _new_sheet(self, title: str) -> str:
        """List one more sheet; the name of its part."""
        number = max(self._numbers, default=0) + 1
        self._numbers.append(number)
        path = f"xl/worksheets/sheet{number}.xml"
        while path in self._new or self._source.find(path):
            path = path.replace(".xml", "_.xml")
        self._new.add(path)
        rels = self._parts[self._rels_name]
        relation = f"rId{number}"
        while f'"{relation}"'.encode() in rels:
            relation += "_"
        self._insert(
            self._rels_name,
            "Relationships",
            f'<{{prefix}}Relationship Id="{relation}" Type="{_RELATIONS}/worksheet" '
            f'Target="/{path}"/>',
        )
        self._insert(
            self._types_name,
            "Types",
            f'<{{prefix}}Override PartName="/{path}" ContentType="{_SHEET_TYPE}"/>',
        )
        name = escape(title, {'"': "&quot;"})
        self._insert(
            self._book_name,
            "sheets",
            f'<{{prefix}}sheet xmlns:r="{_RELATIONS}" name="{name}" sheetId="{number}" '
            f'r:id="{relation}"/>',
        )
        return path

    def _insert(self, part: str, element: str, text: str) -> None:
        self._parts[part] = _inserted(self._parts[part], part, element, text)


def _as_utf_8(content: bytes, part: str) -> bytes:
    """The part's XML, if it is in UTF-8, as XML is that declares nothing else."""
    declared = re.match(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\bencoding=[\"']([^\"']*)[\"']", content)
    if b"\0" in content[:200] or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise _odd(part)
    return content


def _inserted(content: bytes, part: str, element: str, text: str) -> bytes:
    """The XML with a text at the end of the element, in the element's namespace prefix."""
    ends = list(re.finditer(rb"</((?:[\w.-]+:)?)%b\s*>" % element.encode(), content))
    if not ends:
        raise _odd(part)
    end = ends[-1]
    added = text.replace("{prefix}", end[1].decode()).encode()
    return content[: end.start()] + added + content[end.start() :]


class _Styles:
    """The numbers of styles in the workbook, which gets those that it does not have."""

    def __init__(self, content: bytes, part: str) -> None:
        self.content = content
        self.is_changed = False
        self._part = part
        self._found: dict[Style, int] = {Style(): 0}
        self._bold: int | None = None

    def __call__(self, style: Style) -> int:
        """The number of a style."""
        found = self._found.get(style)
        if found is None:
            found = self._found[style] = self._add(style)
        return found

    def _add(self, style: Style) -> int:
        number_format = self._number_format(style.number_format)
        font = self._bold_font() if style.is_bold else 0
        text = f'<{{prefix}}xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="0"'
        text += ' xfId="0" applyNumberFormat="1"'
        if style.is_bold:
            text += ' applyFont="1" applyAlignment="1"><{prefix}alignment vertical="top"'
            text += ' wrapText="1"/></{prefix}xf>'
        else:
            text += "/>"
        return self._append("cellXfs", "xf", text)

    def _bold_font(self) -> int:
        """A bold form of the workbook's first font, which is that of its plain cells."""
        if self._bold is None:
            inside = self._inside("fonts")
            start = re.search(rb"<((?:[\w.-]+:)?)font(\s*/)?\s*>", inside)
            if start is None:
                raise _odd(self._part)
            prefix = start[1].decode()
            end = start.end() if start[2] else inside.find(b"</%bfont" % start[1], start.end())
            if end < 0:
                raise _odd(self._part)
            rest = inside[start.end() : end].decode()
            rest = re.sub(rf"<{prefix}b(?:\s[^>]*)?/>", "", rest)
            text = f"<{prefix}font><{prefix}b/>{rest}</{prefix}font>"
            self._bold = self._append("fonts", "font", text)
        return self._bold

    def _number_format(self, code: str) -> int:
        if code == GENERAL:
            return 0
        if not re.search(rb"<(?:[\w.-]+:)?numFmts[\s>]", self.content):
            start = re.search(rb"<((?:[\w.-]+:)?)fonts[\s>]", self.content)
            if start is None:
                raise _odd(self._part)
            prefix = start[1].decode()
            empty = f'<{prefix}numFmts count="0"></{prefix}numFmts>'.encode()
            self.content = self.content[: start.start()] + empty + self.content[start.start() :]
        inside = self._inside("numFmts")
        taken = {}
        for format_ in re.findall(rb"<(?:[\w.-]+:)?numFmt\s([^<>]*)>", inside):
            attributes = {
                name: double or single for name, double, single in _ATTRIBUTE.findall(format_)
            }
            if attributes.get(b"numFmtId", b"").isdigit():
                shown = unescape(attributes.get(b"formatCode", b"").decode("utf-8", "replace"))
                taken[shown] = int(attributes[b"numFmtId"])
        if code in taken:
            return taken[code]
        number = max([163, *taken.values()]) + 1
        text = f'<{{prefix}}numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        self._append("numFmts", "numFmt", text)
        return number

    def _inside(self, element: str) -> bytes:
        """What is between the tags of the element, which may have been one tag."""
        self.content = re.sub(
            rb"<((?:[\w.-]+:)?%b)((?:\s[^>]*?)?)/>" % element.encode(),
            rb"<\1\2></\1>",
            self.content,
            count=1,
        )
        start = re.search(rb"<((?:[\w.-]+:)?)%b(?:\s[^>]*)?>" % element.encode(), self.content)
        end = -1
        if start is not None:
            end = self.content.find(b"</%b%b" % (start[1], element.encode()), start.end())
        if start is None or end < 0:
            raise _odd(self._part)
        return self.content[start.end() : end]

    def _append(self, list_: str, element: str, text: str) -> int:
        """Put an element at the end of a list, if it is not in it yet; its number.

        Spreadsheets take a few hundred formats and fonts, and sheets are added every day.
        """
        inside = self._inside(list_)
        prefix = re.search(rb"</((?:[\w.-]+:)?)%b\s*>" % list_.encode(), self.content)
        same = text.replace("{prefix}", prefix[1].decode() if prefix else "").encode()
        place = inside.find(same)
        before = inside if place < 0 else inside[:place]
        count = len(re.findall(rb"<(?:[\w.-]+:)?%b[\s/>]" % element.encode(), before))
        if place >= 0:
            return count
        self.is_changed = True
        self.content = _inserted(self.content, self._part, list_, text)
        self.content = re.sub(
            rb'(<(?:[\w.-]+:)?%b\s[^>]*?\bcount=)["\'][0-9]*["\']' % list_.encode(),
            rb'\g<1>"%d"' % (count + 1),
            self.content,
            count=1,
        )
        return count
