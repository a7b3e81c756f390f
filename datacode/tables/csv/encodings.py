"""The character sets that ``encoding=`` may name.

A list of our own: Python knows further codecs, some of which are no character sets, and finds
them by importing modules.
"""

from __future__ import annotations

import re

from datacode.errors import runtime_error

ENCODINGS = tuple(
    (
        "utf-8 utf-16 utf-16-le utf-16-be "
        "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 "
        "cp437 cp850 cp852 cp855 cp857 cp866 koi8-r koi8-u mac-cyrillic "
        "iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-7 iso-8859-9 iso-8859-15 "
        "shift_jis cp932 euc-jp gb18030 gbk big5 euc-kr"
    ).split()
)

_OTHER_NAMES = {
    "latin1": "iso-8859-1",
    "ascii": "utf-8",
    "utf8sig": "utf-8",
    "koi8": "koi8-r",
    "sjis": "shift_jis",
    "gb2312": "gbk",
}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_CODECS = {_plain(name): name for name in ENCODINGS}
_CODECS |= {f"windows{name[2:]}": name for name in ENCODINGS if name.startswith("cp12")}
_CODECS |= _OTHER_NAMES


def codec_for(encoding: str) -> str:
    """The codec of that name, in whatever spelling; an unknown name is a Runtime Error."""
    codec = _CODECS.get(_plain(encoding))
    if codec is None:
        raise runtime_error(
            "unknown_encoding",
            "Unknown encoding '{encoding}'. Known are: {known}",
            encoding=encoding,
            known=", ".join(ENCODINGS),
        )
    return codec
