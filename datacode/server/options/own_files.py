"""Which files are the server's own, for no program to read: they stand in its options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datacode.server.options import sources

_DEFAULT_KEY = "server.pem"
_PROXIED = "haproxy:"


def own_files(
    options: Mapping[str, Any],
    lists: Mapping[str, Sequence[str]],
    environment: Mapping[str, str],
    started_by: Mapping[str, Any],
) -> Iterator[Path]:
    """Configuration, accounts, keys, tickets, logs; whether they are there or not.

    ``started_by`` are the options of ``twistd``, empty without it.
    """
    for name in (options.get("config"), environment.get(sources.VARIABLE), options.get("audit")):
        if name:
            yield Path(name)
    for checker in options.get("credCheckers", ()):
        # Ours have a path, Twisted's own a file name, which may be text or bytes.
        place = getattr(checker, "path", None) or getattr(checker, "filename", None)
        if isinstance(place, bytes):
            place = place.decode(errors="surrogateescape")
        if isinstance(place, str | Path):
            yield Path(place)
    for description in lists.get("listen", ()):
        yield from _named(description)
    for entry in lists.get("smb_kerberos", ()):
        yield Path(entry.partition("=")[2])
    for name in ("logfile", "pidfile"):
        if started_by.get(name) not in (None, "", "-"):
            yield Path(started_by.get("rundir") or ".", started_by[name])


def own_folders(environment: Mapping[str, str]) -> Iterator[Path]:
    """What systemd made for secrets and logs (systemd.exec(5)); the state may be the data."""
    for name in ("CREDENTIALS_DIRECTORY", "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY"):
        for place in environment.get(name, "").split(":"):
            if place.startswith("/"):
                yield Path(place)


def _named(description: str) -> Iterator[Path]:
    """What an endpoint's description names: keys and certificates, whatever its kind calls them."""
    kind, *words = re.split(r"(?<!\\):", description.removeprefix(_PROXIED))
    values = [word.partition("=")[2] or word for word in words]
    for value in (*values, *([_DEFAULT_KEY] if kind == "ssl" else [])):
        path = Path(value.replace("\\:", ":"))
        if "\0" not in value and path.is_file():
            yield path
