"""Which format a file of a table has: by its first bytes, and by its name where it is text."""

from __future__ import annotations

import gzip
import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.formats import compound_file
from datacode.tables.formats.ods import MIME_TYPE
from datacode.tables.xlsx.package import MOST_BYTES

_CHUNK = 1 << 16

WORKBOOKS = frozenset({"xlsx", "xlsb", "xls", "ods"})
"""The formats of workbooks; files ``.xlsm`` are of the first."""

BINARY = WORKBOOKS | {"xlsm", "parquet", "arrow", "feather"}
"""Extensions of formats that their content tells."""

TEXTS = frozenset({"csv", "tsv", "txt", "json", "jsonl", "ndjson"})
"""Extensions of formats that are text, which only the name tells."""

_NAMED = 20
"""Files of an archive that an error lists."""


@dataclass(frozen=True, slots=True)
class Detected:
    """A file and its format: one of ``WORKBOOKS``, ``parquet``, ``arrow``, or the extension."""

    kind: str
    file: BinaryIO


def detected(file: BinaryIO, name: str, extension: str, memory: int) -> Detected:
    """The format of a file of this name, unpacked if it is compressed.

    ``extension`` is that of the name, in small letters. What a file unpacks to must fit
    into ``memory`` bytes three times, with its text and its table. Raises Runtime Errors.
    """
    if not file.seekable():
        file = io.BytesIO(file.read())
    kind = _kind(file)
    if kind == "gz":
        inner = _gunzipped(file, memory)
        name = posixpath.splitext(name)[0] if extension in ("gz", "gzip") else name
        return _inside(inner, name, extension)
    if kind == "zip" and extension not in BINARY:
        inner, name = _unzipped(file, memory)
        return _inside(inner, name, extension)
    return _named(kind, file, extension)


def _named(kind: str | None, file: BinaryIO, extension: str) -> Detected:
    """The file in the format that its content or, if that is text, its extension says."""
    if kind in (None, "zip") and extension in BINARY - {"xlsx"}:
        raise runtime_error(
            "not_as_named",
            "The file is not what its extension says: it is no {extension}, but {found}",
            extension=extension,
            found=Message("some_archive", "an archive") if kind else _text_kind(file),
        )
    return Detected(extension if kind in (None, "zip") else kind, file)


def _text_kind(file: BinaryIO) -> Message:
    start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")[:100].lower()
    file.seek(0)
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head")):
        return Message("html_page", "a page of HTML")
    if start.startswith(b"<?xml"):
        return Message("xml_text", "an XML document")
    return Message("other_text", "text, such as CSV, or a file of another format")


def _inside(file: BinaryIO, name: str, outer: str) -> Detected:
    extension = posixpath.splitext(name)[1][1:].lower() or outer
    kind = _kind(file)
    if kind in ("gz", "zip"):
        raise runtime_error("packed_twice", "The file is an archive in an archive: unpack it first")
    return _named(kind, file, extension)


def _kind(file: BinaryIO) -> str | None:
    """The format by its first bytes; ``gz`` and ``zip`` for archives, None for text."""
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if start[:2] == b"\x1f\x8b":
        return "gz"
    if start[:4] in (b"PK\3\4", b"PK\5\6"):
        return _kind_of_zip(file)
    if start == compound_file.MAGIC:
        return "xls"
    if start[:4] == b"PAR1":
        return "parquet"
    return "arrow" if start[:6] == b"ARROW1" else None


def _kind_of_zip(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename.replace("\\", "/").lstrip("/").lower() for entry in entries}
            if "[content_types].xml" in names or "xl/workbook.xml" in names:
                return "xlsb" if any(name.endswith("workbook.bin") for name in names) else "xlsx"
            if "mimetype" in names and "content.xml" in names:
                with archive.open("mimetype") as part:
                    if part.read(len(MIME_TYPE)) == MIME_TYPE:
                        return "ods"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, KeyError):
        pass  # whoever reads it says what is wrong
    finally:
        file.seek(0)
    return "zip"


# Archives ------------------------------------------------------------------------


def _too_large(most: int) -> DataCodeError:
    return runtime_error(
        "archive_too_large",
        "The archive is too large: it unpacks to more than {mebibytes} MiB",
        mebibytes=max(most >> 20, 1),
    )


def _damaged() -> DataCodeError:
    return runtime_error("archive_damaged", "The archive is damaged and cannot be unpacked")


def _unpacked(part: IO[bytes], memory: int) -> BinaryIO:
    """All bytes, as long as they are not too many."""
    most = min(MOST_BYTES, memory // 3)
    content = io.BytesIO()
    while chunk := part.read(_CHUNK):
        content.write(chunk)
        if content.tell() > most:
            raise _too_large(most)
    content.seek(0)
    return content


def _gunzipped(file: BinaryIO, memory: int) -> BinaryIO:
    try:
        with gzip.GzipFile(fileobj=file) as part:
            return _unpacked(part, memory)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error):
        raise _damaged() from None


def _unzipped(file: BinaryIO, memory: int) -> tuple[BinaryIO, str]:
    """The only file of a zip archive, and its name."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.is_dir()
                and not entry.filename.startswith("__MACOSX/")
                and posixpath.basename(entry.filename) not in (".DS_Store", "Thumbs.db")
            ]
            if len(entries) != 1:
                raise _not_one(entries)
            if entries[0].flag_bits & 1:
                raise runtime_error("archive_protected", "The archive is protected by a password")
            with archive.open(entries[0]) as part:
                return _unpacked(part, memory), posixpath.basename(entries[0].filename)
    except (
        *(zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError),
        zlib.error,
    ):
        raise _damaged() from None


def _not_one(entries: list[zipfile.ZipInfo]) -> DataCodeError:
    names = ", ".join(f"'{entry.filename[:100]}'" for entry in entries[:_NAMED])
    return runtime_error(
        "archive_of_several",
        "The archive holds {count} files, and only an archive of one file can be read: {names}",
        count=len(entries),
        names=names if len(entries) <= _NAMED else f"{names}, …",
    )
