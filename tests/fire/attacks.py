"""Attacks on the threads and files of a server that take too long for the suite, measured.

    python -m tests.fire.attacks                 all of them, some two minutes
    python -m tests.fire.attacks cancels links   some

For each: what 99 of 100 requests of a bystander took before and during it, the most memory of the
server's own process before and during it, and how it ended. Exit status 1 where one did harm.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.daemons import Daemon, twistd
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

_NAMES = 150_000
_CANCELS = 120
_ENDLESS = "for i in range(1000000000) do\n  y = i\nnext i"


@dataclass
class Bystander(threading.Thread):
    """Asks for something small again and again; ``times`` is what each took, in seconds."""

    port: int
    request: dict[str, Any]
    share: Samba | None = None
    times: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()

    def run(self) -> None:
        """Ask until told to stop."""
        with client(self.port) as connection:
            if self.share is not None:
                connected(connection, self.share, "data")
            ask(connection, code="x = 1")
            while not self._over.is_set():
                begun = time.perf_counter()
                answer = ask(connection, **self.request)
                self.times.append(time.perf_counter() - begun)
                if not answer["success"]:
                    self.failed.append(answer["error"])
                time.sleep(0.01)

    def __hash__(self) -> int:
        return id(self)

    def percentile(self) -> float:
        """What 99 of 100 took at most, in milliseconds; those so far are forgotten."""
        times, self.times = sorted(self.times), []
        return times[int(len(times) * 0.99)] * 1000 if times else float("nan")

    def end(self) -> None:
        """Stop."""
        self._over.set()
        self.join()


class Server:
    """A server process in a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.daemon = Daemon(twistd(folder, "--port", "0", *options), folder)
        self.port = self.daemon.port()

    def memory(self) -> float:
        """MiB of the server's own process."""
        lines = Path(f"/proc/{self.daemon.process.pid}/status").read_text().splitlines()
        (size,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
        return int(size) / 1024

    def terminated(self) -> float:
        """Seconds that it takes to end when asked to."""
        begun = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.process.wait(60)
        return time.monotonic() - begun


@contextlib.contextmanager
def client(port: int) -> Iterator[ClientConnection]:
    """A connection."""
    address = f"ws://127.0.0.1:{port}"
    with connect(address, max_size=None, compression=None, ping_interval=None) as connection:
        yield connection


def ask(connection: ClientConnection, **request: Any) -> dict[str, Any]:
    """The answer to a request."""
    connection.send(json.dumps(request))
    while True:
        answer: dict[str, Any] = json.loads(connection.recv(timeout=120))
        if "success" in answer:
            return answer


def connected(connection: ClientConnection, server: Samba, name: str) -> None:
    """Connect a share."""
    account = {"login": LOGIN, "password": PASSWORD, "domain": ""}
    asked = {"type": "smb_connect", "ip": server.address, "share_name": name, **account}
    answer = ask(connection, **asked)
    assert answer["success"], answer


def measured(
    name: str, server: Server, bystander: Bystander, attack: Callable[[], str], seconds: float = 4
) -> None:
    """Print the row of an attack. ``attack`` says how it ended, and raises where it did harm."""
    bystander.start()
    time.sleep(3)
    before, small = bystander.percentile(), server.memory()
    most = [small]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            most.append(server.memory())

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    begun = time.monotonic()
    end = attack()
    time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    over.set()
    watching.join()
    during = bystander.percentile()
    bystander.end()
    assert not bystander.failed, bystander.failed[:3]
    print(
        f"{name}: bystander {before:.0f} ms before, {during:.0f} ms during; "
        f"memory {small:.0f} MiB before, {max(most):.0f} at most; {end}",
        flush=True,
    )


# The attacks --------------------------------------------------------------------------------


def patterns(folder: Path) -> None:
    """Long patterns by sessions that leave at once; then the server is asked to end."""
    server = Server(folder)
    slow = "s = 'a/'\nfor i in range(18) do\ns = s + s\nnext i\nx = list_files(s + 'b*')"

    def attack() -> str:
        for _ in range(8):
            with client(server.port) as connection:
                ask(connection, code="x = 1")
                connection.send(json.dumps({"code": slow}))
                time.sleep(0.2)
                connection.socket.shutdown(socket.SHUT_RDWR)
        return "refused at once"

    bystander = Bystander(server.port, {"code": "x = path_exists('a.txt')"})
    measured("patterns of 524,288 characters", server, bystander, attack)
    with client(server.port) as connection:
        connection.send(json.dumps({"code": slow}))
        seconds = server.terminated()
    assert seconds < 5, seconds
    print(f"SIGTERM after it: {seconds:.1f} s", flush=True)


def folders(folder: Path) -> None:
    """A folder of 150,000 names, listed and completed by four sessions at once."""
    (folder / "many").mkdir()
    for number in range(_NAMES):
        (folder / "many" / f"name-{number:06}.csv").touch()
    server = Server(folder)
    code = "x = read_file('many/name-0001"

    def attack() -> str:
        def one() -> None:
            with client(server.port) as connection:
                for _ in range(2):
                    answer = ask(connection, code="print(len(list_files('many')))")
                    assert answer["output"] == f"{_NAMES}\n", answer
                    answer = ask(connection, type="complete", code=code, position=len(code))
                    assert answer["success"], answer

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "every list is whole"

    bystander = Bystander(server.port, {"code": "x = path_exists('a.txt')"})
    measured("4 sessions in a folder of 150,000 names", server, bystander, attack)
    server.daemon.close()


def links(folder: Path) -> None:
    """Sessions that come to silent hosts: by connecting, by links (DFS), after a lost server."""
    root = samba(host_msdfs="yes", msdfs_root="yes")
    hosts = [socket.create_server(("127.0.0.1", 0), backlog=100) for _ in range(3)]
    addresses = [f"127.0.0.1:{host.getsockname()[1]}" for host in hosts]
    allowed = [word for host in (root.address, *addresses) for word in ("--smb-host", host)]
    server = Server(folder, *allowed)
    (root.folder / "a.txt").write_text("read")
    for number, address in enumerate(addresses):
        link = root.folder / f"silent-{number}"
        link.unlink(missing_ok=True)
        link.symlink_to(f"msdfs:{address}\\data")

    def attack() -> str:
        def one(number: int) -> None:
            with contextlib.suppress(ConnectionClosed), client(server.port) as connection:
                if number % 2:
                    host, share = addresses[number % 3], "data"
                    ask(
                        connection,
                        type="smb_connect",
                        ip=host,
                        share_name=share,
                        login="a",
                        password="b",
                        domain="",
                    )
                    return
                connected(connection, root, "data")
                answer = ask(connection, code=f"x = list_files('lib://data/silent-{number % 3}')")
                assert not answer["success"], answer

        threads = [threading.Thread(target=one, args=(number,)) for number in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "each gets its sentence"

    request = {"code": "x = read_file('lib://data/a.txt')"}
    bystander = Bystander(server.port, request, share=root)
    measured("60 sessions that come to silent hosts", server, bystander, attack)
    server.daemon.close()
    for host in hosts:
        host.close()


def cancels(folder: Path) -> None:
    """120 programs cancelled while four others use up the processors: no state is lost."""
    server = Server(folder)
    over = threading.Event()

    def burn() -> None:
        with client(server.port) as connection:
            connection.send(json.dumps({"code": _ENDLESS}))
            over.wait()

    def attack() -> str:
        burning = [threading.Thread(target=burn) for _ in range(4)]
        for thread in burning:
            thread.start()
        slowest, lost = 0.0, 0
        with client(server.port) as connection:
            ask(connection, code="kept = 42")
            for number in range(_CANCELS):
                connection.send(json.dumps({"code": _ENDLESS}))
                time.sleep(0.02 + number % 7 * 0.01)
                begun = time.perf_counter()
                connection.send(json.dumps({"type": "cancel"}))
                cancelled = json.loads(connection.recv(timeout=60))
                slowest = max(slowest, time.perf_counter() - begun)
                assert not cancelled["success"], cancelled
                assert json.loads(connection.recv(timeout=60))["success"]
                if ask(connection, code="print(kept)")["output"] != "42\n":
                    lost += 1
                    ask(connection, code="kept = 42")
        over.set()
        for thread in burning:
            thread.join()
        assert not lost, f"{lost} of {_CANCELS} sessions lost their state"
        return f"{_CANCELS} cancels, none lost its session, slowest {slowest:.2f} s"

    bystander = Bystander(server.port, {"code": "x = 1"})
    measured("cancels beside four endless programs", server, bystander, attack)
    server.daemon.close()


ATTACKS = {each.__name__: each for each in (patterns, folders, links, cancels)}


def main() -> None:
    """Run the attacks named, or all."""
    failed = False
    for name in sys.argv[1:] or ATTACKS:
        with tempfile.TemporaryDirectory(prefix="datacode-attack-") as folder:
            try:
                ATTACKS[name](Path(folder))
            except AssertionError as error:
                failed = True
                print(f"{name}: {error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
