"""One member with thousands of checkouts a second (a test account, a corporate card), beside others, who do not
notice."""

import statistics

from gateway import Gateway
from load_runs import Beside, add_batch_option, keeps_to_schedule, load
from report import Spread

HOT = "hot-"
# Others with the hot member, and with as many checkouts of many members instead: what is left is the hot one's own.
MODES = ("alone", "hot", "spread")


def add_options(parser, bounded):
    parser.add_argument("--hot-rate", type=bounded(1, 100_000), default=2000, metavar="RATE",
                        help="checkouts a second of the one (default: 2000)")
    parser.add_argument("--rate", type=bounded(1, 100_000), default=1000,
                        help="checkouts a second of the others together (default: 1000)")
    parser.add_argument("--rounds", type=bounded(1, 1000), default=10, help="default: 10")
    parser.add_argument("--seconds", type=bounded(1, 300), default=5,
                        help="of each of a round's three measurements (default: 5)")
    parser.add_argument("--ratio-max", type=float, default=1.2,
                        help="of the others' p99 with the one, over that with many instead (default: 1.2)")
    parser.add_argument("--members", type=bounded(100, 1_000_000), default=20_000, metavar="N",
                        help="the others (default: 20000)")
    add_batch_option(parser, bounded)


def run(setting, options, claims):
    rounds = []
    with Gateway(setting, "hot-member", options.durability, rewrites=False) as gateway:
        gateway.enroll()
        # Enrolls the one; a checkout is answered before it is measured.
        load(setting, gateway, "flood", "--enroll", "--members", 1, "--member-prefix", HOT, "--checkouts", 1,
             seconds=1)
        for number in range(options.rounds):
            # Who comes first takes turns, as the ledger grows.
            turn = number % len(MODES)
            rounds.append({mode: measured(setting, options, gateway, mode)
                           for mode in MODES[turn:] + MODES[:turn]})
            told = ", ".join(f"{mode} {rounds[-1][mode][0]['p99_ms']:.1f} ms" for mode in MODES)
            print(f"round {number + 1}: p99 of others {told}", flush=True)
    judge(options, claims, rounds)


def measured(setting, options, gateway, mode):
    """What others felt, and what the one did."""
    arguments = ("--batch", options.batch, "--seconds", options.seconds, "--warm-up-s", 1)
    others = ("--members", setting.members, "--rate", options.rate, *arguments)
    seconds = options.seconds + 1
    if mode == "alone":
        told = load(setting, gateway, "steady", *others, seconds=seconds), None
    else:
        whom = ("--members", 1, "--member-prefix", HOT) if mode == "hot" else ("--members", setting.members)
        with Beside(setting, gateway, "beside", "steady", "--rate", options.hot_rate, *whom, *arguments) as beside:
            told = load(setting, gateway, "steady", *others, seconds=seconds), beside.result(seconds)
    gateway.settle()
    return told


def judge(options, claims, rounds):
    def sums(mode, who):
        return {name: sum(made[mode][who][name] for made in rounds) for name in ("done", "turned_away", "failed")}

    keeps_to_schedule(claims, *(made[mode][0] for made in rounds for mode in MODES))
    hot, others = sums("hot", 1), sums("hot", 0)
    claims.add(f"{options.hot_rate:,} checkouts a second of one member are all done",
               f"{hot['done']:,} done, {hot['turned_away']:,} turned away, {hot['failed']:,} failed",
               hot["done"] > 0 and hot["turned_away"] + hot["failed"] == 0)
    claims.add("others' are all done beside them",
               f"{others['done']:,} done, {others['turned_away']:,} turned away, {others['failed']:,} failed",
               others["done"] > 0 and others["turned_away"] + others["failed"] == 0)
    ratios = {mode: Spread.of([made["hot"][0]["p99_ms"] / made[mode][0]["p99_ms"] for made in rounds])
              for mode in ("spread", "alone")}
    told = {mode: f"median of the ratios {ratio.median:.2f}, quartiles {ratio.low:.2f} and {ratio.high:.2f}"
            for mode, ratio in ratios.items()}
    claims.add_timed("others' p99 is as with so many checkouts of many members", told["spread"],
                     ratios["spread"].median <= options.ratio_max)
    # What so much more load costs, whosever it is.
    claims.tell("others' p99 over that without any of them", told["alone"])
    for mode, ratio in ratios.items():
        claims.note(**{f"p99_ratio_to_{mode}": ratio.as_json()})
    for mode in MODES:
        claims.note(**{f"others_p99_ms_{mode}": statistics.median(made[mode][0]["p99_ms"] for made in rounds)})
    claims.note(hot_p99_ms=statistics.median(made["hot"][1]["p99_ms"] for made in rounds))
