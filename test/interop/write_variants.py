"""Writes one Arrow file for every layout that the contract allows, and some that it does not.

    python write_variants.py OUT [NAME...]

OUT/expected.json then tells, for each file, the scan that must be read from it or the reason why
there is none. With names, only those are written: the fixtures of the unit tests are made so.
"""

import decimal
import json
import math
import os
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc

WHEN = datetime(2026, 3, 25, 10, 20, 30, 123456, tzinfo=timezone.utc)
WHEN_TEXT = "2026-03-25T10:20:30.123456+00:00"
NANOSECONDS = 1774434030123456789
ASSETS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
PRICES = [67123.45, 3521.1, 1 / 7]
EIGENVALUES = [2.0000000000000004, 0.9, 0.1]

LIST = pa.list_
NUMBER = pa.int64()
TIME = pa.timestamp("us", tz="UTC")
DOUBLES = LIST(pa.float64())
NAMES = LIST(pa.utf8())

columns = {}  # name -> (record batch, expected)
files = {}  # file name -> (bytes, expected)


def expected(assets=ASSETS, prices=PRICES, eigenvalues=EIGENVALUES, number=7, time=WHEN_TEXT):
    def valid(price):
        return price is not None and math.isfinite(price) and price > 0

    kept = [(a, p) for a, p in zip(assets, prices) if valid(p)]
    return {
        "scan_number": number,
        "timestamp": time,
        "assets": [a for a, _ in kept],
        "asset_prices": [[a, p] for a, p in kept],
        "eigenvalues": list(eigenvalues),
        "assets_invalid": [a for a, p in zip(assets, prices) if not valid(p)],
    }


def row(**changed):
    arrays = {
        "scan_number": pa.array([7], NUMBER),
        "timestamp": pa.array([WHEN], TIME),
        "assets": pa.array([ASSETS], NAMES),
        "asset_prices": pa.array([PRICES], DOUBLES),
        "eigenvalues": pa.array([EIGENVALUES], DOUBLES),
    }
    arrays.update(changed)
    return pa.RecordBatch.from_pydict({k: v for k, v in arrays.items() if v is not None})


def variant(name, batch, want=None):
    columns[name] = (batch, expected() if want is None else want)


def invalid(name, batch, reason):
    columns[name] = (batch, {"invalid": reason})


def number_variants():
    for bits in (8, 16, 32, 64):
        for sign in ("int", "uint"):
            kind = getattr(pa, f"{sign}{bits}")()
            variant(f"number-{kind}", row(scan_number=pa.array([7], kind)))
    top = 2**53 - 1
    variant("number-top", row(scan_number=pa.array([top], NUMBER)), expected(number=top))
    for name, value in (("zero", 0), ("negative", -1), ("unsafe", 2**53), ("int64-min", -(2**63))):
        batch = row(scan_number=pa.array([value], NUMBER))
        invalid(f"number-{name}", batch, "scan_number_range")
    unsigned = row(scan_number=pa.array([2**64 - 1], pa.uint64()))
    invalid("number-uint64-max", unsigned, "scan_number_range")
    invalid("number-null", row(scan_number=pa.array([None], NUMBER)), "value_null")
    invalid("number-text", row(scan_number=pa.array(["7"])), "column_type")
    invalid("number-float", row(scan_number=pa.array([7.0])), "column_type")
    decimals = pa.array([decimal.Decimal(7)], pa.decimal128(10, 0))
    invalid("number-decimal", row(scan_number=decimals), "column_type")


