"""Rows picked by their numbers or by a mask, in blocks.

What does not go in blocks is left to DuckDB: rows in another order, of a table that is not small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from datacode.engine import row_blocks
from datacode.engine.row_blocks import Blocks, Output
from datacode.engine.sql import Selection
from datacode.plans import nodes
from datacode.plans.nodes import BadPlan, CellKind, Source
from datacode.values.lazy_polars import pl


def taken(
    blocks: Blocks,
    selection: Selection,
    step: nodes.Take,
    output: Output,
    told: Callable[[float], None],
) -> bool:
    """Write the rows of some numbers; False where it cannot be done here.

    ``told`` is given how much is done, of one.
    """
    shape = selection.shape(step.source)
    wanted = selection.shape(step.rows)
    if not wanted.rows or not shape.rows or wanted.kinds[0] is not CellKind.NUMBER:
        return False
    cuts = blocks.cuts(step.source)
    if cuts is None:
        return False
    numbers = _Numbers(blocks, step.rows, wanted.rows)
    done = 0
    if blocks.size(cuts) <= row_blocks.SMALL:
        whole = blocks.rows(step.source, 0, shape.rows)
        for part in numbers.parts():
            output.room()
            _check(part, shape.rows)
            output.add(whole.select(pl.all().gather(part)))
            done += len(part)
            told(done / wanted.rows)
        return True
    if not numbers.are_in_order(shape.rows):
        return False
    at = 0
    block: pl.DataFrame | None = None
    for part in numbers.parts():
        first = 0
        filled = part.forward_fill().fill_null(-1)
        while first < part.len():
            while filled[first] >= cuts[at][1]:
                at, block = at + 1, None
            start, stop = cuts[at]
            if block is None:
                output.room()
                block = blocks.rows(step.source, start, stop)
            end = int(filled.search_sorted(stop, side="left"))
            output.add(block.select(pl.all().gather(part[first:end] - start)))
            told((done + end) / wanted.rows)
            first = end
        done += part.len()
    return True


def filtered(
    blocks: Blocks,
    selection: Selection,
    step: nodes.Filter,
    output: Output,
    told: Callable[[float], None],
) -> bool:
    """Write the rows where a mask is true; False where it cannot be done here.

    ``told`` is given how much is done, of one.
    """
    shape = selection.shape(step.source)
    cuts = blocks.cuts(step.source)
    if cuts is None or selection.shape(step.mask).kinds[0] is not CellKind.BOOL:
        return False
    for start, stop in cuts:
        output.room()
        mask = blocks.rows(step.mask, start, stop)["c0b"]
        if mask.any():
            output.add(blocks.rows(step.source, start, stop).filter(mask))
        told(stop / max(shape.rows, 1))
    if not output.pieces:
        output.add(blocks.rows(step.source, 0, 0))
    return True


class _Numbers:
    """The row numbers in the one column of a plan, part by part."""

    def __init__(self, blocks: Blocks, plan: Source, rows: int) -> None:
        self._blocks = blocks
        self._plan = plan
        self._rows = rows

    def parts(self) -> Iterator[pl.Series]:
        for start in range(0, self._rows, row_blocks.BLOCK_ROWS):
            part = self._blocks.rows(
                self._plan, start, min(start + row_blocks.BLOCK_ROWS, self._rows)
            )
            yield part["c0n"].cast(pl.Int64)

    def are_in_order(self, rows: int) -> bool:
        """Is none less than the one before, nulls aside? Raises ``BadPlan`` for one too large."""
        last = 0
        for part in self.parts():
            _check(part, rows)
            filled = part.drop_nulls()
            if len(filled):
                if int(filled[0]) < last or not filled.is_sorted():
                    return False
                last = int(filled[-1])
        return True


def _check(numbers: pl.Series, rows: int) -> None:
    if (numbers < 0).any() or (numbers >= rows).any():
        raise BadPlan("rows beyond the end of a table")


def is_whole(blocks: Blocks, plan: Source, rows: int) -> bool:
    """Are the numbers in the one column of a plan, which has so many rows, all from 0 on?"""
    start = 0
    for part in _Numbers(blocks, plan, rows).parts():
        if not part.equals(pl.int_range(start, start + len(part), eager=True), check_names=False):
            return False
        start += len(part)
    return True
