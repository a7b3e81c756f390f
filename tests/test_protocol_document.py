"""Everything in docs/protocol.md, said to a real ``twistd`` with a real share behind it."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from typing import Any

from tests.daemons import PATIENCE, Talk, twistd
from tests.shared_daemon import SharedDaemonTestCase
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

SALES = "month,sum\nmarch,200\napril,150\n"


class ProtocolTestCase(SharedDaemonTestCase):
    """One server for all tests of a class; each test is a client of its own."""

    def setUp(self) -> None:
        """Start the server if it is the first test, and connect."""
        super().setUp()
        self.client = Talk(self._port)
        self.addCleanup(self.client.close)
        self.ask = self.client.ask

    def command(self, folder: Path) -> list[str]:
        """As an operator starts it."""
        return twistd(folder, "--port", "0", *self.words)

    def refused(self, **request: Any) -> str:
        """The error of a request."""
        answer = self.ask(**request)
        self.assertIs(answer["success"], False)
        return str(answer["error"])


class DocumentedTests(ProtocolTestCase):
    words = ("--use-ve",)

    def test_execute(self) -> None:
        """The documented requests, to the letter."""
        socket = self.client.socket
        for request in (
            '{"type": "execute", "code": "print(\'Hello, World!\')"}',
            '{"code": "print(\'Hello, World!\')"}',
        ):
            socket.send(request)
            self.assertEqual(
                socket.recv(timeout=PATIENCE),
                '{"success":true,"output":"Hello, World!\\n","error":null}',
            )
        socket.send('{"type": "execute", "code": "print(x)"}')
        self.assertEqual(
            socket.recv(timeout=PATIENCE),
            '{"success":false,"output":"","error":"Ошибка: переменная \'x\' не определена"}',
        )

    def test_several_lines(self) -> None:
        """Output before an error, and the line, which is counted anew in each request."""
        code = "global x = 10\nglobal y = 20\nprint('Sum:', x + y)"
        self.assertEqual(self.ask(code=code)["output"], "Sum: 30\n")
        for _ in range(2):
            self.assertEqual(
                self.ask(code="print(y)\nprint(z)"),
                {
                    "success": False,
                    "output": "20\n",
                    "error": "Ошибка: переменная 'z' не определена (строка 2)",
                },
            )
        for code in ("", "  \n", "# nothing"):
            self.assertEqual(self.ask(code=code), {"success": True, "output": "", "error": None})

    def test_uploads(self) -> None:
        """Upload, use, list, download."""
        self.assertEqual(
            self.ask(type="upload_file", filename="in/sales.csv", content=SALES),
            {"success": True, "message": "Файл in/sales.csv успешно загружен", "error": None},
        )
        code = 't = read_file("in/sales.csv")\nprint(len(t), t["month"][0], sum(t["sum"]))'
        self.assertEqual(self.ask(code=code)["output"], "2 march 350\n")
        code = 'write_file("out/report.csv", table_sort(t, "sum"))'
        self.assertEqual(self.ask(code=code)["error"], None)
        self.assertEqual(
            self.ask(type="session_files")["files"], ["in/sales.csv", "out/report.csv"]
        )
        content = self.ask(type="download_file", filename="out/report.csv")["content"]
        self.assertEqual(content.split(), ["month,sum", "april,150", "march,200"])
        self.assertEqual(
            self.ask(type="delete_file", filename="in/sales.csv"),
            {"success": True, "message": "Файл in/sales.csv удалён", "error": None},
        )
        self.assertEqual(
            self.ask(type="delete_file", filename="in/sales.csv"),
            {
                "success": False,
                "message": "",
                "error": "Ошибка удаления файла: 'in/sales.csv' не найден",
            },
        )
        self.assertEqual(self.ask(type="session_files")["files"], ["out/report.csv"])
        code = 'read_file("in/sales.csv")'
        self.assertEqual(
            self.ask(code=code)["error"],
            "Ошибка: не удалось прочитать CSV: нет такого файла или папки (os error 2):"
            " 'in/sales.csv'",
        )

    def test_large(self) -> None:
        """An upload may be larger than other messages, in base64 or as text full of escapes."""
        content = bytes(range(256)) * 50_000
        encoded = "base64:" + base64.b64encode(content).decode()
        for name, text in (("big.bin", encoded), ("big.txt", '"я"\n' * 1_500_000)):
            self.assertEqual(
                self.ask(type="upload_file", content=text, filename=name, id=1),
                {
                    "success": True,
                    "message": f"Файл {name} успешно загружен",
                    "error": None,
                    "id": 1,
                },
            )
        answer = self.ask(code="print(file_size('big.bin'), file_size('big.txt'))")
        self.assertEqual(answer["output"], f"{len(content)} {5 * 1_500_000}\n")
        self.assertEqual(
            self.ask(code="print(1)\n" * 1_000_000, id=2),
            {
                "success": False,
                "output": "",
                "error": "Ошибка парсинга запроса: больше 8 МиБ может быть только upload_file",
                "id": 2,
            },
        )

    def test_nonsense(self) -> None:
        """Requests that make no sense are answered, and the connection stays."""
        socket = self.client.socket
        for message in ("", "[]", '{"type":"exekute","code":"x"}', b"\x00", '{"code":1}'):
            socket.send(message)
            self.assertFalse(self.client.receive()["success"])
        self.assertTrue(self.ask(code="print(1)")["success"])


class ExtensionTests(ProtocolTestCase):
    def test_table_rows(self) -> None:
        """A table that was shown, more rows of it, and what is wrong with a request for them."""
        code = (
            "rows = []\nfor i in range(5000) do\n rows = push(rows, [i, 'x' + i, null])\nnext i\n"
            "show_table(table(rows, ['n', 't', 'e']))"
        )
        plain = self.ask(code=code, tables=True)
        self.assertEqual(list(plain["tables"][0]), ["columns", "types", "rows", "row_count"])
        self.assertEqual(len(plain["output"].splitlines()), 5004)
        answer = self.ask(code=code, tables=True, keep_tables=True)
        self.assertEqual(answer["output"].splitlines()[-1], "⋮ 100/5000")
        (table,) = answer["tables"]
        self.assertEqual((len(table["rows"]), table["nulls"]), (1000, [0, 0, 5000]))
        name = table["table"]
        self.assertEqual(
            self.ask(
                type="table_rows",
                table=name,
                offset=1,
                count=2,
                sort=0,
                descending=True,
                filters=[{"column": 1, "text": "x1"}],
                columns=[1, 0],
            ),
            {
                "success": True,
                "rows": [["x1998", 1998], ["x1997", 1997]],
                "numbers": [1998, 1997],
                "row_count": 1111,
                "error": None,
            },
        )
        self.assertEqual(self.ask(type="table_rows", table=name, offset=5000)["rows"], [])
        self.assertEqual(
            self.refused(type="table_rows", table="9.9"),
            "таблица больше не хранится: выполните программу ещё раз",
        )
        self.assertEqual(
            self.refused(type="table_rows", table=name, sort=3),
            "нет столбца 3: в таблице 3, счёт с 0",
        )
        for wrong, expected in (
            ({"count": 10_001}, "поле 'count' должно быть целым числом от 1 до 10000"),
            ({"columns": [-1]}, "поле 'columns' должно быть списком номеров столбцов, считая от 0"),
            (
                {"filters": [{"text": "x"}]},
                "поле 'filters' должно быть списком объектов с полями: column (считая от 0) и "
                "text, values или without",
            ),
            (
                {"then_by": [0]},
                "поле 'then_by' должно быть списком объектов с полями: column (считая от 0), "
                "descending",
            ),
        ):
            said = self.refused(type="table_rows", table=name, **wrong)
            self.assertEqual(said, f"Ошибка парсинга запроса: {expected}")

    def test_table_values_and_statistics(self) -> None:
        """What stands in a column of a shown table, chosen rows of it, and what it amounts to."""
        code = (
            "show_table(table([['Oslo', 3], ['Riga', 1], ['Oslo', null], ['Baku', 2]],"
            " ['city', 'n']))"
        )
        (table,) = self.ask(code=code, tables=True, keep_tables=True)["tables"]
        name = table["table"]
        self.assertEqual(
            self.ask(type="table_values", table=name, column=0),
            {
                "success": True,
                "values": [["Baku", 1], ["Oslo", 2], ["Riga", 1]],
                "distinct": 3,
                "error": None,
            },
        )
        chosen = [{"column": 0, "values": ["Oslo", "Riga"]}]
        found = self.ask(type="table_values", table=name, column=1, filters=chosen, count=2)
        self.assertEqual((found["values"], found["distinct"]), ([[None, 1], [1, 1]], 3))
        found = self.ask(type="table_values", table=name, column=0, search="IG")
        self.assertEqual(found["values"], [["Riga", 1]])
        rows = self.ask(
            type="table_rows",
            table=name,
            sort=0,
            then_by=[{"column": 1, "descending": True}],
            filters=[{"column": 0, "without": ["Baku"]}],
        )
        self.assertEqual(rows["rows"], [["Oslo", 3], ["Oslo", None], ["Riga", 1]])
        self.assertEqual(
            self.ask(type="table_statistics", table=name, columns=[1]),
            {
                "success": True,
                "statistics": [
                    {
                        "column": 1,
                        "rows": 4,
                        "nulls": 1,
                        "numbers": 3,
                        "sum": 6,
                        "mean": 2,
                        "min": 1,
                        "max": 3,
                        "distinct": 3,
                        "median": 2,
                        "deviation": 1,
                        "top": [[3, 1], [1, 1], [2, 1]],
                        "bars": [[1, 1, 1], [2, 2, 1], [3, 3, 1]],
                        "sampled": None,
                    }
                ],
                "row_count": 4,
                "error": None,
            },
        )
        sums = self.ask(
            type="table_statistics",
            table=name,
            columns=[1, 0],
            sort=1,
            offset=1,
            length=3,
            sums_only=True,
        )
        first, second = sums["statistics"]
        self.assertEqual((first["rows"], first["sum"], first["max"]), (3, 5, 3))
        self.assertEqual((second["rows"], second["numbers"], second["sum"]), (3, 0, None))
        for request in (
            {"type": "table_values", "column": 2},
            {"type": "table_statistics", "columns": [2]},
        ):
            self.assertEqual(
                self.refused(table=name, **request), "нет столбца 2: в таблице 2, счёт с 0"
            )
        self.assertEqual(
            self.refused(type="table_values", table="9.9", column=0),
            "таблица больше не хранится: выполните программу ещё раз",
        )

    def test_id_and_locale(self) -> None:
        """Repeated; in English."""
        self.assertEqual(
            self.ask(code="print(x)", id="a", locale="en"),
            {
                "success": False,
                "output": "",
                "error": "Variable Error at line 1: Variable 'x' not found",
                "id": "a",
            },
        )

    def test_diagnostics(self) -> None:
        """Line, kind and function of an error."""
        code = "global function f(a) do\nreturn a / 0\nendfunction\nprint(1)\nprint(f(1))"
        answer = self.ask(code=code, diagnostics=True)
        self.assertEqual(
            answer["diagnostics"],
            {
                "line": 2,
                "column": 10,
                "kind": "runtime",
                "function": "f",
                "code": "division_by_zero",
            },
        )
        self.assertNotIn("diagnostics", self.ask(code="print(1)", diagnostics=True))
        for locale, hint in (("en", "did you mean 'total'?"), ("ru", "возможно, имелось в виду")):
            answer = self.ask(code="total = 5\nprint(totl)", diagnostics=True, locale=locale)
            self.assertTrue(answer["diagnostics"]["hint"].startswith(hint), answer)

    def test_stream(self) -> None:
        """Pieces while it runs; the answer holds everything."""
        self.client.send(code="for i in range(3) do\nprint(i)\nnext i", stream=True)
        text, seq = "", 0
        while (message := self.client.receive()).get("type") == "output":
            seq += 1
            self.assertEqual(message["seq"], seq)
            text += message["text"]
        self.assertEqual((text, message["output"]), ("0\n1\n2\n", "0\n1\n2\n"))

    def test_tables(self) -> None:
        """A table that is shown comes as data, too."""
        code = 'show_table(table([[1, "x"], [2, null]], ["a", "b"]))'
        answer = self.ask(code=code, tables=True)
        self.assertEqual(answer["error"], None)
        self.assertEqual(
            answer["tables"],
            [
                {
                    "columns": ["a", "b"],
                    "types": ["Integer", "String"],
                    "rows": [[1, "x"], [2, None]],
                    "row_count": 2,
                }
            ],
        )

    def test_export(self) -> None:
        """The global tables as a database; no key where there are none."""
        answer = self.ask(code='global t = table([[1, "x"]], ["a", "b"])', export="sqlite")
        self.assertEqual(answer["error"], None)
        connection = sqlite3.connect(":memory:")
        self.addCleanup(connection.close)
        connection.deserialize(base64.b64decode(answer["sqlite_db"]))
        self.assertEqual(connection.execute("SELECT a, b FROM t").fetchall(), [(1, "x")])
        self.client.close()
        self.client = Talk(self._port)
        self.addCleanup(self.client.close)
        self.assertNotIn("sqlite_db", self.client.ask(code="x = 1", export="sqlite"))

    def test_steps(self) -> None:
        """The same program stops at the same step."""
        code = "n = 0\nfor i in range(1000) do\nn = n + 1\nnext i"
        self.assertEqual(
            self.refused(code=code, max_steps=100), "Ошибка: превышен предел шагов (100)"
        )
        counted = self.ask(code="print(n)")["output"]
        self.refused(code=code, max_steps=100)
        self.assertEqual(self.ask(code="print(n)")["output"], counted)

    def test_rollback(self) -> None:
        """A program that fails or is cancelled leaves everything as it was; without it, nothing."""
        self.ask(code="n = 1\nxs = [1]\nfunction f() do\nreturn 1\nendfunction")
        changes = "n = 2\nxs[0] = 5\nm = 3\nfunction f() do\nreturn 2\nendfunction\n"
        look = "print(n, xs, f())"
        self.refused(code=changes + "print(missing)", on_error="rollback")
        self.assertEqual(self.ask(code=look)["output"], "1 [1] 1\n")
        self.client.send(
            code=changes + "print(n)\nfor i in range(1000000000) do\nx = i\nnext i",
            on_error="rollback",
            id=7,
            stream=True,
        )
        self.client.receive()
        self.client.send(type="cancel", request=7)
        self.assertFalse(self.client.receive()["success"])
        self.client.receive()
        self.assertEqual(self.ask(code=look)["output"], "1 [1] 1\n")
        self.refused(code=changes + "print(missing)", on_error="keep")
        self.assertEqual(self.ask(code=look)["output"], "2 [5] 2\n")
        self.ask(code="n = 4", on_error="rollback")
        self.assertEqual(self.ask(code=look)["output"], "4 [5] 2\n")

    def test_cancel(self) -> None:
        """An endless program ends, its variables stay."""
        code = "n = 5\nprint(n)\nfor i in range(1000000000) do\nx = i\nnext i"
        self.client.send(code=code, id=7, stream=True)
        self.assertEqual(self.client.receive()["text"], "5\n")
        self.assertFalse(self.ask(type="cancel", request=8)["success"])
        self.client.send(type="cancel", request=7)
        self.assertEqual(self.client.receive()["error"], "Ошибка: выполнение прервано")
        self.assertEqual(
            self.client.receive(),
            {"success": True, "message": "Выполнение прервано", "error": None},
        )
        self.assertEqual(self.ask(code="print(n)")["output"], "5\n")
        self.assertEqual(self.refused(type="cancel"), "Нет выполняемого запроса")

    def test_reset(self) -> None:
        """Variables are gone."""
        self.ask(code="global x = 1")
        self.assertEqual(
            self.ask(type="reset"),
            {"success": True, "message": "Интерпретатор сброшен", "error": None},
        )
        self.assertIn("не определена", self.refused(code="print(x)"))

    def test_info(self) -> None:
        """What the server and the session are."""
        info = self.ask(type="info")["info"]
        self.assertEqual(
            list(info), ["version", "session", "locale", "busy", "limits", "shares", "uploads"]
        )

    def test_inspect(self) -> None:
        """Variables, also while a program runs."""
        self.ask(code='global x = 10\nglobal s = "text"\nglobal xs = [1, 2, 3]')
        found = {each["name"]: each for each in self.ask(type="inspect")["variables"]}
        self.assertEqual(found["xs"]["size"], 3)
        self.assertEqual(found["x"]["preview"], "10")
        self.assertEqual(list(found["x"]), ["name", "type", "size", "preview"])

    def test_complete(self) -> None:
        """Builtins and the session's own names."""
        answer = self.ask(type="complete", code="global x = rea", position=14)
        self.assertEqual(answer["start"], 11)
        self.assertIn("read_file", [each["text"] for each in answer["completions"]])
        self.ask(code="global profit_of_march = 1")
        answer = self.ask(type="complete", code="print(prof")
        self.assertEqual([each["text"] for each in answer["completions"]], ["profit_of_march"])

    def test_check(self) -> None:
        """What is wrong with a text, in the reader's language; nothing runs."""
        answer = self.ask(type="check", code="print(x")
        self.assertEqual(answer["error"], None)
        problem = answer["problems"][0]
        self.assertEqual((problem["severity"], problem["kind"]), ("error", "syntax"))
        self.assertEqual(problem["line"], 1)
        english = self.ask(type="check", code="print(x", locale="en")["problems"][0]
        self.assertNotEqual(english["message"], problem["message"])
        self.assertEqual(self.ask(type="check", code="print(1)")["problems"], [])

    def test_library(self) -> None:
        """What functions do, in the reader's language; all of them or one."""
        everything = self.ask(type="library")
        names = [each["name"] for each in everything["functions"]]
        self.assertLessEqual({"read_file", "table_group", "chart"}, set(names))
        self.assertEqual(len(names), len(set(names)))
        russian = self.ask(type="library", name="length")["functions"]
        self.assertEqual(
            [(each["name"], each["aliases"]) for each in russian], [("len", ["length"])]
        )
        english = self.ask(type="library", name="len", locale="en")["functions"][0]
        self.assertEqual(english["signature"], russian[0]["signature"])
        self.assertIn("The number of elements", english["documentation"])
        self.assertIn("Число элементов", russian[0]["documentation"])
        self.assertIn("```datacode", english["documentation"])
        self.assertEqual(self.ask(type="library", name="no such")["functions"], [])

    def test_auth(self) -> None:
        """Where nothing is required, it is granted."""
        self.assertEqual(
            self.ask(type="auth"), {"success": True, "message": "Доступ разрешён", "error": None}
        )


