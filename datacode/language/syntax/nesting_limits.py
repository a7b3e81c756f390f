"""How deep a program may nest (language reference, section 12).

The parser refuses deeper programs, so that everything behind it may walk a tree recursively.
What it promises about a tree that it gives out:

* No path from a statement of the program down to a leaf is longer than ``MAX_NESTING`` when only
  these steps count: into a block (``if``, ``for``, ``try``, ``function``), into the operand of a
  unary operator, the right operand of a binary one, either operand of ``^``, an element, a pair, an
  argument, an index, and from an index or member down to its base. Parentheses count too.
* A step to the *left* operand of a binary operator does not count: ``a + b + c ...`` of any length
  is a tree that is deep on its left side. Whoever walks a tree has to follow that side in a loop.
* ``else if`` does not count: the branches of an ``if`` lie side by side.
"""

from __future__ import annotations

MAX_NESTING = 1000
"""Constructs inside one another; the reference demands 200 blocks with 200 levels of brackets."""
