"""Shares through a real server process: programs and requests, with a real Samba behind it."""

from __future__ import annotations

import base64
import os
import random
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Talk
from tests.server.fakes import Room
from tests.shared_daemon import SharedDaemonTestCase
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

MIB = 1 << 20
REPORTS = Path(__file__).parents[1] / "tables" / "argument_files"


class EndToEndTestCase(SharedDaemonTestCase):
    """One server for all tests of a class; each test has clients and a folder of its own."""

    def setUp(self) -> None:
        """A folder on the share ``data``, and a client that is connected to it."""
        self.server: Samba = samba()
        super().setUp()
        self.name = self.id().rpartition(".")[2]
        self.folder = self.server.folder / self.name
        self.folder.mkdir(exist_ok=True)
        self.client = self.connected()

    def connected(self, port: int | None = None) -> Talk:
        """A client with the share, at Samba itself or behind a proxy."""
        client = Talk(self._port)
        self.addCleanup(client.close)
        answer = client.ask(
            type="smb_connect",
            ip=f"127.0.0.1:{port or self.server.port}",
            login=LOGIN,
            password=PASSWORD,
            domain="",
            share_name="data",
        )
        self.assertEqual(answer["error"], None)
        return client

    def proxy(self) -> FaultProxy:
        """A proxy before Samba, closed with the test."""
        proxy = FaultProxy(self.server.port)
        self.addCleanup(proxy.close)
        return proxy

    def code(self, text: str) -> str:
        """A program, with DIR for the test's folder."""
        return text.replace("DIR", f"lib://data/{self.name}")

    def run_program(self, text: str, client: Talk | None = None) -> str:
        """What a program prints, or its error."""
        answer = (client or self.client).ask(code=self.code(text))
        return str(answer["output"] if answer["success"] else answer["error"])

    def request(self, kind: str, path: str = "", **more: Any) -> dict[str, Any]:
        """Ask for something below the test's folder."""
        where = f"{self.name}/{path}" if path else self.name
        key = "file_path" if kind == "smb_read_file" else "path"
        return self.client.ask(**{"type": kind, "share_name": "data", key: where, **more})


