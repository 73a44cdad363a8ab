"""Runs of wutong-load against a gateway at its limits, one at a time or beside each other."""

import itertools
import json
import threading

from gateway import PROGRAM
from servers import LOAD_CORE, MeasureError, Server, run_for_json

# 1: some requests were turned away or failed, which is for the claims to judge.
CODES = (0, 1)
# Beyond how long a run should take: its start, and answers that are late.
SLACK_S = 60
SENT_LATE_MAX_MS = 5
# 88.00 at M1 by the documents of load/measure/.
POINTS_OF_A_CHECKOUT = 8

seeds = itertools.count(1)


def command_of(setting, gateway, name, *arguments):
    """Each run has a seed of its own, and so order ids of its own."""
    return [setting.binaries / "wutong-load", name, "--target", gateway.target, "--token-file",
            setting.folder / "token", "--program", PROGRAM, "--seed", next(seeds), *arguments]


def load(setting, gateway, name, *arguments, seconds):
    """What a run tells that should take so long."""
    return run_for_json(command_of(setting, gateway, name, *arguments), setting.folder / f"{name}.json", LOAD_CORE,
                        seconds + SLACK_S, CODES)


def add_batch_option(parser, bounded):
    parser.add_argument("--batch", type=bounded(0, 1024), default=0, metavar="N",
                        help="over streams, so many checkouts a batch (default: 0, unary calls)")


def keeps_to_schedule(claims, *runs):
    """Whether what was measured is the gateway, and not a generator that had no time."""
    late = max(told["sent_late_p99_ms"] for told in runs)
    claims.add_timed("the generator keeps to its schedule", f"p99 {late:.1f} ms late, {SENT_LATE_MAX_MS} ms may be",
                     late <= SENT_LATE_MAX_MS)


def fill(setting, gateway):
    """A checkout of each member, so that all are in memory again."""
    load(setting, gateway, "flood", "--checkouts", setting.members, "--members", setting.members, "--batch", 32,
         "--channels", 1, "--outstanding", 4, seconds=setting.members / 500)
    gateway.settle()


class Beside:
    """A run beside others, from entering it on; ended with us if it has not ended."""

    def __init__(self, setting, gateway, label, name, *arguments):
        self.summary = setting.folder / f"{label}.json"
        self.summary.unlink(missing_ok=True)
        self.command = [*command_of(setting, gateway, name, *arguments), "--json", self.summary]
        self.label, self.folder = label, setting.folder

    def __enter__(self):
        self.server = Server(self.label, self.folder, self.command, LOAD_CORE)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def kill(self):
        """Without a word to the gateway."""
        self.server.process.kill()
        self.server.process.wait()

    def result(self, seconds):
        code = self.server.process.wait(seconds + SLACK_S)
        if code not in CODES:
            raise MeasureError(f"{self.label}: exit code {code}\n{self.server.log()[-2000:]}")
        return json.loads(self.summary.read_text())


class Watch:
    """The highest of a figure, looked at ten times a second from entering it to leaving it."""

    def __init__(self, figure):
        self.figure, self.highest = figure, figure()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.ending.wait(0.1):
            self.highest = max(self.highest, self.figure())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


def checkouts_in_ledger(gateway):
    """By an audit, which replays the whole log and fails if it is not sound."""
    audit = json.loads(gateway.program("audit", "--json", "--config", gateway.config))
    return audit["points_issued"] // POINTS_OF_A_CHECKOUT


def mib(number_of_bytes):
    return f"{number_of_bytes / 2**20:,.0f} MiB"
