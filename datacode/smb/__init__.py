"""Shares of the office network: paths, blocking access, and a session's asynchronous view."""
