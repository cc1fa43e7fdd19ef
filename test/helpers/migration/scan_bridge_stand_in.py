"""A bridge as the first generation's: it looks at the archive again and again, pushes what is newer than what it has
seen by mtime, without a sequence, and puts the latest scan over whatever stands there.

    scan_bridge_stand_in.py ARCHIVE HOST:PORT
"""
import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import hazelcast
import pyarrow.ipc as ipc

archive, member = sys.argv[1:3]
client = hazelcast.HazelcastClient(cluster_name="dolphin", cluster_members=[member])
features = client.get_map("DOLPHIN_FEATURES").blocking()
seen = 0
while True:
    found = [(path.stat().st_mtime_ns, path) for path in Path(archive).glob("????-??-??/*.arrow")]
    for mtime, path in sorted(found):
        if mtime <= seen:
            continue
        row = ipc.open_file(path.read_bytes()).read_all().to_pylist()[0]
        scan = {
            "scan_number": row["scan_number"],
            "timestamp": row["timestamp"].isoformat(),
            "assets": row["assets"],
            "asset_prices": dict(zip(row["assets"], row["asset_prices"])),
            "eigenvalues": row["eigenvalues"],
            "bridge_ts": datetime.now(timezone.utc).isoformat(),
            "bridge_source": "scan_bridge_prefect",
        }
        features.set("latest_eigen_scan", json.dumps(scan))
        seen = mtime
    time.sleep(0.05)
