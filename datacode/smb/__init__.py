"""Shares of file servers over SMB 2 and 3 ([MS-SMB2]), and a session's asynchronous view of them.

From the inside out; each knows only those above it:

- ``errors``: why something failed, one sentence for each cause; NT status to cause
- ``target``, ``hosts``, ``policy``: whom to log in to, as whom; what the operator allows
- ``refused_logins``: passwords that are not sent again
- ``share_paths``: ``lib://share/a/b``, names as SMB sends them, patterns
- ``deadline``: how long a blocking call may take, and how another thread cancels it
- ``protocol``: bytes: messages, listings, DFS referrals, signing and encryption, and one
  connection with its message numbers and credits
- ``client``: negotiation, log-in, blocking calls on an open share; of it ``session_setup`` and
  ``smb_connection`` import Impacket
- ``spool``: unlinked temporary files, and a session's cache of them
- ``thread_quota``: blocking calls in threads, as Deferreds; this and the next two know Twisted
- ``connected_share``: a connected share with its connections
- ``shares``: a session's shares, asynchronous
"""
