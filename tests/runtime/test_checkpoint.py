"""The state as bytes: what is kept, what it costs, and what is refused."""

from __future__ import annotations

import io
import time
from pathlib import Path as FilePath
from random import Random
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.runtime import checkpoint, checkpoint_file
from datacode.runtime.checkpoint import CheckpointError
from datacode.values.chart import Data, Datum
from datacode.values.column_encoding import column_from_bytes, column_pieces
from datacode.values.column_storage import ColumnData
from datacode.values.equality import equal
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Currency, Path, PathPattern, Value
from tests.column_tables import table_of_columns

CHECKPOINTS = FilePath(__file__).parent / "checkpoints"

PROGRAM = """
function row(i) do
  return [i, "t" + str(i), if_else(i)]
endfunction
function if_else(i) do
  if i > 3 do
    return "big"
  endif
  return i
endfunction

function fails(n) do
  return n + missing
endfunction
global count = 5
local tag = "метка"
person = {name: "Ada", marks: [5, 4.5, null], home: path("home/ada"), rich: true}
people = [person, person]
t = table([[1, "a", [1]], [2, null, "x"]], ["n", "s", "z"])
names = t["s"]
rows = t.idx
long = table(map(range(600), "row"), ["i", "text", "mixed"])
"""

LOOK = """
print(count, tag, person, people, names, rows[1], len(long), long["text"][599], long["mixed"][3])
print(row(2), t)
"""


def loaded(data: bytes) -> Interpreter:
    """An interpreter with the state of a file."""
    interpreter = Interpreter()
    interpreter.restore(checkpoint.load(io.BytesIO(data)))
    return interpreter


def saved(interpreter: Interpreter) -> bytes:
    """The state of an interpreter as a file."""
    file = io.BytesIO()
    checkpoint.save(interpreter.snapshot(), file)
    return file.getvalue()


def round_trip(value: Value) -> Value:
    """A variable's value, saved and loaded."""
    interpreter = Interpreter()
    interpreter.define("x", value)
    return loaded(saved(interpreter)).globals_for_export()["x"]


def plain(value: Value) -> Any:
    """A value in a form whose equality is exact: NaN is NaN, -0 is not 0."""
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return [(key, plain(part)) for key, part in value.items()]
    if isinstance(value, Table):
        return ("table", value.names, len(value), [plain(list(c)) for c in value.columns])
    if isinstance(value, Column):
        return ("column", plain(value.table), value.position)
    if isinstance(value, Indexer):
        return ("indexer", plain(value.table))
    return (type(value).__name__, repr(value))


texts = st.text(st.characters(), max_size=5)
scalars = st.none() | st.booleans() | st.floats() | texts
simple = scalars | st.builds(Path, texts) | st.builds(PathPattern, texts)
simple |= st.builds(Currency, texts)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[Value]) -> Table:
    """A table whose columns are mixed or of one kind; names may repeat."""
    width, height = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    of_one_kind = st.sampled_from([st.floats(), texts, st.booleans(), cells])
    columns = [
        ColumnData.of_list([draw(draw(of_one_kind)) for _ in range(height)]) for _ in range(width)
    ]
    return Table([draw(texts) for _ in range(width)], columns, height)


@st.composite
def values(draw: st.DrawFn) -> Value:
    """Values made of each other, so that parts are shared."""
    made: list[Value] = [draw(simple)]
    part = st.deferred(lambda: simple | st.sampled_from(made))
    for _ in range(draw(st.integers(1, 12))):
        made.append(
            draw(
                st.lists(part, max_size=4) | st.dictionaries(texts, part, max_size=4) | tables(part)
            )
        )
        if isinstance(made[-1], Table):
            made.append(Indexer(made[-1]))
            if made[-2].columns:
                made.append(Column(made[-2], 0))
    return made[-1]


