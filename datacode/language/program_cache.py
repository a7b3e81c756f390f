"""Programs that have been read, with what has been compiled of them, kept for the next time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from datacode.language.analysis.builtin_info import Builtins
from datacode.language.compiler import Compiled, Definition, TopLevelChunk, split
from datacode.language.syntax.parser import parse

CACHED_CHARACTERS = 2**20
CACHED_PROGRAMS = 256
VARIANTS = 8
"""Compiled forms of one part, for different states of the interpreter."""

Kept = TypeVar("Kept", covariant=True, bound=TopLevelChunk | Definition)


@dataclass(frozen=True, slots=True, eq=False)
class CachedUnit(Generic[Kept]):
    """A chunk or a definition with its compiled forms.

    It is the part number ``index`` of the program ``text``.
    """

    tree: Kept
    text: str = ""
    index: int = 0
    variants: dict[tuple[object, ...], Compiled] = field(default_factory=dict)

    def compiled(
        self,
        key: tuple[object, ...],
        make: Callable[[], Compiled],
        is_valid: Callable[[Compiled], bool],
    ) -> Compiled:
        """The form for such a state of the interpreter, if what it relies on ``is_valid``."""
        known = self.variants.get(key)
        if known is None or not is_valid(known):
            known = make()
            if len(self.variants) >= VARIANTS:
                self.variants.clear()
            self.variants[key] = known
        return known


CachedProgram = tuple[CachedUnit[TopLevelChunk | Definition], ...]

_programs: OrderedDict[str, CachedProgram] = OrderedDict()
_lock = threading.Lock()


def read(text: str, builtins: Builtins) -> CachedProgram:
    """The parts of a program, in order. Raises its syntax error."""
    with _lock:
        known = _programs.get(text)
        if known is not None:
            _programs.move_to_end(text)
            return known
    parts: CachedProgram = tuple(
        CachedUnit(part, text, index) for index, part in enumerate(split(parse(text), builtins))
    )
    if len(text) <= CACHED_CHARACTERS // 16:
        _keep(text, parts)
    return parts


def _keep(text: str, parts: CachedProgram) -> None:
    with _lock:
        _programs[text] = parts
        size = sum(map(len, _programs))
        while len(_programs) > CACHED_PROGRAMS or size > CACHED_CHARACTERS:
            oldest, _ = _programs.popitem(last=False)
            size -= len(oldest)
