"""A session among fakes: order, control, back-pressure, ends. Server reference, 4.3, 5 and 6."""

from __future__ import annotations

import base64
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import Kind, runtime_error, variable_error
from datacode.i18n.message import Message
from datacode.runtime.file_operations import Open
from datacode.server.api import texts
from datacode.server.options.settings import Bounds, Settings
from datacode.server.session import NotAuthenticated
from datacode.values.chart import Chart, Data, Usermeta
from datacode.worker.pool import WorkerUnavailable
from datacode.worker.wire import TableShown
from tests.server.fakes import Room

OK = {"success": True, "output": "", "error": None}
CANCELLED = "Ошибка: выполнение прервано"
SMB = {"login": "l", "password": "right", "domain": "", "share_name": "data"}


class SessionTestCase(SynchronousTestCase):
    def room(self, settings: Settings | None = None, **more: Any) -> Room:
        """A session; ended at the end of the test."""
        room = Room(Path(self.mktemp()), settings, **more)
        self.addCleanup(lambda: self.successResultOf(room.session.end()))
        return room


class ExecuteTests(SessionTestCase):
    def test_documented_answer(self) -> None:
        """Exactly three keys, in their order."""
        room = self.room()
        room.ask(type="execute", code="hello")
        room.ask(code="old")
        self.assertEqual(
            room.client.raw,
            [
                b'{"success":true,"output":"hello","error":null}',
                b'{"success":true,"output":"old","error":null}',
            ],
        )

    def test_failure(self) -> None:
        """What was printed before, and the sentence in the client's language."""
        room = self.room()
        room.ask(code="wait")
        error = variable_error("x")
        room.interpreter.runs[0].finish("before\n", error)
        self.assertEqual(
            room.client.sent[-1],
            {"success": False, "output": "before\n", "error": error.render("ru")},
        )

    def test_locale(self) -> None:
        """A request's locale wins over the session's."""
        room = self.room()
        room.ask(code="wait", locale="en")
        room.interpreter.runs[0].finish("", variable_error("x"))
        self.assertEqual(room.client.sent[-1]["error"], "Variable Error: Variable 'x' not found")
        self.assertEqual(
            room.answer(type="nope", locale="en")["error"], "Request error: unknown type 'nope'"
        )
        english = self.room(locale="en")
        self.assertEqual(english.answer(type="reset")["message"], "The interpreter was reset")

    def test_diagnostics(self) -> None:
        """On failure only, and only when asked for."""
        room = self.room()
        self.assertNotIn("diagnostics", room.answer(code="fine", diagnostics=True))
        room.ask(code="wait", diagnostics=True, id=5)
        error = runtime_error("division_by_zero", "Division by zero")
        error.line = 3
        room.interpreter.runs[1].finish("", error)
        answer = room.client.sent[-1]
        self.assertEqual(
            answer["diagnostics"],
            {
                "line": 3,
                "column": None,
                "kind": "runtime",
                "function": None,
                "code": "division_by_zero",
            },
        )
        self.assertEqual(list(answer), ["success", "output", "error", "diagnostics", "id"])

    def test_every_kind_has_a_name(self) -> None:
        """The kinds in diagnostics are those of the documentation."""
        self.assertEqual(
            {kind.name.lower() for kind in Kind},
            {"syntax", "runtime", "type", "variable", "function", "exception", "limit"},
        )

    def test_stream(self) -> None:
        """Pieces with running numbers and the request's id, then the answer with all of it."""
        room = self.room()
        room.ask(code="wait", stream=True, id="a")
        room.interpreter.runs[0].print("1\n")
        room.interpreter.runs[0].print("2\n")
        room.interpreter.runs[0].finish("1\n2\n")
        self.assertEqual(
            room.client.sent,
            [
                {"type": "output", "text": "1\n", "seq": 1, "id": "a"},
                {"type": "output", "text": "2\n", "seq": 2, "id": "a"},
                {**OK, "output": "1\n2\n", "id": "a"},
            ],
        )

    def test_no_stream(self) -> None:
        """Nothing is streamed to who does not ask."""
        room = self.room()
        room.answer(code="x")
        options = room.interpreter.runs[0].options
        for name in ("on_output", "on_table", "on_chart", "on_export", "on_warning", "max_steps"):
            self.assertIsNone(options[name])

    def test_warnings(self) -> None:
        """Only who asks gets them, in the request's language, between error and tables."""
        room = self.room()
        self.assertNotIn("warnings", room.answer(code="fine"))
        room.ask(code="wait", warnings=True, tables=True)
        run = room.interpreter.runs[1]
        run.options["on_warning"](Message("more_warnings", "{count} more", {"count": "3"}))
        run.finish("text")
        self.assertEqual(room.client.sent[-1]["warnings"], ["3 more"])
        self.assertEqual(
            list(room.client.sent[-1]), ["success", "output", "error", "warnings", "tables"]
        )

    def test_charts(self) -> None:
        """Only who asks gets them, as JSON that is Vega-Lite, behind the tables."""
        room = self.room()
        self.assertNotIn("charts", room.answer(code="fine"))
        room.ask(code="wait", charts=True, tables=True)
        usermeta = Usermeta(kind="bar", language="en", rows=1)
        chart = Chart(data=Data(values=[{"x": "a", "y": 1.0}]), usermeta=usermeta)
        run = room.interpreter.runs[1]
        run.options["on_chart"](chart, 5)
        run.finish("text")
        sent = room.client.sent[-1]
        self.assertEqual(list(sent), ["success", "output", "error", "tables", "charts"])
        ((told),) = sent["charts"]
        self.assertEqual(told["at"], 5)
        self.assertTrue(told["chart"]["$schema"].startswith("https://vega.github.io/"))
        self.assertEqual(told["chart"]["data"], {"values": [{"x": "a", "y": 1.0}]})

    def test_show_value(self) -> None:
        """Only who asks sees the value at the end."""
        room = self.room()
        room.ask(code="wait")
        room.ask(code="wait", show_value=True)
        room.interpreter.runs[0].finish("")
        shown = [run.options["shows_value"] for run in room.interpreter.runs]
        self.assertEqual(shown, [False, True])

    def test_kept_tables(self) -> None:
        """Only who asks is told the nulls and the name of a table."""
        room = self.room()
        shown = TableShown(["a"], ["Integer"], [[None]], 1, [1], "1.1")
        room.ask(code="wait", tables=True, keep_tables=True)
        room.interpreter.runs[0].show(shown)
        room.interpreter.runs[0].finish()
        self.assertIs(room.interpreter.runs[0].options["keep_tables"], True)
        (table,) = room.client.sent[-1]["tables"]
        self.assertEqual((table["nulls"], table["table"]), ([1], "1.1"))

    def test_tables_and_steps(self) -> None:
        """Tables come as data, in order; the step limit goes to the interpreter."""
        room = self.room()
        room.ask(code="wait", tables=True, max_steps=7)
        run = room.interpreter.runs[0]
        run.show(TableShown(["a"], ["Integer"], [[1.0], [None]], 2))
        run.finish("text")
        self.assertEqual(run.options["max_steps"], 7)
        self.assertEqual(
            room.client.sent[-1],
            {
                "success": True,
                "output": "text",
                "error": None,
                "tables": [
                    {
                        "columns": ["a"],
                        "types": ["Integer"],
                        "rows": [[1.0], [None]],
                        "row_count": 2,
                    }
                ],
            },
        )

    def test_export(self) -> None:
        """The database in base64, last but the id; no key where there is none."""
        room = self.room()
        room.ask(code="wait", export="sqlite", id=1)
        run = room.interpreter.runs[0]
        run.options["on_export"](b"SQLite ")
        run.options["on_export"](b"format 3\0")
        run.finish("x")
        self.assertEqual(list(room.client.sent[-1])[-2:], ["sqlite_db", "id"])
        self.assertEqual(base64.b64decode(room.client.sent[-1]["sqlite_db"]), b"SQLite format 3\0")
        self.assertNotIn("sqlite_db", room.answer(code="x", export="sqlite"))

    def test_no_interpreter(self) -> None:
        """Where no process can be had, that is said."""
        room = self.room()
        room.answer(code="x")
        room.interpreter.fails = lambda: WorkerUnavailable("stopped")
        self.assertEqual(
            room.answer(code="x")["error"],
            "Ошибка: интерпретатор не может быть запущен; повторите позже",
        )

    def test_fault_of_ours(self) -> None:
        """A bug ends one request: the client gets a number, the log gets the traceback."""
        room = self.room()
        room.answer(code="x")
        room.interpreter.fails = lambda: KeyError("secret")
        answer = room.answer(code="x", id=1)
        self.assertRegex(answer["error"], r"^Внутренняя ошибка сервера; .* под номером 1-\d+$")
        self.assertNotIn("secret", str(answer))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        room.interpreter.fails = None
        self.assertEqual(room.answer(code="x")["success"], True)


