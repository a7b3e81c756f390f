"""nginx and HAProxy with the configurations from ``deploy/``, on ports and in folders of a test."""

from __future__ import annotations

import atexit
import datetime
import ipaddress
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SkipTest

from tests.daemons import descendants

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PATIENCE = 30.0


def program(name: str) -> str:
    """Where a program is. Skips the test where it is missing, except in CI."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing = f"no {name} on this machine: apt-get install {name}"
        if os.environ.get("CI") == "true":
            raise AssertionError(missing)
        raise SkipTest(missing)
    return found


def replaced(text: str, **pairs: str) -> str:
    """The text with each of the pairs replaced: each stands in it exactly once."""
    for old, new in pairs.items():
        assert text.count(old) == 1, f"{old!r} does not stand there once"
        text = text.replace(old, new)
    return text


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "datacode tests")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class Proxy:
    """A running proxy: TLS on ``port``, and how to trust its certificate."""

    def __init__(self, command: list[str], port: int, certificate: Path) -> None:
        self.port = port
        self.trust = ssl.create_default_context(cafile=str(certificate))
        self._command = command
        self._log = certificate.with_name("log").open("wb+")
        self._start()
        atexit.register(self.stop)

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self._wait()

    def kill(self) -> None:
        """End all of its processes at once, as when the machine loses power."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)

    def restart(self) -> None:
        """Kill it, and start it again."""
        self.kill()
        self._start()

    def reload(self) -> None:
        """Have it read its configuration again, as after a new certificate; wait until other
        processes take new connections."""
        before = set(descendants(self._process.pid))
        is_nginx = Path(self._command[0]).name == "nginx"
        self._process.send_signal(signal.SIGHUP if is_nginx else signal.SIGUSR2)
        end = time.monotonic() + PATIENCE
        while not set(descendants(self._process.pid)) - before:
            assert time.monotonic() < end, self.said()
            time.sleep(0.01)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert self._process.poll() is None, self.said()
                assert time.monotonic() < end, self.said()
                time.sleep(0.01)

    def said(self) -> str:
        """What it has logged."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def stop(self) -> None:
        """End it."""
        if not self._log.closed:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._log.close()


def nginx_with_passwords(folder: Path, server: int) -> Proxy:
    """The same, which asks for a name and a password of its own: anna, secret."""
    (folder / "htpasswd").write_text("anna:{PLAIN}secret\n", "utf-8")
    own = {
        '#auth_basic "DataCode";': 'auth_basic "DataCode";',
        "#auth_basic_user_file /etc/nginx/datacode.htpasswd;": (
            f"auth_basic_user_file {folder}/htpasswd;"
        ),
    }
    return nginx(folder, server, own)


def nginx(folder: Path, server: int, own: Mapping[str, str] = MappingProxyType({})) -> Proxy:
    """nginx in front of a server; ``own`` is what else is replaced in its configuration."""
    found, port, pem = program("nginx"), free_port(), certificate(folder)
    site = replaced(
        (DEPLOY / "nginx.conf").read_text("utf-8"),
        **{
            "127.0.0.1:8899;": f"127.0.0.1:{server};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "/etc/ssl/datacode/fullchain.pem": str(pem),
            "/etc/ssl/datacode/privkey.pem": str(pem),
            **own,
        },
    )
    (folder / "site.conf").write_text(site, "utf-8")
    folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"  {name}_temp_path {folder}/{name};\n" for name in folders)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{ }}\n"
        f"http {{\n  access_log off;\n{temporary}  include site.conf;\n}}\n",
        "utf-8",
    )
    command = [found, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return Proxy(command, port, pem)


def haproxy(folder: Path, server: int) -> Proxy:
    """HAProxy in front of a server; its checks are made ten times as often, and can be asked."""
    found, port, pem = program("haproxy"), free_port(), certificate(folder)
    text = replaced(
        (DEPLOY / "haproxy.cfg").read_text("utf-8"),
        **{
            "server one 127.0.0.1:8899 check inter 2s": (
                f"server one 127.0.0.1:{server} check inter 200ms"
            ),
            "bind :443 ssl": f"bind 127.0.0.1:{port} ssl",
            "/etc/ssl/datacode/datacode.pem": str(pem),
            "global\n": f"global\n    stats socket {folder}/control\n",
        },
    )
    (folder / "haproxy.cfg").write_text(text, "utf-8")
    return Proxy([found, "-W", "-f", str(folder / "haproxy.cfg")], port, pem)
