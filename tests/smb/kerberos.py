"""Tickets and keytabs, made without a domain controller.

Whoever knows a service's key can make the tickets that a controller would: so a file server with
a keytab, and a credential cache with a ticket for it, are all that a test of a login needs.
"""

from __future__ import annotations

import datetime
import struct

from impacket.krb5 import constants, crypto
from impacket.krb5.asn1 import EncTicketPart, Ticket
from impacket.krb5.types import KerberosTime
from pyasn1.codec.der import encoder
from pyasn1.type.univ import noValue

REALM = "EXAMPLE.TEST"
AES256 = 18
_SERVICE_TYPE, _USER_TYPE = 2, 1
_KEY_USAGE_TICKET = 2


def keytab(name: str, key: bytes) -> bytes:
    """A keytab with one AES-256 key, of ``user`` or ``service/host``."""
    parts = name.split("/")
    entry = struct.pack(">H", len(parts)) + _counted(REALM) + b"".join(map(_counted, parts))
    entry += struct.pack(">IIBHH", _USER_TYPE, 0, 1, AES256, len(key)) + key
    return b"\x05\x02" + struct.pack(">i", len(entry)) + entry


def credential_cache(user: str, service: str, ticket: bytes, session_key: bytes) -> bytes:
    """A credential cache with one ticket, for ``service/host``."""
    client = _principal(_USER_TYPE, [user])
    end = int(datetime.datetime.now().timestamp()) + 3600
    credential = client + _principal(_SERVICE_TYPE, service.split("/"))
    credential += struct.pack(">HHH", AES256, 0, len(session_key)) + session_key
    credential += struct.pack(">IIIIBIII", 0, 0, end, end, 0, 0, 0, 0)
    credential += struct.pack(">I", len(ticket)) + ticket + struct.pack(">I", 0)
    return b"\x05\x04" + struct.pack(">HHHq", 12, 1, 8, 0) + client + credential


def ticket(user: str, service: str, service_key: bytes, session_key: bytes) -> bytes:
    """A ticket for ``service/host``, good for an hour."""
    now = datetime.datetime.now(datetime.UTC)
    inner = EncTicketPart()
    inner["flags"] = constants.encodeFlags([constants.TicketFlags.forwardable.value])
    inner["key"] = noValue
    inner["key"]["keytype"] = AES256
    inner["key"]["keyvalue"] = session_key
    inner["crealm"] = REALM
    _name(inner, "cname", _USER_TYPE, [user])
    inner["transited"] = noValue
    inner["transited"]["tr-type"] = 0
    inner["transited"]["contents"] = b""
    inner["authtime"] = inner["starttime"] = KerberosTime.to_asn1(now)
    inner["endtime"] = KerberosTime.to_asn1(now + datetime.timedelta(hours=1))
    cipher = crypto._enctype_table[AES256]
    outer = Ticket()
    outer["tkt-vno"] = 5
    outer["realm"] = REALM
    _name(outer, "sname", _SERVICE_TYPE, service.split("/"))
    outer["enc-part"] = noValue
    outer["enc-part"]["etype"] = AES256
    outer["enc-part"]["kvno"] = 1
    outer["enc-part"]["cipher"] = cipher.encrypt(
        crypto.Key(AES256, service_key), _KEY_USAGE_TICKET, encoder.encode(inner), None
    )
    encoded: bytes = encoder.encode(outer)
    return encoded


def _counted(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode()


def _principal(kind: int, parts: list[str]) -> bytes:
    texts = [text.encode() for text in (REALM, *parts)]
    head = struct.pack(">II", kind, len(parts))
    return head + b"".join(struct.pack(">I", len(text)) + text for text in texts)


def _name(holder: EncTicketPart | Ticket, field: str, kind: int, parts: list[str]) -> None:
    holder[field] = noValue
    holder[field]["name-type"] = kind
    holder[field]["name-string"] = noValue
    for index, part in enumerate(parts):
        holder[field]["name-string"][index] = part
