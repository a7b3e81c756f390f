"""Sessions that outlive their connection, among fakes: bounds, time, memory, who may have them.

Server reference, 5.7; the same on a real server is in ``test_attach``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.attachment import Attachment, SessionRecord
from datacode.server.files.sandboxed_files import AllowedFolders, SandboxedFiles
from datacode.server.net.memory_budget import MemoryBudget
from datacode.server.ops.audit import NoAudit
from datacode.server.ops.metrics import Metrics
from datacode.server.options.settings import MIB, Bounds, Settings
from datacode.server.registry import SessionRegistry
from datacode.server.session import ClientIdentity, ServerContext, Session
from datacode.server.workspace import Workspace
from tests.server.fakes import AtOnce, FakeClient, FakeShares, FakeWorkers


class Connection:
    """A client with the session that its connection has."""

    def __init__(self, house: House, address: str, account: str | None) -> None:
        self.client = FakeClient(house.budget, address)
        self.workers = FakeWorkers()
        self.house = house
        house.count += 1
        identity = ClientIdentity(house.count, address, "en", account)
        workspace = Workspace(
            workers=self.workers,
            shares=FakeShares(),
            share_names=lambda target: Deferred(),  # type: ignore[arg-type,return-value]
            files=SandboxedFiles(AllowedFolders.of(house.root, [])),
            folder=None,
            work=AtOnce(),
            limits=house.context.settings.limits,
        )
        session = Session(self.client, workspace, identity, house.context, keeper=house.registry)
        self.client.serve(session)
        self.named: dict[str, Any] = {}

    @property
    def session(self) -> Session:
        """Whichever session has the connection."""
        assert self.client.session is not None
        return self.client.session

    def say(self, **request: Any) -> None:
        """Send a request."""
        self.session.receive(json.dumps(request).encode(), is_text=True)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request that is answered at once."""
        before = len(self.client.sent)
        self.say(**request)
        assert len(self.client.sent) == before + 1, self.client.sent[before:]
        return self.client.sent[-1]

    def keep(self) -> dict[str, Any]:
        """Say ``attach``, and do something; what names the session."""
        answer = self.ask(type="attach")
        self.named = {"session": answer["session"], "token": answer["token"]}
        self.ask(code="begun", seq=1)
        return self.named

    def lose(self) -> bool:
        """The connection is gone; whether the session is kept."""
        self.client.account.end()
        return self.house.registry.left(self.session)


class House:
    """A server's registry, and what its sessions share."""

    def __init__(self, root: Path, **bounds: Any) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.clock = Clock()
        settings = Settings(bounds=Bounds(**bounds), locale="en")
        self.budget = MemoryBudget(settings.bounds)
        self.context = ServerContext(settings, self.clock, Metrics(), NoAudit())
        self.registry = SessionRegistry(self.context)
        self.ended: list[Session] = []
        self.registry.on_ended = self._end
        self.count = 0

    def _end(self, session: Session) -> None:
        self.ended.append(session)
        session.end()

    def connection(self, address: str = "10.0.0.1", account: str | None = None) -> Connection:
        """A new one."""
        return Connection(self, address, account)

    def back(self, named: dict[str, Any], **more: Any) -> tuple[Connection, dict[str, Any]]:
        """A new connection that attaches, and its answer."""
        new = self.connection(**{k: more.pop(k) for k in ("address", "account") if k in more})
        return new, new.ask(type="attach", **named, **more)

    def code(self, named: dict[str, Any], **more: Any) -> str:
        """Why nobody may attach."""
        _, answer = self.back(named, **more)
        assert answer["success"] is False
        return str(answer["code"])


class RegistryTestCase(SynchronousTestCase):
    def house(self, **bounds: Any) -> House:
        """With these bounds."""
        return House(Path(self.mktemp()).absolute(), **bounds)


