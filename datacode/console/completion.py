"""Completion scripts for shells: ``datacode completion bash >> ~/.bashrc``."""

_OPTIONS = (
    "--check --json --debug --quiet --build_model --smb --locale --repl --demo --version --help "
    "--websocket --host --port --use-ve --token --files --smb-host"
)
_COMMANDS = "connect fmt passwd completion"

SCRIPTS = {
    "bash": f"""\
_datacode() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "{_OPTIONS}" -- "$word"))
    elif [[ ${{COMP_WORDS[COMP_CWORD-1]}} == --locale ]]; then
        COMPREPLY=($(compgen -W "ru en" -- "$word"))
    else
        COMPREPLY=($(compgen -f -X '!*.[dD][cC]' -- "$word") $(compgen -d -S / -- "$word"))
        [[ $COMP_CWORD == 1 ]] && COMPREPLY+=($(compgen -W "{_COMMANDS}" -- "$word"))
    fi
}}
complete -o nospace -o filenames -F _datacode datacode
""",
    "zsh": f"""\
#compdef datacode
_datacode() {{
    if [[ $PREFIX == -* ]]; then
        compadd -- {_OPTIONS}
    else
        (( CURRENT == 2 )) && compadd -- {_COMMANDS}
        _files -g '*.(dc|DC)'
    fi
}}
compdef _datacode datacode
""",
}
