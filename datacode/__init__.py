"""DataCode: a small language for data work, and a server that runs it remotely.

The packages, from the inside out; each imports only those above it:

- ``errors``, ``catalog``: what can go wrong, and how it is said in English and Russian.
- ``language``: text in, code object out. Pure: no input or output, no Twisted.
- ``tables``: columns, tables, and the readers of CSV and XLSX. Pure, no Twisted.
- ``runtime``: what compiled code can touch: values, operators, builtins, files, the interpreter.
- ``worker``: one interpreter in a process of its own; the parent's half uses Twisted.
- ``smb``: shares of the office network.
- ``server``: WebSocket, sessions, services.
- ``export``: the model of a program's tables as an SQLite database.
- ``console``, ``kernel``, ``lsp``: at a terminal, in Jupyter, in editors. ``client``: in Python.
- ``tap``, ``command``: ``twistd datacode`` and ``datacode``.

For embedding::

    from datacode import Interpreter

    outcome = Interpreter().run("print(1 + 2)")
    outcome.output  # "3\\n"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = ["DataCodeError", "Interpreter", "Outcome", "__version__"]

if TYPE_CHECKING:
    from datacode.errors import DataCodeError
    from datacode.runtime.interpreter import Interpreter, Outcome


def __getattr__(name: str) -> object:
    """Import the public names when they are first asked for.

    ``twistd --help`` and ``datacode --version`` import this package; neither
    should pay for the compiler.
    """
    if name == "DataCodeError":
        from datacode.errors import DataCodeError

        return DataCodeError
    if name in ("Interpreter", "Outcome"):
        from datacode.runtime import interpreter

        return getattr(interpreter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
