"""The zip file that a workbook is written to."""

from __future__ import annotations

import zipfile
from typing import Any


class Archive(zipfile.ZipFile):
    """A zip file whose parts all have the earliest time there is, so that equal books are equal.

    ``ZipFile`` gives the present time to those that it writes in one go.
    """

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write a part."""
        with self.open(zinfo_or_arcname, "w") as part:
            part.write(data.encode() if isinstance(data, str) else data)
