"""An hour's worth of load in minutes, over a thousand connections, with streams that break off and readers that do not
read: nothing of it stays in memory."""

import json

from gateway import POLICY, Gateway
from load_runs import Beside, checkouts_in_ledger, load, mib

# A member keeps what was counted for a sliding window as long as the window is, so a long one grows all the time.
WINDOW_S = 30


def add_options(parser, bounded):
    parser.add_argument("--seconds", type=bounded(1, 86_400), default=300,
                        help="of load, in bouts (default: 300)")
    parser.add_argument("--bouts", type=bounded(1, 1000), default=10,
                        help="after each of which all is quiet for a look (default: 10)")
    # By then whoever buys has all that members keep, and gRPC its buffers.
    parser.add_argument("--warm-up-bouts", type=bounded(0, 1000), default=10, metavar="N",
                        help="before those that count (default: 10)")
    parser.add_argument("--rate", type=bounded(1, 100_000), default=3600,
                        help="checkouts a second; 3600 for five minutes are 300 for an hour (default: 3600)")
    parser.add_argument("--connections", type=bounded(1, 10_000), default=1000, help="default: 1000")
    parser.add_argument("--slow-readers", type=bounded(0, 1000), default=5, metavar="N", help="default: 5")
    parser.add_argument("--growth-max-percent", type=float, default=2, metavar="PERCENT",
                        help="of the resident set, from the first look to the last (default: 2)")
    parser.add_argument("--members", type=bounded(100, 1_000_000), default=50_000, metavar="N",
                        help="who buy (default: 50000)")


def run(setting, options, claims):
    looks, done, failed, broken, slow_sent = [], 0, 0, 0, 0
    policy = policy_with_short_windows(setting.folder / "policy.json")
    with Gateway(setting, "leaks", options.durability, policy=policy, rewrites=False) as gateway:
        gateway.enroll()
        before = checkouts_in_ledger(gateway)
        seconds = max(1, options.seconds // options.bouts)
        for number in range(options.warm_up_bouts + options.bouts):
            steady, unruly = bout(setting, options, gateway, seconds, abrupt=number % 2 == 1)
            done, failed = done + steady["done"], failed + steady["failed"] + steady["turned_away"]
            broken += unruly.get("streams_broken", 0)
            slow_sent += unruly.get("slow_sent", 0)
            looks.append(look(gateway))
            print(f"bout {number + 1}: resident set {mib(looks[-1]['resident_bytes'])}, "
                  f"{mib(looks[-1]['allocated_bytes'])} of it allocated, {looks[-1]['open_files']} files", flush=True)
        in_ledger = checkouts_in_ledger(gateway) - before
    judge(options, claims, looks[options.warm_up_bouts - 1 if options.warm_up_bouts else 0:])
    claims.add("checkouts beside them are all done", f"{done:,} done, {failed:,} turned away or failed",
               done > 0 and failed == 0)
    claims.add("what was answered is in the ledger", f"{done:,} answered, {in_ledger:,} in the ledger",
               in_ledger >= done)
    claims.note(done=done, streams_broken=broken, slow_sent=slow_sent, looks=looks)


def policy_with_short_windows(file):
    policy = json.loads(POLICY.read_text())
    for limit in policy["limits"]:
        if "sliding_seconds" in limit:
            limit["sliding_seconds"] = WINDOW_S
    file.write_text(json.dumps(policy))
    return file


def bout(setting, options, gateway, seconds, abrupt):
    """All at once. In every second one the unruly end without a word: all their connections break."""
    with Beside(setting, gateway, "unruly", "unruly", "--members", setting.members, "--connections",
                options.connections, "--slow-readers", options.slow_readers, "--seconds",
                # Until the other ends, wherever it is by then.
                10 * seconds + 60 if abrupt else seconds) as unruly:
        steady = load(setting, gateway, "steady", "--members", setting.members, "--rate", options.rate, "--seconds",
                      seconds, "--warm-up-s", 0, "--refunds", 5, seconds=seconds)
        if abrupt:
            unruly.kill()
            told = {}
        else:
            told = unruly.result(seconds)
    return steady, told


def look(gateway):
    """When all is quiet."""
    quiet = ("wutong_calls_under_way", "wutong_streams_open")
    gateway.server.wait_until(lambda: all(gateway.metric(name) == 0 for name in quiet), "an end of calls and streams")
    gateway.settle()
    # What peaks needed, and nobody uses, is no part of what stays.
    gateway.server.wait_until(lambda: gateway.metric("wutong_heap_free_bytes") < 1 << 20, "free memory given back")
    return {"resident_bytes": gateway.resident_bytes(),
            "order_filter_bytes": gateway.metric("wutong_order_filter_bytes"),
            "allocated_bytes": gateway.metric("wutong_heap_allocated_bytes"), "open_files": gateway.open_files(),
            "calls_queued": gateway.metric("wutong_calls_queued"),
            "claims_waiting": gateway.metric("wutong_claims_waiting")}


def judge(options, claims, looks):
    first, last = looks[0], looks[-1]
    growth = 100 * (last["resident_bytes"] / first["resident_bytes"] - 1)
    claims.add_timed(f"the resident set is flat within {options.growth_max_percent:g} %",
                     f"{mib(first['resident_bytes'])} at first, {mib(last['resident_bytes'])} at last: {growth:+.1f} %; "
                     f"known orders take {mib(first['order_filter_bytes'])} and {mib(last['order_filter_bytes'])} of it",
                     growth <= options.growth_max_percent)
    claims.add("no connection stays open", f"{first['open_files']} files at first, {last['open_files']} at last",
               last["open_files"] <= first["open_files"] + 8)
    claims.add("no call and no claim stays", f"{last['calls_queued']:.0f} calls queued, "
               f"{last['claims_waiting']:.0f} claims waiting",
               last["calls_queued"] + last["claims_waiting"] == 0)
    claims.note(growth_percent=growth)
