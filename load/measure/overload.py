"""More load than the gateway takes: it says so at once to those whom it does not serve, serves the others as before,
and is as it was soon afterwards."""

import math

from gateway import ENGINE, THREADS, Gateway
from load_runs import Watch, add_batch_option, checkouts_in_ledger, fill, keeps_to_schedule, load, mib
from servers import MeasureError

TURNED_AWAY_MS = 10
RECOVERY_S = 5
# A disk that stalls says nothing of a rate.
TRIES = 2
# Of a call under way: request, reply, and what gRPC and the engine keep beside them.
CALL_BYTES = 64 * 1024
TAIL_BYTES_MAX = 64 * 2**20
# What an allocator keeps for later, and threads' stacks.
SLACK_BYTES = 64 * 2**20
TAIL = f"tail_bytes_max = {TAIL_BYTES_MAX}"


def add_options(parser, bounded):
    parser.add_argument("--knee", type=bounded(1, 100_000), metavar="RATE",
                        help="take this for the knee (default: a ramp looks for it)")
    parser.add_argument("--from", dest="ramp_from", type=bounded(1, 100_000), default=1000, metavar="RATE",
                        help="where the ramp begins (default: 1000)")
    parser.add_argument("--step-s", type=bounded(1, 600), default=5, metavar="SECONDS",
                        help="of each rate of the ramp (default: 5)")
    parser.add_argument("--p99-bound-ms", type=bounded(1, 1000), default=20, metavar="MS",
                        help="the knee is the highest rate with such a p99 (default: 20)")
    parser.add_argument("--percent", type=bounded(101, 1000), default=120,
                        help="of the knee, that is too much (default: 120)")
    parser.add_argument("--seconds", type=bounded(1, 3600), default=120, help="of too much (default: 120)")
    parser.add_argument("--calm-seconds", type=bounded(1, 3600), default=20, metavar="SECONDS",
                        help="of each measurement at the knee and at 80 %% of it (default: 20)")
    parser.add_argument("--calls-under-way-max", type=bounded(1, 1_000_000), metavar="N",
                        help="the gateway's bound (default: as many as the knee has under way at the bound of p99)")
    parser.add_argument("--members", type=bounded(100, 1_000_000), default=20_000, metavar="N",
                        help="who buy (default: 20000)")
    add_batch_option(parser, bounded)


def run(setting, options, claims):
    # Where latency counts, flushes come as often as the gateway has them come by itself.
    engine = f"{THREADS if options.timing else ENGINE}\n{TAIL}"
    with Gateway(setting, "overload", options.durability, engine=engine, rewrites=False) as gateway:
        gateway.enroll()
        knee = options.knee or knee_of(setting, options, gateway)
        gateway.restart(engine)
        fill(setting, gateway)
        knee, at_knee = sustained(setting, options, gateway, knee)
        normal = steady(setting, options, gateway, 0.8 * knee, options.calm_seconds)
        # Little's law: more than these, and whoever comes next waits longer than the bound. The sum of what
        # may wait anywhere else in the gateway is more than that, so this is where calls are turned away.
        bound = options.calls_under_way_max or math.ceil(knee * options.p99_bound_ms / 1000)
        claims.note(knee_per_s=knee, calls_under_way_max=bound)
        gateway.restart(engine, f"calls_under_way_max = {bound}")
        warm(setting, options, gateway, knee)
        memory_bound = gateway.resident_bytes() + TAIL_BYTES_MAX + bound * CALL_BYTES + SLACK_BYTES
        before = checkouts_in_ledger(gateway)

        with Watch(gateway.resident_bytes) as watch:
            over = steady(setting, options, gateway, options.percent / 100 * knee, options.seconds, warm_up_s=0)
        after = steady(setting, options, gateway, 0.8 * knee, options.calm_seconds, warm_up_s=RECOVERY_S)
        in_ledger = checkouts_in_ledger(gateway) - before

    claims.note(at_knee=figures(at_knee), normal=figures(normal), over=figures(over), after=figures(after),
                resident_bytes_max=watch.highest, resident_bytes_bound=memory_bound)
    judge(options, claims, at_knee, normal, over, after)
    claims.add_timed("resident set stays under its bound", f"{mib(watch.highest)} of {mib(memory_bound)}",
                     watch.highest <= memory_bound)
    # What is sent to warm up is in the ledger and not among what is told.
    answered = over["done"] + after["done"]
    warmed_up = whole(0.8 * knee) * RECOVERY_S
    claims.add("what was answered is in the ledger, what was turned away is not",
               f"{answered:,} answered, {in_ledger:,} in the ledger with up to {warmed_up:,} of a warm-up",
               answered <= in_ledger <= answered + warmed_up)


