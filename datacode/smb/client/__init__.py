"""A share as a program uses it, blocking: negotiation, log-in, files, folders, reconnecting."""
