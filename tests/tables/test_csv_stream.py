"""A CSV file read piece by piece gives what reading it whole gives: cells, warnings, errors."""

from __future__ import annotations

import io
import os
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.column_types import ColumnType
from datacode.tables.csv import transcoding
from datacode.tables.csv.read import read_csv, warn_of_table
from datacode.tables.csv.stream import stream_of
from datacode.tables.read_options import ReadOptions
from datacode.tables.select import concatenated
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table

CELLS = st.sampled_from(
    [
        "1", "2.5", "-3", "", "a", "текст", "yes", "no", "true", "FALSE", "null", "NaN", "inf",
        "9F3C", "0x1F", "3", " 7 ", "007", "12E45", "+79991234567", "1e5", "12345678901234567",
        "1 200", "$5", "5 €", '"a,b"', '"x""y"', '"two\nlines"', '"\r\n"', '" q "', "2024-01-05",
        "\u00a01", "0.0", "-0", "1" * 30, "😀",
    ]
)  # fmt: skip
IDENTIFIERS = st.sampled_from(["1", "2", "007", "9F3C", "+7 916 123-45-67", "x", "", "no", "-1"])
ODD = st.sampled_from(['a"b', '"open', '"closed"late', "\x00", "\ufeff", ";", '"', "x,y", "\xa0"])
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n \n"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """A CSV file: mostly regular, sometimes with what is none."""
    width = draw(st.integers(1, 4))
    rows = draw(st.integers(0, 25))
    end = draw(ENDS)
    cells = draw(st.sampled_from([CELLS, CELLS, st.one_of(CELLS, CELLS, CELLS, ODD)]))
    columns = [
        draw(st.sampled_from([cells, st.sampled_from(["1", "2"]), IDENTIFIERS, cells]))
        for _ in range(width)
    ]
    lines = [",".join(f"c{n}" for n in range(width))]
    for _ in range(rows):
        lines.append(",".join(draw(column) for column in columns))
    if draw(st.integers(0, 9)) == 0:
        lines.append("short" if width > 1 else "too,long")
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    data = text.encode()
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(data)))
        data = data[:place] + b"\xff" + data[place:]
    return (b"\xef\xbb\xbf" if draw(st.integers(0, 9)) == 0 else b"") + data


OPTIONS = st.sampled_from(
    [
        ReadOptions(),
        ReadOptions(),
        ReadOptions(nulls=("a", "1")),
        ReadOptions(types=ColumnType.STRING),
        ReadOptions(header_row=1),
        ReadOptions(header_rows=0),
        ReadOptions(columns=("c0",)),
        ReadOptions(thousands=" "),
        ReadOptions(decimal=",", delimiter=";"),
        ReadOptions(max_rows=0),
        ReadOptions(max_rows=1),
        ReadOptions(max_rows=7, ragged="skip"),
        ReadOptions(max_rows=1200),
        ReadOptions(ragged="skip"),
        ReadOptions(encoding="cp1251"),
        ReadOptions(encoding="utf-16"),
        ReadOptions(encoding="utf-16-le", ragged="skip"),
        ReadOptions(types={"c0": "Number"}),  # type: ignore[dict-item]
        ReadOptions(types={"c0": "Bool"}),  # type: ignore[dict-item]
    ]
)


def whole(data: bytes, options: ReadOptions) -> Any:
    """What reading the whole file gives."""
    told: list[Message] = []
    try:
        table = read_csv(io.BytesIO(data), options, told.append)
    except DataCodeError as error:
        return str(error)
    return table.names, [list(map(repr, row)) for row in table.rows()], [*map(str, told)]


def in_pieces(data: bytes, options: ReadOptions, size: int) -> Any:
    """What reading it in pieces of so many bytes gives; None where that cannot be."""
    warnings: list[str] = []
    pieces: list[list[ColumnData]] = []

    def begin() -> Any:
        pieces.clear()
        return pieces.append

    try:
        stream = stream_of(io.BytesIO(data), len(data), options, size)
        if stream is None:
            return None
        stream.read(begin)
        if not pieces:
            return None
        stream.warn_of_rows(lambda m: warnings.append(str(m)))
        columns = [concatenated(list(parts)) for parts in zip(*pieces, strict=True)]
        table = Table(stream.names, columns)
        warn_of_table(table, options, lambda m: warnings.append(str(m)))
    except DataCodeError as error:
        return str(error)
    return table.names, [list(map(repr, row)) for row in table.rows()], warnings


class StreamTests(SynchronousTestCase):
    """Small files in smaller pieces."""

    maxDiff = None

    @settings(
        max_examples=int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300")),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    @given(texts(), OPTIONS, st.integers(1, 120))
    @example(b"a,b\n1,x\nyes,y\n+79991234567,z\n", ReadOptions(), 4)
    @example(b'a,b\n1,"x\ny"\n2,"never closed\n3,z\n', ReadOptions(), 9)
    @example(b"a\r1\r2\r3\r", ReadOptions(), 2)
    @example(b"a,b\n1,%b\n1,1\n" % (b"1" * 30), ReadOptions(), 4)
    @example(b"a,b\n9F3C,x\nx,1\n12,0x1F\n", ReadOptions(), 4)
    @example(b'a,b\n1,"LLC "Rose""\n2,x\n3,"LLC "Lily""\n', ReadOptions(), 9)
    @example(b"a,b\n12,x\nyes,1\n9F3C,0x1F\n-0,-1\n", ReadOptions(), 4)
    def test_same(self, data: bytes, options: ReadOptions, size: int) -> None:
        """The same table and warnings, or the same error."""
        self._compare(data, options, size)
        if options.encoding is not None:
            self._compare(
                data.decode("utf-8", "replace").encode(options.encoding, "replace"), options, size
            )

    def _compare(self, data: bytes, options: ReadOptions, size: int) -> None:
        found = in_pieces(data, options, size)
        if found is not None:
            self.assertEqual(found, whole(data, options))

    def test_places_in_an_encoded_file(self) -> None:
        """Whatever is read from wherever is what the whole text has there."""
        self.patch(transcoding, "_AT_ONCE", 7)
        text = "имя,n\n" + "\n".join(f"ж😀{n},{n}" for n in range(50))
        for codec in ("cp1251", "utf-16", "utf-16-be", "utf-8-sig"):
            data = text.encode(codec, "replace")
            wanted = data.decode(codec).encode()
            file = transcoding.TranscodedFile(io.BytesIO(data), codec, codec)
            self.assertEqual(file.size, len(wanted))
            for place in range(0, len(wanted), 11):
                file.seek(place)
                self.assertEqual(file.read(13), wanted[place : place + 13])
                self.assertEqual(file.read(2), wanted[place + 13 : place + 15])
            file.seek(5)
            self.assertEqual(file.read(), wanted[5:])
            self.assertEqual(file.seek(0, io.SEEK_END), len(wanted))

    def test_is_streamed(self) -> None:
        """Ordinary files are read so, and not left aside."""
        for text in ("a,b\n1,x\n2,y\n", 'a,b\r\n1,"x\r\ny"\r\n', "a;b\n1,5;x\n"):
            options = ReadOptions(delimiter=";", decimal=",") if ";" in text else ReadOptions()
            self.assertIsNotNone(in_pieces(text.encode(), options, 5))

    def test_identifiers_read_again(self) -> None:
        """Texts above the first whole numbers are looked through, if no other numbers follow."""
        for first, last, passes in (
            ("9F3C", "7", 3),  # to look through them, then as text
            ("word", "7", 2),
            ("9F3C", "7\n1.5", 1),
            ("9F3C\n1", "7", 2),
            ("7", "9F3C", 2),
            ("7", "word", 1),
        ):
            data = "\n".join(["a", *[first] * 100, *[last] * 100, ""]).encode()
            begun: list[int] = []

            def begin(begun: list[int] = begun) -> Any:
                begun.append(0)
                return lambda columns: None

            stream = stream_of(io.BytesIO(data), len(data), ReadOptions(), 20)
            assert stream is not None
            stream.read(begin)
            self.assertEqual(len(begun), passes, (first, last))
            self.assertEqual(in_pieces(data, ReadOptions(), 20), whole(data, ReadOptions()))

    def test_read_twice(self) -> None:
        """A number far down that would not come back makes text of its column alone."""
        rows = [f"{n},{n}" for n in range(1000)]
        data = "\n".join(["a,b", *rows, "+79991234567,5"]).encode()
        passes: list[int] = []

        def begin() -> Any:
            passes.append(0)
            return lambda columns: None

        stream = stream_of(io.BytesIO(data), len(data), ReadOptions(), 100)
        assert stream is not None
        stream.read(begin)
        self.assertEqual(len(passes), 2)
        self.assertEqual(in_pieces(data, ReadOptions(), 100), whole(data, ReadOptions()))
