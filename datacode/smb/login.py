"""Negotiation and login. The only module that imports Impacket; blocking.

Impacket knows NTLM, Kerberos and SPNEGO. It does not check what a server answers, so it is left
as soon as the login has given a key: everything after that goes through ``Link``, which checks.
Negotiation is our own as well, because Impacket offers neither AES-GCM nor AES-256 nor a choice
of signatures. What was negotiated is bound to the session's key by the hash that goes into it
(SMB 3.1.1), or asked for again under a signature (``Opened.question`` and ``confirms``).

Source: [MS-SMB2], 2.2.3, 2.2.4, 2.2.31.4, 3.2.4.2, 3.2.5.2; server reference, 8.1 and 8.7.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from impacket import nmb, smb, smb3
from impacket.dcerpc.v5 import srvs, transport
from impacket.krb5.ccache import CCache
from impacket.krb5.kerberosv5 import KerberosError
from impacket.krb5.keytab import Keytab
from impacket.smb3structs import SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL
from impacket.smbconnection import SMBConnection

from datacode.smb import messages, reasons
from datacode.smb.access import Access, Kerberos, Offer
from datacode.smb.hosts import HostPolicy
from datacode.smb.interrupt import Interrupt, Interrupted
from datacode.smb.link import Link, Sizes
from datacode.smb.messages import Command, Dialect, Malformed
from datacode.smb.protection import (
    Agreement,
    Cipher,
    Signing,
    preauth_hash,
    protection,
)
from datacode.smb.reasons import ShareError, Status, of_status
from datacode.smb.target import DEFAULT_PORT, Target

MAX_TRANSFER = 1 << 20
"""More bytes in one message make nothing faster."""

_SMB1_MAGIC = b"\xffSMB"
_MAX_ANSWER = 1 << 17
_KEYTAB_MAGIC = b"\x05\x02"
_KERBEROS_PORT = 88
_RC4 = 23
_NO_PREAUTH = b"\0" * 64
_PREAUTH, _ENCRYPTION, _SIGNING = 1, 2, 8  # 2.2.3.1: kinds of negotiate contexts
_SHA_512 = 1
_Result = TypeVar("_Result")


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


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that has logged in, and what its server had said before."""

    link: Link
    negotiated: Negotiated


def open_link(target: Target, access: Access, interrupt: Interrupt) -> Opened:
    """Connect and log in; a ``ShareError`` with the reason where that fails."""
    attempts = _accounts(target)
    for account in attempts[:-1]:
        try:
            return _open_link(account, access, interrupt)
        except ShareError as error:
            if error.reason not in (reasons.WRONG_LOGIN, reasons.DENIED):
                raise
    return _open_link(attempts[-1], access, interrupt)


def share_names(target: Target, access: Access, interrupt: Interrupt) -> list[tuple[str, int, str]]:
    """Name, kind ([MS-SRVS], 2.2.2.4) and remark of each share of a host.

    Impacket speaks the remote procedure call, on a connection of its own. Its answers are not
    checked for forgery; nothing depends on them.
    """
    # Impacket can encrypt with this cipher only.
    offer = Offer(ciphers=(Cipher.AES_128_CCM,), signing=(Signing.AES_CMAC,))
    sock = connect(target, access.hosts, interrupt)
    try:
        with interrupt.watching(sock):
            session = _Session(target, sock, _negotiate(sock, offer, interrupt), interrupt)
            session.enter(target, access.kerberos)
            return _guarded(lambda: _enumerate(session, target), interrupt)
    finally:
        sock.close()


def connect(target: Target, hosts: HostPolicy, interrupt: Interrupt) -> socket.socket:
    """A connection to an address of the target that the operator allows."""
    addresses = list(_addresses(target, hosts))
    if not addresses:
        raise ShareError(reasons.HOST_REFUSED)
    silent = False
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One address that swallows everything must leave time for the others.
            sock.settimeout(interrupt.patience() / left)
            with interrupt.watching(sock):
                sock.connect(address)
            _tune(sock)
        except TimeoutError:
            silent = True
            sock.close()
        except OSError:
            sock.close()
            interrupt.patience()  # raises when this was what ended it
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise ShareError(reasons.SILENT if silent else reasons.UNREACHABLE)


