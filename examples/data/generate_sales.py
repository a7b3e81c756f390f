"""Makes the sample data: 36 months of sales of a small office supplier, as CSV and XLSX.

    python examples/data/generate_sales.py

The numbers are drawn from a seeded generator, so the files are the same every time.
"""

from __future__ import annotations

import csv
import datetime
import random
from pathlib import Path

import openpyxl

FOLDER = Path(__file__).resolve().parent
SEED = 20230101

PRODUCTS = [
    (1, "Бумага А4, 500 л.", "Бумага", 349.0),
    (2, "Бумага А3, 500 л.", "Бумага", 789.0),
    (3, "Ручка гелевая", "Письмо", 59.5),
    (4, "Карандаш HB", "Письмо", 18.9),
    (5, "Маркер, 4 цвета", "Письмо", 245.0),
    (6, "Папка-регистратор", "Хранение", 312.0),
    (7, "Скоросшиватель", "Хранение", 27.4),
    (8, "Калькулятор", "Техника", 1290.0),
    (9, "Степлер", "Техника", 415.0),
    (10, "Лампа настольная", "Техника", 2350.0),
]
CUSTOMERS = [
    (1, 'ООО "Ромашка"', "Москва"),
    (2, "Школа № 7", "Тверь"),
    (3, "Bureau Nord", "Санкт-Петербург"),
    (4, "ИП Ким", "Казань"),
    (5, "Библиотека им. Чехова", "Таганрог"),
    (6, "АО «Вектор»", "Новосибирск"),
    (7, "Studio Łódź", "Калининград"),
    (8, "Клиника «Здоровье»", "Самара"),
]
SEASON = [0.8, 0.8, 1.0, 0.9, 0.8, 0.7, 0.7, 1.3, 1.6, 1.1, 1.0, 1.4]
"""How busy each month is; offices buy before the school year and before New Year."""


def months() -> list[datetime.date]:
    """The first days of the 36 months."""
    return [datetime.date(2023 + i // 12, 1 + i % 12, 1) for i in range(36)]


def orders() -> list[list[object]]:
    """Order lines: id, date, customer, product, quantity, price, discount, paid."""
    chance = random.Random(SEED)
    rows: list[list[object]] = []
    for index, first in enumerate(months()):
        count = round(22 * SEASON[first.month - 1] * (1 + index / 60))
        days = sorted(chance.randint(1, 28) for _ in range(count))
        for day in days:
            product = chance.choice(PRODUCTS)
            rows.append(
                [
                    len(rows) + 1,
                    first.replace(day=day).isoformat(),
                    chance.choice(CUSTOMERS)[0],
                    product[0],
                    chance.choice([1, 1, 2, 3, 5, 5, 10, 20]),
                    round(product[3] * (1 + 0.06 * (index // 12)), 2),
                    chance.choice([0, 0, 0, 0.05, 0.1]),
                    chance.choice(["yes", "yes", "yes", "no", ""]),
                ]
            )
    return rows


TABLES: dict[str, tuple[list[str], list[list[object]]]] = {
    "sales": (
        ["id", "date", "customer_id", "product_id", "quantity", "price", "discount", "paid"],
        orders(),
    ),
    "products": (["id", "name", "category", "price"], [list(row) for row in PRODUCTS]),
    "customers": (["id", "name", "city"], [list(row) for row in CUSTOMERS]),
}


def main() -> None:
    """Write ``sales.csv``, ``products.csv``, ``customers.csv`` and one workbook of all three."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = datetime.datetime(2026, 1, 1)
    for name, (header, rows) in TABLES.items():
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        sheet = book.create_sheet(name)
        sheet.append(header)
        for row in rows:
            sheet.append(
                [
                    datetime.date.fromisoformat(str(value))
                    if column == "date"
                    else value or None
                    if column == "paid"
                    else value
                    for column, value in zip(header, row, strict=True)
                ]
            )
    book.save(FOLDER / "sales.xlsx")


if __name__ == "__main__":
    main()
