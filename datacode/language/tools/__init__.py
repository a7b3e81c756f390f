"""For people who write programs: lint, format, symbols, blocks."""
