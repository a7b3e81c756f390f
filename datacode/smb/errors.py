"""Why something about a share failed: one sentence for each cause.

The blocking half raises ``ShareError`` with a cause alone; whoever knows which operation was
asked for adds its prefix (``during``). Source: server reference, 5.3, 5.4, 8.2 and 8.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from datacode.i18n.catalog import mark, translate
from datacode.runtime.files import FilesError


class Operation(Enum):
    """What was tried; the value is the prefix of its failures."""

    CONNECT = mark("Ошибка подключения к SMB: ")
    LIST = mark("Ошибка получения списка файлов: ")
    READ = mark("Ошибка чтения файла: ")
    WRITE = mark("Ошибка записи файла: ")
    LOOK = mark("Ошибка получения сведений о файле: ")
    MAKE_FOLDER = mark("Ошибка создания папки: ")
    DELETE = mark("Ошибка удаления: ")
    SHARES = mark("Ошибка получения списка шар: ")


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause. ``bare`` sentences stand alone; the others follow the prefix of an operation.

    ``broken`` means that the connection is of no more use, ``again`` that an operation which
    changes nothing may be tried once more on a new one, and ``undone`` that the server has done
    nothing, so that any operation may. ``located`` is the sentence once it is known which path
    was asked for and how often, for causes that do not say so themselves.
    """

    template: str
    bare: bool = False
    broken: bool = False
    again: bool = False
    undone: bool = False
    located: str | None = None


WRONG_LOGIN = Cause(mark("неверное имя пользователя или пароль"))
NO_ACCOUNT = Cause(mark("учетная запись недоступна"))
NO_TICKET = Cause(mark("вход по Kerberos не удался (код {code})"))
NO_TICKET_FILE = Cause(mark("нет билета Kerberos для этой учетной записи"))
NO_KDC = Cause(mark("центр выдачи билетов Kerberos недоступен"))
NO_NTLM = Cause(mark("сервер {ip} не принимает вход по паролю (NTLM), нужен Kerberos"))
NO_CONTROLLER = Cause(mark("сервер {ip} не может проверить учетную запись в домене"))
NO_SHARE = Cause(mark("шара '{share}' не найдена"))
NOT_A_DISK = Cause(mark("шара '{share}' не содержит файлов"))
DENIED = Cause(mark("доступ запрещен"))
MISSING = Cause(mark("'{path}' не найден"))
IS_FOLDER = Cause(mark("'{path}' является папкой"))
NOT_FOLDER = Cause(mark("'{path}' не является папкой"))
LOCKED = Cause(mark("файл занят другим процессом"))
INFECTED = Cause(mark("сервер {ip} считает файл '{path}' зараженным"))
OFFLINE = Cause(mark("файл '{path}' находится в архиве и сейчас недоступен"))
DISK_FAULT = Cause(mark("диск сервера {ip} неисправен: '{path}' не прочитан"))
BAD_NAME = Cause(mark("некорректное имя '{path}'"))
EXISTS = Cause(mark("'{path}' уже существует"))
NOT_EMPTY = Cause(mark("папка '{path}' не пуста"))
ELSEWHERE = Cause(
    mark("'{path}' находится на другом сервере (DFS), но сервер {ip} не сообщает, на каком")
)
CIRCLE = Cause(mark("ссылки на пути '{path}' ведут по кругу"))
LINK = Cause(mark("'{path}' является ссылкой, переход не поддерживается"))
CHANGED = Cause(mark("'{path}' изменяется во время чтения"))
TOO_LARGE = Cause(mark("файл '{path}' слишком велик ({size} байт, предел {limit} байт)"))
TOO_MANY_NAMES = Cause(mark("в папке '{path}' слишком много имен (предел {limit})"))
TOO_DEEP = Cause(mark("папка '{path}' вложена слишком глубоко (предел {limit})"))
SHARE_FULL = Cause(mark("на шаре '{share}' нет свободного места"))
SPOOL_FULL = Cause(mark("на сервере DataCode нет места для файла '{path}'"))
READ_ONLY = Cause(mark("шара '{share}' доступна только для чтения"))
NO_WRITES = Cause(mark("запись на шары не разрешена администратором"))

