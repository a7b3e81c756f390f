"""A share as a program uses it, blocking: log-in, tree, files, folders, reconnecting."""
