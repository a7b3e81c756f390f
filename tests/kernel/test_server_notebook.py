"""A kernel whose cells run on a server: a real kernel, a real server, a connection that breaks."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from twisted.trial.unittest import SynchronousTestCase

from datacode.client import SessionKey, SessionTaken, connect
from datacode.kernel.__main__ import install
from tests.losses import Losses
from tests.smb.proxy import FaultProxy
from tests.web.running_server import ROOT, RunningServer

PATIENCE = 90.0
COUNTS = """for i in range(20) do
for j in range(400000) do
y = j
next j
print(i)
next i"""
TOKEN = "secret-of-the-kernel"


class ServerNotebookTestCase(SynchronousTestCase):
    """One server and one kernel for each test."""

    flags: tuple[str, ...] = ()
    beginning = ""
    """What the kernel's Python runs first."""

    def serve(self) -> None:
        """The server and the proxy."""
        self.server = RunningServer("--token", TOKEN, *self.flags)
        self.addCleanup(self.server.stop)
        self.proxy = FaultProxy(self.server.port)
        self.addCleanup(self.proxy.close)

    def setUp(self) -> None:
        """A server behind a proxy, and a kernel that was installed for it."""
        self.serve()
        self.folder = folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(self.beginning)
        (folder / "token").write_text(TOKEN + "\n")
        place = install(
            False, str(folder), f"ws://127.0.0.1:{self.proxy.port}", str(folder / "token")
        )
        description = json.loads((Path(place) / "kernel.json").read_text("utf-8"))
        self.assertEqual(description["display_name"], "DataCode (127.0.0.1)")
        self.assertNotIn(TOKEN, json.dumps(description))
        specs = KernelSpecManager(kernel_dirs=[str(folder / "share/jupyter/kernels")])
        self.manager = KernelManager(kernel_name="datacode-server", kernel_spec_manager=specs)
        self.start()
        self.addCleanup(self.manager.shutdown_kernel, now=True)
        self.client = self.manager.client()
        self.client.start_channels()
        self.addCleanup(self.client.stop_channels)
        self.client.wait_for_ready(timeout=PATIENCE)

    def start(self) -> None:
        """Start the kernel, or start it again after it was killed."""
        path = f"{ROOT}{os.pathsep}{self.folder}"
        environment = {**os.environ, "PYTHONPATH": path, "LC_ALL": "C.UTF-8"}
        self.manager.start_kernel(env=environment, stderr=subprocess.DEVNULL)

    def execute(self, code: str) -> tuple[dict[str, Any], str, str]:
        """Run a cell: the reply, what it printed, what was said on the stream for errors.

        ``shown`` has what was shown otherwise, each with how much had been printed before it.
        """
        streams = {"stdout": "", "stderr": ""}
        self.shown: list[tuple[int, dict[str, Any]]] = []
        places: dict[str, int] = {}

        def add(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                streams[content["name"]] += content["text"]
            elif message["msg_type"] == "display_data":
                if name := content["transient"].get("display_id"):
                    places[name] = len(self.shown)
                self.shown.append((len(streams["stdout"]), content["data"]))
            elif message["msg_type"] == "update_display_data":
                place = places[content["transient"]["display_id"]]
                self.shown[place] = (self.shown[place][0], content["data"])

        reply = self.client.execute_interactive(
            code, timeout=PATIENCE, output_hook=add, stop_on_error=False
        )
        return reply["content"], streams["stdout"], streams["stderr"]


class ServerNotebookTests(ServerNotebookTestCase):
    """What a notebook needs."""

    def test_cells(self) -> None:
        """Values, errors with their place, completion; all of it on the server."""
        self.assertEqual(self.execute("x = 20\nprint('привет')\nx + 1")[1], "привет\n21\n")
        reply, _, _ = self.execute("amount = 1\nprint(amuont)")
        self.assertEqual(reply["status"], "error")
        self.assertEqual(
            reply["traceback"][1:],
            ["2 | print(amuont)", "          ^", "💡 did you mean 'amount'?"],
        )
        self.client.complete("x = amou", 8)
        found = self.client.get_shell_msg(timeout=PATIENCE)["content"]
        self.assertEqual((found["matches"], found["cursor_start"]), (["amount"], 4))
        self.execute("rollback on")
        self.execute("x = 5\n1 / 0")
        self.assertEqual(self.execute("x")[1], "20\n")

    def test_tables(self) -> None:
        """As HTML in their places, with their frames as text; frames of the program's stay text."""
        _, printed, _ = self.execute(
            "print('before')\nshow_table(table([[1, '<b>'], [2.25, 'c']], ['id', 'n']))\n"
            "print('between')\nprint('┌──┐')\nprint('│ mine │')\nprint('└──┘')\nprint('after')\n"
            "table([[5]], ['last'])"
        )
        first = "before\n"
        self.assertEqual(printed, first + "between\nafter\n")
        (at, data), (_, mine), (end, last) = self.shown
        self.assertEqual((at, end), (len(first), len(printed)))
        self.assertIn("<td>1</td><td>&lt;b&gt;</td>", data["text/html"])
        self.assertIn("<td>2.25</td><td>c</td>", data["text/html"])
        self.assertIn("│ 1    │ <b> │", data["text/plain"])
        self.assertEqual(mine, {"text/plain": "┌──┐\n│ mine │\n└──┘\n"})
        self.assertIn("<th>last</th>", last["text/html"])

    def test_long_table(self) -> None:
        """The first rows, and how many there are; not all of it is sent."""
        _, printed, _ = self.execute(
            "rows = []\nfor n in range(5000) do\nrows = push(rows, [n])\nnext n\n"
            "t = table(rows, ['n'])\nt"
        )
        self.assertEqual(printed, "")
        ((_, data),) = self.shown
        self.assertEqual(data["text/html"].count("<tr>"), 201)
        self.assertIn("5000 × 1 (1–200)", data["text/html"])
        self.assertEqual(data["text/plain"].splitlines()[-1], "⋮ 100/5000")

    def test_charts(self) -> None:
        """As Vega-Lite, pictures and text, shown or as the last value."""
        _, printed, _ = self.execute(
            "t = table([['a', 1]], ['c', 'n'])\nshow_chart(chart(t, 'bar', 'c', 'n'))\n"
            "print('done')\nchart(t, 'line', 'c', 'n')"
        )
        self.assertEqual(printed, "done\n")
        kinds = [data["application/vnd.vegalite.v5+json"]["mark"]["type"] for _, data in self.shown]
        self.assertEqual(kinds, ["bar", "line"])
        for _, data in self.shown:
            self.assertIn("<svg", data["image/svg+xml"])
            self.assertEqual(base64.b64decode(data["image/png"])[:4], b"\x89PNG")
            self.assertTrue(data["text/plain"])

    def test_connection_lost(self) -> None:
        """Between cells and within one: the session goes on, no output is lost or comes twice."""
        self.execute("x = 1")
        self.proxy.drop_all()
        self.assertEqual(self.execute("x")[1], "1\n")
        message = self.client.execute(
            "for i in range(60) do\nfor j in range(500000) do\ny = j\nnext j\nprint(i)\nnext i"
        )
        seen = 0
        text = ""
        while not text.endswith("59\n"):
            got = self.client.get_iopub_msg(timeout=PATIENCE)
            if got["msg_type"] == "stream" and got["content"]["name"] == "stdout":
                text += got["content"]["text"]
                seen += 1
                if seen == 1:
                    self.proxy.drop_all()
        self.assertEqual(text, "".join(f"{i}\n" for i in range(60)))
        self.assertEqual(
            self.client.get_shell_msg(timeout=PATIENCE)["parent_header"]["msg_id"], message
        )

    def test_kernel_killed(self) -> None:
        """A kernel that is started again comes back to its session."""
        self.execute("rate = 1.2")
        self.manager.provisioner.process.kill()
        self.manager.provisioner.process.wait()
        self.start()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.assertEqual(self.execute("rate")[1], "1.2\n")

    def test_taken(self) -> None:
        """A session that another client has taken is not taken back before the user wants it."""
        self.execute("x = 7")
        file = Path(self.manager.connection_file).with_suffix(".datacode-session")
        key = SessionKey.parse(file.read_text())
        with connect(self.server.address, token=TOKEN, session=key) as other:
            other.execute("x = 8")
            reply, printed, _ = self.execute("x")
            self.assertEqual((reply["status"], printed), ("error", ""))
            self.assertIn("run the cell again", reply["evalue"])
            self.assertEqual(other.execute("print(x)").output, "8\n")
            self.assertEqual(self.execute("x")[1], "8\n")
            self.assertRaises(SessionTaken, other.execute, "print(x)")

    def test_server_gone(self) -> None:
        """One sentence, and a new session once there is a server."""
        self.execute("x = 1")
        port = self.server.port
        self.server.stop()
        again = RunningServer("--token", TOKEN, port=port)
        self.addCleanup(again.stop)
        reply, _, _ = self.execute("x")
        self.assertEqual(reply["status"], "error")
        self.assertEqual(self.execute("print(2)")[1], "2\n")


class AwayTests(ServerNotebookTestCase):
    """A computer that sleeps, a network that changes: the kernel finds out by itself."""

    flags = ("--ping-interval", "1")
    beginning = (
        "from datacode.client import kept_session\n"
        "kept_session.PING_SECONDS = kept_session.PONG_SECONDS = 1.0\n"
    )

    def sleep(self) -> None:
        """The computer is asleep until the server has given the connection up."""
        process = self.manager.provisioner.process
        process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + PATIENCE
        while self.proxy.open:
            self.assertLess(time.monotonic(), end, "the server does not notice")
            time.sleep(0.02)
        process.send_signal(signal.SIGCONT)

    def test_away(self) -> None:
        """Output of a cell that ran meanwhile comes once, and variables are there."""
        self.execute("x = 7")
        for away in (self.sleep, self.proxy.hold_all):
            self.while_away(away)
            self.assertEqual(self.execute("x")[1], "7\n")

    def while_away(self, away: Callable[[], None]) -> None:
        """Run a cell, and be away from its first output on."""
        connections = self.proxy.connections
        steps = 400_000
        while self.proxy.connections == connections:
            # A longer one where the kernel had all of it before it was away.
            self.assertLess(steps, 10**8, "the kernel makes no second connection")
            self.client.execute(COUNTS.replace("400000", str(steps)))
            steps *= 8
            text = ""
            while not text.endswith("19\n"):
                got = self.client.get_iopub_msg(timeout=PATIENCE)
                if got["msg_type"] == "stream" and got["content"]["name"] == "stdout":
                    if not text:
                        away()
                    text += got["content"]["text"]
            self.assertEqual(text, "".join(f"{i}\n" for i in range(20)))
            self.assertEqual(self.client.get_shell_msg(timeout=PATIENCE)["content"]["status"], "ok")


class LossesTests(ServerNotebookTestCase):
    """Whatever is lost under a session, the notebook has it."""

    def serve(self) -> None:
        """A server that is going to be killed."""
        self.losses = Losses(self)
        self.proxy = self.losses.proxy

    def test_all(self) -> None:
        """One loss after another."""

        def say(code: str) -> str:
            reply, printed, said = self.execute(code)
            return f"{printed}{said}{reply.get('traceback')}"

        self.losses.all(say)
