"""Everything that a worker may ever import, imported before it is forked.

A worker can open no file, so what is not loaded here is not there. The memory is shared by all
workers. Polars is imported and no more: a process that has used it cannot be forked.
"""

from __future__ import annotations

import codecs
import importlib

from datacode.tables.encodings import ENCODINGS

_LATE = (
    # What our own modules import when they need it.
    "polars",
    "python_calamine",
    "openpyxl",
    "openpyxl.cell",
    "openpyxl.cell._writer",
    "openpyxl.reader.excel",
    "openpyxl.worksheet._read_only",
    "openpyxl.worksheet._write_only",
    "openpyxl.writer.excel",
    "datacode.tables.xlsx_fallback",
    # What libraries import in the middle of a call.
    "_strptime",
    "encodings.idna",
    "polars.io.csv",
    "polars.series.utils",
    "xml.etree.ElementTree",
    "zipfile",
)


def preload() -> None:
    """Load it all. Raises ImportError for what is not installed."""
    for name in _LATE:
        importlib.import_module(name)
    for encoding in ENCODINGS:
        codecs.lookup(encoding)
