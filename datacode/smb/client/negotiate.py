"""NEGOTIATE: dialect, cipher, signing algorithm and sizes ([MS-SMB2], 2.2.3 and 2.2.4).

Our own, because Impacket offers neither AES-GCM nor AES-256 nor a choice of signatures. What was
settled is bound to the session's key by the hash that goes into it (SMB 3.1.1), or is asked for
again under a signature (``Negotiated.question`` and ``confirms``).

Source: [MS-SMB2], 2.2.3, 2.2.4, 2.2.31.4, 3.2.4.2, 3.2.5.2; server reference, 8.1.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datacode.smb import errors
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError, Status, of_status
from datacode.smb.policy import Offer
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import Sizes
from datacode.smb.protocol.crypto import Cipher, Signing, preauth_hash
from datacode.smb.protocol.messages import Command, Dialect, Malformed

MAX_TRANSFER = 1 << 20
"""More bytes in one message make nothing faster."""

_MAX_ANSWER = 1 << 17
_SMALLEST = 32
_NEGATIVE_RESPONSE = 0x83
"""RFC 1002, 4.3.4: how Samba tells a computer that it may not connect (``hosts deny``)."""
_NO_PREAUTH = b"\0" * 64
_PREAUTH, _ENCRYPTION, _SIGNING = 1, 2, 8  # 2.2.3.1: kinds of negotiate contexts
_SHA_512 = 1

_SMB1_MAGIC = b"\xffSMB"
_SMB1_DIALECTS = b"\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0"
_SMB1_NEGOTIATE = (
    struct.pack("<4sBIBHH8sHHHHH", _SMB1_MAGIC, 0x72, 0, 0x18, 0xC801, 0, b"", 0, 0, 0xFEFF, 0, 0)
    + struct.pack("<BH", 0, len(_SMB1_DIALECTS))
    + _SMB1_DIALECTS
)
"""The request of old ([MS-CIFS], 2.2.4.52), only to find out who answers it."""


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What a server has answered to our offer."""

    dialect: int
    mode: int
    capabilities: int
    server: bytes
    client: bytes
    preauth: bytes
    cipher: int
    signing: int
    sizes: Sizes
    token: bytes
    credits: int
    offer: Offer

    @property
    def question(self) -> bytes | None:
        """2.2.31.4: asks again under a signature, where nothing else protects the negotiation."""
        if self.dialect >= Dialect.SMB_3_1_1:
            return None
        dialects = self.offer.dialects
        return struct.pack(
            f"<I16sHH{len(dialects)}H",
            *(messages.CAPABILITIES, self.client, messages.SIGNING_ENABLED, len(dialects)),
            *dialects,
        )

    def confirms(self, answer: memoryview) -> bool:
        """2.2.32.6: whether the server says the same now."""
        expected = (self.capabilities, self.server, self.mode, self.dialect)
        form = struct.Struct("<I16sHH")
        return len(answer) >= form.size and form.unpack_from(answer) == expected


def negotiate_or_explain(
    sock: socket.socket,
    offer: Offer,
    connect_again: Callable[[], socket.socket],
    deadline: Deadline,
) -> Negotiated:
    """Negotiate; where the server hangs up instead, find out whether it knows SMB1 only."""
    try:
        return negotiate(sock, offer, deadline)
    except ShareError as error:
        if error.cause is errors.LOST and _speaks_only_smb1(connect_again(), deadline):
            raise ShareError(errors.ONLY_SMB1) from None
        raise


def _speaks_only_smb1(sock: socket.socket, deadline: Deadline) -> bool:
    """Offer every dialect in an SMB1 message; never go on with SMB1. Closes ``sock``."""
    try:
        with deadline.watching(sock):
            return exchange(sock, _SMB1_NEGOTIATE, deadline).startswith(_SMB1_MAGIC)
    except ShareError as error:
        if error.cause is errors.LOST:
            return False
        raise
    finally:
        sock.close()


def negotiate(sock: socket.socket, offer: Offer, deadline: Deadline) -> Negotiated:
    """NEGOTIATE (2.2.3); a ``ShareError`` where the server has nothing of the offer."""
    client = os.urandom(16)
    head = messages.header(Command.NEGOTIATE, 0, 0, 1, 0, 0)
    request = head + messages.negotiate(client, offer.dialects, _contexts(offer))
    answer = exchange(sock, request, deadline)
    if answer.startswith(_SMB1_MAGIC):
        raise ShareError(errors.ONLY_SMB1)
    try:
        return _negotiated(memoryview(answer), request, client, offer)
    except Malformed:
        raise ShareError(errors.NONSENSE) from None