ONLY_SMB1 = Cause(mark("сервер поддерживает только SMB1"), broken=True)
UNREACHABLE = Cause(
    mark("сервер {ip} недоступен"),
    broken=True,
    located=mark("сервер {ip} недоступен (lib://{share}/{path}, попыток: {tries})"),
)
SILENT = Cause(
    mark("сервер {ip} не отвечает"),
    broken=True,
    located=mark("сервер {ip} не отвечает (lib://{share}/{path}, попыток: {tries})"),
)
TOO_SLOW = Cause(
    mark("соединение с {ip} слишком медленное: '{path}' не передан за {seconds} с"), broken=True
)
LOST = Cause(
    mark("соединение с {ip} потеряно"),
    broken=True,
    again=True,
    located=mark("соединение с {ip} потеряно (lib://{share}/{path}, попыток: {tries})"),
)
EXPIRED = replace(LOST, undone=True)
FORGED = Cause(
    mark("ответ сервера {ip} не прошел проверку целостности"),
    broken=True,
    located=mark(
        "ответ сервера {ip} не прошел проверку целостности (lib://{share}/{path}, попыток: {tries})"
    ),
)
NONSENSE = Cause(mark("сервер {ip} нарушил протокол SMB"), broken=True)
UNSIGNED = Cause(mark("сервер {ip} не подписывает ответы"))
BUSY = Cause(mark("сервер {ip} перегружен"))
OTHER = Cause(mark("сервер {ip} ответил ошибкой {status}"))
BAD_HOST = Cause(mark("некорректный адрес '{ip}'"))
HOST_REFUSED = Cause(mark("сервер {ip} не разрешен администратором"))
TOO_MANY_SHARES = Cause(mark("подключено слишком много шар (предел {limit})"))

NOT_CONNECTED = Cause(mark("SMB share '{share}' не подключена"), bare=True)
CONNECTED = Cause(mark("SMB share '{share}' уже подключена"), bare=True)
BAD_PATH = Cause(mark("Некорректный путь"), bare=True)


_WITHOUT_PATH = (None, Operation.CONNECT, Operation.SHARES)


class ShareError(FilesError):
    """Something about a share failed.

    ``cause`` is one of the constants above and ``operation`` what was tried, None until known.
    ``template`` and ``params`` make the sentence in the original's language; ``render`` gives it
    in a reader's. Names in it are spelled as the client spelled them. ``share`` and ``path`` tell
    where, for the log; a password is never in here.
    """

    def __init__(
        self, cause: Cause, *, operation: Operation | None = None, **params: object
    ) -> None:
        text = cause.template
        if cause.located is not None and operation not in _WITHOUT_PATH:
            text, params = cause.located, {"tries": 1, **params}
        prefix = "" if operation is None or cause.bare else operation.value
        super().__init__(prefix + text, params)
        self.cause = cause
        self.operation = operation

    def during(self, operation: Operation) -> ShareError:
        """The same failure, with the prefix of what was tried."""
        return ShareError(self.cause, operation=operation, **self.params)

    def named(self, **params: object) -> ShareError:
        """The same failure; names that it lacks are taken from ``params``."""
        return ShareError(self.cause, operation=self.operation, **{**params, **self.params})

    def renamed(self, names: dict[str, str], *, share: str) -> ShareError:
        """The same failure where share and path are known to the client by other names."""
        path = self.params.get("path", "")
        params = {**self.params, "share": share, "path": names.get(path, path)}
        return ShareError(self.cause, operation=self.operation, **params)

    def render(self, locale: str) -> str:
        """The sentence for a reader of ``locale``: ``ru`` or ``en``."""
        return translate(self.template, locale).format_map(_Names(self.params))

    def __str__(self) -> str:
        """The sentence as programs see it (tables and files reference, 4.1)."""
        return self.template.format_map(_Names(self.params))


class _Names(dict[str, str]):
    """Parameters of a sentence, some of which may not be known yet."""

    def __missing__(self, name: str) -> str:
        return "?"


class Status:
    """The NT status codes that mean something to us ([MS-ERREF], 2.3.1)."""

    OK = 0x00000000
    PENDING = 0x00000103
    BUFFER_OVERFLOW = 0x80000005
    NO_MORE_FILES = 0x80000006
    NO_SUCH_FILE = 0xC000000F
    END_OF_FILE = 0xC0000011
    MORE_PROCESSING_REQUIRED = 0xC0000016
    OBJECT_NAME_NOT_FOUND = 0xC0000034
    OBJECT_NAME_COLLISION = 0xC0000035
    OBJECT_PATH_NOT_FOUND = 0xC000003A
    FILE_IS_A_DIRECTORY = 0xC00000BA
    NOT_A_DIRECTORY = 0xC0000103
    USER_SESSION_DELETED = 0xC0000203
    SESSION_EXPIRED = 0xC000035C


