"""What the words of the options mean: numbers, sizes, hosts, folders, checked one by one."""

from __future__ import annotations

import math
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datacode.plans import process
from datacode.server.options.settings import MIB, Bounds, Settings
from datacode.server.options.usage_errors import OptionError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import Kerberos
from datacode.worker.engines import GIB, EngineSettings
from datacode.worker.limits import Limits

ADDRESS_VARIABLE = "DATACODE_WS_ADDRESS"
TOKEN_VARIABLE = "DATACODE_WS_TOKEN"  # noqa: S105 - a variable's name


def settings(
    options: Mapping[str, Any], lists: Mapping[str, list[str]], environment: Mapping[str, str]
) -> Settings:
    """The settings that the options ask for. Raises ``OptionError`` for what makes no sense."""
    host, port = _address(options, environment)
    files = lists.get("files", [])
    return Settings(
        host=host,
        port=port,
        listen=tuple(lists.get("listen", ())),
        reuse_port=_reuse_port(options, lists),
        locale=_choice(options, "locale", "ru", "en"),
        files=None if "any" in files else tuple(_folder(name, "--files") for name in files),
        use_ve=bool(options["use-ve"]),
        session_dir=_optional_path(options["session-dir"]),
        token=_token(options["token"], environment),
        checkers=tuple(options.get("credCheckers", ())),
        origins=tuple(lists.get("origins", ())),
        strict_origin=_strict_origin(options),
        allow_null_origin=bool(options["allow-null-origin"]),
        allow_hosts=tuple(_host_name(name) for name in lists.get("hosts", ())),
        path_prefix=_path_prefix(options["path-prefix"]),
        metrics_token=_not_empty(options["metrics-token"], "metrics-token"),
        state=_optional_path(options["state"]) or _state(environment),
        keeps_sessions=options["state"] is not None,
        proxies=_whole(options, "proxies"),
        compress=bool(options["compress"]),
        smb_hosts=_hosts(lists.get("smb_hosts", [])),
        smb_write=bool(options["smb-write"]),
        smb_kerberos=_kerberos(lists),
        smb_require_signing=bool(options["smb-require-signing"]),
        smb_spool=(
            None if options["smb-spool"] is None else _folder(options["smb-spool"], "--smb-spool")
        ),
        large_tables=_large_tables(options, environment),
        sandbox=_choice(options, "sandbox", "on", "off") == "on",
        limits=_limits(options),
        bounds=_bounds(options),
        audit=_optional_path(options["audit"]),
        log_format=_choice(options, "log-format", "text", "json"),
    )


def _limits(options: Mapping[str, Any]) -> Limits:
    return Limits(
        run_seconds=_number(options, "time-limit"),
        cpu_seconds=_number(options, "cpu-limit"),
        memory_bytes=_size(options, "memory-limit-mib", MIB),
        output_bytes=_size(options, "max-output-mib", MIB),
        recursion=_whole(options, "recursion-limit", least=1),
        max_steps=_whole(options, "max-steps"),
        source_bytes=_size(options, "max-source-kib", 1024),
        write_bytes=_size(options, "max-write-mib", MIB),
    )


def _bounds(options: Mapping[str, Any]) -> Bounds:
    return Bounds(
        message_bytes=_size(options, "max-message-mib", MIB),
        request_bytes=_size(options, "max-request-mib", MIB),
        connections=_whole(options, "max-connections"),
        per_address=_whole(options, "max-per-address"),
        queue=_whole(options, "max-queue", least=1),
        buffered=_size(options, "max-buffered-mib", MIB),
        buffered_per_address=_size(options, "max-buffered-per-address-mib", MIB),
        buffered_per_connection=_size(options, "max-buffered-per-connection-mib", MIB),
        shares=_whole(options, "max-shares"),
        spooled=_size(options, "smb-spool-mib", MIB),
        upload_bytes=_size(options, "session-quota-mib", MIB),
        upload_files=_whole(options, "session-max-files"),
        state_bytes=_size(options, "state-quota-mib", MIB),
        state_bytes_per_address=_size(options, "state-quota-per-address-mib", MIB),
        state_bytes_in_all=_size(options, "state-quota-total-mib", MIB),
        idle_seconds=_number(options, "idle-time"),
        suspend_seconds=_number(options, "suspend-after"),
        handshake_seconds=_number(options, "handshake-time"),
        ping_seconds=_number(options, "ping-interval"),
        drain_seconds=_number(options, "drain-time"),
        detached=_whole(options, "max-detached"),
        detached_per_address=_whole(options, "max-detached-per-address"),
        keep_seconds=_number(options, "keep-detached"),
        detached_run_seconds=_number(options, "detached-run-seconds"),
        kept_output=_size(options, "kept-output-kib", 1024),
    )


