"""Writes what quantstats and empyrical say of the same daily returns: test/fixtures/ratios.json.

Run by hand, where they are installed; the tests need neither:

    pip install quantstats==0.0.86 empyrical-reloaded==0.7.1
    python test/interop/write_ratios.py examples/data/crypto-5m-closes.csv > test/fixtures/ratios.json
"""
import csv
import json
import sys
from importlib.metadata import version

import empyrical
import numpy as np
import pandas as pd
import quantstats.stats as quant

DAYS = 365


def of_libraries(returns):
    days = pd.Series(returns, index=pd.date_range("2026-01-01", periods=len(returns)))
    return {
        "empyrical": {
            "cagr": empyrical.cagr(days, annualization=DAYS),
            "volatility": empyrical.annual_volatility(days, annualization=DAYS),
            "sharpe": empyrical.sharpe_ratio(days, annualization=DAYS),
            "sortino": empyrical.sortino_ratio(days, annualization=DAYS),
            "calmar": empyrical.calmar_ratio(days, annualization=DAYS),
            "omega": empyrical.omega_ratio(days, annualization=DAYS),
            "valueAtRisk": empyrical.value_at_risk(days),
            "conditionalValueAtRisk": empyrical.conditional_value_at_risk(days),
            "tailRatio": empyrical.tail_ratio(days),
            "drawdownMax": empyrical.max_drawdown(days),
        },
        "quantstats": {
            "cagr": quant.cagr(days, periods=DAYS),
            "volatility": quant.volatility(days, periods=DAYS),
            "sharpe": quant.sharpe(days, periods=DAYS),
            "sortino": quant.sortino(days, periods=DAYS),
            "calmar": quant.calmar(days, periods=DAYS),
            "omega": quant.omega(days, periods=DAYS),
            "valueAtRisk": quant.value_at_risk(days),
            "conditionalValueAtRisk": quant.cvar(days),
            "tailRatio": quant.tail_ratio(days),
            "drawdownMax": quant.max_drawdown(days),
            "ulcerIndex": quant.ulcer_index(days),
            "skew": quant.skew(days),
            "excessKurtosis": quant.kurtosis(days),
        },
    }


def series(path):
    with open(path, newline="") as file:
        closes = np.array([float(row["ETHBTC"]) for row in csv.DictReader(file)])
    real = closes[::48]
    yield "real closes, every fourth hour for a day", (real[1:] / real[:-1] - 1)
    random = np.random.default_rng(7)
    yield "a year", random.normal(0.001, 0.02, 365)
    yield "fat tails, half of the days idle", np.where(
        random.uniform(size=250) < 0.5, 0, random.standard_t(3, 250) * 0.01
    )


print(
    json.dumps(
        {
            "versions": {name: version(name) for name in ("quantstats", "empyrical-reloaded")},
            "series": [
                {"name": name, "returns": list(map(float, returns))}
                | {
                    library: {key: float(value) for key, value in found.items()}
                    for library, found in of_libraries(returns).items()
                }
                for name, returns in series(sys.argv[1])
            ],
        }
    )
)
