"""What a worker that has been taken over can do: nothing beyond its two sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.internet import reactor, threads
from twisted.internet.protocol import Factory

from datacode.worker.limits import MIB, Limits
from datacode.worker.pool import PoolSettings, RemoteInterpreter
from datacode.worker.sandbox import syscalls
from tests.worker.harness import TAKEN_OVER, WITH_POLARS, WorkersTestCase

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import ctypes, errno, mmap, os, resource, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

def tried(*steps):
    for step in steps:
        try:
            gained = eval(step)
        except (OSError, ValueError) as error:
            print("refused:", step, "-", type(error).__name__)
        else:
            print("ALLOWED:", step, "=", gained)

def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result
"""

FILES = (
    "open('/etc/passwd')",
    "open('/proc/self/environ', 'rb')",
    "open('/proc/self/maps')",
    "open('/proc/1/cmdline', 'rb')",
    "open('/tmp/written', 'w')",
    "open('written', 'w')",
    "os.open('/', os.O_RDONLY)",
    "os.open('/', os.O_PATH)",
    "os.open('.', os.O_RDONLY | os.O_TMPFILE)",
    "os.listdir('/')",
    "os.listdir('.')",
    "os.stat('/etc/passwd')",
    "os.stat('/')",
    "os.stat('/etc/passwd', follow_symlinks=False)",
    "checked(libc.fstatat(-100, b'/etc/passwd', ctypes.create_string_buffer(200), 0x1000))",
    "checked(libc.fstatat(3, b'', ctypes.create_string_buffer(200), 0x1000))",
    "checked(libc.statx(-100, b'/etc/passwd', 0x1000, 0xFFF, ctypes.create_string_buffer(256)))",
    "os.readlink('/proc/self/exe')",
    "os.mkdir('/tmp/made')",
    "os.unlink('/etc/passwd')",
    "os.symlink('a', 'b')",
    "os.chdir('/')",
    "os.chroot('.')",
    "os.memfd_create('a')",
    "os.pipe()",
)

NETWORK = (
    "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "socket.socketpair()",
    "run_channel.connect('/run/dbus/system_bus_socket')",
    "run_channel.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes([1, 0, 0, 0]))])",
    "call(425, 8, ctypes.create_string_buffer(120))",  # io_uring_setup
)

PROCESSES = (
    "os.execv('/bin/sh', ['sh'])",
    "os.posix_spawn('/bin/sh', ['sh'], {})",
    "os.fork()",
    "os.forkpty()",
    "call(435, ctypes.create_string_buffer(88), 88)",  # clone3
    "os.kill(os.getppid(), 0)",
    "os.kill(1, 0)",
    "os.kill(-1, 0)",
    "os.kill(0, 0)",
    "os.killpg(os.getppid(), 0)",
    "signal.pidfd_send_signal(1, 0)",
    "os.pidfd_open(os.getppid())",
    "call(438, 1, 0, 0)",  # pidfd_getfd
    "checked(libc.ptrace(16, os.getppid(), 0, 0))",
    "checked(libc.ptrace(0, 0, 0, 0))",
    "checked(libc.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0))",
    "checked(libc.process_vm_writev(os.getppid(), 0, 0, 0, 0, 0))",
    "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "os.sched_setaffinity(os.getppid(), {0})",
    "os.setuid(0)",
    "os.setsid()",
)

MACHINE = (
    "checked(libc.mount(b'none', b'/', b'tmpfs', 0, 0))",
    "checked(libc.unshare(0x10000000))",
    "checked(libc.setns(1, 0))",
    "call(321, 0, 0, 0)",  # bpf
    "call(298, 0, 0, -1, -1, 0)",  # perf_event_open
    "call(323, 0)",  # userfaultfd
    "call(250, 0, 0)",  # keyctl
    "call(248, 0, 0, 0, 0, 0)",  # add_key
    "call(169, 0xfee1dead, 672274793, 0, 0)",  # reboot
    "call(175, 0, 0, b'')",  # init_module
    "checked(libc.prctl(1, 0))",  # outlive the server
    "checked(libc.prctl(4, 1))",  # become readable for others of the same user
    "checked(libc.personality(0x0040000))",
    "resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))",
    "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED)",
    "checked(libc.mprotect(ctypes.c_void_p(id(sys) & ~4095), 4096, 7))",
    "os.nice(-10)",
)