class WritingTests(EndToEndTestCase):
    words = ("--smb-write", "--use-ve")

    def test_text_and_tables(self) -> None:
        """Text, CSV and XLSX are written and read again; nothing is left beside them."""
        self.assertEqual(
            self.run_program(
                't = table([["болт", 1.5], ["гайка", 2]], ["item", "price"])\n'
                'write_file(path("DIR/a.txt"), "привет")\n'
                'write_file("DIR/t.csv", t)\nwrite_file("DIR/t.xlsx", t)\n'
                'print(read_file("DIR/a.txt"), sum(read_file("DIR/t.csv")["price"]))\n'
                'print(sum(read_file("DIR/t.xlsx")["price"]))'
            ),
            "привет 3.5\n3.5\n",
        )
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.txt", "t.csv", "t.xlsx"])
        self.assertEqual((self.folder / "a.txt").read_text("utf-8"), "привет")

    def test_reading_as_told(self) -> None:
        """The arguments of ``read_file``, all together: the same of a share and of an upload."""
        text = (
            "Отчёт;;;\n;;;\nТовар;Сумма;;Дата\n;без НДС;с НДС;\n"
            "0017;1 234,50;1 481,40;31.12.2025\n0018;-;н/д;1.12.2025\n"
            "Итого;1 239,50;;\nДиректор;;;\n"
        )
        files = {
            "report.csv": text.encode("cp1251"),
            "report.xlsx": (REPORTS / "report.xlsx").read_bytes(),
            "report.xlsb": (REPORTS / "report.xlsb").read_bytes(),
            "report.ods": (REPORTS / "report.ods").read_bytes(),
        }
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
            sent = "base64:" + base64.b64encode(content).decode()
            self.client.ask(type="upload_file", filename=name, content=sent)
        told = (
            'delimiter=";", encoding="cp1251", decimal=",", thousands=" ", nulls=["-", "н/д"], '
            'types={"Товар": "String"}, dates="DD.MM.YYYY", header_row=2, header_rows=2, '
            'until="Итого", max_rows=5, ragged="error", '
            'columns=["Товар", "Сумма / без НДС", "Дата"], range="A1:D8"'
        )
        expected = "[[0017, 1234.5, 2025-12-31], [0018, null, 2025-12-01]]\n"
        for folder in ("DIR/", ""):
            for arguments in (told, 'auto=true, types={"Товар": "String"}, nulls=["-", "н/д"]'):
                found = self.run_program(
                    f't = read_file("{folder}report.csv", {arguments})\n'
                    't = table_select(t, ["Товар", "Сумма / без НДС", "Дата"])\n'
                    "print(t.rows.rows)"
                )
                self.assertEqual(
                    found.replace("31.12.2025", "2025-12-31").replace("1.12.2025", "2025-12-01"),
                    expected,
                    arguments,
                )
            for name in ("report.xlsx", "report.xlsb", "report.ods"):
                found = self.run_program(
                    f't = read_file("{folder}{name}", sheet="Данные", decimal=",", thousands=" ", '
                    'nulls=["-"], types={"код": "String"}, dates="DD.MM.YYYY", until="Итого", '
                    'fill_merged=true, range="A1:E4", columns=["код", "сумма", "день", "группа"])\n'
                    "print(t.rows.rows)"
                )
                self.assertEqual(
                    found, "[[0017, 1200.5, 2025-12-31, А], [null, 7.25, 2025-12-01, А]]\n", name
                )
            found = self.run_program(
                f'print(read_files("{folder}*.ods", columns=["число"], max_rows=1).rows.rows)'
            )
            self.assertEqual(found, "[[report.ods, 5]]\n")

    def test_replaced_at_once(self) -> None:
        """Whoever reads while a file is replaced sees all of the old text or all of the new."""
        file = self.folder / "x.txt"
        texts = {"a" * MIB, "b" * MIB}
        file.write_text("a" * MIB)
        seen: set[str] = set()
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen.add(file.read_text())

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            self.run_program(
                'a = "a"\nb = "b"\nfor i in range(20) do\na = a + a\nb = b + b\nnext i\n'
                'for i in range(5) do\nwrite_file("DIR/x.txt", b)\n'
                'write_file("DIR/x.txt", a)\nnext i\nwrite_file("DIR/x.txt", b)'
            )
        finally:
            over.set()
            thread.join()
        self.assertLessEqual(seen, texts)
        self.assertEqual(file.read_text(), "b" * MIB)

    def test_folders_and_copies(self) -> None:
        """To the share, back, within both; then everything is deleted."""
        content = random.Random(5).randbytes(3 * MIB)
        self.client.ask(
            type="upload_file",
            filename="up.bin",
            content="base64:" + base64.b64encode(content).decode(),
        )
        self.assertEqual(
            self.run_program(
                'make_folder("DIR/a/b")\nmake_folder("DIR/a/b")\nmake_folder("own")\n'
                'copy_file("up.bin", "DIR/a/b/1.bin")\ncopy_file("DIR/a/b/1.bin", "DIR/2.bin")\n'
                'copy_file(path("DIR") / "2.bin", "own/3.bin")\ncopy_file("own/3.bin", "4.bin")\n'
                'copy_file("4.bin", "4.bin")\n'
                'print(file_size("DIR/a/b/1.bin"), file_size("DIR/2.bin"), file_size("4.bin"))\n'
                'print(path("DIR/a/b/1.bin").is_file, path("DIR/a").is_dir)\n'
                'print(path_exists("DIR/none"), path_is_dir("DIR/a"), path_is_file("DIR/a"))'
            ),
            "3145728 3145728 3145728\ntrue true\nfalse true false\n",
        )
        self.assertEqual((self.folder / "2.bin").read_bytes(), content)
        answer = self.client.ask(type="download_file", filename="4.bin")
        self.assertEqual(base64.b64decode(answer["content"].removeprefix("base64:")), content)
        self.assertEqual(
            self.run_program('delete_file("DIR/a/b")'),
            f"Ошибка удаления: папка '{self.name}/a/b' не пуста",
        )
        self.assertEqual(
            self.run_program(
                'delete_file("DIR/a/b/1.bin")\ndelete_file("DIR/a/b")\ndelete_file("own/3.bin")\n'
                'delete_file("own")\nprint(path("own").exists, path("DIR/a/b").exists)'
            ),
            "false false\n",
        )
        self.assertEqual(self.client.ask(type="session_files")["files"], ["4.bin", "up.bin"])

    def test_size_and_time(self) -> None:
        """As the share has them; what is not there is an error that says so."""
        (self.folder / "x").write_bytes(b"12345")
        os.utime(self.folder / "x", (1_700_000_000, 1_700_000_000))
        self.assertEqual(
            self.run_program('print(file_size("DIR/x"), file_modified("DIR/x"))'),
            "5 2023-11-14T22:13:20.000000+00:00\n",
        )
        self.assertEqual(self.run_program('print(file_size("DIR"))'), "null\n")
        self.assertEqual(
            self.run_program('file_size("DIR/none")'),
            f"Ошибка получения сведений о файле: '{self.name}/none' не найден",
        )

    def test_listing(self) -> None:
        """Patterns with ``**``, and ``recursive``; in scripts as paths."""
        (self.folder / "a" / "b").mkdir(parents=True)
        for file in ("1.csv", "a/2.csv", "a/b/3.csv", "a/b/4.txt"):
            (self.folder / file).touch()
        prefix = f"lib://data/{self.name}/"
        for program, expected in (
            ('"DIR/**/*.csv"', ["1.csv", "a/2.csv", "a/b/3.csv"]),
            ('"DIR", recursive=true', ["1.csv", "a", "a/2.csv", "a/b", "a/b/3.csv", "a/b/4.txt"]),
            ('"DIR", recursive=true, regex="[.]txt$"', ["a/b/4.txt"]),
            ('"DIR/*"', ["1.csv", "a"]),
        ):
            code = f"for p in list_files({program}) do\nprint(p)\nnext p"
            found = self.run_program(code).splitlines()
            self.assertEqual(found, [prefix + each for each in expected], program)

    def test_failures(self) -> None:
        """A name that cannot be, a folder in the way, a folder that is not there."""
        (self.folder / "sub").mkdir()
        for code, expected in (
            (
                'write_file("DIR/sub", "x")',
                f"Ошибка записи файла: '{self.name}/sub' является папкой",
            ),
            ('write_file("DIR/no/x", "x")', f"Ошибка записи файла: '{self.name}/no/x' не найден"),
            ('write_file("DIR/../x", "x")', "Некорректный путь"),
            (
                'write_file("DIR/a:b", "x")',
                f"Ошибка записи файла: некорректное имя '{self.name}/a:b'",
            ),
            ('copy_file("DIR/none", "x")', f"Ошибка чтения файла: '{self.name}/none' не найден"),
            ('delete_file("DIR/none")', f"Ошибка удаления: '{self.name}/none' не найден"),
            ('make_folder("lib://none/x")', "SMB share 'none' не подключена"),
        ):
            self.assertEqual(self.run_program(code), told(expected))


