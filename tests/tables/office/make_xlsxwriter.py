"""Writes the workbook of XlsxWriter beside this script: ``python make_xlsxwriter.py``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import xlsxwriter

with xlsxwriter.Workbook(Path(__file__).with_name("xlsxwriter.xlsx")) as book:
    hidden = book.add_worksheet("Скрытый")
    hidden.write("A1", "тайна")
    sheet = book.add_worksheet("Данные")
    sheet.activate()
    sheet.set_first_sheet()
    hidden.hide()
    sheet.write_row("A1", ["имя", "число", "день", "флаг", "формула"])
    sheet.write_row("A2", ["Ёлкин", 1.5])
    sheet.write_datetime("C2", date(2025, 12, 31), book.add_format({"num_format": "dd.mm.yyyy"}))
    sheet.write_row("D2", [True])
    sheet.write_formula("E2", "=B2*2", None, 3)
    sheet.write_row("A3", ["a<b", -2])
    sheet.write_row("D3", [False])
    sheet.write_formula("E3", "=NA()", None, "#N/A")
