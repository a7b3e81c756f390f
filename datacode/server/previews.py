"""The programs that look into a file: they read its beginning as ``read_file`` does, and show it.

Source: server reference, 5.6.
"""

from __future__ import annotations

import re

MOST_ROWS = 1000

_SEPARATED = re.compile(r"\.(csv|tsv|tab)(\.gz)?$", re.IGNORECASE)
"""Text files of which ``read_file`` finds encoding and separators by itself when told so."""

_WORKBOOK = re.compile(r"\.(xlsx|xlsm|xlsb|xls|ods)$", re.IGNORECASE)


def is_workbook(path: str) -> bool:
    """Whether a file has sheets, by its name."""
    return _WORKBOOK.search(path) is not None


def sheets_program(path: str) -> str:
    """A program that prints the names of a workbook's sheets, each on a line."""
    return f'print(join(sheet_names({literal(path)}), "\n"))'


def table_program(path: str, sheet: str | None) -> str:
    """A program that shows the beginning of a file."""
    arguments = [literal(path)]
    if _SEPARATED.search(path):
        arguments.append("auto=true")
    if sheet is not None:
        arguments.append(f"sheet={literal(sheet)}")
    if _SEPARATED.search(path) or is_workbook(path):
        arguments.append(f"max_rows={MOST_ROWS}")
    return f"show_table(read_file({', '.join(arguments)}))"


def literal(text: str) -> str:
    """A text as an expression. A string has no escapes: one with both quotes is put together."""
    if '"' not in text:
        return f'"{text}"'
    parts = re.split(r'("+)', text)
    return " + ".join(f"'{part}'" if part[0] == '"' else f'"{part}"' for part in parts if part)
