"""What runs in the reactor: connections, sessions, files, and the service as a whole.

- ``api``: the messages; ``net``: what carries them; ``auth``: who may send them
- ``session``, ``handlers``: one client's requests, one after another, and what answers each
- ``workspace``, ``files``: what a session works on, and the files that it may see
- ``service``: the whole server; ``options``: what the operator sets; ``ops``: what he sees of it
"""
