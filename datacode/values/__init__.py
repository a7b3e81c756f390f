"""The values of the language: what they are, look like, compare by; tables and their columns."""
