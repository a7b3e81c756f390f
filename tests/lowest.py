"""``python tests/lowest.py`` prints the oldest versions that ``pyproject.toml`` allows, for pip.

``tests/run --lowest`` installs them as constraints, to see that the lower bounds are true.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest(requirements: list[str]) -> Iterator[str]:
    """``name==version`` for each requirement that says from which version on."""
    for requirement in requirements:
        found = re.match(r"([\w.-]+)(?:\[.*?\])?[^;]*?>= *([\d.]+)", requirement)
        if found:
            yield f"{found[1]}=={found[2]}"


def main() -> None:
    """Print the constraints."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(each for some in extras.values() for each in some)]
    sys.stdout.writelines(f"{line}\n" for line in dict.fromkeys(lowest(requirements)))


if __name__ == "__main__":
    main()
