#!/usr/bin/env python3
"""What the sweep costs tills when a year has ended and every member has points that are due.

usage: year_end.py BINARIES [--members N] [--buyers N] [--rounds N] [--seconds N] [--rate N]
                   [--sweep-rate N]

Starts a Redis and a gateway of its own. Every member buys in June of last year, in a ledger by callers'
clock, by a program whose points end with the year; then the ledger is turned to the gateway's clock, so
that all of them are due from here on. Each round sends checkouts at a steady rate twice, once without
the sweep and once with it at work, each on a gateway started afresh; the buyers are due as well at first,
and none of them is in memory. Prints the p99 of both, and the median of the rounds' ratios. A round in
which the sweep gave fewer than four fifths of the events that its rate allows says nothing and does not
count: it had come to the end of those who are due.

exit codes: 0 the median of the ratios is at most 1.2, 1 it is above, 2 no round counts
"""

import argparse
import datetime
import json
import statistics
import sys

from real_gateway import REPOSITORY, RealGateway

PREFIX = "member-"
NO_SWEEP = "sweep_keys_per_second = 0"
DEFAULT_SWEEP_RATE = 500
RATIO_MAX = 1.2


def program():
    document = json.loads((REPOSITORY / "tests" / "data" / "p0.json").read_text())
    document["venues"] = [venue for venue in document["venues"] if venue["id"] == "M1"]
    document["expiry"] = {"end_of_year": {"years": 0}}
    return document


def sweeping(members_per_second=None):
    lines = ["sweep_interval_ms = 1000"]
    if members_per_second:
        # They stay in memory for about a second, until they are flushed.
        lines += ["flush_interval_ms = 1000",
                  f"sweep_members_per_second = {members_per_second}",
                  f"sweep_resident_members_max = {min(4 * members_per_second, 1_000_000)}"]
    return "\n".join(lines)


class YearEnd(RealGateway):
    """A ledger of `members`, each with points that ended with last year."""

    def __init__(self, binaries, members):
        super().__init__(binaries, program(), {"version": 1, "limits": []}, clock="caller")
        self.members = members
        self.runs = 0

    def start(self):
        super().start()
        june = datetime.datetime(datetime.date.today().year - 1, 6, 15, 12,
                                 tzinfo=datetime.timezone.utc)
        rows = self.folder / "june.csv"
        with rows.open("w") as out:
            print("occurred_at,kind,order_id,original_order_id,member_id,amount_minor", file=out)
            for number in range(self.members):
                print(f"{june.isoformat()},purchase,june-{number},,{PREFIX}{number:06d},100000",
                      file=out)
        self.run("wutong-load", "replay", str(rows), *self.where(), timeout=3600)
        # What nobody but a test may do: the ledger goes on by the gateway's clock.
        self.end_last()
        ledger = self.redis("GET", "wutong:ledger")
        self.redis("-x", "SET", "wutong:ledger",
                   given=ledger.replace("clock=caller", "clock=gateway"))
        self.write_config(NO_SWEEP)
        self.serve()

    def where(self):
        return ["--target", self.target, "--token-file", str(self.token_file), "--program",
                str(self.folder / "program.json")]

    def checkouts(self, rate, seconds, warm_up_s, buyers, swept):
        """The summary of a steady load, and how many events the sweep gave a second meanwhile. With
        `swept` it begins when the sweep has come to those who are still due: a walk begins anew with
        each start."""
        self.runs += 1
        if swept:
            # Or to the end, if nobody is due any more.
            self.wait_until(lambda: self.metric("wutong_sweep_events_total") > 0
                            or self.metric("wutong_sweep_walks_total") > 0)
        summary = self.folder / "steady.json"
        before = self.metric("wutong_sweep_events_total")
        self.run("wutong-load", "steady", *self.where(), "--rate", str(rate), "--seconds",
                 str(seconds), "--warm-up-s", str(warm_up_s), "--members", str(buyers),
                 "--member-prefix", PREFIX, "--seed", str(self.runs), "--json", str(summary),
                 timeout=seconds + warm_up_s + 120)
        swept = self.metric("wutong_sweep_events_total") - before
        return json.loads(summary.read_text()), swept / (seconds + warm_up_s)

    def sweep_to_the_end(self):
        """Until a walk that began now finds nobody due."""
        self.restart(sweeping(1_000_000))
        self.wait_until(lambda: self.metric("wutong_sweep_walks_total") >= 2)
        due = self.metric("wutong_sweep_members_due_total")
        walks = self.metric("wutong_sweep_walks_total")
        self.wait_until(lambda: self.metric("wutong_sweep_walks_total") >= walks + 2)
        return self.metric("wutong_sweep_members_due_total") - due


def measure(year_end, arguments):
    """Prints a line a round; the medians of p99 without and with the sweep, and of their ratio, or None
    if no round counts."""
    rounds = []
    events_min = 0.8 * (arguments.sweep_rate or DEFAULT_SWEEP_RATE)
    for number in range(arguments.rounds):
        modes = [("without", NO_SWEEP), ("with", sweeping(arguments.sweep_rate))]
        p50, p99, swept = {}, {}, 0
        # Who goes first takes turns, as the ledger grows.
        for mode, engine in modes if number % 2 == 0 else reversed(modes):
            year_end.restart(engine)
            summary, events = year_end.checkouts(
                arguments.rate, arguments.seconds, arguments.warm_up_s,
                min(arguments.buyers, year_end.members), mode == "with")
            p50[mode], p99[mode] = summary["p50_ms"], summary["p99_ms"]
            swept = max(swept, events)
        ratio = p99["with"] / p99["without"]
        if swept >= events_min:
            rounds.append((p99["without"], p99["with"], ratio))
        print(f"round {number + 1}: p50 {p50['without']:.2f} and p99 {p99['without']:.2f} ms "
              f"without the sweep, {p50['with']:.2f} and {p99['with']:.2f} ms with it at "
              f"{swept:.0f} events a second: ratio of p99 {ratio:.2f}"
              f"{'' if swept >= events_min else ' (does not count)'}", flush=True)
    return [statistics.median(column) for column in zip(*rounds)] if rounds else None


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binaries", help="folder of wutong, wutongctl and wutong-load")
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--buyers", type=int, default=20_000, help="of the members")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=6, help="timed, of each half of a round")
    parser.add_argument("--warm-up-s", type=int, default=2)
    parser.add_argument("--rate", type=int, default=500, help="checkouts a second")
    parser.add_argument("--sweep-rate", type=int,
                        help="sweep_members_per_second (default: the gateway's own)")
    return parser.parse_args(arguments)


def main():
    arguments = parse(sys.argv[1:])
    with YearEnd(arguments.binaries, arguments.members) as year_end:
        print(f"{arguments.members} members, all due; {arguments.rate} checkouts a second", flush=True)
        medians = measure(year_end, arguments)
    if medians is None:
        print("no round counts: give --members more")
        return 2
    without, with_sweep, ratio = medians
    print(f"median p99: {without:.2f} ms without the sweep, {with_sweep:.2f} ms with it; "
          f"median of the ratios {ratio:.2f}")
    return 0 if ratio <= RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
