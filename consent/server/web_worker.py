"""The WSGI callable as a worker of our own web server: it ends when its server does.

What has been loaded by now is kept out of the collector's sight: it never becomes garbage, and looking through it
would stop every answer for some 20 ms. What lives long is looked through seldom, since questions and facts that are
remembered would otherwise have all of it looked through every few seconds, and that stops every answer for 100 ms;
what dies young, as nearly all garbage does, is found as ever.

Threads change more often than by default, so that the one that keeps memory fresh is not held up by those that answer
from it. And whoever is woken waits until whoever runs has done something: otherwise the thread that reads sockets and
those that answer push each other aside twice a check (decision 38).
"""

import contextlib
import gc
import os
import signal
import sys

from consent.server.embedded.child import die_with_launcher

die_with_launcher(signal.SIGTERM)
if hasattr(os, "SCHED_BATCH"):  # Linux: inherited by every thread of this process
    with contextlib.suppress(OSError):  # a sandbox may forbid it; then it is only slower
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

from consent.server.wsgi import application  # noqa: E402  # first of all, the tie, and what threads inherit

SWITCH_S = 0.001  # Python's default is 0.005: a turn of the feeder asks for its place several times

COLLECT = (5000, 5, 100)  # new objects, times those, times those: what lives long is next in 2.5 million

gc.collect()
gc.freeze()
gc.set_threshold(*COLLECT)
sys.setswitchinterval(SWITCH_S)

__all__ = ["application"]
