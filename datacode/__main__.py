"""``datacode``: which part of the program a command line is for. Source: server reference, 3.1.

Each part is imported when it is asked for, so that a program's run does not pay for the server,
nor the other way round.
"""

from __future__ import annotations

import sys

_SERVER_WORDS = ("--websocket", "--ws")
_SERVER_COMMANDS = ("websocket", "ws")


def main(argv: list[str] | None = None) -> int:
    """Run the command line (by default the process's own); gives the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if _is_for_server(words):
        # Each command imports what it needs: most need neither Twisted nor the compiler.
        from datacode.server.foreground import serve

        return serve(_without_server_words(words))
    if words[:1] == ["passwd"]:
        from datacode.server.auth.passwd import passwd

        return passwd(words[1:])
    if words[:1] == ["mcp"]:
        from datacode.agents import main as agents

        return agents(words[1:])
    from datacode.console.main import main as console

    return console(words)


def _is_for_server(words: list[str]) -> bool:
    """The flag may stand anywhere, even beside a file's name; the bare word only in front."""
    return words[:1] in ([word] for word in _SERVER_COMMANDS) or any(
        word in _SERVER_WORDS for word in words
    )


def _without_server_words(words: list[str]) -> list[str]:
    if words[:1] in ([word] for word in _SERVER_COMMANDS):
        words = words[1:]
    return [
        word
        for word in words
        if word not in _SERVER_WORDS and not (word.lower().endswith(".dc") and word[0] != "-")
    ]


if __name__ == "__main__":
    sys.exit(main())
