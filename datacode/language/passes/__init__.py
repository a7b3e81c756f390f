"""From plan to plan: what can be made faster once everything is known.

A pass takes the plan of a chunk, function or condition and returns one that does the same.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.passes.constant_equality import bound_constants
from datacode.language.passes.folds import add_folds
from datacode.language.passes.promotion import promote


def improved(unit: plan.Unit) -> plan.Unit:
    """The plan behind all passes."""
    if unit.visits_cells:
        unit = add_folds(unit)
    if unit.compares_constants:
        unit = bound_constants(unit)
    return promote(unit) if unit.has_blocks else unit
