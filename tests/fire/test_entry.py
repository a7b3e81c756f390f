"""Who has nothing to show, in numbers: guesses and silent connections beside a session at work.

Each test tells what a bystander's requests took before and during the attack; with
``DATACODE_FIGURES=1`` it prints them for the table in docs/security.md.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path

from argon2 import PasswordHasher
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from datacode.server.auth.accounts import set_password
from tests.daemons import PATIENCE
from tests.server.frames import handshake
from tests.shared_daemon import SharedDaemonTestCase

GUESSES = 160
SILENT = 2000


def basic(name: str, password: str) -> dict[str, str]:
    """The header with which a client shows name and password."""
    shown = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {shown}"}


def hash_seconds() -> float:
    """How long a password takes to be checked on this machine now."""
    began = time.monotonic()
    PasswordHasher().hash("geheim")
    return time.monotonic() - began


class Bystander:
    """A client at work: it asks again and again, and notes how long each answer takes."""

    def __init__(self, client: ClientConnection) -> None:
        self.seconds: list[float] = []
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Bystander:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            self._client.send('{"code": "print(read_file(\'a.txt\'))"}')
            answer = json.loads(self._client.recv(PATIENCE))
            assert answer["success"], answer
            self.seconds.append(time.monotonic() - began)
            time.sleep(0.005)

    @property
    def p99(self) -> float:
        """What 99 of 100 requests took at most, in seconds."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


class EntryTests(SharedDaemonTestCase):
    """A server with accounts."""

    timeout = 120

    def command(self, folder: Path) -> list[str]:
        """Accounts, and a file to read."""
        set_password(folder / "accounts", "anna", "geheim")
        (folder / "a.txt").write_text("x")
        # On a busy machine a hash takes seconds, and others are before it.
        self.words = (
            *("--auth", f"accounts:{folder / 'accounts'}", "--max-connections", "200"),
            *("--handshake-time", "60"),
        )
        return super().command(folder)

    def enter(self, source: str, password: str = "geheim") -> ClientConnection:
        """Come in from an address of this machine."""
        raw = socket.create_connection(("127.0.0.1", self._port), PATIENCE, (source, 0))
        client = connect(
            f"ws://127.0.0.1:{self._port}",
            sock=raw,
            additional_headers=basic("anna", password),
            open_timeout=PATIENCE,
            max_size=None,
        )
        self.addCleanup(client.close)
        return client

    def before(self) -> Bystander:
        """Somebody at work, and how that is without an attack."""
        client = self.enter("127.0.1.1")
        with Bystander(client) as calm:
            time.sleep(1)
        self.calm = calm.p99
        return Bystander(client)

    def tell(self, attack: str, during: Bystander) -> None:
        """Print the figures where they are asked for."""
        if os.environ.get("DATACODE_FIGURES"):
            before, after = self.calm * 1000, during.p99 * 1000
            print(f"{attack}: p99 {before:.0f} ms before, {after:.0f} ms during")

    def handshaken(self, source: str) -> bytes:
        """The answer to a handshake that shows nothing."""
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE, (source, 0)) as raw:
            raw.sendall(handshake())
            return raw.recv(100)

    def undisturbed(self, during: Bystander) -> None:
        """It waits for nothing that the others do; how busy the machine is counts, too."""
        self.assertLess(during.p99, max(5, 50 * self.calm))

    def guess(self, source: str) -> None:
        """Show a wrong password."""
        with contextlib.suppress(OSError, ConnectionClosed, Exception):
            self.enter(source, "falsch").recv(PATIENCE)

    def test_guesses(self) -> None:
        """160 at once, each from an address of its own: a right login is not behind them."""
        bystander = self.before()
        guesses = [
            threading.Thread(target=self.guess, args=(f"127.0.2.{number}",))
            for number in range(1, GUESSES + 1)
        ]
        with bystander:
            for guess in guesses:
                guess.start()
            time.sleep(0.3)
            began = time.monotonic()
            right = self.enter("127.0.3.1")
            right.send('{"code": "print(1)"}')
            self.assertTrue(json.loads(right.recv(PATIENCE))["success"])
            seconds = time.monotonic() - began
            for guess in guesses:
                guess.join(PATIENCE)
        self.tell(f"160 guesses, a right login in {seconds:.2f} s", bystander)
        # Its own hash and at most one before it; where the machine is busy, these take long.
        self.assertLess(seconds, max(30, 5 * hash_seconds()))
        self.undisturbed(bystander)

    def test_guesses_of_one(self) -> None:
        """From one address: ten are checked, the others are told to wait."""
        bystander = self.before()
        with bystander:
            threads = [threading.Thread(target=self.guess, args=("127.0.4.1",)) for _ in range(60)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            # Where the machine is busy, the handshakes of some took too long to be checked.
            checked = 0
            while b" 429 " not in (answer := self.handshaken("127.0.4.1")) and checked < 10:
                self.guess("127.0.4.1")
                checked += 1
            self.assertIn(b" 429 ", answer)
        self.undisturbed(bystander)

    def test_guesses_that_hang_up(self) -> None:
        """A burst from one address that is over at once: a right login from there comes in."""
        bystander = self.before()
        wrong = "".join(f"{k}: {v}\r\n" for k, v in basic("anna", "falsch").items()).encode()
        with bystander:
            raws = [
                socket.create_connection(("127.0.0.1", self._port), PATIENCE, ("127.0.7.1", 0))
                for _ in range(GUESSES)
            ]
            for raw in raws:
                with contextlib.suppress(OSError):  # the oldest of so many are dropped
                    raw.sendall(handshake().removesuffix(b"\r\n") + wrong + b"\r\n")
            for raw in raws:
                raw.close()
            began = time.monotonic()
            self.enter("127.0.7.1")
            seconds = time.monotonic() - began
        self.tell(f"{GUESSES} guesses that hang up, a right login in {seconds:.2f} s", bystander)
        self.undisturbed(bystander)

    def test_silent_connections(self) -> None:
        """2,000 that say nothing take nobody's place; one more session is there at once."""
        bystander = self.before()
        began = time.monotonic()
        self.enter("127.0.6.2")
        alone = time.monotonic() - began
        with bystander, contextlib.ExitStack() as stack:
            for number in range(SILENT):
                raw = socket.create_connection(
                    ("127.0.0.1", self._port), PATIENCE, (f"127.0.5.{number % 250 + 1}", 0)
                )
                stack.callback(raw.close)
                if number % 2:
                    raw.sendall(handshake())  # without anything to show
            began = time.monotonic()
            self.enter("127.0.6.1")
            seconds = time.monotonic() - began
        self.tell(f"{SILENT} silent connections, a session in {seconds:.2f} s", bystander)
        self.assertLess(seconds, max(5, 20 * alone))
        self.undisturbed(bystander)
