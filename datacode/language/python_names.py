"""The names in generated code: the compiler makes them, the runtime reads them.

- ``v_x``: the global ``x``; ``t_x``: the top-level local; ``l_x``: a function's own variable;
  ``b3x2_x``: the variable of the third block, two levels deep; ``b3x2c0_row``: a cell of a row.
- ``p_v_x``: the local that holds the global or top-level local for a while.
- ``o_…`` beside one of these: the array or object that the variable owns alone;
  ``n_…``: the parts that it owns alone; ``w3_…``: the same number as a Python int.
- ``f_x``: the function or builtin ``x``; ``k1_4_x``: ``x`` compiled for arguments of these types;
  ``_block1``: a nested block that is a Python function of its own.
- ``_1``: a temporary; ``m1``: a part of a value that is read again; ``e_1``: whether a loop was
  left for a loop further out; ``e1_``: the element that a loop takes apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

GLOBAL = "v_"
TOP_LEVEL_LOCAL = "t_"
OWN = "l_"
OWNER = "o_"
FUNCTION = "f_"
_PROMOTED = "p_"
_BLOCK_FUNCTION = "_block"

DEPTH = "_d"
"""The parameter that holds how many more calls may be active."""
INDEX = "_i"
"""The index of the last element access, for the error message."""
EXIT = "_left"
"""How the Python function of a nested block was left."""
ROW, CAPTURED = "_row", "_seen"
"""The parameters of a condition over rows: the cells, and variables of the caller."""


def global_variable(name: str) -> str:
    """The Python global of a global variable."""
    return f"v_{name}"


def top_level_local(name: str) -> str:
    """The Python global of a top-level local."""
    return f"t_{name}"


def own_variable(name: str) -> str:
    """The Python local of a function's own variable."""
    return f"l_{name}"


def repeated_parameter(position: int) -> str:
    """A parameter whose name a later one has too."""
    return f"_p{position}"


def block_variable(block: int, depth: int, name: str) -> str:
    """The Python local of a variable of the block with that number, ``depth`` blocks deep."""
    return f"b{block}x{depth}_{name}"


def cell_variable(row: str, index: int) -> str:
    """The Python local of a cell, beside the one of its row."""
    block, _, name = row.partition("_")
    return f"{block}c{index}_{name}"


def promoted(python: str) -> str:
    """The Python local that holds a global or top-level local for a while."""
    return f"{_PROMOTED}{python}"


def promoted_from(python: str) -> str | None:
    """The variable that such a local holds; None of other names."""
    return python.removeprefix(_PROMOTED) if python.startswith(_PROMOTED) else None


def variable_name(python: str) -> str:
    """The name in the program of a variable."""
    return python.partition("_")[2]


def is_private(python: str) -> bool:
    """Is it a variable of a function or block, or the owner of one?"""
    python = python.removeprefix(OWNER)
    return python.startswith((OWN, _PROMOTED)) or (python[:1] == "b" and python[1:2].isdigit())


def is_global(python: str) -> bool:
    """Is it a global or a top-level local, or the owner of one?"""
    return python.removeprefix(OWNER).startswith((GLOBAL, TOP_LEVEL_LOCAL))


def variable_in(message: str) -> str | None:
    """The name in the program from Python's ``name 'v_x' is not defined`` and its like."""
    found = re.search(r"'(?:[vtl]|b\d\w*?)_(.*?)'", message)
    return found[1] if found else None


# Beside variables ------------------------------------------------------------------


def owner(python: str) -> str:
    """Where the array or object is kept that a variable owns."""
    return f"o_{python}"


def owned_parts(python: str) -> str:
    """Where the parts are kept that a variable owns."""
    return f"n_{python}"


def only_reference(python: str) -> str:
    """The local that holds a variable's string while it grows."""
    return f"_s_{python}"


def shadow(number: int, python: str) -> str:
    """The Python int beside the variable of a loop over a range."""
    return f"w{number}_{python}"


def shadow_number(python: str) -> int | None:
    """The number of a shadow; None of other names."""
    return int(python[1:].partition("_")[0]) if python.startswith("w") else None


def shadow_of(python: str) -> str | None:
    """The variable that a shadow stands beside; None of other names."""
    return python.partition("_")[2] if python.startswith("w") else None


# Within functions --------------------------------------------------------------------


def temporary(number: int) -> str:
    """A value that one statement needs."""
    return f"_{number}"


def cached_part(number: int) -> str:
    """A part of a value that is read again."""
    return f"m{number}"


def exit_flag(number: int) -> str:
    """Whether a loop was left for the next step of a loop further out."""
    return f"e_{number}"


def loop_element(depth: int) -> str:
    """What a loop takes apart into its variables."""
    return f"e{depth}_"


# Functions ---------------------------------------------------------------------------


def function(name: str) -> str:
    """The Python function of a function or builtin."""
    return f"f_{name}"


def specialization(name: str, types: Sequence[int]) -> str:
    """The Python function of a function that is compiled for arguments of such types."""
    return f"k{'_'.join(map(str, types))}_{name}"


def function_name(python: str) -> str | None:
    """The name in the program of a Python function; None if it is none of the program's."""
    return python.removeprefix(FUNCTION) if python.startswith(FUNCTION) else None


def block_function(number: int) -> str:
    """The Python function of a nested block."""
    return f"{_BLOCK_FUNCTION}{number}"


def is_block_function(python: str) -> bool:
    """Is it the Python function of a nested block?"""
    return python.startswith(_BLOCK_FUNCTION)
