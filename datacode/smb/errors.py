"""Why something about a share failed: one sentence for each cause.

The blocking half raises ``ShareError`` with a cause alone; whoever knows which operation was
asked for adds its prefix (``during``). Source: server reference, 5.3, 5.4, 8.2 and 8.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from datacode.i18n.message import Message
from datacode.runtime.file_operations import Delete, ListFolder, MakeFolder, Open, Stat, Write
from datacode.runtime.files import FilesError


class Operation(Enum):
    """What was tried; the value is what is said when it fails."""

    CONNECT = Message("share_connect_failed", "Failed to connect to SMB: {reason}", russian=True)
    LIST = ListFolder.failed_on_share
    READ = Open.failed_on_share
    WRITE = Write.failed_on_share
    LOOK = Stat.failed_on_share
    MAKE_FOLDER = MakeFolder.failed_on_share
    DELETE = Delete.failed_on_share
    SHARES = Message("share_names_failed", "Failed to list shares: {reason}", russian=True)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause. ``bare`` sentences stand alone; the others follow what was tried.

    ``broken`` means that the connection is of no more use, ``again`` that an operation which
    changes nothing may be tried once more on a new one, and ``undone`` that the server has done
    nothing, so that any operation may. ``located`` causes do not say which path was asked for:
    that, and how often it was tried, follows once it is known.
    """

    code: str
    template: str
    bare: bool = False
    broken: bool = False
    again: bool = False
    undone: bool = False
    located: bool = False


WRONG_LOGIN = Cause("wrong_login", "wrong user name or password")
NO_ACCOUNT = Cause("account_unavailable", "the account is not available")
ACCOUNT_LOCKED = Cause("account_locked", "the account is locked")
ACCOUNT_DISABLED = Cause("account_disabled", "the account is disabled")
ACCOUNT_EXPIRED = Cause("account_expired", "the account has expired")
PASSWORD_EXPIRED = Cause("password_expired", "the password has expired")
PASSWORD_TO_CHANGE = Cause("password_to_change", "the password must be changed first")
WRONG_HOURS = Cause("login_hours", "the account may not log in at this time")
WRONG_PLACE = Cause("login_place", "the account may not log in from this computer")
LOGIN_REFUSED = (
    *(WRONG_LOGIN, NO_ACCOUNT, ACCOUNT_LOCKED, ACCOUNT_DISABLED, ACCOUNT_EXPIRED),
    *(PASSWORD_EXPIRED, PASSWORD_TO_CHANGE, WRONG_HOURS, WRONG_PLACE),
)
"""What a server says of a login and password that it does not let in."""
NO_PASSWORD = Cause(
    "share_password_unreadable",
    "the DataCode server cannot read its password for server {ip}: tell the administrator",
)
NO_TICKET = Cause("kerberos_failed", "Kerberos login failed (code {code})")
NO_TICKET_FILE = Cause("no_kerberos_ticket", "there is no Kerberos ticket for this account")
NO_KDC = Cause("no_kerberos_service", "the Kerberos ticket service cannot be reached")
NO_NTLM = Cause(
    "ntlm_refused", "server {ip} does not accept a login by password (NTLM), Kerberos is needed"
)
NO_CONTROLLER = Cause("no_domain_controller", "server {ip} cannot check the account in its domain")
NO_SHARE = Cause("share_not_found", "share '{share}' not found")
NOT_A_DISK = Cause("share_without_files", "share '{share}' holds no files")
DENIED = Cause("access_denied", "access denied")
MISSING = Cause("file_not_found", "'{path}' not found")
IS_FOLDER = Cause("is_a_folder", "'{path}' is a folder")
NOT_FOLDER = Cause("not_a_folder", "'{path}' is not a folder")
LOCKED = Cause("file_in_use", "the file is in use by another process")
INFECTED = Cause("file_infected", "server {ip} considers file '{path}' infected")
OFFLINE = Cause("file_offline", "file '{path}' lies in an archive and is not available now")
DISK_FAULT = Cause("disk_fault", "the disk of server {ip} is faulty: '{path}' was not read")
BAD_NAME = Cause("bad_name", "invalid name '{path}'")
PATH_TOO_LONG = Cause("path_too_long", "the path is longer than {limit} bytes")
EXISTS = Cause("already_exists", "'{path}' exists already")
NOT_EMPTY = Cause("folder_not_empty", "folder '{path}' is not empty")
ELSEWHERE = Cause(
    "unknown_dfs_server",
    "'{path}' lies on another server (DFS), but server {ip} does not say on which",
)
LEADS_AWAY = Cause(
    "dfs_leads_away",
    "'{path}' lies on server {host} (DFS), outside of the domain of server {ip};"
    " the administrator can allow it (--smb-host)",
)
CIRCLE = Cause("links_in_circle", "the links on the path '{path}' lead in a circle")
LINK = Cause("link_not_followed", "'{path}' is a link, which is not followed")
CHANGED = Cause("changing_while_read", "'{path}' is changing while it is read")
TOO_LARGE = Cause("file_too_big", "file '{path}' is too large ({size} bytes, limit {limit} bytes)")
TOO_MANY_NAMES = Cause("too_many_names", "folder '{path}' holds too many names (limit {limit})")
TOO_DEEP = Cause("folder_too_deep", "folder '{path}' is nested too deep (limit {limit})")
SHARE_FULL = Cause("share_full", "there is no space left on share '{share}'")
SPOOL_FULL = Cause("no_room_for_file", "the DataCode server has no room for the file '{path}'")
FILE_READ_ONLY = Cause("file_read_only", "file '{path}' is read-only")
READ_ONLY = Cause("share_read_only", "share '{share}' is read-only")
NO_WRITES = Cause("writing_forbidden", "writing to shares is not allowed by the administrator")
NO_WRITES_HERE = Cause(
    "writing_to_share_forbidden", "writing to share '{share}' is not allowed by the administrator"
)

