"""DataCode in editors (extra ``lsp``): ``datacode-lsp`` speaks the Language Server Protocol."""

from __future__ import annotations

import sys

from datacode.console.options import extra_missing


def main() -> int:
    """Serve an editor over standard input and output; the exit status."""
    try:
        # The extra ``lsp`` may not be installed.
        from datacode.lsp.server import server
    except ModuleNotFoundError as missing:
        sys.stderr.write(extra_missing("datacode-lsp", "lsp", missing))
        return 2
    server.start_io()
    return 0
