"""What the server says when it starts. Source: server reference, 3.3."""

from __future__ import annotations

from collections.abc import Iterator

from datacode.i18n.message import Message
from datacode.server.auth.addresses import is_loopback
from datacode.server.files.protected_files import exposed_keys
from datacode.server.options.settings import Settings

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


def before(settings: Settings) -> Iterator[str]:
    """Lines before listening."""
    yield "🚀 Запуск WebSocket сервера DataCode..."
    for place in settings.listen or (f"ws://{shown(settings.host)}:{settings.port}",):
        yield f"📡 Адрес: {place}"
    if settings.use_ve:
        yield "📁 Режим виртуальной среды: включен (--use-ve)"
    yield "💡 Используйте --host и --port для изменения адреса"
    yield "💡 Или переменную окружения DATACODE_WS_ADDRESS"
    yield ""


def after(places: list[str]) -> Iterator[str]:
    """Lines once it listens; ``places`` are host and port of each socket."""
    for place in places:
        yield f"🚀 DataCode WebSocket Server запущен на {place}"
    yield "📡 Ожидание подключений..."
    yield '💡 Отправьте JSON запрос: {"code": "ваш код"}'
    yield '💡 Ответ будет в формате: {"success": true/false, "output": "...", "error": null/"..."}'
    yield ""


def warnings(settings: Settings, hosts: list[str]) -> Iterator[str]:
    """Warnings about settings that are not safe; ``hosts`` are the addresses listened on."""
    public = not all(is_loopback(host) for host in hosts)
    if public and not settings.guarded:
        yield _OPEN_TO_ALL.render(settings.locale)
    if public and settings.smb_hosts.allows_any:
        yield _ANY_SHARE.render(settings.locale)
    if not settings.use_ve:
        for folder in exposed_keys((settings.start, *(settings.files or ()))):
            yield _KEYS_IN_REACH.filled(folder=folder).render(settings.locale)
    if not settings.sandbox:
        yield _NO_WALLS.render(settings.locale)


def shown(host: str) -> str:
    """A host as it is written before a port: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