class ValueTests(SynchronousTestCase):
    """Values come back as they were."""

    @settings(max_examples=150, deadline=None)
    @given(values())
    def test_any(self, value: Value) -> None:
        """Of any kind, to the bit."""
        self.assertEqual(plain(round_trip(value)), plain(value))

    def test_sharing(self) -> None:
        """What was one part is one part again, however it is nested."""
        part: list[Value] = [1.0]
        for _ in range(60):
            part = [part, part]
        found = round_trip({"a": part, "b": [part]})
        self.assertIs(found["a"], found["b"][0])
        self.assertIs(found["a"][0], found["a"][1])

    def test_deep(self) -> None:
        """Deeper than any stack."""
        value: Value = 1.0
        for _ in range(100_000):
            value = [value]
        found = round_trip(value)
        for _ in range(100_000):
            (found,) = found
        self.assertEqual(found, 1.0)

    def test_charts_and_reports(self) -> None:
        """What they hold comes back, shared tables are shared."""
        table = Table.from_rows(["имя", "n"], [["a", [1.0]], ["b", "\ud800"]])
        interpreter = Interpreter()
        interpreter.define("t", table)
        interpreter.run("u = table([['a', 1]], ['c', 'n'])\nglobal c = chart(u, 'bar', 'c', 'n')")
        chart = interpreter.globals_for_export()["c"]
        report = Report("\ud800 Отчёт", ("# Текст", table, chart, table))
        found = round_trip([chart, report, table, {"r": report}])
        self.assertEqual(found[0], chart)
        self.assertTrue(equal(found[1], report))
        self.assertIs(found[1].blocks[1], found[2])
        self.assertIs(found[1].blocks[2], found[0])
        self.assertIs(found[3]["r"], found[1])

    def test_charts_of_strangers(self) -> None:
        """A chart beyond the limits, or one that is none, is refused."""
        interpreter = Interpreter()
        interpreter.run("c = chart(table([['a', 1]], ['c', 'n']), 'bar', 'c', 'n')")
        chart = interpreter.snapshot()
        (name,) = chart.variables
        good = chart.variables[name]
        row: Datum = {"x": "a", "y": 1.0}
        for bad in (
            structs.replace(good, data=Data(values=[row] * 100_000)),
            structs.replace(good, width=10**9),
            structs.replace(good, title="x" * 10**6),
        ):
            chart.variables[name] = bad
            file = io.BytesIO()
            checkpoint.save(chart, file)
            self.assertRaises(CheckpointError, loaded, file.getvalue())
        chart.variables[name] = good
        file = io.BytesIO()
        checkpoint.save(chart, file)
        for old, new in ((b"nominal", b"nominaX"), (b"usermeta", b"userbeta"), (b"bar", b"bat")):
            self.assertRaises(CheckpointError, loaded, file.getvalue().replace(old, new))

    def test_columns(self) -> None:
        """Long columns of each kind, and those with parts."""
        kinds: list[list[Value]] = [
            [float(i) for i in range(1000)],
            [None if i % 7 == 0 else f"текст {i}" for i in range(1000)],
            [i % 2 == 0 for i in range(1000)],
            [None] * 1000,
            [float(i) if i % 2 else "x" for i in range(1000)],
            [Currency(f"{i} $") for i in range(1000)],
            ["\ud800"] * 1000,
            [[float(i)] for i in range(1000)],
        ]
        table = table_of_columns([f"c{i}" for i in range(len(kinds))], kinds)
        self.assertEqual(plain(round_trip(table)), plain(table))

    def test_columns_of_several_tables(self) -> None:
        """A column that two tables have in common is one again."""
        cells = ColumnData.of_list([1.0, 2.0])
        found = round_trip([Table(["a"], [cells]), Table(["b"], [cells])])
        self.assertIs(found[0].columns[0], found[1].columns[0])


class StateTests(SynchronousTestCase):
    """Variables, functions and relations go on where they were."""

    def setUp(self) -> None:
        """A session with something of everything."""
        self.interpreter = Interpreter()
        self.assertIsNone(self.interpreter.run(PROGRAM).error)

    def test_everything(self) -> None:
        """The same output, the same line in the same error."""
        other = loaded(saved(self.interpreter))
        self.assertEqual(other.run(LOOK), self.interpreter.run(LOOK))
        ours, theirs = self.interpreter.run("fails(1)").error, other.run("fails(1)").error
        self.assertEqual(str(theirs), str(ours))
        self.assertIn("line 13", str(theirs))
        self.assertEqual(other.variables(), self.interpreter.variables())
        self.assertEqual(other.functions(), self.interpreter.functions())

    def test_relations(self) -> None:
        """What ``relate`` and ``primary_key`` recorded is kept with its tables."""
        self.interpreter.run(
            "global a = table([[1], [2]], ['id'])\nglobal b = table([[1]], ['a_id'])\n"
            "primary_key(a['id'])\nrelate(b['a_id'], a['id'])"
        )
        expected = len(self.interpreter.relations())
        self.assertGreater(expected, 0)
        other = loaded(saved(self.interpreter))
        self.assertEqual(
            list(map(type, other.relations())), list(map(type, self.interpreter.relations()))
        )
        ours, theirs = self.interpreter.globals_for_export(), other.globals_for_export()
        name = "a" if self.interpreter.relations()[-1].target.table is ours["a"] else "b"
        self.assertIs(other.relations()[-1].target.table, theirs[name])

    def test_later_programs(self) -> None:
        """What a program changes after the snapshot is not in it."""
        snapshot = self.interpreter.snapshot()
        self.interpreter.run("person.marks[0] = 1\npeople[1].name = 'Bob'\ncount = 6")
        file = io.BytesIO()
        checkpoint.save(snapshot, file)
        self.assertIn("[5, 4.5, null]", loaded(file.getvalue()).run("print(person)").output)

    def test_only_what_is_new(self) -> None:
        """A column is stored once and named by every checkpoint after that."""
        first = checkpoint.write(self.interpreter.snapshot())
        self.interpreter.run("short = table_head(long, 2)\nother = table_select(long, ['i'])")
        second = checkpoint.write(self.interpreter.snapshot())
        self.assertEqual(len(first.columns), 3)
        self.assertEqual(second.columns.keys(), first.columns.keys())
        read = checkpoint.read(
            second.manifest, lambda name: b"".join(column_pieces(second.columns[name]))
        )
        self.assertEqual(checkpoint.write(read).columns.keys(), first.columns.keys())

    def test_names_in_a_file(self) -> None:
        """Those of a file mean nothing here: it may have other cells under the same name."""
        first = checkpoint.write(self.interpreter.snapshot())
        other = checkpoint.write(loaded(saved(self.interpreter)).snapshot())
        self.assertEqual(len(other.columns), 3)
        self.assertTrue(other.columns.keys().isdisjoint(first.columns))

    def test_older_versions(self) -> None:
        """A file of each version of the format is there and can be read."""
        files = sorted(CHECKPOINTS.glob("*.dcstate"))
        self.assertEqual(len(files), checkpoint.VERSION)
        for file in files:
            other = loaded(file.read_bytes())
            self.assertEqual(other.run(LOOK), self.interpreter.run(LOOK), file.name)


