"""Impacket's ``SMBConnection`` over a connection whose every answer is checked. Blocking.

Impacket's SMB3 class logs in, and builds and reads the messages that are not hot: IOCTL, LOGOFF,
ECHO, and the remote procedure calls on pipes. It does not check what a server answers, has no time
limits and no credits, so what it sends and receives after the login goes through a
``WireConnection``. Opening, closing, listing, moving bytes, asking about files and changing them
are ours, for speed; whatever else Impacket could do is shut off (``docs/architecture.md`` says
why).

Source: [MS-SMB2], 3.2.4 and 3.2.5; server reference, 8.1 and 8.7.
"""

from __future__ import annotations

import contextlib
import functools
import socket
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any, NoReturn, TypeVar

from impacket import nmb, smb3
from impacket.dcerpc.v5 import srvs, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.smbconnection import SMBConnection

from datacode.runtime.files import Entry
from datacode.smb import errors
from datacode.smb.client.negotiate import Negotiated
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import ShareError, Status, of_status, of_tree_status
from datacode.smb.protocol import messages, query_directory, share_list
from datacode.smb.protocol.connection import CREDIT, Related, RelatedResponses, WireConnection
from datacode.smb.protocol.messages import Command, Dialect, FileInfo, Response
from datacode.smb.target import DEFAULT_PORT, Target

DISK, PIPE = 1, 2
"""Kinds of shares: one that holds files, and ``IPC$`` ([MS-SMB2], 2.2.10)."""

MAX_NAMES = 200_000
"""How many names one listing may have."""

_MAX_PIPED = 1 << 20
_IS_FSCTL = 1
_FACT_ROOM = 65535
_STANDARD = 5
_CREDENTIALS = ("userName", "password", "domain", "lmhash", "nthash", "kdc", "aesKey", "TGT", "TGS")
_Class = TypeVar("_Class", bound=type)
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _shut_off_all_but(*used: str) -> Callable[[_Class], _Class]:
    """Leave of the base class what is ``used`` or overridden; every other public method raises.

    Impacket binds aliases (``connect_tree``) to its own functions, so that overriding one name
    would leave the others as they were: each alias of an overridden method becomes the override.
    """

    def harden(cls: _Class) -> _Class:
        base, own = vars(cls.__mro__[1]), dict(vars(cls))
        overrides = {base[name]: method for name, method in own.items() if name in base}
        for name, method in base.items():
            if name in own or name.startswith("_") or not isinstance(method, FunctionType):
                continue
            if method in overrides:
                setattr(cls, name, overrides[method])
            elif name not in used:
                setattr(cls, name, _shut_off(name))
        return cls

    return harden


def _shut_off(name: str) -> Callable[..., NoReturn]:
    def refuse(*arguments: object, **more: object) -> NoReturn:
        raise NotImplementedError(f"Impacket's {name} is shut off")

    return refuse


def _breaking_on_nonsense(method: _Method) -> _Method:
    """``method`` of Impacket; any exception of its parsers becomes a broken connection."""

    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return method(self, *arguments, **more)
        except (ShareError, CallCancelled):
            raise
        except Exception:  # noqa: BLE001 - struct.error, KeyError, UnicodeDecodeError, ...
            failure = self.wire.broke(errors.NONSENSE)
        raise failure

    return call  # type: ignore[return-value]


CLOSE: Related = (Command.CLOSE, messages.close)
FLUSH: Related = (Command.FLUSH, messages.flush)
ASK_SECURITY: Related = (
    Command.QUERY_INFO,
    lambda handle: messages.query_info(
        handle, messages.SECURITY_FACT, 0, messages.OWNER_GROUP_PERMISSIONS, _FACT_ROOM
    ),
)


def change(file_class: int, data: bytes) -> Related:
    """SET_INFO (2.2.39): change a fact about a file."""
    return (
        Command.SET_INFO,
        lambda handle: messages.set_info(handle, messages.FILE_FACT, file_class, data),
    )


def change_permissions(descriptor: bytes) -> Related:
    """SET_INFO (2.2.39): who may what with a file, as a security descriptor says."""
    return (
        Command.SET_INFO,
        lambda handle: messages.set_info(
            handle, messages.SECURITY_FACT, 0, descriptor, messages.PERMISSIONS
        ),
    )


class Handle(bytes):
    """A file handle, the name it was opened by, and what it was of then ([MS-SMB2], 2.2.14).

    ``created`` is when that was made (100 ns since 1601).
    """

    name: str
    info: FileInfo
    created: int


