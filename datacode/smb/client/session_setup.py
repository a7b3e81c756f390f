"""Login, and the list of a host's shares. The only module that imports Impacket; blocking.

Impacket knows NTLM, Kerberos, SPNEGO and remote procedure calls. It does not check what a server
answers, so it is left as soon as the login has given a key: everything after that goes through
``WireConnection``, which checks.

Source: [MS-SMB2], 3.2.4.2.3, 3.2.5.3; server reference, 8.1 and 8.7.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from impacket import nmb, smb3
from impacket.dcerpc.v5 import srvs, transport
from impacket.krb5.ccache import CCache
from impacket.krb5.kerberosv5 import KerberosError
from impacket.krb5.keytab import Keytab
from impacket.smb3structs import SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL
from impacket.smbconnection import SMBConnection

from datacode.smb import errors
from datacode.smb.client.connect import connect
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import ShareError, of_status
from datacode.smb.policy import ConnectionPolicy, Kerberos, Offer
from datacode.smb.protocol.connection import WireConnection
from datacode.smb.protocol.crypto import (
    Cipher,
    SecurityParameters,
    Signing,
    transform_for,
)
from datacode.smb.protocol.messages import Dialect
from datacode.smb.protocol.negotiate import Negotiated, negotiate, negotiate_or_explain
from datacode.smb.target import DEFAULT_PORT, Target

_KEYTAB_MAGIC = b"\x05\x02"
_KERBEROS_PORT = 88
_RC4 = 23
_KERBEROS_CAUSES = {
    6: errors.WRONG_LOGIN,  # nobody of that name
    24: errors.WRONG_LOGIN,
    12: errors.NO_ACCOUNT,  # not at this hour, not from here
    18: errors.NO_ACCOUNT,
    23: errors.NO_ACCOUNT,  # the password must be changed first
}
"""What a key distribution centre says that has a sentence already (RFC 4120, 7.5.9)."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A connection that has logged in, and what its server had said before."""

    wire: WireConnection
    negotiated: Negotiated


def log_in(target: Target, policy: ConnectionPolicy, deadline: Deadline) -> LoggedIn:
    """Connect and log in; a ``ShareError`` with the cause where that fails."""
    sock = connect(target, policy.hosts, deadline)
    try:
        with deadline.watching(sock):
            negotiated = negotiate_or_explain(
                sock,
                _possible_offer(target, policy),
                lambda: connect(target, policy.hosts, deadline),
                deadline,
            )
            session = _session(target, sock, negotiated, deadline)
            session.enter(target, policy.kerberos)
        wire = session.wire(sock)
        if policy.require_signing and not wire.protected:
            raise ShareError(errors.UNSIGNED)
        return LoggedIn(wire, negotiated)
    except BaseException:
        sock.close()
        raise


def _possible_offer(target: Target, policy: ConnectionPolicy) -> Offer:
    """The offer without ciphers of 256 bits for Kerberos: Impacket then has half of their key."""
    kerberos, offer = policy.kerberos, policy.offer
    if kerberos.file_for(target) is None and kerberos.kdc_for(target) is None:
        return offer
    return replace(offer, ciphers=tuple(c for c in offer.ciphers if c not in Cipher.LONG))


def share_names(
    target: Target, policy: ConnectionPolicy, deadline: Deadline
) -> list[tuple[str, int, str]]:
    """Name, kind ([MS-SRVS], 2.2.2.4) and remark of each share of a host.

    Impacket speaks the remote procedure call, on a connection of its own. Its answers are not
    checked for forgery; nothing depends on them.
    """
    # Impacket can encrypt with this cipher only.
    offer = Offer(ciphers=(Cipher.AES_128_CCM,), signing=(Signing.AES_CMAC,))
    sock = connect(target, policy.hosts, deadline)
    try:
        with deadline.watching(sock):
            session = _session(target, sock, negotiate(sock, offer, deadline), deadline)
            session.enter(target, policy.kerberos)
            return _guarded(lambda: _enumerate(session, target), deadline)
    finally:
        sock.close()


class _Session(smb3.SMB3):  # type: ignore[misc]
    """Impacket's session on a connection that we have negotiated."""

    def __init__(
        self,
        target: Target,
        sock: socket.socket,
        negotiated: Negotiated,
        deadline: Deadline,
    ) -> None:
        self._negotiated = negotiated
        self._deadline = deadline
        self._anonymous = not target.login  # servers do not always say so
        self._sent = 1
        self._credits = negotiated.credits
        channel = nmb.NetBIOSTCPSession(
            "", target.host, target.host, sess_port=DEFAULT_PORT, sock=sock
        )
        super().__init__(target.host, target.host, session=channel, timeout=deadline.timeout())

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
        self._timeout = self._deadline.timeout()
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
        _guarded(lambda: self._enter(target, kerberos), self._deadline)
        if self._is_guest and not target.wants_guest:
            raise ShareError(errors.WRONG_LOGIN)

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
                raise ShareError(errors.NO_TICKET_FILE)
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
            raise ShareError(errors.NO_TICKET_FILE)

    def _reach(self, kdc: str) -> None:
        """Find out whether a key distribution centre is there: Impacket would wait for ever."""
        try:
            socket.create_connection((kdc, _KERBEROS_PORT), self._deadline.timeout()).close()
        except OSError:
            raise ShareError(errors.NO_KDC) from None

    @property
    def _is_guest(self) -> bool:
        flags: int = self._Session["SessionFlags"]
        return bool(flags & (SMB2_SESSION_FLAG_IS_GUEST | SMB2_SESSION_FLAG_IS_NULL))

    def wire(self, sock: socket.socket) -> WireConnection:
        """The same connection without Impacket."""
        settled = self._negotiated
        without_key = self._anonymous or self._is_guest
        parameters = SecurityParameters(
            dialect=settled.dialect,
            session=self._Session["SessionID"],
            session_key=b"" if without_key else bytes(self._Session["SessionKey"]),
            preauth=self._Session["PreauthIntegrityHashValue"],
            cipher=settled.cipher,
            signing=settled.signing,
        )
        return WireConnection(
            sock,
            transform_for(parameters),
            dialect=settled.dialect,
            session=parameters.session,
            sizes=settled.sizes,
            next_message=self._sent,
            credits=self._credits,
        )


def _session(
    target: Target, sock: socket.socket, negotiated: Negotiated, deadline: Deadline
) -> _Session:
    return _guarded(lambda: _Session(target, sock, negotiated, deadline), deadline)


def _ticket_file(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        raise ShareError(errors.NO_TICKET_FILE) from None


def _guarded(work: Callable[[], _Result], deadline: Deadline) -> _Result:
    """Run some of Impacket; what it raises becomes one of our reasons.

    The new error does not refer to the old one: its frames hold the password.
    """
    try:
        return work()
    except (ShareError, CallCancelled):
        raise
    except smb3.SessionError as error:
        failure = of_status(error.get_error_code())
    except KerberosError as error:
        code = error.getErrorCode()
        failure = ShareError(_KERBEROS_CAUSES.get(code, errors.NO_TICKET), code=code)
    except nmb.NetBIOSTimeout:
        failure = ShareError(errors.SILENT)
    except (nmb.NetBIOSError, OSError):
        deadline.timeout()  # raises when this was what ended it
        failure = ShareError(errors.LOST)
    except Exception:  # noqa: BLE001 - Impacket meets malformed answers with whatever comes
        deadline.timeout()
        failure = ShareError(errors.NONSENSE)
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