def _contexts(offer: Offer) -> list[tuple[int, bytes]]:
    if Dialect.SMB_3_1_1 not in offer.dialects:
        return []
    ciphers, signing = offer.ciphers, offer.signing
    return [
        (_PREAUTH, struct.pack("<HHH32s", 1, 32, _SHA_512, os.urandom(32))),
        (_ENCRYPTION, struct.pack(f"<H{len(ciphers)}H", len(ciphers), *ciphers)),
        (_SIGNING, struct.pack(f"<H{len(signing)}H", len(signing), *signing)),
    ]


def _negotiated(answer: memoryview, request: bytes, client: bytes, offer: Offer) -> Negotiated:
    head = messages.parse_header(answer)
    if head.status != Status.OK:
        raise of_status(head.status)
    fields = messages.parse_negotiate(answer[messages.HEADER_SIZE :])
    if fields.dialect not in offer.dialects or head.command != Command.NEGOTIATE:
        raise Malformed
    cipher, signing = _chosen(fields, offer)
    large = fields.dialect > Dialect.SMB_2_0_2 and bool(
        fields.capabilities & messages.CAPABILITY_LARGE_MTU
    )
    most = MAX_TRANSFER if large else 1 << 16
    preauth = _NO_PREAUTH
    if fields.dialect == Dialect.SMB_3_1_1:
        preauth = preauth_hash(preauth_hash(preauth, request), bytes(answer))
    return Negotiated(
        dialect=fields.dialect,
        mode=fields.mode,
        capabilities=fields.capabilities,
        server=fields.server,
        client=client,
        preauth=preauth,
        cipher=cipher,
        signing=signing,
        sizes=Sizes(
            min(most, fields.max_read),
            min(most, fields.max_write),
            min(most, fields.max_transact),
            large,
        ),
        token=fields.token,
        credits=head.credits,
        offer=offer,
    )


def _chosen(fields: messages.NegotiateResponse, offer: Offer) -> tuple[int, int]:
    """The numbers of the cipher, 0 for none, and of the signing algorithm."""
    if fields.dialect < Dialect.SMB_3_0:
        return 0, Signing.HMAC_SHA256
    if fields.dialect < Dialect.SMB_3_1_1:
        can = fields.capabilities & messages.CAPABILITY_ENCRYPTION
        return Cipher.AES_128_CCM if can else 0, Signing.AES_CMAC
    cipher, signing = 0, Signing.AES_CMAC
    for kind, data in fields.contexts:
        if kind == _ENCRYPTION:
            cipher = _choice(data, (0, *offer.ciphers))
        elif kind == _SIGNING:
            signing = _choice(data, offer.signing)
    return cipher, signing


def _choice(data: memoryview, offered: Sequence[int]) -> int:
    """2.2.4.1: the one of several that a server has chosen."""
    if len(data) < 4:
        raise Malformed
    count, chosen = struct.unpack_from("<HH", data)
    if count != 1 or chosen not in offered:
        raise Malformed
    return int(chosen)


def exchange(sock: socket.socket, request: bytes, deadline: Deadline) -> bytes:
    """Send one message and receive one, before there is a session; nothing is checked."""
    try:
        sock.settimeout(deadline.timeout())
        sock.sendall(struct.pack(">I", len(request)) + request)
        kind, size = divmod(int.from_bytes(_exactly(sock, 4, deadline), "big"), 1 << 24)
        if kind == _NEGATIVE_RESPONSE:
            raise ShareError(errors.TURNED_AWAY)
        if kind or not _SMALLEST <= size <= _MAX_ANSWER:
            raise ShareError(errors.NONSENSE)
        return _exactly(sock, size, deadline)
    except TimeoutError:
        raise ShareError(errors.SILENT) from None
    except OSError:
        deadline.timeout()  # raises when this was what ended it
        raise ShareError(errors.LOST) from None


def _exactly(sock: socket.socket, size: int, deadline: Deadline) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        sock.settimeout(deadline.timeout())
        part = sock.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)
