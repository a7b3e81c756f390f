"""How numbers and dates are written on charts and in reports, in each language."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from datacode.values.chart import Language, Locale, NumberLocale, TimeLocale, TimeUnit
from datacode.values.report import Report
from datacode.values.table import Table

NO_BREAK_SPACE = "\u00a0"
MINUS = "\u2212"

_CYRILLIC = re.compile("[А-Яа-яЁё]")
_LOOKED_AT = 1000


def language_of(texts: Iterable[str]) -> Language:
    """Russian where a letter of it occurs in the texts, English otherwise."""
    return "ru" if any(_CYRILLIC.search(text[:_LOOKED_AT]) for text in texts) else "en"


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """What differs from language to language.

    ``formats`` are those of dates by how exact they are, for D3; ``aggregates`` names functions of
    a column.
    """

    decimal: str
    thousands: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    currency: tuple[str, str]
    formats: Mapping[TimeUnit, str]
    aggregates: Mapping[str, str]
    count: str
    empty: str
    table: str
    chart: str
    more_rows: str
    more_columns: str

    def d3(self) -> Locale:
        """The same for D3."""
        date = self.formats["yearmonthdate"]
        return Locale(
            number=NumberLocale(
                decimal=self.decimal,
                thousands=self.thousands,
                grouping=[3],
                currency=list(self.currency),
            ),
            time=TimeLocale(
                date_time=f"{date} %H:%M",
                date=date,
                time="%H:%M",
                periods=["AM", "PM"],
                days=list(self.weekdays),
                short_days=list(self.short_weekdays),
                months=list(self.months),
                short_months=list(self.short_months),
            ),
        )

    def number(self, value: float, decimals: int | None = None) -> str:
        """A number for readers: digits in groups of three, at most six decimals by default."""
        if not math.isfinite(value):
            return "" if math.isnan(value) else (f"{MINUS if value < 0 else ''}∞")
        if decimals is None:
            if abs(value) >= 1e15 or 0 < abs(value) < 1e-6:
                return f"{value:.4g}".replace(".", self.decimal).replace("-", MINUS)
            text = format(Decimal(repr(value)), "f")
            whole, _, places = text.partition(".")
            text = f"{value:.6f}".rstrip("0").rstrip(".") if len(places) > 6 else text
            text = text.removesuffix(".0")
        else:
            text = f"{value:.{decimals}f}"
        sign = MINUS if text.startswith("-") and text.strip("-0.") else ""
        whole, point, places = text.lstrip("-").partition(".")
        if len(whole) > 3:
            whole = f"{int(whole):,}".replace(",", self.thousands)
        return f"{sign}{whole}{self.decimal if point else ''}{places}"

    def percent(self, part: float) -> str:
        """A part of a whole, from 0 to 1, in percent."""
        space = NO_BREAK_SPACE if self.decimal == "," else ""
        return f"{self.number(100 * part, 1)}{space}%"

    def date(self, moment: datetime, unit: TimeUnit) -> str:
        """A date for readers, as exact as ``unit`` says."""
        text = self.formats[unit]
        parts = {
            "%Y": f"{moment.year:04}",
            "%b": self.short_months[moment.month - 1],
            "%q": str((moment.month + 2) // 3),
            "%m": f"{moment.month:02}",
            "%d": f"{moment.day:02}",
            "%H": f"{moment.hour:02}",
            "%M": f"{moment.minute:02}",
        }
        return re.sub("%[A-Za-z]", lambda found: parts[found[0]], text)


RULES: Mapping[Language, LanguageRules] = {
    "en": LanguageRules(
        ".",
        ",",
        (
            *("January", "February", "March", "April", "May", "June", "July"),
            *("August", "September", "October", "November", "December"),
        ),
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"),
        ("$", ""),
        {
            "year": "%Y",
            "yearquarter": "Q%q %Y",
            "yearmonth": "%b %Y",
            "yearmonthdate": "%Y-%m-%d",
            "yearmonthdatehoursminutes": "%Y-%m-%d %H:%M",
        },
        {
            "sum": "sum",
            "average": "average",
            "median": "median",
            "min": "minimum",
            "max": "maximum",
            "count": "count",
            "distinct": "distinct",
        },
        "Count",
        "(empty)",
        "Table",
        "Chart",
        "{count} more rows are not shown",
        "{count} more columns are not shown",
    ),
    "ru": LanguageRules(
        ",",
        NO_BREAK_SPACE,
        (
            *("январь", "февраль", "март", "апрель", "май", "июнь", "июль"),
            *("август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
        ),
        ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),
        ("воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"),
        ("вс", "пн", "вт", "ср", "чт", "пт", "сб"),
        ("", f"{NO_BREAK_SPACE}₽"),
        {
            "year": "%Y",
            "yearquarter": "%q кв. %Y",
            "yearmonth": "%b %Y",
            "yearmonthdate": "%d.%m.%Y",
            "yearmonthdatehoursminutes": "%d.%m.%Y %H:%M",
        },
        {
            "sum": "сумма",
            "average": "среднее",
            "median": "медиана",
            "min": "минимум",
            "max": "максимум",
            "count": "количество",
            "distinct": "разных значений",
        },
        "Количество",
        "(пусто)",
        "Таблица",
        "Диаграмма",
        "не показано строк: {count}",
        "не показано столбцов: {count}",
    ),
}


def language_of_report(report: Report) -> tuple[Language, LanguageRules]:
    """The language of a report's numbers and dates: its own, or that of title, texts and names."""
    if report.language is not None:
        return report.language, RULES[report.language]
    texts = [report.title]
    for block in report.blocks:
        if isinstance(block, str):
            texts.append(block)
        else:
            texts += block.names if isinstance(block, Table) else ()
    language = language_of(texts)
    return language, RULES[language]


def month_number(text: str) -> int | None:
    """The month from 1 that a text names, in either language, whole or shortened."""
    return _MONTHS.get(text.strip().rstrip(".").casefold())


_MONTHS = {
    name.casefold(): number
    for rules in RULES.values()
    for names in (rules.months, rules.short_months)
    for number, name in enumerate(names, 1)
} | {
    name: number
    for number, name in enumerate(
        (
            *("января", "февраля", "марта", "апреля", "мая", "июня", "июля"),
            *("августа", "сентября", "октября", "ноября", "декабря"),
        ),
        1,
    )
}
_MONTHS |= {"сент": 9, "нояб": 11, "sept": 9, "февр": 2}
