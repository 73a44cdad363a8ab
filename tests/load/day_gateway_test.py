#!/usr/bin/env python3
"""Two small business days through the running gateway: nothing lost, doubled or wrong, and the ledger
holds.

usage: day_gateway_test.py BINARIES
"""

import json
import re
import sys
import unittest

from real_gateway import REPOSITORY, RealGateway

BINARIES = None
# Enough to take more than the second after which the first line of progress comes.
ORDERS = 12000


class DayTest(unittest.TestCase):
    def test_the_second_day_finds_the_members_of_the_first(self):
        documents = REPOSITORY / "ops" / "program"
        program = json.loads((documents / "program.json").read_text())
        policy = json.loads((documents / "risk_policy.json").read_text())
        with RealGateway(BINARIES, program, policy) as gateway:
            summaries = [self.day(gateway, number) for number in (1, 2)]
            audit = gateway.run("wutong", "audit", "--config", str(gateway.config), timeout=120)
            print(audit)

        for summary in summaries:
            hours = summary["hours"].values()
            peak = max(hours, key=lambda hour: hour["orders"])
            quiet = min(hours, key=lambda hour: hour["orders"])
            self.assertEqual(peak["under_way_max"], 256, summary["hours"])
            self.assertLess(quiet["under_way_max"] * 8, peak["under_way_max"], summary["hours"])
        new = [summary["members_enrolled"] for summary in summaries]
        self.assertGreater(new[0], 0, summaries)
        self.assertEqual(new[1], 0, summaries)
        self.assertIn("the ledger holds", audit)

    def day(self, gateway, number):
        summary = gateway.folder / f"day-{number}.json"
        output = gateway.run("wutong-load", "day", "--target", gateway.target, "--token-file",
                             str(gateway.token_file), "--program",
                             str(gateway.folder / "program.json"), "--orders", str(ORDERS), "--day",
                             str(number), "--json", str(summary), timeout=240)
        print(output)
        # Standard error comes with it. A line tells how far the day is, how fast, and its hour.
        self.assertRegex(output, re.compile(
            rf"^day {number} \d+/\d+  \d+ calls/s  p99 [\d.]+ ms  \d\d:\d\d, \d+ at once  "
            r"\d+ orders, \d+ refunds, \d+ replays, 0 given up, 0 wrong$", re.M))
        return json.loads(summary.read_text())


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
