"""Prints what pyarrow reads of a compacted day as one JSON line, and compares it with the scan files."""
import json
import struct
import sys

import pyarrow as pa
import pyarrow.ipc as ipc

path, archive = sys.argv[1:3]
table = ipc.open_file(pa.memory_map(path)).read_all()
table.validate(full=True)
rows = table.to_pylist()
differences = []


def bits(values):
    return [struct.pack("<d", value) for value in values]


for row in rows:
    with open(f"{archive}/{row['file']}", "rb") as file:
        scan = ipc.open_file(file.read()).read_all().to_pylist()[0]
    same = (
        row["scan_number"] == scan["scan_number"]
        and row["timestamp"] == scan["timestamp"]
        and row["assets"] == scan["assets"]
        and bits(row["asset_prices"]) == bits(scan["asset_prices"])
        and bits(row["eigenvalues"]) == bits(scan["eigenvalues"])
    )
    if not same:
        differences.append(row["file"])
print(
    json.dumps(
        {
            "schema": {field.name: str(field.type) for field in table.schema},
            "rows": len(rows),
            "files": [row["file"] for row in rows],
            "seqs": [row["seq"] for row in rows],
            "hashes": [row["sha256"].hex() for row in rows],
            "differences": differences,
        }
    )
)
