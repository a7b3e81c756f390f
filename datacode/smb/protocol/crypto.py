"""Keys, signatures and encryption of a session, and the check of every answer.

Source: [MS-SMB2], 3.1.4 (signing, encryption, keys), 2.2.41 (the header of an encrypted message).
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from cryptography.hazmat.primitives.cmac import CMAC

from datacode.smb.errors import Status
from datacode.smb.protocol.messages import (
    FLAG_SIGNED,
    HEADER_SIZE,
    SIGNATURE,
    UNASKED,
    Dialect,
    Malformed,
    SMB2Header,
    parse_header,
)

TRANSFORM = struct.Struct("<4s16s16sIHHQ")
TRANSFORM_MAGIC = b"\xfdSMB"
TRANSFORM_SIZE = 52
TAG = 16


class Cipher:
    """Ciphers (2.2.3.1.2) in the order of our offer: the fastest first."""

    AES_128_GCM = 2
    AES_256_GCM = 4
    AES_128_CCM = 1
    AES_256_CCM = 3
    ALL = (AES_128_GCM, AES_256_GCM, AES_128_CCM, AES_256_CCM)
    LONG = (AES_256_GCM, AES_256_CCM)


class Signing:
    """Signing algorithms (2.2.3.1.7) in the order of our offer."""

    AES_GMAC = 2
    AES_CMAC = 1
    HMAC_SHA256 = 0
    OFFERED = (AES_GMAC, AES_CMAC)


class Forged(Exception):
    """The signature or tag of a response is missing or wrong."""


@dataclass(frozen=True, slots=True, repr=False)
class SecurityParameters:
    """What negotiation and log-in have settled. Without ``repr``: it holds the session's key."""

    dialect: int
    session: int
    session_key: bytes
    preauth: bytes
    cipher: int
    signing: int


class Transform(Protocol):
    """What is done to each request, and undone, and checked, on each answer."""

    encrypts: bool
    checks: bool

    def seal(self, requests: Sequence[bytes]) -> bytes:
        """The bytes that go out for requests that share one frame."""

    def open(self, frame: bytearray, size: int) -> memoryview:
        """The message in the first ``size`` bytes of what came in, or ``Forged``.

        Behind them ``frame`` has room for a tag. The result may lie in ``frame``, or in a buffer
        that the next call overwrites.
        """

    def shrink(self) -> None:
        """Free memory that only a long transfer needs."""


class Unprotected:
    """For guests: they have no key, so there is nothing to check."""

    encrypts = False
    checks = False

    def seal(self, requests: Sequence[bytes]) -> bytes:
        """The requests as they are."""
        return _joined(requests)

    def shrink(self) -> None:
        """Nothing is kept."""

    def open(self, frame: bytearray, size: int) -> memoryview:
        """The answer as it is."""
        return memoryview(frame)[:size]


class Signed:
    """Every message carries a signature.

    A server signs its answer to a request that was signed, whether it requires that or not.
    """

    encrypts = False
    checks = True

    def __init__(self, parameters: SecurityParameters) -> None:
        self._key = _signing_key(parameters)
        self._signing = parameters.signing
        self._gmac = AESGCM(self._key) if parameters.signing == Signing.AES_GMAC else None

    def seal(self, requests: Sequence[bytes]) -> bytes:
        """Each request with its signature in its head."""
        return _joined([self._signed(request) for request in requests])

    def _signed(self, request: bytes) -> bytes:
        message = bytearray(request)
        message[16] |= FLAG_SIGNED  # the lowest byte of the flags
        message[SIGNATURE] = self._signature(message, server=False)
        return bytes(message)

    def shrink(self) -> None:
        """Nothing is kept."""

    def open(self, frame: bytearray, size: int) -> memoryview:
        """The response, after its signature was verified."""
        whole = memoryview(frame)[:size]
        start = 0
        while True:  # several answers may come in one frame, each with a signature of its own
            header = parse_header(whole[start:])
            end = start + header.next if header.next else size
            if not start + HEADER_SIZE <= end <= size:
                raise Malformed
            self._check(whole[start:end], header)
            if not header.next:
                return whole
            start = end

    def _check(self, message: memoryview, header: SMB2Header) -> None:
        if header.status == Status.PENDING or header.message == UNASKED:
            return  # these are not signed, and nothing is done with what they say
        if not header.flags & FLAG_SIGNED:
            raise Forged
        given = bytes(message[SIGNATURE])
        message[SIGNATURE] = b"\0" * 16
        if not hmac.compare_digest(given, self._signature(message, server=True)):
            raise Forged

    def _signature(self, message: bytearray | memoryview, *, server: bool) -> bytes:
        if self._gmac is not None:
            return self._gmac.encrypt(
                bytes(message[24:32]) + bytes((server, 0, 0, 0)), b"", message
            )
        if self._signing == Signing.HMAC_SHA256:
            return hmac.digest(self._key, message, "sha256")[:16]
        mac = CMAC(algorithms.AES(self._key))
        mac.update(message)  # type: ignore[arg-type]  # any buffer will do
        return mac.finalize()


