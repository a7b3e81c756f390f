"""The packages of ``web/`` for tests that need them: there, installed in CI, or a skipped test."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest

WEB = Path(__file__).resolve().parents[2] / "web"


def npm(*words: str) -> None:
    """Run npm in ``web/``, where its packages are installed. AssertionError if it fails."""
    program = shutil.which("npm")
    if program is None:
        raise SkipTest("no Node here; the checks of web/ need it: see web/package.json")
    # Tests run in several processes, and a second `npm ci` takes away what the first installs.
    with (WEB / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # npm writes this file when everything else is in its place.
        if not (WEB / "node_modules" / ".package-lock.json").exists():
            if os.environ.get("CI") != "true":
                raise SkipTest('the packages of web/ are not installed: run "npm ci" in web/')
            _run(program, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    _run(program, *words)


def axe() -> str:
    """The script that looks for barriers in a page."""
    npm("--version")
    return (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=WEB, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
