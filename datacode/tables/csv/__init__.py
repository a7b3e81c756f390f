"""CSV: from bytes to tables and back."""
