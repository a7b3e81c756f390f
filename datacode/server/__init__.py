"""WebSocket, sessions, files, services: what runs in the reactor."""
