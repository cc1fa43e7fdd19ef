#!/usr/bin/env python3
"""The backtest workload in NautilusTrader: a bar of each asset at each scan, market orders, its own matching,
account and positions; risk checks and logs are off. It has no slippage of two basis points a side, so they
are in its fee. usage: nautilus_engine.py DIR; prints one JSON line."""
import json
import resource
import sys
import time
from decimal import Decimal

import nautilus_trader
import numpy
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

LOOK_BACK, THRESHOLD, TAKE, STOP, HOLD = 20, -0.02, 0.0095, 0.01, 120
SHARE, FEE, SLIPPAGE = 0.2, 0.0004, 0.0002
PRICE_DIGITS, SIZE_DIGITS = 4, 6
VENUE = Venue("BENCH")


class Workload(Strategy):
    def __init__(self, instruments, bar_types, price, signal, lively):
        super().__init__(StrategyConfig())
        self.instruments, self.bar_types = instruments, bar_types
        self.price, self.signal, self.lively = price, signal, lively
        self.bars, self.held, self.entry, self.since, self.quantity = 0, -1, 0.0, 0, None
        self.exits = {"take_profit": 0, "stop_loss": 0, "max_hold": 0}

    def on_start(self):
        for bar_type in self.bar_types:
            self.subscribe_bars(bar_type)

    def on_bar(self, bar):
        # The scan is whole with the bar of its last asset.
        self.bars += 1
        scan, left = divmod(self.bars, len(self.bar_types))
        if left == 0:
            self.on_scan(scan - 1)

    def on_scan(self, scan):
        if self.held >= 0:
            gain = (self.entry - self.price[scan, self.held]) / self.entry
            if gain >= TAKE:
                self.leave("take_profit")
            elif gain <= -STOP:
                self.leave("stop_loss")
            elif scan - self.since >= HOLD:
                self.leave("max_hold")
        elif scan >= LOOK_BACK and self.lively[scan] == 1 and self.signal[scan] < THRESHOLD:
            self.enter(scan)

    def enter(self, scan):
        self.held = int(numpy.argmin(self.price[scan] / self.price[scan - LOOK_BACK]))
        cash = self.portfolio.account(VENUE).balance_total(USDT).as_double()
        price = self.price[scan, self.held]
        self.quantity = Quantity(SHARE * cash / price, SIZE_DIGITS)
        self.entry, self.since = price * (1 - SLIPPAGE), scan
        self.order(OrderSide.SELL, reduce_only=False)

    def leave(self, reason):
        self.exits[reason] += 1
        self.order(OrderSide.BUY, reduce_only=True)
        self.held = -1

    def order(self, side, reduce_only):
        instrument = self.instruments[self.held].id
        self.submit_order(self.order_factory.market(instrument, side, self.quantity, reduce_only=reduce_only))


def instrument_of(asset):
    name = f"ASSET{asset}USDT"
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol(name), VENUE),
        raw_symbol=Symbol(name),
        base_currency=BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=PRICE_DIGITS,
        price_increment=Price(10**-PRICE_DIGITS, PRICE_DIGITS),
        size_precision=SIZE_DIGITS,
        size_increment=Quantity(10**-SIZE_DIGITS, SIZE_DIGITS),
        margin_init=Decimal("0.05"),
        margin_maint=Decimal("0.025"),
        maker_fee=Decimal(str(FEE + SLIPPAGE)),
        taker_fee=Decimal(str(FEE + SLIPPAGE)),
        ts_event=0,
        ts_init=0,
    )


def main():
    folder = sys.argv[1]
    with open(folder + "/meta.json") as file:
        meta = json.load(file)
    scans, assets = meta["N"], meta["A"]
    price = numpy.fromfile(folder + "/price.f64").reshape(scans, assets)
    signal = numpy.fromfile(folder + "/vel_div.f64")
    lively = numpy.fromfile(folder + "/vol_ok.u8", dtype=numpy.uint8)
    times = numpy.fromfile(folder + "/ts.i64", dtype=numpy.uint64)

    began = time.perf_counter()
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=quiet, risk_engine=RiskEngineConfig(bypass=True)))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money(100_000, USDT)],
        base_currency=USDT,
        default_leverage=Decimal(10),
    )
    instruments = [instrument_of(asset) for asset in range(assets)]
    bar_types = [BarType.from_str(f"{one.id}-5-SECOND-LAST-EXTERNAL") for one in instruments]
    volume = numpy.full(scans, 1e6)
    for asset, (instrument, bar_type) in enumerate(zip(instruments, bar_types)):
        engine.add_instrument(instrument)
        p = numpy.ascontiguousarray(price[:, asset])
        bars = Bar.from_raw_arrays_to_list(bar_type, PRICE_DIGITS, SIZE_DIGITS, p, p, p, p, volume, times, times)
        engine.add_data(bars, sort=asset == assets - 1)
    strategy = Workload(instruments, bar_types, price, signal, lively)
    engine.add_strategy(strategy)
    loaded = time.perf_counter()
    engine.run()
    ended = time.perf_counter()
    figures = {
        "engine": "NautilusTrader " + nautilus_trader.__version__,
        "trades": sum(strategy.exits.values()),
        **strategy.exits,
        "final": engine.portfolio.account(VENUE).balance_total(USDT).as_double(),
        "load_ms": round((loaded - began) * 1000, 2),
        "run_ms": round((ended - loaded) * 1000, 2),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(figures))


main()
