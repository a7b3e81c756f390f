"""What is wrong with the certificate of a server, in a sentence.

For the system such an error is number 1, which it calls an operation that is not permitted.
"""

from __future__ import annotations

import ssl

from datacode.i18n.message import Message

_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _NO_ISSUER = 9, 10, 18, 19, 20
_OTHER_NAME, _OTHER_ADDRESS = 62, 64
"""Codes of OpenSSL (``openssl-verification-options(1)``, ``x509_vfy.h``)."""

_ANOTHERS = Message("certificate_of_another", "its certificate is for another name than {host}")
_REASONS = {
    _NOT_YET: Message("certificate_not_yet", "its certificate is not valid yet"),
    _EXPIRED: Message("certificate_expired", "its certificate has expired"),
    _SELF_SIGNED: Message(
        "certificate_self_signed",
        "its certificate is not trusted: it is signed by nobody but itself",
    ),
    _SELF_SIGNED_IN_CHAIN: Message(
        "certificate_unknown_root",
        "its certificate is not trusted: nobody here knows the authority that signed it",
    ),
    _NO_ISSUER: Message(
        "certificate_unknown_issuer",
        "its certificate is not trusted: nobody here knows who signed it",
    ),
    _OTHER_NAME: _ANOTHERS,
    _OTHER_ADDRESS: _ANOTHERS,
}
_OTHERWISE = Message("certificate_refused", "its certificate is not trusted: {reason}")
_NO_TLS = Message("no_tls", "no TLS connection comes about: {reason}")


def tls_reason(error: ssl.SSLError, host: str) -> Message:
    """Why there is no TLS connection with ``host``."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _REASONS.get(error.verify_code)
        if known is not None:
            return known.filled(host=host)
        return _OTHERWISE.filled(reason=error.verify_message)
    words = (error.reason or error.strerror or str(error)).replace("_", " ").lower()
    return _NO_TLS.filled(reason=words)
