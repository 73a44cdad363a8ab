"""The year of a shop that never was, for where no real one's is at hand: purchases and returns of some
members, by a seed, in the columns that `wutong-load replay` reads.

It goes to the edges on purpose: days beyond a cap, several orders within an hour, returns of part or all of
an order long after its points were spent, more returned than was bought, and orders nobody knows.
"""

import csv
import random
from datetime import datetime, timedelta, timezone

COLUMNS = ["occurred_at", "kind", "order_id", "original_order_id", "member_id", "amount_minor"]
MEMBERS = 60
VISITS = 1500


def purchases_of(dice, start):
    for visit in range(VISITS):
        at = start + timedelta(seconds=dice.randrange(365 * 86400))
        member = f"i{dice.randrange(MEMBERS)}"
        for part in range(dice.choice([1, 1, 1, 2, 4])):
            amount = dice.choice([dice.randrange(1, 20_000), dice.randrange(20_000, 150_000),
                                  dice.randrange(150_000, 900_000)])
            yield at, f"v{visit}-{part}", member, amount
            at += timedelta(seconds=dice.randrange(1, 2400))


def write_year(path, seed):
    dice = random.Random(seed)
    rows = []
    for at, order, member, amount in purchases_of(dice, datetime(2025, 3, 1, tzinfo=timezone.utc)):
        rows.append((at, "purchase", order, "", member, amount))
        for number in range(dice.choice([0, 0, 0, 1, 1, 3])):
            late = at + timedelta(seconds=dice.randrange(1, 40 * 86400))
            back = dice.choice([amount, max(1, amount // 3), dice.randrange(1, amount + 1)])
            original = order if dice.random() < 0.95 else "nobody-knows"
            rows.append((late, "return", f"r{number}-{order}", original, member, back))
    rows.sort()
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for at, *rest in rows:
            writer.writerow([at.strftime("%Y-%m-%dT%H:%M:%SZ"), *rest])
