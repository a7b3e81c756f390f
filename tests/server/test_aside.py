"""Previews and documents beside a program, on a real ``twistd``. Protocol, preview and report."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
from pypdf import PdfReader

from tests.daemons import PATIENCE, Talk, twistd
from tests.shared_daemon import SharedDaemonTestCase

ENDLESS = "for i in range(1000000000000) do\nx = 1\nnext i"


class AsideTests(SharedDaemonTestCase):
    """One server for all tests; each test is a client of its own."""

    def setUp(self) -> None:
        """Connect."""
        super().setUp()
        self.client = Talk(self._port)
        self.addCleanup(self.client.close)
        self.ask = self.client.ask

    def command(self, folder: Path) -> list[str]:
        """With folders for sessions."""
        return twistd(folder, "--port", "0", "--use-ve", "--locale", "en")

    def say(self, **request: Any) -> None:
        """Send a request, and do not wait."""
        self.client.socket.send(json.dumps(request))

    def heard(self) -> dict[str, Any]:
        """The next answer, messages of progress aside."""
        while True:
            answer: dict[str, Any] = json.loads(self.client.socket.recv(timeout=PATIENCE))
            if answer.get("type") != "progress":
                return answer

    def upload(self, name: str, data: bytes) -> None:
        """Put a file into the session's folder."""
        content = "base64:" + base64.b64encode(data).decode()
        answer = self.ask(type="upload_file", filename=name, content=content)
        self.assertTrue(answer["success"], answer)

    def pdf_text(self, **request: Any) -> str:
        """The text of a document."""
        answer = self.ask(type="report", **request)
        self.assertTrue(answer["success"], answer)
        data = base64.b64decode(answer["content"].removeprefix("base64:"))
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)

    def test_beside_a_program(self) -> None:
        """It is answered while a program runs, which goes on; so is the text of a file."""
        self.upload("цены.csv", "товар;цена\nболт;1,5\nгайка;0,25\n".encode("cp1251"))
        self.ask(code="kept = 1")
        self.say(code=ENDLESS, id="program")
        self.say(type="preview", path="цены.csv", id="look")
        look = self.heard()
        self.assertEqual(look["id"], "look")
        self.assertEqual(look["tables"][0]["columns"], ["товар", "цена"])
        self.assertEqual(look["tables"][0]["rows"], [["болт", 1.5], ["гайка", 0.25]])
        self.say(type="download_file", filename="цены.csv", aside=True, id="bytes")
        self.assertEqual(self.heard()["id"], "bytes")
        self.say(type="cancel", id="end")
        self.assertEqual([self.heard()["id"] for _ in range(2)], ["program", "end"])
        self.assertEqual(self.ask(code="print(kept)")["output"], "1\n")

    def test_workbook(self) -> None:
        """Its sheets, and the one that is named; at most a thousand rows of it."""
        book = openpyxl.Workbook()
        book.active.title = 'Май "1"'
        book.active.append(["a"])
        other = book.create_sheet("It's")
        other.append(["b"])
        for number in range(3000):
            other.append([number])
        out = io.BytesIO()
        book.save(out)
        self.upload("book.xlsx", out.getvalue())
        first = self.ask(type="preview", path="book.xlsx")
        self.assertEqual(first["sheets"], ['Май "1"', "It's"])
        self.assertEqual(first["tables"][0]["columns"], ["a"])
        second = self.ask(type="preview", path="book.xlsx", sheet="It's")
        self.assertEqual(second["tables"][0]["columns"], ["b"])
        self.assertEqual(len(second["tables"][0]["rows"]), 1000)
        missing = self.ask(type="preview", path="book.xlsx", sheet="no")
        self.assertFalse(missing["success"])
        self.assertIn("no", missing["error"])

    def test_leaves_nothing(self) -> None:
        """No variable, no file, and what it may not read it does not."""
        self.upload("a.csv", b"x\n1\n")
        self.assertTrue(self.ask(type="preview", path="a.csv")["success"])
        self.assertEqual(self.ask(type="inspect")["variables"], [])
        self.assertEqual(self.ask(type="session_files")["files"], ["a.csv"])
        for path in ("/etc/passwd", "../a.csv", 'a.csv")\nprint("in', "lib://none/a.csv", ""):
            answer = self.ask(type="preview", path=path)
            self.assertFalse(answer["success"], path)
            self.assertEqual(answer["tables"], [])
            self.assertTrue(answer["error"].strip(), path)

    def test_bounded(self) -> None:
        """What is too much at once is refused; the others are answered."""
        self.upload("a.csv", b"x\n1\n")
        for number in range(12):
            self.say(type="preview", path="a.csv", id=number)
        answers = [self.heard() for _ in range(12)]
        self.assertEqual({each["id"] for each in answers}, set(range(12)))
        refused = [each for each in answers if not each["success"]]
        self.assertLess(len(refused), 5)
        for each in refused:
            self.assertIn("at most 8", each["error"])

    def test_pdf(self) -> None:
        """What a program has shown, in the reader's language, and literally."""
        code = 'show_chart(chart(table([["я", 1]], ["a", "b"]), "bar", "a", "b", title="Итог"))'
        chart = self.ask(code=code, charts=True)["charts"][0]["chart"]
        parts = [
            {"kind": "text", "text": "<b>Привет</b> **x** ```\n```"},
            {"kind": "table", "columns": ["город", "n"], "rows": [["Тверь", 1.5]], "row_count": 9},
            {"kind": "chart", "chart": chart},
            {"kind": "failure", "text": "Ошибка: [x](http://y)"},
            {"kind": "note", "text": "# note"},
        ]
        text = self.pdf_text(title="Отчёт", parts=parts, locale="ru")
        for part in ("Отчёт", "<b>Привет</b> **x** ```", "Тверь", "1,5", "не показано строк: 8"):
            self.assertIn(part, text)
        self.assertIn("Ошибка: [x](http://y)", text)
        self.assertIn("# note", text)
        english = self.pdf_text(title="Отчёт", parts=parts[1:2], locale="en")
        self.assertIn("1.5", english)

    def test_html(self) -> None:
        """The same as a page that loads nothing and runs nothing."""
        part = {"kind": "text", "text": "<script>alert(1)</script><img src=x onerror=y>"}
        answer = self.ask(type="report", title="<i>", format="html", parts=[part])
        page = base64.b64decode(answer["content"].removeprefix("base64:")).decode()
        self.assertNotIn("<script", page)
        self.assertNotIn("<img", page)
        self.assertIn("&lt;i&gt;", page)

    def test_nonsense(self) -> None:
        """One sentence that names the part."""
        for parts, words in (
            ("x", "array of parts"),
            ({"kind": "text"}, "array of parts"),
            ([{"kind": "text", "text": "a"}, {"kind": "sound"}], "Part 2"),
            ([{"kind": "table", "columns": ["a"], "rows": [[1, 2]]}], "Part 1"),
            ([{"kind": "chart", "chart": {"mark": "bar"}}], "Part 1"),
            ([5], "Part 1"),
            ([{"kind": "text", "text": ""}] * 1001, "1000"),
            ([{"kind": "text", "text": "x" * 1_100_000}] * 2, "2000000"),
        ):
            answer = self.ask(type="report", title="t", parts=parts)
            self.assertFalse(answer["success"])
            self.assertIsNone(answer["content"])
            self.assertIn(words, answer["error"])
        self.assertIn("format", self.ask(type="report", title="t", parts=[], format="doc")["error"])
        self.assertTrue(self.ask(type="report", title="", parts=[])["success"])

    def test_cancelled(self) -> None:
        """A long one tells how far it is, ends when it is cancelled, and the session goes on."""
        rows = [[f"cell {number} of a table", number] for number in range(2000)]
        parts = [{"kind": "table", "columns": ["a", "b"], "rows": rows}] * 15
        self.say(type="report", title="long", parts=parts, progress=True, id="long")
        told = json.loads(self.client.socket.recv(timeout=PATIENCE))
        self.assertEqual((told["type"], told["unit"], told["id"]), ("progress", "percent", "long"))
        self.say(type="cancel", request="long", id="stop")
        answers = {each["id"]: each for each in (self.heard(), self.heard())}
        self.assertTrue(answers["stop"]["success"])
        self.assertFalse(answers["long"]["success"])
        self.assertTrue(self.ask(type="preview", path="none.csv")["error"])
        self.assertEqual(self.ask(code="print(1)")["output"], "1\n")

    def test_shipped_data(self) -> None:
        """Programs read what comes with DataCode, though it lies outside of their folder."""
        code = 't = read_file("sample://sales.csv")\nprint(len(t), path("sample://x.csv").exists)'
        self.assertEqual(self.ask(code=code)["output"], "1043 false\n")
        self.assertTrue(self.ask(type="preview", path="sample://products.csv")["success"])
        for path in ("sample://../tap.py", "sample://none.csv", "sample://"):
            self.assertFalse(self.ask(code=f'read_file("{path}")')["success"], path)
        self.assertFalse(self.ask(code='write_file("sample://sales.csv", t)')["success"])
