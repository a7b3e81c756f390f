"""Impacket's own SMB server on loopback, for tests: SMB 2.0.2 alone, no signatures, no manners."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from impacket import smbserver
from impacket.ntlm import compute_lmhash, compute_nthash

from datacode.smb.target import Target
from tests.smb.samba import LOGIN, PASSWORD, free_port


class ImpacketServer:
    """Serves ``folder`` as the share ``data`` until it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        logging.getLogger("impacket").setLevel(logging.CRITICAL)
        self._server = smbserver.SimpleSMBServer("127.0.0.1", self.port)
        self._server.addShare("data", str(folder))
        self._server.addCredential(LOGIN, 0, compute_lmhash(PASSWORD), compute_nthash(PASSWORD))
        self._server.setSMB2Support(True)
        self._thread = threading.Thread(target=self._server.start, daemon=True)
        self._thread.start()

    def target(self, login: str = LOGIN, password: str = PASSWORD) -> Target:
        """A target for this server."""
        return Target.parse(f"127.0.0.1:{self.port}", login, password, "")

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.getServer().shutdown()
        self._server.getServer().server_close()
        self._thread.join(5)