_FILL = (
    "libc.mmap.restype = ctypes.c_void_p\n"
    "libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]\n"
    "size, filled = 8 << 20, 0\n"
    "while filled < 6 << 30:\n"
    "    place = libc.mmap(None, ctypes.c_size_t(size), 3, 0x22, -1, 0)\n"
    "    if place == ctypes.c_void_p(-1).value: break\n"
    "    ctypes.memset(place, 65, 4096)\n"
    "    filled += size\n"
    "    for protection in (0, 1): libc.mprotect(place, size, protection)\n"
    "print(filled >> 20)\n"
)
"""Fill memory and make it read-only, where RLIMIT_DATA counts it no more; print the MiB."""


class TakenOverTestCase(WorkersTestCase):
    """Sends Python to a worker that runs it."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER)

    async def said(self, code: str, interpreter: RemoteInterpreter | None = None) -> str:
        """What the code prints in a worker."""
        outcome = await (interpreter or self.opened()).run(PRELUDE + code)
        self.assertIsNone(outcome.error)
        return outcome.output

    async def assertRefused(self, attempts: tuple[str, ...]) -> None:
        """None of these succeeds."""
        await self.started()
        printed = await self.said(f"tried(*{attempts!r})")
        self.assertNotIn("ALLOWED", printed)
        self.assertEqual(printed.count("refused: "), len(attempts), printed)


class TakenOverTests(TakenOverTestCase):
    """With every wall that this kernel has."""

    async def test_files(self) -> None:
        """No file is opened, made, removed or even seen."""
        await self.assertRefused(FILES)

    async def test_network(self) -> None:
        """No socket is made, and the two that there are reach nobody else."""
        await self.assertRefused(NETWORK)

    async def test_processes(self) -> None:
        """No program is started, no process made, signalled or looked into."""
        await self.assertRefused(PROCESSES)

    async def test_machine(self) -> None:
        """No way out by the kernel, no memory that is not counted, no code made at run time."""
        if syscalls.machine() != "x86_64":
            raise self.skipTest("the numbers of system calls here are those of x86_64")
        await self.assertRefused(MACHINE)

    async def test_report(self) -> None:
        """What is reported is what the kernel says of a worker."""
        workers = await self.started()
        interpreter = self.opened()
        process = int(await self.said("print(os.getpid())", interpreter))
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{process}/status").read_text().splitlines()
            if ":\t" in line
        )
        self.assertEqual(status["Seccomp"], "2" if workers.report.seccomp else "0")
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(int(status["CapEff"], 16), 0)
        self.assertEqual(status["PPid"], str(os.getpid()))
        if os.geteuid() == 0:
            self.assertEqual(status["Uid"].split(), [str(0x70000000 + process)] * 4)
            for name in ("net", "ipc", "uts", "mnt"):
                theirs = os.readlink(f"/proc/{process}/ns/{name}")
                self.assertNotEqual(theirs, os.readlink(f"/proc/self/ns/{name}"), name)
            self.assertIn("(deleted)", os.readlink(f"/proc/{process}/root"))

    async def test_every_wall_of_this_kernel(self) -> None:
        """On a kernel that has them all, nothing is missing."""
        workers = await self.started()
        if not (workers.report.landlock and workers.report.namespaces):
            raise self.skipTest(f"this kernel lacks {', '.join(workers.report.missing)}")
        self.assertEqual(workers.report.missing, ())

    async def test_nothing_open_but_its_sockets(self) -> None:
        """Its descriptors are the two channels and the null device."""
        await self.started()
        number, mode = {"x86_64": (5, 24), "aarch64": (80, 16)}[syscalls.machine()]
        printed = await self.said(
            "status = ctypes.create_string_buffer(200)\n"
            "for fd in range(64):\n"
            f"    if not libc.syscall({number}, fd, status):\n"
            f"        print(fd, oct(int.from_bytes(status[{mode}:{mode + 4}], 'little')))\n"
        )
        kinds = [line.split()[1] for line in printed.splitlines()]
        self.assertEqual(kinds[:3], ["0o20666"] * 3)
        self.assertEqual([kind[:4] for kind in kinds[3:]], ["0o14"] * 2)

    async def test_no_secret_in_environment(self) -> None:
        """Nothing of the server's environment is there."""
        self.patch(os, "environ", {**os.environ, "DATACODE_WS_TOKEN": "sesame-4711"})
        await self.started()
        printed = await self.said("print(dict(os.environ))")
        self.assertNotIn("sesame", printed)
        self.assertLessEqual(
            set(eval(printed)), {*workers_environment(), "LC_CTYPE", "TZ", "TMPDIR"}
        )

    async def test_no_secret_in_memory(self) -> None:
        """Neither the server's secrets nor another session's data are in a worker's memory."""
        if os.geteuid() != 0:
            raise self.skipTest("only root can look into a worker's memory")
        servers = "the-server's-" + os.urandom(8).hex()
        await self.started()
        other, own = self.opened(), self.opened()
        others = "another-session's-" + os.urandom(8).hex()
        await self.said(f"kept = {others!r}", other)
        mark = "its-own-" + os.urandom(8).hex()
        process = int(await self.said(f"kept = {mark!r}; print(os.getpid())", own))
        memory = await threads.deferToThread(memory_of, process)
        self.assertIn(mark.encode(), memory)
        self.assertNotIn(others.encode(), memory)
        self.assertNotIn(servers.encode(), memory)

    async def test_other_workers_out_of_reach(self) -> None:
        """One worker cannot signal or look into another."""
        await self.started()
        first, second = self.opened(), self.opened()
        process = int(await self.said("print(os.getpid())", first))
        printed = await self.said(
            f"tried('os.kill({process}, 9)', 'checked(libc.ptrace(16, {process}, 0, 0))', "
            f'\'open("/proc/{process}/mem", "rb")\')',
            second,
        )
        self.assertNotIn("ALLOWED", printed)
        self.assertEqual(await self.said("print(1)", first), "1\n")

    async def test_memory_limit(self) -> None:
        """More memory than allowed is a MemoryError, whatever way it is asked for."""
        await self.started()
        interpreter = self.opened(limits=Limits(memory_bytes=64 * MIB, run_seconds=20))
        printed = await self.said(
            "def grow(size):\n"
            "    try: return len(bytearray(size))\n"
            "    except MemoryError: return 'no memory'\n"
            "print(grow(50 << 20), grow(70 << 20))\n"
            "try: mmap.mmap(-1, 70 << 20, flags=mmap.MAP_PRIVATE)\n"
            "except OSError as error: print(error.errno == errno.ENOMEM)\n",
            interpreter,
        )
        self.assertEqual(printed, f"{50 << 20} no memory\nTrue\n")

    async def test_memory_that_is_no_data_any_more(self) -> None:
        """Nor by filling memory and making it read-only, where the limit counts it no more."""
        await self.started()
        printed = await self.said(
            _FILL, self.opened(limits=Limits(memory_bytes=64 * MIB, run_seconds=20))
        )
        self.assertLessEqual(int(printed), 64)

    async def test_addresses_are_bounded(self) -> None:
        """Nor can tables of pages be had without end, by mapping what is only ever read."""
        await self.started()
        printed = await self.said(
            "kept = []\n"
            "try:\n"
            "    while len(kept) < 64:\n"
            "        kept.append(mmap.mmap(-1, 4 << 30, mmap.MAP_PRIVATE, mmap.PROT_READ))\n"
            "except OSError as error: print(error.errno == errno.ENOMEM, len(kept))\n",
            self.opened(limits=Limits(memory_bytes=64 * MIB, run_seconds=20)),
        )
        self.assertIn(printed, ("True 3\n", "True 4\n"))

    async def test_threads_are_bounded(self) -> None:
        """Threads work, but not without number."""
        await self.started()
        printed = await self.said(
            "import threading\n"
            "threading.stack_size(65536)\n"
            "gate = threading.Event()\n"
            "count = 0\n"
            "try:\n"
            "    while count < 500:\n"
            "        threading.Thread(target=gate.wait).start()\n"
            "        count += 1\n"
            "except RuntimeError: pass\n"
            "gate.set()\n"
            "print(count)\n"
        )
        self.assertGreater(int(printed), 8)
        if not self.workers.report.missing:
            self.assertLess(int(printed), 100)

    async def test_taken_over_channel(self) -> None:
        """Garbage on the channel ends the worker, and the session is told; nothing else happens."""
        await self.started()
        interpreter = self.opened()
        outcome = await interpreter.run("run_channel.sendall(bytes([255] * 100))")
        self.assertIsNotNone(outcome.error)
        self.assertEqual(
            str(outcome.error),
            "Limit Error: The interpreter has stopped; the state of the session was reset",
        )
        self.assertEqual(await self.said("print(2)", interpreter), "2\n")