ONLY_SMB1 = Cause("only_smb1", "the server supports SMB1 only", broken=True)
UNREACHABLE = Cause("unreachable", "server {ip} cannot be reached", broken=True, located=True)
SILENT = Cause("server_silent", "server {ip} does not answer", broken=True, located=True)
TOO_SLOW = Cause(
    "connection_too_slow",
    "the connection to {ip} is too slow: '{path}' was not transferred in {seconds} s",
    broken=True,
)
LOST = Cause(
    "connection_lost", "the connection to {ip} was lost", broken=True, again=True, located=True
)
EXPIRED = replace(LOST, undone=True)
FORGED = Cause(
    "integrity_check_failed",
    "an answer of server {ip} failed the integrity check",
    broken=True,
    located=True,
)
NONSENSE = Cause("protocol_violated", "server {ip} broke the SMB protocol", broken=True)
NO_ANONYMOUS_LIST = Cause(
    "shares_need_login", "server {ip} does not tell its shares without a login"
)
TURNED_AWAY = Cause(
    "refused_by_server", "server {ip} refuses connections from the DataCode server", broken=True
)
UNSIGNED = Cause("answers_not_signed", "server {ip} does not sign its answers")
BUSY = Cause("server_overloaded", "server {ip} is overloaded")
OTHER = Cause("server_error_status", "server {ip} answered with error {status}")
BAD_HOST = Cause("bad_server_address", "invalid address '{ip}'")
HOST_REFUSED = Cause("server_not_allowed", "server {ip} is not allowed by the administrator")
TOO_MANY_SHARES = Cause("too_many_shares", "too many shares are connected (limit {limit})")

NOT_CONNECTED = Cause("share_not_connected", "SMB share '{share}' is not connected", bare=True)
CONNECTED = Cause("share_already_connected", "SMB share '{share}' is already connected", bare=True)
OF_ACCOUNT = Cause(
    "share_of_account",
    "Share '{share}' was set up by the administrator and cannot be disconnected",
    bare=True,
)
BAD_PATH = Cause("bad_path", "Invalid path", bare=True)


_WITHOUT_PATH = (None, Operation.CONNECT, Operation.SHARES)
_LOCATED = Message(
    "where_and_how_often", "{reason} (lib://{share}/{path}, attempts: {tries})", russian=True
)
_INCOMPLETE = Message(
    "file_may_be_incomplete", "{reason}; file '{path}' may be incomplete now", russian=True
)


class ShareError(FilesError):
    """Something about a share failed.

    ``cause`` is one of the constants above and ``operation`` what was tried, None until known.
    ``params`` are the names in the sentence, spelled as the client spelled them, and
    ``incomplete`` where the file may hold a part of what was to be written; ``share`` and
    ``path`` tell where, for the log; a password is never in here.
    """

    def __init__(
        self, cause: Cause, *, operation: Operation | None = None, **params: object
    ) -> None:
        self.cause = cause
        self.operation = operation
        self.params = {name: str(value) for name, value in params.items()}
        message = Message(cause.code, cause.template, {**self.params}, russian=True)
        if cause.located and operation not in _WITHOUT_PATH:
            self.params.setdefault("tries", "1")
            message = _LOCATED.filled(**self.params, reason=message)
        if operation is not None and not cause.bare:
            message = operation.value.filled(reason=message)
        if "incomplete" in self.params:
            message = _INCOMPLETE.filled(path=self.params.get("path", ""), reason=message)
        super().__init__(message)

    def during(self, operation: Operation) -> ShareError:
        """The same failure, with the prefix of what was tried."""
        return ShareError(self.cause, operation=operation, **self.params)

    def named(self, **params: object) -> ShareError:
        """The same failure; names that it lacks are taken from ``params``."""
        return ShareError(self.cause, operation=self.operation, **{**params, **self.params})

    def renamed(self, names: dict[str, str], *, share: str) -> ShareError:
        """The same failure where share and path are known to the client by other names."""
        path = self.params.get("path", "")
        params = {**self.params, "share": share, "path": names.get(path, path)}
        return ShareError(self.cause, operation=self.operation, **params)


