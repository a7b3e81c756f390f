"""Puts the JSON Schema of the messages beside the pages, as ``schema.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

SCHEMA = Path(__file__).resolve().parents[2] / "datacode/server/api/schema/messages.json"


def on_files(files: Files, config: Any) -> Files:
    """The site has one file more."""
    files.append(File.generated(config, "schema.json", abs_src_path=str(SCHEMA)))
    return files
