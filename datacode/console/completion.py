"""Completion scripts for shells: ``datacode completion bash >> ~/.bashrc``.

The options are those that the parsers of the command line and of the server know, so the scripts
cannot lag behind them.
"""

from __future__ import annotations

from datacode.console import options

COMMANDS = ("connect", "mcp", "fmt", "passwd", "completion")
_SERVER_WORD = "--websocket"


def console_options() -> list[str]:
    """The options of ``datacode`` without a server."""
    known = [*options.FLAGS, *options.VALUES, *options.MODES, _SERVER_WORD]
    return sorted({word for word in known if word.startswith("--")})


def server_options() -> list[str]:
    """The options of the server, which mean something behind ``--websocket``."""
    # Twisted takes a third of a second, which nothing else at a terminal needs.
    from datacode.server.options.parser import Options

    known = Options({})
    return sorted("--" + name.rstrip("=") for name in known.longOpt)


def bash() -> str:
    """For ``~/.bashrc``."""
    return f"""\
_datacode() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} options="{" ".join(console_options())}"
    [[ " ${{COMP_WORDS[*]}} " == *" {_SERVER_WORD} "* ]] && options="{" ".join(server_options())}"
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    elif [[ ${{COMP_WORDS[COMP_CWORD-1]}} == --locale ]]; then
        COMPREPLY=($(compgen -W "ru en" -- "$word"))
    else
        COMPREPLY=($(compgen -f -X '!*.[dD][cC]' -- "$word") $(compgen -d -S / -- "$word"))
        [[ $COMP_CWORD == 1 ]] && COMPREPLY+=($(compgen -W "{" ".join(COMMANDS)}" -- "$word"))
    fi
}}
complete -o nospace -o filenames -F _datacode datacode
"""


def zsh() -> str:
    """For ``~/.zshrc``, behind ``compinit``."""
    return f"""\
#compdef datacode
_datacode() {{
    if [[ $PREFIX == -* ]]; then
        if (( ${{words[(I){_SERVER_WORD}]}} )); then
            compadd -- {" ".join(server_options())}
        else
            compadd -- {" ".join(console_options())}
        fi
    elif [[ ${{words[CURRENT-1]}} == --locale ]]; then
        compadd -- ru en
    else
        (( CURRENT == 2 )) && compadd -- {" ".join(COMMANDS)}
        _files -g '*.(dc|DC)'
    fi
}}
compdef _datacode datacode
"""


def fish() -> str:
    """For ``~/.config/fish/completions/datacode.fish``."""
    server = f"__fish_seen_argument -l {_SERVER_WORD.removeprefix('--')}"
    lines = [
        "complete -c datacode -e",
        "complete -c datacode -f -k -a '(__fish_complete_suffix .dc)'",
        f"complete -c datacode -n __fish_use_subcommand -f -a '{' '.join(COMMANDS)}'",
    ]
    for name in console_options():
        rest = " -x -a 'ru en'" if name == "--locale" else ""
        lines.append(f"complete -c datacode -n 'not {server}' -l {name[2:]}{rest}")
    lines += [f"complete -c datacode -n '{server}' -l {name[2:]}" for name in server_options()]
    return "\n".join(lines) + "\n"


SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
