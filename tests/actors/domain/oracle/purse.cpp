#include "tests/actors/domain/oracle/purse.h"

#include <algorithm>
#include <tuple>

namespace wutong::oracle {

using namespace domain;

std::int64_t Changes::sum(Reason reason) const {
  std::int64_t sum = 0;
  for (const auto& [kind, points] : moved) {
    if (kind.reason == reason) sum += points;
  }
  return sum;
}

void Purse::give(Reason reason, PartyId from, const Terms& terms, std::int64_t points) {
  if (points == 0) return;
  const std::int64_t came = ++last_came_;
  const SingleGrant grant{.came = came,
                          .terms = terms,
                          .first_came = first_came_.try_emplace(terms, came).first->second,
                          .left = points};
  const auto order = [](const SingleGrant& one) {
    return std::tuple(one.terms.last_day, one.first_came, one.came);
  };
  grants_.insert(std::ranges::upper_bound(grants_, order(grant), {}, order), grant);
  changes.moved[{reason, from, terms}] += points;
  came_now_.push_back({terms, points});
}

void Purse::move(Reason reason, PartyId counterparty, SingleGrant& grant, std::int64_t points) {
  grant.left -= points;
  changes.moved[{reason, counterparty, grant.terms}] -= points;
}

SingleGrant* Purse::find(std::int64_t came) {
  const auto found = std::ranges::find(grants_, came, &SingleGrant::came);
  return found == grants_.end() ? nullptr : &*found;
}

/// What is used up is forgotten; that its terms came once is not.
void Purse::sweep() {
  std::erase_if(grants_, [](const SingleGrant& grant) { return grant.left == 0; });
}

std::vector<Use> Purse::use(const std::vector<Accepting>& accepting, std::int32_t today,
                            std::optional<RecordKey> hold) {
  std::vector<SetAside> sources;
  for (SingleGrant& grant : grants_) {
    std::int64_t points = grant.terms.last_day >= today ? grant.left - grant.held : 0;
    if (hold) {
      points = 0;
      for (const OpenHold& open : holds_) {
        if (open.hold != *hold) continue;
        for (const SetAside& part : open.parts) points += part.came == grant.came ? part.points : 0;
      }
    }
    if (points > 0) sources.push_back({grant.came, points});
  }
  if (hold) set_free(*hold);

  std::vector<Use> uses;
  auto source = sources.begin();
  for (const Accepting& share : accepting) {
    std::int64_t wanted = share.points;
    while (wanted > 0) {
      const std::int64_t points = std::min(wanted, source->points);
      SingleGrant& grant = *find(source->came);
      move(Reason::use, share.party, grant, points);
      const bool same = !uses.empty() && uses.back().terms == grant.terms &&
                        uses.back().accepted_by == share.party;
      if (same) {
        uses.back().points += points;
      } else {
        uses.push_back({grant.terms, share.party, points});
      }
      wanted -= points;
      source->points -= points;
      if (source->points == 0) ++source;
    }
  }
  sweep();
  return uses;
}

std::int64_t Purse::take_free(const Claim& claim, std::int64_t points,
                              const std::function<bool(const SingleGrant&)>& from) {
  for (SingleGrant& grant : grants_) {
    if (points == 0) break;
    if (!from(grant)) continue;
    const std::int64_t taken = std::min(points, grant.left - grant.held);
    if (taken == 0) continue;
    move(claim.reason, claim.terms.party, grant, taken);
    points -= taken;
  }
  return points;
}

std::int64_t Purse::claw_back(const Claim& claim) {
  std::int64_t missing = take_free(
      claim, claim.points, [&](const SingleGrant& grant) { return grant.terms == claim.terms; });
  std::int64_t& expired = expired_[claim.terms];
  const std::int64_t counted = std::min(missing, expired);
  expired -= counted;
  missing -= counted;
  changes.counted_as_expired += counted;
  missing = take_free(claim, missing, [](const SingleGrant&) { return true; });
  sweep();
  return missing;
}

void Purse::owe(const Claim& claim, std::int64_t points) {
  if (points == 0) return;
  changes.debts_incurred += points;
  const auto order = [](const Owed& owed) {
    return std::tuple(owed.order_at, owed.order, owed.line);
  };
  const Owed owed{claim.order_at, claim.order, claim.line, claim.terms.party, points};
  const auto place = std::ranges::lower_bound(debts_, order(owed), {}, order);
  if (place != debts_.end() && order(*place) == order(owed)) {
    place->points += points;
  } else {
    debts_.insert(place, owed);
  }
}

void Purse::repay() {
  for (Came& came : came_now_) {
    for (SingleGrant& grant : grants_) {
      if (grant.terms != came.terms) continue;
      for (Owed& owed : debts_) {
        const std::int64_t points = std::min({owed.points, came.points, grant.left - grant.held});
        if (points == 0) continue;
        owed.points -= points;
        came.points -= points;
        changes.debts_repaid += points;
        move(Reason::repay_debt, owed.party, grant, points);
      }
    }
  }
  came_now_.clear();
  std::erase_if(debts_, [](const Owed& owed) { return owed.points == 0; });
  sweep();
}

void Purse::expire(std::int32_t today, const Program& program) {
  for (SingleGrant& grant : grants_) {
    const std::int64_t free = grant.left - grant.held;
    if (grant.terms.last_day >= today || free == 0) continue;
    move(Reason::expire, program.party(grant.terms.party)->breakage, grant, free);
    expired_[grant.terms] += free;
  }
  sweep();
}

void Purse::set_aside(RecordKey hold, Instant lapses_at, std::int64_t points, std::int32_t today) {
  changes.set_aside += points;
  OpenHold open{hold, lapses_at, {}};
  for (SingleGrant& grant : grants_) {
    if (grant.terms.last_day < today) continue;
    const std::int64_t taken = std::min(points, grant.left - grant.held);
    if (taken == 0) continue;
    grant.held += taken;
    points -= taken;
    open.parts.push_back({grant.came, taken});
  }
  holds_.push_back(std::move(open));
}

std::int64_t Purse::set_free(RecordKey hold) {
  std::int64_t freed = 0;
  std::erase_if(holds_, [&](const OpenHold& open) {
    if (open.hold != hold) return false;
    for (const SetAside& part : open.parts) {
      find(part.came)->held -= part.points;
      freed += part.points;
    }
    return true;
  });
  changes.set_free += freed;
  return freed;
}

bool Purse::lapse(Instant now) {
  std::vector<RecordKey> over;
  for (const OpenHold& open : holds_) {
    if (open.lapses_at <= now) over.push_back(open.hold);
  }
  for (const RecordKey hold : over) set_free(hold);
  return !over.empty();
}

std::optional<std::int64_t> Purse::held_by(RecordKey hold) const {
  for (const OpenHold& open : holds_) {
    if (open.hold != hold) continue;
    std::int64_t points = 0;
    for (const SetAside& part : open.parts) points += part.points;
    return points;
  }
  return std::nullopt;
}

std::int64_t Purse::usable(std::int32_t today) const {
  std::int64_t points = 0;
  for (const SingleGrant& grant : grants_) {
    if (grant.terms.last_day >= today) points += grant.left - grant.held;
  }
  return points;
}

std::int64_t Purse::held() const {
  std::int64_t points = 0;
  for (const SingleGrant& grant : grants_) points += grant.held;
  return points;
}

std::int64_t Purse::debt() const {
  std::int64_t points = 0;
  for (const Owed& owed : debts_) points += owed.points;
  return points;
}

std::map<Terms, Holding> Purse::holdings() const {
  std::map<Terms, Holding> holdings;
  for (const SingleGrant& grant : grants_) {
    Holding& holding = holdings[grant.terms];
    holding.points += grant.left;
    holding.held += grant.held;
  }
  return holdings;
}

}  // namespace wutong::oracle
