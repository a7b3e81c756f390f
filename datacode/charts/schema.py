"""The JSON Schema of a chart's description, made of the classes in ``values.chart``.

``python -m datacode.charts.schema`` writes it to ``schema/chart.json`` beside this module, which is
part of what is installed; a test finds one that is older than the classes.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from datacode.values.chart import Chart

FILE = Path(__file__).with_name("schema") / "chart.json"


def schema() -> dict[str, Any]:
    """The subset of Vega-Lite that charts are described in, as JSON Schema (2020-12)."""
    (chart,), components = msgspec.json.schema_components([Chart], ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # a docstring, still indented before Python 3.13
            component["description"] = inspect.cleandoc(component["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Charts of DataCode: a subset of Vega-Lite 5",
        **chart,
        "$defs": components,
    }


def written() -> str:
    """The schema as it stands in the file."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(written(), "utf-8")
