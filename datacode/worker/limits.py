"""What one session may use, as the operator set it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one session; 0 means none. Server reference, 6.4.

    ``run_seconds``, ``cpu_seconds``, ``output_bytes`` and ``max_steps`` hold for each run,
    ``memory_bytes`` for the interpreter as long as it lives, beyond what it has at its start.
    """

    run_seconds: float = 600.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 1024 * MIB
    output_bytes: int = 16 * MIB
    recursion: int = 10_000
    max_steps: int = 0
    source_bytes: int = 16 * MIB
    write_bytes: int = 64 * MIB
