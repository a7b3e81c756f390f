"""Advice for people who write programs: beside an error, and while a text is being typed."""
