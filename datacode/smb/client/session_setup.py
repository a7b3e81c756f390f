"""SESSION_SETUP: log in with a password or Kerberos tickets; and the list of a host's shares.

Blocking. Impacket knows NTLM, Kerberos and SPNEGO; as soon as its login has given a key, what is
sent and received goes through a ``WireConnection``, which checks every answer.

Source: [MS-SMB2], 3.2.4.2.3, 3.2.5.3; server reference, 8.1 and 8.7.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from impacket import nmb, smb3
from impacket.krb5.ccache import CCache
from impacket.krb5.kerberosv5 import KerberosError
from impacket.krb5.keytab import Keytab
from impacket.smb3structs import SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL

from datacode.smb import errors
from datacode.smb.client.connect import connect
from datacode.smb.client.negotiate import Negotiated, negotiate_or_explain
from datacode.smb.client.smb_connection import HardenedSMB3, ShareConnection
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import ShareError, of_status
from datacode.smb.policy import ConnectionPolicy, Kerberos, Offer
from datacode.smb.protocol.connection import WireConnection
from datacode.smb.protocol.crypto import Cipher, SecurityParameters, transform_for
from datacode.smb.target import Target

_KEYTAB_MAGIC = b"\x05\x02"
_KERBEROS_PORT = 88
_RC4 = 23
_KERBEROS_CAUSES = {
    6: errors.WRONG_LOGIN,  # nobody of that name
    24: errors.WRONG_LOGIN,
    1: errors.ACCOUNT_EXPIRED,
    12: errors.NO_ACCOUNT,  # not at this hour, or not from here
    18: errors.NO_ACCOUNT,  # disabled, locked or expired
    23: errors.PASSWORD_EXPIRED,
}
"""What a key distribution centre says that has a sentence already (RFC 4120, 7.5.9)."""

_Result = TypeVar("_Result")


def log_in(target: Target, policy: ConnectionPolicy, deadline: Deadline) -> ShareConnection:
    """Connect and log in; a ``ShareError`` with the cause where that fails.

    A password that this server has refused is not sent to it again.
    """
    target = target.with_password()
    policy.refused.check(target)
    sock = connect(target, policy.hosts, deadline)
    try:
        with deadline.watching(sock):
            negotiated = negotiate_or_explain(
                sock,
                _possible_offer(target, policy),
                lambda: connect(target, policy.hosts, deadline),
                deadline,
            )
            session = _guarded(lambda: HardenedSMB3(target, sock, negotiated, deadline), deadline)
            with policy.refused.trying(target, deadline):
                _guarded(lambda: _enter(session, target, policy.kerberos, deadline), deadline)
                is_guest = _is_guest(session)
                if is_guest and not target.wants_guest:
                    raise ShareError(errors.WRONG_LOGIN)
        # Servers do not always say that nobody has logged in.
        without_key = is_guest or not target.login
        wire = _wire(session, sock, negotiated, without_key=without_key)
        if policy.require_signing and not wire.protected:
            raise ShareError(errors.UNSIGNED)
        session.adopt(wire)
        return ShareConnection(session)
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
    """Name, kind ([MS-SRVS], 2.2.2.4) and remark of each share of a host."""
    connection = log_in(target, policy, deadline)
    try:
        with connection.wire.during(deadline):
            found = connection.share_names()
            connection.close()
            return found
    except ShareError as error:
        if error.cause is errors.DENIED and target.wants_guest:
            raise ShareError(errors.NO_ANONYMOUS_LIST) from None
        raise
    finally:
        connection.wire.drop()


def _enter(session: HardenedSMB3, target: Target, kerberos: Kerberos, deadline: Deadline) -> None:
    """SESSION_SETUP (2.2.5) by password or by Kerberos tickets."""
    tickets, kdc = kerberos.file_for(target), kerberos.kdc_for(target)
    if tickets is not None and not target.password:
        _enter_with_file(session, target, tickets, kdc, deadline)
    elif kdc is not None:
        _reach(kdc, deadline)
        session.kerberosLogin(target.login, target.password, target.domain, kdcHost=kdc)
    else:
        session.login(target.login, target.password, target.domain)


def _enter_with_file(
    session: HardenedSMB3, target: Target, tickets: str, kdc: str | None, deadline: Deadline
) -> None:
    """The same with the operator's credential cache or keytab, whichever the file is."""
    data, realm = _ticket_file(tickets), target.domain.upper()
    if data[:2] == _KEYTAB_MAGIC:
        key = Keytab(data).getKey(f"{target.login}@{realm}")
        if key is None:
            raise ShareError(errors.NO_TICKET_FILE)
        _reach(kdc or realm, deadline)
        secret = key.hexlifiedValue().decode()
        which = "nthash" if key["keytype"] == _RC4 else "aesKey"
        session.kerberosLogin(target.login, "", realm, kdcHost=kdc, **{which: secret})
        return
    cache = CCache(data)
    service = cache.getCredential(f"CIFS/{target.host.upper()}@{realm}", False)
    granting = cache.getCredential(f"KRBTGT/{realm}@{realm}", False)
    if service is not None:
        session.kerberosLogin(target.login, "", realm, kdcHost=kdc, TGS=service.toTGS())
    elif granting is not None:
        _reach(kdc or realm, deadline)
        session.kerberosLogin(target.login, "", realm, kdcHost=kdc, TGT=granting.toTGT())
    else:
        raise ShareError(errors.NO_TICKET_FILE)


def _reach(kdc: str, deadline: Deadline) -> None:
    """Connect to a key distribution centre and close: Impacket itself would wait without limit."""
    try:
        socket.create_connection((kdc, _KERBEROS_PORT), deadline.timeout()).close()
    except OSError:
        raise ShareError(errors.NO_KDC) from None


def _is_guest(session: HardenedSMB3) -> bool:
    flags: int = session._Session["SessionFlags"]
    return bool(flags & (SMB2_SESSION_FLAG_IS_GUEST | SMB2_SESSION_FLAG_IS_NULL))


def _wire(
    session: HardenedSMB3, sock: socket.socket, negotiated: Negotiated, *, without_key: bool
) -> WireConnection:
    """The same connection as we use it, with the key that the login has given."""
    parameters = SecurityParameters(
        dialect=negotiated.dialect,
        session=session._Session["SessionID"],
        session_key=b"" if without_key else bytes(session._Session["SessionKey"]),
        preauth=session._Session["PreauthIntegrityHashValue"],
        cipher=negotiated.cipher,
        signing=negotiated.signing,
    )
    return WireConnection(
        sock,
        transform_for(parameters),
        dialect=negotiated.dialect,
        session=parameters.session,
        sizes=negotiated.sizes,
        next_message=session.next_message,
        credits=session.credits,
    )


def _ticket_file(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        raise ShareError(errors.NO_TICKET_FILE) from None


def _guarded(work: Callable[[], _Result], deadline: Deadline) -> _Result:
    """Run a part of Impacket's log-in; what it raises becomes a ``ShareError`` with its cause.

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
