"""The fonts of pictures and documents: DejaVu Sans, which matplotlib brings, held in memory.

matplotlib looks for fonts on the disk whenever it draws, and forgets those it has opened when a
process is forked. Programs run where there is no disk, and a picture should look the same on every
machine. So within ``from_memory`` it finds these fonts and no others, and reads them from here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.font_manager import FontPath, FontProperties
from matplotlib.ft2font import FT2Font

FILES = {
    "regular": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "italic": "DejaVuSans-Oblique.ttf",
    "mono": "DejaVuSansMono.ttf",
}


@cache
def content(face: str) -> bytes:
    """The bytes of a font of ``FILES``."""
    return Path(mpl.get_data_path(), "fonts", "ttf", FILES[face]).read_bytes()


def load() -> None:
    """Read all fonts, for a process that will be without files."""
    for face in FILES:
        content(face)


@cache
def _path(face: str) -> FontPath:
    return FontPath(str(Path(mpl.get_data_path(), "fonts", "ttf", FILES[face])), 0)


def _found(self: Any, prop: Any, *_others: Any, **_options: Any) -> list[FontPath]:
    weight = FontProperties._from_any(prop).get_weight()  # type: ignore[attr-defined]
    is_bold = weight in ("bold", "heavy", "black", "semibold") or (
        not isinstance(weight, str) and weight >= 600
    )
    return [_path("bold" if is_bold else "regular")]


def _first_found(self: Any, prop: Any, *others: Any, **options: Any) -> FontPath:
    return _found(self, prop)[0]


class _Opened:
    """The fonts that are open in this process."""

    def __init__(self) -> None:
        self._fonts: dict[Any, FT2Font] = {}

    def __call__(self, paths: Any, **options: Any) -> FT2Font:
        key = (paths, tuple(sorted(options.items())))
        font = self._fonts.get(key)
        if font is None:
            path = Path(paths[0][0]).name
            face = next((face for face, name in FILES.items() if name == path), "regular")
            font = FT2Font(
                io.BytesIO(content(face)), _kerning_factor=options.get("_kerning_factor")
            )
            self._fonts[key] = font
        return font


@contextmanager
def from_memory() -> Iterator[None]:
    """Let matplotlib find the fonts of this module only, and read them from memory."""
    own: list[tuple[Any, str, Any]] = [
        (font_manager.FontManager, "findfont", _first_found),
        (font_manager.FontManager, "_find_fonts_by_props", _found),
        (font_manager, "_get_font", _Opened()),
        (font_manager, "_cached_realpath", str),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in own]
    try:
        for owner, name, function in own:
            setattr(owner, name, function)
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)
