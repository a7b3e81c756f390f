"""Long answers say in pieces what they would as one text. Server reference, 5 and 6.4."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.api import long_answer
from datacode.server.api.long_answer import LongAnswer, memory_of
from datacode.server.api.messages import Executed, FileDetails, Listing, TableView, encode, with_id

TEXTS = st.text(st.sampled_from('a"\\\n\x01яé\U0001f600'), max_size=30)
TABLES = st.lists(
    st.builds(
        TableView,
        columns=st.lists(TEXTS, max_size=2),
        types=st.just([]),
        rows=st.lists(st.lists(TEXTS | st.floats(0, 1) | st.none(), max_size=2), max_size=4),
        row_count=st.just(4),
    ),
    max_size=3,
)


class LongAnswerTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Cut everywhere."""
        self.patch(long_answer, "LONG", 0)
        self.patch(long_answer, "PIECE", 3)
        self.patch(long_answer, "_ITEMS", 2)

    @settings(deadline=None)
    @given(TEXTS, TEXTS | st.none(), st.lists(TEXTS, max_size=5) | st.just(UNSET), TABLES)
    def test_programs(
        self, output: str, error: str | None, warnings: object, tables: object
    ) -> None:
        """Every field of an answer to a program."""
        answer = Executed(
            success=error is None,
            output=output,
            error=error,
            warnings=warnings,  # type: ignore[arg-type]
            tables=tables,  # type: ignore[arg-type]
        )
        with_id(answer, Raw(b"7"))
        self.assertEqual(b"".join(LongAnswer(answer).pieces()), encode(answer))

    def test_listing(self) -> None:
        """Names and details of files; names that are no UTF-8 are replaced as ever."""
        names = [f"{n}.csv" for n in range(9)] + ["\udcff"]
        answer = Listing(files=names, details=[FileDetails(n, "file", 1, 0.5) for n in names])
        said = b"".join(LongAnswer(answer).pieces())
        self.assertEqual(said, encode(answer))
        self.assertEqual(json.loads(said)["files"][-1], "\ufffd")

    def test_pieces_are_short(self) -> None:
        """No piece is much longer than its letters may become."""
        self.patch(long_answer, "PIECE", 3000)
        answer = Executed(output="\x01" * 100_000)
        self.assertLess(max(map(len, LongAnswer(answer).pieces())), 2 * 6 * 3000)

    def test_memory(self) -> None:
        """Wide letters count as what they take."""
        self.assertGreater(memory_of(Executed(output="a" * 1000 + "\U0001f600")), 4000)
        self.assertGreater(memory_of(Listing(files=["x" * 100] * 10)), 1000)