class Encrypted:
    """Every message is encrypted, and carries a tag."""

    encrypts = True
    checks = True

    def __init__(self, parameters: SecurityParameters) -> None:
        outgoing, incoming = _cipher_keys(parameters)
        if parameters.cipher in (Cipher.AES_128_GCM, Cipher.AES_256_GCM):
            self._nonce_size = 12
            self._outgoing: AESGCM | AESCCM = AESGCM(outgoing)
            self._incoming: AESGCM | AESCCM = AESGCM(incoming)
        else:
            self._nonce_size = 11
            self._outgoing = AESCCM(outgoing, TAG)
            self._incoming = AESCCM(incoming, TAG)
        self._session = parameters.session
        self._sent = 0
        self._plain = bytearray(1 << 16)

    def seal(self, requests: Sequence[bytes]) -> bytes:
        """The requests, encrypted. A counter makes nonces that never come twice for one key."""
        self._sent += 1
        nonce = self._sent.to_bytes(self._nonce_size, "little")
        plain = _joined(requests)
        transform = TRANSFORM.pack(TRANSFORM_MAGIC, b"", nonce, len(plain), 0, 1, self._session)
        sealed = self._outgoing.encrypt(nonce, plain, transform[20:])
        return transform[:4] + sealed[-TAG:] + transform[20:] + sealed[:-TAG]

    def open(self, frame: bytearray, size: int) -> memoryview:
        """The response, decrypted and authenticated."""
        if size < TRANSFORM_SIZE or frame[:4] != TRANSFORM_MAGIC:
            raise Forged
        _, tag, nonce, length, _, _, session = TRANSFORM.unpack_from(frame)
        if session != self._session or length != size - TRANSFORM_SIZE:
            raise Forged
        if len(self._plain) < length:
            self._plain = bytearray(length)
        frame[size : size + TAG] = tag  # the library wants it there
        view = memoryview(frame)
        plain = memoryview(self._plain)[:length]
        try:
            self._incoming.decrypt_into(
                nonce[: self._nonce_size],
                view[TRANSFORM_SIZE : size + TAG],
                view[20:TRANSFORM_SIZE],
                plain,
            )
        except InvalidTag:
            raise Forged from None
        return plain

    def shrink(self) -> None:
        """Free what a long transfer needed."""
        self._plain = bytearray(1 << 16)


def _joined(requests: Sequence[bytes]) -> bytes:
    """Most frames have one request: that one is not copied."""
    return requests[0] if len(requests) == 1 else b"".join(requests)


def transform_for(parameters: SecurityParameters) -> Transform:
    """What is done to every message of a session with these parameters."""
    if not parameters.session_key:
        return Unprotected()
    return Encrypted(parameters) if parameters.cipher else Signed(parameters)


def derived_key(key: bytes, label: bytes, context: bytes, bits: int = 128) -> bytes:
    """3.1.4.2: a key for one purpose, by the counter mode of SP 800-108 with HMAC-SHA256."""
    text = struct.pack(">I", 1) + label + b"\0" + context + struct.pack(">I", bits)
    return hmac.digest(key, text, "sha256")[: bits // 8]


def _signing_key(parameters: SecurityParameters) -> bytes:
    key = parameters.session_key[:16].ljust(16, b"\0")
    if parameters.dialect < Dialect.SMB_3_0:
        return key
    if parameters.dialect < Dialect.SMB_3_1_1:
        return derived_key(key, b"SMB2AESCMAC\0", b"SmbSign\0")
    return derived_key(key, b"SMBSigningKey\0", parameters.preauth)


def _cipher_keys(parameters: SecurityParameters) -> tuple[bytes, bytes]:
    """The keys for what we send and for what we receive."""
    key = parameters.session_key[:16].ljust(16, b"\0")
    if parameters.dialect < Dialect.SMB_3_1_1:
        return (
            derived_key(key, b"SMB2AESCCM\0", b"ServerIn \0"),
            derived_key(key, b"SMB2AESCCM\0", b"ServerOut\0"),
        )
    bits = 256 if parameters.cipher in Cipher.LONG else 128
    whole = parameters.session_key if bits == 256 else key
    return (
        derived_key(whole, b"SMBC2SCipherKey\0", parameters.preauth, bits),
        derived_key(whole, b"SMBS2CCipherKey\0", parameters.preauth, bits),
    )


def preauth_hash(before: bytes, message: bytes) -> bytes:
    """3.1.5.2: the running hash over the messages before a key was known."""
    return hashlib.sha512(before + message).digest()
