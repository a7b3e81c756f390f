"""Writes ``report.xlsx``: a report as accounting programs export them.

A hidden sheet, a title and a period above the table, a header of two rows with merged cells,
groups whose name stands only in their first row, amounts as texts with no-break spaces, and a row
of totals.
"""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

PATH = Path(__file__).with_name("report.xlsx")

SALES = {
    "ООО «Ромашка»": [
        ("Реализация 00-000101", "14.01.2026", 4, "1 234,56", "246,91", "Иванова"),
        ("Реализация 00-000117", "02.02.2026", 1, "-345,10", "-69,02", "Петров"),
    ],
    "ИП Ёлкин": [("Реализация 00-000120", "17.02.2026", 10, "12,50", "2,50", "Иванова")],
    "АО «Восток»": [
        ("Реализация 00-000131", "03.03.2026", 25, "1 250 000,00", "250 000,00", "Петров"),
        ("Реализация 00-000144", "30.03.2026", 2, "99 999,99", "20 000,00", "Иванова"),
    ],
}


def main(path: Path = PATH) -> None:
    """Write the workbook."""
    book = Workbook()
    hidden, sheet = book.worksheets[0], book.create_sheet("Продажи")
    hidden.title, hidden.sheet_state = "Настройки", "hidden"
    hidden.append(["служебный лист"])
    book.active = 1
    sheet["A1"], sheet["A2"] = "Продажи по контрагентам", "Период: 1 квартал 2026 г."
    sheet["A1"].font = Font(size=14, bold=True)
    header = ["Контрагент", "Документ", "Дата", "Кол-во", "Сумма", None, "Менеджер"]
    for column, name in enumerate(header, 1):
        sheet.cell(4, column, name)
    sheet["E5"], sheet["F5"] = "без НДС", "НДС"
    for area in ("A4:A5", "B4:B5", "C4:C5", "D4:D5", "E4:F4", "G4:G5"):
        sheet.merge_cells(area)
    row = 6
    for client, sales in SALES.items():
        sheet.cell(row, 1, client)
        for sale in sales:
            for column, value in enumerate(sale, 2):
                text = value.replace(" ", "\xa0") if column in (5, 6) else value
                sheet.cell(row, column, text)
            row += 1
    totals = ["Итого", None, None, 42, "1 350 901,95".replace(" ", "\xa0"), "270\xa0180,39", None]
    for column, value in enumerate(totals, 1):
        sheet.cell(row, column, value)
    book.save(path)


if __name__ == "__main__":
    main()
