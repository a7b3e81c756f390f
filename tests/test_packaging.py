"""What ``pip install`` gives: a wheel with the plugin, the pages and the catalogues in it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.lowest import PROJECT, lowest

ROOT = Path(__file__).resolve().parents[1]


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
