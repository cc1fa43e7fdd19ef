#!/usr/bin/env python3
"""The backtest workload in vectorbt: a flexible order function, which it compiles and calls at each scan, over
one group of assets that share their cash. `run_ms` is the median of three simulations after the one that
compiles. usage: vectorbt_engine.py DIR; prints one JSON line."""
import json
import resource
import statistics
import sys
import time

import numba
import numpy
import pandas
import vectorbt
from vectorbt.portfolio import nb
from vectorbt.portfolio.enums import NoOrder

LOOK_BACK, THRESHOLD, TAKE, STOP, HOLD = 20, -0.02, 0.0095, 0.01, 120
SHARE, FEE, SLIPPAGE = 0.2, 0.0004, 0.0002
HELD, SINCE = 0, 1
REASONS = ("take_profit", "stop_loss", "max_hold")


@numba.njit
def order(context, price, signal, lively, place, entry, exits):
    scan = context.i
    # It is asked again until it has no order: one a scan is all.
    if context.call_idx > 0:
        return -1, NoOrder
    if place[HELD] >= 0:
        held = place[HELD]
        now = price[scan, held]
        gain = (entry[0] - now) / entry[0]
        if gain >= TAKE:
            exits[0] += 1
        elif gain <= -STOP:
            exits[1] += 1
        elif scan - place[SINCE] >= HOLD:
            exits[2] += 1
        else:
            return -1, NoOrder
        place[HELD] = -1
        size = -context.last_position[held]
        return held, nb.order_nb(size=size, price=now, fees=FEE, slippage=SLIPPAGE)
    if scan < LOOK_BACK or lively[scan] != 1 or signal[scan] >= THRESHOLD:
        return -1, NoOrder
    laggard, least = 0, numpy.inf
    for asset in range(price.shape[1]):
        growth = price[scan, asset] / price[scan - LOOK_BACK, asset]
        if growth < least:
            laggard, least = asset, growth
    now = price[scan, laggard]
    place[HELD], place[SINCE], entry[0] = laggard, scan, now * (1 - SLIPPAGE)
    size = -SHARE * context.last_cash[0] / entry[0]
    return laggard, nb.order_nb(size=size, price=now, fees=FEE, slippage=SLIPPAGE)


def simulate(close, price, signal, lively):
    exits = numpy.zeros(3, dtype=numpy.int64)
    place, entry = numpy.array([-1, 0]), numpy.zeros(1)
    began = time.perf_counter()
    portfolio = vectorbt.Portfolio.from_order_func(
        close, order, price, signal, lively, place, entry, exits,
        flexible=True, group_by=True, cash_sharing=True, init_cash=100_000.0, max_orders=50_000, freq="5s",
    )
    return (time.perf_counter() - began) * 1000, portfolio, exits


def main():
    folder = sys.argv[1]
    began = time.perf_counter()
    with open(folder + "/meta.json") as file:
        meta = json.load(file)
    price = numpy.fromfile(folder + "/price.f64").reshape(meta["N"], meta["A"])
    signal = numpy.fromfile(folder + "/vel_div.f64")
    lively = numpy.fromfile(folder + "/vol_ok.u8", dtype=numpy.uint8)
    close = pandas.DataFrame(price)
    load_ms = (time.perf_counter() - began) * 1000
    first_run_ms, portfolio, exits = simulate(close, price, signal, lively)
    runs = [simulate(close, price, signal, lively)[0] for _ in range(3)]
    figures = {
        "engine": "vectorbt " + vectorbt.__version__,
        "trades": int(portfolio.trades.count()),
        **{reason: int(count) for reason, count in zip(REASONS, exits)},
        "final": float(portfolio.final_value()),
        "load_ms": round(load_ms, 2),
        "first_run_ms": round(first_run_ms, 2),
        "run_ms": round(statistics.median(runs), 2),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures))


main()
