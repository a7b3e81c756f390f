"""The Autobahn Testsuite: the fast part, which is all but sizes, times and compression."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import SkipTest, TestCase

from tests.fire import autobahn_suite

_FAST = tuple(f"{category}." for category in (1, 2, 3, 4, 5, 6, 7, 10))


class AutobahnTests(TestCase):
    """Its cases against the server's own factory."""

    timeout = 120

    async def test_fast_part(self) -> None:
        """Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing: all OK, all strict."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        try:
            source = autobahn_suite.fetch(Path(folder.name))
        except autobahn_suite.NotFetched as error:
            if os.environ.get("CI") == "true":
                raise
            raise SkipTest(f"the suite cannot be fetched: {error}") from None
        with autobahn_suite.ported(source) as cases:
            found = await autobahn_suite.run(reactor, cases, lambda n: n.startswith(_FAST))
        bad = {
            number: result
            for number, result in found.items()
            if not autobahn_suite.GOOD.issuperset(result[:2])
        }
        self.assertEqual(bad, {})
        self.assertEqual(len(found), 247)
