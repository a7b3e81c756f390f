"""Which blocks become Python functions of their own."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.analysis.layout import MAX_BLOCKS, SMALL_FINAL, Layout, layout_of
from datacode.language.analysis.scopes import walk
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse


def loops(depth: int, body: str) -> str:
    """So many loops inside one another."""
    heads = "\n".join(f"for i{i} in [1] do" for i in range(depth))
    return f"{heads}\n{body}\n" + "\n".join(f"next i{i}" for i in reversed(range(depth)))


def layout(text: str) -> tuple[Layout, dict[int, str]]:
    """The layout of a program, and its blocks by identity: the first variable, or ``try``."""
    body = parse(text).body
    names = {}
    for node in walk(body):
        if isinstance(node, nodes.For):
            names[id(node)] = node.variables[0]
        elif isinstance(node, nodes.Try):
            names[id(node)] = f"try {node.line}"
    made = layout_of(body)
    # The identities are those of nodes that are gone in a moment.
    return made, {key: names[key] for key in made.blocks | made.finals}


class LayoutTests(SynchronousTestCase):
    """``layout_of``."""

    def test_loops(self) -> None:
        """One more than fit begins a function, in which as many fit again."""
        made, _ = layout(loops(MAX_BLOCKS, "x = 1"))
        self.assertEqual(made, Layout(frozenset(), frozenset(), nests=False))
        made, names = layout(loops(2 * MAX_BLOCKS + 1, "x = 1"))
        self.assertEqual({names[block] for block in made.blocks}, {"i12", "i24"})
        self.assertTrue(made.nests)

    def test_try(self) -> None:
        """A ``try`` needs room for three blocks, and leaves one less for those in it."""
        catching = "try\nx = 1\ncatch\nendtry"
        self.assertEqual(layout(loops(MAX_BLOCKS - 3, catching))[0].blocks, frozenset())
        made, names = layout(loops(MAX_BLOCKS - 2, catching))
        self.assertEqual(list(names.values()), [f"try {MAX_BLOCKS - 1}"])
        inside = f"try\n{loops(MAX_BLOCKS, 'x = 1')}\ncatch\nendtry"
        made, names = layout(inside)
        self.assertEqual([names[block] for block in made.blocks], [f"i{MAX_BLOCKS - 1}"])

    def test_final(self) -> None:
        """A ``finally`` with blocks, or a long one, is a function; any makes variables cells."""
        short = "\n".join(["x = 1"] * SMALL_FINAL)
        made, _ = layout(f"try\nx = 1\nfinally\n{short}\nendtry")
        self.assertEqual((made.finals, made.nests), (frozenset(), True))
        for final in (f"{short}\nx = 2", "if x do\nendif", loops(1, "x = 1")):
            made, names = layout(f"try\nx = 1\nfinally\n{final}\nendtry")
            self.assertEqual([names[block] for block in made.finals], ["try 1"])
            self.assertEqual(made.blocks, frozenset())
        deep = loops(MAX_BLOCKS, "x = 1")
        self.assertEqual(layout(f"try\nfinally\n{deep}\nendtry")[0].blocks, frozenset())
