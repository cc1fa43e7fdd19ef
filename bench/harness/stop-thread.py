"""Stops one thread of a process, and nothing else of it: PID SECONDS. The busiest thread that is named WorkerThread.

The kernel lets it go on when this program ends, however it ends.
"""

import ctypes
import os
import sys
import time

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207


def busiest(pid: int) -> int:
    ticks = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as comm:
            if comm.read().strip() != "WorkerThread":
                continue
        with open(f"/proc/{pid}/task/{task}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        ticks[int(task)] = int(fields[11]) + int(fields[12])
    return max(ticks, key=ticks.__getitem__)


def main(pid: int, seconds: float) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    thread = busiest(pid)
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, None, None) != 0:
            sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")
    print(thread, flush=True)
    time.sleep(seconds)


main(int(sys.argv[1]), float(sys.argv[2]))