def time_variants():
    texts = {"s": "2026-03-25T10:20:30.000000+00:00", "ms": "2026-03-25T10:20:30.123000+00:00"}
    for unit, divisor in (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)):
        for zone in ("UTC", None, "Europe/Berlin", "+05:30"):
            kind = pa.timestamp(unit, tz=zone)
            when = pa.array([NANOSECONDS // divisor], pa.int64()).cast(kind)
            name = f"time-{unit}-{(zone or 'naive').replace('/', '-').lower()}"
            variant(name, row(timestamp=when), expected(time=texts.get(unit, WHEN_TEXT)))
    for name, text, want in (
        ("offset", WHEN_TEXT, WHEN_TEXT),
        ("zulu", "2026-03-25T10:20:30.123456Z", WHEN_TEXT),
        ("naive", "2026-03-25 10:20:30.123456", WHEN_TEXT),
        ("berlin", "2026-03-25T12:20:30.123456+02:00", WHEN_TEXT),
        ("nanoseconds", "2026-03-25T10:20:30.123456789Z", WHEN_TEXT),
        ("seconds", "2026-03-25T10:20:30", texts["s"]),
    ):
        for kind in (pa.utf8(), pa.large_utf8(), pa.dictionary(pa.int32(), pa.utf8())):
            label = str(kind).split("<")[0].replace("_", "-")
            batch = row(timestamp=pa.array([text], kind))
            variant(f"time-text-{name}-{label}", batch, expected(time=want))
    for name, year in (("past", 1), ("future", 9999)):
        kind = pa.timestamp("us", tz="UTC")
        batch = row(timestamp=pa.array([datetime(year, 1, 1, tzinfo=timezone.utc)], kind))
        invalid(f"time-{name}", batch, "timestamp_range")
    old = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc)
    batch = row(timestamp=pa.array([old], TIME))
    variant("time-before-1970", batch, expected(time="1969-12-31T23:59:59.999999+00:00"))
    far = WHEN + timedelta(days=365 * 73)
    batch = row(timestamp=pa.array([far], TIME))
    variant("time-2099", batch, expected(time=far.isoformat(timespec="microseconds")))
    invalid("time-null", row(timestamp=pa.array([None], TIME)), "value_null")
    invalid("time-text-null", row(timestamp=pa.array([None], pa.utf8())), "value_null")
    invalid("time-text-bad", row(timestamp=pa.array(["25.03.2026"])), "timestamp_text")
    invalid("time-integer", row(timestamp=pa.array([1], pa.int64())), "column_type")


def asset_variants():
    dictionaries = [pa.dictionary(k, pa.utf8()) for k in (pa.int8(), pa.int32(), pa.int64())]
    dictionaries.append(pa.dictionary(pa.uint16(), pa.large_utf8()))
    for kind in [pa.utf8(), pa.large_utf8(), *dictionaries]:
        label = str(kind).replace("<", "-").replace(">", "").replace(", ", "-").replace("=", "-")
        label = label.replace("_", "-")
        for list_name, list_kind in (("list", pa.list_), ("large-list", pa.large_list)):
            batch = row(assets=pa.array([ASSETS], list_kind(kind)))
            variant(f"assets-{list_name}-{label}", batch)
    for label, names in (
        ("unicode", ["Ä€é", "e\u0301", "é", "日本", "🐬", "\ufeffBOM", "a b\u2028c"]),
        ("escapes", ['say "hi"', "back\\slash", "line\nfeed", "\x1b[31m", "tab\t", "\x00"]),
        ("objects", ["__proto__", "constructor", "toString", "hasOwnProperty", "1", "0"]),
        ("lower", ["btcusdt", "BTCUSDT"]),
    ):
        prices = [1.5 + at for at in range(len(names))]
        batch = row(assets=pa.array([names]), asset_prices=pa.array([prices]))
        variant(f"assets-{label}", batch, expected(assets=names, prices=prices))
    many = [f"SYN{at:05d}USDT" for at in range(10_000)]
    prices = [at + 1 / 3 for at in range(10_000)]
    batch = row(assets=pa.array([many]), asset_prices=pa.array([prices]))
    variant("assets-10000", batch, expected(assets=many, prices=prices))
    batch = row(assets=pa.array([[*many, "X"]]), asset_prices=pa.array([[*prices, 1.0]]))
    invalid("assets-10001", batch, "too_many_assets")
    huge = [str(at) for at in range(100_000)]
    batch = row(assets=pa.array([huge]), asset_prices=pa.array([[1.0] * 100_000]))
    invalid("assets-100000", batch, "too_many_assets")
    for label, names, reason in (
        ("empty", [], "assets_empty"),
        ("null-name", ["A", None, "B"], "asset_name"),
        ("empty-name", ["A", "", "B"], "asset_name"),
        ("long-name", ["A", "B" * 65, "C"], "asset_name"),
        ("very-long-name", ["A", "B" * 1_000, "C"], "asset_name"),
        ("twice", ["A", "B", "A"], "duplicate_asset"),
    ):
        batch = row(assets=pa.array([names], NAMES), asset_prices=pa.array([[1.0] * len(names)], DOUBLES))
        invalid(f"assets-{label}", batch, reason)
    broken = pa.array([[b"A", b"\xff\xfe", b"B"]]).cast(pa.list_(pa.binary()))
    batch = row(assets=pa.ListArray.from_arrays(broken.offsets, broken.values.view(pa.utf8())))
    invalid("assets-not-utf8", batch, "asset_name")
    invalid("assets-null", row(assets=pa.array([None], NAMES)), "value_null")
    invalid("assets-numbers", row(assets=pa.array([[1, 2, 3]])), "column_type")
    invalid("assets-text", row(assets=pa.array(["BTCUSDT"])), "column_type")


def price_variants():
    pairs = list(zip(ASSETS, PRICES))
    for label, kind in (
        ("utf8", pa.map_(pa.utf8(), pa.float64())),
        ("large-utf8", pa.map_(pa.large_utf8(), pa.float64())),
        ("sorted", pa.map_(pa.utf8(), pa.float64(), keys_sorted=True)),
    ):
        variant(f"prices-map-{label}", row(asset_prices=pa.array([pairs], kind)))
    kind = pa.map_(pa.utf8(), pa.float64())
    batch = row(asset_prices=pa.array([[*reversed(pairs), ("EXTRA", 1.0)]], kind))
    variant("prices-map-shuffled-extra", batch)
    lacking = expected(prices=[PRICES[0], None, PRICES[2]])
    variant("prices-map-lacks-one", row(asset_prices=pa.array([pairs[::2]], kind)), lacking)
    batch = row(asset_prices=pa.array([[*pairs, pairs[0]]], kind))
    invalid("prices-map-twice", batch, "duplicate_asset")
    batch = row(asset_prices=pa.array([[(a, None) for a in ASSETS]], kind))
    invalid("prices-map-nulls", batch, "too_few_valid_prices")
    variant("prices-large-list", row(asset_prices=pa.array([PRICES], pa.large_list(pa.float64()))))
    for label, bad in (
        ("null", None),
        ("nan", math.nan),
        ("infinite", math.inf),
        ("minus-infinite", -math.inf),
        ("zero", 0.0),
        ("minus-zero", -0.0),
        ("negative", -1.0),
    ):
        prices = [PRICES[0], bad, PRICES[2]]
        batch = row(asset_prices=pa.array([prices], DOUBLES))
        variant(f"prices-{label}", batch, expected(prices=prices))
        batch = row(asset_prices=pa.array([[bad, bad, 1.0]], DOUBLES))
        invalid(f"prices-mostly-{label}", batch, "too_few_valid_prices")
    extremes = [5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]
    batch = row(asset_prices=pa.array([extremes]))
    variant("prices-extremes", batch, expected(prices=extremes))
    invalid("prices-short", row(asset_prices=pa.array([PRICES[:2]])), "length_mismatch")
    invalid("prices-null-list", row(asset_prices=pa.array([None], DOUBLES)), "value_null")
    invalid("prices-text", row(asset_prices=pa.array([["1", "2", "3"]])), "column_type")
    invalid("prices-integers", row(asset_prices=pa.array([[1, 2, 3]])), "column_type")
    floats = pa.array([[1.0, 2.0, 3.0]], LIST(pa.float32()))
    invalid("prices-float32", row(asset_prices=floats), "column_type")
    decimals = pa.array([[decimal.Decimal(1)] * 3], LIST(pa.decimal128(10, 2)))
    invalid("prices-decimal", row(asset_prices=decimals), "column_type")
    structs = pa.array([{"BTCUSDT": 1.0, "ETHUSDT": 2.0, "SOLUSDT": 3.0}])
    invalid("prices-struct", row(asset_prices=structs), "column_type")


def eigenvalue_variants():
    for label, values in (
        ("none", []),
        ("one", [3.0]),
        ("equal", [1.0, 1.0, 1.0]),
        ("tiny", [3.0, 1.2345678901234567e-16, 0.0, -3.3e-17]),
    ):
        batch = row(eigenvalues=pa.array([values], DOUBLES))
        variant(f"eigenvalues-{label}", batch, expected(eigenvalues=values))
    variant("eigenvalues-of-null", row(eigenvalues=pa.array([[]])), expected(eigenvalues=[]))
    variant("eigenvalues-large", row(eigenvalues=pa.array([EIGENVALUES], pa.large_list(pa.float64()))))
    for label, values, reason in (
        ("ascending", [1.0, 2.0], "eigenvalues_not_descending"),
        ("nan", [2.0, math.nan, 1.0], "eigenvalues_not_finite"),
        ("infinite", [math.inf, 1.0], "eigenvalues_not_finite"),
        ("null", [2.0, None], "eigenvalues_not_finite"),
        ("10001", [1.0] * 10_001, "too_many_assets"),
    ):
        invalid(f"eigenvalues-{label}", row(eigenvalues=pa.array([values], DOUBLES)), reason)
    invalid("eigenvalues-null-list", row(eigenvalues=pa.array([None], DOUBLES)), "value_null")


def schema_variants():
    base = row()
    order = ["eigenvalues", "asset_prices", "assets", "timestamp", "scan_number"]
    variant("columns-shuffled", base.select(order))
    extras = {
        "extra-text": pa.array(["x"]),
        "extra-nulls": pa.array([None]),
        "extra-bool": pa.array([True]),
        "extra-bytes": pa.array([b"x"]),
        "extra-fixed-bytes": pa.array([b"xy"], pa.binary(2)),
        "extra-date": pa.array([WHEN.date()]),
        "extra-time": pa.array([WHEN.time()]),
        "extra-duration": pa.array([timedelta(seconds=1)]),
        "extra-interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        "extra-float16": pa.array([1.0], pa.float16()),
        "extra-decimal": pa.array([decimal.Decimal("1.5")]),
        "extra-decimal32": pa.array([decimal.Decimal("1.5")], pa.decimal32(5, 2)),
        "extra-decimal256": pa.array([decimal.Decimal("1.5")], pa.decimal256(50, 2)),
        "extra-struct": pa.array([{"a": 1, "b": [1.5]}]),
        "extra-matrix": pa.array([[[1.0, 0.5], [0.5, 1.0]]]),
        "extra-fixed-list": pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)),
        "extra-map": pa.array([[("a", 1)]], pa.map_(pa.utf8(), pa.int32())),
        "extra-dictionary": pa.array(["x"]).dictionary_encode(),
        "extra-union": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
        "extra-text-view": pa.array(["a text of more than twelve bytes"], pa.string_view()),
        "extra-list-view": pa.array([[1, 2]], pa.list_view(pa.int32())),
        "extra-run-end": pa.RunEndEncodedArray.from_arrays([1], ["x"]),
    }
    for name, array in extras.items():
        fields = base.schema.names
        variant(f"{name}-first", pa.record_batch([array, *base.columns], ["other", *fields]))
        variant(f"{name}-last", pa.record_batch([*base.columns, array], [*fields, "other"]))
    variant("schema-metadata", base.replace_schema_metadata({"writer": "NG6", "version": "6"}))
    strict = pa.schema([field.with_nullable(False) for field in base.schema])
    variant("schema-not-null", base.cast(strict))
    three = pa.concat_batches([row(scan_number=pa.array([1], NUMBER)), base, base])
    variant("rows-sliced", three.slice(1, 1))
    invalid("rows-none", base.slice(0, 0), "rows_not_one")
    invalid("rows-two", three.slice(0, 2), "rows_not_one")
    for name in base.schema.names:
        without = [other for other in base.schema.names if other != name]
        invalid(f"missing-{name}", base.select(without), "column_missing")
        twice = pa.record_batch([*base.columns, base[name]], [*base.schema.names, name])
        invalid(f"twice-{name}", twice, "column_duplicate")
    renamed = base.rename_columns(["Scan_Number", *base.schema.names[1:]])
    invalid("renamed", renamed, "column_missing")