def _addresses(
    target: Target, hosts: HostPolicy
) -> Iterator[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
    try:
        found = socket.getaddrinfo(target.host, target.port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ShareError(
            reasons.UNREACHABLE
            if hosts.allows_name(target.host, target.port)
            else reasons.HOST_REFUSED
        ) from None
    by_name = hosts.allows_name(target.host, target.port)
    for family, _, _, _, address in found:
        if isinstance(address[0], str) and (
            by_name or hosts.allows_address(address[0], target.port)
        ):
            yield family, address


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _accounts(target: Target) -> Sequence[Target]:
    """Whom to try to be: a guest is nobody at all, or the account of that name."""
    if target.login or not target.wants_guest:
        return (target,)
    guest = Target(target.host, target.port, "Guest", "", target.domain, target.spelled)
    return (target, guest)


def _open_link(target: Target, access: Access, interrupt: Interrupt) -> Opened:
    sock = connect(target, access.hosts, interrupt)
    try:
        with interrupt.watching(sock):
            negotiated = _negotiate_or_explain(sock, target, access, interrupt)
            session = _Session(target, sock, negotiated, interrupt)
            session.enter(target, access.kerberos)
        link = session.link(sock)
        if access.require_signing and not link.protected:
            raise ShareError(reasons.UNSIGNED)
        return Opened(link, negotiated)
    except BaseException:
        sock.close()
        raise


# Negotiation


def _negotiate_or_explain(
    sock: socket.socket, target: Target, access: Access, interrupt: Interrupt
) -> Negotiated:
    """Negotiate; where the server hangs up instead, find out whether it knows SMB1 only."""
    try:
        return _negotiate(sock, access.offer, interrupt)
    except ShareError as error:
        if error.reason is reasons.LOST and _speaks_only_smb1(target, access.hosts, interrupt):
            raise ShareError(reasons.ONLY_SMB1) from None
        raise


def _speaks_only_smb1(target: Target, hosts: HostPolicy, interrupt: Interrupt) -> bool:
    """Offer every dialect in the old form, on a connection of its own; never go on with SMB1."""
    packet = smb.NewSMBPacket()
    packet["Flags2"] = smb.SMB.FLAGS2_UNICODE | smb.SMB.FLAGS2_EXTENDED_SECURITY
    command = smb.SMBCommand(smb.SMB.SMB_COM_NEGOTIATE)
    command["Data"] = b"\x02NT LM 0.12\x00\x02SMB 2.002\x00\x02SMB 2.???\x00"
    packet.addCommand(command)
    sock = connect(target, hosts, interrupt)
    try:
        with interrupt.watching(sock):
            return _exchange(sock, packet.getData(), interrupt).startswith(_SMB1_MAGIC)
    except ShareError as error:
        if error.reason is reasons.LOST:
            return False
        raise
    finally:
        sock.close()


def _negotiate(sock: socket.socket, offer: Offer, interrupt: Interrupt) -> Negotiated:
    client = os.urandom(16)
    head = messages.header(Command.NEGOTIATE, 0, 0, 1, 0, 0)
    request = head + messages.negotiate(client, offer.dialects, _contexts(offer))
    answer = _exchange(sock, request, interrupt)
    if answer.startswith(_SMB1_MAGIC):
        raise ShareError(reasons.ONLY_SMB1)
    try:
        return _negotiated(memoryview(answer), request, client, offer)
    except Malformed:
        raise ShareError(reasons.NONSENSE) from None


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


def _chosen(fields: messages.NegotiateAnswer, offer: Offer) -> tuple[int, int]:
    """The cipher, 0 for none, and the way to sign."""
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


def _exchange(sock: socket.socket, request: bytes, interrupt: Interrupt) -> bytes:
    """Send one message and take one, before there is a link."""
    try:
        sock.settimeout(interrupt.patience())
        sock.sendall(struct.pack(">I", len(request)) + request)
        kind, size = divmod(int.from_bytes(_exactly(sock, 4, interrupt), "big"), 1 << 24)
        if kind or not messages.HEADER_SIZE // 2 <= size <= _MAX_ANSWER:
            raise ShareError(reasons.NONSENSE)
        return _exactly(sock, size, interrupt)
    except TimeoutError:
        raise ShareError(reasons.SILENT) from None
    except OSError:
        interrupt.patience()  # raises when this was what ended it
        raise ShareError(reasons.LOST) from None


def _exactly(sock: socket.socket, size: int, interrupt: Interrupt) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        sock.settimeout(interrupt.patience())
        part = sock.recv(size - len(parts))
        if not part:
            raise ConnectionResetError
        parts += part
    return bytes(parts)


# Login


class _Session(smb3.SMB3):  # type: ignore[misc]
    """Impacket's session on a connection that we have negotiated."""

    def __init__(
        self,
        target: Target,
        sock: socket.socket,
        negotiated: Negotiated,
        interrupt: Interrupt,
    ) -> None:
        self._negotiated = negotiated
        self._interrupt = interrupt
        self._anonymous = not target.login  # servers do not always say so
        self._sent = 1
        self._credits = negotiated.credits
        channel = nmb.NetBIOSTCPSession(
            "", target.host, target.host, sess_port=DEFAULT_PORT, sock=sock
        )
        super().__init__(target.host, target.host, session=channel, timeout=interrupt.patience())

    def negotiateSession(
        self,
        preferredDialect: object = None,
        negSessionResponse: object = None,
    ) -> None:
        """Take over what was negotiated, instead of negotiating."""
        settled = self._negotiated
        if settled.dialect >= Dialect.SMB_3_0:
            self.SMB_PACKET = smb3.SMB3Packet
        self._Connection.update(
            {
                "Dialect": settled.dialect,
                "RequireSigning": True,
                "SupportsEncryption": bool(settled.cipher),
                "SupportsMultiCredit": settled.sizes.large,
                "CipherId": settled.cipher,
                "GSSNegotiateToken": settled.token,
                "MaxTransactSize": settled.sizes.listing,
                "MaxReadSize": settled.sizes.read,
                "MaxWriteSize": settled.sizes.write,
                "ServerGuid": settled.server,
                "ServerCapabilities": settled.capabilities,
                "ServerSecurityMode": settled.mode,
                "PreauthIntegrityHashValue": settled.preauth,
                "SequenceWindow": 1,
            }
        )

    def sendSMB(self, packet: smb3.SMB2Packet) -> int:
        """Count the message, and ask for credits from the first one on."""
        packet["CreditRequestResponse"] = 64
        self._timeout = self._interrupt.patience()
        number: int = super().sendSMB(packet)
        self._sent = number + 1
        return number

    def recvSMB(self, packetID: int | None = None) -> smb3.SMB2Packet:
        """Count the credits, and keep the message numbers right whatever the server echoes."""
        packet = super().recvSMB(packetID)
        self._credits += packet["CreditRequestResponse"] - 1
        window = self._Connection["SequenceWindow"]
        self._Connection["SequenceWindow"] = max(window, self._sent)
        return packet

    def enter(self, target: Target, kerberos: Kerberos) -> None:
        """Log in; being taken for a guest is a failure unless it was asked for."""
        _guarded(lambda: self._enter(target, kerberos), self._interrupt)
        if self._is_guest and not target.wants_guest:
            raise ShareError(reasons.WRONG_LOGIN)

    def _enter(self, target: Target, kerberos: Kerberos) -> None:
        tickets, kdc = kerberos.file_for(target), kerberos.kdc_for(target)
        if tickets is not None and not target.password:
            self._enter_with_file(target, tickets, kdc)
        elif kdc is not None:
            self._reach(kdc)
            self.kerberosLogin(target.login, target.password, target.domain, kdcHost=kdc)
        else:
            self.login(target.login, target.password, target.domain)

    def _enter_with_file(self, target: Target, tickets: str, kdc: str | None) -> None:
        """With the operator's credential cache or keytab, whichever the file is."""
        data, realm = _ticket_file(tickets), target.domain.upper()
        if data[:2] == _KEYTAB_MAGIC:
            key = Keytab(data).getKey(f"{target.login}@{realm}")
            if key is None:
                raise ShareError(reasons.NO_TICKET_FILE)
            self._reach(kdc or realm)
            secret = key.hexlifiedValue().decode()
            which = "nthash" if key["keytype"] == _RC4 else "aesKey"
            self.kerberosLogin(target.login, "", realm, kdcHost=kdc, **{which: secret})
            return
        cache = CCache(data)
        service = cache.getCredential(f"CIFS/{target.host.upper()}@{realm}", False)
        granting = cache.getCredential(f"KRBTGT/{realm}@{realm}", False)
        if service is not None:
            self.kerberosLogin(target.login, "", realm, kdcHost=kdc, TGS=service.toTGS())
        elif granting is not None:
            self._reach(kdc or realm)
            self.kerberosLogin(target.login, "", realm, kdcHost=kdc, TGT=granting.toTGT())
        else:
            raise ShareError(reasons.NO_TICKET_FILE)

    def _reach(self, kdc: str) -> None:
        """Find out whether a key distribution centre is there: Impacket would wait for ever."""
        try:
            socket.create_connection((kdc, _KERBEROS_PORT), self._interrupt.patience()).close()
        except OSError:
            raise ShareError(reasons.NO_KDC) from None

    @property
    def _is_guest(self) -> bool:
        flags: int = self._Session["SessionFlags"]
        return bool(flags & (SMB2_SESSION_FLAG_IS_GUEST | SMB2_SESSION_FLAG_IS_NULL))

    def link(self, sock: socket.socket) -> Link:
        """The same connection without Impacket."""
        settled = self._negotiated
        without_key = self._anonymous or self._is_guest
        agreement = Agreement(
            dialect=settled.dialect,
            session=self._Session["SessionID"],
            session_key=b"" if without_key else bytes(self._Session["SessionKey"]),
            preauth=self._Session["PreauthIntegrityHashValue"],
            cipher=settled.cipher,
            signing=settled.signing,
        )
        return Link(
            sock,
            protection(agreement),
            dialect=settled.dialect,
            session=agreement.session,
            sizes=settled.sizes,
            next_message=self._sent,
            credits=self._credits,
        )


def _ticket_file(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        raise ShareError(reasons.NO_TICKET_FILE) from None


def _guarded(work: Callable[[], _Result], interrupt: Interrupt) -> _Result:
    """Run some of Impacket; what it raises becomes one of our reasons.

    The new error does not refer to the old one: its frames hold the password.
    """
    try:
        return work()
    except (ShareError, Interrupted):
        raise
    except smb3.SessionError as error:
        failure = of_status(error.get_error_code())
    except KerberosError as error:
        failure = ShareError(reasons.NO_TICKET, code=error.getErrorCode())
    except nmb.NetBIOSTimeout:
        failure = ShareError(reasons.SILENT)
    except (nmb.NetBIOSError, OSError):
        interrupt.patience()  # raises when this was what ended it
        failure = ShareError(reasons.LOST)
    except Exception:  # noqa: BLE001 - Impacket meets malformed answers with whatever comes
        interrupt.patience()
        failure = ShareError(reasons.NONSENSE)
    raise failure


def _enumerate(session: _Session, target: Target) -> list[tuple[str, int, str]]:
    connection = SMBConnection(existingConnection=session)
    pipe = transport.SMBTransport(
        target.host, target.host, filename=r"\srvsvc", smb_connection=connection
    )
    rpc = pipe.get_dce_rpc()
    rpc.connect()
    rpc.bind(srvs.MSRPC_UUID_SRVS)
    answer = srvs.hNetrShareEnum(rpc, 1, serverName=f"\\\\{target.host}")
    found = answer["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
    session.logoff()
    return [
        (
            entry["shi1_netname"].rstrip("\0"),
            int(entry["shi1_type"]),
            entry["shi1_remark"].rstrip("\0"),
        )
        for entry in found
    ]


def unc(target: Target, share: str) -> str:
    """``\\\\host\\share``; an IPv6 address cannot stand there as it is."""
    host = target.host
    try:
        if isinstance(ip_address(host.partition("%")[0]), IPv6Address):
            host = host.replace(":", "-").replace("%", "s") + ".ipv6-literal.net"
    except ValueError:
        pass  # a name
    return f"\\\\{host}\\{share}"
