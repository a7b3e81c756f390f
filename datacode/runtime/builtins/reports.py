"""Reports (chart reference, 5): text, tables and charts that become one document."""

from __future__ import annotations

from datacode.errors import runtime_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.builtins.tables import as_text
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Table
from datacode.values.types import Value

_MOST_PARTS = 1000
_MOST_CHARACTERS = 2_000_000


@builtin("charts")
def report(title: Value, parts: Value) -> Report:
    """A report: a title and below it texts in Markdown, tables and charts, in order.

    ``write_file`` makes a file ``.html`` or ``.pdf`` of it, which is complete in itself, or a
    workbook ``.xlsx`` with its tables and charts. Numbers and dates are written in Russian where
    the report has Russian letters, otherwise in English. Of a long table the first 2000 rows are
    shown.

    In Markdown ``#`` begins a heading, ``-`` an item of a list, and ``**`` stands around bold
    words. HTML in it is text, and nothing is loaded from elsewhere.

    Raises an error for a part that is none of these.

    Example::

        sold = table([["Oslo", 5], ["Riga", 3]], ["city", "sum"])
        month = report("January", ["# Cities", sold, chart(sold, "pie", "city", "sum")])
        print(month)        # Report(3 parts)
    """
    name = as_text(title, "String, Array")
    blocks = arguments.array(parts, "String, Array") if parts.__class__ is not str else [parts]
    if len(blocks) > _MOST_PARTS:
        raise runtime_error(
            "report_parts", "report: at most {most} parts make a report", most=_MOST_PARTS
        )
    for number, block in enumerate(blocks, 1):
        if block.__class__ not in (str, Table, Chart):
            raise runtime_error(
                "report_part",
                "report: part {number} must be a text, a table or a chart",
                number=number,
            )
    size = sum(len(block) for block in blocks if block.__class__ is str)
    if size > _MOST_CHARACTERS:
        raise runtime_error(
            "report_text",
            "report: its texts have {count} characters, which are too many (at most {most})",
            count=size,
            most=_MOST_CHARACTERS,
        )
    return Report(name, tuple(blocks))