def write(batch, form="file", batches=None, **options):
    sink = pa.BufferOutputStream()
    opener = ipc.new_file if form == "file" else ipc.new_stream
    with opener(sink, batch.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for part in [batch] if batches is None else batches:
            writer.write_batch(part)
    return sink.getvalue().to_pybytes()


def layouts():
    """Every column variant in every framing, and what only a framing can do."""
    for name, (batch, want) in columns.items():
        for form in ("file", "stream"):
            for compression in (None, "lz4", "zstd"):
                data = write(batch, form, compression=compression)
                files[f"{name}.{form}.{compression or 'none'}"] = (data, want)
    base = row()
    for form in ("file", "stream"):
        files[f"batches.{form}"] = (write(base, form, [base.slice(0, 0), base, base.slice(0, 0)]), expected())
        files[f"batches-two.{form}"] = (write(base, form, [base, base]), {"invalid": "rows_not_one"})
        files[f"batches-none.{form}"] = (write(base, form, []), {"invalid": "rows_not_one"})
        old = write(base, form, metadata_version=pa.MetadataVersion.V4)
        files[f"metadata-v4.{form}"] = (old, expected())
    files["legacy.file"] = (write(base, use_legacy_format=True), expected())
    # Without continuation marks a preallocated tail could pass for the stream's end.
    files["legacy.stream"] = (write(base, "stream", use_legacy_format=True), {"invalid": "not_arrow"})
    for compression in ("uncompressed", "lz4", "zstd"):
        sink = pa.BufferOutputStream()
        feather.write_feather(pa.Table.from_batches([base]), sink, compression=compression)
        files[f"feather.{compression}"] = (sink.getvalue().to_pybytes(), expected())
    zeros = pa.array([[0.0] * 9_000_000], DOUBLES)
    bomb = pa.record_batch([*base.columns, zeros], [*base.schema.names, "zeros"])
    for compression in ("lz4", "zstd"):
        files[f"bomb.{compression}"] = (write(bomb, compression=compression), {"invalid": "too_large"})
    deltas = [row(assets=pa.array([[]], LIST(pa.dictionary(pa.int8(), pa.utf8())))).slice(0, 0)]
    deltas.append(row(assets=pa.array([ASSETS], LIST(pa.dictionary(pa.int8(), pa.utf8())))))
    files["deltas.stream"] = (write(deltas[0], "stream", deltas, emit_dictionary_deltas=True), expected())


def main():
    out, only = sys.argv[1], sys.argv[2:]
    for fill in (number_variants, time_variants, asset_variants, price_variants):
        fill()
    eigenvalue_variants()
    schema_variants()
    layouts()
    chosen = {name: files[name] for name in only or files}
    os.makedirs(out, exist_ok=True)
    for name, (data, _) in chosen.items():
        with open(os.path.join(out, f"{name}.arrow"), "wb") as file:
            file.write(data)
    with open(os.path.join(out, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({name: want for name, (_, want) in chosen.items()}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