class OrderTests(SessionTestCase):
    def test_one_by_one(self) -> None:
        """Requests wait for one another, bad ones too; each is answered once, in order."""
        room = self.room()
        room.ask(code="wait", id=1)
        room.ask(code="b", id=2)
        room.session.receive(b"nonsense", is_text=True)
        room.session.receive(b"\0", is_text=False)
        room.ask(type="reset", id=4)
        self.assertEqual(room.client.sent, [])
        room.interpreter.runs[0].finish("a")
        self.assertEqual([answer.get("id") for answer in room.client.sent], [1, 2, None, None, 4])
        self.assertTrue(room.client.sent[2]["error"].startswith("Ошибка парсинга запроса. "))
        self.assertEqual(
            room.client.sent[3]["error"],
            "Ошибка парсинга запроса: ожидается текстовое сообщение с JSON",
        )

    def test_a_thousand(self) -> None:
        """A thousand requests at once are answered in order."""
        room = self.room()
        for number in range(1000):
            room.ask(code=str(number))
        self.assertEqual([a["output"] for a in room.client.sent], list(map(str, range(1000))))

    def test_full_queue(self) -> None:
        """With more than 16 waiting nothing more is read, until there is room."""
        room = self.room()
        room.ask(code="wait")
        for _ in range(16):
            room.ask(code="wait")
        self.assertFalse(room.client.paused)
        room.ask(code="wait")
        self.assertTrue(room.client.paused)
        room.interpreter.active.finish()
        self.assertFalse(room.client.paused)
        for _ in range(17):
            room.interpreter.active.finish()
        self.assertEqual(len(room.client.sent), 18)

    def test_busy(self) -> None:
        """A session is busy while a request is being answered."""
        room = self.room()
        self.assertFalse(room.session.busy)
        room.ask(code="wait")
        self.assertTrue(room.session.busy)
        room.interpreter.active.finish()
        self.assertFalse(room.session.busy)


