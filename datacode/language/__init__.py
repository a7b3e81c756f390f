"""Text in, code object out. No input or output, no Twisted.

What a text goes through, in this order:

- ``source``, ``lexer`` (with ``letters``): characters to tokens;
- ``grammar``, ``automaton``, ``parser``, ``limits``: tokens to a tree of ``nodes``, or one error;
- ``checks``, ``scopes``: what the grammar cannot say, and which names live where;
- ``compiler``: a tree to code objects, of which ``programs`` keeps those of the latest texts.

The compiler is a class made of parts, a file for each family of the language:

- ``statements``: ``assigning``, ``elements``, ``loops``, ``catching``;
- ``expressions``: ``arithmetics``, ``comparisons``, ``truths``, ``parts``, ``calling``;
- what they stand on: ``variables``, ``frames``, ``operands``, ``python``;
- what they know beforehand: ``kinds``, ``facts``, ``foresight``, ``rounds``;
- what makes programs fast: ``growing``, ``repeats``, ``row_loops``.

Beside it, for people who write programs: ``lint``, ``symbols``, ``blocks``,
``format``.
"""
