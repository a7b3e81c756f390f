"""The tests; ``tests/run`` runs them all."""

import signal

import hypothesis

# What is started in the background of a script inherits that Ctrl-C be ignored, and would hand
# that on to every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# An example may take its time on a busy machine.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