class LargeMessageTests(SessionTestCase):
    """Above a limit a message must be an upload, whose content is decoded apart."""

    def large(self, room: Room, content: bytes, **fields: Any) -> Any:
        """The answer to a message that is too large for anything but an upload."""
        upload = {"type": "upload_file", "filename": "f", **fields}
        data = json.dumps(upload).encode()[:-1] + b', "content": "' + content + b'"}'
        room.session.receive(data, is_text=True)
        return room.client.sent[-1]

    def test_upload(self) -> None:
        """It is stored as any is."""
        room = self.room(Settings(bounds=Bounds(request_bytes=100)), folder=True)
        for content, expected in (
            (b"\\u0430\\n" * 100_000, "а\n".encode() * 100_000),
            (b"base64:" + b"QUJD" * 1000, b"ABC" * 1000),
        ):
            answer = self.large(room, content, id=5)
            self.assertEqual((answer["success"], answer["id"]), (True, 5))
            folder = room.workspace.folder
            assert folder is not None
            self.assertEqual((folder.path / "f").read_bytes(), expected)

    def test_unreadable(self) -> None:
        """Content that is no JSON makes the message none, and nothing is stored."""
        room = self.room(Settings(bounds=Bounds(request_bytes=100)), folder=True)
        for content in (b"\\x" * 1000, b"\\ud800" * 1000, b"\x01" * 1000):
            answer = self.large(room, b"a" * 1000 + content)
            self.assertTrue(answer["error"].startswith("Ошибка парсинга запроса. "))
            self.assertEqual(list(answer), ["success", "output", "error"])
        assert room.workspace.folder is not None
        self.assertEqual(room.workspace.folder.listing(), [])

    def test_refused(self) -> None:
        """Anything else is not even looked at; the connection stays."""
        room = self.room(Settings(bounds=Bounds(request_bytes=100)))
        answer = self.large(room, b"a" * 1000, type="reset")
        self.assertIn("может быть только upload_file", answer["error"])
        room.ask(code="a")
        self.assertTrue(room.client.sent[-1]["success"])

    def test_before_the_token(self) -> None:
        """It is no way in."""
        room = self.room(authenticator=lambda request: succeed("anna"))
        room.session.receive(json.dumps({"code": "x" * 10_000_000}).encode(), is_text=True)
        self.assertEqual((room.client.sent, room.client.closed[0][0]), ([], 4401))