class VerifiedPacket(dict[str, Any]):
    """A verified response, as Impacket's code reads its own packets."""

    def __init__(self, response: Response) -> None:
        head, body = response.header, bytes(response.body)
        super().__init__(Status=head.status, TreeID=head.tree, SessionID=head.session, Data=body)

    def isValidAnswer(self, status: int) -> bool:
        """True; a ``ShareError`` where the server's NT status is another one."""
        if self["Status"] != status:
            raise of_status(self["Status"])
        return True


class _AllKnown(dict[Any, Any]):
    """A table of trees or handles that has them all: the server knows which are open."""

    def __contains__(self, key: object) -> bool:
        return True


@_shut_off_all_but(
    *("getDialect", "getKerberos", "getRemoteName", "getServerIP", "getCredentials"),
    *("get_remote_name", "get_remote_host", "getIOCapabilities", "isGuestSession", "signSMB"),
    *("login", "kerberosLogin", "read_andx", "writeFile"),
)
class HardenedSMB3(smb3.SMB3):  # type: ignore[misc]
    """Impacket's session on a TCP connection where we have negotiated.

    While it logs in it sends and receives by itself, and counts messages and credits; from
    ``adopt`` on everything goes through ``wire``.
    """

    wire: WireConnection

    def __init__(
        self, target: Target, sock: socket.socket, negotiated: Negotiated, deadline: Deadline
    ) -> None:
        self.next_message = 1
        self.credits = negotiated.credits
        self._adopted = False
        self._piped = 0
        self._negotiated = negotiated
        self._question = negotiated.question
        self._deadline = deadline
        self._server = target.unc("")
        channel = nmb.NetBIOSTCPSession(
            "", target.host, target.host, sess_port=DEFAULT_PORT, sock=sock
        )
        super().__init__(target.host, target.host, session=channel, timeout=deadline.timeout())

    def negotiateSession(
        self, preferredDialect: object = None, negSessionResponse: object = None
    ) -> None:
        """Take over what was negotiated, instead of negotiating."""
        settled = self._negotiated
        if settled.dialect >= Dialect.SMB_3_0:
            self.SMB_PACKET = smb3.SMB3Packet
        self._Connection.update(
            {
                "Dialect": settled.dialect,
                "RequireSigning": True,
                # What still goes through Impacket's reads and writes costs one credit each.
                "MaxReadSize": min(settled.sizes.read, CREDIT),
                "MaxWriteSize": min(settled.sizes.write, CREDIT),
                "PreauthIntegrityHashValue": settled.preauth,
                "SequenceWindow": 1,
            }
        )

    def adopt(self, wire: WireConnection) -> None:
        """Send and receive through ``wire`` from now on, and forget password, tickets and keys."""
        self.wire, self._adopted = wire, True
        self._NetBIOSSession = None
        self._Session["TreeConnectTable"] = self._Session["OpenTable"] = _AllKnown()
        self._Session["UserCredentials"] = ""
        for key in ("Session", "Signing", "Encryption", "Decryption", "Application"):
            self._Session[f"{key}Key"] = b""
        for name in _CREDENTIALS:
            setattr(self, f"_SMB3__{name}", "")

    def sendSMB(self, packet: Any) -> int:
        """Send a request; the number that its answer will have."""
        if self._adopted:
            charge = packet.fields.get("CreditCharge", 1)
            return self.wire.send(
                packet["Command"], packet["Data"].getData(), packet["TreeID"], charge * CREDIT
            )
        packet["CreditRequestResponse"] = 64
        self._timeout = self._deadline.timeout()
        number: int = super().sendSMB(packet)
        self.next_message = number + 1
        return number

    def recvSMB(self, packetID: int | None = None) -> Any:
        """The answer to a request, which is the only one on its way."""
        if self._adopted:
            reply = self.wire.receive()
            if reply.header.message != packetID:
                raise self.wire.broke(errors.NONSENSE)
            return VerifiedPacket(reply)
        packet = super().recvSMB(packetID)
        self.credits += packet["CreditRequestResponse"] - 1
        # Whatever charge the server echoes must not change the numbers of our messages.
        window = self._Connection["SequenceWindow"]
        self._Connection["SequenceWindow"] = max(window, self.next_message)
        return packet

    def get_socket(self) -> None:
        """None: nobody sends or receives beside ``wire``."""
        return None

    def connectTree(self, share: str, kind: int = PIPE) -> int:
        """TREE_CONNECT (2.2.9): open a share of some kind; Impacket's own code opens ``IPC$``."""
        reply = self.wire.ask(Command.TREE_CONNECT, messages.tree_connect(self._server + share))
        if reply.status != Status.OK:
            raise of_tree_status(reply.status)
        with self.wire.parsing():
            if messages.parse_tree_connect(reply.body) != kind:
                raise ShareError(errors.NOT_A_DISK)
        tree = reply.header.tree
        if self._question is not None and self.wire.protected:
            self._validate_negotiate(tree, self._question)
            self._question = None
        return tree

    def _validate_negotiate(self, tree: int, question: bytes) -> None:
        """3.2.5.5: ask again, under a signature, what was negotiated without one.

        A server too old to know the question says so, and its signature under that is as good.
        """
        try:
            answer = self.ioctl(
                *(tree, None, messages.FSCTL_VALIDATE_NEGOTIATE, _IS_FSCTL, question, 0, 24)
            )
        except ShareError as error:
            if not self.wire.broken:
                return
            if error.cause is errors.LOST:  # what a server does that was asked something else
                raise ShareError(errors.FORGED) from None
            raise
        if not self._negotiated.confirms(memoryview(answer)):
            self.wire.drop()
            raise ShareError(errors.FORGED)

    def create(self, treeId: int, fileName: str, *how: Any) -> Handle:
        """CREATE (2.2.13): open a file, folder or pipe."""
        access, sharing, options, disposition, attributes = how[:5]
        name = fileName.removeprefix("\\")
        body = messages.create(name, access, disposition, options, attributes, sharing)
        return self._opened(name, self.wire.ask(Command.CREATE, body, treeId))

    def create_then(
        self, tree: int, name: str, how: tuple[int, int, int, int], then: Sequence[Related]
    ) -> tuple[Handle, RelatedResponses]:
        """CREATE and, in the same frame, requests about what it opens; the answers to all."""
        access, sharing, options, disposition = how
        body = messages.create(name, access, disposition, options, 0, sharing)
        replies = self.wire.ask_related([(Command.CREATE, lambda _: body), *then], tree)
        return self._opened(name, replies[0]), replies

    def _opened(self, name: str, reply: Response) -> Handle:
        if reply.status != Status.OK:
            raise of_status(reply.status)
        with self.wire.parsing():
            number, info, created = messages.parse_create(reply.body)
        handle = Handle(number)
        handle.name, handle.info, handle.created = name, info, created
        return handle

    def close(self, treeId: int, fileId: bytes) -> FileInfo | None:
        """CLOSE (2.2.15): give a handle back; what it was of, where the server says that."""
        reply = self.wire.ask(Command.CLOSE, messages.close(fileId), treeId)
        if reply.status != Status.OK:
            return None
        with self.wire.parsing():
            return messages.parse_close(reply.body)

    @_breaking_on_nonsense
    def read(self, *arguments: Any) -> bytes:
        """READ (2.2.19) of a pipe; a connection that has read ``_MAX_PIPED`` bytes so is broken."""
        data: bytes = super().read(*arguments)
        self._piped += len(data)
        if self._piped > _MAX_PIPED:
            raise self.wire.broke(errors.NONSENSE)
        return data

    def setInfo(
        self,
        treeId: int,
        fileId: bytes,
        inputBlob: bytes = b"",
        infoType: int = messages.FILE_FACT,
        fileInfoClass: int = _STANDARD,
        additionalInformation: int = 0,
    ) -> bool:
        """SET_INFO (2.2.39): change a fact about an open file; True."""
        body = messages.set_info(fileId, infoType, fileInfoClass, inputBlob, additionalInformation)
        self._ask_well(Command.SET_INFO, body, treeId)
        return True

    def flush(self, treeId: int, fileId: bytes) -> bool:
        """FLUSH (2.2.17): have what was written stored; True."""
        self._ask_well(Command.FLUSH, messages.flush(fileId), treeId)
        return True

    def _ask_well(self, command: int, body: bytes, tree: int) -> Response:
        reply = self.wire.ask(command, body, tree)
        if reply.status != Status.OK:
            raise of_status(reply.status)
        return reply

    write = _breaking_on_nonsense(smb3.SMB3.write)
    ioctl = _breaking_on_nonsense(smb3.SMB3.ioctl)
    echo = _breaking_on_nonsense(smb3.SMB3.echo)
    logoff = _breaking_on_nonsense(smb3.SMB3.logoff)


