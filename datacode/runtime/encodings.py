"""The encodings that a program may name, and text made of bytes in one of them.

Python would look for a codec module by any name it is given, and has codecs that are no
encodings of text, so names are looked up in a list here.
"""

from __future__ import annotations

from datacode.errors import runtime_error

UTF_8 = "utf-8"
WINDOWS = "cp1251"
"""What Cyrillic files that are not UTF-8 usually are in."""

_ALIASES = {
    "utf8": UTF_8,
    "utf8sig": UTF_8,
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "utf32": "utf-32",
    "ascii": "ascii",
    "usascii": "ascii",
    "latin1": "latin-1",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "maccyrillic": "mac-cyrillic",
    "macroman": "mac-roman",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "gb18030": "gb18030",
    "big5": "big5",
    "shiftjis": "shift-jis",
    "eucjp": "euc-jp",
    "euckr": "euc-kr",
}
_ALIASES |= {f"{p}{n}": f"cp{n}" for p in ("cp", "windows", "win") for n in range(1250, 1259)}
_ALIASES |= {f"{p}{n}": f"cp{n}" for p in ("cp", "ibm") for n in (437, 850, 852, 855, 866)}
_ALIASES |= {f"iso8859{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))}


def encoding_named(name: str) -> str:
    """Python's name for an encoding, or a Runtime Error for one that is not known."""
    plain = name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
    found = _ALIASES.get(plain)
    if found is None:
        raise runtime_error(
            "Unknown encoding: {encoding}. Expected for example utf-8, cp1251 or utf-16",
            encoding=name,
        )
    return found


def decoded(content: bytes, encoding: str) -> str:
    """The text of the bytes without a byte order mark. Raises ``UnicodeDecodeError``."""
    return content.decode(encoding).removeprefix("\ufeff")