def tracemalloc_of(work: Callable[[], object]) -> int:
    """Bytes of memory that are taken after some work and were not before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


class WaitingTests(SessionTestCase):
    def test_refused_messages_are_not_kept(self) -> None:
        """What is too large waits for its answer without the message."""
        room = self.room()
        room.ask(code="wait")
        before = tracemalloc_of(lambda: [room.ask(code="x" * 9_000_000) for _ in range(5)])
        self.assertLess(before, 9_000_000)
        room.interpreter.runs[0].finish()
        self.assertEqual(len(room.client.sent), 6)


class SlowClientTests(SessionTestCase):
    def test_program_waits(self) -> None:
        """While the client does not read, its program is paused; answers wait, in order."""
        room = self.room()
        room.ask(code="wait", stream=True)
        room.session.pause_output()
        self.assertTrue(room.interpreter.paused)
        room.interpreter.active.finish("x")
        room.ask(code="b")
        self.assertEqual(room.client.sent, [])
        room.session.resume_output()
        self.assertFalse(room.interpreter.paused)
        self.assertEqual([answer["output"] for answer in room.client.sent], ["x", "b"])

    def test_answers_at_once_are_bounded(self) -> None:
        """Control requests of a client that does not read stop being read, too."""
        room = self.room()
        room.answer(code="x")
        room.session.pause_output()
        for _ in range(17):
            room.ask(type="inspect")
        self.assertTrue(room.client.paused)
        room.session.resume_output()
        self.assertFalse(room.client.paused)
        self.assertEqual(len(room.client.sent), 18)

    def test_gone_while_slow(self) -> None:
        """A client that goes without reading leaves nothing waiting."""
        room = self.room()
        room.ask(code="wait")
        room.session.pause_output()
        room.interpreter.active.finish()
        self.successResultOf(room.session.end())


class ControlTests(SessionTestCase):
    def test_cancel(self) -> None:
        """The running program is answered as interrupted, then cancel; variables are its own."""
        room = self.room()
        room.ask(code="wait")
        room.ask(code="next")
        room.ask(type="cancel", id="c")
        self.assertEqual(
            room.client.sent[:2],
            [
                {"success": False, "output": "so far", "error": room.client.sent[0]["error"]},
                {"success": True, "message": "Выполнение прервано", "error": None, "id": "c"},
            ],
        )
        self.assertEqual(room.client.sent[2]["output"], "next")

    def test_nothing_to_cancel(self) -> None:
        """Where nothing runs, that is said."""
        room = self.room()
        self.assertEqual(
            room.answer(type="cancel"),
            {"success": False, "message": "", "error": "Нет выполняемого запроса"},
        )

    def test_cancel_by_id(self) -> None:
        """A cancel that names a request ends no other."""
        room = self.room()
        room.ask(code="wait", id=1)
        self.assertFalse(room.answer(type="cancel", request=2)["success"])
        self.assertTrue(room.session.busy)
        room.ask(code="b", id="1")
        self.assertEqual(room.answer(type="cancel", request="1")["message"], "Выполнение прервано")
        room.ask(type="cancel", request=1)
        self.assertEqual(
            [(answer.get("id"), answer["error"]) for answer in room.client.sent[-3:]],
            [(1, room.client.sent[-3]["error"]), (None, None), ("1", CANCELLED)],
        )
        self.assertEqual(len(room.interpreter.runs), 1)

    def test_cancel_a_share(self) -> None:
        """Not only programs: whatever runs is ended, in its own shape."""
        room = self.room()
        room.ask(type="smb_connect", ip="slow", **SMB)
        room.ask(type="cancel")
        self.assertEqual(
            room.client.sent,
            [
                {"success": False, "message": "", "error": CANCELLED},
                {"success": True, "message": "Выполнение прервано", "error": None},
            ],
        )

    def test_at_once(self) -> None:
        """Control requests are answered while a program runs."""
        room = self.room()
        room.ask(code="wait")
        self.assertEqual(
            room.answer(type="inspect")["variables"],
            [{"name": "x", "type": "Number", "size": None, "preview": "1"}],
        )
        self.assertEqual(
            room.answer(type="complete", code="pr", position=2),
            {
                "success": True,
                "start": 0,
                "completions": [{"text": "print", "kind": "builtin", "detail": "print(…)"}],
                "error": None,
            },
        )
        self.assertEqual(
            room.answer(type="check", code="x"), {"success": True, "problems": [], "error": None}
        )
        self.assertEqual(room.answer(type="info")["info"]["busy"], True)

    def test_inspect_before_any_program(self) -> None:
        """A session that has run nothing has no variables, and gets no process for the question."""
        room = self.room()
        self.assertEqual(room.answer(type="inspect")["variables"], [])
        self.assertEqual(room.workers.opened, [])

    def test_reset(self) -> None:
        """Reset has its turn, and costs no process where there is none."""
        room = self.room()
        self.assertEqual(
            room.answer(type="reset"),
            {"success": True, "message": "Интерпретатор сброшен", "error": None},
        )
        self.assertEqual(room.workers.opened, [])
        room.answer(code="x")
        room.answer(type="reset")
        self.assertEqual(room.interpreter.resets, 1)

    def test_info(self) -> None:
        """Everything that the documentation names."""
        room = self.room(folder=True)
        room.answer(type="smb_connect", ip="h", **SMB)
        room.answer(type="upload_file", filename="a", content="abc")
        info = room.answer(type="info")["info"]
        self.assertEqual(info["shares"], ["data"])
        self.assertEqual(info["uploads"], {"enabled": True, "files": 1, "bytes": 3})
        self.assertEqual(
            info["limits"],
            {
                "message_mib": 64,
                "request_mib": 8,
                "output_mib": 16,
                "source_kib": 16384,
                "run_seconds": 600,
                "cpu_seconds": 0,
                "memory_mib": 1024,
                "recursion": 10000,
                "steps": 0,
                "queue": 16,
                "shares": 8,
                "upload_mib": 256,
                "upload_files": 10000,
                "idle_seconds": 86400,
            },
        )

    def test_complete_paths(self) -> None:
        """Inside a path: shares, their files, and files of this machine."""
        room = self.room()
        room.answer(type="smb_connect", ip="h", **SMB)
        room.shares.contents = {"in": {"april.csv": b"", "march.csv": b""}}
        for code, start, expected in (
            ('x = "lib://d', 5, ["lib://data"]),
            ('x = "lib://data/in/a', 5, ["lib://data/in/april.csv"]),
            ('x = "lib://data/none/a', 5, []),
            ('x = "/etc/pass', 5, []),
        ):
            answer = room.answer(type="complete", code=code)
            self.assertEqual(answer["start"], start)
            self.assertEqual([each["text"] for each in answer["completions"]], expected)


class ShareTests(SessionTestCase):
    def test_connect(self) -> None:
        """Success and failure, to the letter."""
        room = self.room()
        self.assertEqual(
            room.answer(type="smb_connect", ip="h", **SMB),
            {"success": True, "message": "Успешно подключено к SMB шаре 'data'", "error": None},
        )
        self.assertEqual(
            room.answer(type="smb_connect", ip="h", **SMB),
            {"success": False, "message": "", "error": "SMB share 'data' уже подключена"},
        )
        wrong = {**SMB, "password": "wrong", "share_name": "other"}
        self.assertEqual(
            room.answer(type="smb_connect", ip="h", **wrong)["error"],
            "Ошибка подключения к SMB: неверное имя пользователя или пароль",
        )
        self.assertEqual(
            room.answer(type="smb_connect", ip="a b", **{**SMB, "share_name": "x"})["error"],
            "Ошибка подключения к SMB: некорректный адрес 'a b'",
        )

    def test_alias(self) -> None:
        """A share may have another name here."""
        room = self.room()
        answer = room.answer(type="smb_connect", ip="h", alias="old", **SMB)
        self.assertEqual(answer["message"], "Успешно подключено к SMB шаре 'old'")
        self.assertEqual(room.answer(type="info")["info"]["shares"], ["old"])

    def test_not_connected(self) -> None:
        """Each request says it in its own shape."""
        room = self.room()
        error = "SMB share 'data' не подключена"
        self.assertEqual(
            room.answer(type="smb_list_files", share_name="data", path=""),
            {"success": False, "files": [], "error": error},
        )
        self.assertEqual(
            room.answer(type="smb_read_file", share_name="data", file_path="a"),
            {"success": False, "content": None, "error": error},
        )
        self.assertEqual(
            room.answer(type="smb_disconnect", share_name="data"),
            {"success": False, "message": "", "error": error},
        )

    def connected(self, settings: Settings | None = None) -> Room:
        """A session with a share that holds two files."""
        room = self.room(settings)
        room.answer(type="smb_connect", ip="h", **SMB)
        room.shares.contents = {"": {"b.csv": b"1", "a.txt": "я".encode(), "c.bin": b"\xff\x00"}}
        return room

    def test_list(self) -> None:
        """Names; with details the same names again."""
        room = self.connected()
        self.assertEqual(
            room.answer(type="smb_list_files", share_name="data", path=""),
            {"success": True, "files": ["a.txt", "b.csv", "c.bin"], "error": None},
        )
        answer = room.answer(type="smb_list_files", share_name="data", path="", details=True)
        self.assertEqual(list(answer), ["success", "files", "error", "details"])
        self.assertEqual(
            answer["details"][0], {"name": "a.txt", "kind": "file", "size": 2, "modified": 1.5}
        )

    def test_list_a_pattern(self) -> None:
        """A pattern gives the names that match, with details too."""
        room = self.connected()
        answer = room.answer(type="smb_list_files", share_name="data", path="*.csv", details=True)
        self.assertEqual(answer["files"], ["b.csv"])
        self.assertEqual(answer["details"][0]["size"], 1)

    def test_read(self) -> None:
        """Text as it is, bytes in base64, a text that looks like base64 in base64 too."""
        room = self.connected()
        room.shares.contents[""]["trick"] = b"base64:QQ=="
        for name, content in (
            ("a.txt", "я"),
            ("c.bin", "base64:/wA="),
            ("trick", "base64:YmFzZTY0OlFRPT0="),
        ):
            self.assertEqual(
                room.answer(type="smb_read_file", share_name="data", file_path=name),
                {"success": True, "content": content, "error": None},
            )

    def test_read_too_large(self) -> None:
        """A file beyond the message limit is refused by its size."""
        room = self.connected(Settings(bounds=Bounds(message_bytes=1)))
        answer = room.answer(type="smb_read_file", share_name="data", file_path="a.txt")
        self.assertEqual(
            answer["error"],
            "Ошибка чтения файла: файл 'a.txt' слишком велик (2 байта, предел 1 байт)",
        )

    def test_progress(self) -> None:
        """Told only when asked for."""
        room = self.connected()
        room.ask(type="smb_read_file", share_name="data", file_path="b.csv", progress=True, id=3)
        self.assertEqual(
            room.client.sent[-2],
            {"type": "progress", "path": "lib://data/b.csv", "done": 1, "total": 1, "id": 3},
        )

    def test_progress_of_a_program(self) -> None:
        """A program's reads are told while it runs, and not afterwards."""
        room = self.connected()
        room.ask(code="wait", progress=True)
        os.close(
            self.successResultOf(
                Deferred.fromCoroutine(room.workspace.broker.do(Open("lib://data/b.csv")))
            )
        )
        self.assertEqual(room.client.sent[-1]["path"], "lib://data/b.csv")
        room.interpreter.active.finish()
        before = len(room.client.sent)
        os.close(
            self.successResultOf(
                Deferred.fromCoroutine(room.workspace.broker.do(Open("lib://data/b.csv")))
            )
        )
        self.assertEqual(len(room.client.sent), before)

    def test_shares_of_a_host(self) -> None:
        """What a host offers, or why that cannot be known."""
        room = self.room()
        fields = {"ip": "h", "login": "l", "domain": ""}
        self.assertEqual(
            room.answer(type="smb_shares", password="right", **fields),
            {
                "success": True,
                "shares": [
                    {"name": "data", "kind": "disk", "comment": "note", "hidden": False},
                    {"name": "IPC$", "kind": "pipe", "comment": "", "hidden": True},
                ],
                "error": None,
            },
        )
        self.assertIn(
            "неверное имя", room.answer(type="smb_shares", password="", **fields)["error"]
        )

    def test_disconnect(self) -> None:
        """Once disconnected, a share is unknown."""
        room = self.connected()
        self.assertEqual(
            room.answer(type="smb_disconnect", share_name="DATA")["message"],
            "Отключено от SMB шары 'DATA'",
        )
        self.assertFalse(room.answer(type="smb_disconnect", share_name="data")["success"])


