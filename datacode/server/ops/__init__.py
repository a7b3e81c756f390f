"""A server in operation: signals, logs, audit, metrics, systemd."""
