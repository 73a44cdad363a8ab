#!/usr/bin/env python3
"""The naive script of a year comes to what the golden cases were worked out to by hand.

usage: naive_year_golden_test.py
"""

import json
import unittest
from datetime import datetime
from zoneinfo import ZoneInfo

from naive_year import Year
from real_gateway import REPOSITORY

SHANGHAI = ZoneInfo("Asia/Shanghai")


def limit(effect, mode, **more):
    return {"version": 1, "limits": [{"id": "limit", "effect": effect, "mode": mode, **more}]}


class NaiveYearGoldenTest(unittest.TestCase):
    """Case by case; every second purchase of a member pays with what it may."""

    def open(self, policy=None, **changes):
        program = json.loads((REPOSITORY / "tests" / "data" / "p0.json").read_text())
        program["venues"] = program["venues"][:1]
        self.year = Year({**program, **changes}, policy or {"limits": []}, 2)

    def buy(self, name, at, amount, member="ann"):
        return self.row("purchase", name, at, amount, member, "")

    def give_back(self, name, at, amount, order):
        return self.row("return", name, at, amount, "ann", order)

    def row(self, kind, name, at, amount, member, original):
        moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
        self.year.run([{"kind": kind, "order_id": name, "original_order_id": original,
                        "member_id": member, "at": moment, "amount": amount}])
        return self.year.answers[name]

    def lots(self):
        return {str(lot.expires_on): lot.points for lot in self.year.members["ann"].lots
                if lot.points}

    def test_cases_1_and_2_earn_in_steps(self):
        self.open()

        earned = [self.buy(str(amount), "2026-03-02", amount, member=str(amount)).earned
                  for amount in (58799, 58800, 88799, 88800)]

        self.assertEqual(earned, [58, 88, 133, 177])

    def test_case_3_pays_up_to_the_share_in_steps(self):
        self.open()
        self.assertEqual(self.buy("opening", "2026-03-02", 2500000).available, 5000)

        order = self.buy("A", "2026-03-02", 58800)

        self.assertEqual((order.used, order.offset_money, order.cash, order.earned),
                         (2900, 8700, 50100, 50))

    def test_case_4_pays_from_the_threshold_on(self):
        self.open()
        self.buy("opening", "2026-03-02", 250000)
        self.assertEqual(self.buy("A", "2026-03-02", 4999).used, 0)
        self.buy("B", "2026-03-02", 100)

        order = self.buy("C", "2026-03-02", 5000)

        self.assertEqual((order.used, order.cash, order.earned), (200, 4400, 4))

    def test_case_8_spreads_offset_and_award_over_partial_refunds(self):
        self.open()
        self.buy("opening", "2026-03-02", 250000)
        self.assertEqual(self.buy("A", "2026-03-02", 10000).earned, 8)

        parts = [self.give_back(f"r{number}", "2026-03-03", part, "A")
                 for number, part in enumerate((3333, 3333, 3334))]

        self.assertEqual([part.clawed_back for part in parts], [2, 3, 3])
        self.assertEqual([part.given_back for part in parts], [166, 167, 167])
        self.assertEqual([part.cash for part in parts], [2834, 2833, 2833])
        self.assertEqual(self.give_back("r4", "2026-03-03", 1, "A").refused, "MORE_THAN_LEFT")

    def test_case_11_owes_what_was_spent(self):
        self.open()
        self.buy("A", "2026-11-02", 88800)
        self.assertEqual(self.buy("B", "2026-11-02", 10000).available, 86)

        refund = self.give_back("r", "2026-11-02", 88800, "A")

        self.assertEqual((refund.clawed_back, refund.debt_incurred, refund.available, refund.debt,
                          refund.cash), (177, 91, 0, 91, 88800))
        # As case 12, but for the party that repays.
        self.assertEqual(self.buy("C", "2026-11-02", 100000).debt_repaid, 91)

    def test_case_13_counts_what_has_expired_first(self):
        self.open()
        self.buy("A", "2026-12-20", 88800)
        self.assertEqual(self.buy("B", "2027-06-01", 10000).earned, 9)

        refund = self.give_back("r", "2028-01-05", 88800, "A")

        self.assertEqual((refund.clawed_back, refund.clawed_back_as_expired, refund.debt_incurred,
                          refund.available), (177, 77, 91, 0))

    def test_case_14_gives_back_after_the_day(self):
        for grace, lots in ((0, {}), (30, {"2028-02-04": 500})):
            self.open(expiry={"end_of_year": {"years": 1}, "give_back_grace_days": grace})
            self.buy("opening", "2026-03-02", 250000)
            self.assertEqual(self.buy("A", "2027-12-30", 10000).used, 500)

            refund = self.give_back("r", "2028-01-05", 10000, "A")

            self.assertEqual((refund.given_back, refund.clawed_back, refund.cash),
                             (500, 8, 8500))
            self.assertEqual(self.lots(), lots)

    def test_case_17_cuts_to_the_cap_and_counts_down(self):
        self.open(limit("CAP", "LIVE", measure="POINTS_EARNED", window="CALENDAR_DAY", bound=1000))
        self.assertEqual(self.buy("1", "2026-11-20", 475000).earned, 950)
        self.year.pays_every = 0

        cut = self.buy("2", "2026-11-20", 88800)

        self.assertEqual((cut.earned, cut.cut), (50, 127))
        self.assertEqual(cut.lines, [("", "MALL", 50, 38), ("S", "MALL", 0, 89)])
        self.assertEqual(self.give_back("r", "2026-11-21", 88800, "2").clawed_back, 50)
        self.assertEqual(self.buy("3", "2026-11-20", 100).checks[0].before, 950)
        self.assertEqual(self.buy("4", "2026-11-21", 88800).earned, 177)

    def test_case_20_names_the_sixth_order_in_the_window(self):
        self.open(limit("DECLINE", "SHADOW", measure="ORDERS", window="SLIDING",
                        sliding_seconds=600, bound=5))

        orders = [self.buy(str(second), f"2026-03-02T12:{second // 60:02}:{second % 60:02}", 10000)
                  for second in range(0, 601, 100)]

        self.assertEqual(self.year.named_by("limit"), ["500"])
        self.assertEqual([order.checks[0].before for order in orders], [0, 1, 2, 3, 4, 5, 4])


if __name__ == "__main__":
    unittest.main()