class UploadTests(SessionTestCase):
    def test_off(self) -> None:
        """Without --use-ve, before anything else is looked at."""
        room = self.room()
        error = "Режим --use-ve не включен"
        self.assertEqual(
            room.answer(type="upload_file", filename="", content="base64:?"),
            {"success": False, "message": "", "error": error},
        )
        self.assertEqual(room.answer(type="download_file", filename="x")["error"], error)
        self.assertEqual(room.answer(type="delete_file", filename="x")["error"], error)
        self.assertEqual(room.answer(type="session_files")["error"], error)

    def test_round_trip(self) -> None:
        """What was uploaded is listed and comes back."""
        room = self.room(folder=True)
        self.assertEqual(
            room.answer(type="upload_file", filename="in/я.txt", content="base64:/wA="),
            {"success": True, "message": "Файл in/я.txt успешно загружен", "error": None},
        )
        self.assertEqual(room.answer(type="session_files")["files"], ["in/я.txt"])
        details = room.answer(type="session_files", details=True)["details"]
        self.assertEqual(details[0]["size"], 2)
        self.assertEqual(
            room.answer(type="download_file", filename="in/я.txt"),
            {"success": True, "content": "base64:/wA=", "error": None},
        )

    def test_refused(self) -> None:
        """Bad names and missing files are said in the documented words."""
        room = self.room(folder=True)
        self.assertEqual(
            room.answer(type="upload_file", filename="../x", content="")["error"],
            "Некорректный путь к файлу",
        )
        for name, error in (
            ("none", "Ошибка чтения файла: 'none' не найден"),
            ("{0}", "Ошибка чтения файла: '{0}' не найден"),
            ("", "Ошибка чтения файла: '' является папкой"),
            ("../x", "Некорректный путь к файлу"),
            ("/etc/passwd", "Некорректный путь к файлу"),
        ):
            answer = room.answer(type="download_file", filename=name)
            self.assertEqual(answer, {"success": False, "content": None, "error": error})

    def test_cancelled_while_its_thread_waits(self) -> None:
        """The file is opened, read and closed in one go: whoever leaves leaves none open."""
        room = self.room(folder=True)
        room.answer(type="upload_file", filename="a", content="x")
        waiting: list[tuple[Any, ...]] = []

        def later(function: Any, *arguments: Any) -> Deferred[Any]:
            waiting.append((function, *arguments))
            return Deferred()

        room.workspace.in_thread = later
        room.ask(type="download_file", filename="a")
        before = os.listdir("/proc/self/fd")
        room.ask(type="cancel")
        self.assertEqual(room.client.sent[-2]["error"], "Ошибка: выполнение прервано")
        ((function, *arguments),) = waiting
        self.assertEqual(bytes(function(*arguments)), b'"x"')
        self.assertEqual(os.listdir("/proc/self/fd"), before)
        room.workspace.in_thread = maybeDeferred  # for the end

    def test_delete(self) -> None:
        """A file goes, and the folder that is empty then; the quota has room again."""
        room = self.room(folder=True)
        room.answer(type="upload_file", filename="in/я.txt", content="x")
        for name, error in (
            ("in", "Ошибка удаления файла: папка не пуста (os error 39)"),
            ("in/none", "Ошибка удаления файла: 'in/none' не найден"),
            ("in/я.txt/x", "Ошибка удаления файла: 'in/я.txt/x' не найден"),
            ("", "Некорректный путь к файлу"),
            (".", "Некорректный путь к файлу"),
            ("../x", "Некорректный путь к файлу"),
            ("/etc/passwd", "Некорректный путь к файлу"),
        ):
            answer = room.answer(type="delete_file", filename=name)
            self.assertEqual(answer, {"success": False, "message": "", "error": error})
        self.assertEqual(room.answer(type="info")["info"]["uploads"]["bytes"], 1)
        for name in ("in/я.txt", "in"):
            self.assertEqual(
                room.answer(type="delete_file", filename=name),
                {"success": True, "message": f"Файл {name} удалён", "error": None},
            )
        self.assertEqual(room.answer(type="session_files")["files"], [])
        uploads = room.answer(type="info")["info"]["uploads"]
        self.assertEqual((uploads["files"], uploads["bytes"]), (0, 0))