def sustained(setting, options, gateway, knee):
    """A rate holds for longer than a step of the ramp, or it is no knee; and what it was like there."""
    least = min(knee, options.ramp_from) / 4
    while knee >= least:
        for _ in range(TRIES):
            told = steady(setting, options, gateway, knee, options.calm_seconds)
            if options.knee or (told["p99_ms"] <= options.p99_bound_ms and told["failed"] == 0):
                return knee, told
            print(f"{knee:,} a second, {options.calm_seconds} s long: p99 {told['p99_ms']:.1f} ms", flush=True)
            gateway.settle()
        knee = round(0.9 * knee)
    raise MeasureError("no rate holds for long")


def judge(options, claims, at_knee, normal, over, after):
    keeps_to_schedule(claims, at_knee, normal, over, after)
    p99_max = 2 * at_knee["p99_ms"]
    claims.add(f"at {options.percent} % calls are done or RESOURCE_EXHAUSTED, nothing else",
               f"{over['done']:,} done, {over['turned_away']:,} turned away, {over['failed']:,} failed",
               over["done"] > 0 and over["failed"] == 0)
    if over["turned_away"] > 0:
        took = over["turned_away_after"]
        claims.add_timed(f"RESOURCE_EXHAUSTED comes within {TURNED_AWAY_MS} ms",
                         f"p99 {took['p99_ms']:.1f} ms, most {took['max_ms']:.1f} ms",
                         took["p99_ms"] <= TURNED_AWAY_MS)
    else:
        claims.tell(f"RESOURCE_EXHAUSTED comes within {TURNED_AWAY_MS} ms", "nothing was turned away")
    claims.add_timed("what is accepted has a p99 below twice the knee's",
                     f"{over['p99_ms']:.1f} ms, twice {at_knee['p99_ms']:.1f} ms", over["p99_ms"] < p99_max)
    back = max(normal["p99_ms"], at_knee["p99_ms"])
    claims.add_timed(f"at 80 % p99 is back to normal after {RECOVERY_S} s",
                     f"{after['p99_ms']:.1f} ms; before it was {normal['p99_ms']:.1f} ms, at the knee "
                     f"{at_knee['p99_ms']:.1f} ms", after["p99_ms"] <= back)
    claims.add("at 80 % nothing fails any more", f"{after['done']:,} done, {after['failed']:,} failed",
               after["done"] > 0 and after["failed"] == 0)


def knee_of(setting, options, gateway):
    # A rate takes its seconds, a second before and a try more; there are not more than forty.
    told = load(setting, gateway, "ramp", "--members", setting.members, "--batch", options.batch, "--from",
                options.ramp_from, "--step-s", options.step_s, "--p99-bound-ms", options.p99_bound_ms,
                seconds=80 * (options.step_s + 2))
    if "knee_per_s" not in told:
        raise MeasureError(f"no rate had a p99 within {options.p99_bound_ms} ms")
    print(f"the knee is at {told['knee_per_s']:,} a second", flush=True)
    return told["knee_per_s"]


def warm(setting, options, gateway, knee):
    """Members come into memory again at a rate that it takes."""
    steady(setting, options, gateway, 0.5 * knee, max(2, math.ceil(2 * setting.members / knee)))
    gateway.settle()


def steady(setting, options, gateway, rate, seconds, warm_up_s=1):
    return load(setting, gateway, "steady", "--members", setting.members, "--batch", options.batch, "--rate",
                whole(rate), "--seconds", seconds, "--warm-up-s", warm_up_s, "--may-turn-away",
                seconds=seconds + warm_up_s)


def whole(rate):
    """As the generator takes it."""
    return max(1, round(rate))


def figures(told):
    return {name: told.get(name) for name in ("rate", "done", "turned_away", "failed", "p50_ms", "p99_ms", "max_ms",
                                              "turned_away_after", "sent_late_p99_ms", "failures")}