class WhoTests(RegistryTestCase):
    """Who may have a session."""

    def test_token(self) -> None:
        """Wrong ones count against the address; ones of sessions that are not there do not."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        self.assertTrue(first.lose())
        for _ in range(20):
            self.assertEqual(
                house.code({"session": "00", "token": named["token"]}), "unknown_session"
            )
        wrong = {**named, "token": "A" * 22}
        for _ in range(10):
            self.assertEqual(house.code(wrong), "wrong_session_token")
        self.assertEqual(house.code(wrong), "too_many_tries")
        self.assertEqual(house.code(named), "too_many_tries")
        self.assertEqual(house.code(wrong, address="10.0.0.2"), "wrong_session_token")
        house.clock.advance(61)
        _, answer = house.back(named)
        self.assertIs(answer["success"], True)
        self.assertNotIn("token", answer)

    def test_secret(self) -> None:
        """The token is in no ``repr``."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        attachment = first.session.attachment
        assert attachment is not None
        for each in (attachment, attachment.record(), first.session):
            self.assertNotIn(named["token"], repr(each))

    def test_account(self) -> None:
        """The account must be the same; lists and ends are the account's own."""
        house = self.house()
        anna, boris = (house.connection(account=name) for name in ("anna", "boris"))
        named = anna.keep()
        boris.keep()
        anna.lose()
        self.assertEqual(house.code(named, account="boris"), "session_of_other_account")
        self.assertEqual(house.code(named), "session_of_other_account")
        second = house.connection(account="anna")
        second.keep()
        (old, own) = second.ask(type="sessions")["sessions"]
        self.assertEqual(
            (old["session"], old["attached"], old["own"]), (named["session"], False, False)
        )
        self.assertEqual((own["attached"], own["own"]), (True, True))
        self.assertIs(boris.ask(type="detach", session=named["session"])["success"], False)
        self.assertIs(second.ask(type="detach", session=named["session"])["success"], True)
        self.assertEqual([each["own"] for each in second.ask(type="sessions")["sessions"]], [True])
        self.assertEqual(house.code(named, account="anna"), "session_gone")

    def test_shared_token(self) -> None:
        """Whoever shares the server's token has no account."""
        house = self.house()
        house.context = ServerContext(
            Settings(token="t"), house.clock, house.context.metrics, house.context.audit
        )
        house.registry = SessionRegistry(house.context)
        first, second = (house.connection(account="token") for _ in range(2))
        named = first.keep()
        second.keep()
        self.assertEqual(len(second.ask(type="sessions")["sessions"]), 1)
        self.assertIs(second.ask(type="detach", session=named["session"])["success"], False)

    def test_busy(self) -> None:
        """A client that is there keeps its session, unless it is taken by force."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        second = house.connection()
        second.say(type="attach", **named)
        self.assertEqual((second.client.sent, second.client.paused), ([], True))
        first.client.probes[0].callback(True)
        self.assertEqual(second.client.sent[-1]["code"], "session_busy")
        self.assertFalse(second.client.paused)
        self.assertEqual(first.client.closed, [])
        answer = second.ask(type="attach", force=True, **named)
        self.assertIs(answer["success"], True)
        self.assertEqual(first.client.closed, [(4410, "another connection has taken the session")])
        self.assertTrue(first.client.left)
        self.assertEqual(second.ask(code="after", seq=2)["output"], "after")

    def test_force_with_epoch(self) -> None:
        """With the epoch that a client knows, force works against its own connection only."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        dead = first.client
        again = house.connection()
        answer = again.ask(type="attach", force=True, epoch=1, **named)
        self.assertEqual(answer["epoch"], 2)
        self.assertEqual(dead.closed, [(4410, "another connection has taken the session")])
        other = house.connection()
        self.assertEqual(other.ask(type="attach", force=True, **named)["epoch"], 3)
        for epoch in (1, 2):
            for force in (True, False):
                late = house.connection()
                answer = late.ask(type="attach", force=force, epoch=epoch, **named)
                self.assertEqual(answer["code"], "session_taken")
        self.assertEqual((other.client.closed, other.client.probes), ([], []))
        self.assertEqual(other.ask(code="still", seq=9)["output"], "still")

    def test_epoch_while_nobody_has_it(self) -> None:
        """A client that has taken the session does not lose it by losing its connection."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.lose()
        other = house.connection()
        self.assertEqual(other.ask(type="attach", **named)["epoch"], 2)
        self.assertTrue(other.lose())
        late = house.connection()
        answer = late.ask(type="attach", force=True, epoch=1, **named)
        self.assertEqual(answer["code"], "session_taken")
        back = house.connection()
        self.assertEqual(back.ask(type="attach", force=True, epoch=2, **named)["epoch"], 3)
        # Without an epoch its reader asks for it: whoever has it loses it.
        self.assertEqual(late.ask(type="attach", force=True, **named)["epoch"], 4)

    def test_epoch_never_told(self) -> None:
        """The answer to ``attach`` may be lost with its connection: the epoch before counts."""
        house = self.house()
        named = house.connection().keep()
        for expected in (2, 3, 4):
            client = house.connection()
            answer = client.ask(type="attach", force=True, epoch=1, **named)
            self.assertEqual(answer["epoch"], expected)
        other = house.connection()
        self.assertEqual(other.ask(type="attach", force=True, **named)["epoch"], 5)
        for epoch in (1, 4):
            late = house.connection()
            answer = late.ask(type="attach", force=True, epoch=epoch, **named)
            self.assertEqual(answer["code"], "session_taken")

    def test_attempt_never_told(self) -> None:
        """Who takes a session and is not told so asks again, and takes it from nobody else."""
        house = self.house()
        named = house.connection().keep()
        first = house.connection()
        taking = {"type": "attach", "force": True, "attempt": "a1b2", **named}
        self.assertEqual(first.ask(**taking)["epoch"], 2)
        again = house.connection()
        self.assertEqual(again.ask(**taking)["epoch"], 3)
        self.assertEqual(first.client.closed, [(4410, "another connection has taken the session")])
        other = house.connection()
        self.assertEqual(other.ask(type="attach", force=True, **named)["epoch"], 4)
        for connected in (True, False):
            for force in (True, False):
                late = house.connection()
                answer = late.ask(**{**taking, "force": force})
                self.assertEqual(answer["code"], "session_taken")
            if connected:
                self.assertEqual((other.client.closed, other.client.probes), ([], []))
                self.assertTrue(other.lose())
        # A decision of its own is an attempt of its own.
        self.assertEqual(late.ask(**{**taking, "attempt": "c3d4"})["epoch"], 5)

    def test_attempts_are_bounded(self) -> None:
        """The last ones are known, also from a record."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        for number in range(20):
            client = house.connection()
            client.ask(type="attach", force=True, attempt=f"n{number}", **named)
        attachment = client.session.attachment
        assert attachment is not None
        record = msgspec.convert(msgspec.to_builtins(attachment.record()), SessionRecord)
        self.assertEqual(record.attempts, [(f"n{n}", n + 2) for n in range(4, 20)])
        loaded = Attachment(record, client.client.account, 1 << 10)
        self.assertEqual([loaded.epoch_of(n) for n in ("", "n3", "n4", "n19")], [0, 0, 6, 21])
        loaded.end()

    def test_epoch_of_a_record(self) -> None:
        """Whose the session is outlives the server; a record of before that refuses nobody."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        other = house.connection()
        other.ask(type="attach", force=True, **named)
        attachment = other.session.attachment
        assert attachment is not None
        known = msgspec.to_builtins(attachment.record())
        for forgets, was_taken in ((False, True), (True, False)):
            if forgets:
                del known["held_since"]
            record = msgspec.convert(known, SessionRecord)
            loaded = Attachment(record, other.client.account, 1 << 10)
            self.assertEqual([loaded.was_taken_since(n) for n in (1, 2)], [was_taken, False])
            loaded.end()

    def test_taken_during_the_probe(self) -> None:
        """Another client takes the session while a sign of life is waited for."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        late, other = house.connection(), house.connection()
        late.say(type="attach", epoch=1, **named)
        self.assertEqual(other.ask(type="attach", force=True, **named)["epoch"], 2)
        self.assertTrue(other.lose())
        first.client.probes[0].callback(False)
        self.assertEqual(late.client.sent[-1]["code"], "session_taken")

    def test_vanished(self) -> None:
        """A client that gives no sign is gone, whether the server has noticed or not; what came
        meanwhile is answered by the session."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        second = house.connection()
        second.say(type="attach", seen=1, **named)
        second.say(code="at once", seq=2)
        first.client.probes[0].callback(False)
        attached, answer = second.client.sent
        self.assertEqual((attached["epoch"], answer["output"]), (2, "at once"))
        third = house.connection()
        third.say(type="attach", **named)
        self.assertTrue(second.lose())
        second.client.probes[0].callback(False)
        self.assertIs(third.client.sent[0]["success"], True)

    def test_two_at_once(self) -> None:
        """Two that ask for the same at the same time: one gets it."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        second, third = house.connection(), house.connection()
        second.say(type="attach", **named)
        third.say(type="attach", **named)
        for probe in first.client.probes:
            probe.callback(False)
        self.assertIs(second.client.sent[0]["success"], True)
        self.assertEqual(third.client.sent[0]["code"], "session_busy")

    def test_used(self) -> None:
        """A connection that has done other work takes up no session."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.lose()
        second = house.connection()
        second.ask(code="work")
        self.assertEqual(second.ask(type="attach", **named)["code"], "attach_first")
        third = house.connection()
        third.keep()
        self.assertEqual(third.ask(type="attach", **named)["code"], "attach_first")
        self.assertEqual(house.code({"session": named["session"]}), "session_and_token")

    def test_detach(self) -> None:
        """It ends the session for good; only one that is kept can be ended."""
        house = self.house()
        first = house.connection()
        self.assertIs(first.ask(type="detach")["success"], False)
        named = first.keep()
        self.assertIs(first.ask(type="detach")["success"], True)
        self.assertEqual(first.client.closed, [(1000, "the session was ended")])
        self.assertFalse(first.lose())
        self.assertEqual(house.code(named), "session_gone")


class RecordTests(RegistryTestCase):
    """What is kept for a client that comes back."""

    def test_numbers(self) -> None:
        """What they must be; and only where they are read."""
        house = self.house()
        first = house.connection()
        self.assertEqual(first.ask(code="x", seq="1")["output"], "x")
        self.assertNotIn("seq", first.ask(code="x", seq=1))
        first.keep()
        for wrong in (0, -1, 1.5, "2", None, [], 2**60):
            self.assertEqual(
                first.ask(code="x", seq=wrong, id=3),
                {
                    "success": False,
                    "output": "",
                    "error": "Request error: the field 'seq' must be a positive whole number",
                    "id": 3,
                },
            )
        self.assertIn("from 0", first.ask(code="x", seq=2, seen=-1)["error"])
        first.session.receive(b'{"code":"x","seq":2,"seq":3}', is_text=True)
        self.assertEqual(
            first.client.sent[-1]["error"], "Request error: the field 'seq' appears twice"
        )
        self.assertEqual(first.ask(code="x", seq=7)["seq"], 7)
        self.assertEqual(
            first.ask(code="x", seq=3)["error"], "The answer to request 3 is kept no more"
        )
        self.assertEqual(first.ask(code="y", seq=7)["error"], "The number 7 was another request's")
        self.assertEqual(
            first.ask(type="reset", seq=7)["error"], "The number 7 was another request's"
        )
        self.assertEqual(list(first.ask(code="x", seq=7, id="z"))[-2:], ["seq", "id"])
        self.assertNotIn("seq", first.ask(type="inspect", seq=9))

    def test_bad_requests(self) -> None:
        """They are answered by their number, too."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        answer = first.ask(type="smb_connect", seq=2)
        self.assertEqual(answer["seq"], 2)
        first.lose()
        _, attached = house.back(named, seen=1)
        self.assertEqual(attached["replay"], [answer])

    def test_last_answers(self) -> None:
        """Sixteen; how far they are forgotten is said."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        for number in range(2, 31):
            first.ask(code=str(number), seq=number)
        first.lose()
        second, answer = house.back(named, seen=1)
        self.assertEqual([each["seq"] for each in answer["replay"]], list(range(15, 31)))
        self.assertEqual((answer["seq"], answer["forgotten"]), (30, 14))
        second.lose()
        second, answer = house.back(named, seen=29)
        self.assertEqual([each["seq"] for each in answer["replay"]], [30])
        self.assertNotIn("forgotten", answer)

    def test_long_answers(self) -> None:
        """The latest is kept whatever its length; what was seen makes room."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        long = "x" * (10 * MIB)
        for number in (2, 3):
            first.say(code="wait", seq=number)
            first.workers.opened[0].runs[-1].finish(f"{number}{long}")
        first.lose()
        second, answer = house.back(named, seen=1)
        self.assertEqual([each["seq"] for each in answer["replay"]], [3])
        self.assertEqual((answer["replay"][0]["output"], answer["forgotten"]), (f"3{long}", 2))
        held = house.budget.held
        self.assertGreater(held, 10 * MIB)
        second.ask(code="short", seq=4, seen=3)
        self.assertLess(house.budget.held, MIB)

    def test_running(self) -> None:
        """Output of a program that runs on; its answer comes to who is there then."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2, stream=True, id="w")
        run = first.workers.opened[0].runs[-1]
        run.print("a")
        run.print("б")
        first.lose()
        run.print("c")
        second, answer = house.back(named, seen=1, position=1)
        self.assertEqual(answer["pending"], [2])
        self.assertEqual(
            answer["replay"],
            [
                {"type": "output", "text": "б", "seq": 2, "position": 3, "id": "w"},
                {"type": "output", "text": "c", "seq": 3, "position": 4, "id": "w"},
            ],
        )
        run.print("d")
        run.finish("aбcd")
        self.assertEqual([each.get("text") for each in second.client.sent[1:]], ["d", None])
        self.assertEqual(second.client.sent[-1]["seq"], 2)

    def test_answer_on_its_way(self) -> None:
        """An answer that waits for a slow client is in the replay, and is not sent again."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2)
        run = first.workers.opened[0].runs[-1]
        first.session.pause_output()
        run.finish("done")
        self.assertEqual(first.client.sent[-1]["seq"], 1)
        second, answer = house.back(named, seen=1, force=True)
        self.assertEqual([each["output"] for each in answer["replay"]], ["done"])
        self.assertEqual(len(second.client.sent), 1)
        self.assertEqual(second.ask(code="next", seq=3)["output"], "next")

    def test_answer_that_is_being_written(self) -> None:
        """The same for one that is on its way to the disk."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        written: Deferred[None] = Deferred()

        async def answered(session: Session) -> None:
            await written

        house.registry.answered = answered  # type: ignore[method-assign]
        first.say(code="once", seq=2)
        first.lose()
        second = house.connection()
        second.say(type="attach", seen=1, **named)
        self.assertEqual(second.client.sent, [])
        written.callback(None)
        (answer,) = second.client.sent
        self.assertEqual([each["output"] for each in answer["replay"]], ["once"])
        self.assertEqual(second.ask(code="next", seq=3)["output"], "next")

    def test_ring(self) -> None:
        """What fell out of it is told in bytes."""
        house = self.house(kept_output=2000)
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2, stream=True)
        run = first.workers.opened[0].runs[-1]
        for number in range(100):
            run.print(f"{number:10}")
        first.lose()
        _, answer = house.back(named, seen=1, position=100)
        texts = [each["text"] for each in answer["replay"]]
        self.assertEqual(texts, [f"{n:10}" for n in range(100 - len(texts), 100)])
        self.assertEqual(answer["output_lost"], 1000 - 100 - 10 * len(texts))
        self.assertEqual(answer["position"], 1000)

    def test_unnumbered(self) -> None:
        """Answers to requests without a number are for the connection that they came from."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.say(code="wait", stream=True)
        run = first.workers.opened[0].runs[-1]
        first.lose()
        second, answer = house.back(named, seen=1)
        self.assertEqual((answer["pending"], answer["replay"]), ([], []))
        run.print("nobody's")
        run.finish("nobody's")
        self.assertEqual(len(second.client.sent), 1)

    def test_slow_client_is_gone(self) -> None:
        """A program that was held back for a client goes on when that is gone."""
        house = self.house()
        first = house.connection()
        first.keep()
        first.say(code="wait", seq=2, stream=True)
        first.session.pause_output()
        self.assertTrue(first.workers.opened[0].paused)
        first.lose()
        self.assertFalse(first.workers.opened[0].paused)


