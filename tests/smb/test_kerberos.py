"""Logging in with tickets: a real server that has a keytab, and no domain controller."""

from __future__ import annotations

import atexit
import getpass
import os
import tempfile
from pathlib import Path

from impacket import smb3
from impacket.krb5.kerberosv5 import KerberosError

from datacode.smb import errors
from datacode.smb.client.share import open_share
from datacode.smb.errors import Cause, ShareError
from datacode.smb.policy import ConnectionPolicy, Kerberos
from datacode.smb.target import Target
from tests.smb import kerberos
from tests.smb.samba import Samba, samba
from tests.smb.test_share import ShareTestCase

SERVICE = "cifs/127.0.0.1"
SERVICE_KEY, SESSION_KEY = os.urandom(32), os.urandom(32)
USER = getpass.getuser()
ACCOUNT = f"{USER}@{kerberos.REALM}"


def server(**options: str) -> Samba:
    """A server that takes tickets."""
    file = Path(tempfile.gettempdir()) / f"datacode-keytab-{os.getpid()}"
    if not file.exists():
        file.write_bytes(kerberos.keytab(SERVICE, SERVICE_KEY))
        atexit.register(file.unlink)
    return samba(
        realm=kerberos.REALM,
        kerberos_method="dedicated keytab",
        dedicated_keytab_file=str(file),
        **options,
    )


class KerberosTests(ShareTestCase):
    """The operator's tickets, for accounts that are named without a password."""

    def setUp(self) -> None:
        self.server = server()
        self.file = Path(self.mktemp())
        self.cache(SERVICE_KEY)

    def cache(self, key: bytes, user: str = USER) -> None:
        """Put a ticket into the file."""
        ticket = kerberos.ticket(user, SERVICE, key, SESSION_KEY)
        content = kerberos.credential_cache(user, SERVICE, ticket, SESSION_KEY)
        self.file.write_bytes(content)

    def policy(self, **kdcs: str) -> ConnectionPolicy:
        """The rules: one account has the file."""
        return ConnectionPolicy(kerberos=Kerberos({ACCOUNT: str(self.file)}, kdcs))

    def target(self, login: str = ACCOUNT, password: str = "") -> Target:
        """The server with tickets."""
        return Target.parse(self.server.address, login, password, "")

    def refused(self, cause: Cause, target: Target, policy: ConnectionPolicy) -> None:
        """Assert why a login fails."""
        error = self.assertRaises(ShareError, open_share, target, "data", policy, self.deadline())
        self.assertIs(error.cause, cause)

    def test_a_ticket_opens(self) -> None:
        """With the same protection as a password."""
        (self.server.folder / "k.txt").write_text("ticket")
        share = self.opened(self.target(), policy=self.policy())
        self.assertTrue(share._wire.encrypts)
        self.assertEqual(self.read(share, "k.txt"), b"ticket")

    def test_a_server_with_long_ciphers_only(self) -> None:
        """Those need a part of the key that the login does not give us: we sign instead."""
        self.server = server(server_smb3_encryption_algorithms="AES-256-GCM")
        (self.server.folder / "k.txt").write_text("ticket")
        share = self.opened(self.target(), policy=self.policy())
        self.assertFalse(share._wire.encrypts)
        self.assertEqual(self.read(share, "k.txt"), b"ticket")

    def test_a_ticket_for_another_key(self) -> None:
        """Is refused by the server."""
        self.cache(os.urandom(32))
        self.refused(errors.WRONG_LOGIN, self.target(), self.policy())

    def test_only_the_account_that_has_it(self) -> None:
        """Others log in with their passwords, and fail without."""
        target = self.target(f"other@{kerberos.REALM}")
        self.refused(errors.WRONG_LOGIN, target, self.policy())

    def test_a_password_is_not_ignored(self) -> None:
        """Whoever gives one wants it to be checked."""
        self.refused(errors.WRONG_LOGIN, self.target(password="wrong"), self.policy())

    def test_nothing_that_fits_in_the_file(self) -> None:
        """A cache without a ticket for this service, a keytab of others, no file."""
        ticket = kerberos.ticket(USER, "cifs/other", SERVICE_KEY, SESSION_KEY)
        contents = (
            kerberos.credential_cache(USER, "cifs/other", ticket, SESSION_KEY),
            kerberos.keytab("other", SERVICE_KEY),
        )
        for content in contents:
            self.file.write_bytes(content)
            self.refused(errors.NO_TICKET_FILE, self.target(), self.policy())
        self.file.unlink()
        self.refused(errors.NO_TICKET_FILE, self.target(), self.policy())

    def test_a_controller_that_is_not_there(self) -> None:
        """A key, or a password, needs one; what it says when there is none."""
        self.file.write_bytes(kerberos.keytab(USER, SERVICE_KEY))
        policy = self.policy(**{kerberos.REALM: "127.0.0.77"})
        self.refused(errors.NO_KDC, self.target(), policy)
        self.refused(errors.NO_KDC, self.target(password="x"), policy)

    def test_what_a_controller_says(self) -> None:
        """Wrong passwords and locked accounts have the sentences that they have elsewhere."""
        for code, cause in (
            (24, errors.WRONG_LOGIN),
            (6, errors.WRONG_LOGIN),
            (18, errors.NO_ACCOUNT),
            (23, errors.PASSWORD_EXPIRED),
            (37, errors.NO_TICKET),
        ):

            def refuse(*arguments: object, error: int = code, **more: object) -> None:
                raise KerberosError(error)

            self.patch(smb3.SMB3, "kerberosLogin", refuse)
            self.refused(cause, self.target(), self.policy())