@_shut_off_all_but(
    *("getDialect", "getRemoteName", "getRemoteHost", "getSMBServer", "getCredentials"),
    *("openFile", "closeFile", "setInfo", "readFile", "writeFile", "logoff"),
)
class ShareConnection(SMBConnection):  # type: ignore[misc]
    """Impacket's ``SMBConnection``, on which all operations on shares are done.

    For one thread at a time, and only while ``wire.during``. Every failure is a ``ShareError`` or
    ``CallCancelled``; after those of the connection itself it is ``broken``.
    """

    def __init__(self, session: HardenedSMB3) -> None:
        super().__init__(existingConnection=session)
        self.session = session
        self.wire = session.wire

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return self.wire.broken

    def connectTree(self, share: str, kind: int = PIPE) -> int:
        """Open a share of some kind; its number."""
        return self.session.connectTree(share, kind)

    def close(self) -> None:
        """Log off and close; never fails."""
        with contextlib.suppress(ShareError, CallCancelled):
            if not self.broken:
                self.logoff()
        self.wire.drop()

    def flush(self, tree: int, handle: bytes) -> None:
        """FLUSH (2.2.17): have what was written stored."""
        self.session.flush(tree, handle)

    def control(self, tree: int, code: int, data: bytes, room: int) -> bytes:
        """IOCTL (2.2.31): a control request that needs no file, answered in ``room`` bytes."""
        answer: bytes = self.session.ioctl(tree, None, code, _IS_FSCTL, data, 0, room)
        return answer

    def open_then(
        self, tree: int, name: str, how: tuple[int, int, int, int], then: Sequence[Related]
    ) -> tuple[Handle, RelatedResponses]:
        """Open by a name, and send requests about what is opened in the same frame.

        ``how`` is access, sharing, options, disposition. The answers begin with that to CREATE,
        which is a success.
        """
        return self.session.create_then(tree, name, how, then)

    def told_security(self, reply: Response) -> bytes:
        """The security descriptor that the answer to ``ASK_SECURITY`` has."""
        if reply.status != Status.OK:
            raise of_status(reply.status)
        with self.wire.parsing():
            return messages.parse_query_info(reply.body)

    @_breaking_on_nonsense
    def share_names(self) -> list[tuple[str, int, str]]:
        """Name, kind ([MS-SRVS], 2.2.2.4) and remark of each share of the host.

        Impacket asks, we read the answer: how long its parser takes is for the server to say.
        """
        carrier = transport.SMBTransport(
            *(self.getRemoteName(), self.getRemoteHost()), filename=r"\srvsvc", smb_connection=self
        )
        calls = carrier.get_dce_rpc()
        calls.connect()
        calls.bind(srvs.MSRPC_UUID_SRVS)
        request = srvs.NetrShareEnum()
        request["ServerName"] = f"\\\\{self.getRemoteHost()}\0"
        request["PreferedMaximumLength"] = _MAX_PIPED
        request["ResumeHandle"] = 0
        request["InfoStruct"]["Level"] = request["InfoStruct"]["ShareInfo"]["tag"] = 1
        request["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"] = NULL
        calls.call(request.opnum, request)
        try:
            answer = calls.recv()
        except DCERPCException as error:
            raise self._refused_call(error) from None
        status = share_list.status(answer)
        if status == share_list.DENIED:
            raise ShareError(errors.DENIED)
        if status:
            raise ShareError(errors.OTHER, status=f"0x{status:08X}")
        return share_list.parse(answer)

    def _refused_call(self, error: DCERPCException) -> ShareError | CallCancelled:
        if "access_denied" in str(error):
            return ShareError(errors.DENIED)
        return self.wire.broke(errors.NONSENSE)

    def entries(self, tree: int, handle: bytes) -> Iterator[Entry]:
        """QUERY_DIRECTORY (2.2.33): the entries of an open folder, in the server's order."""
        restart, count = True, 0
        while True:
            room = self.wire.affordable(self.wire.sizes.listing)
            body = messages.query_directory(
                handle, query_directory.DIRECTORY_INFORMATION, "*", room, restart=restart
            )
            reply = self.wire.ask(Command.QUERY_DIRECTORY, body, tree, room)
            if reply.status == Status.NO_MORE_FILES or (
                restart and reply.status == Status.NO_SUCH_FILE
            ):
                return
            if reply.status != Status.OK:
                raise of_status(reply.status)
            with self.wire.parsing():
                found = list(query_directory.entries(messages.parse_query_directory(reply.body)))
            count += len(found)
            if not found or count > MAX_NAMES:
                raise ShareError(errors.TOO_MANY_NAMES, limit=MAX_NAMES)
            yield from found
            restart = False
