"""The default strategy and the paper fills once more, written from the design and the documents alone.

    paper_book.py ARCHIVE SETTINGS.json

It reads the scan files of ARCHIVE with pyarrow, runs the book over them, and prints its trades as one JSON line.
Nothing here was taken from the TypeScript: what two independent readings of the same words agree on is what the
words say. Where the words leave room, a comment names the convention.
"""
import json
import math
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pyarrow.ipc as ipc

NAN = float("nan")
DROPPED_SCANS = 50
MOMENTUM_SCANS = 20
SIGMA_SCANS = 50
RANK_SCANS = 250
RANK = 0.6
POSTURES = {"APEX": 1.0, "STALKER": 0.5, "TURTLE": 0.25, "HIBERNATE": 0.0}


def read_archive(archive):
    """Scans in the order of their files' times: (time in ms, {asset: price}, largest eigenvalue)."""
    scans = []
    for path in sorted(Path(archive).glob("????-??-??/*.arrow")):
        row = ipc.open_file(path.read_bytes()).read_all().to_pylist()[0]
        # Not positive or not finite is no price: such an asset is left out of the scan.
        prices = {
            name: price
            for name, price in zip(row["assets"], row["asset_prices"])
            if price is not None and math.isfinite(price) and price > 0
        }
        eigenvalues = row["eigenvalues"]
        largest = eigenvalues[0] if eigenvalues else NAN
        time_ms = row["timestamp"].timestamp() * 1_000
        scans.append((path.stat().st_mtime_ns, time_ms, row["assets"], prices, largest))
    scans.sort(key=lambda scan: scan[0])
    return [scan[1:] for scan in scans]


class Windows:
    """What the default strategy keeps: concentration, its velocities, mean returns, and each asset's prices."""

    def __init__(self, short, long):
        self.short, self.long = short, long
        self.seen = 0
        self.concentrations = deque(maxlen=long + 1)
        self.divergences = deque(maxlen=RANK_SCANS)
        self.means = deque(maxlen=SIGMA_SCANS)
        self.deviations = deque(maxlen=RANK_SCANS)
        self.prices = {}
        self.count = 0
        self.vel_div, self.vol_ok = NAN, False

    def take(self, count, prices, largest):
        self._take_prices(prices)
        self.seen += 1
        if self.seen <= DROPPED_SCANS:
            return
        self._take_concentration(count, largest)
        self._take_volatility(prices)

    def _take_prices(self, prices):
        # An asset's window restarts after it was absent, from a scan or from a price.
        self.prices = {name: self.prices.get(name, deque(maxlen=SIGMA_SCANS + 1)) for name in prices}
        for name, price in prices.items():
            self.prices[name].append(price)

    def _take_concentration(self, count, largest):
        if count != self.count:
            self.concentrations.clear()
        self.count = count
        self.vel_div = NAN
        if math.isnan(largest):
            self.concentrations.clear()
            return
        self.concentrations.append(largest / count)
        if len(self.concentrations) <= self.long:
            return
        now = self.concentrations[-1]
        fast = (now - self.concentrations[-1 - self.short]) / self.short
        slow = (now - self.concentrations[-1 - self.long]) / self.long
        d = fast - slow
        if len(self.divergences) == RANK_SCANS:
            rms = math.sqrt(sum(x * x for x in self.divergences) / RANK_SCANS)
            if rms > 0:
                self.vel_div = 0.015 * d / rms
        self.divergences.append(d)

    def _take_volatility(self, prices):
        moves = [self.back(name, 0) / self.back(name, 1) - 1 for name in prices]
        moves = [move for move in moves if math.isfinite(move)]
        self.vol_ok = False
        if not moves:
            return
        self.means.append(sum(moves) / len(moves))
        if len(self.means) < SIGMA_SCANS:
            return
        deviation = float(np.std(self.means))
        # "Its last 250 values" hold the present one, while the "previous 250" of the divergence do not.
        self.deviations.append(deviation)
        if len(self.deviations) == RANK_SCANS:
            self.vol_ok = deviation > float(np.quantile(self.deviations, RANK))

    def back(self, name, scans):
        window = self.prices.get(name, ())
        return window[-1 - scans] if len(window) > scans else NAN

    def sigma(self, name):
        window = self.prices[name]
        if len(window) <= SIGMA_SCANS:
            return NAN
        closes = np.array(window)
        return float(np.std(closes[1:] / closes[:-1] - 1))

    def is_warm(self):
        return not math.isnan(self.vel_div) and len(self.deviations) == RANK_SCANS


