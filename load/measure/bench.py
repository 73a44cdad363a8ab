"""Measures the gateway beside its peers, in one run on one machine; load/bench builds and starts it.

What is compared is measured in rounds, each on servers and ledgers made anew, in an order that is turned round
every time, so that neither a slow phase of the machine nor who comes first falls on one side alone.
"""

import argparse
import contextlib
import functools
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import postgresql
from bounds import bounded
from engine_alone import COUNTERS, LOTS, RECEIPTS, checkouts_per_core_s, resident_bytes_per_member
from gateway import ARRANGEMENTS, HEAP, LEASE_MS, SHARDS, Echo, Gateway, Snapshots
from servers import CORES, LOAD_CORE, SERVER_CORE, MeasureError, Stopping, fdatasync_p50_ms
from redis_scripts import VARIANTS, RedisScripts
from report import Figures, derive, number, table, write_json
from starts import Starts

PARTS = ("echo", "gateway", "snapshots", "redis", "postgres", "engine", "memory", "starts")
DURABILITIES = ("always", "everysec")
TRIES = 3
# What is compared with nobody takes long, and needs fewer rounds.
REPETITIONS_MAX = 5


@dataclass(frozen=True)
class Setting:
    binaries: Path
    folder: Path
    rounds: int
    seconds: int
    warm_up_s: int
    members: int
    large: int
    flush_interval_s: int