class BoundsTests(RegistryTestCase):
    """How many, how long, how much."""

    def test_time(self) -> None:
        """Nobody came back."""
        house = self.house(keep_seconds=100)
        first = house.connection()
        named = first.keep()
        first.lose()
        house.clock.advance(99)
        house.registry.expire()
        self.assertEqual(len(house.registry), 1)
        house.clock.advance(2)
        house.registry.expire()
        self.assertEqual(house.ended, [first.session])
        _, answer = house.back(named)
        self.assertEqual(answer["error"], "The session has ended: nobody was connected for 100 s")

    def test_nothing_done(self) -> None:
        """A session that has done nothing is kept for a minute."""
        house = self.house(keep_seconds=0)
        first = house.connection()
        first.ask(type="attach")
        first.lose()
        second = house.connection()
        second.keep()
        second.lose()
        house.clock.advance(61)
        house.registry.expire()
        self.assertEqual(house.ended, [first.session])

    def test_run_limit(self) -> None:
        """What runs is interrupted, what waits is not run; the answers say so."""
        house = self.house(detached_run_seconds=30)
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2)
        first.say(code="next", seq=3)
        first.say(code="last", seq=4)
        first.lose()
        house.clock.advance(31)
        self.assertEqual(len(first.workers.opened[0].runs), 2)
        second, answer = house.back(named, seen=1)
        self.assertEqual(
            [each["error"] for each in answer["replay"]],
            [
                "Execution was interrupted: nobody was connected for 30 s",
                "Not run: nobody was connected for 30 s",
                "Not run: nobody was connected for 30 s",
            ],
        )
        self.assertEqual(second.ask(code="again", seq=5)["output"], "again")

    def test_back_in_time(self) -> None:
        """Whoever is back before has no limit to fear."""
        house = self.house(detached_run_seconds=30)
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2)
        first.lose()
        house.clock.advance(29)
        second, _ = house.back(named, seen=1)
        house.clock.advance(100)
        first.workers.opened[0].runs[-1].finish("done")
        self.assertEqual(second.client.sent[-1]["output"], "done")
        self.assertEqual(house.clock.getDelayedCalls(), [])

    def test_number(self) -> None:
        """The one without a connection for longest goes first, one that works last."""
        house = self.house(detached=3, detached_per_address=0)
        working, second, third, fourth = (house.connection() for _ in range(4))
        for each in (working, second, third, fourth):
            each.keep()
        working.say(code="wait", seq=2)
        for each in (working, second, third):
            each.lose()
        self.assertEqual(house.ended, [])
        fourth.lose()
        self.assertEqual(house.ended, [second.session])
        _, answer = house.back(second.named)
        self.assertEqual(
            answer["error"], "The session has ended: at most 3 without a connection are kept"
        )

    def test_number_of_others(self) -> None:
        """Who has many makes no room for them with the sessions of others; what has done nothing
        goes first."""
        house = self.house(detached=4, detached_per_address=0)
        mine = house.connection("10.0.0.1")
        mine.keep()
        mine.lose()
        for _ in range(20):
            other = house.connection("10.0.0.2")
            other.keep()
            other.lose()
        self.assertIs(house.back(mine.named)[1]["success"], True)
        self.assertEqual(len(house.registry.detached), 3)
        last = house.connection("10.0.0.2")
        last.keep()
        last.lose()
        idle = house.connection("10.0.0.2")
        idle.ask(type="attach")
        idle.lose()
        self.assertEqual(house.ended[-1], idle.session)

    def test_number_of_an_address_and_an_account(self) -> None:
        """Each for itself; this machine's own address is exempt."""
        house = self.house(detached_per_address=2)
        for _ in range(3):
            for where in (
                {"address": "10.0.0.1"},
                {"address": "10.0.0.2"},
                {"address": "127.0.0.1"},
            ):
                each = house.connection(**where)
                each.keep()
                each.lose()
        self.assertEqual(
            sorted(each.identity.address for each in house.ended), ["10.0.0.1", "10.0.0.2"]
        )
        for number in range(3):
            each = house.connection(address=f"127.0.0.{number + 1}", account="anna")
            each.keep()
            each.lose()
        self.assertEqual(house.ended[-1].identity.account, "anna")

    def test_memory_of_what_is_kept(self) -> None:
        """Where memory is short, answers and output are let go of, and that is said; the session
        and its connection stay."""
        house = self.house(buffered=4 * MIB)
        first = house.connection()
        named = first.keep()
        for number in range(2, 8):
            first.ask(code="x" * MIB, seq=number)
        self.assertLessEqual(house.budget.held, 4 * MIB)
        self.assertEqual((first.client.closed, house.ended), ([], []))
        first.lose()
        _, answer = house.back(named, seen=1)
        self.assertGreaterEqual(answer["forgotten"], 3)
        self.assertEqual(
            [each["seq"] for each in answer["replay"]], list(range(answer["forgotten"] + 1, 8))
        )

    def test_memory_of_what_runs(self) -> None:
        """A program that holds too much is ended with its process, and so is the connection; the
        session stays."""
        house = self.house(buffered=4 * MIB)
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2)
        first.say(code="next", seq=3)
        first.workers.opened[0].runs[-1].options["hold"](5 * MIB)
        self.assertEqual(first.client.closed[0][0], 1013)
        first.lose()
        second, answer = house.back(named, seen=1)
        self.assertEqual((answer["forgotten"], answer["seq"]), (2, 3))
        self.assertEqual(
            [each["error"] for each in answer["replay"]],
            ["Not run: too much waits for the session in memory"],
        )
        self.assertEqual(second.ask(code="again", seq=4)["output"], "again")
        self.assertEqual(house.ended, [])
        self.assertLess(house.budget.held, MIB)

    def test_memory_of_what_nobody_ends(self) -> None:
        """A session that holds too much while nothing runs is ended."""
        house = self.house(buffered=4 * MIB)
        first = house.connection()
        named = first.keep()
        assert first.session.attachment is not None
        first.session._over_budget(1013, "too much")
        self.assertEqual(house.ended, [first.session])
        _, answer = house.back(named)
        self.assertEqual(
            answer["error"], "The session has ended: too much was waiting for it in memory"
        )

    def test_memory_moves(self) -> None:
        """What is kept counts for the address where the client is now."""
        house = self.house(buffered_per_address=5 * MIB)
        first = house.connection(address="10.0.0.1")
        named = first.keep()
        first.say(code="wait", seq=2)
        first.workers.opened[0].runs[-1].finish("x" * (2 * MIB))
        first.lose()
        moved, _ = house.back(named, address="10.0.0.2", seen=1)
        other = house.connection(address="10.0.0.1")
        other.keep()
        other.say(code="wait", seq=2)
        other.workers.opened[0].runs[-1].finish("y" * (2 * MIB))
        other.lose()
        _, answer = house.back(other.named, address="10.0.0.1", seen=1)
        self.assertEqual(len(answer["replay"]), 1)
        moved.lose()
        _, answer = house.back(named, address="10.0.0.2", seen=1)
        self.assertEqual(len(answer["replay"]), 1)

    def test_stopping(self) -> None:
        """The server stops: what runs is cancelled after the grace, and nobody attaches."""
        house = self.house()
        first = house.connection()
        named = first.keep()
        first.say(code="wait", seq=2)
        first.lose()
        drained = first.session.drain(2)
        self.assertNoResult(drained)
        self.assertEqual(house.code(named), "server_stopping")
        house.clock.advance(2.1)
        self.successResultOf(drained)