class Book:
    """One position at most, and one order on its way at most."""

    def __init__(self, settings):
        self.settings = settings
        self.cash = settings["capital"]
        self.fee = settings["fee_bps"] / 10_000
        self.slippage = settings["slippage_bps"] / 10_000
        self.windows = Windows(settings["short"], settings["long"])
        self.position = None
        self.order = None
        self.trades = []
        self.index = -1
        self.last_ms = NAN
        self.interval_ms = NAN
        self.mark = NAN
        self.silent_ms = 0.0
        self.equity = self.peak = self.day_start = self.cash
        self.day = None
        self.latched = None

    def take(self, scan):
        time_ms, assets, prices, largest = scan
        self.index += 1
        # Half a minute beyond the usual distance of scans is a silence; the usual one is the last that was none.
        passed_ms = time_ms - self.last_ms
        silence = passed_ms > self.interval_ms + 30_000
        if not silence and not math.isnan(passed_ms):
            self.interval_ms = passed_ms
        self.last_ms = time_ms
        self.windows.take(len(assets), prices, largest)
        self.mark_to_market(time_ms, prices, min(passed_ms, self.interval_ms))
        # A scan is judged before it fills what was sent at the one before: its fills are events that follow it.
        waiting = self.order
        if waiting is None and self.position is not None:
            self.judge_exit(time_ms, prices)
        elif waiting is None and self.latched is None:
            self.judge_entry(time_ms, prices)
        if waiting is not None:
            self.fill_order(time_ms, prices, silence)

    def mark_to_market(self, time_ms, prices, counted_ms):
        held = self.position
        if held is not None and held["asset"] in prices:
            self.mark, self.silent_ms = prices[held["asset"]], 0.0
        elif held is not None and prices:
            self.silent_ms += counted_ms
            if self.silent_ms >= self.settings["delisted_after_ms"]:
                share = self.settings["delisted_at"]
                price = self.mark * (share if held["side"] > 0 else 2 - share)
                self.order = {"kind": "exit", "side": 0, "reason": "delisted"}
                self.fill(self.order, time_ms, price)
        self.judge_losses(time_ms)

    def judge_losses(self, time_ms):
        held = self.position
        open_gain = 0.0
        if held is not None:
            open_gain = held["side"] * held["quantity"] * (self.mark - held["entry"])
        day = int(time_ms // 86_400_000)
        if day != self.day:
            # As the last scan of the day before left it.
            self.day, self.day_start = day, self.equity
        self.equity = self.cash + open_gain
        self.peak = max(self.peak, self.equity)
        limits = self.settings["limits"]
        if limits is None or self.latched is not None:
            return
        if self.day_start - self.equity >= limits["daily_loss_max"] * self.day_start:
            self.latched = "limit_daily_loss"
        elif self.peak - self.equity >= limits["drawdown_max"] * self.peak:
            self.latched = "limit_drawdown"
        if self.latched is not None and self.order is not None and self.order["kind"] == "entry":
            self.order = None

    def fill_order(self, time_ms, prices, silence):
        order = self.order
        if order["kind"] == "entry" and (silence or order["asset"] not in prices):
            self.order = None
            return
        kind, wait_ms = self.settings["fills"], self.settings["latency_ms"]
        if kind == "latency" and time_ms < order["time_ms"] + wait_ms:
            return
        if order["asset"] in prices:
            self.fill(order, time_ms, prices[order["asset"]])

    def send(self, order, time_ms, prices):
        self.order = order | {"time_ms": time_ms}
        if self.settings["fills"] == "same_scan":
            self.fill(self.order, time_ms, prices[order["asset"]])

    def fill(self, order, time_ms, price):
        """At the observed price and half a spread, whatever the trigger was."""
        self.order = None
        side = order["side"]
        at = price * (1 + side * self.slippage)
        if order["kind"] == "entry":
            fee = order["quantity"] * at * self.fee
            self.cash -= fee
            self.position = order | {"entry": at, "entry_ms": time_ms, "fee": fee, "index": self.index}
            self.mark, self.silent_ms = price, 0.0
            return
        held = self.position
        # What is written off costs nothing.
        fee = held["quantity"] * at * self.fee * abs(side)
        gross = held["side"] * held["quantity"] * (at - held["entry"])
        self.cash += gross - fee
        self.position = None
        net = gross - fee - held["fee"]
        self.trades.append(
            {
                "asset": held["asset"],
                "direction": "long" if held["side"] > 0 else "short",
                "entry_ms": held["entry_ms"],
                "exit_ms": time_ms,
                "reason": order["reason"],
                "figures": [held["quantity"], held["entry"], at, held["fee"] + fee, net],
            }
        )

    def judge_exit(self, time_ms, prices):
        held = self.position
        price = prices.get(held["asset"])
        if price is None:
            return
        gain = held["side"] * (price / held["entry"] - 1)
        if gain >= held["take_profit"]:
            reason = "take_profit"
        elif gain <= -held["stop_loss"]:
            reason = "stop_loss"
        elif self.index - held["index"] >= held["hold"]:
            reason = "max_hold"
        else:
            return
        order = {"kind": "exit", "asset": held["asset"], "side": -held["side"], "reason": reason}
        self.send(order, time_ms, prices)

    def judge_entry(self, time_ms, prices):
        windows, settings = self.windows, self.settings
        if not windows.is_warm() or not windows.vol_ok:
            return
        if windows.vel_div < -settings["threshold"]:
            side = -1
        elif windows.vel_div > settings["threshold"] and settings["long_enabled"]:
            side = 1
        else:
            return
        momentum = {name: prices[name] / windows.back(name, MOMENTUM_SCANS) for name in prices}
        momentum = {name: value for name, value in momentum.items() if math.isfinite(value)}
        if not momentum:
            return
        # The first on ties, in the order of the scan's assets, in both directions.
        asset = (max if side > 0 else min)(momentum, key=momentum.get)
        # The asset is the best of those with a momentum; if its own deviation is not full yet, nothing is entered.
        sigma = windows.sigma(asset)
        if math.isnan(sigma):
            return
        take_profit, stop_loss = settings["take_profit"], settings["stop_loss"]
        if settings["adaptive"]:
            width = sigma * math.sqrt(settings["hold"])
            take_profit = min(max(0.95 * width, 0.0025), 0.05)
            stop_loss = min(max(1.0 * width, 0.0025), 0.05)
        notional = self.cash * settings["share"] * POSTURES[settings["posture"]]
        if notional <= 0 or self.is_refused(notional):
            return
        order = {"kind": "entry", "asset": asset, "side": side, "quantity": notional / (prices[asset] * (1 + side * self.slippage))}
        plan = {"take_profit": take_profit, "stop_loss": stop_loss, "hold": settings["hold"]}
        self.send(order | plan, time_ms, prices)

    def is_refused(self, notional):
        """A limit of size refuses the one entry; it is said at the capital and follows the equity."""
        limits = self.settings["limits"]
        return limits is not None and notional > limits["notional_max"] * self.equity / self.settings["capital"]


def main():
    archive, settings = sys.argv[1:3]
    scans = read_archive(archive)
    books = [Book(setting) for setting in json.loads(Path(settings).read_text())]
    for scan in scans:
        for book in books:
            book.take(scan)
    print(json.dumps([book.trades for book in books]))


if __name__ == "__main__":
    main()