class Bench:
    def __init__(self, setting, parts):
        self.setting, self.parts = setting, parts
        self.figures = Figures()
        self.arrangements = {}
        self.tail_events = None
        self.postgres_absent = None if postgresql.programs() else "PostgreSQL is not installed"

    def run(self):
        if {"echo", "gateway", "snapshots", "redis", "postgres"} & self.parts:
            self.prepare()
            for number_of_round in range(self.setting.rounds):
                say(f"round {number_of_round + 1} of {self.setting.rounds}")
                self.round(backwards=number_of_round % 2 == 1)
        repetitions = min(self.setting.rounds, REPETITIONS_MAX)
        if "engine" in self.parts:
            for _ in range(repetitions):
                self.measure("engine_checkouts_per_s", lambda: checkouts_per_core_s(self.setting))
        if "memory" in self.parts:
            self.measure("resident_bytes_per_member", lambda: resident_bytes_per_member(self.setting))
        if "starts" in self.parts:
            self.starts(repetitions)

    # --- Rounds

    def prepare(self):
        """What is the same in all rounds: the echo's reply, how scripts are best sent, and whether peers do what
        they are measured for."""
        say("preparing")
        if "echo" in self.parts:
            with Gateway(self.setting, "reply", "everysec") as gateway:
                gateway.enroll(100)
        if "redis" in self.parts:
            for durability in DURABILITIES:
                with RedisScripts(self.setting, durability) as scripts:
                    scripts.check()
                    self.arrangements[durability] = self.tried(
                        lambda: scripts.best_arrangements(passes=min(2, self.setting.rounds)))
        if "postgres" in self.parts and not self.postgres_absent:
            try:
                with postgresql.PostgreSql(self.setting) as postgres:
                    postgres.check()
            except postgresql.Unavailable as error:
                self.postgres_absent = str(error)

    def round(self, backwards):
        """Everybody in turn; those whose ratio is told stand side by side."""
        with contextlib.ExitStack() as stack:
            units = self.units(stack)
            for unit in reversed(units) if backwards else units:
                unit()

    def units(self, stack):
        unary, streams = [], []
        gateways = {}
        if "gateway" in self.parts:
            for durability in DURABILITIES:
                gateways[durability] = stack.enter_context(
                    Gateway(self.setting, f"gateway-{durability}", durability, edge=HEAP))
                self.tried(gateways[durability].enroll)
        echo = stack.enter_context(Echo(self.setting)) if "echo" in self.parts else None
        for arrangement in ARRANGEMENTS:
            units = streams if arrangement.startswith("stream") else unary
            if arrangement == "unary_64":
                units.append(lambda: self.measure("fdatasync_p50_ms", lambda: fdatasync_p50_ms(self.setting.folder)))
            for name, peer in (("echo", echo), *gateways.items()):
                if peer:
                    units.append(functools.partial(self.flood, name, peer, arrangement))
        return unary + self.snapshot_units(stack) + self.postgres_units(stack) + streams + \
            self.script_units(stack)

    def snapshot_units(self, stack):
        if "snapshots" not in self.parts:
            return []
        snapshots = stack.enter_context(Snapshots(self.setting))

        def unit(name, flushing):
            self.measure(name, lambda: snapshots.measure(flushing)["checkouts_per_s"])
        return [functools.partial(unit, "with_snapshots_per_s", True),
                functools.partial(unit, "without_snapshots_per_s", False)]

    def postgres_units(self, stack):
        if "postgres" not in self.parts or self.postgres_absent:
            return []
        postgres = stack.enter_context(postgresql.PostgreSql(self.setting))
        postgres.begin_anew()
        return [lambda: self.measure("postgres_checkouts_per_s", lambda: postgres.measure()["checkouts_per_s"])]

    def script_units(self, stack):
        if "redis" not in self.parts:
            return []
        units = []
        for durability in DURABILITIES:
            scripts = stack.enter_context(RedisScripts(self.setting, durability))
            for variant in VARIANTS:
                def unit(scripts=scripts, durability=durability, variant=variant):
                    best = self.arrangements[durability][variant]
                    self.measure(f"redis_script_{durability}_{variant}_per_s",
                                 lambda: scripts.measure(variant, best)["checkouts_per_s"])
                units.append(unit)
        return units

    def flood(self, name, peer, arrangement):
        told = self.tried(lambda: peer.measure(arrangement))
        self.note(f"{name}_{arrangement}_per_s", told["checkouts_per_s"])
        self.note(f"{name}_{arrangement}_p99_ms", told["p99_ms"])

    # --- Starts

    def starts(self, repetitions):
        say(f"starts with {self.setting.large:,} members")
        with Starts(self.setting) as starts:
            for _ in range(repetitions):
                self.measure("start_orderly_ms", starts.after_an_orderly_stop)
            for _ in range(repetitions):
                self.measure("start_killed_ms", starts.after_a_kill)
            self.tail_events = round(starts.tail_events)

    # --- Figures

    def measure(self, name, function):
        self.note(name, self.tried(function))

    def note(self, name, value):
        self.figures.add(name, value)
        print(f"  {name:<44}{number(float(value)):>12}", flush=True)

    @staticmethod
    def tried(function):
        """A disk that stalls for seconds fails a measurement; that says nothing of the next."""
        for attempt in range(1, TRIES + 1):
            try:
                return function()
            except MeasureError as error:
                if attempt == TRIES:
                    raise
                print(f"  measured anew: {error}", flush=True)
        return None

    def conclude(self, json_file):
        stream, script = derive(self.figures)
        setting = self.setting_told(stream, script)
        print(table(self.figures, self.notes(setting)), flush=True)
        if json_file:
            write_json(json_file, self.figures, setting)

    def setting_told(self, stream, script):
        batch = int(stream.split("_")[2]) if stream else None
        variant = script.split("_")[3] if script else None
        arrangement = self.arrangements.get("always", {}).get(variant)
        return {
            "rounds": self.setting.rounds, "seconds": self.setting.seconds, "warm_up_s": self.setting.warm_up_s,
            "members": self.setting.members, "members_of_memory_and_starts": self.setting.large,
            "processors": len(CORES), "server_core": SERVER_CORE, "load_core": LOAD_CORE,
            "machine": f"{processor()}, Linux {platform.release()}, {file_system(self.setting.folder)}",
            "stream_batch": batch, "redis_script": variant,
            "redis_script_connections": arrangement[0] if arrangement else None,
            "redis_script_depth": arrangement[1] if arrangement else None,
            "postgres_absent": self.postgres_absent, "shards": SHARDS, "lease_ms": LEASE_MS,
            "tail_events": self.tail_events,
        }

    def notes(self, told):
        notes = [f"{told['machine']}; rounds: {told['rounds']}, of {told['seconds']} s each; "
                 f"{told['members']:,} members."]
        if SERVER_CORE is None:
            notes.append("One core: nothing is pinned.")
        else:
            notes.append(f"Gateway and echo on core {SERVER_CORE}, whoever asks on core {LOAD_CORE}; Redis and "
                         "PostgreSQL where there is room.")
        if told["stream_batch"]:
            notes.append(f"The stream that counts has {told['stream_batch']} checkouts a batch, 64 batches "
                         "outstanding.")
        if told["redis_script"]:
            notes.append(f"The script that counts is {told['redis_script']}.lua, over "
                         f"{told['redis_script_connections']} connections with {told['redis_script_depth']} "
                         "checkouts under way each.")
        if "postgres" in self.parts and self.postgres_absent:
            notes.append(f"{self.postgres_absent}: not measured.")
        if "memory" in self.parts:
            notes.append(f"A member has {LOTS} lots, {RECEIPTS} receipts, {COUNTERS} counters; the slope from "
                         f"{told['members_of_memory_and_starts'] // 10:,} members to ten times as many.")
        if "starts" in self.parts:
            notes.append(f"Starts: {told['members_of_memory_and_starts']:,} members, {SHARDS} shards, Redis runs "
                         f"on; after kill -9 a tail of {told['tail_events']:,} events, and of the time up to "
                         f"{LEASE_MS:,} ms are the lease that is waited for.")
        return notes


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{len(CORES)} cores of {line.split(':', 1)[1].strip()}"
    return f"{len(CORES)} cores"