class ShareTests(ProtocolTestCase):
    def setUp(self) -> None:
        """A share with a few files, and a client that is connected to it."""
        self.server: Samba = samba()
        super().setUp()
        reports = self.server.folder / "protocol"
        reports.mkdir(exist_ok=True)
        (reports / "sales.csv").write_text(SALES)
        (reports / "note.txt").write_text("привет")
        (reports / "bytes.bin").write_bytes(b"\xff\x00")
        self.account = {"ip": self.server.address, "login": LOGIN, "domain": ""}
        self.assertEqual(
            self.ask(type="smb_connect", password=PASSWORD, share_name="data", **self.account),
            {"success": True, "message": "Успешно подключено к SMB шаре 'data'", "error": None},
        )

    def test_connect(self) -> None:
        """Twice, with a wrong password, to an unknown share, to a dead host."""
        connect = {"type": "smb_connect", "password": PASSWORD, **self.account}
        self.assertEqual(
            self.refused(**connect, share_name="data"), "SMB share 'data' уже подключена"
        )
        self.assertEqual(
            self.refused(**{**connect, "password": "x"}, share_name="other"),
            "Ошибка подключения к SMB: неверное имя пользователя или пароль",
        )
        self.assertEqual(
            self.refused(**connect, share_name="nowhere"),
            "Ошибка подключения к SMB: общая папка 'nowhere' не найдена",
        )
        self.assertEqual(
            self.refused(**{**connect, "ip": "127.0.0.1:1"}, share_name="x"),
            "Ошибка подключения к SMB: сервер 127.0.0.1:1 недоступен",
        )
        answer = self.ask(**connect, share_name="data", alias="old")
        self.assertEqual(answer["message"], "Успешно подключено к SMB шаре 'old'")
        code = 'print(read_file("lib://old/protocol/note.txt"))'
        self.assertEqual(self.ask(code=code)["output"], "привет\n")

    def test_list(self) -> None:
        """Names, details, patterns, and a folder that is not there."""
        names = ["bytes.bin", "note.txt", "sales.csv"]
        listing = {"type": "smb_list_files", "share_name": "data"}
        self.assertEqual(
            self.ask(**listing, path="protocol"), {"success": True, "files": names, "error": None}
        )
        details = self.ask(**listing, path="protocol", details=True)["details"]
        self.assertEqual([each["size"] for each in details], [2, 12, len(SALES)])
        self.assertEqual(self.ask(**listing, path="protocol/*.csv")["files"], ["sales.csv"])
        self.assertEqual(
            self.refused(**listing, path="none"), "Ошибка получения списка файлов: 'none' не найден"
        )

    def test_read(self) -> None:
        """Text, bytes, with progress, and a file that is not there."""
        read = {"type": "smb_read_file", "share_name": "data"}
        self.assertEqual(
            self.ask(**read, file_path="protocol/note.txt"),
            {"success": True, "content": "привет", "error": None},
        )
        self.assertEqual(self.ask(**read, file_path="protocol/bytes.bin")["content"], "base64:/wA=")
        self.assertEqual(
            self.refused(**read, file_path="protocol/none.txt"),
            "Ошибка чтения файла: 'protocol/none.txt' не найден",
        )
        (self.server.folder / "big.bin").write_bytes(b"\xff" * (20 << 20))
        self.client.send(**read, file_path="big.bin", progress=True)
        message = self.client.receive()
        self.assertEqual((message["type"], message["path"]), ("progress", "lib://data/big.bin"))
        while (message := self.client.receive()).get("type") == "progress":
            self.assertEqual(message["total"], 20 << 20)
        self.assertEqual(len(message["content"]), 7 + -(-(20 << 20) // 3) * 4)

    def test_programs(self) -> None:
        """The documentation's own program, a table from the share, and what is not connected."""
        code = (
            'local files = list_files(path("lib://data/protocol"))\n'
            "for file in files do\n"
            '    print("File:", file)\n'
            "next file"
        )
        self.assertEqual(
            self.ask(code=code)["output"].splitlines()[2], "File: lib://data/protocol/sales.csv"
        )
        code = 'print(sum(read_file(path("lib://data/protocol/sales.csv"))["sum"]))'
        self.assertEqual(self.ask(code=code)["output"], "350\n")
        self.assertEqual(
            self.refused(code='print(read_file("lib://none/x.txt"))'),
            "Ошибка: SMB share 'none' не подключена",
        )

    def test_complete(self) -> None:
        """Shares and their files."""
        for beginning, expected in (
            ("lib://da", ["lib://data"]),
            ("lib://data/protocol/s", ["lib://data/protocol/sales.csv"]),
        ):
            answer = self.ask(type="complete", code=f'read_file("{beginning}')
            self.assertEqual([each["text"] for each in answer["completions"]], expected)

    def test_shares(self) -> None:
        """What the host offers, and what is connected."""
        answer = self.ask(type="smb_shares", password=PASSWORD, **self.account)
        self.assertIn("data", [each["name"] for each in answer["shares"]])
        self.assertEqual(self.ask(type="info")["info"]["shares"], ["data"])

    def test_disconnect(self) -> None:
        """Afterwards it is unknown."""
        self.assertEqual(
            self.ask(type="smb_disconnect", share_name="data"),
            {"success": True, "message": "Отключено от SMB шары 'data'", "error": None},
        )
        self.assertEqual(
            self.refused(type="smb_list_files", share_name="data", path=""),
            "SMB share 'data' не подключена",
        )
