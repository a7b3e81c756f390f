"""Views for colleagues: found by their id, taken back by their key, bounded. Protocol, publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.server.shared_views import LARGEST, MOST_BYTES, MOST_OF_OWNER, SharedViews, ViewError
from tests.server.fakes import Room


class SharedViewsTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A store whose time stands still."""
        super().setUp()
        self.now = 1000.0
        self.views = SharedViews(lambda: self.now)

    def add(self, owner: str = "a", code: str = "print(1)", days: int = 1) -> tuple[str, str]:
        """A view; its id and key."""
        name, view = self.views.add(owner, None, "t", code, b"[]", days)
        return name, view.key

    def refused(self, *arguments: Any, code: str) -> None:
        """The store says no, for that reason."""
        error = self.assertRaises(ViewError, *arguments)
        self.assertEqual(error.message.code, code)

    def test_expires(self) -> None:
        """It is there for its days, and no longer."""
        name, _ = self.add(days=2)
        self.now += 2 * 86400 - 1
        self.assertEqual(self.views.find(name).code, "print(1)")
        self.now += 1
        self.refused(self.views.find, name, code="unknown_view")

    def test_taken_back(self) -> None:
        """By its key only."""
        name, key = self.add()
        other, _ = self.add()
        for wrong in ("", key + "x", "\ud800"):
            self.refused(self.views.remove, name, wrong, code="unknown_view")
        self.views.remove(name, key)
        self.refused(self.views.find, name, code="unknown_view")
        self.refused(self.views.remove, name, key, code="unknown_view")
        self.assertTrue(self.views.find(other))

    def test_bounds(self) -> None:
        """Of one view, of one owner, and of all."""
        self.refused(self.add, "a", "x" * (LARGEST + 1), code="view_too_large")
        for _ in range(MOST_OF_OWNER):
            self.add("a")
        self.refused(self.add, "a", code="too_many_views")
        large = "x" * (LARGEST // 2)
        count = 0
        while count < MOST_BYTES:
            try:
                self.add(f"owner {count}", large)
            except ViewError as error:
                self.assertEqual(error.message.code, "no_room_for_views")
                break
            count += 1
        self.assertLess(count * len(large), MOST_BYTES)
        self.assertGreater(count, 10)
        self.now += 86400
        self.add("a", large)

    def test_ids(self) -> None:
        """Long, and never the same; a view tells nothing of itself in logs."""
        names = {self.add(str(number))[0] for number in range(50)}
        self.assertEqual(len(names), 50)
        self.assertTrue(all(len(name) >= 22 for name in names))
        self.assertNotIn("print", repr(self.views.find(names.pop())))


class RequestTests(SynchronousTestCase):
    """The requests of sessions that share a server."""

    def room(self) -> Room:
        """A session."""
        room = Room(Path(self.mktemp()), locale="en")
        self.addCleanup(lambda: self.successResultOf(room.session.end()))
        return room

    def test_between_sessions(self) -> None:
        """Published by one, read by another, taken back by who has the key."""
        one, other = self.room(), self.room()
        other.session._context = one.session._context  # the same server
        code = "# %% a\nprint('я')"
        outputs = [{"code": code, "sent": 1, "answer": {"success": True, "output": "я\n"}}]
        one.ask(type="publish", title="Отчёт", code=code, outputs=outputs, days=3)
        made = json.loads(one.client.raw[-1])
        self.assertTrue(made["success"], made)
        other.ask(type="published", view=made["view"])
        seen = json.loads(other.client.raw[-1])
        self.assertEqual((seen["title"], seen["code"]), ("Отчёт", code))
        self.assertEqual(seen["outputs"], outputs)
        self.assertEqual(seen["expires"] - seen["made"], 3 * 86400)
        self.assertNotIn(made["key"], other.client.raw[-1].decode())
        other.ask(type="unpublish", view=made["view"], key="guess")
        self.assertFalse(json.loads(other.client.raw[-1])["success"])
        one.ask(type="unpublish", view=made["view"], key=made["key"])
        self.assertTrue(json.loads(one.client.raw[-1])["success"])
        other.ask(type="published", view=made["view"])
        gone = json.loads(other.client.raw[-1])
        self.assertIsNone(gone["code"])
        self.assertIn("no such link", gone["error"])

    def test_nonsense(self) -> None:
        """Each is refused by a sentence."""
        room = self.room()
        for fields, words in (
            ({"outputs": {}}, "array"),
            ({"outputs": [], "days": 31}, "days"),
            ({"outputs": [], "days": 0}, "days"),
            ({}, "outputs"),
        ):
            room.ask(type="publish", title="t", code="c", **fields)
            answer = json.loads(room.client.raw[-1])
            self.assertFalse(answer["success"])
            self.assertIn(words, answer["error"])
            self.assertIsNone(answer["view"])
