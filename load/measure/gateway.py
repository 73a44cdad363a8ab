"""The gateway and the gRPC echo, and wutong-load that asks both of them in the same arrangements."""

import itertools
import os
import re
import urllib.request
from pathlib import Path

from servers import LOAD_CORE, SERVER_CORE, MeasureError, Redis, Server, run, run_for_json

DOCUMENTS = Path(__file__).resolve().parent / "documents"
PROGRAM, POLICY = DOCUMENTS / "program.json", DOCUMENTS / "policy.json"
# The gateway has one core here. With more shards its calls fall into more and smaller batches: with 16 instead of
# 4, and 64 unary calls under way, an append has 3 events instead of 14.
SHARDS = 4
THREADS = "threads = 1"
# What was sent must be flushed before the next is measured.
ENGINE = f"{THREADS}\nflush_interval_ms = 5000"
LEASE_MS = 3000
# As a gateway should have it that comes to its limits: else the kernel clears pages in the middle of calls.
HEAP = f"heap_reserve_bytes = {1024 ** 3}"
# A million members are written in flushes of 64.
FLUSHES_PATIENCE_S = 1200
NO_FLUSH_SOON = "flush_interval_ms = 600000\ntail_bytes_max = 1099511627776"

# By how many calls are under way, and of a stream how many checkouts a batch has; 64 batches are under way then.
# Calls come over a few connections, as those of tills behind their concentrators do; a stream has its own.
ARRANGEMENTS = {
    "unary_1": ("--channels", 1, "--outstanding", 1),
    "unary_64": ("--channels", 4, "--outstanding", 16),
    "unary_256": ("--channels", 4, "--outstanding", 64),
    "stream_8": ("--channels", 1, "--outstanding", 64, "--batch", 8),
    "stream_32": ("--channels", 1, "--outstanding", 64, "--batch", 32),
}

seeds = itertools.count(1)


def flood(setting, server, *more, members=None, seconds=None, timeout=None):
    """What `wutong-load flood` tells of `server`, an echo or a gateway; it fails unless every checkout succeeds."""
    seconds = seconds or setting.seconds
    return run_for_json(
        [setting.binaries / "wutong-load", "flood", "--target", server.target, "--token-file",
         setting.folder / "token", "--program", PROGRAM, "--members", members or setting.members,
         "--seconds", seconds, "--warm-up-s", setting.warm_up_s, "--seed", next(seeds), *more],
        setting.folder / "flood.json", LOAD_CORE, timeout or seconds + setting.warm_up_s + 60)


class Echo:
    """Answers every checkout with a reply that the gateway gave, and does nothing else."""

    def __init__(self, setting):
        self.setting = setting

    def __enter__(self):
        self.server = Server("echo", self.setting.folder, [
            self.setting.binaries / "wutong-echo", "--reply", self.setting.folder / "reply.bin"],
            SERVER_CORE)
        try:
            self.server.wait_until(lambda: self.server.log().endswith("\n"), "its port")
            port = re.match(r"port (\d+),", self.server.log()).group(1)
            self.target = f"127.0.0.1:{port}"
        except BaseException:
            self.server.stop()
            raise
        return self

    def __exit__(self, *_):
        self.server.stop()

    def measure(self, arrangement):
        return flood(self.setting, self, *ARRANGEMENTS[arrangement])


