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

std::int64_t bound_for(const Program& program, const Limit& limit, const Asking& asking) {
  const Origin& origin = *asking.origin;
  const FormatId format = program.venue(origin.venue)->format;
  for (const ScopedBound& scope : limit.scoped) {
    const bool holds = (scope.member.empty() || scope.member == asking.member) &&
                       (scope.channel == Channel::unspecified || scope.channel == origin.channel) &&
                       (scope.store.empty() || scope.store == origin.store) &&
                       (scope.venue.empty() || scope.venue == origin.venue) &&
                       (scope.format.empty() || scope.format == format);
    if (holds) return scope.bound;
  }
  return limit.bound;
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
    Seen seen{.limit = &limit,
              .before = range.least,
              .asked = amount->value,
              .bound = bound_for(program, limit, asking),
              .effect = limit.effect};
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
