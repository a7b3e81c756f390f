"""The rules that carry the architecture, read off the imports of every module."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.import_graph import (
    ROOT,
    circles,
    grouped,
    imports,
    module_graph,
    node_of,
    sources,
    trees,
)

PAGES = (ROOT / "docs" / "architecture.md", ROOT / "docs" / "ru" / "architecture.md")

LATE = {
    "": {"errors", "runtime.interpreter"},
    "__main__": {"agents", "console.main", "server.auth.passwd", "server.foreground"},
    "agents": {"agents.server"},
    "console.completion": {"server.options.parser"},
    "console.connect": {"client", "console.backends", "console.repl", "websockets"},
    "console.main": {
        "console.backends",
        "console.completion",
        "console.connect",
        "console.demo",
        "console.large_tables",
        "console.repl",
        "console.run",
        "console.shares",
        "errors",
        "language.tools.format",
        "runtime.files",
        "runtime.local_files",
        "smb.target",
    },
    "console.session_file": {"client"},
    "console.repl": {"console.highlight", "prompt_toolkit"},
    "console.run": {
        "export.sqlite",
        "language.compiler",
        "language.tools.listing",
        "language.tools.plan_listing",
    },
    "kernel.__main__": {"ipykernel", "jupyter_client", "kernel.kernel"},
    "kernel.kernel": {"kernel.server_notebook"},
    "lsp": {"lsp.server"},
    "runtime.builtins.document_files": {
        "charts.figure",
        "charts.workbook",
        "reports.html",
        "reports.pdf",
        "reports.workbook",
    },
    "server.files.sandboxed_files": {"fcntl"},
    "server.foreground": {"twisted"},
    "smb.client.reconnecting": {"smb.client.dfs_namespace"},
    "smb.shares": {"smb.client.dfs_namespace", "smb.client.session_setup"},
    "tables.xlsx.calamine_reader": {"python_calamine"},
    "tables.xlsx.openpyxl_reader": {"openpyxl"},
    "tables.xlsx.write": {"openpyxl", "tables.xlsx.row_stream"},
    "tap": {"twisted"},
    "values.lazy_polars": {"polars"},
}
"""What modules import within functions, and nobody else does: what costs time that most runs need
not spend, what an extra or another system may lack, and reactors, which must not be installed by
an import. A comment beside each says which."""


def order(page: Path) -> list[list[str]]:
    """The rows of the table of layers on a page, from the ground up: packages and modules."""
    table = page.read_text("utf-8").partition("<!-- layers -->")[2].partition("<!-- end -->")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([\w.]+)`", row) for row in rows]


class OrderTests(SynchronousTestCase):
    """Modules import only what ``docs/architecture.md`` lists above them."""

    maxDiff = None

    def setUp(self) -> None:
        """Read the order from the page."""
        self.rows = order(PAGES[0])
        self.levels = {name: level for level, row in enumerate(self.rows) for name in row}
        self.graph = module_graph()

    def test_page_lists_every_module(self) -> None:
        """Each module is in a package of the table, and the table names nothing else."""
        nodes = set(self.levels)
        self.assertEqual(len(nodes), sum(map(len, self.rows)), "a name stands there twice")
        self.assertEqual(nodes - set(sources()), set(), "no such package or module")
        homes = {node_of(module, nodes) for module in sources() if module}
        self.assertEqual(nodes, homes)

    def test_named_files_exist(self) -> None:
        """Each file and folder that the pages name is there, below the root or a package."""
        below = [
            ROOT,
            ROOT / "benchmarks",
            *(ROOT / "datacode" / name.replace(".", "/") for name in ("", *self.levels)),
        ]
        for page in PAGES:
            names = set(re.findall(r"`([\w/]+(?:\.py|/))`", page.read_text("utf-8")))
            self.assertGreater(len(names), 30)
            gone = [n for n in names if not any((folder / n).exists() for folder in below)]
            self.assertEqual(gone, [], page)

    def test_docstrings_of_packages_name_their_modules(self) -> None:
        """What stands before a colon in a package's docstring is a module of it, or a package."""
        for package, tree in trees().items():
            if not (ROOT / "datacode" / package.replace(".", "/")).is_dir():
                continue
            text = ast.get_docstring(tree) or ""
            for head in re.findall(r"((?:``[\w.]+``(?:, *)?)+):", text):
                for name in re.findall(r"[\w.]+", head):
                    known = {f"{package}.{name}" if package else name, name} & set(sources())
                    self.assertTrue(known, f"{package}: {name}")

    def test_both_pages_say_the_same(self) -> None:
        """The Russian page has the same order."""
        self.assertEqual(order(PAGES[1]), self.rows)

    def test_imports_follow_the_order(self) -> None:
        """A package imports those of rows above its own."""
        graph = {name: imported - {""} for name, imported in self.graph.items() if name}
        against = [
            (importer, imported)
            for importer, all_imported in grouped(graph, self.levels).items()
            for imported in all_imported
            if self.levels[imported] >= self.levels[importer]
        ]
        self.assertEqual(sorted(against), [], "imports against the order of docs/architecture.md")

    def test_no_circle_of_modules(self) -> None:
        """No module imports itself by way of others, not even for type checking."""
        self.assertEqual(circles(self.graph), [])

    def test_no_circle_of_packages(self) -> None:
        """Nor does a package at the top."""
        tops = {name.partition(".")[0] for name in self.graph}
        self.assertEqual(circles(grouped(self.graph, tops)), [])

    def test_imports_within_functions(self) -> None:
        """Imports within functions are those that are listed, and a comment gives the reason."""
        found: dict[str, set[str]] = {}
        bare = []
        for module, text in sources().items():
            lines = ["", *text.splitlines()]
            first: dict[int, int] = {}
            for each in imports(module):
                if each.function is not None:
                    found.setdefault(module, set()).add(each.imported)
                    line = first.get(each.function, each.line)
                    first[each.function] = min(line, each.line)
            for line in first.values():
                if "# " not in lines[line - 1] + lines[line].partition("# noqa")[0]:
                    bare.append(f"{module}:{line}")
        self.assertEqual(found, LATE)
        self.assertEqual(bare, [], "no comment gives the reason")


