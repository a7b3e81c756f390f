"""Every sentence about a share has its line on the operator's pages."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n import catalog
from datacode.smb import errors
from datacode.smb.errors import Cause

PAGES = ("docs/shares.md", "docs/ru/shares.md")
ROOT = Path(__file__).resolve().parents[2]


def words(template: str) -> list[str]:
    """The parts of a sentence that stand between its names and forms of words, without limits in
    parentheses."""
    parts = re.split(r"\{\w+(?:\|[^}]*)?\}", re.sub(r" \(.*", "", template))
    return [part.strip("' ,") for part in parts if part.strip("' ,")]


class DocumentTests(SynchronousTestCase):
    def test_every_sentence_is_explained(self) -> None:
        """In both languages, word for word."""
        known = [value for value in vars(errors).values() if isinstance(value, Cause)]
        self.assertGreater(len(known), 40)
        for page in PAGES:
            rows = [
                line
                for line in (ROOT / page).read_text("utf-8").splitlines()
                if line.startswith("| `")
            ]
            for cause in known:
                parts = words(catalog.original(cause.template, cause.code))
                self.assertTrue(
                    any(all(part in row for part in parts) for row in rows),
                    f"{page}: {cause.template}",
                )
