"""Options from a TOML file and from the environment, as words of the command line.

Every option has three names: ``--time-limit 60`` on the command line, ``DATACODE_TIME_LIMIT=60`` in
the environment, ``time-limit = 60`` in the file that ``--config`` or ``DATACODE_CONFIG`` names. The
command line wins over the environment, and that over the file. An option that may be repeated is
an array in the file and a text with commas in the environment; the highest place that has it
counts alone. Sections (``[shares.reports]``) stand in the file only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from datacode.i18n.os_errors import system_reason
from datacode.server.options.usage_errors import OptionError

VARIABLE = "DATACODE_CONFIG"
_PREFIX = "DATACODE_"
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class OptionNames:
    """The options that there are: those with a value, those without, those that repeat.

    ``covered`` maps a variable of the environment to the options that it stands in for, too;
    ``sections`` are the names of tables that a file may have besides.
    """

    parameters: frozenset[str]
    flags: frozenset[str]
    lists: frozenset[str]
    covered: Mapping[str, tuple[str, ...]]
    sections: frozenset[str] = frozenset()


def words(names: OptionNames, given: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The words that stand for the file and the environment, to be put in front of ``given``.

    Raises ``OptionError`` for a file that cannot be read or has no such option.
    """
    on_line = set(_named(given))
    from_environment = _from_environment(names, environment)
    chosen = dict(from_environment)
    path = file_named(given, environment)
    if path:
        covered = {
            option
            for variable, options in names.covered.items()
            if environment.get(variable)
            for option in options
        }
        for name, value in _from_file(names, path).items():
            if name not in covered:
                chosen.setdefault(name, value)
    return [
        word
        for name, values in chosen.items()
        if not (name in names.lists and name in on_line)
        for word in _words_of(names, name, values)
    ]


def file_named(given: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The path of the file, None where there is none."""
    return _value_named(given, "--conf", "--config") or environment.get(VARIABLE)


def sections(names: OptionNames, path: str) -> dict[str, object]:
    """The sections of a file by name, as TOML has them. Raises ``OptionError``."""
    return {name: value for name, value in _read(path).items() if name in names.sections}


def language(given: Sequence[str], environment: Mapping[str, str]) -> object:
    """What ``--locale`` is, wherever it is set, though the rest makes no sense; None where it is
    not.
    """
    asked: object = _value_named(given, "--loc", "--locale")
    if asked is None:
        asked = environment.get(_PREFIX + "LOCALE")
    path = file_named(given, environment)
    if asked is None and path:
        with suppress(OptionError):  # a file that cannot be read names no language
            asked = _read(path).get("locale")
    return asked


def _words_of(names: OptionNames, name: str, values: list[str]) -> Iterator[str]:
    if name in names.flags:
        yield f"--{name}"
        return
    for value in values:
        yield f"--{name}={value}"


def _named(given: Sequence[str]) -> Iterator[str]:
    for word in given:
        if word.startswith("--"):
            yield word[2:].partition("=")[0]


def _value_named(given: Sequence[str], shortest: str, option: str) -> str | None:
    """What stands after an option, which may be shortened as any may, down to ``shortest``."""
    found = None
    for position, word in enumerate(given):
        name, equals, value = word.partition("=")
        if name.startswith(shortest) and option.startswith(name):
            found = value if equals else "".join(given[position + 1 : position + 2])
    return found


# The environment ----------------------------------------------------------------------


def _from_environment(names: OptionNames, environment: Mapping[str, str]) -> dict[str, list[str]]:
    found = {}
    for name in sorted(names.parameters | names.flags | names.lists):
        variable = _PREFIX + name.upper().replace("-", "_")
        text = environment.get(variable)
        if text is None or text.startswith("tcp://"):
            continue  # Kubernetes sets DATACODE_PORT so where a service is called datacode
        if name in names.lists:
            found[name] = [part.strip() for part in text.split(",") if part.strip()]
        elif name in names.parameters:
            found[name] = [text]
        elif text.lower() in _YES:
            found[name] = []
        elif text.lower() not in _NO:
            raise OptionError(
                "variable_not_flag",
                "❌ {variable}: expected true or false, got: {value}",
                variable=variable,
                value=text,
            )
    return found


# The file -------------------------------------------------------------------------------


def _from_file(names: OptionNames, path: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in _read(path).items():
        if key in names.sections:
            continue
        name = key.replace("_", "-")
        wrong = partial(OptionError, path=path, key=key)
        if name not in names.parameters | names.flags | names.lists:
            raise wrong("unknown_setting", "❌ {path}: unknown option: {key}")
        if name in names.flags:
            if not isinstance(value, bool):
                raise wrong("setting_not_flag", "❌ {path}: {key}: expected true or false")
            if value:
                found[name] = []
        elif name in names.lists:
            values = value if isinstance(value, list) else [value]
            found[name] = [each for each in values if isinstance(each, str)]
            if len(found[name]) < len(values):
                raise wrong(
                    "setting_not_list", "❌ {path}: {key}: expected a string or an array of strings"
                )
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            raise wrong("setting_not_word", "❌ {path}: {key}: expected a string or a number")
        else:
            found[name] = [str(value)]
    return found


def _read(path: str) -> dict[str, object]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        reason = system_reason(error)
        raise OptionError(
            "unreadable_config", "❌ --config: {path}: {reason}", path=path, reason=reason
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptionError(
            "unreadable_config", "❌ --config: {path}: {reason}", path=path, reason=error
        ) from None