class WithoutLandlockTests(TakenOverTestCase):
    """Where the kernel has no Landlock the other walls hold alone."""

    settings = PoolSettings(spare=0, entry="tests.worker.taken_over_without_landlock:serve")

    async def test_all(self) -> None:
        """No file, no socket, no process."""
        await self.assertRefused(FILES + NETWORK + PROCESSES)
        self.assertEqual(self.workers.report.landlock, 0)
        self.assertIn("Landlock", self.workers.report.missing)


class WithoutSeccompTests(TakenOverTestCase):
    """Where the kernel has no seccomp the other walls keep a worker from all that matters."""

    settings = PoolSettings(spare=0, entry="tests.worker.taken_over_without_seccomp:serve")
    harmless = ("os.stat('/')", "os.open('/', os.O_PATH)", "os.memfd_create('a')", "os.pipe()")

    async def test_files(self) -> None:
        """No file is opened or seen; the empty root is all that is there."""
        await self.assertRefused(tuple(step for step in FILES if step not in self.harmless))

    async def test_others(self) -> None:
        """No signal reaches the server, no port is reached, nothing is looked into."""
        server = reactor.listenTCP(0, Factory(), interface="127.0.0.1")  # type: ignore[attr-defined]
        self.addCleanup(server.stopListening)
        connect = f"socket.socket().connect((b'127.0.0.1', {server.getHost().port}))"
        await self.assertRefused(
            (
                connect,
                "os.kill(os.getppid(), 0)",
                "os.kill(1, 0)",
                "checked(libc.ptrace(16, os.getppid(), 0, 0))",
                "os.setuid(0)",
                "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
                "checked(libc.mount(b'none', b'/', b'tmpfs', 0, 0))",
            )
        )

    async def test_memory(self) -> None:
        """What is made read-only once it is filled is bounded by the addresses, 2 GiB above."""
        await self.started()
        limits = Limits(memory_bytes=64 * MIB, run_seconds=60)
        self.assertLessEqual(int(await self.said(_FILL, self.opened(limits=limits))), 2200)
        self.assertEqual(
            await self.said("print(len(bytearray(50 << 20)))", self.opened(limits=limits)),
            f"{50 << 20}\n",
        )


