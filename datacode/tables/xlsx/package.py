"""The zip package of an XLSX file: which part is the sheet, and is it too large to be read?

A small file can unpack to more than fits into memory: by its compression, or by one cell far away
from all others, as readers fill in what lies between. So the parts that will be read are unpacked
once, a chunk at a time, and counted before a reader opens the file. The sizes that the zip's
directory claims are not relied on. Source: ECMA-376, part 2 (packages) and part 1, 12.3.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.xlsx.size_limits import Damaged, ExtentScan, check_cells

MOST_BYTES = 1 << 30
"""Bytes that the parts of a workbook which are read may unpack to."""

_MOST_PARTS = 20_000
_MOST_INDEX_BYTES = 1 << 24
_CHUNK = 1 << 16
"""Parts are unpacked so many bytes at a time, which stay in the processor's cache."""

_OLD_FORMAT = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_error(reason: str) -> DataCodeError:
    """The file cannot be read as a workbook; ``reason`` is a library's, in English."""
    return runtime_error("xlsx_failed", "Failed to open xlsx: {reason}", reason=reason)


def too_large() -> DataCodeError:
    """The workbook unpacks to more than is read."""
    return runtime_error(
        "xlsx_too_large",
        "Failed to open xlsx: the workbook is too large (more than {mebibytes} MiB unpacked)",
        mebibytes=MOST_BYTES >> 20,
    )


class Package:
    """An XLSX file as a zip of parts."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        if file.read(len(_OLD_FORMAT)) == _OLD_FORMAT:
            raise runtime_error(
                "xlsx_old_or_protected",
                "Failed to open xlsx: the file is an old .xls or is protected by a password",
            )
        try:
            parts = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise runtime_error(
                "not_xlsx", "Failed to open xlsx: the file is not an XLSX workbook"
            ) from None
        if len(parts) > _MOST_PARTS or sum(p.file_size for p in parts) > 16 * MOST_BYTES:
            raise too_large()
        self.file = file
        self._parts = {part.filename: part for part in parts}
        self._names = {_folded(name): name for name in self._parts}
        if len(self._names) < len(parts):
            raise open_error("it has two parts of the same name")
        self._workbook: str | None = None

    def find(self, path: str) -> str | None:
        """The part of that path as the package spells it, or None.

        Letter case does not count in the paths of packages, and some programs write backslashes.
        """
        return self._names.get(_folded(path))

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part's unpacked bytes, a chunk at a time, until its compressed data really ends."""
        part = self._parts[name]
        if part.flag_bits & 1:
            raise runtime_error(
                "xlsx_protected", "Failed to open xlsx: the file is protected by a password"
            )
        if part.header_offset < 0:  # the directory says that it begins elsewhere than it does
            raise open_error(f"part {name} is damaged")
        self.file.seek(part.header_offset)
        header = self.file.read(30)
        if len(header) < 30:
            raise open_error(f"part {name} is damaged")
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        start = part.header_offset + 30 + names
        if part.compress_type == zipfile.ZIP_STORED:
            yield from self._compressed(start, part.compress_size)
        elif part.compress_type == zipfile.ZIP_DEFLATED:
            yield from self._inflated(name, start, part.compress_size)
        else:
            raise open_error(f"part {name} is compressed in an unknown way")

    def _compressed(self, position: int, left: int) -> Iterator[bytes]:
        while left > 0:
            self.file.seek(position)
            chunk = self.file.read(min(left, _CHUNK))
            if not chunk:
                return
            position += len(chunk)
            left -= len(chunk)
            yield chunk

    def _inflated(self, name: str, position: int, left: int) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._compressed(position, left):
                while packed and not inflate.eof:
                    yield inflate.decompress(packed, _CHUNK)
                    packed = inflate.unconsumed_tail
            if not inflate.eof:
                yield inflate.flush()
        except zlib.error:
            raise open_error(f"part {name} is damaged") from None

    def index_part(self, name: str) -> bytes:
        """An index of the workbook as a whole; empty if there is none."""
        found = self.find(name)
        if found is None:
            return b""
        content = bytearray()
        for chunk in self.chunks(found):
            content += chunk
            if len(content) > _MOST_INDEX_BYTES:
                raise too_large()
        return bytes(content)

    # Which part is which ---------------------------------------------------------

    @property
    def workbook(self) -> str:
        """The part that lists the sheets."""
        if self._workbook is None:
            target = _target(self._relations("_rels/.rels"), "", "/officeDocument")
            found = self.find(target or "") or self.find("xl/workbook.xml")
            self._workbook = found or "xl/workbook.xml"
        return self._workbook

    def _relations(self, part: str) -> list[ElementTree.Element]:
        return list(_elements(self.index_part(part)))

    def related(self, kind: str) -> str | None:
        """The path of the part that the workbook relates to in a way that ends so."""
        relations = self._relations(relations_part(self.workbook))
        return _target(relations, posixpath.dirname(self.workbook.replace("\\", "/")), kind)

    def targets(self) -> dict[str, str]:
        """The paths of what the workbook relates to, by the names of the relations."""
        folder = posixpath.dirname(self.workbook.replace("\\", "/"))
        return {
            element.get("Id", ""): _resolved(folder, element.get("Target", ""))
            for element in self._relations(relations_part(self.workbook))
        }

    def sheets(self) -> list[SheetEntry]:
        """The sheets that the workbook lists, in order."""
        targets = self.targets()
        found = []
        for element in _elements(self.index_part(self.workbook)):
            name = element.get("name")
            if name and element.tag.endswith("}sheet"):
                target = targets.get(element.get(_OFFICE) or element.get(_STRICT) or "")
                found.append(SheetEntry(name, target and self.find(target)))
        return found

    # A usual form of it ----------------------------------------------------------

    def is_unusual(self) -> bool:
        """Is it written in a way that packages may have and readers do not expect?"""
        if self.workbook != "xl/workbook.xml":
            return True
        targets = [
            element.get("Target", "")
            for element in self._relations(relations_part(self.workbook))
            if element.get("TargetMode") != "External"
        ]
        return any("\\" in target or "./" in target for target in targets)

    def usual(self) -> BinaryIO:
        """The same workbook with its list of sheets where it usually is, and plain paths."""
        target = io.BytesIO()
        listed = {
            self.workbook: "xl/workbook.xml",
            self.find(relations_part(self.workbook)): "xl/_rels/workbook.xml.rels",
            self.find("_rels/.rels"): "_rels/.rels",
            self.find("[Content_Types].xml"): "[Content_Types].xml",
        }
        folder = posixpath.dirname(self.workbook.replace("\\", "/"))
        relations = []
        types = [_overriding("xl/workbook.xml", "sheet.main")]
        for element in self._relations(relations_part(self.workbook)):
            if element.get("TargetMode") != "External":
                path = self.find(_resolved(folder, element.get("Target", "")))
                kind = element.get("Type", "")
                known = _TYPES.get(kind.rpartition("/")[2])
                if path is not None and known is not None:
                    path = _plain(path)
                    types.append(_overriding(path, known))
                    relations.append(_RELATION % (element.get("Id"), escape(kind), escape(path)))
        made = {
            "xl/_rels/workbook.xml.rels": _RELATIONS % "".join(relations),
            "_rels/.rels": _RELATIONS
            % _RELATION
            % ("rId1", f"{_OFFICE[1:-3]}/officeDocument", "xl/workbook.xml"),
            "[Content_Types].xml": _CONTENT_TYPES % "".join(types),
        }
        copied = 0
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in self:
                path = listed.get(name, _plain(name))
                if path in made or not path.lower().endswith((".xml", ".rels")):
                    continue
                with archive.open(path, "w", force_zip64=True) as part:
                    for chunk in self.chunks(name):
                        part.write(chunk)
                        copied += len(chunk)
                        if copied > MOST_BYTES:
                            raise too_large()
            for path, content in made.items():
                archive.writestr(path, content)
        return target


