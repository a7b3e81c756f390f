"""Interpreters in processes of their own. The server's half uses Twisted, ``child`` does not.

- ``wire``: the messages, ``channel``: a socket that carries them and descriptors
- ``zygote``: the process that workers are forked from; ``zygote_client``: the server's end of it
- ``pool``: all workers; ``worker_process``: one of them as the server sees it
- ``remote_interpreter``: one session's programs; ``run_limits``, ``limits``: how they are ended
- ``file_server``: answers to what a program asks of files
- ``child``: what runs in the worker; ``sandbox``: what is taken from it before
"""
