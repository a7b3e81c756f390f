"""The systemd unit and the container's recipe, as far as that goes without running them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from datacode.server.options.parser import Options
from tests.deploy.proxies import DEPLOY, replaced

EXPOSURE = 4.0
"""``systemd-analyze security`` goes from 0 to 10; above 5 it is not content."""


class UnitTests(SynchronousTestCase):
    """``datacode.service``."""

    def setUp(self) -> None:
        """A copy whose program is one that exists."""
        found = shutil.which("systemd-analyze")
        if found is None:
            raise SkipTest("no systemd-analyze on this machine: apt-get install systemd")
        self.program = found
        text = (DEPLOY / "datacode.service").read_text("utf-8")
        self.unit = Path(self.mktemp()).absolute()
        self.unit.mkdir()
        self.unit /= "datacode.service"
        self.unit.write_text(replaced(text, **{"=/opt/datacode/bin/twistd": "=/bin/true"}), "utf-8")

    def analyze(self, *words: str) -> str:
        """What ``systemd-analyze`` says, which succeeds."""
        done = subprocess.run(
            [self.program, *words, str(self.unit)],
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def test_verify(self) -> None:
        """systemd knows every line."""
        self.assertEqual(self.analyze("verify", "--man=no"), "")

    def test_exposure(self) -> None:
        """The service is closed up as far as the workers' own walls allow."""
        said = self.analyze("security", "--offline=true", "--no-pager")
        found = re.search(r"exposure level for datacode\.service: ([0-9.]+)", said)
        assert found is not None, said
        self.assertLessEqual(float(found[1]), EXPOSURE)


class DockerfileTests(SynchronousTestCase):
    """``Dockerfile``."""

    def setUp(self) -> None:
        """Its instructions, continued lines joined."""
        text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
        self.lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    def words(self, instruction: str) -> list[str]:
        """The words of the last instruction of that name in its JSON form."""
        (*_, line) = [each for each in self.lines if each.startswith(f"{instruction} ")]
        found: list[str] = json.loads(line[line.index("[") :])
        return found

    def test_command(self) -> None:
        """The server understands its options, and runs as somebody without rights."""
        entry = self.words("ENTRYPOINT")
        self.assertEqual((entry[0], entry[-1]), ("twistd", "datacode"))
        options = Options({})
        options.parseOptions(self.words("CMD"))
        self.assertEqual((options.settings.host, options.settings.port), ("0.0.0.0", 8899))
        self.assertIn("USER datacode", self.lines)
        self.assertIn("EXPOSE 8899", self.lines)

    def test_health_check(self) -> None:
        """It is a Python program that asks the right place."""
        (line,) = [each for each in self.lines if each.startswith("HEALTHCHECK")]
        python, flag, code = json.loads(line[line.index("[") :])
        self.assertEqual((python, flag), ("python", "-c"))
        compile(code, "HEALTHCHECK", "exec")
        self.assertIn("http://127.0.0.1:8899/healthz", code)