class Gateway:
    """A gateway over a Redis and a ledger of its own, made by entering it."""

    def __init__(self, setting, name, durability="always", engine=ENGINE, core=SERVER_CORE,
                 edge="", policy=POLICY, rewrites=True):
        self.setting, self.name, self.durability = setting, name, durability
        self.engine, self.core, self.edge, self.policy = engine, core, edge, policy
        self.rewrites = rewrites
        self.folder = setting.folder / name
        self.redis, self.server = None, None

    def __enter__(self):
        try:
            self.redis = Redis(self.folder, self.durability, self.rewrites)
            token = self.setting.folder / "token"
            self.write_config(self.engine)
            if not token.exists():
                self.program("token", "--name", "bench", "--role", "operator", "--venue", "*", "--credentials",
                             self.setting.folder / "credentials.toml", "--token-file", token)
            self.program("create", "--config", self.config)
            self.serve()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The gateway flushes into Redis, so Redis goes last.
        try:
            self.stop()
        finally:
            if self.redis is not None:
                self.redis.__exit__()

    def program(self, *arguments):
        return run([self.setting.binaries / "wutong", *arguments])

    @property
    def config(self):
        return self.folder / "wutong.toml"

    def write_config(self, engine):
        self.config.write_text(f"""
[ledger]
node = "bench"
unix_socket = "{self.redis.socket}"
allow_everysec = {"false" if self.durability == "always" else "true"}
[create]
shards = {SHARDS}
[engine]
lease_ttl_ms = {LEASE_MS}
{engine}
[gateway]
listen = "127.0.0.1:0"
{self.edge}
[metrics]
listen = "127.0.0.1:0"
[documents]
program = "{PROGRAM}"
risk_policy = "{self.policy}"
[credentials]
file = "{self.setting.folder / "credentials.toml"}"
[witness]
file = "witness"
""")

    def spawn(self):
        """Started, and heard of on its port; it may not serve yet."""
        self.server = Server("gateway", self.folder, [
            self.setting.binaries / "wutong", "serve", "--config", self.config], self.core)
        self.server.wait_until(lambda: "serving gRPC on" in self.server.log(), "its port", pause_s=0.001)
        port = re.search(r"serving gRPC on .*, port (\d+);", self.server.log()).group(1)
        self.target = f"127.0.0.1:{port}"

    def serve(self):
        self.spawn()
        self.server.wait_until(lambda: self.metric("wutong_ready") == 1, "readiness")

    def restart(self, engine, edge=None):
        """In order, with other lines of TOML for [engine] and perhaps for [gateway]."""
        self.stop()
        if edge is not None:
            self.edge = edge
        self.write_config(engine)
        self.serve()

    def stop(self):
        if self.server is not None:
            self.server.stop()
            self.server = None

    def kill(self):
        self.server.process.kill()
        self.server.process.wait()
        self.server = None

    def metric(self, name):
        """Of what /metrics tells; nothing as long as it does not answer."""
        port = re.search(r"serving metrics on .*, port (\d+)", self.server.log())
        if port is None:
            return None
        with urllib.request.urlopen(f"http://127.0.0.1:{port.group(1)}/metrics", timeout=30) as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.M).group(1))

    def resident_bytes(self):
        """The resident set of the process as it is now."""
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.M).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def settle(self):
        """Until nothing of what was sent waits to be written behind, which would fall on whoever comes next."""
        self.server.wait_until(lambda: self.metric("wutong_tail_bytes") == 0, "the last flush",
                               FLUSHES_PATIENCE_S, pause_s=0.1)
        self.redis.settle()

    def enroll(self, members=None):
        """All members, and one checkout of each; saves the echo's reply."""
        members = members or self.setting.members
        flood(self.setting, self, "--enroll", "--checkouts", members, "--batch", 32, "--channels", 4,
              "--outstanding", 64, members=members, timeout=60 + members // 500)
        if not (self.setting.folder / "reply.bin").exists():
            flood(self.setting, self, "--checkouts", 1, "--save-reply", self.setting.folder / "reply.bin")
        self.settle()

    def measure(self, arrangement):
        told = flood(self.setting, self, *ARRANGEMENTS[arrangement])
        self.settle()
        return told


class Snapshots:
    """What writing snapshots behind costs: the rate of unary calls with the ordinary interval of flushes, and with
    one that does not end while it is measured. Both on a gateway with all members in memory, for one interval:
    the work of one round lies in it, wherever it begins."""

    def __init__(self, setting):
        self.setting = setting
        self.gateway = Gateway(setting, "snapshots", edge=HEAP)

    def __enter__(self):
        self.gateway.__enter__()
        try:
            self.gateway.enroll()
        except BaseException:
            self.gateway.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.gateway.__exit__()

    def measure(self, flushing):
        gateway = self.gateway
        interval_s = self.setting.flush_interval_s
        gateway.restart(f"{THREADS}\n" + (f"flush_interval_ms = {1000 * interval_s}" if flushing else NO_FLUSH_SOON))
        flood(self.setting, gateway, "--checkouts", self.setting.members, "--batch", 32, "--channels", 1,
              "--outstanding", 64)
        if flushing:
            # Until who is flushed is who came at this rate.
            flood(self.setting, gateway, *ARRANGEMENTS["unary_64"], seconds=2 * interval_s)
        told = flood(self.setting, gateway, *ARRANGEMENTS["unary_64"], seconds=interval_s)
        flushes = gateway.metric("wutong_flushed_members_total")
        if flushes > 0 and not flushing:
            raise MeasureError(f"{flushes:.0f} members were flushed where none should be: with more members none has "
                               "so many records that it does not wait")
        return told
