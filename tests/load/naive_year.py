#!/usr/bin/env python3
"""What a year of a shop's orders and returns comes to, computed the naive way from the rules' text.

usage: naive_year.py CSV PROGRAM POLICY [PAYS_EVERY]

It shares nothing with the gateway and its load generator but the rules D1 to D10 of the design and what
4.4 says of limits: lists of what happened to a member, gone through anew for every question, and exact
fractions. Only what the year needs is here; a document that asks for more is refused.

Who pays with points when is a rule of the replay, which `wutong-load replay --points-every N` follows
too: every N-th purchase of a member in the file pays with as many points as it may, which is what D3
allows and the balance covers, in whole steps.

A sliding window is (now - W, now] by the time of receipt, and the gateway counts it to a sixtieth: what
left the window up to W/60 ago may still be counted. So each sliding count has a least value, over W, and
a most, over W and a sixtieth. Where both lead to the same answer there is no other; where they do not,
either is right, and since what a shadow limit names later depends on what it let through before, the one
that was told is gone on with, if it lies between the two (`told`). Without it the exact count decides.
"""

import csv
import json
import sys
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

from naive_year_parts import Answer, Check, Debt, Line, Lot, Member, Order


class Year:
    """The rules of one program and one policy, and the members under them."""

    def __init__(self, program, policy, pays_every, told=None):
        self.zone = ZoneInfo(program["time_zone"])
        self.offset = {key: int(value) for key, value in program["offset"].items()}
        self.expiry = program["expiry"]
        [venue] = program["venues"]
        self.rate = Fraction(int(venue["rate"]["points"]), int(venue["rate"]["per_minor_units"]))
        self.base_party = venue["party"]
        self.prices = {party["id"]: int(party["price_thousandths"]) for party in program["parties"]}
        self.promotions = sorted(program.get("promotions", []), key=lambda one: one["id"].encode())
        for promotion in self.promotions:
            only(promotion, {"id", "venues", "multiplier", "funding"})
            only(promotion["multiplier"], {"steps"})
        only(venue, {"id", "format", "party", "rate"})
        only(program, {"version", "currency", "time_zone", "offset", "expiry", "parties", "formats",
                       "venues", "promotions"})
        self.limits = sorted(policy["limits"], key=lambda one: one["id"].encode())
        self.pays_every, self.told = pays_every, told or (lambda row, limit: None)
        self.members, self.answers = {}, {}

    # Time.

    def day_of(self, at):
        return at.astimezone(self.zone).date()

    def last_day(self, day):
        """D8, of points that an order of `day` earns."""
        if "end_of_year" in self.expiry:
            only(self.expiry["end_of_year"], {"years"})
            return date(day.year + int(self.expiry["end_of_year"]["years"]), 12, 31)
        months = day.year * 12 + day.month - 1 + int(self.expiry["end_of_month"]["months"]) + 1
        return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)

    # Lots and debts.

    def lot(self, member, party, expires_on):
        for lot in member.lots:
            if (lot.party, lot.expires_on) == (party, expires_on):
                return lot
        member.lots.append(Lot(len(member.lots) + 1, party, expires_on))
        return member.lots[-1]

    def worth(self, member):
        """D10: what the pool owes for the member's points."""
        return sum(lot.points * self.prices[lot.party] for lot in member.lots)

    def expire(self, member, today):
        for lot in member.lots:
            if lot.expires_on < today:
                lot.expired += lot.points
                lot.points = 0

    def take(self, member, points):
        """D4: from the lots in burn order, as far as they have them."""
        taken = []
        for lot in sorted(member.lots, key=lambda lot: (lot.expires_on, lot.serial)):
            part = min(points, lot.points)
            if part:
                lot.points -= part
                points -= part
                taken.append((lot, part))
        return taken

    def repay(self, member, lot, points):
        """D6: what comes into the lot goes to debts first, oldest order first, then its lines."""
        repaid = 0
        for debt in sorted(member.debts, key=lambda debt: (debt.order.at, debt.line)):
            part = min(points - repaid, debt.points, lot.points)
            lot.points -= part
            debt.points -= part
            repaid += part
        member.debts = [debt for debt in member.debts if debt.points]
        return repaid

    # Orders.

    def purchase(self, row, member, answer):
        order = Order(row["order_id"], row["at"], self.day_of(row["at"]), row["amount"])
        member.purchases += 1
        if self.pays_every and member.purchases % self.pays_every == 0:
            answer.used = self.most_points(order, member)
        order.offset_money = answer.used // self.offset["step_points"] * \
            self.offset["step_minor_units"]
        order.used = self.take(member, answer.used)
        order.given_back = [0] * len(order.used)
        answer.lots_used = [(lot.party, str(lot.expires_on), points) for lot, points in order.used]
        order.lines = self.award(order.amount - order.offset_money)
        order.expires_on = self.last_day(order.day)
        self.limit(row, member, order, answer)
        member.orders[order.id] = order
        for line in order.lines:
            lot = self.lot(member, line.party, order.expires_on) if line.points else None
            if lot:
                lot.points += line.points
                answer.debt_repaid += self.repay(member, lot, line.points)
        answer.lines = [(line.rule, line.party, line.points, line.cut) for line in order.lines]
        answer.earned = sum(line.points for line in order.lines)
        answer.cut = sum(line.cut for line in order.lines)
        answer.offset_money, answer.cash = order.offset_money, order.amount - order.offset_money

    def most_points(self, order, member):
        """D3, and no more than there is."""
        if order.amount < self.offset["threshold_minor_units"]:
            return 0
        share = floor(Fraction(order.amount * self.offset["share_basis_points"], 10_000))
        steps = min(share // self.offset["step_minor_units"],
                    member.available() // self.offset["step_points"])
        return steps * self.offset["step_points"]

    def award(self, eligible):
        """D1 and D2: all parts exact, then one running sum that is floored."""
        base = eligible * self.rate
        parts = [("", self.base_party, base)]
        for promotion in self.promotions:
            reached = [int(step["multiplier_basis_points"])
                       for step in promotion["multiplier"]["steps"]
                       if eligible >= int(step.get("from_minor_units", 0))]
            if reached:
                more = base * Fraction(reached[-1] - 10_000, 10_000)
                parts += [(promotion["id"], share["party"],
                           more * Fraction(int(share["share_basis_points"]), 10_000))
                          for share in promotion["funding"]]
        lines, exact = [], Fraction(0)
        for rule, party, part in parts:
            points = floor(exact + part) - floor(exact)
            exact += part
            lines.append(Line(rule, party, points))
        return [line for line in lines if line.points]

    # Limits.

    def limit(self, row, member, order, answer):
        """All limits look before any counter moves; then a live cap cuts from the last line on."""
        asked = sum(line.points for line in order.lines)
        answer.checks = [self.look(row, member, order, limit, asked) for limit in self.limits]
        allowed = asked
        for limit, check in zip(self.limits, answer.checks):
            if limit["mode"] == "LIVE":
                allowed = min(allowed, max(0, int(limit["bound"]) - check.before))
        excess = asked - allowed
        for line in reversed(order.lines):
            line.cut = min(line.points, excess)
            line.points -= line.cut
            excess -= line.cut
        for limit, check in zip(self.limits, answer.checks):
            if limit["mode"] == "SHADOW":
                done = 1 if limit["measure"] == "ORDERS" else allowed
                left = max(0, int(limit["bound"]) - check.before)
                if limit["effect"] == "DECLINE":
                    done = 0 if check.exceeded else done
                else:
                    done = min(done, left)
                member.let_through.setdefault(limit["id"], []).append((order.at, done))

    def look(self, row, member, order, limit, points):
        bound = int(limit["bound"])
        kind = (limit["measure"], limit["window"], limit["effect"], limit["mode"])
        if kind == ("POINTS_EARNED", "CALENDAR_DAY", "CAP", "LIVE"):
            # What the orders of that day earned and returns have not taken.
            before = sum(line.points - line.clawed_back for other in member.orders.values()
                         if other.day == order.day for line in other.lines)
            return Check(limit["id"], before, before, before, points, points > bound - before)
        measure, window, effect, mode = kind
        if window != "SLIDING" or mode != "SHADOW" or effect not in ("DECLINE", "CAP") or \
                measure not in ("ORDERS", "POINTS_EARNED"):
            raise ValueError(f"the naive year has no limit of {kind}")
        asked = 1 if measure == "ORDERS" else points
        width = timedelta(seconds=int(limit["sliding_seconds"]))
        let_through = member.let_through.get(limit["id"], [])
        least = sum(done for at, done in let_through if at > order.at - width)
        most = sum(done for at, done in let_through if at > order.at - width - width / 60)
        verdicts = [asked > 0 and asked > bound - before for before in (least, most)]
        # What a cap would have let through hangs on the count itself.
        either = verdicts[0] != verdicts[1] or (effect == "CAP" and verdicts[0] and least != most)
        before = least
        if either:
            told = self.told(row["order_id"], limit["id"])
            if told is not None and least <= told <= most:
                before = told
        return Check(limit["id"], least, most, before, asked, asked > 0 and asked > bound - before,
                     either)

    # Returns.

    def refund(self, row, member, answer):
        order = member.orders.get(row["original_order_id"])
        if order is None:
            answer.refused = "ORDER_UNKNOWN"
            return
        if row["amount"] > order.amount - order.refunded:
            answer.refused = "MORE_THAN_LEFT"
            return
        order.refunded += row["amount"]
        refunded = Fraction(order.refunded, order.amount)
        money = floor(order.offset_money * refunded)
        answer.offset_money, order.offset_back = money - order.offset_back, money
        answer.cash = row["amount"] - answer.offset_money
        incoming = self.give_back(member, order, refunded, self.day_of(row["at"]), answer)
        for number, line in enumerate(order.lines):
            self.claw_back(member, order, number, floor(line.points * refunded), answer)
        for lot, points in incoming:
            answer.debt_repaid += self.repay(member, lot, points)

    def give_back(self, member, order, refunded, today, answer):
        incoming = []
        for number, (used, points) in enumerate(order.used):
            back = floor(points * refunded) - order.given_back[number]
            order.given_back[number] += back
            if not back:
                continue
            grace = int(self.expiry.get("give_back_grace_days", 0))
            expires_on = used.expires_on
            if expires_on < today and grace:
                expires_on = today + timedelta(days=grace)
            lot = self.lot(member, used.party, expires_on)
            lot.points += back
            answer.given_back += back
            incoming.append((lot, back))
        return incoming

    def claw_back(self, member, order, number, total, answer):
        """D6: the line's own lot, what of it has expired, other lots in burn order, a debt."""
        line = order.lines[number]
        points = total - line.clawed_back
        line.clawed_back = total
        answer.clawed_back += points
        if not points:
            return
        own = self.lot(member, line.party, order.expires_on)
        part = min(points, own.points)
        own.points -= part
        points -= part
        part = min(points, own.expired)
        own.expired -= part
        points -= part
        answer.clawed_back_as_expired += part
        points -= sum(part for _, part in self.take(member, points))
        if points:
            member.debts.append(Debt(order, number, points))
            answer.debt_incurred += points

    # The whole.

    def run(self, rows):
        for row in rows:
            member = self.members.setdefault(row["member_id"], Member())
            answer = Answer(row["order_id"], row["member_id"])
            # D8: expiry comes before the member's next event, and last in it.
            today = self.day_of(row["at"])
            self.expire(member, today)
            before = self.worth(member)
            step = self.purchase if row["kind"] == "purchase" else self.refund
            step(row, member, answer)
            self.expire(member, today)
            answer.pool = self.worth(member) - before
            answer.available, answer.debt = member.available(), member.debt()
            self.answers[row["order_id"]] = answer
        return self

    def figures(self):
        """Sums for people, and for the audit."""
        answers = self.answers.values()
        total = {name: sum(getattr(answer, name) for answer in answers)
                 for name in ("earned", "cut", "used", "clawed_back", "clawed_back_as_expired",
                              "given_back", "debt_incurred", "debt_repaid")}
        total["orders_capped"] = sum(1 for answer in answers if answer.cut)
        total["debts_made"] = sum(1 for answer in answers if answer.debt_incurred)
        total["debtors"] = len(self.owed())
        total["owed"] = sum(self.owed().values())
        for reason in ("ORDER_UNKNOWN", "MORE_THAN_LEFT"):
            total["refused_" + reason.lower()] = sum(1 for answer in answers
                                                     if answer.refused == reason)
        for limit in self.limits:
            total["named_by_" + limit["id"]] = len(self.named_by(limit["id"]))
        total["pool_owes_thousandths"] = sum(map(self.worth, self.members.values()))
        return total

    def named_by(self, limit):
        return [answer.id for answer in self.answers.values()
                if any(check.exceeded for check in answer.checks if check.limit == limit)]

    def owed(self):
        return {name: member.debt() for name, member in self.members.items() if member.debts}


def only(part, known):
    if set(part) - known:
        raise ValueError(f"the naive year knows nothing of {sorted(set(part) - known)}")


def rows_of(path):
    with open(path, newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["at"] = datetime.fromisoformat(row["occurred_at"].replace("Z", "+00:00")).astimezone(
            timezone.utc)
        row["amount"] = int(row["amount_minor"])
    return rows


def main(path, program, policy, pays_every="0"):
    with open(program) as text, open(policy) as limits:
        year = Year(json.load(text), json.load(limits), int(pays_every)).run(rows_of(path))
    for name, value in year.figures().items():
        print(f"{name:32} {value}")


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
