"""What is claimed of the gateway, what was measured, and whether it holds."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Claim:
    text: str
    measured: str
    holds: Optional[bool]
    counts: bool

    def verdict(self):
        if self.holds is None:
            return ""
        if self.holds:
            return "holds"
        return "DOES NOT HOLD" if self.counts else "does not hold (does not count)"


class Claims:
    """Claims that go by the clock or by the memory of a moment need a quiet machine; with `timing` false they are
    told and do not count. The others hold on any."""

    def __init__(self, timing=True):
        self.timing = timing
        self.claims = []
        self.figures = {}

    def add(self, text, measured, holds):
        self.claims.append(Claim(text, measured, bool(holds), True))

    def add_timed(self, text, measured, holds):
        self.claims.append(Claim(text, measured, bool(holds), self.timing))

    def tell(self, text, measured):
        """A figure that belongs beside the claims and is none."""
        self.claims.append(Claim(text, measured, None, False))

    def note(self, **figures):
        """Figures for programs, beside the claims."""
        self.figures.update(figures)

    def hold(self):
        return all(claim.holds or not claim.counts for claim in self.claims)

    def table(self):
        wide = max(len(claim.text) for claim in self.claims)
        middle = max(len(claim.measured) for claim in self.claims)
        return "\n".join(f"{claim.text:<{wide}}  {claim.measured:<{middle}}  {claim.verdict()}".rstrip()
                         for claim in self.claims)

    def as_json(self):
        return {"holds": self.hold(), "figures": self.figures,
                "claims": [{"claim": claim.text, "measured": claim.measured, "holds": claim.holds,
                            "counts": claim.counts} for claim in self.claims]}
