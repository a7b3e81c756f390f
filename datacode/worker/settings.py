"""How workers are made, as the operator or a test set it."""

from __future__ import annotations

from dataclasses import dataclass

from datacode.worker.engines import EngineSettings
from datacode.worker.zygote import ENTRY


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How workers are made. Times in seconds.

    With ``sandbox`` False a worker is not shut in at all, and ``start`` does not insist on it.
    ``cancel_grace`` and ``limit_grace`` are how long a worker may take to heed a cancel or a
    limit by itself before it is killed. ``spare`` workers are kept ready for sessions to come.
    ``restore_seconds`` is how long a process may take to get its state back. After
    ``suspend_seconds`` without a request a session whose state is kept has no process, 0 for never.
    ``engines`` says where large tables go, None for nowhere.
    """

    sandbox: bool = True
    cancel_grace: float = 0.2
    limit_grace: float = 1.0
    reply_seconds: float = 5.0
    rows_seconds: float = 30.0
    polars_threads: int = 2
    spare: int = 1
    restore_seconds: float = 60.0
    suspend_seconds: float = 0.0
    engines: EngineSettings | None = None
    entry: str = ENTRY

    def environment(self) -> dict[str, str]:
        """Everything that the zygote's environment has."""
        return {
            "LANG": "C.UTF-8",
            "MALLOC_ARENA_MAX": "2",
            "OPENBLAS_NUM_THREADS": "1",  # a fork copies no threads, and numpy only draws
            "POLARS_ASYNC_THREAD_COUNT": "1",
            "POLARS_MAX_THREADS": str(self.polars_threads),
            "POLARS_NO_PARTITION": "1",  # as values.lazy_polars sets it
            # No threads behind our back, freed memory given back: RLIMIT_DATA counts it.
            "_RJEM_MALLOC_CONF": "background_thread:false,retain:false,narenas:2",
        }
