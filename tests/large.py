"""An engine for stored tables, for tests."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, ClassVar
from weakref import WeakKeyDictionary

from twisted.trial.unittest import SynchronousTestCase

from datacode.plans import process
from datacode.plans.client import Connection, EngineClient
from datacode.plans.rows import Storage
from datacode.plans.settings import EngineSetting
from datacode.values.column_storage import ColumnData


@contextmanager
def storage(
    *, threshold: int = 0, memory: int = 1 << 28, small: int = 0, quota: int = 1 << 30,
    engine_memory: int = 512 << 20, report_every: float = 0.5,
) -> Iterator[Storage]:  # fmt: skip
    """Stored tables in a folder that is removed afterwards; by default every table is stored."""
    processes: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="datacode-large-") as folder:

        def connect() -> Connection:
            started, stream = process.start(
                EngineSetting(folder, quota=quota, memory=engine_memory, report_every=report_every)
            )
            processes.append(started)
            _FOLDERS[client] = Path(folder), started.pid
            return Connection(stream)

        client = EngineClient(connect)
        try:
            yield Storage(client, threshold=threshold, memory=memory, small=small)
        finally:
            client.close()
            for each in processes:
                each.wait(30)


_FOLDERS: WeakKeyDictionary[EngineClient, tuple[Path, int]] = WeakKeyDictionary()


def folder_of(own: Storage) -> Path:
    """Where the files of its tables are."""
    return _FOLDERS[own.client][0]


def engine_of(own: Storage) -> int:
    """The process of the engine that it has now."""
    parent = _FOLDERS[own.client][1]
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (process,) = map(int, children)
    return process


class TablesIn:
    """The folder of stored tables, for checkpoints (``runtime.checkpoint.TableFolder``)."""

    def __init__(self, own: Storage) -> None:
        own.placed([ColumnData.of_list([1.0])])  # there is an engine then, and its folder
        self._folder = folder_of(own)

    def open_file(self, name: str) -> BinaryIO:
        """A file of a table."""
        return open(self._folder / f"{name}.parquet", "rb")

    def new_file(self, name: str) -> BinaryIO | None:
        """A new one."""
        return open(self._folder / f"{name}.parquet", "xb")


class StoredTestCase(SynchronousTestCase):
    """Tests of a class that share one engine: it starts before the first, ends after the last."""

    _to_come: ClassVar[Counter[type]] = Counter()
    _stack: ClassVar[ExitStack | None] = None
    storage: ClassVar[Storage]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._to_come[type(self)] += 1

    def setUp(self) -> None:
        """Start the engine before the first test."""
        super().setUp()
        self.addCleanup(self._leave)
        cls = type(self)
        if cls._stack is None:
            cls._stack = ExitStack()
            cls.storage = cls._stack.enter_context(storage())

    def _leave(self) -> None:
        cls = type(self)
        cls._to_come[cls] -= 1
        if cls._to_come[cls] <= 0 and cls._stack is not None:
            cls._stack.close()
            cls._stack = None