def told(reason: str) -> str:
    """What a client is told: that it is an error, once."""
    return reason if reason.startswith("Ошибка") else f"Ошибка: {reason}"


class LinkTests(EndToEndTestCase):
    """Links to other ports of this computer: an operator has to name those."""

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        """The options of the server."""
        return (
            *("--smb-write", "--use-ve", "--smb-host", "127.0.0.0/8"),
            *("--smb-host", self.server.address),
        )

    def test_through_a_link(self) -> None:
        """A namespace whose folder lies on another server is one tree to programs and requests."""
        root = samba(host_msdfs="yes", msdfs_root="yes")
        link = root.folder / self.name
        link.symlink_to(f"msdfs:{self.server.address}\\data\\{self.name}")
        self.addCleanup(link.unlink)
        (self.folder / "sales.csv").write_text("товар,сумма\nболт,3\n")
        client = self.connected(root.port)
        program = """
            t = read_file("DIR/sales.csv")
            write_file("DIR/in/copy.xlsx", t)
            print(list_files("DIR/**/*.*"))
            print(path("DIR").is_dir, sum(read_file("DIR/in/copy.xlsx")["сумма"]))
        """
        self.client.ask(code=self.code('make_folder("DIR/in")'))
        lines = "\n".join(line.strip() for line in program.strip().splitlines())
        self.assertEqual(
            self.run_program(lines, client),
            self.code("[DIR/in/copy.xlsx, DIR/sales.csv]\ntrue 3\n"),
        )
        answer = client.ask(
            type="smb_list_files", share_name="data", path=self.name, recursive=True
        )
        self.assertEqual(answer["files"], ["in", "in/copy.xlsx", "sales.csv"])
        answer = client.ask(
            type="smb_read_file", share_name="data", file_path=f"{self.name}/sales.csv"
        )
        self.assertEqual(answer["content"], "товар,сумма\nболт,3\n")


