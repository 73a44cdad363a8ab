"""What every peer's checkout must answer, whatever it is written in. A peer that does less would be measured
against nothing.

A peer is a function of an order's id, who buys, when, the day of that, how much, with how many points, the last
day of what it earns, and the bounds of the two limits. It answers one line: `new RECEIPT`, `known RECEIPT` for
what it knows already, or `refused WHY`. A receipt is `done` or `declined`, the points earned and used, and the
points available afterwards.
"""

from dataclasses import dataclass, replace

MINUTE_MS = 60_000
DAY_MS = 86_400_000
UNBOUNDED = 1_000_000


@dataclass(frozen=True)
class Checkout:
    order: str
    member: int = 1
    # In the middle of a day and at the beginning of ten minutes.
    at_ms: int = 20_000 * DAY_MS + DAY_MS // 2
    amount: int = 8800
    points: int = 0
    ends: int = 40_000
    cap: int = UNBOUNDED
    orders_max: int = UNBOUNDED

    @property
    def day(self):
        return self.at_ms // DAY_MS


def broken_rules(peer):
    """What `peer` answers otherwise than it should, a line each. It is asked of members that it does not
    have yet, or that have nothing: 1 to 9."""
    found = []

    def expect(checkout, wanted):
        answer = peer(checkout)
        if answer != wanted:
            found.append(f"{checkout}: {answer!r}, should be {wanted!r}")

    # An order counts once, and its id is known with this content alone.
    once = Checkout("once")
    expect(once, "new done 8 0 8")
    expect(once, "known done 8 0 8")
    expect(replace(once, amount=8900), "refused amount")
    expect(replace(once, member=9), "refused member")
    expect(replace(once, at_ms=once.at_ms + 1), "refused occurred_at")
    expect(replace(once, points=100), "refused points")
    expect(replace(once, order="twice"), "new done 8 0 16")
    expect(once, "known done 8 0 8")

    # Of a day no more than the cap is earned; the next day begins anew.
    capped = Checkout("capped", member=2, cap=20)
    expect(capped, "new done 8 0 8")
    expect(replace(capped, order="capped-2"), "new done 8 0 16")
    expect(replace(capped, order="capped-3"), "new done 4 0 20")
    expect(replace(capped, order="capped-4"), "new done 0 0 20")
    expect(replace(capped, order="capped-3"), "known done 4 0 20")
    expect(replace(capped, order="capped-5", at_ms=capped.at_ms + DAY_MS), "new done 8 0 28")

    # So many orders in ten minutes and no more; a decline is remembered, and does not count.
    rushed = Checkout("rushed", member=3, orders_max=3)
    for number, available in enumerate((8, 16, 24)):
        expect(replace(rushed, order=f"rushed-{number}"), f"new done 8 0 {available}")
    expect(rushed, "new declined 0 0 24")
    expect(rushed, "known declined 0 0 24")
    expect(replace(rushed, order="rushed-6", at_ms=rushed.at_ms + 5 * MINUTE_MS), "new declined 0 0 24")
    expect(replace(rushed, order="rushed-7", at_ms=rushed.at_ms + 25 * MINUTE_MS), "new done 8 0 32")

    # What ends first is used first, and what has ended is gone.
    lots = Checkout("later", member=4, amount=500_000, ends=20_900)
    expect(lots, "new done 500 0 500")
    lots = replace(lots, order="sooner", amount=300_000, ends=20_100)
    expect(lots, "new done 300 0 800")
    lots = replace(lots, amount=100_000, ends=20_900)
    expect(replace(lots, order="odd", points=50), "refused steps")
    expect(replace(lots, order="many", points=900), "refused balance")
    expect(replace(lots, order="much", amount=1000, points=200), "refused share")
    expect(replace(lots, order="many"), "new done 100 0 900")
    expect(replace(lots, order="use", points=200), "new done 99 200 799")
    # 100 of 300 were left, and end on day 20,100.
    expect(replace(lots, order="ended", at_ms=20_101 * DAY_MS, amount=0), "new done 0 0 699")
    expect(replace(lots, order="use-2", at_ms=20_101 * DAY_MS, points=400), "new done 98 400 397")
    expect(replace(lots, order="all-gone", at_ms=20_901 * DAY_MS, amount=0, ends=30_000), "new done 0 0 0")
    expect(Checkout("nothing", member=5, points=100), "refused balance")
    return found
