"""Polars, imported when the first typed column is made and not before.

The import takes a fifth of a second, which a program without tables should not pay. A process
that is to be forked may import Polars itself beforehand, but must not use it: after the first
use its threads exist, and children hang.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# Polars would group a long table in parts, one for each thread, and add up what they come to: the
# last digits of a sum would depend on the number of rows and processors.
os.environ.setdefault("POLARS_NO_PARTITION", "1")

if TYPE_CHECKING:
    import polars as pl
else:

    class _LazyPolars:
        """Stands for the module; the first attribute asked for imports it."""

        def __getattr__(self, name: str) -> Any:
            # Late, for what the module's docstring says.
            import polars

            attribute = getattr(polars, name)
            setattr(self, name, attribute)
            return attribute

    pl = _LazyPolars()

__all__ = ["pl"]
