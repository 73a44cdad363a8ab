"""Many more members than are in memory, each as likely to come as another: most must be brought into memory first."""

from gateway import ENGINE, Gateway
from load_runs import add_batch_option, keeps_to_schedule, load

# A reading of the metrics and the run are not at one instant.
SHARE_TOLERANCE = 0.05


def add_options(parser, bounded):
    parser.add_argument("--members", type=bounded(100, 100_000_000), default=10_000_000, metavar="N",
                        help="who are known (default: 10000000)")
    parser.add_argument("--resident", type=bounded(16, 100_000_000), default=1_000_000, metavar="N",
                        help="resident_members_max (default: 1000000)")
    parser.add_argument("--rate", type=bounded(1, 100_000), default=5000, help="checkouts a second (default: 5000)")
    parser.add_argument("--seconds", type=bounded(1, 3600), default=60, help="default: 60")
    parser.add_argument("--warm-up-s", type=bounded(0, 3600), default=10, metavar="SECONDS",
                        help="before, not counted (default: 10)")
    parser.add_argument("--p99-max-ms", type=bounded(1, 10_000), default=20, metavar="MS", help="default: 20")
    add_batch_option(parser, bounded)


def run(setting, options, claims):
    engine = f"{ENGINE}\nresident_members_max = {options.resident}"
    with Gateway(setting, "activation", options.durability, engine=engine, rewrites=False) as gateway:
        # Unary, and a flush each: by the thousand a second.
        load(setting, gateway, "flood", "--enroll", "--members", setting.members, "--checkouts", 1,
             seconds=60 + setting.members / 1000)
        gateway.settle()
        print(f"{setting.members:,} members are known, "
              f"{gateway.metric('wutong_members_resident'):,.0f} are in memory", flush=True)

        activated = gateway.metric("wutong_member_activations_total")
        told = load(setting, gateway, "steady", "--members", setting.members, "--batch", options.batch, "--rate",
                    options.rate, "--seconds", options.seconds, "--warm-up-s", options.warm_up_s,
                    seconds=options.seconds + options.warm_up_s)
        activated = gateway.metric("wutong_member_activations_total") - activated
        resident = gateway.metric("wutong_members_resident")
        memory, redis_memory = gateway.resident_bytes(), gateway.redis.used_bytes()
    judge(setting, options, claims, told, activated, resident)
    claims.note(p50_ms=told["p50_ms"], p99_ms=told["p99_ms"], max_ms=told["max_ms"], resident_bytes=memory,
                redis_bytes=redis_memory, sent_late_p99_ms=told["sent_late_p99_ms"])


def judge(setting, options, claims, told, activated, resident):
    sent = options.rate * (options.seconds + options.warm_up_s)
    share = activated / sent
    # Whoever came before and is in memory still need not be activated.
    least = max(0.0, 1 - options.resident / setting.members) - SHARE_TOLERANCE
    keeps_to_schedule(claims, told)
    claims.add("every checkout is done", f"{told['done']:,} done, {told['turned_away']:,} turned away, "
               f"{told['failed']:,} failed", told["done"] > 0 and told["turned_away"] + told["failed"] == 0)
    claims.add(f"at least {least:.0%} of them had to be activated", f"{share:.1%}, {activated:,.0f} activations",
               share >= least)
    claims.add("no more members are in memory than may be", f"{resident:,.0f} of {options.resident:,}",
               0 < resident <= options.resident)
    claims.add_timed(f"p99 is below {options.p99_max_ms} ms at {options.rate:,} a second",
                     f"{told['p99_ms']:.1f} ms, p50 {told['p50_ms']:.1f} ms", told["p99_ms"] < options.p99_max_ms)
    claims.note(activations=activated, members_resident=resident)
