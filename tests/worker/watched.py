"""The real worker, with an end to it as soon as anything is imported in it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from datacode.worker import wire
from datacode.worker.child import main

__all__ = ["prepare", "serve"]

prepare = main.prepare


class _Watch:
    """Looks for no module: whoever asks is at fault."""

    def __init__(self, run: socket.socket) -> None:
        self._run = run

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Say which module it was, and end."""
        self._run.sendall(wire.encode(wire.Trouble(f"imported in a worker: {name}")))
        os._exit(1)


def serve(run: socket.socket, control: socket.socket, fork: wire.Fork) -> None:
    """The real worker, watched."""
    sys.meta_path.insert(0, _Watch(run))
    main.serve(run, control, fork)
