"""Figures of rounds, what is computed of them, and how both are told: to people as a table, to programs as JSON."""

import json
import os
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float
    rounds: int

    @staticmethod
    def of(values):
        """The median and the quartiles; of one value that value."""
        low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        return Spread(statistics.median(values), low, high, len(values))

    def as_json(self):
        return {"median": self.median, "low_quartile": self.low, "high_quartile": self.high,
                "rounds": self.rounds}


class Figures:
    """By name, a figure a round. What is compared was measured in the same rounds, so that a ratio is one of each
    round and its median is told, and not the ratio of two medians."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(float(value))

    def spread(self, name):
        values = self.values.get(name)
        return Spread.of(values) if values else None

    def combine(self, name, function, *names):
        """Adds `name`, by `function` of the figures of each round; nothing if one of them was not measured."""
        columns = [self.values.get(of) for of in names]
        if all(columns):
            self.values[name] = [function(*row) for row in zip(*columns)]

    def best(self, names):
        """The name with the highest median, or nothing."""
        measured = [name for name in names if name in self.values]
        return max(measured, key=lambda name: self.spread(name).median, default=None)


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


# Each section with its lines: the figure's name, and what people call it.
SECTIONS = [
    ("gRPC echo of the same sizes, checkouts a second", [
        ("echo_unary_1_per_s", "unary, 1 outstanding"), ("echo_unary_64_per_s", "unary, 64 outstanding"),
        ("echo_unary_256_per_s", "unary, 256 outstanding"),
        ("echo_stream_8_per_s", "stream, 64 batches of 8"), ("echo_stream_32_per_s", "stream, 64 batches of 32"),
        ("echo_unary_64_p99_ms", "unary, 64 outstanding: p99, ms"),
    ]),
    ("The gateway, appendfsync always, checkouts a second", [
        ("always_unary_1_per_s", "unary, 1 outstanding"), ("always_unary_64_per_s", "unary, 64 outstanding"),
        ("always_unary_256_per_s", "unary, 256 outstanding"),
        ("always_stream_8_per_s", "stream, 64 batches of 8"),
        ("always_stream_32_per_s", "stream, 64 batches of 32"),
        ("always_unary_64_p99_ms", "unary, 64 outstanding: p99, ms"),
        ("fdatasync_p50_ms", "an fdatasync of this disk, p50, ms"),
    ]),
    ("The gateway, appendfsync everysec, checkouts a second", [
        ("everysec_unary_1_per_s", "unary, 1 outstanding"), ("everysec_unary_64_per_s", "unary, 64 outstanding"),
        ("everysec_unary_256_per_s", "unary, 256 outstanding"),
        ("everysec_stream_8_per_s", "stream, 64 batches of 8"),
        ("everysec_stream_32_per_s", "stream, 64 batches of 32"),
        ("everysec_unary_64_p99_ms", "unary, 64 outstanding: p99, ms"),
    ]),
    ("The checkout as a script in Redis, checkouts a second", [
        (f"redis_script_{durability}_{variant}_per_s", f"{variant}, {durability}")
        for durability in ("always", "everysec") for variant in ("hashes", "packed", "lean")
    ]),
    ("The checkout as a function in PostgreSQL, checkouts a second", [
        ("postgres_checkouts_per_s", "32 clients, synchronous_commit on"),
    ]),
    ("Snapshots written behind, unary, 64 outstanding, checkouts a second", [
        ("with_snapshots_per_s", "ordinary flush interval"), ("without_snapshots_per_s", "nothing flushed meanwhile"),
    ]),
    ("The engine alone", [
        ("engine_checkouts_per_s", "checkouts a second of one core"),
        ("resident_bytes_per_member", "bytes of a resident member"),
    ]),
    ("A start until every shard answers, ms", [
        ("start_orderly_ms", "after an orderly stop"), ("start_killed_ms", "after kill -9, the lease included"),
    ]),
    ("Ratios, of each round", [
        ("unary_ratio_64", "unary, 64 outstanding: gateway / echo"),
        ("unary_ratio_256", "unary, 256 outstanding: gateway / echo"),
        ("unary_p99_ratio_64", "p99 at 64: gateway / (echo + 2 fdatasync)"),
        ("stream_vs_redis_script", "stream / best script in Redis, both always"),
        ("snapshot_overhead_ratio", "share of the unary rate that snapshots cost"),
    ]),
]

# What the JSON has at its top, with null for what was not measured.
KEYS = ("unary_ratio_64", "unary_ratio_256", "unary_p99_ratio_64", "stream_vs_redis_script",
        "stream_checkouts_per_s", "redis_script_checkouts_per_s", "postgres_checkouts_per_s",
        "engine_checkouts_per_s", "resident_bytes_per_member", "start_orderly_ms", "start_killed_ms",
        "snapshot_overhead_ratio")


def derive(figures):
    """Adds what is computed of what was measured. Answers which stream and which script count."""
    for outstanding in (64, 256):
        figures.combine(f"unary_ratio_{outstanding}", lambda gateway, echo: gateway / echo,
                        f"always_unary_{outstanding}_per_s", f"echo_unary_{outstanding}_per_s")
    figures.combine("unary_p99_ratio_64", lambda gateway, echo, sync: gateway / (echo + 2 * sync),
                    "always_unary_64_p99_ms", "echo_unary_64_p99_ms", "fdatasync_p50_ms")
    figures.combine("snapshot_overhead_ratio", lambda flushing, without: 1 - flushing / without,
                    "with_snapshots_per_s", "without_snapshots_per_s")
    stream = figures.best(("always_stream_8_per_s", "always_stream_32_per_s"))
    script = figures.best([name for name in figures.values if name.startswith("redis_script_always_")])
    for name, best in (("stream_checkouts_per_s", stream), ("redis_script_checkouts_per_s", script)):
        if best:
            figures.combine(name, lambda value: value, best)
    figures.combine("stream_vs_redis_script", lambda gateway, redis: gateway / redis,
                    "stream_checkouts_per_s", "redis_script_checkouts_per_s")
    return stream, script


def table(figures, notes):
    lines = []
    for title, rows in SECTIONS:
        spreads = [(label, figures.spread(name)) for name, label in rows]
        if not any(spread for _, spread in spreads):
            continue
        lines += ["", f"{title:<72}{'median':>10}  {'quartiles':>23}"]
        for label, spread in spreads:
            if spread:
                lines.append(f"  {label:<70}{number(spread.median):>10}  {number(spread.low):>10} to "
                             f"{number(spread.high):>9}")
    return "\n".join([*lines, "", *notes])


def write_json(file, figures, setting):
    """Renamed into place, so that nobody reads half of it."""
    medians = {key: spread.median if (spread := figures.spread(key)) else None for key in KEYS}
    whole = {**medians, "setting": setting,
             "figures": {name: figures.spread(name).as_json() for name in sorted(figures.values)},
             "rounds": figures.values}
    new = f"{file}.new"
    with open(new, "w") as out:
        json.dump(whole, out, indent=2)
        out.write("\n")
    os.replace(new, file)
