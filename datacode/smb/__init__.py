"""Shares of the office network: paths, blocking access, and a session's asynchronous view.

From the inside out; each knows only those above it:

- ``reasons``: why something failed, one sentence for each cause; NT status to reason
- ``target``, ``hosts``: whom to log in to, as whom; whom the operator allows
- ``paths``: ``lib://share/a/b``, names on the wire, patterns
- ``messages``: SMB2 messages as bytes and back; ``listing``: a folder's entries
- ``protection``: keys, signatures, encryption
- ``interrupt``: how another thread ends a call that blocks
- ``link``: a logged-in connection: message numbers, credits, waiting for answers
- ``login``: negotiation and login, and the only module that imports Impacket
- ``transfer``: many reads or writes in flight at once
- ``share``: one share on one connection, blocking: list, look, read, write
- ``line``: such a connection that opens when needed and once again when it breaks
- ``spool``: unlinked temporary files, and a session's cache of them
- ``shares``: a session's shares, asynchronous; the only module that knows Twisted
"""
