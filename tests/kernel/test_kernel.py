"""The Jupyter kernel, in a process of its own, spoken to as a notebook does."""

from __future__ import annotations

import asyncio
import atexit
import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.kernel.__main__ import install
from datacode.kernel.html import ROWS_SHOWN, table_html, table_text

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class HtmlTests(SynchronousTestCase):
    """Tables as HTML."""

    def table(self, program: str) -> Any:
        """The value of ``t`` after a program."""
        interpreter = Interpreter()
        self.assertIsNone(interpreter.run(program).error)
        return interpreter.globals_for_export()["t"]

    def test_escaping(self) -> None:
        """Nothing in a table is markup."""
        shown = table_html(self.table("t = table([['<script>', 1.5]], ['<b>&', 'n'])"))
        self.assertIn("<th>&lt;b&gt;&amp;</th>", shown)
        self.assertIn("<td>&lt;script&gt;</td><td>1.50</td>", shown)

    def test_long_table(self) -> None:
        """The first rows, and how many there are."""
        table = self.table(
            "rows = []\nfor n in range(1000) do\n  rows = push(rows, [n])\nnext n\n"
            "t = table(rows, ['n'])"
        )
        self.assertEqual(table_html(table).count("<tr>"), ROWS_SHOWN + 1)
        self.assertIn("1000 × 1", table_html(table))
        self.assertEqual(table_text(table).count("\n"), ROWS_SHOWN + 4)


