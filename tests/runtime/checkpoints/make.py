"""Writes a file of the present version of the format: ``python -m tests.runtime.checkpoints.make``.

Those of earlier versions stay as they are.
"""

from __future__ import annotations

from datacode import Interpreter
from datacode.runtime import checkpoint
from tests.runtime.test_checkpoint import CHECKPOINTS, PROGRAM, saved

if __name__ == "__main__":
    interpreter = Interpreter()
    interpreter.run(PROGRAM)
    (CHECKPOINTS / f"version{checkpoint.VERSION}.dcstate").write_bytes(saved(interpreter))
