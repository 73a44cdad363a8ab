#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <iosfwd>
#include <vector>

#include "tests/actors/domain/world.h"

/// Random programs and what happens under them. Choices are plain numbers that any world can make
/// something of, so that shrinking a failure keeps it meaningful.
namespace wutong::testing {

/// What documents may say.
struct Choices {
  std::uint32_t base_points = 1;
  bool several_funders = false;
  bool stores = false;
  std::uint32_t multiplier_basis_points = 15'000;
  bool on_lines = false;
  std::uint32_t bonus = 0;
  std::uint32_t offset_share = 1'500;
  bool one_group = false;
  bool lost_below_threshold = false;
  std::uint32_t daily_cap = 0;
  bool monthly_expiry = false;
  std::uint32_t ahead = 0;
  std::uint32_t grace_days = 0;
  bool breakage_of_group = false;
  /// 0 debts, 1 booked losses, 2 refunds refused.
  std::uint32_t shortfall = 0;
  /// Limits of every measure, window and effect, so tight that they are met.
  bool many_limits = false;
};

/// One thing that happens.
struct Step {
  std::uint32_t kind = 0;
  std::uint32_t amount = 0;
  std::uint32_t part = 0;
  std::uint32_t which = 0;
  std::uint32_t hours_later = 0;
};

std::ostream& operator<<(std::ostream& out, const Choices& choices);
std::ostream& operator<<(std::ostream& out, const Step& step);

[[nodiscard]] rc::Gen<Choices> any_choices();
[[nodiscard]] rc::Gen<Step> any_step();

/// A world under documents of these choices. `backwards` writes promotions and limits down in the
/// opposite order.
[[nodiscard]] World world_of(const Choices& choices, bool backwards = false);

/// Limits under which a refund in parts cannot be what one whole refund is, taken out, and debts allowed.
[[nodiscard]] Choices forgiving(Choices choices);

/// The command that `step` means to `world` as it stands; moves its clock.
[[nodiscard]] domain::Command next_command(World& world, const Step& step, std::size_t number);

}  // namespace wutong::testing

namespace rc {
template <>
struct Arbitrary<wutong::testing::Choices> {
  static Gen<wutong::testing::Choices> arbitrary() { return wutong::testing::any_choices(); }
};
template <>
struct Arbitrary<wutong::testing::Step> {
  static Gen<wutong::testing::Step> arbitrary() { return wutong::testing::any_step(); }
};
}  // namespace rc
