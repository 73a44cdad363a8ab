#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "gateway/documents/risk_document.h"
#include "tests/actors/domain/world.h"
#include "tests/gateway/written_documents.h"

/// Scoped bounds from the document to the decision: the most specific that holds, whatever their order.
namespace wutong {
namespace {

using namespace domain;
using testing::Order;
using testing::World;

constexpr const char* program_document = R"({
  "version": 1, "currency": "CNY", "time_zone": "Asia/Shanghai",
  "expiry": {"end_of_year": {"years": 1}},
  "parties": [{"id": "GROUP", "price_thousandths": 3000}],
  "formats": [{"id": "mall", "rate": {"points": 1, "per_minor_units": 1000}},
              {"id": "hotel", "rate": {"points": 1, "per_minor_units": 500}}],
  "venues": [
    {"id": "M1", "format": "mall", "party": "GROUP", "stores": [{"id": "s1"}, {"id": "s2"}]},
    {"id": "M2", "format": "mall", "party": "GROUP", "stores": [{"id": "s1"}]},
    {"id": "H1", "format": "hotel", "party": "GROUP"}]})";

std::vector<std::string> scoped_bounds() {
  return {R"({"member": "wang", "bound": 1})", R"({"channel": "WEB", "bound": 2})",
          R"({"store": {"venue": "M1", "store": "s1"}, "bound": 3})",
          R"({"venue": "M1", "bound": 4})", R"({"format": "mall", "bound": 5})",
          // Of none that comes here.
          R"({"member": "nobody", "bound": 0})", R"({"channel": "BACK_OFFICE", "bound": 0})",
          R"({"store": {"venue": "M2", "store": "s9"}, "bound": 0})",
          R"({"venue": "H9", "bound": 0})", R"({"format": "cinema", "bound": 0})"};
}

/// A day's orders of a member, with a bound of 6 for the whole traffic.
World world_with(const std::string& member, const std::vector<std::string>& scoped) {
  World world;
  world.member = {};
  world.events.clear();
  world.program = testing::compiled(compile_program(program_document));
  world.policy = testing::compiled(compile_risk_policy(
      R"({"version": 1, "limits": [{"id": "orders", "measure": "ORDERS", "window": "CALENDAR_DAY",
          "effect": "DECLINE", "bound": 6, "scoped_bounds": )" +
      testing::list_of(scoped) + "}]}"));
  world.done<Enrolled>(Enroll{member});
  return world;
}

struct Place {
  const char* member = "li";
  const char* venue = "M1";
  const char* store = "";
  Channel channel = Channel::till;
  std::int64_t bound = 0;
};

constexpr Place places[] = {{"wang", "M1", "s1", Channel::web, 1},
                            {"li", "M1", "s1", Channel::web, 2},
                            {"li", "H1", "", Channel::web, 2},
                            {"li", "M1", "s1", Channel::till, 3},
                            {"li", "M1", "s2", Channel::till, 4},
                            {"li", "M1", "", Channel::till, 4},
                            // The store of this id in another venue is another store.
                            {"li", "M2", "s1", Channel::till, 5},
                            {"li", "M2", "", Channel::unspecified, 5},
                            {"li", "H1", "", Channel::till, 6}};

/// Whether one more order at the place is accepted; tells what bound it saw.
bool accepts(World& world, const Place& place) {
  Checkout checkout = world.checkout(
      {.id = std::to_string(world.events.size()), .venue = place.venue, .amount = {10'00}});
  if (*place.store != '\0') checkout.origin.store = StoreId::intern(place.store);
  checkout.origin.channel = place.channel;
  const Decision decision = world.run(checkout);
  const auto* accepted = std::get_if<Accepted>(&decision);
  RC_ASSERT(accepted != nullptr);
  const auto* order = std::get_if<CheckedOut>(&accepted->event);
  const auto& checks = order ? order->checks : std::get<Declined>(accepted->event).checks;
  RC_ASSERT(checks.at(0).bound == place.bound);
  return order != nullptr;
}

RC_GTEST_PROP(ScopedBounds, LetAsManyThroughAsTheMostSpecificSaysAndNotOneMore, ()) {
  const auto scoped = testing::shuffled(scoped_bounds());
  for (const Place& place : places) {
    World world = world_with(place.member, scoped);
    for (std::int64_t i = 0; i < place.bound; ++i) RC_ASSERT(accepts(world, place));
    RC_ASSERT(!accepts(world, place));
  }
}

RC_GTEST_PROP(ScopedBounds, ApplyInTurnToOneCounter, ()) {
  World world = world_with("li", testing::shuffled(scoped_bounds()));
  for (const Place& place : places) {
    if (std::string(place.member) != "li") continue;
    // One counter of all of the member's orders: a wider bound leaves room for as many more.
    while (static_cast<std::int64_t>(world.member.counters.empty()
                                         ? 0
                                         : world.member.counters.front().value) < place.bound) {
      RC_ASSERT(accepts(world, place));
    }
    RC_ASSERT(!accepts(world, place));
  }
}

RC_GTEST_PROP(ScopedBounds, LeaveOutWhatNoneIsGivenFor, ()) {
  // Without the more specific ones, the next holds: each is tried as the most specific one.
  auto scoped = scoped_bounds();
  for (std::int64_t bound = 1; bound <= 6; ++bound) {
    World world = world_with("wang", testing::shuffled(scoped));
    RC_ASSERT(accepts(world, {"wang", "M1", "s1", Channel::web, bound}));
    scoped.erase(scoped.begin());
  }
}

}  // namespace
}  // namespace wutong
