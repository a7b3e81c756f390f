"""Shares of the office network: paths, blocking access, and a session's asynchronous view.

From the inside out; each knows only those above it:

- ``reasons``: why something failed, one sentence for each cause; NT status to reason
- ``target``, ``hosts``, ``access``: whom to log in to, as whom; what the operator allows
- ``paths``: ``lib://share/a/b``, names on the wire, patterns
- ``messages``: SMB2 messages as bytes and back; ``listing``: a folder's entries
- ``protection``: keys, signatures, encryption
- ``interrupt``: how another thread ends a call that blocks
- ``link``: a logged-in connection: message numbers, credits, waiting for answers
- ``dial``, ``negotiation``: a connection, and what both sides can speak
- ``login``: who we are there; the only module that imports Impacket
- ``transfer``: many reads or writes in flight at once
- ``dfs``: where a folder lies that is elsewhere
- ``tree``: an open share: names, handles, folders, renaming
- ``share``: one share on one connection, blocking: list, look, read, write
- ``walk``: a search for what matches a pattern
- ``namespace``: a share with all that its links lead to
- ``line``: such a connection that opens when needed and once again when it breaks
- ``spool``: unlinked temporary files, and a session's cache of them
- ``calls``: calls that block, in threads, as Deferreds; this and the next ones know Twisted
- ``place``: a connected share with its connections
- ``shares``: a session's shares, asynchronous
"""
