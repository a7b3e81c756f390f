"""What ``pip install`` gives: a wheel with the plugin, the pages and the catalogues in it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.requirements import PROJECT, ROOT, lowest, newest, required, tested


class WheelTests(SynchronousTestCase):
    """The wheel in a virtual environment that holds nothing else."""

    def run_quietly(self, *command: str, cwd: Path | None = None) -> str:
        """The output of a command; the test fails with it if the command does."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_wheel_in_an_empty_environment(self) -> None:
        """``twistd --help`` lists the plugin, ``datacode`` runs, no file of ours is missing."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
        reachable = subprocess.run(
            [*pip, "download", "--no-deps", "--dest", str(folder), "ply==3.11"],
            capture_output=True,
            check=False,
        )
        if reachable.returncode and os.environ.get("CI") != "true":
            raise SkipTest("the package index cannot be reached: connect to a network to run this")
        # A copy of what git tracks: a build inside the checkout would leave its folders behind.
        source = folder / "source"
        files = self.run_quietly("git", "ls-files", cwd=ROOT).splitlines()
        for name in files:
            if (ROOT / name).is_file() and not name.startswith("tests/"):
                target = source / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((ROOT / name).read_bytes())
        self.run_quietly(*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
        (wheel,) = folder.glob("datacode_server-*.whl")
        venv.create(folder / "empty", with_pip=True)
        bin_folder = folder / "empty" / "bin"
        self.run_quietly(str(bin_folder / "python"), "-m", "pip", "--quiet", "install", str(wheel))
        help_text = self.run_quietly(str(bin_folder / "twistd"), "--help", cwd=folder)
        self.assertRegex(help_text, r"(?m)^\s+datacode\s+Run DataCode programs")
        options = self.run_quietly(str(bin_folder / "twistd"), "datacode", "--help", cwd=folder)
        self.assertIn("--port", options)
        version = self.run_quietly(str(bin_folder / "datacode"), "--version", cwd=folder)
        self.assertRegex(version, r"^DataCode \d+\.\d+\.\d+\n$")
        shown = self.run_quietly(
            str(bin_folder / "python"),
            "-c",
            "from datacode import Interpreter; print(Interpreter().run('x').error.render('ru'))",
            cwd=folder,
        )
        self.assertEqual(shown, "Ошибка: переменная 'x' не определена\n")
        package = Path(
            self.run_quietly(
                str(bin_folder / "python"),
                "-c",
                "import datacode, os; print(os.path.dirname(datacode.__file__))",
                cwd=folder,
            ).strip()
        )
        tracked = {f for f in files if f.startswith("datacode/") and "/." not in f}
        missing = [f for f in tracked if not (package.parent / f).exists()]
        self.assertEqual(missing, [])

    timeout = 600


class ExtrasTests(SynchronousTestCase):
    """Programs whose extra is not installed, which is the same as an import that fails."""

    def said(self, command: str, locale: str, *missing: str) -> str:
        """What a program writes, which ends with 2."""
        code = f"import sys; sys.modules.update(dict.fromkeys({missing})); {command}"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "LC_ALL": locale, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr

    def test_language_server(self) -> None:
        """``datacode-lsp`` says what to install."""
        command = "from datacode.lsp import main; sys.exit(main())"
        self.assertEqual(
            self.said(command, "C.UTF-8", "pygls", "lsprotocol"),
            "❌ datacode-lsp needs libraries that are not installed:"
            " pip install 'datacode-server[lsp]'\n",
        )

    def test_kernel(self) -> None:
        """``datacode-kernel`` too, before it makes itself known; in Russian where that is set."""
        command = "from datacode.kernel.__main__ import main; sys.exit(main())"
        for words in ("", "sys.argv.append('install'); "):
            self.assertEqual(
                self.said(words + command, "ru_RU.UTF-8", "ipykernel", "jupyter_client"),
                "❌ datacode-kernel: не установлены нужные библиотеки:"
                " pip install 'datacode-server[jupyter]'\n",
            )

    def test_commands(self) -> None:
        """Each command of the project names a function, and ``python -m datacode`` is one."""
        scripts = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["scripts"]
        self.assertEqual(scripts["datacode"], "datacode.__main__:main")
        for target in scripts.values():
            module, _, name = target.partition(":")
            self.assertTrue(callable(getattr(importlib.import_module(module), name)))
        for words in (("-m", "datacode"), ("-m", "datacode.__main__")):
            done = subprocess.run(
                [sys.executable, *words, "-q", "-c", "print(1 + 2)"],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "3\n", ""))


class LowestVersionsTests(SynchronousTestCase):
    """The constraints of ``tests/run --lowest``."""

    def test_every_bound(self) -> None:
        """Extras, several conditions and exact versions; what has no lower bound is left to pip."""
        wanted = ["a.b-c>=1.2", "d[x,y]>=3,<4", "e>5,>=5.1", "f==6", "g", "h[z]<7", "i >= 8 ; x"]
        self.assertEqual(list(lowest(wanted)), ["a.b-c==1.2", "d==3", "e==5.1", "i==8"])

    def test_of_this_project(self) -> None:
        """What the server itself needs has a lower bound, or an exact version."""
        text = PROJECT.read_text(encoding="utf-8")
        needed = tomllib.loads(text)["project"]["dependencies"]
        self.assertEqual(
            len(list(lowest(needed))), len([each for each in needed if "==" not in each])
        )


class NewestVersionsTests(SynchronousTestCase):
    """The requirements of ``tests/run --newest``."""

    def test_every_bound(self) -> None:
        """Bounds and markers are left out, extras and exact versions stay."""
        wanted = ["a.b-c>=1.2", "d[x,y]>=3,<4", "f==6", "g", "h[z] < 7", "i >= 8 ; x"]
        self.assertEqual(list(newest(wanted)), ["a.b-c", "d[x,y]", "f==6", "g", "h[z]", "i"])


class ConstraintsTests(SynchronousTestCase):
    """``constraints.txt``, the versions that were tested."""

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]

    def test_exact_versions_only(self) -> None:
        """Every line is a name and a version, with no address of a file or an index."""
        for line in self.lines:
            self.assertRegex(
                line, r'^[a-z0-9-]+==[0-9][\w.!+]*( ; (python_version [<>]=? "3\.\d+"( and )?)+)?$'
            )

    def test_within_the_bounds(self) -> None:
        """What ``pyproject.toml`` names is there, in a version that it allows."""
        constraints: dict[str, set[str]] = {}
        for line in self.lines:
            found = Requirement(line)
            constraints.setdefault(found.name, set()).update(s.version for s in found.specifier)
        for text in required():
            requirement = Requirement(text)
            versions = constraints[canonicalize_name(requirement.name)]
            for version in versions:
                self.assertTrue(
                    requirement.specifier.contains(version),
                    f"constraints.txt has {requirement.name} {version}, which {text!r} in"
                    " pyproject.toml forbids: run tests/requirements.py tested, then all tests",
                )

    def test_interpreters_that_differ(self) -> None:
        """One line for all of them, or one for each version with its span of Pythons."""
        chosen = {
            "3.9": {"a": "1", "b": "1", "old": "1"},
            "3.10": {"a": "1", "b": "2"},
            "3.11": {"a": "1", "b": "3", "new": "1"},
        }
        self.assertEqual(
            list(tested(chosen)),
            [
                "a==1",
                'b==1 ; python_version < "3.10"',
                'b==2 ; python_version >= "3.10" and python_version < "3.11"',
                'b==3 ; python_version >= "3.11"',
                "new==1",
                "old==1",
            ],
        )
