"""Writes test/fixtures/ephemeris.json with skyfield and DE421 (PyPI: skyfield, skyfield-data).

    python test/interop/write_ephemeris.py > test/fixtures/ephemeris.json

Apparent geocentric ecliptic longitudes of date on 100 days of 1990 to 2035, new and full moons, and the
stations of Mercury and Mars.
"""
import json
import random

from skyfield import almanac
from skyfield.api import Loader
from skyfield.framelib import ecliptic_frame
from skyfield.searchlib import find_discrete
from skyfield_data import get_skyfield_data_path

load = Loader(get_skyfield_data_path())
ts = load.timescale(builtin=True)
eph = load("de421.bsp")
earth = eph["earth"]
BODIES = {
    "sun": "sun", "moon": "moon", "mercury": "mercury", "venus": "venus", "mars": "mars",
    "jupiter": "jupiter barycenter", "saturn": "saturn barycenter", "uranus": "uranus barycenter",
    "neptune": "neptune barycenter", "pluto": "pluto barycenter",
}


def longitude(body, t):
    return earth.at(t).observe(eph[BODIES[body]]).apparent().frame_latlon(ecliptic_frame)[1].degrees


def ms(t):
    return round(t.utc_datetime().timestamp() * 1000)


def main():
    random.seed(1)
    first, last = ts.utc(1990, 1, 1).tt, ts.utc(2035, 12, 1).tt
    days = []
    for _ in range(100):
        t = ts.utc(1990, 1, 1 + random.random() * (last - first))
        t = ts.from_datetime(t.utc_datetime().replace(microsecond=0))
        days.append({"ms": ms(t), **{b: round(float(longitude(b, t)), 6) for b in BODIES}})
    phases = []
    for year in range(1991, 2036, 4):
        times, kinds = almanac.find_discrete(
            ts.utc(year, 3, 1), ts.utc(year, 4, 30), almanac.moon_phases(eph))
        phases += [{"ms": ms(t), "deg": int(k) * 90} for t, k in zip(times, kinds)]
    stations = []
    for body, years in (("mercury", range(1992, 2036, 6)), ("mars", range(1995, 2036, 8))):
        def is_back(t, body=body):
            step = 0.01
            later, sooner = (longitude(body, ts.tt_jd(t.tt + d)) for d in (step, -step))
            return ((later - sooner + 180) % 360 - 180) < 0
        is_back.step_days = 5
        for year in years:
            times, kinds = find_discrete(ts.utc(year, 1, 1), ts.utc(year, 12, 31), is_back)
            stations += [{"ms": ms(t), "body": body, "back": bool(k)} for t, k in zip(times, kinds)]
    print(json.dumps({"days": days, "phases": phases, "stations": stations}))


main()
