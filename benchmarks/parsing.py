"""How fast texts become trees: ``python -m benchmarks.parsing [LINES]``.

Prints lines a second for the lexer, the parser and PLY's own loop (with the same tokens, but
without any action, so that it builds nothing), the memory of the longest text, and whether time
grows with length only.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from datacode.language.syntax import lr_driver
from datacode.language.syntax.lexer import END, lex
from datacode.language.syntax.parser import parse
from datacode.language.syntax.source import Source

BLOCK = """\
# what has to be ordered
function missing(entry, min) do
  if entry.left >= entry.min and min != 5 do
    return 0
  endif
  return entry.min - entry.left * 2
endfunction

total = 0
for entry in stock do
  n = missing(entry, "text")
  if n == 0 do
    next entry            # go on with the next element
  endif
  print("order", n, entry.item[0])
  total = total + n / 2 - 1
next entry
x = {item: "bolts", left: 12, min: [50, 1, 2]}
text = text + str(i) + ", "
same = a == b
"""


class PlyToken:
    """A token as PLY's loop wants it."""

    __slots__ = ("lexpos", "lineno", "type", "value")


class PlyLexer:
    """Our tokens, handed out one by one as PLY's loop wants them."""

    def __init__(self, text: str) -> None:
        self._tokens = lex(Source(text))

    def token(self) -> PlyToken | None:
        """The next token; None at the end."""
        token = next(self._tokens)
        if token.kind == END:
            return None
        given = PlyToken()
        given.type, given.value, given.lineno, given.lexpos = token
        return given


def ply_loop() -> Callable[[str], None]:
    """PLY's parser of our grammar, each action replaced by one that does nothing."""
    parser = lr_driver.build()

    def nothing(p: Any) -> None:
        p[0] = None

    for production in parser.productions:
        production.callable = nothing
    return lambda text: parser.parse(lexer=PlyLexer(text))


def seconds(work: Callable[[], object]) -> float:
    """The best of three runs."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main(lines: int) -> None:
    """Measure with texts of so many lines, and of a tenth of that."""
    text = BLOCK * (lines // 20)
    ply = ply_loop()
    parse(BLOCK)
    lexing = seconds(lambda: sum(1 for _ in lex(Source(text))))
    bare = seconds(lambda: ply(text))
    parsing = seconds(lambda: parse(text))
    small = seconds(lambda: parse(BLOCK * (lines // 200)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"lexer              {lines / lexing:10,.0f} lines/s")
    print(f"PLY's loop, empty  {lines / bare:10,.0f} lines/s, {bare / parsing:.2f} of our time")
    print(f"parser             {lines / parsing:10,.0f} lines/s, peak {peak} MiB")
    print(f"a tenth of it      {lines / 10 / small:10,.0f} lines/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
