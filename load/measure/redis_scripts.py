"""The checkout as a Lua script in Redis: three variants, each at its best pipelining."""

import itertools
from pathlib import Path

from checkout_rules import broken_rules
from servers import LOAD_CORE, MeasureError, Redis, run_for_json

SCRIPTS = Path(__file__).resolve().parent / "scripts"
VARIANTS = ("hashes", "packed", "lean")
# Connections, and checkouts under way on each. Redis reads 16 KB of a connection at a time, so a longer pipeline
# on one of them gains nothing; many connections share a sync.
ARRANGEMENTS = ((4, 64), (16, 64), (64, 64))

seeds = itertools.count(1)


def script_file(variant):
    return SCRIPTS / f"{variant}.lua"


def peer(redis, variant):
    """The variant as checkout_rules.py asks it, with keys of its own."""
    sha = redis.command("SCRIPT", "LOAD", script_file(variant).read_text())
    prefix = f"rules-{variant}:"

    def checkout(asked):
        return redis.command(
            "EVALSHA", sha, 3, f"{prefix}o:M1:{asked.order}", f"{prefix}m:{asked.member}", f"{prefix}events",
            f"{asked.member} {asked.at_ms} {asked.amount} {asked.points}", asked.amount, asked.points,
            asked.at_ms, asked.day, asked.ends, asked.cap, asked.orders_max)
    return checkout


class RedisScripts:
    """A Redis of its own for the scripts, started by entering it."""

    def __init__(self, setting, durability):
        self.setting, self.durability = setting, durability
        self.folder = setting.folder / f"scripts-{durability}"

    def __enter__(self):
        self.redis = Redis(self.folder, self.durability)
        return self

    def __exit__(self, *_):
        self.redis.__exit__()

    def check(self):
        """Every variant gives right answers, or this says which do not."""
        for variant in VARIANTS:
            broken = broken_rules(peer(self.redis, variant))
            if broken:
                raise MeasureError(f"{variant}.lua:\n" + "\n".join(broken))

    def measure(self, variant, arrangement, seconds=None, warm_up_s=None):
        """What wutong-redis-script tells; it fails on a wrong answer."""
        self.redis.settle()
        setting, (connections, depth) = self.setting, arrangement
        seconds = seconds or setting.seconds
        warm_up_s = setting.warm_up_s if warm_up_s is None else warm_up_s
        return run_for_json(
            [setting.binaries / "wutong-redis-script", "--socket", self.redis.socket, "--script",
             script_file(variant), "--prefix", f"{variant}:", "--members", setting.members,
             "--connections", connections, "--depth", depth, "--seconds", seconds, "--warm-up-s",
             warm_up_s, "--seed", next(seeds)],
            self.folder / "script.json", LOAD_CORE, timeout=seconds + warm_up_s + 60)

    def best_arrangements(self, passes):
        """By variant, the arrangement with the highest rate in any of some short passes, which take turns."""
        rates = {}
        for _ in range(passes):
            for arrangement in ARRANGEMENTS:
                for variant in VARIANTS:
                    told = self.measure(variant, arrangement, seconds=1, warm_up_s=0)
                    key = variant, arrangement
                    rates[key] = max(rates.get(key, 0), told["checkouts_per_s"])
        return {variant: max(ARRANGEMENTS, key=lambda arrangement: rates[variant, arrangement])
                for variant in VARIANTS}
