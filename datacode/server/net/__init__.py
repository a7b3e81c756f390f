"""Bytes from and to clients: WebSocket, HTTP, what proxies send, listening sockets."""
