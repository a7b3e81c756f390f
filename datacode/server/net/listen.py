"""Endpoints by description, whose certificates can be read again while they listen.

A port that is closed and opened again can be lost on the way. So the socket stays, and only what
it shows to new connections is exchanged.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import VerifyError
from twisted.internet.interfaces import IListeningPort, IOpenSSLContextFactory
from zope.interface import directlyProvides, implementer, providedBy

from datacode.server.net.proxy_protocol import ProxyProtocolFactory, TLSFactory
from datacode.server.options.usage_errors import OptionError

_PROXIED = "haproxy:"


_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""Those of TLS 1.2: what was recorded stays secret when the key becomes known."""


def _hardened(context: SSL.Context) -> SSL.Context:
    """The context without old versions and ciphers, whatever a description asks for."""
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    return context


@implementer(IOpenSSLContextFactory)
class _Certificate:
    """The TLS context of one listening socket; each new connection asks for the current one."""

    def __init__(self, context: SSL.Context) -> None:
        self.context = context

    def getContext(self) -> SSL.Context:
        """The context as it is now."""
        return self.context


class _TLSReactor:
    """A reactor whose TLS ports have certificates that can be replaced while they listen."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.certificates: list[_Certificate] = []
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, **more: Any) -> Any:
        """Listen, as the reactor's own method does."""
        certificate = _Certificate(_hardened(contextFactory.getContext()))
        if isinstance(factory, ProxyProtocolFactory):
            factory.add_tls(certificate)
        else:
            factory = TLSFactory(self._reactor, factory, certificate)
        listening = self._reactor.listenTCP(port, factory, **more)
        self.certificates.append(certificate)
        return listening


class _PortChecker:
    """Stands in for a reactor to look at the ports that it would listen on."""

    def listenTCP(self, port: int, factory: Any, **more: Any) -> None:
        """Raise ``ValueError`` for a port that there is not."""
        if not 0 <= port <= 65535:
            raise ValueError(port)

    listenSSL = listenTCP


def check(description: str) -> None:
    """Raise ``OptionError`` for a description that means nothing.

    Files that it names are not looked at: they may be there when the server starts.
    """
    inner = description.removeprefix(_PROXIED)
    try:
        endpoint = serverFromString(_PortChecker(), inner)  # type: ignore[no-untyped-call]
        if inner.partition(":")[0] in ("tcp", "tcp6", "ssl"):
            listening(endpoint.listen(None))
    except (ValueError, TypeError, IndexError, KeyError, VerifyError):
        raise OptionError(
            "bad_endpoint",
            "❌ --listen: expected an endpoint like tcp:8080 or ssl:8443:privateKey=key.pem,"
            " got: {description}",
            description=description,
        ) from None
    except (OSError, SSL.Error, crypto.Error):
        return


class _ContextCollector:
    """Stands in for a reactor to collect the TLS contexts that it would listen with."""

    def __init__(self) -> None:
        self.contexts: list[SSL.Context] = []

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, **more: Any) -> None:
        """Keep the context."""
        self.contexts.append(_hardened(contextFactory.getContext()))


class DescribedEndpoint:
    """What ``--listen`` describes. ``seconds`` is the time that a proxy's header may take."""

    def __init__(self, reactor: Any, description: str, seconds: float) -> None:
        self._reactor = _TLSReactor(reactor)
        self._description = description
        self._seconds = seconds
        self._inner = description.removeprefix(_PROXIED)

    def listen(self, factory: Any) -> IListeningPort:
        """Listen. Raises ``ValueError`` for a description that means nothing, ``OSError``."""
        if self._inner != self._description:
            factory = ProxyProtocolFactory(self._reactor, factory, self._seconds)
        port: IListeningPort = self._through(self._reactor, factory)
        return port

    @property
    def has_tls(self) -> bool:
        """Whether it listens for TLS."""
        return bool(self._reactor.certificates)

    def read(self) -> list[SSL.Context]:
        """The contexts of the certificates as they lie on the disk now; none without TLS.

        Reads files: belongs in a thread. Raises as ``listen`` does.
        """
        reader = _ContextCollector()
        if self._reactor.certificates:
            self._through(reader, None)
        return reader.contexts

    def show(self, contexts: list[SSL.Context]) -> None:
        """Show new connections what ``read`` has found."""
        for certificate, context in zip(self._reactor.certificates, contexts, strict=True):
            certificate.context = context

    def _through(self, reactor: Any, factory: Any) -> Any:
        try:
            endpoint = serverFromString(reactor, self._inner)  # type: ignore[no-untyped-call]
            return listening(endpoint.listen(factory))
        except (TypeError, IndexError) as error:
            raise ValueError(f"--listen {self._description}: {error}") from None
        except VerifyError as error:
            raise ValueError(f"--listen {self._description}: {error}") from None
        except (SSL.Error, crypto.Error) as error:
            reasons = ", ".join(entry[-1] for entry in error.args[0])
            what = "its certificate and key cannot be used"
            raise ValueError(f"--listen {self._description}: {what} ({reasons})") from None


def listening(attempt: Deferred[Any]) -> Any:
    """The port of an endpoint that listens without waiting. Raises what its Deferred fails with."""
    ports: list[Any] = []
    failures: list[Any] = []
    attempt.addCallbacks(ports.append, failures.append)
    if failures:
        failures[0].raiseException()
    if not ports:
        raise ValueError("an endpoint that does not listen at once cannot be used")
    return ports[0]
