"""Every builtin does what the compiler relies on (``language.analysis.builtin_info``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.language.analysis.type_sets import ANY, ARRAY, NUMBER, OWN, with_elements
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.registry import Builtin
from datacode.runtime.host import Host
from tests.language.type_checks import fits
from tests.runtime.builtins.calling import MemoryFiles, call_with
from tests.runtime.generated import FILES, calls
from tests.runtime.test_every_builtin import OnlyBuiltins, described

EXAMPLES = 20
"""Calls of one builtin."""

WRITING = {"print", "show_table", "table_info", "table_head"}
"""The builtins that write output."""


class Unexpected(OnlyBuiltins):
    """An engine that notes whether it was asked for anything."""

    was_asked = False

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        self.was_asked = True
        return super().call(name, arguments)

    def condition(self, text: str, columns: Sequence[str]) -> Any:
        self.was_asked = True
        return super().condition(text, columns)


def containers(value: Any) -> Iterator[int]:
    """The identities of the arrays and objects in a value."""
    if isinstance(value, list | dict):
        yield id(value)
        for part in value.values() if isinstance(value, dict) else value:
            yield from containers(part)


def type_of(value: Any) -> int:
    """The smallest type set that a value fits, elements of elements included."""
    bits = (1 << bit for bit in range(8))
    own = next(bit for bit in bits if fits(value, bit | ANY & ~OWN))
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            own |= with_elements(type_of(part))
    return own


class DeclarationTests(SynchronousTestCase):
    """Calls with generated arguments against what ``@builtin`` states."""

    def call(self, entry: Builtin, arguments: list[Any], named: dict[str, Any]) -> Any:
        """The result; holds what can be seen of one call. Raises the error of the language."""
        files = MemoryFiles(dict(FILES))
        host = Host(files, memory_limit=2**20)
        engine = Unexpected(host)
        host.attach(engine)
        before = described([*arguments, *named.values()])
        try:
            return call_with(host, entry.name, arguments, named)
        finally:
            self.assertEqual(described([*arguments, *named.values()]), before)
            self.assertFalse(engine.was_asked and not entry.calls_back, "it calls functions")
            self.assertFalse(host.take_output() and entry.name not in WRITING, "it writes")
            if entry.pure:
                self.assertEqual((files.contents, files.made), (FILES, set()))
                self.assertEqual(host.relations, [])

    def check(self, entry: Builtin, arguments: list[Any], named: dict[str, Any]) -> None:
        """Hold one call against the declaration."""
        result = self.call(entry, arguments, named)
        types = [type_of(argument) for argument in arguments]
        declared = entry.result_type(types)
        if isinstance(entry.returns, int) or not named:
            self.assertTrue(fits(result, declared), f"{result!r} is not of {declared:#x}")
        given = set(containers([*arguments, *named.values()]))
        if not entry.keeps:
            self.assertFalse(given.intersection(containers(result)), "it keeps an argument")
        if entry.intrinsic in ("append", "extend"):
            first, second = [*arguments, *named.values()]
            added = [*second] if entry.intrinsic == "extend" else [second]
            self.assertEqual(described(result), described([*first, *added]))
        if entry.intrinsic == "length" and isinstance(arguments[0], list | str):
            self.assertEqual(result, len(arguments[0]))
        if entry.fresh:
            self.check_fresh(entry, arguments, named, result)

    def check_fresh(
        self, entry: Builtin, arguments: list[Any], named: dict[str, Any], result: Any
    ) -> None:
        """The result can be changed in place, and nobody else can tell."""
        before = described([*arguments, *named.values()])
        other = self.call(entry, arguments, named)
        expected = described(other)
        result.append("more")
        self.assertEqual(described([*arguments, *named.values()]), before)
        self.assertEqual(described(other), expected)

    def works(self, entry: Builtin) -> bool:
        """Call it some times; has it ever given a result?"""
        results = 0

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(calls(entry))
        def run(call: tuple[list[Any], dict[str, Any]]) -> None:
            nonlocal results
            try:
                self.check(entry, *call)
            except DataCodeError:
                return
            results += 1

        run()
        return results > 0

    def test_every_builtin(self) -> None:
        """Whatever gives a result at all gives the declared one."""
        working = set()
        for name, entry in sorted(BUILTINS.items()):
            try:
                if self.works(entry):
                    working.add(name)
            except AssertionError as failure:
                self.fail(f"{name}: {failure}")
        stated = {
            name
            for name, entry in BUILTINS.items()
            if entry.pure or entry.fresh or entry.intrinsic or entry.returns != ANY
        }
        self.assertEqual(stated - working, set())

    def test_bare_words(self) -> None:
        """Each word that needs no quotes means something with quotes as well."""
        for entry in BUILTINS.values():
            for word in entry.bare_words:
                self.call(entry, [1.0, word], {})

    def test_facts_go_together(self) -> None:
        """What runs no code of the program does not call back; a new array is an array."""
        for entry in BUILTINS.values():
            self.assertFalse(entry.pure and entry.calls_back, entry.name)
            if entry.fresh:
                several = [ARRAY | with_elements(NUMBER)] * max(entry.minimum, 1)
                self.assertTrue(entry.result_type(several) & ARRAY, entry.name)
