"""DataCode: a small language for data work, and a server that runs it remotely.

The packages, from the ground up; each imports only those above it (``docs/architecture.md`` has
the whole order and says where things are, ``tests/test_layers.py`` holds it):

- ``i18n``, ``standard_streams``, ``errors``: every text in English and Russian; what can go wrong.
- ``values``: what programs compute with, tables and their columns among them.
- ``language``: text in, code object out; ``language.tools`` for editors.
- ``tables``: operations on tables, CSV and XLSX.
- ``hints``: advice beside an error, and completion.
- ``runtime``: what compiled code can touch: operators, builtins, files, the interpreter.
- ``export``: the tables of a program as an SQLite database.
- ``worker``: interpreters in sandboxed processes of their own.
- ``smb``: shares of the office network.
- ``server``: WebSocket, sessions, services. ``tap``: ``twistd datacode``.
- ``client``: in Python. ``console``, ``kernel``, ``lsp``: at a terminal, in Jupyter, in editors.
- ``__main__``: ``datacode``.

Neither ``worker.child`` nor anything above ``worker`` in this list imports Twisted.

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
        # Late, for what the docstring says.
        from datacode.errors import DataCodeError

        return DataCodeError
    if name in ("Interpreter", "Outcome"):
        from datacode.runtime import interpreter

        return getattr(interpreter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
