"""``datacode-kernel install`` and what Jupyter starts: ``python -m datacode.kernel -f FILE``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from datacode.console.options import extra_missing


def install(user: bool, prefix: str | None) -> str:
    """Make the kernel known to Jupyter; the folder of its description."""
    # Of the extra ``jupyter``, and slow to import.
    from jupyter_client.kernelspec import KernelSpecManager

    description = {
        "argv": [sys.executable, "-m", "datacode.kernel", "-f", "{connection_file}"],
        "display_name": "DataCode",
        "language": "datacode",
        "interrupt_mode": "signal",
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(description, indent=2), "utf-8")
        place: str = KernelSpecManager().install_kernel_spec(
            folder, "datacode", user=user, prefix=prefix
        )
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
    if "install" not in sys.argv[1:2]:
        IPKernelApp.launch_instance(kernel_class=DataCodeKernel)
        return 0
    parser = argparse.ArgumentParser(prog="datacode-kernel install")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user only")
    where.add_argument("--sys-prefix", action="store_true", help="into this Python environment")
    where.add_argument("--prefix", help="into another environment's folder")
    chosen = parser.parse_args(sys.argv[2:])
    place = install(chosen.user, sys.prefix if chosen.sys_prefix else chosen.prefix)
    sys.stdout.write(f"The kernel is installed in {place}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