class KernelTestCase(SynchronousTestCase):
    """One kernel for all tests; it ends with this process."""

    _manager: KernelManager | None = None
    _client: Any = None
    environment: ClassVar[dict[str, str]] = {}

    def setUp(self) -> None:
        """Make the kernel known to a Jupyter of our own, and start it if this is the first test."""
        if KernelTestCase._manager is not None:
            return
        folder = Path(self.mktemp()).absolute()
        environment = KernelTestCase.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
        }
        specs = KernelSpecManager(kernel_dirs=[str(folder / "share/jupyter/kernels")])
        place = install(user=False, prefix=str(folder))
        self.assertEqual(place, str(folder / "share/jupyter/kernels/datacode"))
        description = json.loads((Path(place) / "kernel.json").read_text("utf-8"))
        self.assertEqual(description["display_name"], "DataCode")
        self.assertEqual(description["argv"][0], sys.executable)
        manager = KernelTestCase._manager = KernelManager(
            kernel_name="datacode", kernel_spec_manager=specs
        )
        manager.start_kernel(env=environment, stderr=subprocess.DEVNULL)
        atexit.register(manager.shutdown_kernel, now=True)
        client = KernelTestCase._client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)

    def execute(self, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run a cell: the reply, and what was published for it."""
        published: list[dict[str, Any]] = []
        reply = self._client.execute_interactive(
            code, timeout=PATIENCE, output_hook=published.append, stop_on_error=False
        )
        return reply["content"], published

    def output(self, code: str) -> str:
        """What a cell prints."""
        reply, published = self.execute(code)
        self.assertEqual(reply["status"], "ok", reply)
        streams = [m["content"] for m in published if m["msg_type"] == "stream"]
        self.assertEqual({s["name"] for s in streams} - {"stdout"}, set())
        return "".join(s["text"] for s in streams)


class KernelTests(KernelTestCase):
    """Requests of the messaging protocol."""

    def test_execute(self) -> None:
        """Output and the value of the last expression; variables stay."""
        self.assertEqual(self.output("x = 20\nprint('привет')\nx + 1"), "привет\n21\n")
        self.assertEqual(self.output("x * 2"), "40\n")

    def test_much_output(self) -> None:
        """In far fewer messages than lines."""
        _, published = self.execute("for i in range(20000) do\nprint(i)\nnext i")
        streams = [m for m in published if m["msg_type"] == "stream"]
        text = "".join(m["content"]["text"] for m in streams)
        self.assertEqual(text.count("\n"), 20000)
        self.assertLess(len(streams), 2000)

    def test_error(self) -> None:
        """The kind, the message, and the lines with the place and a hint."""
        reply, published = self.execute("amount = 1\nprint(amuont)")
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Variable Error"))
        self.assertEqual(reply["evalue"], "Variable 'amuont' not found")
        self.assertEqual(
            reply["traceback"],
            [
                "Variable Error at line 2: Variable 'amuont' not found",
                "2 | print(amuont)",
                "          ^",
                "💡 did you mean 'amount'?",
            ],
        )
        self.assertIn("error", [m["msg_type"] for m in published])

    def test_table(self) -> None:
        """As HTML with a text beside it, in its place among the output, and only once."""
        code = "print('before')\nshow_table(table([[1, 'a']], ['id', 'n']))\nprint('after')"
        _, published = self.execute(code)
        shown = [m for m in published if m["msg_type"] in ("stream", "display_data")]
        self.assertEqual([m["msg_type"] for m in shown], ["stream", "display_data", "stream"])
        self.assertEqual(shown[0]["content"]["text"], "before\n")
        data = shown[1]["content"]["data"]
        self.assertIn("<td>1</td><td>a</td>", data["text/html"])
        self.assertIn("│ 1  │ a │", data["text/plain"])

    def test_chart(self) -> None:
        """A chart comes as Vega-Lite, as pictures and as text, shown or as the last value."""
        made = "t = table([['a', 1]], ['c', 'n'])\n"
        for code in ("show_chart(chart(t, 'bar', 'c', 'n'))", "chart(t, 'bar', 'c', 'n')"):
            _, published = self.execute(made + code)
            (shown,) = [m["content"] for m in published if m["msg_type"] == "display_data"]
            data = shown["data"]
            self.assertEqual(data["application/vnd.vegalite.v5+json"]["mark"]["type"], "bar")
            self.assertIn("<svg", data["image/svg+xml"])
            self.assertEqual(base64.b64decode(data["image/png"])[:4], b"\x89PNG")
            self.assertIn("█", data["text/plain"])

    def test_table_as_last_value(self) -> None:
        """A table at the end of a cell is shown, too."""
        _, published = self.execute("table([[1]], ['id'])")
        self.assertIn("display_data", [m["msg_type"] for m in published])

    def test_warning(self) -> None:
        """On the stream for errors."""
        _, published = self.execute("x = table([[1, 2], [3]], ['a', 'b'])")
        (stream,) = [m["content"] for m in published if m["msg_type"] == "stream"]
        self.assertEqual(stream["name"], "stderr")

    def test_half_a_character(self) -> None:
        """What cannot be sent does not end the session."""
        self.assertEqual(self.output("print('\\ud83d' == 1)"), "false\n")

    def test_completion(self) -> None:
        """Names of the session and builtins, where the word begins."""
        self.output("price_list = [1]")
        self._client.complete("x = price_", 10)
        reply = self._client.get_shell_msg(timeout=PATIENCE)["content"]
        self.assertEqual((reply["matches"], reply["cursor_start"]), (["price_list"], 4))

    def test_inspection(self) -> None:
        """Variables, own functions, builtins, and names that are none."""
        self.output("price_list = [1, 2]\nfunction area(w, h) do\nendfunction")
        for code, position, expected in (
            ("price_list", 3, "price_list: array\n[1, 2]"),
            ("x = area(1, 2)", 5, "area(w, h)"),
            ("pow(1, 2)", 3, "pow(base, exp)\n\n"),
            ("nosuch", 1, None),
            ("1 + 2", 2, None),
        ):
            self._client.inspect(code, position)
            reply = self._client.get_shell_msg(timeout=PATIENCE)["content"]
            self.assertEqual(reply["found"], expected is not None)
            if expected is not None:
                self.assertTrue(reply["data"]["text/plain"].startswith(expected), reply)

    def test_is_complete(self) -> None:
        """What Enter should do in a console."""
        for code, expected in (
            ("if true do", "incomplete"),
            ("x = [1,", "incomplete"),
            ("x = 1", "complete"),
            ("x = = 1", "invalid"),
        ):
            self._client.is_complete(code)
            reply = self._client.get_shell_msg(timeout=PATIENCE)["content"]
            self.assertEqual(reply["status"], expected, code)

    def test_interrupt(self) -> None:
        """The cell ends with an error; variables keep their values."""
        # After an error a kernel drops, for a moment, what it is sent, unless told otherwise.
        self._client.execute(
            "n = 0\nprint('begun')\nfor i in range(1000000000) do\nn = i\nnext i",
            stop_on_error=False,
        )
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE)
            if message["msg_type"] == "stream":
                break
        assert self._manager is not None
        self._manager.interrupt_kernel()
        reply = self._client.get_shell_msg(timeout=PATIENCE)["content"]
        self.assertEqual((reply["status"], reply["evalue"]), ("error", "Execution was interrupted"))
        self.assertEqual(self.output("n >= 0"), "true\n")


class StateTests(KernelTestCase):
    """Notebook that fail, and kernels that are killed."""

    def test_rollback(self) -> None:
        """A cell that fails changes nothing, where that was asked for."""
        self.output("kept = 1")
        self.output("rollback on")
        self.addCleanup(self.output, "rollback off")
        reply, _ = self.execute("kept = 2\nmade = 1\n1 / 0")
        self.assertEqual(reply["status"], "error")
        self.assertEqual(self.output("kept"), "1\n")
        self.assertEqual(self.execute("made")[0]["status"], "error")

    def test_save_and_load(self) -> None:
        """The prompt's commands work in a cell; a file that is none is told of."""
        path = Path(self.mktemp()).absolute()
        self.output("s = [1, 2]")
        self.output(f"save {path}")
        self.output("s = 0")
        self.output(f'load "{path}"')
        self.assertEqual(self.output("s"), "[1, 2]\n")
        reply, _ = self.execute(f"load {path}.none")
        self.assertIn("No such file", reply["evalue"])

    def test_killed(self) -> None:
        """After a kernel that died its variables and functions are there; after a restart none."""
        manager, client = self._manager, self._client
        assert manager is not None
        self.output("rate = 1.2\nfunction gross(x) do\nreturn x * rate\nendfunction")
        self.output("t = table([[1], [2]], ['n'])\nmark = 'written last'")
        state = Path(manager.connection_file).with_suffix(".datacode-state")
        deadline = time.monotonic() + PATIENCE
        while not (state.exists() and b"written last" in state.read_bytes()):
            self.assertLess(time.monotonic(), deadline, "the state is not kept")
            time.sleep(0.05)
        self.kill(manager)
        manager.start_kernel(env=self.environment, stderr=subprocess.DEVNULL)
        client.wait_for_ready(timeout=PATIENCE)
        _, published = self.execute("gross(len(t))")
        texts = {
            m["content"]["name"]: m["content"]["text"]
            for m in published
            if m["msg_type"] == "stream"
        }
        self.assertEqual(texts["stdout"], "2.4\n")
        self.assertIn("variables are as after the last cell", texts["stderr"])
        manager.shutdown_kernel(restart=True)
        manager.start_kernel(env=self.environment, stderr=subprocess.DEVNULL)
        client.wait_for_ready(timeout=PATIENCE)
        self.assertEqual(self.execute("rate")[0]["status"], "error")

    def kill(self, manager: KernelManager) -> None:
        """As the system does when memory runs out."""
        manager.provisioner.process.kill()
        manager.provisioner.process.wait()


class NotebookTests(KernelTestCase):
    """Whole notebooks, as nbclient runs them."""

    def run_cells(self, *sources: str) -> list[Any]:
        """Run a notebook of these cells; their outputs."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)

        async def run() -> None:
            assert self._manager is not None
            client = NotebookClient(notebook, timeout=PATIENCE)
            client.km = self._manager
            client.kc = self._client
            for number, cell in enumerate(cells):
                await client.async_execute_cell(cell, number)

        asyncio.run(run())
        return [cell.outputs for cell in notebook.cells]

    def test_notebook(self) -> None:
        """Notebook share their variables; an error ends the run, as in any notebook."""
        outputs = self.run_cells("x = 6", "print(x * 7)")
        self.assertEqual(outputs[0], [])
        self.assertEqual(outputs[1][0]["text"], "42\n")
        error = self.assertRaises(CellExecutionError, self.run_cells, "1 / 0")
        self.assertIn("Division by zero", str(error))