class LayerTests(SynchronousTestCase):
    """Who may import what."""

    def importers(self, package: str) -> list[str]:
        """The modules that import a package."""
        return [name for name in sources() if package in {i.imported for i in imports(name)}]

    def test_language_needs_no_twisted(self) -> None:
        """Language, runtime and tables work without Twisted."""
        inner = ("values.", "plans.", "engine.", "language.", "runtime.", "hints.", "tables.")
        inner += ("errors", "i18n.")
        self.assertEqual([m for m in self.importers("twisted") if f"{m}.".startswith(inner)], [])

    def test_two_modules_import_impacket(self) -> None:
        """Impacket is behind its connection as we use it, and the log-in."""
        modules = ["smb.client.session_setup", "smb.client.smb_connection"]
        self.assertEqual(sorted(self.importers("impacket")), modules)

    def test_only_the_language_imports_ply(self) -> None:
        """The parser generator could be replaced without anybody else noticing."""
        self.assertEqual(
            [m for m in self.importers("ply") if not f"{m}.".startswith("language.")], []
        )

    def test_analysis_makes_no_code(self) -> None:
        """What is known of a program does not depend on the Python that is made of it."""
        importers = [m for m in self.importers("ast") if m.startswith("language.")]
        self.assertEqual(
            [m for m in importers if not m.startswith("language.codegen.")],
            ["language.compiler", "language.tools.listing"],
        )

    def test_code_is_made_of_plans(self) -> None:
        """Code generation sees plans only: neither the tree, nor what is known of a program."""
        allowed = {"plan", "rules", "slots", "type_sets"}
        strange = {
            (module, each.imported)
            for module in sources()
            if module.startswith("language.codegen.")
            for each in imports(module)
            if each.imported.startswith(("language.syntax", "language.planning"))
            or (
                each.imported.startswith("language.analysis.")
                and each.imported.rpartition(".")[2] not in allowed
            )
        }
        self.assertEqual(strange, set())

    def test_one_module_imports_autobahn(self) -> None:
        """WebSocket is behind one module."""
        self.assertEqual(self.importers("autobahn"), ["server.net.websocket"])

    def test_extras_stay_in_their_packages(self) -> None:
        """What an extra installs is imported by the package that it is for, and only there."""
        for package, folders in (
            ("duckdb", ("engine.",)),
            ("ipykernel", ("kernel.",)),
            ("jupyter_client", ("kernel.",)),
            ("pygls", ("lsp.",)),
            ("lsprotocol", ("lsp.",)),
            ("mcp", ("agents.",)),
            ("websockets", ("agents.", "client.", "console.connect.", "kernel.server_notebook")),
            ("prompt_toolkit", ("console.",)),
            ("polars", ("values.", "tables.", "worker.")),
        ):
            strangers = [m for m in self.importers(package) if not f"{m}.".startswith(folders)]
            self.assertEqual(strangers, [], package)

    def test_nothing_evaluates_text(self) -> None:
        """No ``eval``, and ``exec`` only where compiled programs are run."""
        callers = [
            (name, node.func.id)
            for name, tree in trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("eval", "exec")
        ]
        self.assertEqual([c for c in callers if not c[0].startswith("runtime.")], [])
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
