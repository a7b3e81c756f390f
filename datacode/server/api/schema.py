"""The JSON Schema of every message, made of the classes in ``messages``.

``python -m datacode.server.api.schema`` writes it to ``schema/messages.json`` beside
this module, which is part of what is installed; a test finds one that is older than the classes.
"""

from __future__ import annotations

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from datacode import __version__
from datacode.server.api import messages

_NUMBERS = {
    "seq": {
        "type": "integer",
        "minimum": 1,
        "description": "The request's number, in a session that was attached",
    },
    "seen": {
        "type": "integer",
        "minimum": 0,
        "description": "The last request whose answer the client has",
    },
}
"""What is read of requests only where it counts (``sequence``)."""

FILE = Path(__file__).with_name("schema") / "messages.json"


def schema() -> dict[str, Any]:
    """Requests, answers, and what is sent in between, as one JSON Schema (2020-12)."""
    shapes = {request.answer for request in messages.REQUESTS}
    answers: list[type[msgspec.Struct]] = sorted(shapes, key=lambda shape: shape.__name__)
    answers += [messages.Output, messages.Progress]
    types = (*messages.REQUESTS, *answers)
    _, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # a docstring, still indented before Python 3.13
            component["description"] = inspect.cleandoc(component["description"])
    for request in messages.REQUESTS:
        components[request.__name__]["x-answer"] = request.answer.__name__
        if not request.immediate:
            components[request.__name__]["properties"].update(_NUMBERS)
    # The old form of execute has no type.
    components["Execute"]["required"] = ["code"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of DataCode Server",
        "version": __version__,
        "oneOf": [{"$ref": f"#/$defs/{request.__name__}"} for request in messages.REQUESTS],
        "answers": [{"$ref": f"#/$defs/{each.__name__}"} for each in answers],
        "$defs": components,
    }


def written() -> str:
    """The schema as it stands in the file."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


@cache
def served() -> bytes:
    """The schema as the server hands it out."""
    return msgspec.json.encode(schema())


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(written(), "utf-8")
