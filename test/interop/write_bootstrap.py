"""Writes what PyPI's arch says of the same returns: test/fixtures/bootstrap.json.

Run by hand, where it is installed; the tests do not need it:

    pip install arch==8.0.0
    python test/interop/write_bootstrap.py examples/data/crypto-5m-closes.csv > test/fixtures/bootstrap.json
"""
import csv
import json
import sys

import arch
import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length

PATHS = 20_000
SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def fall(returns):
    equity = np.concatenate([[1.0], np.cumprod(1 + returns)])
    return float(np.max(1 - equity / np.maximum.accumulate(equity)))


def of(name, returns):
    block = float(optimal_block_length(returns)["stationary"].iloc[0])
    paths = StationaryBootstrap(max(1.0, block), returns, seed=np.random.default_rng(5))
    end, falls = [], []
    for (drawn,), _ in paths.bootstrap(PATHS):
        end.append(float(np.prod(1 + drawn)))
        falls.append(fall(drawn))
    return {
        "name": name,
        "returns": [float(each) for each in returns],
        "block": block,
        "end": [float(each) for each in np.quantile(end, SHARES)],
        "fall": [float(each) for each in np.quantile(falls, SHARES)],
    }


def series(path):
    with open(path, newline="") as file:
        closes = np.array([float(row["ETHBTC"]) for row in csv.DictReader(file)])
    hourly = closes[::12]
    yield "real closes, hour by hour", hourly[1:] / hourly[:-1] - 1
    random = np.random.default_rng(3)
    noise = random.normal(0.0005, 0.01, 300)
    yield "without memory", noise
    smooth = np.zeros(300)
    for at in range(1, 300):
        smooth[at] = 0.7 * smooth[at - 1] + noise[at]
    yield "with memory", smooth


json.dump(
    {
        "arch": arch.__version__,
        "paths": PATHS,
        "shares": SHARES,
        "series": [of(*each) for each in series(sys.argv[1])],
    },
    sys.stdout,
    indent=1,
)
