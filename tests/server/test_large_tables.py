"""Tables larger than a session's memory, on a real server: from a file to an answer."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import ClassVar

from datacode.client import Client, connect
from datacode.client.asynchronous import connect_async
from datacode.values.lazy_polars import pl
from tests.shared_daemon import SharedDaemonTestCase

ROWS = 1_200_000


def write_csv(path: Path, rows: int = ROWS) -> None:
    """About 30 MB, of which a session with 64 MiB could not hold the table."""
    with path.open("w") as file:
        file.write("id,key,name,amount\n")
        for start in range(0, rows, 1000):
            file.writelines(
                f"{n},{n * 7919 % 1000},name {n * 7919 % ROWS} of many,{n * 31 % 1001 / 4}\n"
                for n in range(start, start + 1000)
            )


class LargeWriteTests(SharedDaemonTestCase):
    """A server whose sessions have folders to write in."""

    words: ClassVar[tuple[str, ...]] = ("--memory-limit-mib", "128", "--use-ve")

    def test_as_it_was_read(self) -> None:
        """A table in files is written piece by piece from behind a worker's walls."""
        rows = 300_000
        data = "".join(
            f"{n},{n * 7919 % 1000},name {n * 7919 % rows} of many and longer texts\n"
            for n in range(rows)
        )
        data = "id,key,name\n" + data
        told: list[tuple[str, int, int | None]] = []
        with connect(f"ws://127.0.0.1:{self._port}", timeout=120) as client:
            client.upload("big.csv", data.encode())
            code = 't = read_file("big.csv")\nprint(explain(t).rows.rows[0][1])\n'
            result = client.execute(
                code + 'write_file("copy.csv", t)\nprint(file_size("copy.csv"))\n'
                'print(len(read_file("copy.csv")))\n',
                on_progress=lambda *each: told.append(each),
            )
        self.assertIsNone(result.error)
        self.assertEqual(result.output, f"files\n{len(data)}\n{rows}\n")
        self.assertIn(("copy.csv", rows, rows), told)