def _address(options: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port, each by itself: the flag, else the variable, else the default."""
    variable = environment.get(ADDRESS_VARIABLE, "")
    from_variable = _split_address(variable)
    if variable and from_variable is None:
        raise OptionError(
            "bad_address_variable",
            "❌ {variable}: expected HOST:PORT, got: {value}",
            variable=ADDRESS_VARIABLE,
            value=variable,
        )
    host, port = from_variable or ("127.0.0.1", 8080)
    if options["host"] is not None:
        host = options["host"]
    if options["port"] is not None:
        port = _port(options["port"])
    host = host.removeprefix("[").removesuffix("]")
    if not host or any(letter.isspace() for letter in host):
        raise OptionError("bad_listen_address", "❌ Invalid address: {host}", host=host)
    return host, port


def _reuse_port(options: Mapping[str, Any], lists: Mapping[str, list[str]]) -> bool:
    wanted = bool(options["reuse-port"])
    if wanted and lists.get("listen"):
        raise OptionError(
            "reuse_port_with_listen",
            "❌ --reuse-port: only with --host and --port, not with --listen",
        )
    if wanted and not hasattr(socket, "SO_REUSEPORT"):
        raise OptionError(
            "reuse_port_unsupported", "❌ --reuse-port: this system cannot share a port"
        )
    return wanted


def _split_address(text: str) -> tuple[str, int] | None:
    """The variable's host and port; None where it has not both."""
    host, _, port = text.rpartition(":")
    number = _port_number(port)
    return None if not host or number is None else (host, number)


def _port_number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535:
        return int(text)
    return None


def _port(text: str) -> int:
    number = _port_number(text)
    if number is None:
        raise OptionError("bad_port", "❌ Invalid port: {port}", port=text)
    return number


def _token(text: str | None, environment: Mapping[str, str]) -> str | None:
    token = environment.get(TOKEN_VARIABLE) if text is None else text
    if token == "":
        raise OptionError("empty_token", "❌ --token: the token cannot be empty")
    return token


def _not_empty(text: str | None, name: str) -> str | None:
    if text == "":
        raise OptionError("empty_secret", "❌ --{name}: it cannot be empty", name=name)
    return text


def _strict_origin(options: Mapping[str, Any]) -> bool:
    if options["strict-origin"] and options["allow-null-origin"]:
        raise OptionError(
            "null_origin_both",
            "❌ --strict-origin and --allow-null-origin: only one of them is possible",
        )
    return bool(options["strict-origin"])


def _host_name(text: str) -> str:
    name = text.strip().lower().removesuffix(".")
    if not re.fullmatch(r"[^\s:/@\[\]]+", name):
        raise OptionError(
            "bad_host_name",
            "❌ --allow-host: expected a name without a port, got: {name}",
            name=text,
        )
    return name


def _path_prefix(text: str | None) -> str:
    prefix = "" if text is None else text.rstrip("/")
    if prefix and not re.fullmatch(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+", prefix):
        raise OptionError(
            "bad_path_prefix",
            "❌ --path-prefix: expected a path like /datacode, got: {path}",
            path=text,
        )
    return prefix


def _state(environment: Mapping[str, str]) -> Path | None:
    """Where this account's programs keep what is to last: systemd says, or XDG, or its home."""
    of_service = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if of_service:
        return Path(of_service)
    home = environment.get("HOME", "")
    base = environment.get("XDG_STATE_HOME") or (home and f"{home}/.local/state")
    return Path(base) / "datacode" if base.startswith("/") else None


def _large_tables(
    options: Mapping[str, Any], environment: Mapping[str, str]
) -> EngineSettings | None:
    """Where large tables go: the folder that is named, or one in that for what is to last."""
    quota = _size(options, "large-tables-gib", GIB)
    total = _size(options, "large-tables-total-gib", GIB)
    named = options["large-tables"]
    state = _state(environment)
    if named == "off" or not process.is_installed() or (named is None and state is None):
        if named not in (None, "off"):
            raise OptionError(
                "large_tables_not_installed",
                "❌ --large-tables: it needs pip install 'datacode-server[large]'",
            )
        return None
    folder = _folder(named, "--large-tables") if named is not None else None
    if folder is None:
        assert state is not None
        folder = state / "large-tables"
    has_walls = _choice(options, "sandbox", "on", "off") == "on"
    return EngineSettings(folder, quota or _NO_LIMIT, total or _NO_LIMIT, has_walls=has_walls)


_NO_LIMIT = 1 << 50
"""Bytes: more than any disk has, of which a tenth stays free in any case."""


def _hosts(entries: list[str]) -> HostPolicy:
    for entry in entries:
        try:
            HostPolicy([entry])
        except ValueError:
            raise OptionError(
                "smb_host",
                "❌ --smb-host: expected a name, an address or a network, got: {entry}",
                entry=entry,
            ) from None
    return HostPolicy(entries)


def _kerberos(lists: Mapping[str, list[str]]) -> Kerberos:
    files = {}
    for entry in lists.get("smb_kerberos", []):
        account, _, file = entry.partition("=")
        user, _, realm = account.rpartition("@")
        if not user or not realm or not file:
            raise OptionError(
                "smb_kerberos",
                "❌ --smb-kerberos: expected USER@REALM=FILE, got: {entry}",
                entry=entry,
            )
        files[account] = str(Path(file).absolute())
    kdcs = {}
    for entry in lists.get("smb_kdcs", []):
        realm, _, host = entry.partition("=")
        if not realm or not host:
            raise OptionError(
                "smb_kdc", "❌ --smb-kdc: expected REALM=HOST, got: {entry}", entry=entry
            )
        kdcs[realm] = host
    return Kerberos(files, kdcs)


def _optional_path(text: str | None) -> Path | None:
    return None if text is None else Path(text).absolute()


def _folder(text: str, option: str) -> Path:
    path = Path(text).absolute()
    if not path.is_dir():
        raise OptionError(
            "option_folder_not_found",
            "❌ {option}: folder not found: {folder}",
            option=option,
            folder=text,
        )
    return path


def _choice(options: Mapping[str, Any], name: str, *choices: str) -> Any:
    value = options[name]
    if value not in choices:
        raise OptionError(
            "option_not_choice",
            "❌ --{name}: expected one of: {choices}; got: {value}",
            name=name,
            choices=", ".join(choices),
            value=value,
        )
    return value


def _number(options: Mapping[str, Any], name: str) -> float:
    try:
        number = float(options[name])
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise _too_small(name, 0, options[name])
    return number


def _too_small(name: str, least: int, value: object) -> OptionError:
    return OptionError(
        "option_not_number",
        "❌ --{name}: expected a number from {least} up, got: {value}",
        name=name,
        least=least,
        value=value,
    )


def _whole(options: Mapping[str, Any], name: str, least: int = 0) -> int:
    number = _number(options, name)
    if not number.is_integer():
        raise OptionError(
            "option_not_whole",
            "❌ --{name}: expected a whole number, got: {value}",
            name=name,
            value=options[name],
        )
    if number < least:
        raise _too_small(name, least, options[name])
    return int(number)


def _size(options: Mapping[str, Any], name: str, unit: int) -> int:
    # Upwards: what is next to nothing must not become 0, which is no limit at all.
    return math.ceil(_number(options, name) * unit)
