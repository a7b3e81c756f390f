"""``datacode-kernel install`` and what Jupyter starts: ``python -m datacode.kernel -f FILE``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from datacode.console.options import extra_missing

_HELP = """\
The DataCode kernel for Jupyter.

Usage: datacode-kernel install [--user | --sys-prefix | --prefix FOLDER]
                               [--server ws://HOST:PORT [--token-file FILE]]
       datacode-kernel -f CONNECTION_FILE      (what Jupyter calls)

With --server the cells run in a session on a DataCode server.
"""


def install(
    user: bool, prefix: str | None, server: str | None = None, token_file: str | None = None
) -> str:
    """Make the kernel known to Jupyter; the folder of its description.

    With a ``server`` it is a second kernel, whose cells run there.
    """
    # Of the extra ``jupyter``, and slow to import.
    from jupyter_client.kernelspec import KernelSpecManager

    argv = [sys.executable, "-m", "datacode.kernel", "-f", "{connection_file}"]
    name, shown = "datacode", "DataCode"
    if server is not None:
        host = urlsplit(server).hostname or server
        name, shown = "datacode-server", f"DataCode ({host})"
        argv.append(f"--DataCodeKernel.server={server}")
        if token_file is not None:
            argv.append(f"--DataCodeKernel.token_file={Path(token_file).absolute()}")
    description = {
        "argv": argv,
        "display_name": shown,
        "language": "datacode",
        "interrupt_mode": "signal",
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(description, indent=2), "utf-8")
        place: str = KernelSpecManager().install_kernel_spec(folder, name, user=user, prefix=prefix)
    return place


def main() -> int:
    """The command line; the exit status."""
    try:
        # The extra ``jupyter`` may not be installed.
        from ipykernel.kernelapp import IPKernelApp

        from datacode.kernel.kernel import DataCodeKernel
    except ModuleNotFoundError as missing:
        sys.stderr.write(extra_missing("datacode-kernel", "jupyter", missing))
        return 2
    if sys.argv[1:2] in (["-h"], ["--help"]):
        sys.stdout.write(_HELP)
        return 0
    if "install" not in sys.argv[1:2]:
        IPKernelApp.launch_instance(kernel_class=DataCodeKernel)
        return 0
    parser = argparse.ArgumentParser(prog="datacode-kernel install")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user only")
    where.add_argument("--sys-prefix", action="store_true", help="into this Python environment")
    where.add_argument("--prefix", help="into another environment's folder")
    parser.add_argument("--server", metavar="URL", help="run cells on a server: ws://HOST:PORT")
    parser.add_argument("--token-file", metavar="FILE", help="with the token that it wants")
    chosen = parser.parse_args(sys.argv[2:])
    if chosen.server is not None and not chosen.server.startswith(("ws://", "wss://")):
        parser.error("--server: an address that begins with ws:// or wss:// is expected")
    prefix = sys.prefix if chosen.sys_prefix else chosen.prefix
    place = install(chosen.user, prefix, chosen.server, chosen.token_file)
    sys.stdout.write(f"The kernel is installed in {place}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
