"""What the server itself says to a client.

The Russian texts are those of the protocol's documentation and of the server reference,
section 13, to the letter; clients compare them. They are msgids of the one catalogue
(``datacode.i18n.catalog``), which has them in English. Errors of programs are not here: they
render themselves (``DataCodeError.render``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from datacode.i18n.catalog import translate
from datacode.i18n.os_errors import with_reason_in

Locale = Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence, with ``{name}`` for each parameter; ``params`` are some that are settled."""

    template: str
    params: tuple[tuple[str, object], ...] = ()

    def filled(self, **params: object) -> Text:
        """The same sentence with these parameters settled."""
        return Text(self.template, (*self.params, *params.items()))

    def render(self, locale: str, **params: object) -> str:
        """The sentence in ``locale``; anything but ``en`` is Russian, the protocol's language.

        A parameter may be a ``Text`` itself; a ``reason`` of the system's is in the same language.
        """
        template = translate(self.template, locale)
        given = dict(self.params) | params
        if not given:
            return template
        return template.format_map(
            {
                name: value.render(locale) if isinstance(value, Text) else value
                for name, value in with_reason_in(locale, given).items()
            }
        )


# Requests that make no sense (server reference, 5.1). Both languages begin alike for every cause.

UNREADABLE = Text(
    "Ошибка парсинга запроса. Ожидается JSON с полями: type, code"
    " (или smb_connect, smb_list_files, smb_read_file)"
)
REPEATED_FIELD = Text("Ошибка парсинга запроса: поле '{field}' повторяется")
TOO_NESTED = Text("Ошибка парсинга запроса: вложенность больше {limit} уровней")
TOO_LARGE = Text("Ошибка парсинга запроса: больше {limit} МиБ может быть только upload_file")
TOO_MANY_VALUES = Text("Ошибка парсинга запроса: больше {limit} вложенных значений")
TOO_MANY_FIELDS = Text("Ошибка парсинга запроса: больше {limit} полей")
UNKNOWN_TYPE = Text("Ошибка парсинга запроса: неизвестный тип '{type}'")
MISSING_FIELD = Text("Ошибка парсинга запроса: отсутствует поле '{field}'")
WRONG_FIELD = Text("Ошибка парсинга запроса: поле '{field}' должно быть {expected}")
NOT_TEXT = Text("Ошибка парсинга запроса: ожидается текстовое сообщение с JSON")

A_STRING = Text("строкой")
A_FLAG = Text("true или false")
A_COUNT = Text("целым положительным числом")
A_POSITION = Text("целым числом от 0")
A_BOUNDED_COUNT = Text("целым числом от 1 до {limit}")
COLUMNS = Text("списком номеров столбцов, считая от 0")
FILTERS = Text("списком объектов с полями: column (считая от 0), text")
AN_ID = Text("строкой или числом не длиннее {limit} байт")
ONE_OF = Text("одним из: {choices}")

# Programs.

CANCELLED = Text("Ошибка: выполнение прервано")
CANCEL_DONE = Text("Выполнение прервано")
NOTHING_TO_CANCEL = Text("Нет выполняемого запроса")
RESET_DONE = Text("Интерпретатор сброшен")
INTERNAL = Text("Внутренняя ошибка сервера; администратор найдет ее в журнале под номером {number}")
NO_INTERPRETER = Text("Ошибка: интерпретатор не может быть запущен; повторите позже")

# Shares (server reference, 5.3, 5.4, 8.5).

SHARE_CONNECTED = Text("Успешно подключено к SMB шаре '{share}'")
SHARE_DISCONNECTED = Text("Отключено от SMB шары '{share}'")
FILE_TOO_BIG = Text("файл больше предела размера сообщения ({limit} МиБ)")

# Uploads (server reference, 7.3).

UPLOADED = Text("Файл {filename} успешно загружен")
UPLOADS_OFF = Text("Режим --use-ve не включен")
NO_SESSION_FOLDER = Text("Сессия пользователя не найдена")
BAD_FILENAME = Text("Некорректный путь к файлу")
BAD_BASE64 = Text("Ошибка декодирования base64: {reason}")
NO_PARENT = Text("Ошибка создания директории: {reason}")
CANNOT_WRITE = Text("Ошибка записи файла: {reason}")
QUOTA_EXCEEDED = Text("Превышен объем папки сессии ({limit} МиБ)")
TOO_MANY_FILES = Text("Превышено число файлов в папке сессии ({limit})")
DELETED = Text("Файл {filename} удален")
CANNOT_DELETE = Text("Ошибка удаления файла: {reason}")
CANNOT_READ = Text("Ошибка чтения файла: {reason}")
BASE64_ALPHABET = Text("символ не из алфавита base64 или неверное дополнение")
FILE_MISSING = Text("'{path}' не найден")
FILE_IS_FOLDER = Text("'{path}' является папкой")

# Access (server reference, 4.4).

ACCESS_GRANTED = Text("Доступ разрешен")
ACCESS_REFUSED = Text("Неверный токен")
LOGIN_REFUSED = Text("Неверное имя или пароль")
TOO_MANY_TRIES = Text("Слишком много неудачных попыток; повторите через {seconds} с")
