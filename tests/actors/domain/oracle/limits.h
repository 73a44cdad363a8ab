#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/event.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"

/// Limits on one member (4.4), counted anew each time over a list of all that was ever counted.
namespace wutong::oracle {

/// One thing that was counted: by an order or refund, for one measure, really or as a shadow limit would
/// have let it through.
struct Counted {
  domain::RecordKey by;
  domain::Measure measure = domain::Measure::orders;
  /// Empty: really.
  domain::LimitId shadow;
  /// The business day that it counts on.
  std::int32_t day = 0;
  domain::Instant received_at;
  std::int64_t value = 0;
  /// Of points earned: what each award line has of it.
  std::vector<std::int64_t> lines;
  /// What refunds took of it again: calendar windows forget that, sliding ones do not.
  std::int64_t taken = 0;
};

/// What is asked of limits.
struct Asking {
  domain::RecordKey by;
  std::string member;
  const domain::Origin* origin = nullptr;
  std::int32_t day = 0;
  domain::Instant received_at;
  bool late = false;
  struct Amount {
    domain::Measure measure = domain::Measure::orders;
    std::int64_t value = 0;
  };
  std::vector<Amount> amounts;
  /// Of points earned: line by line.
  std::vector<std::int64_t> award_lines;
};

/// Cuts award lines from the last backwards until they sum to `points`.
[[nodiscard]] std::vector<std::int64_t> cut_to(std::int64_t points,
                                               std::vector<std::int64_t> lines);

/// What one limit saw.
struct Seen {
  const domain::Limit* limit = nullptr;
  std::int64_t before = 0;
  std::int64_t asked = 0;
  std::int64_t bound = 0;
  bool exceeded = false;
  /// Of the scope that set the bound; empty for the whole traffic.
  std::string scope;
  /// As it is felt: `decline` of a sliding window is a flag for what is late.
  domain::LimitEffect effect = domain::LimitEffect::flag;

  [[nodiscard]] std::int64_t room() const { return before >= bound ? 0 : bound - before; }
};

class Counts {
 public:
  /// Looks at all limits. `told` is what the domain says that it saw: of a sliding window it is
  /// believed within a granularity, else `complaint` says what is wrong with it.
  struct Look {
    std::vector<Seen> seen;
    std::string complaint;
  };
  [[nodiscard]] Look look(const domain::Program& program, const domain::RiskPolicy& policy,
                          const Asking& asking, const std::vector<domain::RiskCheck>* told) const;

  /// Counts what took effect. `asking` holds what really did.
  void count(const Asking& asking, const std::vector<Seen>& seen);

  /// What refunds have taken in total of points that `order` earned, line by line.
  using Lost = std::function<std::int64_t(std::size_t line, std::int64_t points)>;
  void take_back_earned(domain::RecordKey order, const Lost& lost);
  /// Points used are counted whole or not at all.
  void take_back_used(domain::RecordKey order, std::int64_t points);

 private:
  struct Range {
    std::int64_t least = 0;
    std::int64_t most = 0;
  };
  [[nodiscard]] Range range(const domain::Limit& limit, const Asking& asking) const;

  std::vector<Counted> all_;
};

}  // namespace wutong::oracle