class CostTests(SynchronousTestCase):
    """Sizes, and times with much to spare: the machine may be busy."""

    def cost(self, interpreter: Interpreter) -> tuple[float, int]:
        """Processor seconds and bytes of a manifest."""
        begin = time.process_time()
        written = checkpoint.write(interpreter.snapshot())
        return time.process_time() - begin, len(written.manifest)

    def test_small(self) -> None:
        """A small session."""
        interpreter = Interpreter()
        interpreter.run("x = 5\ns = 'text'\nxs = [1, 2, 3]\no = {a: 1}")
        seconds, size = min(self.cost(interpreter) for _ in range(5))
        self.assertLess(seconds, 0.05)
        self.assertLess(size, 300)

    def test_many_objects(self) -> None:
        """A hundred thousand objects."""
        interpreter = Interpreter()
        interpreter.define("xs", [{"id": float(i), "s": f"s{i}"} for i in range(100_000)])
        seconds, _ = min(self.cost(interpreter) for _ in range(3))
        self.assertLess(seconds, 10)


class HostileTests(SynchronousTestCase):
    """A file may come from anybody."""

    def setUp(self) -> None:
        """A file to begin with."""
        interpreter = Interpreter()
        interpreter.run(PROGRAM)
        self.data = saved(interpreter)

    def test_cut_off(self) -> None:
        """A part of a file is refused, wherever it ends."""
        for size in {*range(0, 2000, 7), *range(2000, len(self.data), 997), len(self.data) - 1}:
            with self.assertRaises(CheckpointError):
                loaded(self.data[:size])

    def test_changed(self) -> None:
        """A file with other bytes is refused, or holds other values."""
        random = Random(7)
        for _ in range(3000):
            data = bytearray(self.data)
            for _ in range(random.randint(1, 4)):
                place = random.randrange(len(data)) if random.random() < 0.3 else None
                place = random.randrange(min(2500, len(data))) if place is None else place
                data[place] = random.randrange(256)
            try:
                interpreter = loaded(bytes(data))
            except CheckpointError:
                continue
            interpreter.variables()
            interpreter.run(LOOK)

    def test_no_state(self) -> None:
        """Another kind of file, and one of the future."""
        with self.assertRaises(CheckpointError) as raised:
            loaded(b"PK\x03\x04" + bytes(100))
        self.assertIn("no file with a state", str(raised.exception))
        place = len(checkpoint_file.MAGIC)
        with self.assertRaises(CheckpointError) as raised:
            loaded(self.data[:place] + b"\xff" + self.data[place + 1 :])
        self.assertIn("newer", str(raised.exception))

    def test_a_length_takes_no_memory(self) -> None:
        """Lengths promise what is not there."""
        head = checkpoint_file.MAGIC + (1).to_bytes(4, "little")
        for size in (2**27, 2**40, 2**64 - 1):
            with self.assertRaises(CheckpointError):
                loaded(head + size.to_bytes(8, "little") + b"x" * 100)

    def test_columns(self) -> None:
        """Compressed, of another length, type or shape."""
        numbers = pl.Series("c", [float(i) for i in range(1000)])
        good = b"".join(column_pieces(ColumnData.of_series(numbers)))
        self.assertEqual(column_from_bytes(good, 1000).values(), numbers.to_list())
        frames = {
            "compressed": (pl.DataFrame([numbers]), "lz4"),
            "of List": (pl.DataFrame({"c": [[1.0]] * 1000}), "uncompressed"),
            "of another shape": (pl.DataFrame({"c": numbers, "d": numbers}), "uncompressed"),
            "of Int64": (pl.DataFrame({"c": list(range(1000))}), "uncompressed"),
        }
        for expected, (frame, compression) in frames.items():
            target = io.BytesIO()
            frame.write_ipc_stream(target, compression=compression)  # type: ignore[arg-type]
            with self.assertRaisesRegex(CheckpointError, expected):
                column_from_bytes(b"A" + target.getvalue(), 1000)
        with self.assertRaisesRegex(CheckpointError, "length|larger"):
            column_from_bytes(good, 999)
        with self.assertRaisesRegex(CheckpointError, "length"):
            column_from_bytes(good, 10**12)
