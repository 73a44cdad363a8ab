#!/usr/bin/env python3
"""A year of a shop under a daily cap, two sliding limits in shadow, and returns after spending: the
running gateway and a naive script, row by row, to the last point.

usage: naive_year_test.py BINARIES [CSV | --invented]

The shop is a real one, or with `--invented` none (`invented_year.py`), by the seed in WUTONG_SEED. Exit code
77, which CTest takes for skipped, where the real one's data is not there: it is not ours to ship.
"""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

from invented_year import write_year
from naive_year import Year, rows_of
from real_gateway import REPOSITORY, RealGateway

CSV = REPOSITORY.parent / "shared" / "data" / "online-retail-orders.csv"
BINARIES = None

POLICY = {"version": 7, "limits": [
    {"id": "day", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP",
     "mode": "LIVE", "bound": 1000},
    {"id": "hour", "measure": "ORDERS", "window": "SLIDING", "sliding_seconds": 3600,
     "effect": "DECLINE", "mode": "SHADOW", "bound": 2},
    {"id": "week", "measure": "POINTS_EARNED", "window": "SLIDING", "sliding_seconds": 604800,
     "effect": "CAP", "mode": "SHADOW", "bound": 600}]}


def program(**changes):
    document = json.loads((REPOSITORY / "tests" / "data" / "p0.json").read_text())
    document["venues"] = [venue for venue in document["venues"] if venue["id"] == "M1"]
    return {**document, **changes}


# Small steps and a large share, so that members spend what they have and owe what they return.
HALF = {"threshold_minor_units": 5000, "share_basis_points": 5000, "step_points": 10,
        "step_minor_units": 30}
WHOLE = {"threshold_minor_units": 0, "share_basis_points": 10000, "step_points": 1,
         "step_minor_units": 3}


def told_of(answer):
    """What the gateway answered, in the words of the naive script; None where it knows no answer."""
    if "refused" in answer:
        return {"refused": answer["refused"]}
    if "record" not in answer:
        return None
    record = answer["record"]
    assert record["outcome"] == "OUTCOME_ACCEPTED", record
    what = record.get("checkout") or record["refund"]
    lines = [(line.get("promotion", ""), line["party"], number(line, "points"), number(line, "cut"))
             for line in what.get("awards", [])]
    balances = record.get("balancesAfter", {})
    uses = [(use["party"], use["expiresOn"], number(use, "points"))
            for use in what.get("lotsUsed", [])]
    pool = sum(number(posting, "amountThousandths") * (1 if posting["to"] == "POOL" else -1)
               for posting in record.get("postings", []))
    return {
        "refused": "", "lines": lines, "earned": number(what, "pointsEarned"),
        "cut": sum(line[3] for line in lines), "used": number(what, "pointsUsed"),
        "lots_used": uses, "pool": pool,
        "offset_money": number(what, "offsetMoneyMinor"),
        "cash": number(what, "cashDueMinor") + number(what, "cashBackMinor"),
        "clawed_back": number(what, "clawedBack"), "given_back": number(what, "givenBack"),
        "clawed_back_as_expired": number(record, "clawedBackAsExpired"),
        "debt_incurred": number(record, "debtIncurred"),
        "debt_repaid": number(record, "debtRepaid"),
        "available": number(balances, "available"), "debt": number(balances, "debt")}


def number(message, name):
    return int(message.get(name, 0))


def checks_of(answer):
    return {check["limit"]: check for check in answer.get("record", {}).get("riskChecks", [])}


class Difference(AssertionError):
    pass


def compare(row, right, answer):
    """Raises, naming the row, where the gateway's answer is not the script's."""
    def expect(name, expected, told):
        if expected != told:
            raise Difference(f"{row['kind']} {row['order_id']} of member {row['member_id']} at "
                             f"{row['occurred_at']}: {name} is {told}, the naive script says "
                             f"{expected}")

    told = told_of(answer)
    if told is None:
        raise Difference(f"{row['kind']} {row['order_id']} has no answer")
    for name, value in told.items():
        expect(name, getattr(right, name), value)
    checks = checks_of(answer)
    expect("what is checked", [check.limit for check in right.checks], list(checks))
    for check in right.checks:
        seen = checks[check.limit]
        before = number(seen, "valueBefore")
        if not check.least <= before <= check.most:
            expect(f"what {check.limit} counted", (check.least, check.most), before)
        expect(f"what {check.limit} was asked for", check.asked, number(seen, "valueAsked"))
        expect(f"whether {check.limit} is exceeded", check.exceeded, seen.get("exceeded", False))


