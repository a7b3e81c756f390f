"""The rules that carry the architecture, read off the imports of every module."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[1]


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the project: its path below ``datacode`` and its tree."""
    for path in sorted((ROOT / "datacode").rglob("*.py")):
        yield str(path.relative_to(ROOT / "datacode")), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


class LayerTests(SynchronousTestCase):
    """Who may import what."""

    def importers(self, package: str) -> list[str]:
        """The modules that import a package."""
        return [name for name, tree in modules() if package in imported(tree)]

    def test_language_needs_no_twisted(self) -> None:
        """Language, runtime and tables work without Twisted."""
        inner = ("values/", "language/", "runtime/", "hints/", "tables/", "errors.py", "i18n/")
        self.assertEqual([m for m in self.importers("twisted") if m.startswith(inner)], [])

    def test_one_module_imports_impacket(self) -> None:
        """Impacket is behind one module of ``smb``."""
        importers = self.importers("impacket")
        self.assertEqual(len(importers), 1, importers)
        self.assertTrue(importers[0].startswith("smb/"))

    def test_only_the_language_imports_ply(self) -> None:
        """The parser generator could be replaced without anybody else noticing."""
        self.assertEqual([m for m in self.importers("ply") if not m.startswith("language/")], [])

    def test_one_module_imports_autobahn(self) -> None:
        """WebSocket is behind one module."""
        self.assertEqual(self.importers("autobahn"), ["server/net/websocket.py"])

    def test_extras_stay_in_their_packages(self) -> None:
        """What an extra installs is imported by the package that it is for, and only there."""
        for package, folders in (
            ("ipykernel", ("kernel/",)),
            ("jupyter_client", ("kernel/",)),
            ("pygls", ("lsp/",)),
            ("lsprotocol", ("lsp/",)),
            ("websockets", ("client/", "console/connect.py")),
            ("prompt_toolkit", ("console/",)),
            ("polars", ("values/", "tables/", "worker/")),
        ):
            strangers = [m for m in self.importers(package) if not m.startswith(folders)]
            self.assertEqual(strangers, [], package)

    def test_nothing_evaluates_text(self) -> None:
        """No ``eval``, and ``exec`` only where compiled programs are run."""
        callers = [
            (name, node.func.id)
            for name, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("eval", "exec")
        ]
        self.assertEqual([c for c in callers if not c[0].startswith("runtime/")], [])
        self.assertEqual([c for c in callers if c[1] == "eval"], [])

    def test_embedding_imports_no_twisted(self) -> None:
        """Running a program in process loads neither Twisted nor Impacket."""
        code = (
            "import sys; from datacode import Interpreter; "
            "assert Interpreter().run('print(1)').output == '1\\n'; "
            "print([m for m in ('twisted', 'impacket', 'autobahn') if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
        )
        self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))
