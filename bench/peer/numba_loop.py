#!/usr/bin/env python3
"""The backtest workload as one compiled loop over arrays: no orders, no fills, no checks. The floor that
an engine is measured against. usage: numba_loop.py DIR; prints one JSON line."""
import json
import statistics
import sys
import time

import numba
import numpy

LOOK_BACK, THRESHOLD, TAKE, STOP, HOLD = 20, -0.02, 0.0095, 0.01, 120
SHARE, FEE, SLIPPAGE = 0.2, 0.0004, 0.0002


@numba.njit
def run(price, signal, lively):
    cash, held, quantity, entry, since, trades = 100000.0, -1, 0.0, 0.0, 0, 0
    for scan in range(price.shape[0]):
        if held >= 0:
            now = price[scan, held]
            gain = (entry - now) / entry
            if gain >= TAKE or gain <= -STOP or scan - since >= HOLD:
                paid = now * (1 + SLIPPAGE)
                cash += (entry - paid) * quantity - FEE * paid * quantity
                trades += 1
                held = -1
        elif scan >= LOOK_BACK and lively[scan] == 1 and signal[scan] < THRESHOLD:
            least = numpy.inf
            for asset in range(price.shape[1]):
                growth = price[scan, asset] / price[scan - LOOK_BACK, asset]
                if growth < least:
                    least, held = growth, asset
            entry = price[scan, held] * (1 - SLIPPAGE)
            quantity = SHARE * cash / entry
            cash -= FEE * entry * quantity
            since = scan
    return trades, cash


def main():
    folder = sys.argv[1]
    with open(folder + "/meta.json") as file:
        meta = json.load(file)
    price = numpy.fromfile(folder + "/price.f64").reshape(meta["N"], meta["A"])
    signal = numpy.fromfile(folder + "/vel_div.f64")
    lively = numpy.fromfile(folder + "/vol_ok.u8", dtype=numpy.uint8)
    run(price[:200], signal[:200], lively[:200])
    times = []
    for _ in range(9):
        began = time.perf_counter()
        trades, cash = run(price, signal, lively)
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"engine": f"numba {numba.__version__}, a bare loop", "trades": trades, "final": cash, "run_ms": round(statistics.median(times), 2)}))


main()