class AuthTests(SessionTestCase):
    def guarded(self, judged: Deferred[str | None]) -> Room:
        """A session whose client must show something first."""
        return self.room(authenticator=lambda request: judged)

    def test_admitted(self) -> None:
        """After the right token everything is answered."""
        room = self.guarded(succeed("anna"))
        self.assertEqual(
            room.answer(type="auth", token="T", id=1),
            {"success": True, "message": "Доступ разрешён", "error": None, "id": 1},
        )
        self.assertEqual(room.answer(code="x")["output"], "x")
        self.assertEqual(room.session.identity.account, "anna")

    def test_wrong(self) -> None:
        """A wrong one is answered, then the connection is closed."""
        room = self.guarded(fail(NotAuthenticated(texts.ACCESS_REFUSED)))
        room.ask(type="auth", token="T")
        self.assertEqual(
            room.client.sent, [{"success": False, "message": "", "error": "Неверный токен"}]
        )
        self.assertEqual(room.client.closed[0][0], 4401)
        room.ask(code="x")
        self.assertEqual(room.workers.opened, [])

    def test_anything_else_first(self) -> None:
        """A request before the token runs nothing."""
        for message in (b'{"code": "x"}', b"nonsense", b'{"type": "inspect"}'):
            room = self.guarded(succeed("anna"))
            room.session.receive(message, is_text=True)
            self.assertEqual((room.client.sent, room.client.closed[0][0]), ([], 4401))
            self.assertEqual(room.workers.opened, [])

    def test_requests_behind_it_wait(self) -> None:
        """What is sent behind the token waits until it has been judged."""
        judged: Deferred[str | None] = Deferred()
        room = self.guarded(judged)
        room.ask(type="auth", token="T")
        room.ask(code="x")
        room.ask(type="inspect")
        self.assertEqual(room.client.sent, [])
        judged.callback("anna")
        self.assertEqual(len(room.client.sent), 3)

    def test_overdue(self) -> None:
        """Who shows nothing in time is turned away; who has shown it stays."""
        room = self.guarded(succeed("anna"))
        room.session.wait_for_auth(10)
        room.clock.advance(10)
        self.assertEqual(room.client.closed[0][0], 4401)
        room = self.guarded(succeed("anna"))
        room.session.wait_for_auth(10)
        room.ask(type="auth", token="T")
        self.assertEqual(room.clock.getDelayedCalls(), [])
        self.assertEqual(room.client.closed, [])

    def test_gone_before_it_showed_anything(self) -> None:
        """Nothing of it waits any longer; nor is it closed twice when the server stops."""
        room = self.guarded(Deferred())
        room.session.wait_for_auth(10)
        room.session.close_stopping()
        room.clock.advance(10)
        self.assertEqual([code for code, _ in room.client.closed], [1001])
        room = self.guarded(Deferred())
        room.session.wait_for_auth(10)
        self.successResultOf(room.session.end())
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_not_required(self) -> None:
        """Where nothing is required, auth is simply granted."""
        self.assertTrue(self.room().answer(type="auth")["success"])


