"""The example clients: each says the same to a real server with a real share, and hears the same.

The requests are those of ``docs/protocol.md``, "The documented protocol", as they stand there, and
a few programs that people wrote for DataCode's own server.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.client.serving import server, share
from tests.daemons import environment
from tests.smb.samba import LOGIN, PASSWORD

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "08-websocket"
PATIENCE = 120.0

PROGRAMS = [
    "print('Hello from WebSocket!')",
    "global x = 10\nglobal y = 20\nprint('Sum:', x + y)",
    'local files = list_files(path("lib://data/reports"))\n'
    "        for file in files do\n"
    '            print("File:", file)\n'
    "        next file\n        ",
    'for f in list_files(path("lib://data/reports/2024")) do\n  t = read_file(f)\n'
    "  print(f.name, len(t), t.column_names)\nnext f",
    "print(missing)",
]


def documented() -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """The requests in the documented part, each with the answer that stands below it, if any."""
    page = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    part = page.partition("## The documented protocol")[2].partition("## Extensions")[0]
    found: list[tuple[dict[str, Any], dict[str, Any] | None]] = []
    for match in re.finditer(r"^```json\n(.*?)^```$|`(\{.*?\})`", part, re.MULTILINE | re.DOTALL):
        message = json.loads(match[1] or match[2])
        if "success" not in message:
            found.append((message, None))
        elif found[-1][1] is None:
            found[-1] = (found[-1][0], message)
    return found


def node_modules() -> Path:
    """Where node finds ``ws`` and ``wscat``: installed once, beside other caches."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing = "no node with npm on this machine: apt-get install nodejs npm"
        if os.environ.get("CI") == "true":
            raise AssertionError(missing)
        raise SkipTest(missing)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "datacode-tests" / "node"
    if not (folder / "node_modules" / "ws").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            command = ("npm", "install", "--no-audit", "--no-fund", "--prefix", fresh, "ws@8")
            done = subprocess.run((*command, "wscat@6"), capture_output=True, text=True)
            if done.returncode:
                if os.environ.get("CI") == "true":
                    raise AssertionError(done.stderr)
                raise SkipTest(f"npm cannot install ws: {done.stderr.strip().splitlines()[-1:]}")
            shutil.rmtree(folder)
            shutil.copytree(fresh, folder, symlinks=True)
    return folder / "node_modules"


class ClientsTestCase(SynchronousTestCase):
    """A server and a share."""

    def setUp(self) -> None:
        """The files that the page's requests speak of, and the server."""
        self.samba = share()
        reports = self.samba.folder / "reports"
        (reports / "2024").mkdir(parents=True, exist_ok=True)
        (reports / "note.txt").write_text("hello")
        for month in ("march", "april"):
            (reports / "2024" / f"{month}.csv").write_text(f"month,sum\n{month},200\n")
        self.url = server("--use-ve")

    def ran(
        self, *command: str, stdin: str = "", status: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a client until it ends."""
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=EXAMPLES,
            env=environment(**variables),
            timeout=PATIENCE,
            start_new_session=True,
        )
        self.assertEqual(done.returncode, status, f"{done.stdout}\n{done.stderr}")
        return done


class ConversationTests(ClientsTestCase):
    """Requests on standard input, answers on standard output."""

    def requests(self) -> list[dict[str, Any]]:
        """The documented ones with this share's address and login in them, then the programs."""
        found = [dict(request) for request, _ in documented()]
        self.assertGreater(len(found), 6)
        for request in found:
            if "ip" in request:
                request["ip"] = f"127.0.0.1:{self.samba.port}"
                request["login"], request["password"] = LOGIN, PASSWORD
        return [*found, *({"type": "execute", "code": code} for code in PROGRAMS)]

    def assert_conversation(self, *command: str, **variables: str) -> None:
        """The client says everything and hears what the page promises."""
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in self.requests())
        done = self.ran(*command, self.url, stdin=lines, **variables)
        self.assertEqual(done.stderr, "")
        answers = done.stdout.splitlines()
        pages = documented()
        for (request, expected), answer in zip(pages, answers, strict=False):
            if expected is not None:
                compact = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
                self.assertEqual(answer, compact, request)
        outputs = [json.loads(answer) for answer in answers[len(pages) :]]
        self.assertEqual(
            [(a["output"], a["error"]) for a in outputs],
            [
                ("Hello from WebSocket!\n", None),
                ("Sum: 30\n", None),
                ("File: lib://data/reports/2024\nFile: lib://data/reports/note.txt\n", None),
                ("april.csv 1 [month, sum]\nmarch.csv 1 [month, sum]\n", None),
                ("", "Ошибка: переменная 'missing' не определена"),
            ],
        )

    def test_websockets(self) -> None:
        """Python with the websockets package."""
        self.assert_conversation(sys.executable, "client_websockets.py")

    def test_autobahn(self) -> None:
        """Python with Autobahn on Twisted."""
        self.assert_conversation(sys.executable, "client_autobahn.py")

    def test_node(self) -> None:
        """JavaScript with node's ws package."""
        self.assert_conversation("node", "client_ws.js", NODE_PATH=str(node_modules()))


class ProgramTests(ClientsTestCase):
    """Clients that run one program or make one report."""

    def program(self, text: str) -> str:
        """A file with a program."""
        path = Path(self.mktemp()).absolute()
        path.write_text(text, "utf-8")
        return str(path)

    def test_shell(self) -> None:
        """A shell with wscat, or with websocat where that is installed."""
        program = self.program('print("привет", 1 + 1)\nprint("two lines")\n')
        tools = str(node_modules() / ".bin")
        done = self.ran("sh", "client.sh", self.url, program, PATH=f"{tools}:{os.environ['PATH']}")
        answer = json.loads(done.stdout.strip().removeprefix("< "))
        self.assertEqual(answer["output"], "привет 2\ntwo lines\n")

    def test_powershell(self) -> None:
        """PowerShell, nothing else."""
        if shutil.which("pwsh") is None:
            raise SkipTest("no pwsh on this machine")
        program = self.program('print("привет", 1 + 1)\nnosuch')
        done = self.ran("pwsh", "-File", "client.ps1", self.url, program, status=1)
        self.assertEqual(done.stdout, "привет 2\n")
        self.assertIn("nosuch", done.stderr)

    def test_share_report(self) -> None:
        """The report over a share with the Python client; a wrong password is said."""
        command = (sys.executable, "share_report.py", self.url)
        share = (f"127.0.0.1:{self.samba.port}", "data", LOGIN)
        (self.samba.folder / "sales.csv").write_text("month,sum\nmay,150\n")
        done = self.ran(*command, *share, stdin=f"{PASSWORD}\n")
        self.assertIn("sales.csv 1 rows, 2 columns\n┌", done.stdout)
        self.assertIn("│ may   │ 150 │", done.stdout)
        done = self.ran(*command, *share, stdin="wrong\n", status=1)
        self.assertIn("неверное имя пользователя или пароль", done.stderr)
