"""Every file operation is carried out everywhere: docs/architecture.md, "A new file operation"."""

from __future__ import annotations

import inspect
from typing import get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.file_operations import AnyFileOperation, FileOperation, OperationFiles
from datacode.runtime.files import Files
from datacode.runtime.local_files import LocalFiles
from datacode.server.files.sandboxed_files import SandboxedFiles
from datacode.server.files.session_folder import SessionFolder
from datacode.smb.shares import Shares

OPERATIONS: tuple[type[FileOperation[object]], ...] = get_args(AnyFileOperation)
ELSEWHERE = {"open": "fetch"}
"""What shares call otherwise."""
OTHER_WAYS = {"write_parts"}
"""``Write``, for who has the bytes one after the other."""
NOT_ON_SHARES = {"working_folder", "copy"}
"""The first is about no path; the second is a read and a write, here as there."""


def fields(operation: type[FileOperation[object]]) -> list[str]:
    """The parameters of a method that carries the operation out."""
    return [field.name for field in msgspec.structs.fields(operation)]


class CompletenessTests(SynchronousTestCase):
    def test_methods(self) -> None:
        """``Files`` and those that are ``Files`` have a method for each, and none besides."""
        methods = {name for name in vars(Files) if not name.startswith("_")} - OTHER_WAYS
        self.assertEqual({operation.method() for operation in OPERATIONS}, methods)
        for operation in OPERATIONS:
            for files in (Files, OperationFiles, LocalFiles):
                method = getattr(files, operation.method())
                self.assertEqual(
                    list(inspect.signature(method).parameters)[1:], fields(operation), method
                )

    def test_server(self) -> None:
        """What reads is done by the files that a session sees, what changes by its own folder."""
        for operation in OPERATIONS:
            files = SessionFolder if operation.changes else SandboxedFiles
            method = getattr(files, operation.method())
            self.assertEqual(
                list(inspect.signature(method).parameters)[1:], fields(operation), method
            )

    def test_shares(self) -> None:
        """Shares take the share and the path on it, and what else there is."""
        for operation in OPERATIONS:
            name = operation.method()
            if name in NOT_ON_SHARES:
                continue
            method = getattr(Shares, ELSEWHERE.get(name, name))
            taken = [
                parameter.name
                for parameter in list(inspect.signature(method).parameters.values())[1:]
                if parameter.kind is not parameter.KEYWORD_ONLY
            ]
            self.assertEqual(taken[0], "share")
            self.assertEqual(taken[2:], fields(operation)[1:], method)

    def test_each_makes_its_own(self) -> None:
        """A method of ``OperationFiles`` makes the operation of its name, with all it was given."""

        class Kept(OperationFiles):
            def do(self, operation: FileOperation[object]) -> object:  # type: ignore[override]
                return operation

        for operation in OPERATIONS:
            given = [f"{name} given" for name in fields(operation)]
            made = getattr(Kept(), operation.method())(*given)
            if made is not None:  # a change gives nothing
                self.assertEqual(made, operation(*given))
            self.assertEqual(operation(*given).on(Kept()), made)
