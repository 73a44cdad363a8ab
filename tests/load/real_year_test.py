#!/usr/bin/env python3
"""A year of a real shop's orders and returns through the running gateway, right to the last point.

usage: real_year_test.py BINARIES [CSV]

Exit code 77, which CTest takes for skipped, where the data is not there: it is not ours to ship.
"""

import json
import sys
import unittest
from pathlib import Path

from real_gateway import REPOSITORY, RealGateway

CSV = REPOSITORY.parent / "shared" / "data" / "online-retail-orders.csv"
BINARIES = None
# One venue; 1 point per 10.00; refunds of unknown orders and of more than was paid are refused. All
# rows are accounted for: 18,532 purchases and 4,617 returns.
ALIKE = "purchases=18532,refunds=3838,refunded_minor=46671168,refused_order_unknown=768," \
        "refused_more_than_left=11,debt_incurred=0"


def program(promotions):
    document = json.loads((REPOSITORY / "tests" / "data" / "p0.json").read_text())
    document["venues"] = [venue for venue in document["venues"] if venue["id"] == "M1"]
    if not promotions:
        del document["promotions"]
    return document


class RealYearTest(unittest.TestCase):
    def replay(self, promotions, expected):
        policy = {"version": 1, "limits": []}
        document = program(promotions)
        with RealGateway(BINARIES, document, policy, clock="caller", history_days=800) as gateway:
            print(gateway.run(
                "wutong-load", "replay", str(CSV), "--program",
                str(gateway.folder / "program.json"), "--target", gateway.target, "--token-file",
                str(gateway.token_file), "--expect", f"{ALIKE},{expected}", timeout=420))
            print(gateway.run("wutong", "audit", "--config", str(gateway.config), timeout=120))

    def test_base_only(self):
        self.replay(False, "awarded=882061,clawed_back=44931")

    def test_with_the_promotion_in_steps(self):
        self.replay(True, "awarded=1326810,awarded_base=882061,awarded_multiplier=444749,"
                          "clawed_back=83036")


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    if len(sys.argv) > 1:
        CSV = Path(sys.argv.pop(1))
    if not CSV.exists():
        print(f"skipped: {CSV} is not there")
        sys.exit(77)
    unittest.main()
