"""Makes ``--auth accounts:FILE`` known: accounts as ``datacode passwd`` writes them."""

from typing import Any

from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import ICheckerFactory
from twisted.plugin import IPlugin
from zope.interface import implementer


@implementer(ICheckerFactory, IPlugin)
class AccountsCheckerFactory:
    """A checker for a file of accounts; nothing of it is imported until it is used."""

    authType = "accounts"
    authHelp = "A file of accounts with argon2 hashes, as `datacode passwd FILE NAME` writes it.\n"
    argStringFormat = "The file's name."
    credentialInterfaces = (IUsernamePassword,)

    def generateChecker(self, argstring: str) -> Any:
        """The checker. Raises ``AccountsError`` or ``OSError`` for a file that cannot be used."""
        from pathlib import Path

        from datacode.server.auth.accounts import AccountsFile

        return AccountsFile(Path(argstring))


accounts = AccountsCheckerFactory()
