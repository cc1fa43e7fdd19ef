"""What an export and a compacted day say together: a script to begin a notebook with.

    dolphin export scans --day 2026-03-25 --format arrow --out scans.arrow
    dolphin archive compact 2026-03-25
    python read_export.py scans.arrow ARCHIVE/.compacted/2026-03-25 BTCUSDT

ARCHIVE is what 'dolphin config' prints as archive. A compacted day's name goes on with the SHA-256 of its bytes:
without it the newest one of the day is read.

Needs pyarrow alone; `table.to_pandas()` goes on from there. The columns and their units: docs/export.md,
or `describe(scans)` below, as each field carries its own.
"""
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc


def read(path):
    """Either file: both are Arrow IPC files, read from the disk as they are asked for."""
    return ipc.open_file(pa.memory_map(str(path))).read_all()


def day_file(path):
    """The file itself, or the newest compacted one of a day: `ARCHIVE/.compacted/YYYY-MM-DD`."""
    path = Path(path)
    if path.is_file():
        return path
    found = sorted(path.parent.glob(f"{path.name}.*.arrow"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise SystemExit(f"no compacted day at {path}: 'dolphin archive compact {path.name}' writes it")
    return found[-1]


def describe(table):
    """Name, type, unit and meaning of each column of an export."""
    rows = []
    for field in table.schema:
        about = {key.decode(): text.decode() for key, text in (field.metadata or {}).items()}
        rows.append((field.name, str(field.type), about.get("unit", ""), about.get("comment", "")))
    return rows


def prices_of(day, asset):
    """seq, timestamp and price of one asset: the universe of each scan is a dictionary entry."""
    universes = day["assets"].combine_chunks()
    universes = universes.chunk(0) if isinstance(universes, pa.ChunkedArray) else universes
    places = {}
    for at, names in enumerate(universes.dictionary.to_pylist()):
        places[at] = names.index(asset) if asset in names else None
    which = universes.indices.to_pylist()
    prices = day["asset_prices"].to_pylist()
    columns = {
        "seq": day["seq"],
        "timestamp": day["timestamp"],
        "price": pa.array(
            [
                None if places[universe] is None else row[places[universe]]
                for universe, row in zip(which, prices)
            ],
            pa.float64(),
        ),
    }
    return pa.table(columns)


def milliseconds(later, earlier):
    """Between two columns of times; null where one of them is."""
    return pc.divide(pc.cast(pc.subtract(later, earlier), pa.int64()), 1_000.0)


def main(export_path, day_path, asset):
    scans = read(export_path)
    prices = prices_of(read(day_file(day_path)), asset)
    joined = scans.join(prices, keys="seq", join_type="inner").sort_by("seq")
    if joined["price"].null_count == joined.num_rows:
        raise SystemExit(f"no scan of the export has a price of {asset} in {day_path}")
    lag = milliseconds(joined["pushed_at"], joined["complete_at"])
    outcomes = {
        row["values"]: row["counts"]
        for row in pc.value_counts(pc.drop_null(joined["outcome"])).to_pylist()
    }
    return {
        "columns": [name for name, *_ in describe(scans)],
        "scans": joined.num_rows,
        "first_price": joined["price"][0].as_py(),
        "last_price": joined["price"][-1].as_py(),
        "lag_ms_p50": pc.quantile(lag, 0.5)[0].as_py(),
        "outcomes": dict(sorted(outcomes.items())),
    }


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: read_export.py SCANS.arrow ARCHIVE/.compacted/DAY ASSET")
    print(json.dumps(main(*sys.argv[1:]), indent=2))