class NaiveYearTest(unittest.TestCase):
    def setUp(self):
        self.rows = rows_of(CSV)

    def test_points_that_last_a_year_and_pay_for_half(self):
        figures = self.agree(program(offset=HALF), pays_every=2)

        self.assertEqual(figures["clawed_back_as_expired"], 0)

    def test_points_of_two_parties_that_last_a_month_and_pay_for_all(self):
        document = program(offset=WHOLE, expiry={"end_of_month": {"months": 1}})
        document["promotions"][0]["funding"] = [
            {"party": "BRAND", "share_basis_points": 3500},
            {"party": "MALL", "share_basis_points": 6500}]
        document["parties"] = [{"id": "MALL", "price_thousandths": 3000},
                               {"id": "BRAND", "price_thousandths": 2500}]

        figures = self.agree(document, pays_every=1)

        self.assertGreater(figures["clawed_back_as_expired"], 0)

    def agree(self, document, pays_every):
        exact = Year(document, POLICY, pays_every).run(self.rows)
        answers, audit = self.replay(document, pays_every)
        by_id = {row["order_id"]: answer for row, answer in zip(self.rows, answers, strict=True)}

        # Alone the script decides by the exact windows; beside the gateway it goes on with what that
        # counted, where either is right.
        beside = Year(document, POLICY, pays_every, told=lambda order, limit: number(
            checks_of(by_id[order]).get(limit, {}), "valueBefore")).run(self.rows)
        for row, answer in zip(self.rows, answers, strict=True):
            compare(row, beside.answers[row["order_id"]], answer)

        figures = self.told(exact, beside, by_id)
        self.assertEqual({name: audit[name] for name in (
            "points_issued", "points_used", "points_given_back", "points_repaid", "points_owed",
            "points_in_lots", "pool_owes_thousandths")}, {
                "points_issued": figures["earned"], "points_used": figures["used"],
                "points_given_back": figures["given_back"],
                "points_repaid": figures["debt_repaid"], "points_owed": figures["owed"],
                "points_in_lots": sum(lot.points for member in beside.members.values()
                                      for lot in member.lots),
                "pool_owes_thousandths": figures["pool_owes_thousandths"]})
        # A year in which nothing of this happened would show nothing.
        for name in ("orders_capped", "debts_made", "debtors", "debt_repaid", "given_back",
                     "named_by_hour", "named_by_week"):
            self.assertGreater(figures[name], 0, name)
            self.assertLess(figures[name], figures["earned"], name)
        return figures

    def told(self, exact, beside, by_id):
        """Prints what both agree on, and compares the sums that the exact windows give."""
        figures = beside.figures()
        for name, value in figures.items():
            alone = exact.figures()[name]
            print(f"  {name:32} {value}" + (f" (exact windows: {alone})" if alone != value else ""))
            if not name.startswith("named_by_"):
                self.assertEqual(value, alone, name)
        for limit in ("hour", "week"):
            named = {order for order, answer in by_id.items()
                     if checks_of(answer).get(limit, {}).get("exceeded")}
            self.assertEqual(named, set(beside.named_by(limit)))
            either = [answer.id for answer in beside.answers.values()
                      for check in answer.checks if check.limit == limit and check.either]
            other = named.symmetric_difference(exact.named_by(limit))
            print(f"  {limit}: {len(either)} orders that a sixtieth of the window decides, "
                  f"{len(other)} named by one only")
            # Without one there is nothing that could make a difference later.
            if not either:
                self.assertEqual(other, set())
        owed = {order.member: order.debt for order in beside.answers.values()}
        self.assertEqual({member: debt for member, debt in owed.items() if debt}, exact.owed())
        return figures

    def replay(self, document, pays_every):
        with RealGateway(BINARIES, document, POLICY, clock="caller", history_days=800) as gateway:
            answers = gateway.folder / "answers.jsonl"
            print(gateway.run(
                "wutong-load", "replay", str(CSV), "--program",
                str(gateway.folder / "program.json"), "--target", gateway.target, "--token-file",
                str(gateway.token_file), "--points-every", str(pays_every), "--answers",
                str(answers), timeout=420))
            # It fails the test unless the ledger holds.
            audit = json.loads(gateway.run("wutong", "audit", "--json", "--config",
                                           str(gateway.config), timeout=120))
            return [json.loads(line) for line in answers.read_text().splitlines()], audit


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    if sys.argv[1:] == ["--invented"]:
        sys.argv.pop(1)
        seed = int(os.environ.get("WUTONG_SEED") or 1)
        print(f"WUTONG_SEED={seed}")
        folder = tempfile.TemporaryDirectory()
        CSV = Path(folder.name) / "invented.csv"
        write_year(CSV, seed)
    elif len(sys.argv) > 1:
        CSV = Path(sys.argv.pop(1))
    if not CSV.exists():
        print(f"skipped: {CSV} is not there")
        sys.exit(77)
    unittest.main()
