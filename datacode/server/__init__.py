"""What runs in the reactor: connections, sessions, files, and the service as a whole.

- ``api``: the messages; ``net``: what carries them; ``auth``: who may send them
- ``admission``: from a connection to a session
- ``session``, ``handlers``: one client's requests, one after another, and what answers each
- ``workspace``, ``files``: what a session works on, and the files that it may see
- ``service``: the whole server; ``foreground``: in a terminal; ``banner``: its first lines
- ``options``: what the operator sets; ``ops``: logs, audit, metrics, signals
"""