class ReadOnlyTests(EndToEndTestCase):
    def test_no_writes(self) -> None:
        """Without ``--smb-write`` nothing on a share changes, and every function says why."""
        (self.folder / "x.txt").write_text("x")
        denied = "запись в общие папки не разрешена администратором"
        for code, prefix in (
            ('write_file("DIR/y.txt", "y")', "Ошибка записи файла: "),
            ('copy_file("DIR/x.txt", "DIR/y.txt")', "Ошибка записи файла: "),
            ('make_folder("DIR/f")', "Ошибка создания папки: "),
            ('delete_file("DIR/x.txt")', "Ошибка удаления: "),
        ):
            self.assertEqual(self.run_program(code), f"{prefix}{denied}")
        self.assertEqual(os.listdir(self.folder), ["x.txt"])
        # Without a session folder nothing can be written on the server, either.
        local = (
            "Ошибка: Доступ запрещен: запись разрешена только в папку сессии, а её нет:"
            " сервер запущен без --use-ve"
        )
        for code in ('copy_file("DIR/x.txt", "y.txt")', 'make_folder("f")', 'delete_file("f")'):
            self.assertEqual(self.run_program(code), local)

    def test_texts_in_programs(self) -> None:
        """The reasons of shares inside the errors of programs, with their lines; in English too."""
        for code, expected in (
            ('read_file("lib://none/a.txt")', "SMB share 'none' не подключена"),
            ('read_file("lib:///a.txt")', "SMB share '' не подключена"),
            ('list_files("lib://none")', "SMB share 'none' не подключена"),
            ('print(path("lib://none/a").exists)', "SMB share 'none' не подключена"),
            ('read_file("DIR/a.txt")', f"Ошибка чтения файла: '{self.name}/a.txt' не найден"),
            ('read_file("DIR/../a.txt")', "Некорректный путь"),
            ('read_file("lib://data")', "Ошибка чтения файла: '' является папкой"),
            (
                'list_files("DIR/none")',
                f"Ошибка получения списка файлов: '{self.name}/none' не найден",
            ),
        ):
            self.assertEqual(self.run_program(code), told(expected))
        two_lines = 'x = 1\nread_file("lib://none/a.txt")'
        self.assertEqual(
            self.run_program(two_lines), "Ошибка: SMB share 'none' не подключена (строка 2)"
        )
        answer = self.client.ask(code=self.code('read_file("DIR/a.txt")'), locale="en")
        self.assertNotRegex(answer["error"], "[а-я]")
        self.assertIn(f"{self.name}/a.txt", answer["error"])

    def test_caught(self) -> None:
        """A program can go on after a failure."""
        code = 'try\nread_file("lib://none/a")\ncatch e\nprint("no:", e)\nendtry\nprint(1)'
        self.assertIn("none", self.run_program(code))
        self.assertTrue(self.run_program(code).endswith("\n1\n"))

    def test_pages(self) -> None:
        """Some of the names, and how many there are; in one order."""
        names = [f"{number:03}.txt" for number in range(250)]
        for name in names:
            (self.folder / name).touch()
        got: list[str] = []
        while True:
            answer = self.request("smb_list_files", offset=len(got), limit=100, details=True)
            self.assertEqual(list(answer), ["success", "files", "error", "details", "total"])
            self.assertEqual(answer["total"], 250)
            self.assertEqual([each["name"] for each in answer["details"]], answer["files"])
            if not answer["files"]:
                break
            got += answer["files"]
        self.assertEqual(got, names)
        self.assertEqual(self.request("smb_list_files", limit=1)["files"], ["000.txt"])
        self.assertNotIn("total", self.request("smb_list_files"))
        self.assertEqual(
            self.request("smb_list_files", offset=-1)["error"],
            "Ошибка парсинга запроса: поле 'offset' должно быть целым числом от 0",
        )

    def test_recursive(self) -> None:
        """What is in the folders inside too, by its path; patterns at any depth."""
        (self.folder / "2024" / "q1").mkdir(parents=True)
        (self.folder / "2024" / "q1" / "march.csv").write_text("123")
        (self.folder / "note.csv").touch()
        answer = self.request("smb_list_files", recursive=True, details=True)
        everything = ["2024", "2024/q1", "2024/q1/march.csv", "note.csv"]
        self.assertEqual(answer["files"], everything)
        self.assertEqual(
            [(each["kind"], each["size"]) for each in answer["details"]],
            [("folder", None), ("folder", None), ("file", 3), ("file", 0)],
        )
        answer = self.request("smb_list_files", "*.csv", recursive=True)
        self.assertEqual(answer["files"], ["2024/q1/march.csv", "note.csv"])
        self.assertEqual(
            self.request("smb_list_files", "none", recursive=True)["error"],
            f"Ошибка получения списка файлов: '{self.name}/none' не найден",
        )

    def test_parts(self) -> None:
        """Any part of a file, put together again; only that part is moved."""
        content = random.Random(3).randbytes(5 * MIB + 7)
        (self.folder / "x.bin").write_bytes(content)
        got = b""
        while True:
            answer = self.request("smb_read_file", "x.bin", offset=len(got), length=2 * MIB)
            self.assertEqual(list(answer), ["success", "content", "error", "size", "modified"])
            self.assertEqual(answer["size"], len(content))
            part = answer["content"]
            if not part:
                break
            got += base64.b64decode(part.removeprefix("base64:"))
        self.assertEqual(got, content)
        (self.folder / "t.txt").write_text("да, text")
        for offset, length, expected in ((0, 2, "д"), (4, 4, ", te"), (1, 1, "base64:tA==")):
            answer = self.request("smb_read_file", "t.txt", offset=offset, length=length)
            self.assertEqual(answer["content"], expected)
        # From what the session has read already, it is the same.
        self.assertEqual(self.request("smb_read_file", "t.txt")["content"], "да, text")
        answer = self.request("smb_read_file", "t.txt", offset=4)
        self.assertEqual((answer["content"], answer["size"]), (", text", 10))

    def test_parts_of_a_huge_file(self) -> None:
        """The limits hold for the part: a file that could never be sent whole, nor kept."""
        with open(self.folder / "huge", "wb") as file:
            file.truncate(5 << 30)
            file.seek(4 << 30)
            file.write(b"here")
        self.assertIn("слишком велик", self.request("smb_read_file", "huge")["error"])
        answer = self.request("smb_read_file", "huge", offset=4 << 30, length=4)
        self.assertEqual((answer["content"], answer["size"]), ("here", 5 << 30))
        (self.folder / "huge").unlink()

    def test_cache(self) -> None:
        """A file is fetched once by a session; a changed one again; for another session anew."""
        proxy = self.proxy()
        client = self.connected(proxy.port)
        file = self.folder / "x.txt"
        file.write_text("1" * MIB)
        program = 'x = read_file("DIR/x.txt")\nprint(x.len, substring(x, 0, 1))'
        moved = []
        for _ in range(3):
            before = proxy.received
            self.assertEqual(self.run_program(program, client), f"{MIB} 1\n")
            moved.append(proxy.received - before)
        self.assertGreater(moved[0], MIB)
        self.assertLess(max(moved[1:]), 100_000)
        for text in ("2" * MIB, "3" * MIB):  # same size: only the times tell
            file.write_text(text)
            self.assertEqual(self.run_program(program, client), f"{MIB} {text[0]}\n")
        before = proxy.received
        self.run_program(program, self.connected(proxy.port))
        self.assertGreater(proxy.received - before, MIB)


