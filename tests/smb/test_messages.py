"""Messages, listings, signatures and encryption, without a server."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.smb.protocol import messages, query_directory, share_list
from datacode.smb.protocol.crypto import (
    TAG,
    Cipher,
    Encrypted,
    Forged,
    SecurityParameters,
    Signed,
    Signing,
    Transform,
    Unprotected,
    derived_key,
    transform_for,
)
from datacode.smb.protocol.messages import Command, Dialect, Malformed
from datacode.smb.share_paths import encode_name

PARSERS: list[Callable[[memoryview], object]] = [
    messages.parse_header,
    messages.parse_negotiate,
    messages.parse_tree_connect,
    messages.parse_create,
    messages.parse_close,
    lambda body: messages.parse_read(body, 1000),
    messages.parse_write,
    messages.parse_query_directory,
    lambda body: list(query_directory.entries(body)),
]


def entry(name: str, *, following: bool, size: int = 7, attributes: int = 0) -> bytes:
    """One entry of a listing."""
    encoded = encode_name(name)
    data = struct.pack("<QQQQQQII", 0, 0, 0, 0, size, 0, attributes, len(encoded)) + encoded
    length = 8 + len(data)
    padding = -length % 8
    return struct.pack("<II", length + padding if following else 0, 0) + data + b"\0" * padding


class ParserTests(SynchronousTestCase):
    """What comes from a server is not trusted."""

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(PARSERS), st.binary(max_size=300), st.integers(0, 100))
    def test_any_bytes(self, parse: Callable[[memoryview], object], data: bytes, size: int) -> None:
        """A parser gives a result, or says that the answer is malformed; nothing else."""
        for text in (data, struct.pack("<H", size) + data):
            with contextlib.suppress(Malformed):
                parse(memoryview(text))

    def test_more_than_was_asked_for(self) -> None:
        """A server cannot make a file longer than the room for it."""
        body = struct.pack("<HBBIII", 17, 80, 0, 10, 0, 0) + b"0123456789"
        self.assertEqual(messages.parse_read(memoryview(body), 10), b"0123456789")
        self.assertRaises(Malformed, messages.parse_read, memoryview(body), 9)

    def test_parts_outside_of_the_message(self) -> None:
        """An offset into the header, or behind the end."""
        for offset, length in ((0, 5), (63, 5), (80, 11), (255, 1)):
            body = struct.pack("<HBBIII", 17, offset, 0, length, 0, 0) + b"0123456789"
            self.assertRaises(Malformed, messages.parse_read, memoryview(body), 100)


class ListingTests(SynchronousTestCase):
    """The entries of a folder."""

    def names(self, data: bytes) -> list[str]:
        """The names of all entries."""
        return [found.name for found in query_directory.entries(memoryview(data))]

    def test_entries(self) -> None:
        """Names beyond the basic plane, folders and sizes."""
        data = entry("😀 й.txt", following=True) + entry("dir", following=False, attributes=0x10)
        first, second = query_directory.entries(memoryview(data))
        self.assertEqual((first.name, first.is_folder, first.size), ("😀 й.txt", False, 7))
        self.assertEqual((second.name, second.is_folder, second.size), ("dir", True, None))

    def test_empty(self) -> None:
        """No bytes are no entries."""
        self.assertEqual(self.names(b""), [])

    def test_an_entry_that_points_backwards(self) -> None:
        """Would be an endless list; it is malformed."""
        data = bytearray(entry("name", following=True) + entry("b", following=False))
        struct.pack_into("<I", data, 0, 4)
        self.assertRaises(Malformed, self.names, bytes(data))

    def test_names_that_would_lead_elsewhere(self) -> None:
        """A server cannot smuggle a path into a listing."""
        data = entry("..\\..\\x", following=True) + entry("a/b", following=True)
        self.assertEqual(self.names(data + entry("ok", following=False)), ["ok"])

    @given(st.lists(st.text(st.characters(exclude_characters="/\\\0"), max_size=60), min_size=1))
    def test_any_names(self, names: list[str]) -> None:
        """All come back, in their order."""
        data = b"".join(entry(name, following=i < len(names) - 1) for i, name in enumerate(names))
        self.assertEqual(self.names(data), names)


def parameters(
    dialect: int, cipher: int = 0, signing: int = 0, key: bytes = b"k" * 16
) -> SecurityParameters:
    """What a login could have settled."""
    return SecurityParameters(dialect, 77, key, b"p" * 64, cipher, signing)


PARAMETERS = [
    parameters(Dialect.SMB_2_0_2),
    parameters(Dialect.SMB_2_1),
    parameters(Dialect.SMB_3_0, signing=Signing.AES_CMAC),
    parameters(Dialect.SMB_3_1_1, signing=Signing.AES_CMAC),
    parameters(Dialect.SMB_3_1_1, signing=Signing.AES_GMAC),
    parameters(Dialect.SMB_3_0, Cipher.AES_128_CCM),
    *(parameters(Dialect.SMB_3_1_1, cipher) for cipher in Cipher.ALL),
]


def share_names(*shares: tuple[str, int, str]) -> bytes:
    """The answer of a host that has these shares."""
    count = len(shares)
    head = struct.pack("<IIIIII", 1, 1, 4, count, 8, count)
    entries = b"".join(struct.pack("<III", 12, kind, 16) for _, kind, _ in shares)
    texts = b""
    for name, _, remark in shares:
        for text in (name, remark):
            data = f"{text}\0".encode("utf-16-le")
            units = len(data) // 2
            texts += struct.pack("<III", units, 0, units) + data + bytes(-len(data) % 4)
    return head + entries + texts + struct.pack("<III", count, 0, 0)


class ShareListTests(SynchronousTestCase):
    """The shares of a host."""

    def test_shares(self) -> None:
        """By name, kind and remark."""
        shares = [("data", 0, ""), ("IPC$", 0x80000003, "IPC Service"), ("Отчёты", 0, "за год")]
        self.assertEqual(share_list.parse(share_names(*shares)), shares)
        self.assertEqual(share_list.parse(struct.pack("<IIIIII", 1, 1, 4, 0, 0, 0)), [])
        self.assertEqual(share_list.status(share_names()), 0)

    @given(st.binary(max_size=200), st.integers(0, 200))
    def test_any_bytes(self, data: bytes, at: int) -> None:
        """Are a list or malformed, and nothing else."""
        whole = share_names(("data", 0, "remark"), ("b", 1, ""))
        for text in (data, whole[:at], whole[:at] + data, whole[:at] + data + whole[at:]):
            with contextlib.suppress(Malformed):
                share_list.parse(text)

    def test_a_hostile_answer(self) -> None:
        """A megabyte of entries without names is read in a moment."""
        count = 80_000
        data = struct.pack("<IIIIII", 1, 1, 4, count, 8, count) + bytes(12 * count)
        begun = time.process_time()
        self.assertEqual(len(share_list.parse(data)), count)
        self.assertRaises(Malformed, share_list.parse, data[:-9])
        self.assertLess(time.process_time() - begun, 10)


class ProtectionTests(SynchronousTestCase):
    """Signatures and tags, wrong ones above all. What real servers make of ours is tested there."""

    def answer(self, settled: SecurityParameters, body: bytes, status: int = 0) -> bytes:
        """What a server would send that has the same keys: our own, seen from its side."""
        head = bytearray(messages.header(Command.READ, 5, 1, 1, 0, 77))
        struct.pack_into("<I", head, 8, status)
        side: Transform = transform_for(settled)
        if isinstance(side, Encrypted):
            side._outgoing = side._incoming
        elif isinstance(side, Signed):
            sign = side._signature
            side._signature = lambda m, *, server: sign(m, server=True)  # type: ignore[method-assign]
        return side.seal((bytes(head) + body,))

    def opened(self, settled: SecurityParameters, frame: bytes) -> bytes:
        """The message in a frame."""
        return bytes(transform_for(settled).open(bytearray(frame + bytes(TAG)), len(frame)))

    def test_right_ones(self) -> None:
        """Open to what was sent."""
        for settled in PARAMETERS:
            plain = self.opened(settled, self.answer(settled, b"body" * 100))
            self.assertEqual(plain[64:], b"body" * 100)

    def test_every_bit(self) -> None:
        """Of a protected message counts."""
        for settled in PARAMETERS:
            frame = self.answer(settled, b"body")
            for bit in range(8 * len(frame)):
                forged = bytearray(frame)
                forged[bit // 8] ^= 1 << bit % 8
                self.assertRaises((Forged, Malformed), self.opened, settled, bytes(forged))

    def test_another_key(self) -> None:
        """Makes another signature."""
        for settled in PARAMETERS:
            other = SecurityParameters(
                settled.dialect, 77, b"x" * 16, b"p" * 64, settled.cipher, settled.signing
            )
            self.assertRaises(Forged, self.opened, settled, self.answer(other, b"body"))

    def test_another_negotiation(self) -> None:
        """Makes other keys, from 3.1.1 on."""
        for settled in PARAMETERS:
            if settled.dialect == Dialect.SMB_3_1_1:
                other = SecurityParameters(
                    settled.dialect, 77, b"k" * 16, b"q" * 64, settled.cipher, settled.signing
                )
                self.assertRaises(Forged, self.opened, settled, self.answer(other, b"body"))

    def test_unprotected_answers(self) -> None:
        """Are refused, whatever they say; only "still working on it" is not signed by anybody."""
        head = bytearray(messages.header(Command.READ, 5, 1, 1, 0, 77))
        for settled in PARAMETERS:
            self.assertRaises(Forged, self.opened, settled, bytes(head))
        struct.pack_into("<I", head, 8, 0x103)
        self.assertEqual(self.opened(PARAMETERS[0], bytes(head)), bytes(head))

    def test_two_answers_in_one_frame(self) -> None:
        """Each has a signature of its own; both are checked."""
        settled = PARAMETERS[0]
        second = self.answer(settled, b"two.")
        head = bytearray(messages.header(Command.READ, 4, 1, 1, 0, 77))
        struct.pack_into("<I", head, 20, 72)
        side = Signed(settled)
        first = side.seal((bytes(head) + b"one.....",))
        self.assertEqual(len(self.opened(settled, first + second)), len(first + second))
        forged = bytearray(first + second)
        forged[-1] ^= 1
        self.assertRaises(Forged, self.opened, settled, bytes(forged))

    def test_no_nonce_twice(self) -> None:
        """Two requests of the same words look different."""
        side = transform_for(parameters(Dialect.SMB_3_1_1, Cipher.AES_128_GCM))
        self.assertNotEqual(side.seal((b"h" * 64 + b"b",)), side.seal((b"h" * 64 + b"b",)))

    def test_guests_have_no_key(self) -> None:
        """So nothing is checked for them."""
        self.assertIsInstance(transform_for(parameters(Dialect.SMB_3_1_1, key=b"")), Unprotected)

    def test_derived_keys(self) -> None:
        """The example of the protocol's authors, for SMB 3.0 and 3.1.1."""
        key = bytes.fromhex("7CD451825D0450D235424E44BA6E78CC")
        self.assertEqual(
            derived_key(key, b"SMB2AESCMAC\0", b"SmbSign\0").hex().upper(),
            "0B7E9C5CAC36C0F6EA9AB275298CEDCE",
        )
        key = bytes.fromhex("270E1BA896585EEB7AF3472D3B4C75A7")
        preauth = bytes.fromhex(
            "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79"
            "28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01"
        )
        self.assertEqual(
            derived_key(key, b"SMBSigningKey\0", preauth).hex().upper(),
            "73FE7A9A77BEF0BDE49C650D8CCB5F76",
        )