class PolarsInsideTests(TakenOverTestCase):
    """Polars, with its threads, works behind the walls."""

    settings = PoolSettings(spare=0, entry=WITH_POLARS)

    async def test_operations(self) -> None:
        """Sorting, grouping, joining, reading CSV, casting: all as outside."""
        await self.started()
        printed = await self.said(
            "import polars as pl, io, random, json\n"
            "n = 200_000\n"
            "r = range(n)\n"
            "t = pl.DataFrame({'k': [i % 1000 for i in r], 'v': [float(i) for i in r]})\n"
            "s = t.sort('v', descending=True)\n"
            "g = t.group_by('k').agg(pl.col('v').sum()).sort('k')\n"
            "j = t.join(g, on='k', how='left')\n"
            "csv = '\\n'.join(['a,b', *(f'{i},x{i}' for i in range(50_000))])\n"
            "c = pl.read_csv(io.BytesIO(csv.encode()), infer_schema=False)\n"
            "f = c.with_columns(pl.col('a').cast(pl.Float64, strict=False))\n"
            "f = f.filter(pl.col('a') > 5)\n"
            "u = t.lazy().select(pl.col('k').unique()).collect()\n"
            "print(json.dumps([s['v'][0], g['v'][0], j.height, c.height, f.height, u.height]))\n"
            "print(len(pl.concat([t] * 3)), t['v'].quantile(0.5))\n"
        )
        numbers = [199999.0, 19900000.0, 200000, 50000, 49994, 1000]
        self.assertEqual(json.loads(printed.splitlines()[0]), numbers, printed)

    async def test_out_of_memory(self) -> None:
        """Native code that gets no memory ends the process; the session is told and goes on."""
        await self.started()
        interpreter = self.opened(limits=Limits(memory_bytes=96 * MIB, run_seconds=20))
        outcome = await interpreter.run(
            "import polars as pl\nt = pl.DataFrame({'a': [0.5] * 1_000_000})\n"
            "while True: t = pl.concat([t, t], rechunk=True)\n"
        )
        self.assertIsNotNone(outcome.error)
        self.assertEqual(
            str(outcome.error), "Limit Error: Not enough memory; the state of the session was reset"
        )
        self.assertEqual((await interpreter.run("print(3)")).output, "3\n")


