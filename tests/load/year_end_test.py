#!/usr/bin/env python3
"""A year has ended: the sweep finds everybody through the running gateway and a real Redis, while tills
are served, and the ledger holds.

usage: year_end_test.py BINARIES
"""

import sys
import unittest

from year_end import YearEnd, measure, parse

BINARIES = None


class YearEndTest(unittest.TestCase):
    def test_everybody_is_found_and_the_ledger_holds(self):
        with YearEnd(BINARIES, 3000) as year_end:
            # A trial of the command, too short to judge a p99 by.
            measure(year_end, parse([BINARIES, "--members", "3000", "--rounds", "1", "--seconds",
                                     "2", "--warm-up-s", "2", "--rate", "100"]))
            self.assertGreater(year_end.metric("wutong_sweep_events_total"), 0)

            self.assertEqual(year_end.sweep_to_the_end(), 0)
            self.assertEqual(year_end.metric("wutong_sweep_members_left_total"), 0)
            self.assertLess(year_end.metric("wutong_sweep_age_seconds"), 3600)
            audit = year_end.run("wutong", "audit", "--config", str(year_end.config), timeout=120)

        print(audit)
        self.assertIn("the ledger holds", audit)


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
