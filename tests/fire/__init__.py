"""Proof under fire: the running server against everything that a network can do to it."""
