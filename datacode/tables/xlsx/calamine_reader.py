"""Reading workbooks through python-calamine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from datacode.tables.xlsx.book import Book, Sheet
from datacode.tables.xlsx.sheet_xml import Unreadable


def calamine_module() -> Any:
    """python-calamine."""
    # Programs without workbooks should not pay for it.
    import python_calamine

    return python_calamine


def calamine(step: Callable[[], Any]) -> Any:
    """Run a step of calamine, which says what is wrong in several ways."""
    try:
        return step()
    except (calamine_module().CalamineError, OSError, ValueError) as error:
        raise Unreadable(str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's; its class has no public name
            raise
        raise Unreadable("the workbook is damaged") from None


def calamine_book(found: Any, read: Callable[[str], Sheet]) -> Book:
    """The workbook, whose sheets ``read`` reads."""
    module = calamine_module()
    visible = {
        each.name: each.visible == module.SheetVisibleEnum.Visible
        for each in found.sheets_metadata
        if each.typ == module.SheetTypeEnum.WorkSheet
    }
    return Book(visible, found.sheet_names, read)


def calamine_cells(found: Any) -> tuple[int, int, Iterator[Sequence[Any]]]:
    """The top, the left side and the rows of a sheet's used rectangle."""
    if not found.start:
        return 0, 0, iter(())
    top, left = found.start
    return top, left, islice(_rows(found), top, None)


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    """The rows of a sheet of calamine's, which cannot make some durations that a cell can hold."""
    rows = sheet.iter_rows()
    try:
        yield from rows
    except OverflowError as error:
        raise Unreadable(str(error)) from None
