#!/bin/sh
# A client with websocat or wscat: runs a DataCode file on a server, prints the answer.
#
#   ./client.sh ws://127.0.0.1:8899 program.dc
#
# wscat does not know when an answer is there: it listens for WAIT seconds, 3 if not set.
set -eu
url=${1:?usage: client.sh URL FILE.dc}
file=${2:?usage: client.sh URL FILE.dc}
request=$(python3 -c 'import json, sys
print(json.dumps({"type": "execute", "code": open(sys.argv[1], encoding="utf-8").read()}))' "$file")
if command -v websocat >/dev/null; then
    printf '%s\n' "$request" | websocat --one-message --no-close "$url" | head -n 1
elif command -v wscat >/dev/null; then
    wait=${WAIT:-3}
    # It also ends when its standard input does.
    sleep "$wait" | wscat --no-color --connect "$url" --execute "$request" --wait "$wait"
else
    echo "install websocat, or wscat (npm install -g wscat)" >&2
    exit 1
fi
