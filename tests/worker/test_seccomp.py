"""The filter of system calls: its numbers, what it lets through, and what the kernel does."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.worker.sandbox import seccomp, syscalls
from tests.worker.test_walls import TakenOverTestCase

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
PROCESS = 4711

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


def numbers_of(column: int) -> dict[str, int]:
    """Every call of a machine by its name, as the headers of the kernel have it."""
    table = Path(__file__).with_name("system_calls.txt").read_text("ascii")
    rows = [line.split() for line in table.splitlines() if not line.startswith("#")]
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


def verdict(code: bytes, call: int, architecture: int, *arguments: int) -> int:
    """What a filter answers: the kernel's packet filter, as far as it is used."""
    data = struct.pack("=IIQ6Q", call, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    steps = list(struct.iter_unpack("=HBBI", code))
    at, loaded = 0, 0
    while True:
        operation, if_true, if_false, value = steps[at]
        at += 1
        if operation == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif operation == 0x06:
            return int(value)
        elif operation == 0x54:
            loaded &= value
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}
            at += if_true if holds[operation] else if_false


class FilterTests(SynchronousTestCase):
    """The filter's program, for every machine that it knows."""

    def test_numbers(self) -> None:
        """They are those of the kernel's headers, or None where a machine has no such call."""
        for calls in (seccomp._ALLOWED, seccomp._LOOKED_INTO, seccomp._SIGNALS):
            for name, both in calls.items():  # type: ignore[attr-defined]
                expected = tuple(numbers_of(column).get(name) for column in (0, 1))
                self.assertEqual(both, expected, name)

    def test_every_call(self) -> None:
        """What is on the list passes; every other call of the machine is refused."""
        partly = {*seccomp._LOOKED_INTO, *seccomp._SIGNALS}
        for machine, (column, architecture) in MACHINES.items():
            code = seccomp.program(machine, PROCESS)
            for name, call in numbers_of(column).items():
                answer = verdict(code, call, architecture)
                if name in seccomp._ALLOWED:
                    self.assertEqual(answer, ALLOW, (machine, name))
                elif name not in partly:
                    self.assertIn(answer, (REFUSE, UNKNOWN), (machine, name))
            self.assertEqual(verdict(code, numbers_of(column)["clone3"], architecture), UNKNOWN)
            self.assertEqual(verdict(code, 500, architecture), UNKNOWN)

    def test_calls_that_are_looked_into(self) -> None:
        """Arguments decide, on each machine by its own numbers."""
        thread, namespace = 0x3D0F00, 0x10000000
        for machine, (column, architecture) in MACHINES.items():
            code, calls = seccomp.program(machine, PROCESS), numbers_of(column)
            for name, arguments, allowed in (
                ("clone", (thread,), True),
                ("clone", (0x1200011,), False),  # fork
                ("clone", (thread | namespace,), False),
                ("mmap", (0, 4096, 3, 0x22), True),
                ("mmap", (0, 4096, 5, 0x22), False),  # executable
                ("mmap", (0, 4096, 3, 0x21), False),  # shared and of no file
                ("mmap", (0, 4096, 3, 0x122), False),  # grows downwards
                ("mprotect", (0, 4096, 3), True),
                ("mprotect", (0, 4096, 1), False),  # filled, and counted no more
                ("mprotect", (0, 4096, 0), False),
                ("mprotect", (0, 4096, 6), False),
                ("fcntl", (3, 1030), True),
                ("fcntl", (3, 4), False),  # F_SETFL
                ("fcntl", (3, 8), False),  # F_SETOWN
                ("ioctl", (3, 0x5421), True),
                ("ioctl", (3, 0x5412), False),  # TIOCSTI
                ("prctl", (15,), True),
                ("prctl", (4, 1), False),  # PR_SET_DUMPABLE
                ("prlimit64", (0, 2, 0), True),
                ("prlimit64", (0, 2, 1 << 32), False),
                ("prlimit64", (1, 2, 0), False),
                ("kill", (PROCESS,), True),
                ("kill", (PROCESS + 1,), False),
                ("kill", ((1 << 32) - 1,), False),
                ("tgkill", (PROCESS,), True),
                ("tgkill", (1,), False),
            ):
                answer = verdict(code, calls[name], architecture, *arguments)
                self.assertEqual(answer, ALLOW if allowed else REFUSE, (machine, name, arguments))

    def test_another_machine(self) -> None:
        """Calls by the rules of another machine end the process: numbers mean other things."""
        for machine, (_, architecture) in MACHINES.items():
            code = seccomp.program(machine, PROCESS)
            self.assertEqual(verdict(code, 0, architecture ^ 1), KILL)
            self.assertEqual(verdict(code, 0x40000000, architecture), UNKNOWN)  # x32

    def test_programs(self) -> None:
        """Whole instructions, fewer than the kernel's limit, and no two processes' alike."""
        for machine in MACHINES:
            code = seccomp.program(machine, PROCESS)
            self.assertEqual(len(code) % 8, 0)
            self.assertLess(len(code) // 8, 4096)
            self.assertNotEqual(code, seccomp.program(machine, PROCESS + 1))


class KernelTests(TakenOverTestCase):
    """The kernel, asked by a worker that was taken over."""

    async def test_every_other_call(self) -> None:
        """Whatever number it has: a call that is not on the list does not happen."""
        if syscalls.machine() not in MACHINES:
            raise self.skipTest("there is no filter for this machine")
        await self.started()
        if not self.workers.report.seccomp:
            raise self.skipTest("this kernel has no seccomp")
        column = MACHINES[syscalls.machine()][0]
        known = {
            both[column]
            for calls in (seccomp._ALLOWED, seccomp._LOOKED_INTO, seccomp._SIGNALS)
            for both in calls.values()  # type: ignore[attr-defined]
        }
        # Newer kernels have two calls, of uprobes, that no filter sees and no program may make:
        # their numbers are in none of these.
        everything = {*numbers_of(column).values(), *range(450, 600)}
        others = sorted(everything - known)
        printed = await self.said(
            f"found = {{}}\n"
            f"for number in {others!r}:\n"
            "    result = libc.syscall(number, -1, -1, -1, -1, -1, -1)\n"
            "    code = ctypes.get_errno() if result < 0 else 0\n"
            "    found.setdefault(errno.errorcode.get(code, code), []).append(number)\n"
            "print(found.pop('EPERM', []) and 'some refused', sorted(found))\n"
        )
        self.assertEqual(printed, "some refused ['ENOSYS']\n")

    async def test_descriptors_that_it_has(self) -> None:
        """It cannot change what its descriptors are, nor what they lead to."""
        await self.started()
        attempts = (
            "os.ftruncate(0, 1)",
            "os.fchmod(0, 0o777)",
            "os.fchown(0, 0, 0)",
            "checked(libc.fcntl(run_channel.fileno(), 4, 0o4000))",  # F_SETFL
            "checked(libc.fcntl(run_channel.fileno(), 8, 1))",  # F_SETOWN
            "os.dup2(0, run_channel.fileno())",
            "os.fsync(0)",
            "os.sendfile(run_channel.fileno(), 0, 0, 1)",
            "os.splice(0, run_channel.fileno(), 1)",
            "run_channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)",
            "run_channel.getpeername()",
            "run_channel.bind(chr(0) + 'abstract')",
            "run_channel.listen()",
        )
        await self.assertRefused(attempts)