class LoginThrottleTests(EndToEndTestCase):
    def stalled(self, client: Talk, proxy: FaultProxy, **request: Any) -> None:
        """Begin to read a big file that hangs after some bytes of it; wait until it does."""
        (self.folder / "big").write_bytes(bytes(40 * MIB))
        client.send(**request, progress=True)
        message = client.receive()
        self.assertEqual(message["type"], "progress")
        self.assertEqual(message["total"], 40 * MIB)
        self.assertLess(message["done"], 40 * MIB)

    def slow_client(self) -> tuple[Talk, FaultProxy]:
        """A client whose share hangs after ten megabytes from the server, on each connection."""
        proxy = self.proxy()
        proxy.every(Fault("stall", 10 * MIB))
        return self.connected(proxy.port), proxy

    def test_cancel_a_request(self) -> None:
        """A read that hangs ends at once, and the session goes on."""
        client, proxy = self.slow_client()
        read = {"type": "smb_read_file", "share_name": "data", "file_path": f"{self.name}/big"}
        self.stalled(client, proxy, **read)
        client.send(type="cancel")
        answers = [m for m in (client.receive() for _ in range(2)) if "type" not in m]
        self.assertEqual(answers[0]["error"], "Ошибка: выполнение прервано")
        self.assertEqual(client.ask(code="print(1)")["output"], "1\n")

    def test_cancel_a_program(self) -> None:
        """The same for a program: its variables stay, and the share can be used again."""
        client, proxy = self.slow_client()
        (self.folder / "small.txt").write_text("small")
        code = self.code('global n = 5\nglobal x = read_file("DIR/big")')
        self.stalled(client, proxy, code=code)
        client.send(type="cancel")
        while (message := client.receive()).get("type") == "progress":
            pass
        self.assertEqual(message["error"], "Ошибка: выполнение прервано")
        self.assertEqual(client.receive()["message"], "Выполнение прервано")
        answer = client.ask(code=self.code('print(n, read_file("DIR/small.txt"))'), progress=True)
        while answer.get("type") == "progress":
            answer = client.receive()
        self.assertEqual(answer["output"], "5 small\n")

    def test_nobody_else_waits(self) -> None:
        """While one session's share hangs, another reads, lists and runs."""
        client, proxy = self.slow_client()
        code = self.code('x = read_file("DIR/big")')
        self.stalled(client, proxy, code=code)
        (self.folder / "small.txt").write_text("small")
        self.assertEqual(self.run_program('print(read_file("DIR/small.txt"))'), "small\n")
        self.assertEqual(self.request("smb_list_files")["files"], ["big", "small.txt"])
        self.assertEqual(len(self.request("smb_read_file", "big")["content"]), 40 * MIB)
        client.send(type="cancel")
        while "success" not in client.receive():
            pass

    def test_a_client_that_leaves(self) -> None:
        """A session that ends in the middle of a read lets go of its connection."""
        client, proxy = self.slow_client()
        self.stalled(client, proxy, code=self.code('x = read_file("DIR/big")'))
        client.close()
        self.assertEqual(self.run_program("print(1)"), "1\n")

    def test_side_by_side(self) -> None:
        """Two sessions read big files at once; each gets its own bytes."""
        contents = {name: random.Random(name).randbytes(20 * MIB) for name in ("a", "b")}
        got: dict[str, bytes] = {}

        def read(name: str, client: Talk) -> None:
            answer = client.ask(
                type="smb_read_file", share_name="data", file_path=f"{self.name}/{name}"
            )
            got[name] = base64.b64decode(answer["content"].removeprefix("base64:"))

        threads = []
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
            threads.append(threading.Thread(target=read, args=(name, self.connected())))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(got == contents)

    def test_cut(self) -> None:
        """A connection that breaks in mid-read is made anew once; then a sentence."""
        proxy = self.proxy()
        client = self.connected(proxy.port)
        content = random.Random(8).randbytes(4 * MIB)
        (self.folder / "x.bin").write_bytes(content)
        proxy.drop_all()
        proxy.every(Fault("cut", MIB))
        answer = client.ask(type="smb_read_file", share_name="data", file_path=f"{self.name}/x.bin")
        self.assertEqual(
            answer["error"],
            f"Ошибка чтения файла: соединение с 127.0.0.1:{proxy.port} потеряно"
            f" (lib://data/{self.name}/x.bin, попыток: 2)",
        )
        proxy.every(Fault("none"))
        answer = client.ask(type="smb_read_file", share_name="data", file_path=f"{self.name}/x.bin")
        self.assertEqual(base64.b64decode(answer["content"].removeprefix("base64:")), content)


class NameTests(SynchronousTestCase):
    def test_lone_surrogates(self) -> None:
        """A name that UTF-8 cannot hold does not break an answer: it is shown with U+FFFD."""
        room = Room(Path(self.mktemp()))
        room.shares.contents = {"": {"\ud800.txt": b"x", "ok": b""}}
        connect = {"ip": "h", "login": "u", "password": "right", "domain": "", "share_name": "data"}
        room.answer(type="smb_connect", **connect)
        answer = room.answer(type="smb_list_files", share_name="data", path="", details=True)
        self.assertEqual(answer["files"], ["ok", "\ufffd.txt"])
        self.assertEqual(answer["details"][1]["name"], "\ufffd.txt")
