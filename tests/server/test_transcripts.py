"""Clients that never say ``attach`` are answered byte for byte as before there was such a thing."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.server import transcripts


class TranscriptTests(SynchronousTestCase):
    def test_unchanged(self) -> None:
        """Every conversation, frames and all; ``transcripts`` tells where they come from."""
        self.maxDiff = None
        before = json.loads(transcripts.FILE.read_text())
        now = transcripts.record()
        self.assertEqual(list(now), list(before))
        for name, messages in now.items():
            said = ["handshake", *transcripts.CONVERSATIONS[name]]
            for number, (old, new) in enumerate(zip(before[name], messages, strict=True)):
                self.assertEqual(new, old, f"{name}: {said[min(number, len(said) - 1)]!r}")
