"""What the naive year keeps of its members: see naive_year.py."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass
class Lot:
    """Points of one party with one last day. (A party has one price here.)"""
    serial: int
    party: str
    expires_on: date
    points: int = 0
    # Gone by their day, and not yet counted by a claw-back.
    expired: int = 0


@dataclass
class Line:
    """A line of an award."""
    rule: str
    party: str
    points: int
    cut: int = 0
    clawed_back: int = 0


@dataclass
class Debt:
    order: "Order"
    line: int
    points: int


@dataclass
class Check:
    """What a limit saw; `least` and `most` are what it may have counted before."""
    limit: str
    least: int
    most: int
    before: int
    asked: int
    exceeded: bool
    either: bool = False


@dataclass
class Order:
    id: str
    at: datetime
    day: date
    amount: int
    used: list = field(default_factory=list)
    given_back: list = field(default_factory=list)
    offset_money: int = 0
    offset_back: int = 0
    lines: list = field(default_factory=list)
    expires_on: date = None
    refunded: int = 0


@dataclass
class Answer:
    """What a row is answered with; what does not concern its kind stays 0 or empty."""
    id: str
    member: str
    refused: str = ""
    lines: list = field(default_factory=list)
    earned: int = 0
    cut: int = 0
    used: int = 0
    lots_used: list = field(default_factory=list)
    offset_money: int = 0
    cash: int = 0
    clawed_back: int = 0
    clawed_back_as_expired: int = 0
    given_back: int = 0
    debt_incurred: int = 0
    debt_repaid: int = 0
    available: int = 0
    debt: int = 0
    # D10: what the pool came to owe by it, in 1/1000 minor unit.
    pool: int = 0
    checks: list = field(default_factory=list)


@dataclass
class Member:
    orders: dict = field(default_factory=dict)
    lots: list = field(default_factory=list)
    debts: list = field(default_factory=list)
    purchases: int = 0
    # For each shadow limit: when it let how much through.
    let_through: dict = field(default_factory=dict)

    def available(self):
        return sum(lot.points for lot in self.lots)

    def debt(self):
        return sum(debt.points for debt in self.debts)
