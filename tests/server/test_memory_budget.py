"""What waits for clients is bounded, and whoever holds the most goes first.

Server reference, 6.4.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.server.net.memory_budget import Holding, MemoryAccount, MemoryBudget
from datacode.server.options.settings import MIB, Bounds


class BudgetTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A budget, and who was closed."""
        self.budget = MemoryBudget(
            Bounds(
                message_bytes=1 * MIB,
                buffered=100 * MIB,
                buffered_per_address=60 * MIB,
                buffered_per_connection=40 * MIB,
            )
        )
        self.closed: list[tuple[str, int, str]] = []

    def account(self, name: str, address: str) -> MemoryAccount:
        return self.budget.account(
            address, lambda code, reason: self.closed.append((name, code, reason))
        )

    def test_connection(self) -> None:
        """Above its own bound it is closed, and counts no more."""
        account = self.account("a", "10.0.0.1")
        account.hold(9 * MIB)
        self.assertFalse(account.is_full)
        account.hold(2 * MIB)
        self.assertTrue(account.is_full)
        account.hold(30 * MIB)
        self.assertEqual(
            self.closed, [("a", 1008, "more than 40 MiB are waiting on this connection")]
        )
        self.assertEqual(self.budget.held, 0)
        account.release(41 * MIB)
        account.hold(MIB)
        self.assertEqual(self.budget.held, 0)

    def test_address(self) -> None:
        """Connections of one address share a bound; those of this machine do not."""
        for address in ("127.0.0.1", "10.0.0.1"):
            for name in ("small", "large"):
                self.account(name, address).hold((35 if name == "large" else 15) * MIB)
        self.assertEqual(self.closed, [])
        self.account("third", "10.0.0.1").hold(11 * MIB)
        self.assertEqual(
            self.closed, [("large", 1013, "more than 60 MiB are waiting for this address")]
        )

    def test_total(self) -> None:
        """The one with the most goes, not the one that came last."""
        for number in range(4):
            self.account(str(number), f"10.0.{number}.1").hold((20 + number) * MIB)
        self.assertEqual(self.closed, [])
        self.account("last", "10.0.9.1").hold(15 * MIB)
        self.assertEqual(self.closed, [("3", 1013, "more than 100 MiB are waiting on this server")])

    def test_short(self) -> None:
        """Long messages wait while more than half is taken."""
        first = self.account("a", "10.0.0.1")
        other = self.account("b", "10.0.0.2")
        first.hold(30 * MIB)
        self.assertFalse(self.budget.is_short)
        other.hold(30 * MIB)
        self.assertTrue(self.budget.is_short)
        resumed: list[int] = []
        self.budget.wait(lambda: resumed.append(1))
        first.release(5 * MIB)
        self.assertEqual(resumed, [])
        other.end()
        self.assertEqual(resumed, [1])

    def test_holding(self) -> None:
        """What a request holds is released once."""
        account = self.account("a", "10.0.0.1")
        holding = Holding(account, 5)
        holding.add(7)
        holding.add(-2)
        self.assertEqual(account.held, 10)
        holding.release()
        holding.release()
        self.assertEqual((account.held, self.budget.held), (0, 0))

    def test_no_bounds(self) -> None:
        """0 is none."""
        budget = MemoryBudget(Bounds(buffered=0, buffered_per_address=0, buffered_per_connection=0))
        account = budget.account("10.0.0.1", lambda code, reason: self.fail(reason))
        account.hold(1 << 50)
        self.assertFalse(account.is_full or budget.is_short)

    def test_two_uploads_of_the_largest_size(self) -> None:
        """A message that the server takes fits, whatever the bound of a connection says."""
        budget = MemoryBudget(Bounds(message_bytes=64 * MIB, buffered_per_connection=MIB))
        account = budget.account("10.0.0.1", lambda code, reason: self.fail(reason))
        account.hold(128 * MIB)
