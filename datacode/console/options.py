"""The words of the command line, in and out.

Options stand before or after the program's name, as in the original; words behind the name belong
to the program (``argv``). Source: server reference, 3.1 and 9.1.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from datacode.i18n import catalog
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.message import Message, MessageError, parameters

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

HELP = {
    "en": """\
DataCode: a small language for data work.

Usage:
  datacode                          the prompt
  datacode FILE.dc [WORD ...]       run a file; the words are its argv
  datacode -c CODE [WORD ...]       run CODE and print the value of an expression at its end
  datacode - [WORD ...]             run what stands on standard input
  datacode --websocket [...]        start the server; `datacode --websocket --help` for its options
  datacode connect ws://HOST:PORT   the prompt, on a server; --token TOKEN or DATACODE_WS_TOKEN
  datacode mcp [ws://HOST:PORT]     serve an agent (Model Context Protocol); --help for its options
  datacode fmt [--check] FILE ...   format programs in place; - formats standard input
  datacode passwd FILE NAME         set a password in a file of accounts
  datacode completion bash|zsh|fish a completion script for the shell
  datacode --demo                   a few lines that show what the language can do

Options:
  --check              look for errors and warnings, run nothing
  --dump-python        run the program and print, instead of its output, the Python that it is
                       compiled to
  --dump-plan          the same with the compiler's plan: what each name means, the types of values
  --json               one JSON object on standard output, as the server would answer
  --debug, --verbose   sizes before the run, all globals after it
  --quiet, -q          only the program's own output
  --build_model [OUT]  write the global tables to an SQLite file (default: the program's name + .db,
                       or the variable DATACODE_SQLITE_OUTPUT)
  --smb HOST,LOGIN,SHARE
                       connect a share: programs read it as lib://SHARE/...; the password is asked
                       for, or taken from DATACODE_SMB_PASSWORD; may be repeated; with connect
                       the server connects it
  --session FILE       with connect: leave the session on the server when the prompt ends, and take
                       it up the next time; FILE is its key
  --load FILE          begin with the variables, tables and functions that --save has left there
  --save FILE          leave them there after a success; at the prompt, when it ends
  --large-tables FOLDER
                       where tables are stored that do not fit in memory; off: nowhere
                       (default: ~/.cache/datacode)
  --locale ru|en       language of messages (default: from the environment)
  --repl, -i           the prompt
  --version            the version
  --help, -h           this text

Exit status: 0 success, 1 the program or its file failed, 2 wrong usage, 130 interrupted.
""",
    "ru": """\
DataCode: небольшой язык для работы с данными.

Использование:
  datacode                          интерактивный режим
  datacode ФАЙЛ.dc [СЛОВО ...]      выполнить файл; слова доступны программе как argv
  datacode -c КОД [СЛОВО ...]       выполнить КОД и вывести значение выражения в его конце
  datacode - [СЛОВО ...]            выполнить программу со стандартного ввода
  datacode --websocket [...]        запустить сервер; его параметры: `datacode --websocket --help`
  datacode connect ws://HOST:PORT   интерактивный режим на сервере; --token TOKEN или
                                    переменная DATACODE_WS_TOKEN
  datacode mcp [ws://HOST:PORT]     служить агенту (Model Context Protocol); параметры: --help
  datacode fmt [--check] ФАЙЛ ...   отформатировать программы на месте; - для стандартного ввода
  datacode passwd ФАЙЛ ИМЯ          задать пароль в файле учётных записей
  datacode completion bash|zsh|fish сценарий автодополнения для оболочки
  datacode --demo                   несколько строк, показывающих возможности языка

Параметры:
  --check              искать ошибки и предупреждения, ничего не выполняя
  --dump-python        выполнить программу и вывести вместо её вывода код на Python, в который она
                       компилируется
  --dump-plan          то же для плана компилятора: что означает каждое имя, какого типа значения
  --json               один объект JSON на стандартном выводе, как ответ сервера
  --debug, --verbose   размеры перед запуском и все глобальные переменные после него
  --quiet, -q          только вывод самой программы
  --build_model [OUT]  записать глобальные таблицы в файл SQLite (по умолчанию имя программы + .db
                       или значение переменной DATACODE_SQLITE_OUTPUT)
  --smb СЕРВЕР,ИМЯ,ПАПКА
                       подключить общую папку: программы читают её как lib://ПАПКА/...; пароль
                       спрашивается или берётся из DATACODE_SMB_PASSWORD; можно повторять; с
                       connect папку подключает сервер
  --session ФАЙЛ       вместе с connect: оставить сессию на сервере, когда режим закончится, и
                       продолжить её в следующий раз; ФАЙЛ — ключ от неё
  --load ФАЙЛ          начать с переменных, таблиц и функций, которые оставил там --save
  --save ФАЙЛ          сохранить их туда после успеха; в интерактивном режиме при выходе
  --large-tables ПАПКА
                       где хранить таблицы, которые не помещаются в память (по умолчанию
                       ~/.cache/datacode; off: нигде)
  --locale ru|en       язык сообщений (по умолчанию из окружения)
  --repl, -i           интерактивный режим
  --version            версия
  --help, -h           этот текст

Код завершения: 0 успех, 1 ошибка программы или файла, 2 неверный вызов, 130 прервано.
""",
}


class UsageError(MessageError):
    """The command line makes no sense."""


def usage_error(code: str, template: str, /, **params: object) -> UsageError:
    """A ``UsageError`` with a sentence of its own."""
    return UsageError(Message(code, template, parameters(params)))


def extra_missing(program: str, extra: str, missing: ModuleNotFoundError) -> str:
    """What a program says, in the environment's language, whose libraries are not installed.

    Raises ``missing`` again where it names a module of ours.
    """
    if missing.name is None or missing.name.partition(".")[0] == "datacode":
        raise missing
    template = catalog.mark(
        "{program} needs libraries that are not installed: pip install 'datacode-server[{extra}]'"
    )
    shown = catalog.translate(template, locale_of_environment())
    return f"❌ {shown.format(program=program, extra=extra)}\n"


@dataclass(frozen=True)
class CommandLine:
    """What to do. ``mode`` is ``run``, ``repl``, ``demo``, ``help`` or ``version``.

    ``program`` is a file's name, ``-`` for standard input, or None with ``code``. ``model`` is None
    without ``--build_model``, empty where the name of the database was left open. ``smb`` are the
    shares to connect, ``HOST,LOGIN,SHARE`` each. ``load`` and ``save`` are files with a state,
    ``large_tables`` is the folder for tables that do not fit in memory, or ``off``.
    """

    mode: str = "repl"
    program: str | None = None
    code: str | None = None
    argv: list[str] = field(default_factory=list)
    check: bool = False
    dump_python: bool = False
    dump_plan: bool = False
    json: bool = False
    debug: bool = False
    quiet: bool = False
    model: str | None = None
    locale: str = "en"
    smb: list[str] = field(default_factory=list)
    load: str | None = None
    save: str | None = None
    large_tables: str | None = None


MODES = {
    "--help": "help",
    "-h": "help",
    "help": "help",
    "--version": "version",
    "--demo": "demo",
    "demo": "demo",
    "--repl": "repl",
    "-i": "repl",
    "repl": "repl",
}
VALUES = ("--locale", "--smb", "--build_model", "--load", "--save", "--large-tables", "-c")
"""Options with a value."""

FLAGS = {
    "--check": "check",
    "--dump-python": "dump_python",
    "--dump-plan": "dump_plan",
    "--json": "json",
    "--debug": "debug",
    "--verbose": "debug",
    "--quiet": "quiet",
    "-q": "quiet",
}


def is_program(word: str) -> bool:
    """Is it the name of a DataCode file?"""
    return word.lower().endswith(".dc")


def parse(words: list[str]) -> CommandLine:
    """Read the command line.

    Raises ``UsageError`` for a word that has no meaning.
    """
    found: dict[str, object] = {"locale": locale_of_environment()}
    argv: list[str] = []
    smb: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in FLAGS:
            found[FLAGS[word]] = True
        elif name == "--locale":
            found["locale"] = parse_locale(value if equals else _operand(rest, name))
        elif name == "--smb":
            smb.append(value if equals else _operand(rest, name))
        elif name in ("--load", "--save", "--large-tables"):
            found[name[2:].replace("-", "_")] = value if equals else _operand(rest, name)
        elif name == "--build_model":
            found["model"] = value if equals else _model(rest)
        elif _has_program(found):
            if word.startswith("--") and word != "--":
                raise usage_error("unknown_option", "Unknown option: {word}", word=word)
            argv.append(word)
            if word == "--":
                argv = argv[:-1] + rest
                rest = []
        elif word == "-c":
            found.update(mode="run", code=_operand(rest, word))
        elif word == "-" or is_program(word):
            found.update(mode="run", program=word)
        elif word in MODES and "mode" not in found:
            found["mode"] = MODES[word]
        elif word.startswith("-"):
            raise usage_error("unknown_option", "Unknown option: {word}", word=word)
        else:
            raise usage_error(
                "unknown_program_name",
                "Unknown argument: {word} (the name of a DataCode file ends in .dc)",
                word=word,
            )
    needing = {"check", "dump_python", "dump_plan", "json", "model"}
    if not _has_program(found) and needing & found.keys():
        raise usage_error(
            "no_program_named", "No program was named: a FILE.dc, -c CODE or - is expected"
        )
    return CommandLine(argv=argv, smb=smb, **found)  # type: ignore[arg-type]


def _has_program(found: dict[str, object]) -> bool:
    return "program" in found or "code" in found


def _operand(rest: list[str], option: str) -> str:
    if not rest:
        raise usage_error("option_needs_value", "{option} needs a value", option=option)
    return rest.pop(0)


def parse_locale(value: str) -> str:
    """One of the languages that there are. Raises ``UsageError`` for others."""
    if value not in catalog.LOCALES:
        raise usage_error(
            "unknown_language", "Unknown language: {value} (ru and en are known)", value=value
        )
    return value


def _model(rest: list[str]) -> str:
    """The word behind ``--build_model`` is the database unless it is an option or a program."""
    if rest and not rest[0].startswith("-") and not is_program(rest[0]):
        return rest.pop(0)
    return ""


# --smb HOST,LOGIN,SHARE ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """One share, and the account to log in with."""

    host: str
    login: str
    name: str
    password: str = field(repr=False)


def requested_shares(texts: Sequence[str]) -> list[ShareRequest]:
    """What ``HOST,LOGIN,SHARE`` mean, each with its password.

    Raises ``UsageError`` for a text that means nothing, and where nobody can be asked.
    """
    named = [_share(text) for text in texts]
    return [ShareRequest(host, login, name, _password(host, login)) for host, login, name in named]


def _share(text: str) -> list[str]:
    parts = text.split(",", 2)
    if len(parts) < 3 or not all(parts[::2]):
        raise usage_error("smb_option", "--smb expects HOST,LOGIN,SHARE; found: {text}", text=text)
    return parts


def _password(host: str, login: str) -> str:
    """From the environment, or asked for at the terminal."""
    from_environment = os.environ.get("DATACODE_SMB_PASSWORD")
    if from_environment is not None or not login:
        return from_environment or ""
    if not sys.stdin.isatty():
        raise usage_error(
            "no_smb_password", "No password for {login}: set DATACODE_SMB_PASSWORD", login=login
        )
    return getpass.getpass(f"{login}@{host}: ")
