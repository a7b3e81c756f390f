"""The files that a session may see: its own folder, the server's folders, shares."""
