"""What the server itself says to a client, in both languages.

The Russian texts are those of the protocol's documentation and of the server reference,
section 13, to the letter; clients compare them. Errors of programs are not here: they
render themselves (``DataCodeError.render``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Locale = Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages, with ``{name}`` for each parameter."""

    en: str
    ru: str

    def render(self, locale: str, **params: object) -> str:
        """The sentence in ``locale``; anything but ``en`` is Russian, the protocol's language.

        A parameter may be a ``Text`` itself.
        """
        template = self.en if locale == "en" else self.ru
        if not params:
            return template
        return template.format_map(
            {
                name: value.render(locale) if isinstance(value, Text) else value
                for name, value in params.items()
            }
        )


# Requests that make no sense (server reference, 5.1). Both languages begin alike for every cause.

UNREADABLE = Text(
    "Request error. Expected JSON with the fields: type, code"
    " (or smb_connect, smb_list_files, smb_read_file)",
    "Ошибка парсинга запроса. Ожидается JSON с полями: type, code"
    " (или smb_connect, smb_list_files, smb_read_file)",
)
REPEATED_FIELD = Text(
    "Request error: the field '{field}' appears twice",
    "Ошибка парсинга запроса: поле '{field}' повторяется",
)
TOO_NESTED = Text(
    "Request error: nested deeper than {limit} levels",
    "Ошибка парсинга запроса: вложенность больше {limit} уровней",
)
TOO_MANY_VALUES = Text(
    "Request error: more than {limit} nested values",
    "Ошибка парсинга запроса: больше {limit} вложенных значений",
)
UNKNOWN_TYPE = Text(
    "Request error: unknown type '{type}'",
    "Ошибка парсинга запроса: неизвестный тип '{type}'",
)
MISSING_FIELD = Text(
    "Request error: the field '{field}' is missing",
    "Ошибка парсинга запроса: отсутствует поле '{field}'",
)
WRONG_FIELD = Text(
    "Request error: the field '{field}' must be {expected}",
    "Ошибка парсинга запроса: поле '{field}' должно быть {expected}",
)
NOT_TEXT = Text(
    "Request error: expected a text message with JSON",
    "Ошибка парсинга запроса: ожидается текстовое сообщение с JSON",
)

A_STRING = Text("a string", "строкой")
A_FLAG = Text("true or false", "true или false")
A_COUNT = Text("a positive whole number", "целым положительным числом")
A_POSITION = Text("a whole number from 0", "целым числом от 0")
AN_ID = Text(
    "a string or a number of at most {limit} bytes",
    "строкой или числом не длиннее {limit} байт",
)
ONE_OF = Text("one of: {choices}", "одним из: {choices}")

# Programs.

CANCELLED = Text("Execution was interrupted", "Ошибка: выполнение прервано")
CANCEL_DONE = Text("Execution was interrupted", "Выполнение прервано")
NOTHING_TO_CANCEL = Text("Nothing is running", "Нет выполняемого запроса")
RESET_DONE = Text("The interpreter was reset", "Интерпретатор сброшен")
INTERNAL = Text(
    "Internal server error; the administrator finds it in the log under number {number}",
    "Внутренняя ошибка сервера; администратор найдет ее в журнале под номером {number}",
)
NO_INTERPRETER = Text(
    "No interpreter can be started; try again later",
    "Ошибка: интерпретатор не может быть запущен; повторите позже",
)

# Shares (server reference, 5.3, 5.4, 8.5).

SHARE_CONNECTED = Text(
    "Connected to the SMB share '{share}'", "Успешно подключено к SMB шаре '{share}'"
)
SHARE_DISCONNECTED = Text(
    "Disconnected from the SMB share '{share}'", "Отключено от SMB шары '{share}'"
)
FILE_TOO_BIG = Text(
    "the file is larger than the limit of {limit} MiB",
    "файл больше предела размера сообщения ({limit} МиБ)",
)

# Uploads (server reference, 7.3).

UPLOADED = Text("File {filename} uploaded", "Файл {filename} успешно загружен")
UPLOADS_OFF = Text("The --use-ve mode is off", "Режим --use-ve не включен")
NO_SESSION_FOLDER = Text("The user's session was not found", "Сессия пользователя не найдена")
BAD_FILENAME = Text("Not a valid path of a file", "Некорректный путь к файлу")
BAD_BASE64 = Text("Base64 decoding error: {reason}", "Ошибка декодирования base64: {reason}")
NO_PARENT = Text("Cannot make the folder: {reason}", "Ошибка создания директории: {reason}")
CANNOT_WRITE = Text("Cannot write the file: {reason}", "Ошибка записи файла: {reason}")
QUOTA_EXCEEDED = Text(
    "The session folder is full ({limit} MiB)", "Превышен объем папки сессии ({limit} МиБ)"
)
TOO_MANY_FILES = Text(
    "The session folder holds {limit} files already",
    "Превышено число файлов в папке сессии ({limit})",
)
CANNOT_READ = Text("Cannot read the file: {reason}", "Ошибка чтения файла: {reason}")
BASE64_ALPHABET = Text(
    "a character outside the base64 alphabet, or wrong padding",
    "символ не из алфавита base64 или неверное дополнение",
)
FILE_MISSING = Text("'{path}' was not found", "'{path}' не найден")
FILE_IS_FOLDER = Text("'{path}' is a folder", "'{path}' является папкой")

# Access (server reference, 4.4).

ACCESS_GRANTED = Text("Access granted", "Доступ разрешен")
ACCESS_REFUSED = Text("Wrong token", "Неверный токен")
LOGIN_REFUSED = Text("Wrong name or password", "Неверное имя или пароль")
TOO_MANY_TRIES = Text(
    "Too many failed attempts; try again in {seconds} s",
    "Слишком много неудачных попыток; повторите через {seconds} с",
)
