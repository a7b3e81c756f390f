"""What a session folder was like before a program, as far as the program changes it.

A file that is about to be replaced or deleted gets a second name in a folder beside the session's,
where no program sees it: that takes no time and no room until the file is gone, as no file is ever
written in place. Every method blocks; the session folder's lock is held.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


class FolderJournal:
    """The changes since it was made; ``restore`` takes them back, ``forget`` lets them be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = folder.with_name(folder.name + ".before")
        self._files: dict[str, int | None] = {}
        self._folders: dict[tuple[str, ...], bool] = {}

    def before_file(self, name: str, *, exists: bool) -> None:
        """The file ``name`` is about to be made, replaced or deleted. Raises ``OSError``."""
        if name in self._files:
            return
        if exists:
            number = len(self._files)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._kept, 0o700)
            os.link(self._folder / name, self._kept / str(number), follow_symlinks=False)
            self._files[name] = number
        else:
            self._files[name] = None

    def before_folder(self, parts: tuple[str, ...], *, exists: bool) -> None:
        """A folder is about to be made or deleted."""
        self._folders.setdefault(parts, exists)

    def restore(self) -> tuple[dict[str, int], list[str]]:
        """Put back what was there: sizes of files that are back, names of those that are gone.

        Raises ``OSError``; what has been put back by then stays.
        """
        for parts, existed in sorted(self._folders.items()):
            if existed:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(self._folder.joinpath(*parts), 0o700)
        back: dict[str, int] = {}
        gone: list[str] = []
        for name, number in self._files.items():
            if number is None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._folder / name)
                gone.append(name)
            else:
                os.replace(self._kept / str(number), self._folder / name)
                back[name] = os.stat(self._folder / name, follow_symlinks=False).st_size
        for parts, existed in sorted(self._folders.items(), reverse=True):
            if not existed:
                with contextlib.suppress(FileNotFoundError):
                    os.rmdir(self._folder.joinpath(*parts))
        self.forget()
        return back, gone

    def folders(self) -> dict[tuple[str, ...], bool]:
        """The folders that were made or deleted, and whether they had been there before."""
        return self._folders

    def forget(self) -> None:
        """Let go of what was kept."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._kept)
