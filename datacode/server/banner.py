"""What the server says when it starts. Source: server reference, 3.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from datacode.i18n.catalog import mark, translate
from datacode.i18n.message import Message
from datacode.server.auth.addresses import is_loopback
from datacode.server.files.protected_files import exposed_keys
from datacode.server.ops.descriptors import needed
from datacode.server.options.settings import Settings
from datacode.worker.pool import SandboxReport, described

CANNOT_START = Message("cannot_start", "❌ Cannot start the WebSocket server: {reason}")
_OPEN_TO_ALL = Message(
    "open_to_all",
    "⚠️  The server can be reached from the network and asks nobody who they are. Set --token.",
)
_ANY_SHARE = Message(
    "any_file_server", "⚠️  Clients from the network may connect to any file server. Set --smb-host."
)
_KEYS_IN_REACH = Message(
    "keys_in_reach",
    "⚠️  Programs may read {folder} and all below it, keys and passwords among it."
    " Start the server in a folder of its own.",
)
_NO_WALLS = Message("no_sandbox", "⚠️  Programs run without a sandbox (--sandbox=off).")
_WEAK_WALLS = Message(
    "weak_sandbox", "⚠️  Few walls stand around programs: {walls}. See docs/security.md."
)
_FEW_DESCRIPTORS = Message(
    "few_descriptors",
    "⚠️  {limit} open files are allowed, and {connections} sessions may need {needed}."
    " Raise the limit (ulimit -n, LimitNOFILE) or lower --max-connections.",
)


_STARTING = mark("🚀 Starting the DataCode WebSocket server...")
_PLACE = mark("📡 Address: {place}")
_FOLDERS = mark("📁 Each session gets a folder of its own (--use-ve)")
_HOW_TO_MOVE = (
    mark("💡 To change the address, use --host and --port"),
    mark("💡 or the environment variable DATACODE_WS_ADDRESS"),
)
_RUNS = mark("🚀 DataCode WebSocket Server runs on {place}")
_PAGE = mark("🌐 The web client: {page}")
_CODE = mark("🔑 Pairing code, for the web client opened as a file: {code}")
_WAITING = (
    mark("📡 Waiting for connections..."),
    mark('💡 Send a request in JSON: {"code": "your code"}'),
    mark('💡 The answer will be: {"success": true/false, "output": "...", "error": null/"..."}'),
)


def before(settings: Settings) -> Iterator[str]:
    """Lines before listening."""
    locale = settings.locale
    yield translate(_STARTING, locale)
    for place in settings.listen or (f"ws://{shown(settings.host)}:{settings.port}",):
        yield translate(_PLACE, locale).format(place=place)
    if settings.use_ve:
        yield translate(_FOLDERS, locale)
    for text in _HOW_TO_MOVE:
        yield translate(text, locale)
    yield ""


def after(
    locale: str, places: list[str], pages: Iterable[str] = (), code: str | None = None
) -> Iterator[str]:
    """Lines once it listens.

    ``places`` are host and port of each socket, ``pages`` the addresses of the web client, ``code``
    the pairing code where one is needed.
    """
    for place in places:
        yield translate(_RUNS, locale).format(place=place)
    for text in _WAITING:
        yield translate(text, locale)
    yield ""
    for page in pages:
        yield translate(_PAGE, locale).format(page=page)
    if code is not None:
        yield translate(_CODE, locale).format(code=code)
    yield ""


def warnings(
    settings: Settings, hosts: list[str], report: SandboxReport, descriptors: int
) -> Iterator[str]:
    """Warnings about settings that are not safe; ``hosts`` are the addresses listened on,
    ``descriptors`` is how many open files are allowed."""
    public = not all(is_loopback(host) for host in hosts)
    if public and not settings.guarded:
        yield _OPEN_TO_ALL.render(settings.locale)
    if public and settings.smb_hosts.allows_any:
        yield _ANY_SHARE.render(settings.locale)
    if not settings.use_ve:
        everything = (Path("/"),) if settings.files is None else settings.files
        for folder in exposed_keys(dict.fromkeys((settings.start, *everything))):
            yield _KEYS_IN_REACH.filled(folder=folder).render(settings.locale)
    if not settings.sandbox:
        yield _NO_WALLS.render(settings.locale)
    elif report.is_weak:
        yield _WEAK_WALLS.filled(walls=described(report, settings.locale)).render(settings.locale)
    sessions = settings.bounds.connections
    if needed(sessions) > descriptors:
        yield _FEW_DESCRIPTORS.filled(
            limit=descriptors, connections=sessions, needed=needed(sessions)
        ).render(settings.locale)


def shown(host: str) -> str:
    """A host as it is written before a port: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