class SandboxOffTests(TakenOverTestCase):
    """A server that is told to do without walls."""

    settings = PoolSettings(spare=0, entry=TAKEN_OVER, sandbox=False)

    async def test_limits_stay(self) -> None:
        """Without walls the limits hold all the same."""
        workers = await self.started()
        printed = await self.said("print(resource.getrlimit(resource.RLIMIT_NOFILE))")
        self.assertEqual(printed, "(64, 64)\n")
        self.assertFalse(workers.report.landlock or workers.report.seccomp)
        self.assertFalse(workers.report.namespaces)


def workers_environment() -> set[str]:
    """The names that a worker's environment is given."""
    return set(PoolSettings().environment())


def memory_of(process: int) -> bytes:
    """All that a process has written into its memory."""
    found = []
    maps = Path(f"/proc/{process}/maps").read_text()
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for low, high in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps, re.MULTILINE):
            start, end = int(low, 16), int(high, 16)
            try:
                memory.seek(start)
                found.append(memory.read(end - start))
            except OSError:
                continue
    return b"".join(found)


class OrdinaryUserTests(WorkersTestCase):
    """The walls stand for a server that is not root, too."""

    def interpreter(self) -> str | None:
        """A Python of this version that an ordinary user can start."""
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for path in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
            with contextlib.suppress(OSError):
                if (
                    path
                    and subprocess.run([path, "-c", ""], user=65534, check=False).returncode == 0
                ):
                    return path
        return None

    async def test_taken_over(self) -> None:
        """The tests of a worker that was taken over, run as a user that is not root."""
        if os.geteuid() != 0:
            raise self.skipTest("they run as an ordinary user already")
        python = self.interpreter()
        if python is None:
            raise self.skipTest("an ordinary user cannot start this Python")
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        os.chown(folder, 65534, 65534)
        path = [p for p in sys.path if p and "site-packages" in p]
        code = (
            "import runpy, sys; "
            f"sys.path[:0] = [{str(ROOT)!r}, *{path!r}]; "
            f"sys.argv = ['trial', '--temp-directory', {folder + '/trial'!r}, "
            f"'{__name__}.TakenOverTests', '{__name__}.PolarsInsideTests']; "
            "runpy.run_module('twisted.trial', run_name='__main__')"
        )
        done = await threads.deferToThread(
            subprocess.run,
            [python, "-c", code],
            user=65534,
            group=65534,
            extra_groups=[],
            cwd=folder,
            env={"PYTHONDONTWRITEBYTECODE": "1", "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-5000:] + done.stderr[-2000:])
        self.assertIn("PASSED", done.stdout)


class LimitTests(WorkersTestCase):
    def test_limits_of_the_test_process_are_untouched(self) -> None:
        """Nothing here limits the server itself."""
        self.assertNotEqual(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 64)
