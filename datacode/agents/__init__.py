"""DataCode for agents (extra ``mcp``): ``datacode mcp`` speaks the Model Context Protocol."""

from __future__ import annotations

import sys

from datacode.agents.options import AGENTS_HELP, parse
from datacode.console.options import UsageError, extra_missing
from datacode.i18n.catalog import locale_of_environment


def main(words: list[str]) -> int:
    """Serve an agent over standard input and output; the exit status."""
    locale = locale_of_environment()
    if {"--help", "-h"}.intersection(words):
        sys.stdout.write(AGENTS_HELP.render(locale) + "\n")
        return 0
    try:
        options = parse(words)
    except UsageError as problem:
        sys.stderr.write(f"❌ {problem.render(locale)}\n")
        return 2
    try:
        # The extra ``mcp`` may not be installed.
        from datacode.agents.server import serve
    except ModuleNotFoundError as missing:
        sys.stderr.write(extra_missing("datacode mcp", "mcp", missing))
        return 2
    return serve(options)