def file_system(folder):
    done = subprocess.run(["stat", "--file-system", "--format", "%T", folder], text=True, capture_output=True)
    return done.stdout.strip() or "unknown file system"


def say(what):
    print(f"== {what}", flush=True)


def parts_of(text):
    chosen = set(text.split(","))
    if not chosen <= set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(chosen - set(PARTS)))}: not among {', '.join(PARTS)}")
    return chosen


def parse(arguments):
    parser = argparse.ArgumentParser(prog="load/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--rounds", type=bounded(1, 1000), default=10, help="default: 10")
    parser.add_argument("--seconds", type=bounded(1, 20), default=3,
                        help="of each measurement (default: 3)")
    parser.add_argument("--warm-up-s", type=bounded(0, 10), default=1, metavar="SECONDS",
                        help="before each, not counted (default: 1)")
    parser.add_argument("--only", type=parts_of, default=set(PARTS), metavar="PART,...",
                        help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--members", type=bounded(100, 10_000_000), default=100_000, metavar="N",
                        help="who buy where rates are compared (default: 100000)")
    parser.add_argument("--large-members", type=bounded(1000, 10_000_000), default=1_000_000, metavar="N",
                        help="of the engine alone, of memory and starts, and events of the tail "
                             "(default: 1000000)")
    parser.add_argument("--flush-interval-s", type=bounded(1, 120), default=30, metavar="SECONDS",
                        help="of the gateway whose snapshots are measured, each time for as long (default: the "
                             "gateway's own, 30)")
    return parser.parse_args(arguments)


def main():
    arguments = parse(sys.argv[1:])
    Stopping.watch()
    folder = Path(tempfile.mkdtemp(prefix="wutong-bench-"))
    try:
        # PostgreSQL runs as somebody else where we are root.
        os.chmod(folder, 0o755)
        bench = Bench(Setting(binaries=arguments.binaries.resolve(), folder=folder, rounds=arguments.rounds,
                              seconds=arguments.seconds, warm_up_s=arguments.warm_up_s,
                              members=arguments.members, large=arguments.large_members,
                              flush_interval_s=arguments.flush_interval_s), arguments.only)
        bench.run()
        bench.conclude(arguments.json)
        return 0
    except MeasureError as error:
        print(f"load/bench: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
