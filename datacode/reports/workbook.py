"""The tables and charts of a report as sheets of a workbook, named by the headings above them."""

from __future__ import annotations

import re

from datacode.charts.languages import language_of_report
from datacode.errors import runtime_error
from datacode.reports.text import last_heading
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Table

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST = 31


def sheets_of(report: Report) -> dict[str, tuple[Table | None, list[Chart]]]:
    """A sheet for each table, with the charts that follow it; charts before any have their own."""
    _, rules = language_of_report(report)
    found: dict[str, tuple[Table | None, list[Chart]]] = {}
    heading, current = "", ""
    for block in report.blocks:
        if isinstance(block, str):
            heading, current = last_heading(block) or heading, ""
        elif isinstance(block, Table):
            current = _title(heading or rules.table, found)
            found[current] = (block, [])
        elif current:
            found[current][1].append(block)
        else:
            found[_title(heading or rules.chart, found)] = (None, [block])
    if not found:
        raise runtime_error(
            "report_without_tables", "The report has no tables and no charts for a workbook"
        )
    return found


def _title(text: str, taken: dict[str, tuple[Table | None, list[Chart]]]) -> str:
    """A name that a sheet can have, and that none has yet."""
    base = _FORBIDDEN.sub(" ", text).strip(" '")[:_LONGEST].strip(" '") or "Sheet"
    known = {name.casefold() for name in taken}
    title, number = base, 1
    while title.casefold() in known:
        number += 1
        end = f" {number}"
        title = base[: _LONGEST - len(end)].rstrip() + end
    return title
