"""What Prometheus is told: counts, durations, sizes; never code, data or names."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 600.0)


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.connections = Gauge(
            "datacode_connections", "TCP connections that are open.", registry=self.registry
        )
        self.sessions = Gauge(
            "datacode_sessions", "WebSocket sessions that are open.", registry=self.registry
        )
        self.sessions_total = Counter(
            "datacode_sessions_opened", "WebSocket sessions so far.", registry=self.registry
        )
        self.refused = Counter(
            "datacode_refused",
            "Connections that were turned away, by HTTP status or close code.",
            ["code"],
            registry=self.registry,
        )
        self.requests = Counter(
            "datacode_requests",
            "Requests that were answered, by type and by success.",
            ["type", "success"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "datacode_request_seconds",
            "From the start of a request to its answer, by type.",
            ["type"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.received = Counter(
            "datacode_received_bytes", "Bytes of messages received.", registry=self.registry
        )
        self.sent = Counter(
            "datacode_sent_bytes", "Bytes of messages sent.", registry=self.registry
        )
        self.faults = Counter(
            "datacode_internal_errors", "Errors of the server itself.", registry=self.registry
        )
        self._answered: dict[tuple[str, bool], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def answered(self, kind: str, success: bool, seconds: float) -> None:
        """A request of this type was answered. Looks labels up once: that is the slow part."""
        counter = self._answered.get((kind, success))
        if counter is None:
            counter = self.requests.labels(kind, "true" if success else "false")
            self._answered[kind, success] = counter
            self._timed[kind] = self.seconds.labels(kind)
        counter.inc()
        self._timed[kind].observe(seconds)

    def turned_away(self, code: int) -> None:
        """A connection was refused."""
        self.refused.labels(str(code)).inc()

    def text(self) -> bytes:
        """Everything in the format that Prometheus reads."""
        return generate_latest(self.registry)
