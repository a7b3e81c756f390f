"""The real worker, started without the libraries for tables: quicker, for tests without tables."""

from __future__ import annotations

from datacode.worker.child.main import serve

__all__ = ["serve"]
