"""openpyxl's writer without its temporary files: a program in a sandbox has nowhere to put them."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter


class _SheetWriter(WorksheetWriter):
    """Writes a sheet's XML into memory."""

    def __init__(self, sheet: WriteOnlyWorksheet) -> None:
        super().__init__(sheet, BytesIO())

    def cleanup(self) -> None:
        """There is no file to remove."""


class _Archive(ZipFile):
    """Takes a sheet from memory where openpyxl means a file's name."""

    def write(self, filename: Any, arcname: Any = None, *options: Any) -> None:
        if isinstance(filename, BytesIO):
            self.writestr(arcname, filename.getvalue())
        else:
            super().write(filename, arcname, *options)


def new_sheet(book: Workbook, title: str) -> WriteOnlyWorksheet:
    """A sheet of a write-only workbook, written row by row."""
    sheet: Any = book.create_sheet(title)
    writer = sheet._writer = _SheetWriter(sheet)
    writer.write_top()
    return sheet  # type: ignore[no-any-return]


def saved(book: Workbook) -> bytes:
    """The workbook's bytes."""
    target = BytesIO()
    book.properties.modified = datetime.now(UTC).replace(tzinfo=None)
    with _Archive(target, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    return target.getvalue()