class LargeTableTests(SharedDaemonTestCase):
    """One server, whose sessions have 128 MiB."""

    words: ClassVar[tuple[str, ...]] = (
        "--memory-limit-mib", "128", "--large-tables", "large", "--large-tables-gib", "1",
        "--large-tables-total-gib", "2",
    )  # fmt: skip

    def command(self, folder: Path) -> list[str]:
        """The server's folder has a large file, and one for large tables."""
        (folder / "large").mkdir()
        write_csv(folder / "big.csv")
        pl.read_csv(folder / "big.csv").write_parquet(folder / "big.parquet")
        type(self).folder = folder
        return super().command(folder)

    folder: ClassVar[Path]

    def client(self) -> Client:
        """A client with a session of its own."""
        client = connect(f"ws://127.0.0.1:{self._port}", timeout=120)
        self.addCleanup(client.close)
        return client

    def run_code(self, client: Client, code: str) -> str:
        """The output of a program that must succeed."""
        result = client.execute(code)
        self.assertIsNone(result.error)
        return result.output

    def test_grid(self) -> None:
        """Rows of a large table that was shown, and what its columns amount to, whatever there is
        room for."""
        client = self.client()
        code = 't = read_file("big.csv")\nshow_table(t)'
        result = client.execute(code, keep_tables=True)
        self.assertIsNone(result.error)
        (kept,) = result.tables
        last = client.table_rows(kept, ROWS - 1, 1).rows
        self.assertEqual(last[0][:2], [ROWS - 1, (ROWS - 1) * 7919 % 1000])
        number, name, amount = client.table_statistics(kept, ["id", "name", "amount"])
        self.assertEqual((number.rows, number.min, number.max), (ROWS, 0, ROWS - 1))
        self.assertEqual(number.sum, ROWS * (ROWS - 1) / 2)
        self.assertEqual(sum(count for _, _, count in number.bars), ROWS)
        for each in (number, name, amount):
            assert each.sampled is not None
            self.assertEqual(each.distinct, 1001 if each is amount else each.sampled)
        self.assertEqual((name.numbers, name.nulls), (0, 0))
        self.assertEqual((amount.min, amount.max), (0, 250))
        self.assertEqual(self.run_code(client, "print(len(t))"), f"{ROWS}\n")

    def test_programs_notice_nothing(self) -> None:
        """Reading, filtering, grouping, sorting, joining, going through the rows."""
        client = self.client()
        said = self.run_code(
            client,
            """
t = read_file("big.csv")
print(t, t.column_names)
f = table_filter(t, "amount > 200 and key < 10")
print(len(f), f.idx[0])
g = table_group(t, "key", {n: ["id", "count"], total: ["amount", "sum"]})
print(len(g), g.idx[1])
s = table_sort(t, "name", false)
print(s.idx[0])
j = inner_join(t, g, "key")
print(len(j), j.idx[-1])
k = 0
for row in table_head(f, 5) do
  k = k + row[0]
next row
print(k)
""",
        )
        lines = said.splitlines()
        self.assertEqual(lines[0], f"Table({ROWS} rows, 4 columns) [id, key, name, amount]")
        wanted = [n for n in range(ROWS) if n * 31 % 1001 / 4 > 200 and n * 7919 % 1000 < 10]
        self.assertTrue(lines[1].startswith(f"{len(wanted)} [{wanted[0]}, "), lines[1])
        total = sum(n * 31 % 1001 / 4 for n in range(ROWS) if n * 7919 % 1000 == 919)
        self.assertEqual(lines[2], f"1000 [919, {ROWS // 1000}, {total}]")
        last = max(range(ROWS), key=lambda n: f"name {n * 7919 % ROWS} of many")
        self.assertTrue(lines[3].startswith(f"[{last}, "), lines[3])
        self.assertTrue(lines[4].startswith(f"{ROWS} [{ROWS - 1}, "), lines[4])

    def test_parquet(self) -> None:
        """A large Parquet file is read behind a worker's walls, group of rows by group."""
        said = self.run_code(
            self.client(),
            """
t = read_file("big.parquet")
print(explain(t).rows.rows[0][1], len(t), t.idx[-1][0], max(t["amount"]))
""",
        )
        self.assertEqual(said, f"files {ROWS} {ROWS - 1} 250\n")

    def test_progress(self) -> None:
        """How much of a file has been read is told, up to its end."""
        told: list[tuple[str, int, int | None]] = []
        client = self.client()
        for name in ("big.csv", "big.parquet"):
            told.clear()
            size = (self.folder / name).stat().st_size
            result = client.execute(
                f't = read_file("{name}")', on_progress=lambda *each: told.append(each)
            )
            self.assertIsNone(result.error)
            self.assertEqual(told[-1], (name, size, size))
            self.assertEqual(told, sorted(told))

    def test_folders_go_with_the_session(self) -> None:
        """A session's tables are removed when it ends; a reset ends them, too."""
        client = self.client()
        self.run_code(client, 't = read_file("big.csv")')
        self.assertNotEqual(os.listdir(self.folder / "large"), [])
        client.close()
        until = time.monotonic() + 30
        while os.listdir(self.folder / "large") and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(os.listdir(self.folder / "large"), [])

    def test_too_large_for_a_step(self) -> None:
        """What needs the whole table in memory says so, and the session lives on."""
        client = self.client()
        self.run_code(client, 't = read_file("big.csv")')
        result = client.execute('x = sort(t["name"])')
        assert result.diagnostics is not None
        self.assertEqual(result.diagnostics.code, "large_table")
        self.assertEqual(self.run_code(client, "print(len(t))"), f"{ROWS}\n")

    def test_cancel(self) -> None:
        """A program is cancelled in the middle of a step; tables and variables stay."""

        async def session() -> tuple[str, str]:
            async with connect_async(f"ws://127.0.0.1:{self._port}") as client:
                await client.execute('t = read_file("big.csv")')
                running = asyncio.create_task(client.execute('j = inner_join(t, t, "key")'))
                await asyncio.sleep(1)
                await client.interrupt()
                result = await asyncio.wait_for(running, 60)
                told = await client.execute("print(len(t), t.idx[7][1])")
                return result.error or "", told.output

        error, output = asyncio.run(session())
        self.assertIn("прерван", error)
        self.assertEqual(output, f"{ROWS} 433\n")

    def test_disk_is_shared_out(self) -> None:
        """There may be more sessions than quotas that the disk for all has room for."""
        clients = [self.client() for _ in range(3)]
        for client in clients:
            self.run_code(client, 't = read_file("big.csv")')
        self.assertEqual(len(os.listdir(self.folder / "large")), 3)
        for client in clients:
            self.assertEqual(self.run_code(client, "print(len(t))"), f"{ROWS}\n")
