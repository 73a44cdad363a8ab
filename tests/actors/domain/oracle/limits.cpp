#include "tests/actors/domain/oracle/limits.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "tests/actors/domain/oracle/days.h"

namespace wutong::oracle {

using namespace domain;

namespace {

bool counts_apart(const Limit& limit) {
  return limit.mode == LimitMode::shadow && limit.effect != LimitEffect::flag;
}

/// The kinds of scopes, the most specific first (4.4). Segments and tiers are not there yet.
enum class Scope : std::uint8_t { member, channel, store, venue, format };
constexpr const char* names_of_scopes[] = {"member", "channel", "store", "venue", "format"};

Scope kind_of(const ScopedBound& scope) {
  if (!scope.member.empty()) return Scope::member;
  if (scope.channel != Channel::unspecified) return Scope::channel;
  // A store is one of its venue.
  if (!scope.store.empty()) return Scope::store;
  return scope.venue.empty() ? Scope::format : Scope::venue;
}

bool holds(const ScopedBound& scope, const Program& program, const Asking& asking) {
  const Origin& origin = *asking.origin;
  switch (kind_of(scope)) {
    case Scope::member:
      return scope.member == asking.member;
    case Scope::channel:
      return scope.channel == origin.channel;
    case Scope::store:
      return scope.venue == origin.venue && scope.store == origin.store;
    case Scope::venue:
      return scope.venue == origin.venue;
    case Scope::format:
      return scope.format == program.venue(origin.venue)->format;
  }
  return false;
}

/// Of those that hold, whatever the order in which they stand. Nothing: the bound of the whole.
const ScopedBound* most_specific(const Program& program, const Limit& limit, const Asking& asking) {
  const ScopedBound* found = nullptr;
  for (const ScopedBound& scope : limit.scoped) {
    if (!holds(scope, program, asking)) continue;
    if (found == nullptr || kind_of(scope) < kind_of(*found)) found = &scope;
  }
  return found;
}

}  // namespace

Counts::Range Counts::range(const Limit& limit, const Asking& asking) const {
  const LimitId counter = counts_apart(limit) ? limit.id : LimitId{};
  const bool slides = limit.window == Window::sliding;
  const Instant begin = asking.received_at - Duration{limit.seconds * 1'000LL};
  const Instant begin_at_most_before = begin - Duration{(limit.seconds * 1'000LL + 59) / 60};
  Range range;
  for (const Counted& counted : all_) {
    if (counted.measure != limit.measure || counted.shadow != counter) continue;
    if (slides) {
      if (counted.received_at > begin) range.least += counted.value;
      if (counted.received_at > begin_at_most_before) range.most += counted.value;
    } else if (in_one_window(limit.window, asking.day, counted.day)) {
      range.least += counted.value - counted.taken;
      range.most = range.least;
    }
  }
  return range;
}

Counts::Look Counts::look(const Program& program, const RiskPolicy& policy, const Asking& asking,
                          const std::vector<RiskCheck>* told) const {
  Look look;
  for (const Limit& limit : policy.limits) {
    const auto amount = std::ranges::find(asking.amounts, limit.measure, &Asking::Amount::measure);
    if (limit.mode == LimitMode::off || amount == asking.amounts.end()) continue;
    const Range range = this->range(limit, asking);
    const ScopedBound* const scope = most_specific(program, limit, asking);
    Seen seen{.limit = &limit,
              .before = range.least,
              .asked = amount->value,
              .bound = scope == nullptr ? limit.bound : scope->bound,
              .effect = limit.effect};
    if (scope != nullptr) seen.scope = names_of_scopes[static_cast<std::size_t>(kind_of(*scope))];
    if (range.least != range.most && told != nullptr) {
      const auto check = std::ranges::find(*told, limit.id, &RiskCheck::limit);
      if (check != told->end()) seen.before = check->value_before;
      if (seen.before < range.least || seen.before > range.most) {
        look.complaint = absl::StrCat("limit ", std::string(limit.id.text()), " slides, saw ",
                                      seen.before, ", not from ", range.least, " to ", range.most);
      }
    }
    seen.exceeded = seen.asked > 0 && seen.before + seen.asked > seen.bound;
    const bool spared = asking.late && limit.window == Window::sliding;
    if (seen.effect == LimitEffect::decline && spared) seen.effect = LimitEffect::flag;
    look.seen.push_back(seen);
  }
  return look;
}

void Counts::count(const Asking& asking, const std::vector<Seen>& seen) {
  for (const Asking::Amount& amount : asking.amounts) {
    Counted counted{.by = asking.by,
                    .measure = amount.measure,
                    .day = asking.day,
                    .received_at = asking.received_at,
                    .value = amount.value};
    if (amount.measure == Measure::points_earned) counted.lines = asking.award_lines;
    if (counted.value != 0) all_.push_back(counted);
    for (const Seen& one : seen) {
      if (one.limit->measure != amount.measure || !counts_apart(*one.limit)) continue;
      Counted shadow = counted;
      shadow.shadow = one.limit->id;
      if (one.exceeded && one.effect == LimitEffect::decline) shadow.value = 0;
      if (one.effect == LimitEffect::cap) shadow.value = std::min(amount.value, one.room());
      shadow.lines = cut_to(shadow.value, shadow.lines);
      if (shadow.value != 0) all_.push_back(shadow);
    }
  }
}

void Counts::take_back_earned(RecordKey order, const Lost& lost) {
  for (Counted& counted : all_) {
    if (counted.by != order || counted.measure != Measure::points_earned) continue;
    std::int64_t taken = 0;
    for (std::size_t i = 0; i < counted.lines.size(); ++i) taken += lost(i, counted.lines[i]);
    counted.taken = taken;
  }
}

void Counts::take_back_used(RecordKey order, std::int64_t points) {
  for (Counted& counted : all_) {
    if (counted.by == order && counted.measure == Measure::points_used) counted.taken += points;
  }
}

std::vector<std::int64_t> cut_to(std::int64_t points, std::vector<std::int64_t> lines) {
  for (std::int64_t& line : lines) {
    line = std::min(line, points);
    points -= line;
  }
  return lines;
}

}  // namespace wutong::oracle
