"""Whom to log in to, as whom, and whom the operator allows."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors
from datacode.smb.errors import ShareError
from datacode.smb.hosts import HostPolicy
from datacode.smb.policy import Kerberos
from datacode.smb.target import Target, split_address, split_login


class TargetTests(SynchronousTestCase):
    """The fields of a request, understood."""

    def test_addresses(self) -> None:
        """Names and addresses, with a port or without."""
        for text, expected in (
            ("10.0.0.5", ("10.0.0.5", 445)),
            ("fs1", ("fs1", 445)),
            ("fs1.corp.local:4450", ("fs1.corp.local", 4450)),
            ("[::1]", ("::1", 445)),
            ("[fe80::1%eth0]:139", ("fe80::1%eth0", 139)),
            ("::1", ("::1", 445)),
            (" fs1 ", ("fs1", 445)),
        ):
            self.assertEqual(split_address(text), expected)

    def test_what_cannot_be_an_address(self) -> None:
        """One sentence, with the text as the client wrote it."""
        for text in (
            *("", ":445", "a b", "fs1:", "fs1:x", "fs1:0", "fs1:70000", "[::1", "[::1]x"),
            *("[::1]:", "[fs1]", "//fs1", "a:b:c", "user@fs1", "x" * 300, "fs1:٤٤٥"),
        ):
            error = self.assertRaises(ShareError, split_address, text)
            self.assertEqual(str(error), f"некорректный адрес '{text.strip()}'")

    def test_logins(self) -> None:
        """The domain may be part of the login."""
        for text, expected in (
            ("ivan", ("ivan", "")),
            ("CORP\\ivan", ("ivan", "CORP")),
            ("ivan@corp.local", ("ivan", "corp.local")),
            ("@", ("@", "")),
            ("", ("", "")),
        ):
            self.assertEqual(split_login(text), expected)

    def test_an_explicit_domain_wins(self) -> None:
        """Then the login is taken as it is."""
        target = Target.parse("fs1", "a@b", "p", "CORP")
        self.assertEqual((target.login, target.domain), ("a@b", "CORP"))

    def test_a_password_needs_a_login(self) -> None:
        """An empty login with a password is refused; without one it asks for a guest."""
        error = self.assertRaises(ShareError, Target.parse, "fs1", "", "p", "")
        self.assertIs(error.cause, errors.WRONG_LOGIN)
        self.assertTrue(Target.parse("fs1", "", "", "").wants_guest)
        self.assertFalse(Target.parse("fs1", "ivan", "", "").wants_guest)

    def test_the_password_is_not_shown(self) -> None:
        """Neither by ``repr`` nor by ``str``."""
        target = Target.parse("fs1", "ivan", "s3cret", "")
        self.assertNotIn("s3cret", f"{target!r}{target}")


class HostPolicyTests(SynchronousTestCase):
    """The operator's list of hosts."""

    def test_no_list_allows_any(self) -> None:
        """Without an entry nothing is refused."""
        policy = HostPolicy()
        self.assertTrue(policy.allows_any)
        self.assertTrue(policy.allows_name("anything", 1))
        self.assertTrue(policy.allows_address("8.8.8.8", 445))

    def test_names(self) -> None:
        """A name allows itself, whatever its case or final dot, and no other name."""
        policy = HostPolicy(["FS1.corp.local", "fs2:445"])
        self.assertTrue(policy.allows_name("fs1.CORP.local.", 4450))
        self.assertTrue(policy.allows_name("fs2", 445))
        self.assertFalse(policy.allows_name("fs2", 4450))
        self.assertFalse(policy.allows_name("fs1", 445))
        self.assertFalse(policy.allows_address("10.0.0.1", 445))

    def test_addresses_and_networks(self) -> None:
        """An address in a network is allowed, by whatever name it was reached."""
        policy = HostPolicy(["10.0.0.0/8", "192.168.1.5:445", "fd00::/8"])
        for address, port, expected in (
            ("10.200.0.1", 1234, True),
            ("::ffff:10.0.0.1", 445, True),
            ("192.168.1.5", 445, True),
            ("192.168.1.5", 80, False),
            ("11.0.0.1", 445, False),
            ("fd00::1%eth0", 445, True),
            ("::1", 445, False),
        ):
            self.assertEqual(policy.allows_address(address, port), expected, address)
        self.assertFalse(policy.allows_name("fs1", 445))

    def test_nonsense_in_the_list(self) -> None:
        """An entry that is nothing is the operator's mistake, and named."""
        for entry in ("", "10.0.0.0/99", "a b", "fs1:port"):
            error = self.assertRaises(ValueError, HostPolicy, [entry])
            self.assertIn(repr(entry), str(error))


class KerberosTests(SynchronousTestCase):
    """Accounts with tickets."""

    def test_only_the_account_that_was_set_up(self) -> None:
        """Its name and realm count, their case does not."""
        kerberos = Kerberos({"svc@CORP.LOCAL": "/etc/svc.keytab"}, {"CORP.LOCAL": "dc1"})
        target = Target.parse("fs1", "SVC@corp.local", "", "")
        self.assertEqual(kerberos.file_for(target), "/etc/svc.keytab")
        self.assertEqual(kerberos.kdc_for(target), "dc1")
        other = Target.parse("fs1", "ivan", "", "ELSEWHERE")
        self.assertIsNone(kerberos.file_for(other))
        self.assertIsNone(kerberos.kdc_for(other))