class EndTests(SessionTestCase):
    def test_everything_ends(self) -> None:
        """A client that goes takes its interpreter, shares and folder with it."""
        room = self.room(folder=True)
        room.answer(type="upload_file", filename="a", content="x")
        room.ask(code="wait")
        room.ask(code="never")
        path = room.folder.path
        self.successResultOf(room.session.end())
        self.assertTrue(room.interpreter.closed)
        self.assertTrue(room.shares.closed)
        self.assertFalse(path.exists())
        self.assertEqual(len(room.interpreter.runs), 1)

    def test_failure_while_ending(self) -> None:
        """What cannot be ended is logged, and the rest is ended."""
        room = self.room(folder=True)
        room.answer(type="upload_file", filename="a", content="x")

        async def broken() -> None:
            raise OSError("broken")

        room.shares.close = broken
        room.answer(code="x")
        self.successResultOf(room.session.end())
        self.assertTrue(room.interpreter.closed)
        self.assertFalse(room.folder.path.exists())
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_drain(self) -> None:
        """When the server stops, the running program may finish; what waits is dropped."""
        room = self.room()
        room.ask(code="wait")
        room.ask(code="never")
        drained = room.session.drain(2)
        self.assertNoResult(drained)
        room.interpreter.active.finish("done")
        self.successResultOf(drained)
        self.assertEqual([answer["output"] for answer in room.client.sent], ["done"])
        self.assertEqual(room.client.closed[0][0], 1001)
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_drain_has_an_end(self) -> None:
        """After the grace time what runs is interrupted, and answered."""
        room = self.room()
        room.ask(code="wait")
        drained = room.session.drain(2)
        room.clock.advance(2)
        self.successResultOf(drained)
        self.assertEqual(room.client.sent[0]["output"], "so far")
        self.assertEqual(room.client.closed[0][0], 1001)

    def test_drain_when_idle(self) -> None:
        """An idle client is closed at once."""
        room = self.room()
        self.successResultOf(room.session.drain(2))
        self.assertEqual(room.client.closed[0][0], 1001)

    def test_metrics(self) -> None:
        """Requests are counted by type and success."""
        room = self.room()
        room.answer(code="x")
        room.answer(type="smb_disconnect", share_name="x")
        room.session.receive(b"?", is_text=True)
        text = room.metrics.text().decode()
        self.assertIn('datacode_requests_total{success="true",type="execute"} 1.0', text)
        self.assertIn('datacode_requests_total{success="false",type="smb_disconnect"} 1.0', text)
        self.assertIn('datacode_requests_total{success="false",type="invalid"} 1.0', text)
