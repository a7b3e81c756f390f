"""XLSX: from bytes to tables and back."""
