"""How long a start of the gateway takes until tills are served, in a ledger that is full of members."""

import itertools
import time

from gateway import NO_FLUSH_SOON, PROGRAM, SHARDS, Gateway, flood
from servers import MeasureError, run_for_json

# A checkout is two events: the member's, and the order's in the order book.
EVENTS_OF_A_CHECKOUT = 2

seeds = itertools.count(1)


class Starts:
    """A gateway and its Redis, which runs all the time; no process is pinned to a core, as in a machine of its own.
    Each start is timed from the moment the process is made to the answer of a checkout on the last shard."""

    def __init__(self, setting):
        self.setting, self.members = setting, setting.large
        self.engine = f"threads = 2\nresident_members_max = {2 * self.members + 100_000}"
        self.gateway = Gateway(setting, "starts", engine=self.engine, core=None)
        self.tail_events = 0

    def __enter__(self):
        self.gateway.__enter__()
        try:
            self.gateway.enroll(self.members)
        except BaseException:
            self.gateway.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.gateway.__exit__()

    def after_an_orderly_stop(self):
        self.gateway.settle()
        self.gateway.stop()
        self.gateway.write_config(self.engine)
        return self.start_ms()

    def after_a_kill(self):
        """The tail that a start has to read: as many events as there are members, which no flush has covered."""
        gateway = self.gateway
        gateway.settle()
        gateway.restart(f"{self.engine}\n{NO_FLUSH_SOON}")
        before = gateway.metric("wutong_events_total")
        checkouts = self.members // EVENTS_OF_A_CHECKOUT
        flood(self.setting, gateway, "--checkouts", checkouts, "--batch", 32, "--channels", 4, "--outstanding",
              16, members=self.members, timeout=60 + checkouts // 500)
        if gateway.metric("wutong_flushed_members_total") > 0:
            raise MeasureError("the tail was flushed before it was whole")
        self.tail_events = gateway.metric("wutong_events_total") - before
        gateway.kill()
        gateway.write_config(self.engine)
        return self.start_ms()

    def start_ms(self):
        self.gateway.redis.settle()
        setting, begin = self.setting, time.monotonic_ns()
        self.gateway.spawn()
        told = run_for_json(
            [setting.binaries / "wutong-first-checkouts", "--target", self.gateway.target, "--token-file",
             setting.folder / "token", "--program", PROGRAM, "--members", self.members, "--shards", SHARDS,
             "--seed", next(seeds)], setting.folder / "first.json", timeout=400)
        return (told["answered_at_monotonic_ns"] - begin) / 1e6
