"""Charts and reports as files, and charts in workbooks (chart reference, 4 and 5).

What draws and sets pages is imported when the first such file is written: it takes half a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from datacode.charts.text_picture import text_picture
from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.runtime.builtins.registry import ABSENT
from datacode.runtime.host import Host
from datacode.tables.xlsx.size_limits import column_letters
from datacode.tables.xlsx.write import SheetOptions, to_xlsx
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Table
from datacode.values.types import Value

SheetParts: TypeAlias = "Mapping[str, tuple[Table | None, Sequence[Chart]]]"
"""For each sheet of a workbook its table, if it has one, and its charts."""

_SHEET = "Sheet1"
_CHART_FILES = ("svg", "png", "html", "pdf", "xlsx", "json", "txt")
_REPORT_FILES = ("html", "pdf", "xlsx")


def chart_file(chart: Chart, kind: str, path: str, host: Host) -> bytes:
    """A chart as a file of the kind that its extension names."""
    if kind == "json":
        return msgspec.json.format(msgspec.json.encode(chart), indent=1)
    if kind == "txt":
        return text_picture(chart).encode("utf-8", "replace")
    if kind in ("html", "pdf"):
        return report_file(Report("", (chart,)), kind, path, host)
    if kind != "svg" and kind != "png":
        raise _bad_name("A chart", path, _CHART_FILES)
    # Late, for what the module's docstring says.
    from datacode.charts.figure import picture

    return picture(chart, "svg" if kind == "svg" else "png")


def report_file(report: Report, kind: str, path: str, host: Host) -> bytes:
    """A report as a file of the kind that its extension names."""
    if kind in ("html", "htm"):
        # As above.
        from datacode.reports.html import html

        return html(report)
    if kind == "pdf":
        # As above.
        from datacode.reports.pdf import pdf

        return pdf(report)
    if kind == "xlsx":
        # As above.
        from datacode.reports.workbook import sheets_of

        return book_of(sheets_of(report), SheetOptions(), host.warn)
    raise _bad_name("A report", path, _REPORT_FILES)


def _bad_name(what: str, path: str, kinds: Sequence[str]) -> DataCodeError:
    if what == "A chart":
        return runtime_error(
            "bad_chart_file_name",
            "A chart can be written to a file of the extensions {extensions}, not to '{path}'",
            extensions=", ".join(kinds),
            path=path,
        )
    return runtime_error(
        "bad_report_file_name",
        "A report can be written to a file of the extensions {extensions}, not to '{path}'",
        extensions=", ".join(kinds),
        path=path,
    )


# Workbooks -------------------------------------------------------------------------------


def checked_parts(content: Value, sheet: Value) -> SheetParts:
    """What the sheets hold, by their names; a Runtime Error for what cannot be on one."""
    if sheet is not ABSENT and sheet.__class__ is not str:
        raise runtime_error("sheet_name_not_string", "sheet_name must be a string")
    if content.__class__ is not dict:
        content = {_SHEET if sheet is ABSENT else sheet: content}
    elif sheet is not ABSENT:
        raise runtime_error(
            "sheet_with_object", "sheet names the sheet of one table; an object names its own"
        )
    return {name: _checked_sheet(name, parts) for name, parts in content.items()}


def _checked_sheet(name: str, parts: Value) -> tuple[Table | None, Sequence[Chart]]:
    table, *charts = parts if parts.__class__ is list and parts else [parts]
    if table.__class__ is Chart and not charts:
        return None, [table]
    if table.__class__ is not Table or any(each.__class__ is not Chart for each in charts):
        raise runtime_error(
            "sheet_is_no_table",
            "Sheet '{name}' must be a table, a chart, or an array of a table and charts",
            name=name,
        )
    return table, charts


def book_of(sheets: SheetParts, options: SheetOptions, warn: Callable[[Message], None]) -> bytes:
    """A new workbook.

    A chart alone stands beside its data; one beside a table has a sheet of its own for them.
    """
    tables: dict[str, Table] = {}
    added: list[Callable[[Mapping[str, Any]], None]] = []
    for name, (table, charts) in sheets.items():
        if table is not None:
            tables[name] = table
        row = 2
        for chart in charts:
            # Late, for what the module's docstring says.
            from datacode.charts.workbook import of_chart

            data, add = of_chart(chart)
            home = name if table is None else _title_of_data(name, (*sheets, *tables))
            tables[home] = data
            width = len(data.columns if table is None else table.columns)
            added.append(_adding(name, home, f"{column_letters(width + 2)}{row}", add))
            row += chart.height // 20 + 2

    def decorate(made: Mapping[str, Any]) -> None:
        for add_to in added:
            add_to(made)

    return to_xlsx(tables, options, warn, decorate)


def _adding(
    name: str, home: str, cell: str, add: Callable[[Any, Any, str], None]
) -> Callable[[Mapping[str, Any]], None]:
    return lambda made: add(made[name], made[home], cell)


def _title_of_data(name: str, taken: Sequence[str]) -> str:
    """The name of the sheet for the data of a chart: the sheet's own and a number."""
    number = 1
    known = {each.casefold() for each in taken}
    while f"{name[:24]} ({number})".casefold() in known:
        number += 1
    return f"{name[:24]} ({number})"
