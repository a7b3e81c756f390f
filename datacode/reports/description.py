"""A document of its description as JSON: what a page has shown, to be kept as HTML or PDF.

The description may come from anybody: whatever is wrong with it is one sentence. Texts are what a
program printed, not Markdown. Source: the protocol, ``report``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from datacode.charts.languages import RULES
from datacode.errors import DataCodeError, runtime_error
from datacode.reports.html import html
from datacode.reports.pdf import pdf
from datacode.reports.tables import MOST_ROWS
from datacode.values.chart import Chart, Language
from datacode.values.report import Block, Report
from datacode.values.table import Table

MOST_PARTS = 1000
MOST_CHARACTERS = 2_000_000
"""Of all texts together."""

Cell: TypeAlias = "float | str | bool | None"


class _TextPart(Struct, tag_field="kind", tag="text", frozen=True):
    text: str


class _NotePart(Struct, tag_field="kind", tag="note", frozen=True):
    text: str


class _FailurePart(Struct, tag_field="kind", tag="failure", frozen=True):
    text: str


class _TablePart(Struct, tag_field="kind", tag="table", frozen=True):
    columns: list[str]
    rows: list[list[Cell]]
    row_count: int = 0


class _ChartPart(Struct, tag_field="kind", tag="chart", frozen=True):
    chart: Chart


_Part: TypeAlias = _TextPart | _NotePart | _FailurePart | _TablePart | _ChartPart


class _Description(Struct, frozen=True):
    title: str
    format: Literal["html", "pdf"]
    language: Language
    parts: list[msgspec.Raw]


_DESCRIPTION = msgspec.json.Decoder(_Description)
_PART = msgspec.json.Decoder(_Part)


def document_of(described: bytes, tell: Callable[[int], None] = lambda per_cent: None) -> bytes:
    """The file; ``tell`` gets per cents. Raises ``DataCodeError`` where parts make no sense."""
    try:
        description = _DESCRIPTION.decode(described)
    except msgspec.DecodeError:
        raise runtime_error(
            "report_description", "A document is described by an array of parts"
        ) from None
    if len(description.parts) > MOST_PARTS:
        raise runtime_error(
            "report_parts", "report: at most {most} parts make a report", most=MOST_PARTS
        )
    report = _report(description)
    if description.format == "html":
        return html(report)
    return pdf(report, tell)


def _report(description: _Description) -> Report:
    blocks: list[Block] = []
    room = MOST_CHARACTERS
    for number, written in enumerate(description.parts, 1):
        try:
            part = _PART.decode(written)
        except msgspec.DecodeError:
            raise _bad_part(number) from None
        if isinstance(part, _TablePart):
            blocks += _table(part, number, description.language)
        elif isinstance(part, _ChartPart):
            blocks.append(part.chart)
        else:
            room -= len(part.text)
            if room < 0:
                raise runtime_error(
                    "report_description_text",
                    "The texts of a document may have {most} characters",
                    most=MOST_CHARACTERS,
                )
            blocks.append(_fenced(part.text) if isinstance(part, _TextPart) else _said(part))
    return Report(description.title, tuple(blocks), description.language)


def _bad_part(number: int) -> DataCodeError:
    return runtime_error(
        "report_description_part",
        "Part {number} of the document must be a text, a note, a failure, a table or a chart",
        number=number,
    )


def _table(part: _TablePart, number: int, language: Language) -> list[Block]:
    """The table, and what it leaves out."""
    if any(len(row) != len(part.columns) for row in part.rows):
        raise runtime_error(
            "report_description_rows",
            "Part {number} of the document: every row must have a cell for each of {count} columns",
            number=number,
            count=len(part.columns),
        )
    rows = part.rows[:MOST_ROWS]
    table = Table.from_rows(part.columns, rows)
    left_out = max(part.row_count, len(part.rows)) - len(rows)
    if left_out <= 0:
        return [table]
    rules = RULES[language]
    return [table, _escaped(rules.more_rows.format(count=rules.number(float(left_out))))]


def _fenced(text: str) -> str:
    """A printed text as it is, in Markdown."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.strip(chr(10))}\n{fence}"


def _said(part: _NotePart | _FailurePart) -> str:
    text = _escaped(" ".join(part.text.split()))
    return f"**{text}**" if isinstance(part, _FailurePart) and text else text


def _escaped(text: str) -> str:
    """A text that means nothing in Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
