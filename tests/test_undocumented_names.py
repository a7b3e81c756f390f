"""The names of other libraries that they do not document and that we override or read.

An upgrade may take one away without a word, and what we override would then just not be called.
Whoever uses one more adds it to ``NAMES``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import NamedTuple

from impacket import smb3
from twisted.trial.unittest import SynchronousTestCase

import datacode
from tests.requirements import ROOT


class Names(NamedTuple):
    """Undocumented names of one class or module, and who of us uses them.

    ``overridden`` are called or read by the library, ``used`` by us: methods, attributes that a
    class sets on its instances, names of a module.
    """

    library: str
    owner: str
    """``package.module`` or ``package.module:Class``."""
    user: str
    overridden: str = ""
    used: str = ""


NAMES = (
    Names(
        "matplotlib",
        "matplotlib.font_manager",
        "datacode/charts/fonts.py",
        used="_cached_realpath _get_font",
    ),
    Names(
        "matplotlib",
        "matplotlib.font_manager:FontManager",
        "datacode/charts/fonts.py",
        overridden="_find_fonts_by_props",
    ),
    Names(
        "matplotlib",
        "matplotlib.font_manager:FontProperties",
        "datacode/charts/fonts.py",
        used="_from_any",
    ),
    Names(
        "Autobahn",
        "autobahn.twisted.websocket:WebSocketServerProtocol",
        "datacode/server/net/websocket.py",
        overridden="_closeConnection _parseExtensionsHeader _sendAutoPing consumeData dataReceived"
        " failHandshake log onAutoPingTimeout sendData unregisterProducer",
        used="_perMessageCompress autoPingInterval autoPingPending autoPingPendingCall"
        " autoPingTimeoutCall closedByMe data dropConnection failedByMe localCloseCode"
        " message_is_binary processData processHandshake remoteCloseCode sendCloseFrame state"
        " wasClean wasCloseHandshakeTimeout wasNotCleanReason wasOpenHandshakeTimeout",
    ),
    Names(
        "Autobahn",
        "autobahn.twisted.websocket:WebSocketServerFactory",
        "datacode/server/net/websocket.py",
        overridden="_batched_timer log",
    ),
    Names(
        "Twisted",
        "twisted.internet.abstract:FileDescriptor",
        "datacode/worker/fast_write.py",
        used="_maybePauseProducer _tempDataBuffer dataBuffer offset",
    ),
    Names(
        "Twisted",
        "twisted.internet.selectreactor:SelectReactor",
        "datacode/console/shares.py",
        overridden="_registerAsIOThread",
    ),
    Names(
        "Twisted",
        "twisted.python.usage:Options",
        "datacode/server/options/help.py",
        used="defaults docs longOpt",
    ),
    Names(
        "Twisted", "twisted.python.usage", "datacode/server/options/help.py", used="docMakeChunks"
    ),
    Names(
        "Twisted",
        "twisted.python.threadpool:ThreadPool",
        "datacode/smb/thread_quota.py",
        overridden="threadFactory",
    ),
    Names(
        "Impacket",
        "impacket.smb3:SMB3",
        "datacode/smb/client/smb_connection.py",
        overridden="negotiateSession recvSMB sendSMB SMB_PACKET _timeout _NetBIOSSession"
        " connectTree create close read write _Connection _Session",
        used="echo flush get_socket ioctl kerberosLogin login logoff setInfo",
    ),
    Names(
        "Impacket",
        "impacket.smb3:SMB3",
        "datacode/smb/client/session_setup.py",
        used="_Session kerberosLogin login",
    ),
    Names(
        "Impacket",
        "impacket.smbconnection:SMBConnection",
        "datacode/smb/client/smb_connection.py",
        used="closeFile getCredentials openFile readFile setInfo writeFile",
    ),
    Names(
        "PLY",
        "ply.yacc:LRParser",
        "datacode/language/syntax/lr_driver.py",
        used="action goto productions",
    ),
    Names(
        "PLY",
        "ply.yacc:MiniProduction",
        "datacode/language/syntax/lr_driver.py",
        used="callable name",
    ),
    Names(
        "PLY",
        "ply.yacc:Production",
        "datacode/language/syntax/lr_driver.py",
        used="callable name prod",
    ),
    Names(
        "ipykernel",
        "ipykernel.kernelbase:Kernel",
        "datacode/kernel/kernel.py",
        overridden="set_parent",
        used="execution_count iopub_socket",
    ),
    Names("ipykernel", "ipykernel.iostream", "datacode/kernel/kernel.py", used="OutStream"),
    Names(
        "openpyxl",
        "openpyxl.writer.excel:ExcelWriter",
        "datacode/tables/xlsx/row_stream.py",
        overridden="write_worksheet _archive",
        used="manifest write_data",
    ),
    Names(
        "openpyxl",
        "openpyxl.worksheet._writer:WorksheetWriter",
        "datacode/tables/xlsx/row_stream.py",
        overridden="write_dimensions",
        used="_rels write xf",
    ),
    Names(
        "openpyxl",
        "openpyxl.worksheet.worksheet:Worksheet",
        "datacode/tables/xlsx/row_stream.py",
        used="_charts _images _rels _drawing path title",
    ),
    Names("openpyxl", "openpyxl.cell:Cell", "datacode/tables/xlsx/row_stream.py", used="style_id"),
)

IMPACKET_KEYS = {
    "_Connection": "Dialect RequireSigning MaxReadSize MaxWriteSize PreauthIntegrityHashValue"
    " SequenceWindow",
    "_Session": "SessionFlags SessionID SessionKey PreauthIntegrityHashValue TreeConnectTable"
    " OpenTable UserCredentials SigningKey EncryptionKey DecryptionKey ApplicationKey",
}
"""Keys of two dictionaries of ``SMB3``, which ``datacode/smb/client/smb_connection.py`` uses."""


def found(path: str) -> object:
    """The module or class of that name."""
    module, _, name = path.partition(":")
    owner: object = importlib.import_module(module)
    return getattr(owner, name) if name else owner


def codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def mentioned(owner: object) -> set[str]:
    """Every attribute that the methods of a class and of those it inherits from read or set."""
    functions = [
        function
        for each in inspect.getmro(owner)  # type: ignore[arg-type]
        for attribute in vars(each).values()
        for function in (
            (attribute.fget, attribute.fset) if isinstance(attribute, property) else (attribute,)
        )
        if isinstance(function, FunctionType)
    ]
    return {
        name
        for function in functions
        for code in codes(function.__code__)
        for name in code.co_names
    }


def called_by_library(owner: object) -> set[str]:
    """Every name in the code of the modules that a class and those it inherits from stand in."""
    modules = {each.__module__ for each in inspect.getmro(owner)}  # type: ignore[arg-type]
    names: set[str] = set()
    for module in modules - {"builtins"}:
        source = inspect.getsource(importlib.import_module(module))
        for code in codes(compile(source, module, "exec")):
            names.update(code.co_names)
    return names


class UndocumentedNamesTests(SynchronousTestCase):
    """``NAMES``."""

    def test_used_names_are_there(self) -> None:
        """Each name that we read or call exists, or instances get it."""
        for each in NAMES:
            owner = found(each.owner)
            set_there = mentioned(owner) if inspect.isclass(owner) else set()
            for name in each.used.split():
                self.assertTrue(
                    hasattr(owner, name) or name in set_there,
                    f"{each.library} no longer has {name} in {each.owner}, which {each.user} uses",
                )

    def test_overridden_names_are_called(self) -> None:
        """Each name that we override exists, and the library's own code uses it."""
        for each in NAMES:
            owner = found(each.owner)
            for name in each.overridden.split():
                self.assertTrue(
                    hasattr(owner, name) or name in mentioned(owner),
                    f"{each.library} no longer has {name} in {each.owner}, which {each.user}"
                    " overrides",
                )
                self.assertIn(
                    name,
                    called_by_library(owner),
                    f"{each.library} no longer uses {name} of {each.owner}, which {each.user}"
                    " overrides: what stands there is not called any more",
                )

    def test_keys_of_impacket(self) -> None:
        """A session of Impacket keeps what it knows under the keys that we fill and read."""

        class Session(smb3.SMB3):  # type: ignore[misc]
            def negotiateSession(self, *_arguments: object) -> None:
                pass

        session = Session("host", "host", session=object())
        for dictionary, keys in IMPACKET_KEYS.items():
            for key in keys.split():
                self.assertIn(
                    key,
                    getattr(session, dictionary),
                    f"Impacket no longer has {key} in SMB3.{dictionary}, which"
                    " datacode/smb/client/smb_connection.py uses",
                )

    def test_every_name_is_still_ours(self) -> None:
        """The list names nothing that the user of it does not mention any more."""
        for each in NAMES:
            text = (ROOT / each.user).read_text(encoding="utf-8")
            for name in f"{each.overridden} {each.used}".split():
                self.assertTrue(
                    re.search(rf"\b{name}\b", text), f"{each.user} does not use {name} any more"
                )

    def test_private_names_are_listed(self) -> None:
        """Names with an underscore that a class of ours has or reads from a library's class."""
        listed = {
            (each.user, name) for each in NAMES for name in f"{each.overridden} {each.used}".split()
        }
        for module in pkgutil.walk_packages(datacode.__path__, "datacode."):
            if module.name.endswith("__main__"):
                continue
            for own in vars(importlib.import_module(module.name)).values():
                if not inspect.isclass(own) or own.__module__ != module.name:
                    continue
                user = f"{module.name.replace('.', '/')}.py"
                for name in self.shared_privately(own):
                    self.assertIn((user, name), listed, f"NAMES lacks {name} of {own.mro()[1:]}")

    def shared_privately(self, own: type) -> set[str]:
        """Private names of a class of ours that a class of a library has, too."""
        libraries = (
            "autobahn.",
            "twisted.",
            "impacket.",
            "prompt_toolkit.",
            "ipykernel.",
            "openpyxl.",
        )
        foreign = [each for each in own.__mro__ if each.__module__.partition(".")[0] in libraries]
        if not foreign:
            return set()
        ours = {name for name in vars(own) if name.startswith("_")}
        for attribute in vars(own).values():
            if isinstance(attribute, FunctionType):
                ours.update(attribute.__code__.co_names)
        theirs = set().union(*(vars(each) for each in foreign), *map(mentioned, foreign))
        # traitlets gives every class its own of these
        generated = {name for name in ours if "trait" in name or name in TRAITLETS}
        return {
            name
            for name in (ours & theirs) - generated
            if name.startswith("_") and not name.startswith("__")
        }


TRAITLETS = {"_static_immutable_initial_values", "_descriptors", "_instance_inits"}
