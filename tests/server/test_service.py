"""The service in a real reactor: starting, giving up, stopping. Server reference, 3.3 and 3.4."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import deferLater
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from datacode.i18n.message import Message
from datacode.server import banner
from datacode.server import service as service_module
from datacode.server.ops.clock import use_steady_clock
from datacode.server.options.settings import Bounds, Settings
from datacode.server.service import DataCodeService, _place
from datacode.smb.hosts import HostPolicy
from datacode.worker.pool import SandboxError, SandboxReport


class ServiceTests(TestCase):
    timeout = 300

    def service(self, **settings: Any) -> DataCodeService:
        """A service on a free port that remembers why it gave up."""
        self.given_up: list[str] = []
        return DataCodeService(Settings(port=0, **settings), reactor, self.given_up.append)

    async def test_start_and_stop(self) -> None:
        """It becomes ready, and leaves neither threads nor files when it stops."""
        folder = Path(self.mktemp())
        before = set(threading.enumerate())
        service = self.service(use_ve=True, session_dir=folder)
        service.privilegedStartService()
        service.startService()
        self.assertFalse(service._readiness()[0])
        await service._started
        ready, about = service._readiness()
        self.assertTrue(ready)
        self.assertIn("sandbox", about)
        await service.stopService()
        self.assertFalse(service._readiness()[0])
        self.assertEqual(list(folder.iterdir()), [])
        self.assertLessEqual(set(threading.enumerate()), before)
        self.assertEqual(self.given_up, [])

    async def test_socket_in_the_file_system(self) -> None:
        """It is announced by its plain name, and does not mind a hang-up signal."""
        name = Path(self.mktemp())
        service = self.service(listen=(f"unix:{name}",))
        service.privilegedStartService()
        service.startService()
        await service._started
        self.assertEqual([_place(port.getHost()) for port in service._ports], [str(name)])
        service.reload()
        await service._reading.run(lambda: None)
        self.assertTrue(name.is_socket())
        await service.stopService()

    async def test_no_walls(self) -> None:
        """Where programs cannot be shut in, it gives up in one sentence that says what to do."""
        service = self.service()
        self.patch(service.workers, "start", lambda: fail(NO_WALLS))
        service.privilegedStartService()
        service.startService()
        await service._started
        self.assertEqual(
            self.given_up,
            [
                "❌ Ошибка запуска WebSocket сервера: ядро системы не предоставляет ни"
                " Landlock, ни пространств имён, ни seccomp, чтобы изолировать программы; с"
                " --sandbox=off они выполняются без изоляции"
            ],
        )
        await service.stopService()

    async def test_fault_while_starting(self) -> None:
        """A fault of ours is logged, and ends the server instead of leaving it never ready."""
        service = self.service()
        self.patch(service.workers, "start", lambda: fail(ZeroDivisionError("ours")))
        service.privilegedStartService()
        service.startService()
        await service._started
        self.assertEqual(self.given_up, ["❌ Ошибка запуска WebSocket сервера: ours"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        await service.stopService()

    async def test_fault_now_and_then(self) -> None:
        """What is done again and again goes on after it has failed, which is logged."""
        service = self.service()
        service.privilegedStartService()
        faults = [ZeroDivisionError(), ZeroDivisionError()]
        went_on: Deferred[None] = Deferred()

        def broken() -> None:
            if faults:
                raise faults.pop()
            if not went_on.called:
                went_on.callback(None)

        self.patch(service.factory, "drop_gone", broken)
        self.patch(service_module, "_SWEEP_SECONDS", 0.01)
        service.startService()
        await went_on
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        await service._started
        await service.stopService()

    async def test_stopped_while_starting(self) -> None:
        """A stop that comes before all is ready ends what has been started."""
        service = self.service()
        service.privilegedStartService()
        service.startService()
        await deferLater(reactor, 0)
        await service.stopService()
        self.assertEqual(service.workers.processes, 0)

    async def test_started_without_privileges_first(self) -> None:
        """A plain start binds the ports, too."""
        service = self.service()
        service.startService()
        self.assertEqual(len(service._ports), 1)
        await service._started
        await service.stopService()


NO_WALLS = SandboxError(
    Message(
        "no_walls_at_all",
        "this kernel offers no Landlock, no namespaces and no seccomp to shut programs in with;"
        " --sandbox=off runs them without walls",
    )
)
WALLS = SandboxReport(landlock=6, namespaces=("net",), seccomp=True)


class AnnouncementTests(SynchronousTestCase):
    def test_warnings(self) -> None:
        """What an operator must not overlook, and nothing for a server of this machine only."""
        open_to_all = "⚠️  Сервер доступен из сети без проверки подлинности. Задайте --token."
        for settings, hosts, number in (
            (Settings(), ["127.0.0.1"], 0),
            (Settings(), ["127.0.0.1", "::1"], 0),
            (Settings(), ["0.0.0.0"], 2),
            (Settings(token="T"), ["10.0.0.1"], 1),
            (Settings(token="T", smb_hosts=HostPolicy(["files"])), ["::"], 0),
            (Settings(sandbox=False), ["127.0.0.1"], 1),
        ):
            found = list(banner.warnings(settings, hosts, WALLS, 10_000))
            self.assertEqual(len(found), number, (settings, hosts))
            if not settings.guarded and number > 1:
                self.assertIn(open_to_all, found)

    def test_weak_walls(self) -> None:
        """One wall alone is named, with what is missing; so are too few open files."""
        settings = Settings(locale="en")
        report = SandboxReport(seccomp=True, missing=("Landlock", "namespaces"))
        (weak,) = banner.warnings(settings, [], report, 10_000)
        self.assertIn("Few walls stand around programs: seccomp; missing: Landlock", weak)
        report = SandboxReport(
            seccomp=True,
            user="65534",
            missing=("namespaces", "Landlock", "an empty root", "a limit on threads"),
        )
        (weak,) = banner.warnings(Settings(locale="ru"), [], report, 10_000)
        self.assertIn(
            "Программы изолированы слабо: seccomp, отдельные пользователи; не хватает: пространства"
            " имён, Landlock, пустой корневой каталог, предел числа потоков.",
            weak,
        )
        (few,) = banner.warnings(settings, [], WALLS, 256)
        self.assertIn("256 open files are allowed, and 1000 sessions may need 4064", few)
        self.assertEqual(list(banner.warnings(settings, [], WALLS, 4064)), [])
        unlimited = Settings(bounds=Bounds(connections=0))
        self.assertEqual(list(banner.warnings(unlimited, [], WALLS, 256)), [])

    def test_addresses(self) -> None:
        """IPv6 addresses stand in brackets; endpoints stand as they were described."""
        self.assertIn("📡 Адрес: ws://[::1]:80", list(banner.before(Settings(host="::1", port=80))))
        lines = list(banner.before(Settings(listen=("unix:/run/x",))))
        self.assertIn("📡 Адрес: unix:/run/x", lines)


class ClockTests(SynchronousTestCase):
    def test_steady(self) -> None:
        """The reactor counts by the steady clock, unless it has begun to count by the other."""
        fresh = MemoryReactorClock()
        self.assertTrue(use_steady_clock(fresh))
        self.assertIs(fresh.seconds, time.monotonic)
        busy = MemoryReactorClock()
        busy.callLater(1, lambda: None)
        self.assertFalse(use_steady_clock(busy))
        self.assertIsNot(busy.seconds, time.monotonic)
