"""The same worker with Polars imported before the fork, as in production."""

from __future__ import annotations

import polars  # noqa: F401

from tests.worker.takeover import serve

__all__ = ["serve"]
