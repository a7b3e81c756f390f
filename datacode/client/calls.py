"""Every request as a call: what to send, and what its answer means. No I/O.

The blocking and the asynchronous client offer the methods of ``Calls`` as their own, so that each
is written and documented once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from datacode.client.messages import (
    Message,
    OnOutput,
    OnProgress,
    Requests,
    Result,
    ShareEntry,
    Variable,
    bytes_of,
    content_of,
    demand_success,
    entries_of,
    result_of,
    variables_of,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, how its answer is read, and who wants what comes before the answer."""

    request: Message
    read: Callable[[Message], T]
    on_output: OnOutput | None = None
    on_progress: OnProgress | None = None


class Calls:
    """The requests of one connection."""

    def __init__(self) -> None:
        self._requests = Requests()

    def execute(
        self,
        code: str,
        *,
        on_output: OnOutput | None = None,
        on_progress: OnProgress | None = None,
        max_steps: int | None = None,
        export: str | None = None,
    ) -> Call[Result]:
        """Run a program.

        With ``on_output`` the output is also delivered while it is printed; ``export="sqlite"``
        adds the global tables as a database.
        """
        request = self._requests.make(
            "execute",
            code=code,
            diagnostics=True,
            tables=True,
            stream=True if on_output else None,
            progress=True if on_progress else None,
            max_steps=max_steps,
            export=export,
        )
        return Call(request, result_of, on_output, on_progress)

    def cancel(self) -> Call[bool]:
        """End the program that is running; False where none was."""
        return Call(self._requests.make("cancel"), lambda answer: bool(answer["success"]))

    def reset(self) -> Call[None]:
        """A fresh interpreter; shares and uploads stay."""
        return Call(self._requests.make("reset"), _nothing)

    def connect_share(
        self, ip: str, share_name: str, login: str, password: str, domain: str = ""
    ) -> Call[None]:
        """Connect a share; programs then read it as ``lib://share_name/…``."""
        request = self._requests.make(
            "smb_connect",
            ip=ip,
            login=login,
            password=password,
            domain=domain,
            share_name=share_name,
        )
        return Call(request, _nothing)

    def disconnect_share(self, share_name: str) -> Call[None]:
        """Let a share go."""
        return Call(self._requests.make("smb_disconnect", share_name=share_name), _nothing)

    def list_share(self, share_name: str, path: str = "") -> Call[list[ShareEntry]]:
        """The files and folders in a folder of a share."""
        request = self._requests.make(
            "smb_list_files", share_name=share_name, path=path, details=True
        )
        return Call(request, entries_of)

    def read_share(
        self, share_name: str, path: str, *, on_progress: OnProgress | None = None
    ) -> Call[bytes]:
        """A file of a share, whole."""
        request = self._requests.make(
            "smb_read_file",
            share_name=share_name,
            file_path=path,
            progress=True if on_progress else None,
        )
        return Call(request, bytes_of, None, on_progress)

    def upload(self, filename: str, content: bytes | str) -> Call[None]:
        """Put a file into the session's folder (server with ``--use-ve``)."""
        request = self._requests.make("upload_file", filename=filename, content=content_of(content))
        return Call(request, _nothing)

    def download(self, filename: str) -> Call[bytes]:
        """A file out of the session's folder."""
        return Call(self._requests.make("download_file", filename=filename), bytes_of)

    def variables(self) -> Call[list[Variable]]:
        """The session's variables, also while a program runs."""
        return Call(self._requests.make("inspect"), variables_of)

    def complete(self, code: str, position: int | None = None) -> Call[tuple[int, list[Message]]]:
        """Where the word at ``position`` begins, and what it may become."""
        request = self._requests.make("complete", code=code, position=position)
        return Call(request, _completions)

    def check(self, code: str) -> Call[list[Message]]:
        """Errors and warnings of a text, without running it."""
        return Call(self._requests.make("check", code=code), _problems)

    def info(self) -> Call[Message]:
        """Version, limits and shares of the session."""
        return Call(self._requests.make("info"), _info)


def _nothing(answer: Message) -> None:
    demand_success(answer)


def _completions(answer: Message) -> tuple[int, list[Message]]:
    demand_success(answer)
    return answer["start"], answer["completions"]


def _problems(answer: Message) -> list[Message]:
    problems: list[Message] = demand_success(answer)["problems"]
    return problems


def _info(answer: Message) -> Message:
    info: Message = demand_success(answer)["info"]
    return info
