"""Everything that a worker may ever import, imported before it is forked.

A worker can open no file, so what is not loaded here is not there. The memory is shared by all
workers. Polars is imported and no more: a process that has used it cannot be forked.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import pkgutil

from datacode.charts import figure
from datacode.i18n import catalog
from datacode.reports import pdf
from datacode.runtime.call_depth import depth
from datacode.runtime.interpreter import RECURSION_LIMIT
from datacode.tables.csv.encodings import ENCODINGS

_WHOLE = ("openpyxl",)
"""Packages whose modules import each other in the middle of a call."""

_LATE = (
    # What our own modules import when they need it.
    "polars",
    "python_calamine",
    "sqlite3",
    "datacode.charts.workbook",
    "datacode.reports.html",
    "datacode.reports.workbook",
    "datacode.tables.xlsx.row_stream",
    # What libraries import in the middle of a call.
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "_strptime",
    "encodings.idna",
    "encodings.mac_roman",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "matplotlib.pyplot",
    "polars._utils.parquet",
    "polars.io.csv",
    "polars.io.ipc",
    "polars.io.ipc.functions",
    "polars.series.utils",
    "xml.etree.ElementTree",
    "xml.parsers.expat",
    "zipfile",
)


def preload() -> None:
    """Load it all. Raises ImportError for what is not installed."""
    for name in _LATE:
        importlib.import_module(name)
    for name in _WHOLE:
        _import_whole(name)
    for encoding in (*ENCODINGS, "utf-8-sig"):
        codecs.lookup(encoding)
    catalog.translations("ru")  # programs see some messages in Russian
    depth(RECURSION_LIMIT)
    figure.warm_up()
    pdf.warm_up()


def _import_whole(name: str) -> None:
    """Import every module of a package; those that need what is not installed nobody misses."""
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)
