#!/usr/bin/env python3
"""The bridge that one writes in Python without much ado, to measure ours beside it.

    python_bridge.py watch   ARCHIVE  MEMBER CLUSTER MAP   pushes a file when inotify tells of it
    python_bridge.py poll    ARCHIVE  MEMBER CLUSTER MAP   lists all day folders every five seconds
    python_bridge.py backlog DAY      MEMBER CLUSTER MAP   pushes a day folder by file time, once

Every scan is read by pyarrow and set as JSON text under MAP["latest_eigen_scan"]; each set is
awaited. It keeps no journal, no sequence and no ring, and nothing fences it off.
`watch` and `poll` print "ready", and {"pushed": n} on SIGTERM. `backlog` pushes the first 200
files once more beforehand, to be warm, and prints {"files", "seconds", "files_per_second"}.
"""
import json
import os
import signal
import sys
import threading
import time

import hazelcast
import pyarrow.ipc
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

POLL_SECONDS = 5
WARM_FILES = 200


class Bridge:
    def __init__(self, member, cluster, map_name):
        self.client = hazelcast.HazelcastClient(cluster_members=[member], cluster_name=cluster)
        self.features = self.client.get_map(map_name).blocking()
        self.pushed = 0

    def push(self, path):
        with open(path, "rb") as file:
            table = pyarrow.ipc.open_file(file.read()).read_all()
        row = table.to_pylist()[0]
        assets = row["assets"]
        value = {
            "scan_number": row["scan_number"],
            "timestamp": row["timestamp"].isoformat(),
            "assets": assets,
            "asset_prices": dict(zip(assets, row["asset_prices"])),
            "eigenvalues": row["eigenvalues"],
            "bridge_ts": time.time(),
            "bridge_source": "python_peer",
        }
        self.features.set("latest_eigen_scan", json.dumps(value))
        self.pushed += 1


def is_scan(path):
    name = os.path.basename(path)
    return name.endswith(".arrow") and not name.startswith(".")


def scans_by_time(folder):
    """(mtime, path) of a day's scans, oldest first."""
    with os.scandir(folder) as entries:
        return sorted((e.stat().st_mtime_ns, e.path) for e in entries if is_scan(e.path))


def watch(bridge, archive):
    class Pusher(FileSystemEventHandler):
        def on_created(self, event):
            if is_scan(event.src_path):
                bridge.push(event.src_path)

        def on_moved(self, event):
            if is_scan(event.dest_path):
                bridge.push(event.dest_path)

    observer = Observer()
    observer.schedule(Pusher(), archive, recursive=True)
    observer.start()


def poll(bridge, archive):
    newest = 0
    while True:
        for day in sorted(e.path for e in os.scandir(archive) if e.is_dir()):
            for mtime, path in scans_by_time(day):
                if mtime > newest:
                    bridge.push(path)
                    newest = mtime
        time.sleep(POLL_SECONDS)


def backlog(bridge, day):
    files = [path for _, path in scans_by_time(day)]
    for path in files[:WARM_FILES]:
        bridge.push(path)
    started = time.monotonic()
    for path in files:
        bridge.push(path)
    seconds = time.monotonic() - started
    rate = round(len(files) / seconds, 1)
    print(json.dumps({"files": len(files), "seconds": round(seconds, 3), "files_per_second": rate}))


def main():
    mode, folder, member, cluster, map_name = sys.argv[1:6]
    # Blocked before any thread starts, so that only the main thread takes it, by sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    bridge = Bridge(member, cluster, map_name)
    if mode == "backlog":
        backlog(bridge, folder)
    else:
        if mode == "watch":
            watch(bridge, folder)
        else:
            threading.Thread(target=poll, args=(bridge, folder), daemon=True).start()
        print("ready", flush=True)
        signal.sigwait({signal.SIGTERM})
        print(json.dumps({"pushed": bridge.pushed}))
    bridge.client.shutdown()


if __name__ == "__main__":
    main()
