"""What Prometheus is told: counts, durations, sizes; never code, data or names.

Counting is on the way of every message, so it is an addition to a number here, and becomes
something for Prometheus only when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 600.0)
"""Upper bounds of the histogram's buckets, from a trivial program to the default time limit."""


class _Durations:
    """How long requests of one type took."""

    def __init__(self) -> None:
        self.total = 0.0
        self.counts = [0] * (len(_SECONDS) + 1)

    def buckets(self) -> list[tuple[str, float]]:
        """How many took at most so long, for each of ``_SECONDS`` and in all."""
        names = [*(str(bound) for bound in _SECONDS), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))


class Metrics(Collector):
    """The figures of one server."""

    def __init__(self) -> None:
        self.connections = 0
        self.sessions = 0
        self.detached = 0
        self.sessions_opened = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.faults = 0
        self._refused: Counter[int] = Counter()
        self._requests: Counter[tuple[str, bool]] = Counter()
        self._durations: dict[str, _Durations] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def answered(self, kind: str, success: bool, seconds: float) -> None:
        """A request of this type was answered."""
        self._requests[kind, success] += 1
        durations = self._durations.get(kind)
        if durations is None:
            durations = self._durations[kind] = _Durations()
        durations.total += seconds
        durations.counts[bisect_left(_SECONDS, seconds)] += 1

    def received(self, size: int) -> None:
        """A message of so many bytes has come."""
        self.bytes_received += size

    def sent(self, size: int) -> None:
        """A message of so many bytes was sent."""
        self.bytes_sent += size

    def rejected(self, code: int) -> None:
        """A connection was refused, with this HTTP status or close code."""
        self._refused[code] += 1

    def text(self) -> bytes:
        """Everything in the format that Prometheus reads."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Everything, for the registry."""
        yield GaugeMetricFamily("datacode_connections", "Open TCP connections.", self.connections)
        yield GaugeMetricFamily("datacode_sessions", "Open WebSocket sessions.", self.sessions)
        yield GaugeMetricFamily(
            "datacode_detached_sessions", "Sessions without a connection.", self.detached
        )
        for name, meaning, value in (
            ("sessions_opened", "WebSocket sessions so far.", self.sessions_opened),
            ("received_bytes", "Bytes of messages received.", self.bytes_received),
            ("sent_bytes", "Bytes of messages sent.", self.bytes_sent),
            ("internal_errors", "Errors of the server itself.", self.faults),
        ):
            yield CounterMetricFamily(f"datacode_{name}", meaning, value)
        yield self._refusals()
        yield self._answers()
        yield self._times()

    def _refusals(self) -> Metric:
        family = CounterMetricFamily(
            "datacode_refused",
            "Connections turned away, by HTTP status or close code.",
            labels=["code"],
        )
        for code, count in self._refused.items():
            family.add_metric([str(code)], count)
        return family

    def _answers(self) -> Metric:
        family = CounterMetricFamily(
            "datacode_requests", "Requests answered.", labels=["type", "success"]
        )
        for (kind, success), count in self._requests.items():
            family.add_metric([kind, "true" if success else "false"], count)
        return family

    def _times(self) -> Metric:
        family = HistogramMetricFamily(
            "datacode_request_seconds",
            "From the start of a request to its answer.",
            labels=["type"],
        )
        for kind, durations in self._durations.items():
            family.add_metric([kind], durations.buckets(), durations.total)
        return family
