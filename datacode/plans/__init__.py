"""Tables whose rows are in files, and what is done with them there.

``nodes``: plans of that, as data. ``messages``: what goes to an engine and comes back. ``client``:
an engine, asked and waited for. ``rows``: rows in files as a program's columns see them.
``parts``: cells to pieces of files and back. ``facts``: what is known of cells. ``settings``: what
an engine is told at its start. ``process``: starting one. ``local``: one beside a program.
"""
