"""The engine's process: what it refuses, what it survives, where it is walled in."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.plans import messages, nodes, parts, process
from datacode.plans.nodes import CellKind
from datacode.plans.rows import Storage
from datacode.plans.settings import EngineSetting
from datacode.values.column_storage import ColumnData, StoredRows
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from tests.large import StoredTestCase, engine_of, folder_of, storage

SHAPES = {
    1: nodes.Shape((CellKind.NUMBER, CellKind.TEXT, CellKind.MIXED), 3),
    2: nodes.Shape((CellKind.BOOL,), 3),
}


def shape(number: int) -> nodes.Shape:
    """The shape of a table of these tests."""
    try:
        return SHAPES[number]
    except KeyError:
        raise nodes.BadPlan("no such table") from None


ONE, MASK = nodes.Scan(1), nodes.Scan(2)
BAD: list[nodes.Step] = [
    nodes.CopyRows(nodes.Scan(3)),
    nodes.CopyRows(nodes.Project(ONE, (3,))),
    nodes.CopyRows(nodes.Project(ONE, (-1,))),
    nodes.CopyRows(nodes.Slice(ONE, 0, 4)),
    nodes.CopyRows(nodes.Slice(ONE, 2, 1)),
    nodes.CopyRows(nodes.Slice(ONE, -1, 1)),
    nodes.CopyRows(nodes.Concat(())),
    nodes.CopyRows(nodes.Zip(())),
    nodes.CopyRows(nodes.Concat((ONE, MASK))),
    nodes.CopyRows(nodes.Zip((ONE, nodes.Slice(MASK, 0, 2)))),
    nodes.Filter(ONE, ONE),
    nodes.Filter(ONE, nodes.Slice(MASK, 0, 2)),
    nodes.Take(ONE, MASK),
    nodes.Sort(ONE, ()),
    nodes.Sort(ONE, (nodes.SortKey(2),)),
    nodes.Sort(ONE, (nodes.SortKey(7),)),
    nodes.Group(ONE, (), ()),
    nodes.Group(ONE, (2,), ()),
    nodes.Group(ONE, (0,), (nodes.AggregateColumn(1, nodes.Aggregation.SUM),)),
    nodes.Group(ONE, (0,), (nodes.AggregateColumn(2, nodes.Aggregation.MIN),)),
    nodes.Match(ONE, ONE, (), nodes.JoinKind.INNER),
    nodes.Match(ONE, ONE, ((0, 1),), nodes.JoinKind.INNER),
    nodes.Match(ONE, ONE, ((2, 2),), nodes.JoinKind.INNER),
]


class PlanTests(StoredTestCase):
    """Plans that cannot be are refused, by their form alone and by the engine."""

    def test_bad_plans(self) -> None:
        """Each has a reason of its own."""
        for step in BAD:
            with self.assertRaises(nodes.BadPlan):
                nodes.kinds_after(step, shape)

    def test_the_engine_refuses_them(self) -> None:
        """It says so and goes on."""
        rows = Table.from_rows(
            ["n", "t", "m"], [[1.0, "a", "x"], [2.0, "b", 1.0], [3.0, "c", None]]
        )
        mask = Table.from_rows(["b"], [[True], [False], [True]])
        placed = [self.storage.placed(t.columns) for t in (rows, mask)]
        numbers = [columns[0].source._plan.table for columns in placed]  # type: ignore[union-attr]
        text = msgspec.msgpack.encode(BAD)
        steps = msgspec.msgpack.decode(text, type=list[nodes.Step])
        for step in steps:
            plan = _renumbered(step, dict(zip((1, 2), numbers, strict=True)))
            with self.assertRaises(DataCodeError) as caught:
                self.storage.client.ask(lambda n, p=plan: messages.Run(n, p), messages.Made)
            self.assertEqual(caught.exception.message.code, "engine_bad_request")
        self.assertEqual(placed[0][0].values(), [1.0, 2.0, 3.0])

    def test_deep_plan(self) -> None:
        """A plan of too many nodes, and one that grows by sharing."""
        plan: nodes.Source = ONE
        for _ in range(nodes.MOST_NODES):
            plan = nodes.Slice(plan, 0, 3)
        with self.assertRaises(nodes.BadPlan):
            nodes.shape_of(plan, shape)
        wide: nodes.Source = ONE
        for _ in range(40):
            wide = nodes.Zip((wide, wide))
        with self.assertRaises(nodes.BadPlan):
            nodes.shape_of(wide, shape)

    def test_pieces_that_are_something_else(self) -> None:
        """What a piece is said to be is compared with what it is."""
        kinds, data = parts.encoded([ColumnData.of_list([1.0, 2.0])], 0, 2)
        for told in (
            messages.Append(0, 901, 3, tuple(kinds), data),
            messages.Append(0, 902, 2, (CellKind.TEXT,), data),
            messages.Append(0, 903, 2, (CellKind.NUMBER, CellKind.NUMBER), data),
            messages.Append(0, 904, 2, (), data),
            messages.Append(0, 905, 2, tuple(kinds), b"PAR1" + data[4:-9]),
            messages.Append(0, 906, 2, tuple(kinds), b""),
            messages.Append(0, -1, 2, tuple(kinds), data),
        ):
            with self.assertRaises(DataCodeError) as caught:
                self.storage.client.ask(
                    lambda n, t=told: msgspec.structs.replace(t, request=n), messages.EngineDone
                )
            self.assertTrue(caught.exception.message.code.startswith("engine_"))

    def test_compressed_to_nothing(self) -> None:
        """A file that is small and holds a lot is looked at in the limits of the engine."""
        frame = pl.DataFrame([pl.int_range(2_000_000, eager=True).alias("row")]).with_columns(
            c0s=pl.lit("x" * 1000)
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "f")
            frame.write_parquet(path, compression="zstd", row_group_size=2_000_000)
            data = path.read_bytes()
        self.assertLess(len(data), 4 << 20)
        told = messages.Append(0, 950, 2_000_000, (CellKind.TEXT,), data)
        self.storage.client.ask(
            lambda n: msgspec.structs.replace(told, request=n), messages.EngineDone
        )
        self.storage.client.ask(lambda n: messages.Finish(n, 950), messages.Made)
        found = self.storage.client.ask(
            lambda n: messages.Measure(n, nodes.Scan(950)), messages.Measured
        )
        self.assertEqual(found.sizes, (2_000_000_000,))
        self.storage.client.drop(950)


def _renumbered(step: Any, numbers: dict[int, int]) -> Any:
    """The step with other numbers of tables."""
    if isinstance(step, nodes.Scan):
        return nodes.Scan(numbers.get(step.table, 999))
    if isinstance(step, tuple):
        return tuple(_renumbered(each, numbers) for each in step)
    if isinstance(step, msgspec.Struct):
        fields = {
            name: _renumbered(getattr(step, name), numbers) for name in step.__struct_fields__
        }
        return type(step)(**fields)
    return step


class WallTests(StoredTestCase):
    """Where the engine's process can get."""

    def test_walls(self) -> None:
        """No privileges, a filter of system calls, one folder, little memory."""
        self.storage.placed([ColumnData.of_list([1.0])])
        engine = _engine_process()
        status = Path(f"/proc/{engine}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        self.assertEqual(fields["NoNewPrivs"], "1")
        self.assertEqual(fields["Seccomp"], "2")
        self.assertEqual(int(fields["CapEff"], 16), 0)
        limits = Path(f"/proc/{engine}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 ")
        self.assertNotRegex(limits, r"Max data size +unlimited")

    def test_no_way_out(self) -> None:
        """DuckDB itself, behind the walls, opens nothing elsewhere and cannot be set otherwise."""
        with tempfile.TemporaryDirectory() as folder:
            code = _ESCAPE.format(folder=folder)
            found = subprocess.run(
                [*process.command(EngineSetting(folder), 0)[:2], "-c", code],
                env={"PYTHONPATH": os.getcwd()},
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((found.stdout, found.returncode), ("closed\n", 0), found.stderr)


_ESCAPE = """
import os, socket, sys
sys.path.insert(0, {cwd!r})
from datacode.engine import database, walls
[connection, _] = database.opened({folder!r}, 512 << 20, 1 << 30)
if os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
walls.limit(512 << 20, 1 << 30)
walls.shut({folder!r}, os.getppid())
for statement in (
    "SELECT * FROM read_text('/etc/hostname')",
    "COPY (SELECT 1) TO '/tmp/datacode-escape'",
    "SET enable_external_access = true",
    "SET memory_limit = '8GB'",
    "INSTALL httpfs",
    "ATTACH '/tmp/datacode-escape.db'",
):
    try:
        connection.execute(statement).fetchall()
    except Exception:
        continue
    print("open:", statement)
for attempt in (
    lambda: open("/etc/hostname"),
    lambda: open("/tmp/datacode-escape", "w"),
    lambda: os.listdir("/"),
    lambda: socket.socket(),
    lambda: os.fork(),
    lambda: os.kill(os.getppid(), 0),
    lambda: os.execv("/bin/true", ["true"]),
):
    try:
        attempt()
    except OSError:
        continue
    print("open:", attempt)
open({folder!r} + "/x", "w").close()
print("closed", flush=True)
os._exit(0)
""".replace("{cwd!r}", repr(os.getcwd()))


def _engine_processes() -> set[int]:
    """The engines among the descendants of this process."""
    found = set()
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if Path(f"/proc/{name}/comm").read_text() != "datacode-engine\n":
                continue
            parent = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1]
            above = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if above == str(os.getpid()):
            found.add(int(name))
    return found


def _engine_process() -> int:
    """One of them."""
    return min(_engine_processes())


class LifeTests(StoredTestCase):
    """What ends an engine, and what a program is told."""

    def test_killed(self) -> None:
        """The next engine takes up its tables, results of steps too, and removes what is over."""
        with storage() as own:
            (column,) = own.placed([ColumnData.of_list([1.0, 2.0])])
            made = _rows(column).take([0], [1, 0])
            over = own.placed([ColumnData.of_list(["x"])])
            self._kill(own)
            over.clear()
            self.assertEqual(column.values(), [1.0, 2.0])
            self.assertEqual(made[0].values(), [2.0, 1.0])
            (other,) = own.placed([ColumnData.of_list([3.0])])
            self._kill(own)
            again = _rows(made[0]).take([0], [1, 1])
            self.assertEqual(again[0].values(), [1.0, 1.0])
            self.assertEqual(other.values(), [3.0])
            files = [name for name in os.listdir(folder_of(own)) if name.endswith(".parquet")]
            self.assertEqual(len(files), 4)

    def test_killed_while_a_table_is_sent(self) -> None:
        """What was sent of it is lost, with a sentence; the other tables are there."""
        with storage() as own:
            (column,) = own.placed([ColumnData.of_list([1.0, 2.0])])
            making = own.making()
            making.add([ColumnData.of_list([5.0])])
            self._kill(own)
            with self.assertRaises(DataCodeError) as caught:
                making.add([ColumnData.of_list([6.0])])
            self.assertEqual(caught.exception.message.code, "large_table_lost")
            self.assertEqual(column.values(), [1.0, 2.0])

    def test_files_are_missing(self) -> None:
        """A table whose file is gone, or is another, is lost; the others are there."""
        with storage() as own:
            (gone,) = own.placed([ColumnData.of_list([1.0, 2.0])])
            (changed,) = own.placed([ColumnData.of_list([4.0, 5.0])])
            (other,) = own.placed([ColumnData.of_list([3.0])])
            folder = folder_of(own)
            self._kill(own)
            (name,) = _rows(gone).kept().files[0].names
            os.unlink(folder / f"{name}.parquet")
            (source,) = _rows(other).kept().files[0].names
            (target,) = _rows(changed).kept().files[0].names
            shutil.copyfile(folder / f"{source}.parquet", folder / f"{target}.parquet")
            self.assertEqual(other.values(), [3.0])
            for column in (gone, changed):
                with self.assertRaises(DataCodeError) as caught:
                    column.values()
                self.assertEqual(caught.exception.message.code, "large_table_lost")

    def _kill(self, own: Storage) -> None:
        """End the engine, and wait until it is gone."""
        assert own.client._connection is not None
        process = engine_of(own)
        os.kill(process, signal.SIGKILL)

    def test_full(self) -> None:
        """Beyond the quota there is a sentence, and room again when tables go."""
        with storage(quota=3 << 20) as own:
            numbers = [float(n * 7919 % 1_000_003) / 7 for n in range(200_000)]
            kept = own.placed([ColumnData.of_list(numbers)])
            with self.assertRaises(DataCodeError) as caught:
                for _ in range(9):
                    kept += own.placed([ColumnData.of_list(numbers)])
            self.assertEqual(caught.exception.message.code, "engine_out_of_space")
            kept.clear()
            own.placed([ColumnData.of_list([1.0])])
            self.assertEqual(len(own.placed([ColumnData.of_list(numbers)])[0]), 200_000)

    def test_out_of_memory(self) -> None:
        """What does not fit, at the second try either, is told; the engine lives on."""
        with storage(engine_memory=200 << 20) as own:
            texts = [f"k{n * 7919 % 1_000_003}" * 40 for n in range(200_000)]
            (column,) = own.placed([ColumnData.of_list(texts)])
            assert column.source is not None
            try:
                made = column.source.grouped([0], [(0, "distinct"), (0, "max")])
            except DataCodeError as error:
                self.assertIn(error.message.code, ("engine_out_of_memory", "engine_ended"))
            else:
                assert made is not None
                self.assertEqual(len(made[0]), len(set(texts)))

    def test_cancelled(self) -> None:
        """A wait that is broken off ends the step in the engine, which answers the next."""
        rows = 1_500_000
        numbers = pl.int_range(rows, eager=True).cast(pl.Float64)
        with storage(quota=20 << 30) as own:  # of which the join would take more
            (one,) = own.placed([ColumnData.of_series((numbers * 7919) % 1000)])
            source = one.source
            assert source is not None
            begin = time.monotonic()
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            with self.assertRaises(KeyboardInterrupt):
                source.joined(source, [(0, 0)], "inner", False)
            self.assertEqual(one.slice(0, 3).values(), [0.0, 919.0, 838.0])
            self.assertLess(time.monotonic() - begin, 60)


def _rows(column: ColumnData) -> StoredRows:
    assert column.source is not None
    return column.source


class ProgressTests(StoredTestCase):
    """What is told of a long step."""

    def test_told(self) -> None:
        """Again and again how much per cent are done, until it is given up."""
        told: list[tuple[str, int]] = []

        class EnoughError(Exception):
            pass

        def listen(name: str, done: int) -> None:
            told.append((name, done))
            if len(told) == 2:
                raise EnoughError

        rows = 1_500_000
        numbers = pl.int_range(rows, eager=True).cast(pl.Float64)
        with storage(quota=20 << 30) as own:  # of which the join would take more
            (one,) = own.placed([ColumnData.of_series((numbers * 7919) % 1000)])
            source = one.source
            assert source is not None
            own.client.on_progress = listen
            with self.assertRaises(EnoughError):
                source.joined(source, [(0, 0)], "inner", False)
            self.assertEqual([name for name, _ in told], ["join", "join"])
            self.assertTrue(all(0 <= done <= 100 for _, done in told))
            self.assertEqual(one.slice(0, 1).values(), [0.0])


class HostileClientTests(StoredTestCase):
    """Whatever is sent, the engine answers, or ends; it never hangs with a frame half read."""

    @settings(max_examples=20, deadline=None, database=None)
    @given(st.binary(max_size=200))
    def test_garbage(self, data: bytes) -> None:
        """Garbage as the body of a frame ends the engine, which is noticed."""
        frame = len(data).to_bytes(4, "little") + data
        try:
            messages.to_engine.decode(data)
        except msgspec.MsgspecError:
            self._ends(lambda stream: stream.sendall(frame))

    def test_too_long(self) -> None:
        """A frame that says it is larger than any."""
        self._ends(lambda stream: stream.sendall(b"\xff\xff\xff\xff"))

    def _ends(self, speak: Callable[[socket.socket], None]) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            read = threading.Thread(target=_read_as_the_engine, args=(theirs,))
            read.start()
            speak(ours)
            ours.shutdown(socket.SHUT_WR)
            read.join(30)
            self.assertFalse(read.is_alive())


def _read_as_the_engine(stream: socket.socket) -> None:
    frames = messages.Frames()
    try:
        while data := stream.recv(1 << 16):
            frames.add(data)
            while (body := frames.take()) is not None:
                messages.to_engine.decode(body)
    except (ValueError, msgspec.DecodeError):
        return
