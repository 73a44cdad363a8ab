#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/domain/command.h"
#include "load/random.h"
#include "tests/actors/domain/oracle/oracle.h"

/// Random steps, and what commands they mean where they come. A step is plain numbers that any state
/// can make something of, and 0 is the simplest, so that a sequence stays meaningful as it shrinks.
namespace wutong::oracle {

struct Step {
  std::uint32_t kind = 0;
  std::uint32_t wait = 0;
  std::uint32_t amount = 0;
  std::uint32_t part = 0;
  std::uint32_t which = 0;
  std::uint32_t twist = 0;
};

[[nodiscard]] Step random_step(load::Random& random);

/// What a step does besides letting time pass.
struct Turn {
  bool switches_program = false;
  std::optional<domain::Command> command;
};

/// Turns steps into commands; remembers what was done, to refer to it.
class Script {
 public:
  /// How much later `step` comes; never 0, so that no two orders are equally old.
  [[nodiscard]] static domain::Duration wait_of(const Step& step);

  [[nodiscard]] Turn next(const Step& step, std::size_t number, const Oracle& oracle,
                          domain::Instant now);
  void done(const domain::Command& command, const Outcome& outcome);

 private:
  struct OrderSeen {
    domain::Checkout checkout;
    std::int64_t left = 0;
    std::int64_t excluded_left = 0;
  };

  domain::Checkout checkout(const Step& step, std::size_t number, const Oracle& oracle,
                            domain::Instant now) const;
  domain::Refund refund(const Step& step, std::size_t number, domain::Instant now) const;
  domain::Hold hold(const Step& step, std::size_t number, const Oracle& oracle,
                    domain::Instant now) const;
  domain::Release release(const Step& step, domain::Instant now) const;
  domain::Grant grant(const Step& step, std::size_t number, const Oracle& oracle,
                      domain::Instant now) const;
  domain::RevokeGrant revoke(const Step& step, std::size_t number, domain::Instant now) const;
  std::optional<domain::Command> again(const Step& step) const;

  std::vector<OrderSeen> orders_;
  std::vector<domain::Hold> holds_;
  std::vector<domain::Grant> grants_;
  std::vector<domain::Command> past_;
};

}  // namespace wutong::oracle
