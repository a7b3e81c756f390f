"""``--large-tables``: where programs have tables that do not fit in memory."""

from __future__ import annotations

import atexit
from pathlib import Path

from datacode.plans.local import default_folder, local_storage
from datacode.plans.rows import Storage
from datacode.runtime.host import MEMORY


def stored_tables(option: str | None) -> Storage | None:
    """What the option means: tables in that folder, in one for what can go, or nowhere.

    They go when the process ends.
    """
    if option == "off":
        return None
    storage = local_storage(Path(option) if option else default_folder(), MEMORY)
    atexit.register(storage.close)
    return storage