_TYPES = {
    "worksheet": "worksheet",
    "chartsheet": "chartsheet",
    "styles": "styles",
    "sharedStrings": "sharedStrings",
}
"""The parts that readers need, by the ends of their relations' types, and of their own types."""

_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    "%s</Relationships>"
)
_RELATION = '<Relationship Id="%s" Type="%s" Target="/%s"/>'
_CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>%s</Types>'
)


def _overriding(path: str, kind: str) -> str:
    """The entry of a part in the list of the parts' types."""
    type_ = f"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml"
    return f'<Override PartName="/{escape(path)}" ContentType="{type_}"/>'


def _plain(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/").lstrip("/"))


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A sheet as the workbook lists it; ``part`` is None if there is no such part."""

    name: str
    part: str | None


_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def relations_part(part: str) -> str:
    """The path of the part that lists what a part relates to."""
    folder, name = posixpath.split(part.replace("\\", "/"))
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _folded(path: str) -> str:
    return _plain(path).lower()


def _resolved(folder: str, target: str) -> str:
    """The path that a relation means, from the root of the package."""
    target = target.replace("\\", "/")
    if target[:1] == "/":
        return target
    return posixpath.join(folder.replace("\\", "/"), target)


def _target(relations: list[ElementTree.Element], folder: str, kind: str) -> str | None:
    for element in relations:
        if element.get("Type", "").endswith(kind):
            return _resolved(folder, element.get("Target", ""))
    return None


def _elements(content: bytes) -> Iterator[ElementTree.Element]:
    """The elements of a small XML document; none if it is broken or declares entities."""
    if not content or b"<!ENTITY" in content:
        return iter(())
    try:
        return ElementTree.fromstring(content).iter()  # noqa: S314 - bounded, and no entities
    except ElementTree.ParseError:
        return iter(())


# Counting ----------------------------------------------------------------------


def check_indexes(package: Package, sheets: set[str]) -> int:
    """Unpack all parts but the sheets, and refuse them if they are too large; their size."""
    counted = 0
    for name in package:
        if name not in sheets and name.lower().endswith((".xml", ".rels")):
            for chunk in package.chunks(name):
                counted += len(chunk)
                if counted > MOST_BYTES:
                    raise too_large()
    return counted


def check_sheet(package: Package, sheet: str, counted: int, most_cells: int) -> ExtentScan:
    """Unpack the part of a sheet, and refuse it if it or the rectangle it takes is too large.

    ``counted`` bytes were unpacked before; ``most_cells`` are allowed. The scan tells what else
    there may be in it.
    """
    scan = ExtentScan()
    for chunk in package.chunks(sheet):
        counted += len(chunk)
        if counted > MOST_BYTES:
            raise too_large()
        scan.add(chunk)
    scan.finish()
    if not scan.is_small(most_cells):
        try:
            check_cells(package.chunks(sheet), most_cells)
        except Damaged as error:
            raise open_error(str(error)) from None
    return scan
