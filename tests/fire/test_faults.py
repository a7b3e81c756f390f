"""What breaks around a running server: processes, disks, descriptors, clocks, names.

Every test breaks one thing under a real server, reads the sentence that the client gets, and then
asks another client and a new one whether they have noticed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase
from websockets.exceptions import WebSocketException

import datacode
from datacode.smb.policy import ShareLimits
from tests.daemons import PATIENCE, Daemon, Talk, foreground
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba
from tests.test_daemon import ENDLESS, DaemonTestCase, until

THREADS = ShareLimits().connecting
STOPPED = {
    "success": False,
    "output": "",
    "error": "Ошибка: программа завершена принудительно; переменные остались такими, какими были"
    " до программы",
}
WORK = "n = 0\nfor i in range(1000000) do\nn = n + i\nnext i\nglobal x = 7"
"""Takes a worker so long that its processor time tells it from all others."""


class FaultTestCase(DaemonTestCase):
    """A server with a bystander, who must not notice."""

    def served(self, *words: str, **variables: str) -> None:
        """Start the server and the bystander."""
        self.daemon, self.port = self.serve(*words, **variables)
        self.begun()

    def begun(self) -> None:
        """The bystander has variables, so an interpreter of its own."""
        self.bystander = self.talk(self.port)
        self.bystander.ask(code="global mine = 1")

    def assertNobodyElse(self) -> None:
        """The bystander still has its variables, and a new client is served."""
        self.assertEqual(said(self.bystander, "print(mine)"), "1\n")
        self.assertEqual(said(self.talk(self.port), "print('Hello')"), "Hello\n")

    def working(self) -> tuple[Talk, int]:
        """A client whose interpreter has worked, and the number of its process."""
        client = self.talk(self.port, max_queue=1)
        before = {process: processor_time(process) for process in named(self.daemon, "worker")}
        self.assertTrue(client.ask(code=WORK)["success"])
        # Spare workers have been started meanwhile, but none of them has computed.
        worker = max(
            named(self.daemon, "worker"),
            key=lambda process: processor_time(process) - before.get(process, 0),
        )
        return client, worker

    def assertRests(self, process: int) -> None:
        """A process waits: for thirty looks in a row it has not used the processor."""
        seen: list[int] = []

        def rests() -> bool:
            seen.append(processor_time(process))
            return len(seen) > 30 and seen[-1] == seen[-30]

        until(rests)

    def assertGoesOn(self, client: Talk) -> None:
        """The session has the variables that it had."""
        self.assertEqual(said(client, "print(x)"), "7\n")
        self.assertEqual(said(client, "x = 8\nprint(x)"), "8\n")


class WorkerTests(FaultTestCase):
    """``kill -9`` of an interpreter, in every state."""

    def test_idle(self) -> None:
        """Nothing is to be noticed: another interpreter has the state."""
        self.served()
        client, worker = self.working()
        os.kill(worker, signal.SIGKILL)
        until(lambda: worker not in self.daemon.descendants())
        self.assertGoesOn(client)
        self.assertNobodyElse()

    def test_computing(self) -> None:
        """The running request fails at once."""
        self.served()
        client, worker = self.working()
        client.send(code=ENDLESS)
        self.assertEqual(client.ask(type="inspect")["success"], True)
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(client.receive(), STOPPED)
        self.assertGoesOn(client)
        self.assertNobodyElse()

    def test_requests_behind_it(self) -> None:
        """Those that waited behind the killed one are answered, in order, by a new interpreter."""
        self.served()
        client, worker = self.working()
        client.send(code=ENDLESS)
        self.assertEqual(client.ask(type="inspect")["success"], True)
        for number in range(5):
            client.send(code=f"print({number})")
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(client.receive(), STOPPED)
        self.assertEqual(
            [client.receive()["output"] for _ in range(5)], [f"{n}\n" for n in range(5)]
        )
        self.assertNobodyElse()

    def test_sending(self) -> None:
        """A client that does not read finds what was printed, then the sentence."""
        self.served("--max-output-mib=0")
        client, worker = self.working()
        code = f"line = 'x' * 10000\n{ENDLESS}".replace("next j", "print(line)\nnext j")
        client.send(code=code, stream=True)
        pieces = [client.receive()["text"]]
        self.assertRests(worker)  # it waits until it may send on
        os.kill(worker, signal.SIGKILL)
        while (message := client.receive()).get("type") == "output":
            pieces.append(message["text"])
        self.assertEqual((message["success"], message["error"]), (False, STOPPED["error"]))
        printed = "".join(pieces)
        self.assertTrue(printed)
        self.assertEqual(set(printed), {"x", "\n"})
        self.assertGoesOn(client)
        self.assertNobodyElse()

    def test_stopped_in_its_tracks(self) -> None:
        """One that does not run at all is ended where a client cancels its program."""
        self.served()
        client, worker = self.working()
        client.send(code=ENDLESS)
        self.assertEqual(client.ask(type="inspect")["success"], True)
        os.kill(worker, signal.SIGSTOP)
        client.send(type="cancel")
        self.assertEqual(client.receive()["success"], False)
        self.assertEqual(client.receive()["success"], True)
        until(lambda: worker not in self.daemon.descendants())
        self.assertNobodyElse()


class ZygoteTests(FaultTestCase):
    def zygote(self) -> int:
        """The one process of that name; what is forked has it, too, at first."""
        looks: list[set[int]] = []

        def is_alone() -> bool:
            looks.append(named(self.daemon, "zygote"))
            return len(looks[-1]) == 1

        until(is_alone)
        (found,) = looks[-1]
        return found

    def test_killed(self) -> None:
        """Sessions go on, new ones come from a new one; several times over."""
        self.served()
        client, _ = self.working()
        for _ in range(3):
            zygote = self.zygote()
            os.kill(zygote, signal.SIGKILL)
            for number in range(3):  # more than there are spare interpreters
                self.assertEqual(said(self.talk(self.port), f"print({number})"), f"{number}\n")
            self.assertEqual(said(client, "print(x)"), "7\n")
            self.assertNotIn(zygote, self.daemon.descendants())
        self.assertNobodyElse()
        self.assertEqual(self.daemon.stop(), 0)


class ShareTests(FaultTestCase):
    """A real file server that dies, or falls silent, in the middle of a read."""

    def prepare(self, *words: str, patience: str = "") -> tuple[Samba, FaultProxy]:
        """A server with a large file, a proxy before it, and a DataCode server."""
        server = samba(comment="faults")
        large = server.folder / "large.txt"
        with open(large, "wb") as file:
            file.truncate(256 << 20)
        (server.folder / "small.txt").write_text("small")
        proxy = FaultProxy(server.port)
        self.addCleanup(proxy.close)
        self.daemon = self.start(patched(patience, *words))
        self.port = self.daemon.port()
        self.begun()
        return server, proxy

    def connected(self, client: Talk, port: int) -> None:
        """Connect the share through a port."""
        answer = client.ask(
            type="smb_connect",
            ip=f"127.0.0.1:{port}",
            login=LOGIN,
            password=PASSWORD,
            domain="",
            share_name="data",
        )
        self.assertEqual(answer["message"], "Успешно подключено к SMB шаре 'data'", answer)

    def test_smbd_killed(self) -> None:
        """It was there, and is no more; once it is back, so is the share."""
        server, _ = self.prepare()
        client, _ = self.working()
        self.connected(client, server.port)
        code = 'print(len(read_file("lib://data/large.txt")))'
        client.send(code=code, progress=True)
        self.assertEqual(client.receive()["type"], "progress")
        server.kill()
        try:
            while (answer := client.receive()).get("type") == "progress":
                pass
            self.assertEqual(
                answer["error"],
                f"Ошибка чтения файла: соединение с {server.address} потеряно"
                " (lib://data/large.txt, попыток: 2)",
            )
            self.assertNobodyElse()
        finally:
            server.start()
        self.assertEqual(said(client, 'print(x, read_file("lib://data/small.txt"))'), "7 small\n")

    def test_cut(self) -> None:
        """The same where only the way to it breaks, twice."""
        _, proxy = self.prepare()
        client, _ = self.working()
        self.connected(client, proxy.port)
        proxy.every(Fault("cut", 200_000))
        proxy.drop_all()
        self.assertEqual(
            client.ask(type="smb_read_file", share_name="data", file_path="large.txt")["error"],
            "Ошибка чтения файла: файл 'large.txt' слишком велик"
            " (268435456 байт, предел 67108864 байта)",
        )
        self.assertEqual(
            client.ask(code='read_file("lib://data/large.txt")')["error"],
            f"Ошибка чтения файла: соединение с 127.0.0.1:{proxy.port} потеряно"
            " (lib://data/large.txt, попыток: 2)",
        )
        proxy.every(Fault("none"))
        self.assertEqual(said(client, 'print(read_file("lib://data/small.txt"))'), "small\n")
        self.assertNobodyElse()

    def test_silent(self) -> None:
        """It says nothing more: after the time that it has, that is what is said."""
        _, proxy = self.prepare(patience="stall=0.3")
        client, _ = self.working()
        proxy.every(Fault("stall", 300_000))
        self.connected(client, proxy.port)
        self.assertEqual(
            client.ask(code='read_file("lib://data/large.txt")')["error"],
            f"Ошибка чтения файла: сервер 127.0.0.1:{proxy.port} не отвечает"
            " (lib://data/large.txt, попыток: 1)",
        )
        self.assertEqual(said(client, "print(x)"), "7\n")
        self.assertNobodyElse()

    def test_worker_killed_while_it_waits(self) -> None:
        """The interpreter dies while its file is on the way: that is told at once."""
        _, proxy = self.prepare()
        client, worker = self.working()
        proxy.every(Fault("stall", 300_000))
        self.connected(client, proxy.port)
        client.send(code='read_file("lib://data/large.txt")')
        until(lambda: proxy.received >= 300_000)
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(client.receive(), STOPPED)
        self.assertGoesOn(client)
        proxy.every(Fault("none"))
        self.assertEqual(said(client, 'print(read_file("lib://data/small.txt"))'), "small\n")
        self.assertNobodyElse()


class NameServerTests(FaultTestCase):
    def test_never_answers(self) -> None:
        """A name server that says nothing costs only who asked, and only so long.

        Whoever asks very often does not hold all threads: one who comes from elsewhere has some.
        """
        blocked = (
            "import os, socket, threading\n"
            "asked, ask = threading.Event(), socket.getaddrinfo\n"
            "def stuck(host, *more, **options):\n"
            "    if host == 'nas.example':\n"
            "        os.write(1, b'asked for nas.example\\n')\n"  # a whole line at once
            "        asked.wait()\n"
            "    return ask(host, *more, **options)\n"
            "socket.getaddrinfo = stuck\n"
        )
        server = samba(comment="faults")
        (server.folder / "small.txt").write_text("small")
        self.daemon = self.start(patched("connect=1.0", before=blocked))
        self.port = self.daemon.port()
        self.begun()
        # More than there are threads.
        clients = [self.talk(self.port) for _ in range(THREADS.total + 2)]
        for client in clients:
            client.send(
                type="smb_connect",
                ip="nas.example",
                login="a",
                password="b",
                domain="",
                share_name="data",
            )
        for _ in range(THREADS.address):
            self.daemon.wait_for("asked for nas.example")
        self.assertNobodyElse()
        elsewhere = self.talk(self.port, source_address=("127.0.0.2", 0))
        ShareTests.connected(self, elsewhere, server.port)  # type: ignore[arg-type]
        self.assertEqual(said(elsewhere, 'print(read_file("lib://data/small.txt"))'), "small\n")
        for client in clients:
            self.assertEqual(
                client.receive(),
                {
                    "success": False,
                    "message": "",
                    "error": "Ошибка подключения к SMB: сервер nas.example не отвечает",
                },
            )
        self.assertEqual(said(clients[0], "print(2)"), "2\n")
        self.assertEqual(self.daemon.stop(), 0)


class FullDiskTests(FaultTestCase):
    FULL = "на устройстве не осталось места (os error 28)"

    def tiny(self, name: str, *options: str) -> Path:
        """A file system of half a MiB."""
        folder = self.folder / name
        folder.mkdir()
        if os.geteuid() != 0 or shutil.which("mount") is None:
            raise SkipTest("only root can mount a file system that is soon full")
        mounting = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join(("size=512k", *options)), "none", str(folder)],
            capture_output=True,
            text=True,
        )
        if mounting.returncode:
            raise SkipTest(f"no file system can be mounted here: {mounting.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(folder)], check=True)
        return folder

    def test_upload(self) -> None:
        """One sentence; nothing is left of what did not fit, and what fits is stored."""
        folder = self.tiny("sessions")
        self.served("--use-ve", "--session-dir", str(folder))
        client = self.talk(self.port)
        self.assertEqual(
            client.ask(type="upload_file", filename="a.txt", content="x" * (1 << 20)),
            {"success": False, "message": "", "error": f"Ошибка записи файла: {self.FULL}"},
        )
        self.assertEqual(client.ask(type="session_files")["files"], [])
        self.assertEqual(
            client.ask(type="upload_file", filename="a.txt", content="x" * 1000)["message"],
            "Файл a.txt успешно загружен",
        )
        self.assertEqual(said(client, "print(list_files(getcwd()))"), "[a.txt]\n")
        self.assertNobodyElse()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(list(folder.glob("**/user_*")), [])

    def test_program(self) -> None:
        """``write_file`` gets the sentence, and can catch it; the old file is still whole."""
        self.served("--use-ve", "--session-dir", str(self.tiny("sessions")))
        client = self.talk(self.port)
        self.assertTrue(client.ask(code='write_file("a.txt", "old")\nglobal x = 7')["success"])
        answer = client.ask(code='write_file("a.txt", "x" * 1048576)')
        self.assertEqual(answer["error"], f"Ошибка: не удалось записать файл: {self.FULL}")
        code = 'try\nwrite_file("a.txt", "x" * 1048576)\ncatch e\nprint("caught")\nendtry'
        self.assertEqual(said(client, code), "caught\n")
        self.assertEqual(said(client, 'print(x, read_file("a.txt"))'), "7 old\n")
        self.assertNobodyElse()

    def test_no_more_names(self) -> None:
        """A file system may also be out of names: then there is not even a session folder."""
        self.served("--use-ve", "--session-dir", str(self.tiny("sessions", "nr_inodes=4")))
        clients = [self.talk(self.port) for _ in range(6)]
        answers = [
            client.ask(type="upload_file", filename="f/a.txt", content="x") for client in clients
        ]
        for answer in answers:
            if not answer["success"]:
                self.assertIn(
                    answer["error"],
                    (
                        f"Ошибка создания директории: {self.FULL}",
                        f"Ошибка записи файла: {self.FULL}",
                    ),
                )
        self.assertFalse(answers[-1]["success"])
        answer = clients[-1].ask(code='write_file("b.txt", "x")')
        self.assertIn(self.FULL, answer["error"])
        self.assertEqual(said(clients[-1], "print(1)"), "1\n")
        self.assertEqual(said(self.bystander, "print(mine)"), "1\n")

    def test_copies_of_shares(self) -> None:
        """A file of a share that does not fit where copies lie."""
        server = samba(comment="faults")
        with open(server.folder / "large.txt", "wb") as file:
            file.truncate(4 << 20)
        (server.folder / "small.txt").write_text("small")
        self.served("--smb-spool", str(self.tiny("spool")))
        client = self.talk(self.port)
        ShareTests.connected(self, client, server.port)  # type: ignore[arg-type]
        self.assertEqual(
            client.ask(code='read_file("lib://data/large.txt")')["error"],
            "Ошибка чтения файла: на сервере DataCode нет места для файла 'large.txt'",
        )
        self.assertEqual(said(client, 'print(read_file("lib://data/small.txt"))'), "small\n")
        self.assertNobodyElse()


class DescriptorTests(FaultTestCase):
    LIMIT = 64

    def test_exhausted(self) -> None:
        """Who comes too many is turned away; who is there stays; afterwards all is as before."""
        if shutil.which("prlimit") is None:
            raise SkipTest("no prlimit on this machine, from Debian's util-linux")
        command = ["prlimit", f"--nofile={self.LIMIT}", *foreground("--port", "0")]
        self.daemon = self.start(command)
        self.port = self.daemon.port()
        self.begun()
        without = self.talk(self.port)  # has no interpreter yet
        with contextlib.ExitStack() as crowd:
            for _ in range(self.LIMIT + 20):
                crowd.enter_context(socket.create_connection(("127.0.0.1", self.port), PATIENCE))
            until(lambda: descriptors(self.daemon) >= self.LIMIT - 2)
            self.assertRests(self.daemon.process.pid)
            self.assertEqual(said(self.bystander, "print(mine)"), "1\n")
            answer = without.ask(code="print(2)")
            if not answer["success"]:
                self.assertEqual(
                    answer["error"], "Ошибка: интерпретатор не может быть запущен; повторите позже"
                )
            self.assertRests(self.daemon.process.pid)
            self.assertRaises((OSError, WebSocketException), Talk, self.port)
        until(lambda: descriptors(self.daemon) < self.LIMIT - 10)
        self.assertEqual(said(without, "print(2)"), "2\n")
        self.assertNobodyElse()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertLess(len(self.daemon.lines), 100, self.daemon.lines[-5:])


class ClockTests(FaultTestCase):
    def test_set_while_a_program_runs(self) -> None:
        """The time of day jumps by a year, there and back: nobody is late, nothing is over."""
        jumping = (
            "import signal, time\n"
            "real, shift = time.time, [0.0]\n"
            "time.time = lambda: real() + shift[0]\n"
            "def jump(number, frame):\n"
            "    shift[0] += 3e7 if number == signal.SIGUSR1 else -6e7\n"
            "    print('jumped', shift[0], flush=True)\n"
            "signal.signal(signal.SIGUSR1, jump)\n"
            "signal.signal(signal.SIGUSR2, jump)\n"
        )
        self.daemon = self.start(patched("", before=jumping))
        self.port = self.daemon.port()
        self.begun()
        client, _ = self.working()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
            client.send(code=ENDLESS)
            self.assertEqual(client.ask(type="inspect")["success"], True)
            self.daemon.process.send_signal(number)
            self.daemon.wait_for("jumped")
            for _ in range(3):
                self.assertNobodyElse()
            client.send(type="cancel")
            self.assertEqual(client.receive()["error"], "Ошибка: выполнение прервано")
            self.assertEqual(client.receive()["message"], "Выполнение прервано")
            self.assertEqual(said(client, "print(x)"), "7\n")
        self.assertEqual(self.daemon.stop(), 0)


class DurationTests(SynchronousTestCase):
    def test_no_duration_by_the_time_of_day(self) -> None:
        """No module that waits or limits asks for the time of day, which somebody may set."""
        of_day = re.compile(r"\btime\.time(_ns)?\(|\bfrom time import\b.*\btime\b|ITIMER_REALTIME")
        package = Path(datacode.__file__).parent
        # How old a session is whose server was ended: nothing else goes on meanwhile.
        across_starts = {package / "server" / "kept_sessions.py"}
        looked_at = 0
        for part in ("server", "worker", "smb", "runtime", "console", "client"):
            for module in set((package / part).rglob("*.py")) - across_starts:
                looked_at += 1
                self.assertIsNone(of_day.search(module.read_text("utf-8")), str(module))
        self.assertGreater(looked_at, 50)


def patched(patience: str, *words: str, before: str = "") -> list[str]:
    """The command line of a server: first run ``before``, then change how long shares may take."""
    code = (
        f"{before}\n"
        "import sys\n"
        "from functools import partial\n"
        "from datacode.smb import policy\n"
        f"made = policy.Timeouts({patience})\n"
        "policy.SharePolicy = partial(policy.SharePolicy, timeouts=made)\n"
        "from datacode.__main__ import main\n"
        "sys.exit(main())\n"
    )
    _, _, _, *given = foreground("--port", "0", *words)
    return [foreground()[0], "-c", code, *given]


def said(client: Talk, code: str) -> Any:
    """What a program prints; where it fails, the sentence."""
    answer = client.ask(code=code)
    return answer["output"] if answer["success"] else answer["error"]


def named(daemon: Daemon, kind: str) -> set[int]:
    """The server's processes of a kind: ``worker`` or ``zygote``."""
    found = set()
    for process in daemon.descendants():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/comm").read_text() == f"datacode-{kind}\n":
                found.add(process)
    return found


def processor_time(process: int) -> int:
    """What a process has used of the processor, in ticks."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def descriptors(daemon: Daemon) -> int:
    """How many descriptors the server's own process has."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
