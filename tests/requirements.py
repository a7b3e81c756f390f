"""Which versions of libraries the tests run with, as text for pip.

``python tests/requirements.py lowest``
    The oldest versions that ``pyproject.toml`` allows; ``tests/run --lowest`` installs them.
``python tests/requirements.py newest``
    What is needed, without its bounds; ``tests/run --newest`` installs it.
``python tests/requirements.py tested [PYTHON…] > constraints.txt``
    The exact versions that pip chooses within the bounds, for each of these interpreters (by
    default for the one that runs this). To be run, and all tests after it, to take new versions.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "pyproject.toml"
NAME = "datacode-server"


def required() -> list[str]:
    """Every requirement of the project and its extras, without the extras' names of each other."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    found = [*project["dependencies"], *(each for extra in extras for each in extra)]
    return [each for each in dict.fromkeys(found) if not each.startswith(NAME)]


def lowest(requirements: list[str]) -> Iterator[str]:
    """``name==version`` for each requirement that says from which version on."""
    for requirement in requirements:
        found = re.match(r"([\w.-]+)(?:\[.*?\])?[^;]*?>= *([\d.]+)", requirement)
        if found:
            yield f"{found[1]}=={found[2]}"


def newest(requirements: list[str]) -> Iterator[str]:
    """Each requirement's name and extras, without versions; an exact version stays."""
    for requirement in requirements:
        found = re.match(r"[\w.-]+ *(\[.*?\])?( *==[^;]*)?", requirement)
        assert found is not None, requirement
        yield found[0].strip()


def resolved(python: str) -> tuple[str, dict[str, str]]:
    """The Python's version, ``3.11``, and the version of each package that pip chooses for it."""
    with tempfile.TemporaryDirectory() as folder:
        environment, report = Path(folder, "venv"), Path(folder, "report.json")
        subprocess.run([python, "-m", "venv", environment], check=True)
        pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        how = ["install", "--quiet", "--dry-run", "--ignore-installed", "--report", report]
        subprocess.run([*pip, *how, f"{ROOT}[dev]"], check=True, stdout=sys.stderr)
        found = json.loads(report.read_text(encoding="utf-8"))
    chosen = {
        re.sub(r"[-_.]+", "-", each["metadata"]["name"]).lower(): each["metadata"]["version"]
        for each in found["install"]
    }
    chosen.pop(NAME)
    return found["environment"]["python_version"], chosen


def tested(chosen: dict[str, dict[str, str]]) -> Iterator[str]:
    """Lines of constraints from the versions by Python version and package.

    Where interpreters take different versions, there is a line for each version, with a marker
    that tells from which Python on it holds and up to which.
    """
    pythons = sorted(chosen, key=lambda python: [int(part) for part in python.split(".")])
    for name in sorted({name for versions in chosen.values() for name in versions}):
        steps: list[tuple[str, str]] = []
        for python in pythons:
            version = chosen[python].get(name)
            if version is not None and (not steps or steps[-1][1] != version):
                steps.append((python, version))
        for index, (python, version) in enumerate(steps):
            markers = [f'python_version >= "{python}"'] if index else []
            if index + 1 < len(steps):
                markers.append(f'python_version < "{steps[index + 1][0]}"')
            yield f"{name}=={version}" + (f" ; {' and '.join(markers)}" if markers else "")


def main(words: list[str]) -> int:
    """Print what is asked for; the exit status."""
    match words:
        case ["lowest"]:
            lines = lowest(required())
        case ["newest"]:
            lines = newest(required())
        case ["tested", *pythons]:
            print("# Made by tests/requirements.py: the versions that the tests ran with.")
            lines = tested(dict(map(resolved, pythons or [sys.executable])))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
