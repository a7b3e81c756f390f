"""What tests do where there is no Samba."""

from __future__ import annotations

import os

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.smb import samba


class MissingSambaTests(SynchronousTestCase):
    """A machine without ``smbd``."""

    def setUp(self) -> None:
        self.patch(samba, "SMBD", None)
        self.patch(samba, "_running", {})
        self.environment = dict(os.environ)
        self.patch(os, "environ", self.environment)

    def test_skips(self) -> None:
        """A user's machine skips, and hears how to get it."""
        self.environment.pop("CI", None)
        error = self.assertRaises(SkipTest, samba.samba)
        self.assertIn("apt-get install samba", str(error))

    def test_fails_in_ci(self) -> None:
        """There it is a failure."""
        self.environment["CI"] = "true"
        self.assertRaises(AssertionError, samba.samba)
