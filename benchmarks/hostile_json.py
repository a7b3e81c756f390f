"""The longest time that one message keeps all other clients waiting: ``python -m
benchmarks.hostile_json [MIB MIB]``, the limits of a request and of a message (8 and 64).

A decoder of JSON cannot be interrupted, so the reactor stands still while it works. Prints the
wait for each kind of message that is made to take long, the worst first. Of an upload above the
limit of a request the content is decoded in a thread: there the wait is the longest time for
which that thread kept the reactor's from running.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

from msgspec import DecodeError

from datacode.server.api.messages import LargeUpload
from datacode.server.api.parse import BadRequest, parse

MIB = 1 << 20
EMOJI = "\U0001f600"

FILLED = {
    # what is read
    "plain text": ('{"code":"', "a", '"}'),
    "escapes of two letters": ('{"code":"', "\\n", '"}'),
    "escapes of six letters": ('{"code":"', "\\u044f", '"}'),
    "pairs of surrogates": ('{"code":"', "\\ud83d\\ude00", '"}'),
    "escaped quotes": ('{"code":"', '\\"', '"}'),
    "four bytes a letter": ('{"code":"', EMOJI, '"}'),
    "one wide letter at the end": ('{"code":"', "a", EMOJI + '"}'),
    "escapes and a wide letter": ('{"code":"', "\\n", EMOJI + '"}'),
    "a long number": ('{"code":"","max_steps":', "1", "}"),
    "a long fraction": ('{"code":"","max_steps":0.', "1", "}"),
    "a long id": ('{"code":"","id":', "1", "}"),
    "a long type": ('{"type":"', "\\u044f", '"}'),
    "a type that is an array": ('{"type":[', "1,", "1]}"),
    "columns": ('{"type":"table_rows","table":"","columns":[', "1,", "1]}"),
    "filters": ('{"type":"table_rows","table":"","filters":[', '{"column":1,"text":""},', "{}]}"),
    "a wrong field at the end": ('{"type":"upload_file","filename":"', "\\u044f", '","content":1}'),
    # what is not
    "ignored escapes": ('{"code":"","x":"', "\\u044f", '"}'),
    "ignored backslashes": ('{"code":"","x":"', "\\\\", '"}'),
    "ignored arrays": ('{"code":"","x":[', "[],", "1]}"),
    "ignored objects": ('{"code":"","x":[', '{"":1},', "1]}"),
    "ignored texts": ('{"code":"","x":[', '"",', "1]}"),
    "ignored escaped texts": ('{"code":"","x":[', '"\\n",', "1]}"),
    "ignored numbers": ('{"code":"","x":[', "1,", "1]}"),
    "ignored fractions": ('{"code":"","x":[', "1.5e3,", "1]}"),
    "ignored fields of a filter": (
        '{"type":"table_rows","table":"","filters":[{"column":1,"text":""',
        ',"y":1',
        "}]}",
    ),
    "many fields": ('{"code":""', ',"y":1', "}"),
    "many escaped fields": ('{"code":""', ',"\\u0063":1', "}"),
    "one field many times": ('{"code":""', ',"code":""', "}"),
    "blanks": ('{"code":', " ", '""}'),
    "nesting": ('{"code":"","x":', "[", "}"),
    # what is no message at all
    "no end": ('{"code":"', "a", ""),
    "long fields that are none": ("", '"content":"', ""),
}
UPLOADED = {
    "base64": ("base64:", "AAAA", ""),
    "plain text": ("", "a", ""),
    "escapes of two letters": ("", "\\n", ""),
    "escapes of six letters": ("", "\\u044f", ""),
    "pairs of surrogates": ("", "\\ud83d\\ude00", ""),
    "escaped quotes": ("", '\\"', ""),
    "backslashes": ("", "\\\\", ""),
    "one wide letter at the end": ("", "a", EMOJI),
    "a wide letter behind escapes": ("", "\\n", "\\ud83d\\ude00"),
}


def messages(limit: int, most: int) -> Iterator[tuple[str, bytes]]:
    """Messages just below each limit, and those at the second that need not be uploads."""
    for name, shape in FILLED.items():
        yield name, filled(shape, limit)
        yield f"{name}, above the limit", filled(shape, most)
    for name, (head, unit, tail) in UPLOADED.items():
        behind = f'{tail}"{filled(("", ",1", ""), MIB // 2).decode()}'.replace(
            '",', '","columns":[1,', 1
        )
        for what, end in (("", '"}'), (" and columns", behind + "]}")):
            shape = f'{{"type":"upload_file","filename":"f","content":"{head}', unit, tail + end
            yield f"upload: {name}{what}", filled(shape, most)


def filled(shape: tuple[str, str, str], size: int) -> bytes:
    """A head, as many units as there is room for, and a tail."""
    head, unit, tail = (part.encode() for part in shape)
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def wait(data: bytes, limit: int) -> float:
    """Seconds for which nothing but this message has its turn: the best of three."""
    return min(waited(data, limit) for _ in range(3))


def waited(data: bytes, limit: int) -> float:
    started = time.thread_time()  # of the processor: others may be at work on this machine
    try:
        request = parse(data, limit)
    except BadRequest:
        return time.thread_time() - started
    longest = time.thread_time() - started
    if isinstance(request, LargeUpload):
        thread = threading.Thread(target=decode, args=(request,))
        thread.start()
        while thread.is_alive():
            started = time.perf_counter()
            time.sleep(0.001)
            longest = max(longest, time.perf_counter() - started)
    return longest


def decode(request: LargeUpload) -> None:
    """What the thread does that stores an upload."""
    try:
        request.utf8()
    except (DecodeError, UnicodeDecodeError):
        return


def main(limit: int, most: int) -> None:
    """Measure each, and say the worst."""
    waits = [(wait(data, limit), name) for name, data in messages(limit, most)]
    for seconds, name in sorted(waits, reverse=True):
        print(f"{seconds * 1000:8.1f} ms  {name}")


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:3]]
    limits = given if len(given) == 2 else (8, 64)
    main(int(limits[0] * MIB), int(limits[1] * MIB))