class Status:
    """The NT status codes that mean something to us ([MS-ERREF], 2.3.1)."""

    OK = 0x00000000
    PENDING = 0x00000103
    NO_MORE_FILES = 0x80000006
    NO_SUCH_FILE = 0xC000000F
    END_OF_FILE = 0xC0000011
    OBJECT_NAME_NOT_FOUND = 0xC0000034
    OBJECT_NAME_COLLISION = 0xC0000035
    OBJECT_PATH_NOT_FOUND = 0xC000003A
    FILE_IS_A_DIRECTORY = 0xC00000BA
    NOT_A_DIRECTORY = 0xC0000103
    USER_SESSION_DELETED = 0xC0000203
    SESSION_EXPIRED = 0xC000035C


_CAUSES: dict[int, Cause] = {
    0xC000006D: WRONG_LOGIN,
    0xC000006A: WRONG_LOGIN,
    0xC0000064: WRONG_LOGIN,
    0xC0000072: ACCOUNT_DISABLED,
    0xC0000234: ACCOUNT_LOCKED,
    0xC0000193: ACCOUNT_EXPIRED,
    0xC0000071: PASSWORD_EXPIRED,
    0xC000006E: NO_ACCOUNT,  # restricted
    0xC000006F: WRONG_HOURS,
    0xC0000070: WRONG_PLACE,
    0xC000015B: NO_ACCOUNT,  # not granted this kind of logon
    0xC0000224: PASSWORD_TO_CHANGE,
    0xC0000418: NO_NTLM,
    0xC000005E: NO_CONTROLLER,
    0xC000018B: NO_CONTROLLER,  # the file server's own account is not known there
    0xC000018C: NO_CONTROLLER,  # nor is there trust between the domains
    0xC000018D: NO_CONTROLLER,
    0xC0000192: NO_CONTROLLER,
    0xC00000CC: NO_SHARE,
    0xC00000CB: NOT_A_DISK,
    0xC0000022: DENIED,
    0xC0000121: DENIED,  # cannot be deleted
    0xC0000061: DENIED,  # a privilege is missing
    0xC00000CA: DENIED,  # network access denied
    Status.OBJECT_NAME_NOT_FOUND: MISSING,
    Status.OBJECT_PATH_NOT_FOUND: MISSING,
    Status.NO_SUCH_FILE: MISSING,
    0xC0000056: MISSING,  # deleted, but somebody still holds it open
    Status.FILE_IS_A_DIRECTORY: IS_FOLDER,
    Status.NOT_A_DIRECTORY: NOT_FOLDER,
    0xC0000043: LOCKED,
    0xC0000054: LOCKED,  # a range of it is locked
    0xC0000243: LOCKED,  # another program has it mapped into memory
    0xC0000906: INFECTED,
    0xC0000907: INFECTED,
    0xC0000267: OFFLINE,
    0xC000CF0C: OFFLINE,  # a cloud's file, and the cloud cannot be reached
    0xC000CF06: OFFLINE,
    0xC000003E: DISK_FAULT,
    0xC000003F: DISK_FAULT,
    0xC0000032: DISK_FAULT,
    0xC0000102: DISK_FAULT,
    0xC0000185: DISK_FAULT,
    0xC000009C: DISK_FAULT,
    0xC0000033: BAD_NAME,
    0xC000003B: BAD_NAME,
    0xC0000039: BAD_NAME,
    0xC0000106: BAD_NAME,  # too long
    Status.OBJECT_NAME_COLLISION: EXISTS,
    0xC0000101: NOT_EMPTY,
    0xC0000257: ELSEWHERE,
    0x8000002D: LINK,
    0xC0000279: LINK,
    0xC000007F: SHARE_FULL,
    0xC0000044: SHARE_FULL,  # quota
    0xC0000802: SHARE_FULL,
    0xC00000A2: READ_ONLY,
    0xC000009A: BUSY,
    0xC0000205: BUSY,
    0xC00000D0: BUSY,  # a workstation lets in twenty
    0xC00000CE: BUSY,
    0xC00000B5: SILENT,
    Status.USER_SESSION_DELETED: EXPIRED,
    Status.SESSION_EXPIRED: EXPIRED,
    0xC00000C9: EXPIRED,  # the share was taken away, or comes back after a restart
    0xC000020C: LOST,
    0xC000020D: LOST,
    0xC0000241: LOST,
    0xC0000467: LOST,  # a cluster moves the share to another of its servers
    0xC0000466: LOST,
    0xC0000128: LOST,  # our handle is gone
    0xC00000B6: LOST,  # an administrator has closed it
}


def of_status(status: int) -> ShareError:
    """The failure that an NT status means; its names are filled in by ``named``."""
    return ShareError(_CAUSES.get(status, OTHER), status=f"0x{status:08X}")


def of_tree_status(status: int) -> ShareError:
    """The same where a share was being opened: there a missing path is a missing share."""
    error = of_status(status)
    if error.cause is MISSING or error.cause is BAD_NAME:
        return ShareError(NO_SHARE)
    return error