_CAUSES: dict[int, Cause] = {
    0xC000006D: WRONG_LOGIN,
    0xC000006A: WRONG_LOGIN,
    0xC0000064: WRONG_LOGIN,
    0xC0000072: NO_ACCOUNT,
    0xC0000234: NO_ACCOUNT,
    0xC0000193: NO_ACCOUNT,
    0xC0000071: NO_ACCOUNT,
    0xC000006E: NO_ACCOUNT,  # restricted
    0xC000006F: NO_ACCOUNT,  # not at this hour
    0xC0000070: NO_ACCOUNT,  # not from this workstation
    0xC000015B: NO_ACCOUNT,  # not granted this kind of logon
    0xC0000224: NO_ACCOUNT,  # the password must be changed first
    0xC0000418: NO_NTLM,
    0xC000005E: NO_CONTROLLER,
    0xC000018B: NO_CONTROLLER,  # the file server's own account is not known there
    0xC000018C: NO_CONTROLLER,  # nor is there trust between the domains
    0xC000018D: NO_CONTROLLER,
    0xC0000192: NO_CONTROLLER,
    0xC00000CC: NO_SHARE,
    0xC00000CB: NOT_A_DISK,
    0xC0000022: DENIED,
    0xC0000121: DENIED,  # cannot be deleted
    0xC0000061: DENIED,  # a privilege is missing
    0xC00000CA: DENIED,  # network access denied
    Status.OBJECT_NAME_NOT_FOUND: MISSING,
    Status.OBJECT_PATH_NOT_FOUND: MISSING,
    Status.NO_SUCH_FILE: MISSING,
    0xC0000056: MISSING,  # deleted, but somebody still holds it open
    Status.FILE_IS_A_DIRECTORY: IS_FOLDER,
    Status.NOT_A_DIRECTORY: NOT_FOLDER,
    0xC0000043: LOCKED,
    0xC0000054: LOCKED,  # a range of it is locked
    0xC0000243: LOCKED,  # another program has it mapped into memory
    0xC0000906: INFECTED,
    0xC0000907: INFECTED,
    0xC0000267: OFFLINE,
    0xC000CF0C: OFFLINE,  # a cloud's file, and the cloud cannot be reached
    0xC000CF06: OFFLINE,
    0xC000003E: DISK_FAULT,
    0xC000003F: DISK_FAULT,
    0xC0000032: DISK_FAULT,
    0xC0000102: DISK_FAULT,
    0xC0000185: DISK_FAULT,
    0xC000009C: DISK_FAULT,
    0xC0000033: BAD_NAME,
    0xC000003B: BAD_NAME,
    0xC0000039: BAD_NAME,
    0xC0000106: BAD_NAME,  # too long
    Status.OBJECT_NAME_COLLISION: EXISTS,
    0xC0000101: NOT_EMPTY,
    0xC0000257: ELSEWHERE,
    0x8000002D: LINK,
    0xC0000279: LINK,
    0xC000007F: SHARE_FULL,
    0xC0000044: SHARE_FULL,  # quota
    0xC0000802: SHARE_FULL,
    0xC00000A2: READ_ONLY,
    0xC000009A: BUSY,
    0xC0000205: BUSY,
    0xC00000D0: BUSY,  # a workstation lets in twenty
    0xC00000CE: BUSY,
    0xC00000B5: SILENT,
    Status.USER_SESSION_DELETED: EXPIRED,
    Status.SESSION_EXPIRED: EXPIRED,
    0xC00000C9: EXPIRED,  # the share was taken away, or comes back after a restart
    0xC000020C: LOST,
    0xC000020D: LOST,
    0xC0000241: LOST,
    0xC0000467: LOST,  # a cluster moves the share to another of its servers
    0xC0000466: LOST,
    0xC0000128: LOST,  # our handle is gone
    0xC00000B6: LOST,  # an administrator has closed it
}


def of_status(status: int) -> ShareError:
    """The failure that an NT status means; its names are filled in by ``named``."""
    return ShareError(_CAUSES.get(status, OTHER), status=f"0x{status:08X}")


def of_tree_status(status: int) -> ShareError:
    """The same where a share was being opened: there a missing path is a missing share."""
    error = of_status(status)
    if error.cause is MISSING or error.cause is BAD_NAME:
        return ShareError(NO_SHARE)
    return error
