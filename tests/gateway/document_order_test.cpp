#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/documents/risk_document.h"
#include "tests/actors/domain/random_world.h"
#include "tests/gateway/written_documents.h"

/// In which order people write promotions and limits down changes nothing, from the documents to the
/// state of a member.
namespace wutong {
namespace {

using namespace domain;
using testing::list_of;
using testing::World;

/// Lists whose order means nothing, each element as it is written. The rest of both documents stands
/// in `program_of` and `policy_of`.
struct Lists {
  std::vector<std::string> parties{
      R"({"id": "MALL", "price_thousandths": 3000, "breakage": "GROUP"})",
      R"({"id": "HOTEL", "price_thousandths": 2800})",
      R"({"id": "BRAND", "price_thousandths": 3000})",
      R"({"id": "GROUP", "price_thousandths": 3000})"};
  std::vector<std::string> formats{
      R"({"id": "mall", "rate": {"points": 3, "per_minor_units": 1000}})",
      R"({"id": "hotel", "rate": {"points": 1, "per_minor_units": 500}})"};
  std::vector<std::string> stores{R"({"id": "shop", "party": "BRAND"})", R"({"id": "tea"})"};
  std::string hotel = R"({"id": "H1", "format": "hotel", "party": "HOTEL"})";
  /// Of the group "either" some give the same, so that a tie is met.
  std::vector<std::string> promotions{
      R"({"id": "S", "stacking_group": "either", "multiplier": {"steps": [
            {"from_minor_units": 10000, "multiplier_basis_points": 15000},
            {"from_minor_units": 50000, "multiplier_basis_points": 20000}]},
          "funding": [{"party": "BRAND", "share_basis_points": 3333}, {"party": "MALL", "share_basis_points": 6667}]})",
      R"({"id": "R", "stacking_group": "either", "multiplier": {"steps": [
            {"from_minor_units": 20000, "multiplier_basis_points": 15000}]},
          "funding": [{"party": "MALL", "share_basis_points": 10000}]})",
      R"({"id": "F", "stacking_group": "either", "fixed_bonus": {"points": 40, "from_minor_units": 5000},
          "funding": [{"party": "HOTEL", "share_basis_points": 10000}]})",
      R"({"id": "T", "stacking_group": "lines", "multiplier": {"lines": {"categories": ["tea", "shoes"]},
            "steps": [{"from_minor_units": 0, "multiplier_basis_points": 12500}]},
          "funding": [{"party": "BRAND", "share_basis_points": 10000}]})",
      R"({"id": "U", "stacking_group": "lines", "multiplier": {"lines": {"stores": ["shop"]},
            "steps": [{"from_minor_units": 0, "multiplier_basis_points": 12500}]},
          "funding": [{"party": "MALL", "share_basis_points": 10000}]})",
      R"({"id": "A", "multiplier": {"steps": [{"from_minor_units": 0, "multiplier_basis_points": 13333}]},
          "funding": [{"party": "MALL", "share_basis_points": 10000}]})",
      R"({"id": "a", "fixed_bonus": {"points": 7, "from_minor_units": 0},
          "funding": [{"party": "BRAND", "share_basis_points": 10000}]})"};
  std::vector<std::string> scoped_bounds{
      R"({"venue": "H1", "bound": 3})", R"({"format": "mall", "bound": 5})",
      R"({"member": "li", "bound": 0})", R"({"channel": "TILL", "bound": 4})",
      R"({"store": {"venue": "M1", "store": "shop"}, "bound": 1})"};
  std::vector<std::string> limits{
      R"("id": "b", "measure": "ORDERS", "window": "SLIDING", "sliding_seconds": 172800, "effect": "DECLINE", "bound": 6)",
      R"("id": "B", "measure": "ORDERS", "window": "SLIDING", "sliding_seconds": 172800, "effect": "FLAG", "bound": 2)",
      R"("id": "c", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP", "bound": 500)",
      R"("id": "d", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP", "mode": "SHADOW", "bound": 200)",
      R"("id": "e", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "DECLINE", "mode": "OFF", "bound": 1)",
      R"("id": "f", "measure": "POINTS_USED", "window": "CALENDAR_WEEK", "effect": "DECLINE", "bound": 900)",
      R"("id": "g", "measure": "REFUNDS", "window": "CALENDAR_MONTH", "effect": "DECLINE", "bound": 9)",
      R"("id": "h", "measure": "AMOUNT", "window": "CALENDAR_WEEK", "effect": "DECLINE", "mode": "SHADOW", "bound": 300000)",
      R"("id": "i", "measure": "POINTS_EARNED", "window": "SLIDING", "sliding_seconds": 86400, "effect": "CAP", "bound": 800)"};
};

Lists any_order() {
  Lists lists;
  for (auto* list : {&lists.parties, &lists.formats, &lists.stores, &lists.promotions,
                     &lists.scoped_bounds, &lists.limits}) {
    *list = testing::shuffled(std::move(*list));
  }
  return lists;
}

Program program_of(const Lists& lists) {
  const std::string mall =
      R"({"id": "M1", "format": "mall", "party": "MALL", "stores": )" + list_of(lists.stores) + "}";
  return testing::compiled(compile_program(
      R"({"version": 1, "currency": "CNY", "time_zone": "Asia/Shanghai", "hold_timeout_seconds": 86400,
          "offset": {"threshold_minor_units": 1000, "share_basis_points": 5000, "step_points": 10, "step_minor_units": 30},
          "expiry": {"end_of_month": {"months": 1}, "give_back_grace_days": 10}, "parties": )" +
      list_of(lists.parties) + R"(, "formats": )" + list_of(lists.formats) + R"(, "venues": )" +
      list_of({mall, lists.hotel}) + R"(, "promotions": )" + list_of(lists.promotions) + "}"));
}

/// Every limit has all of the scoped bounds, so that the first in a document would not be the right one.
RiskPolicy policy_of(const Lists& lists) {
  std::vector<std::string> limits;
  for (const std::string& limit : lists.limits) {
    const bool of_orders = limit.find("\"ORDERS\"") != std::string::npos;
    const std::string scoped =
        of_orders ? R"(, "scoped_bounds": )" + list_of(lists.scoped_bounds) : "";
    limits.push_back("{" + limit + scoped + "}");
  }
  return testing::compiled(
      compile_risk_policy(R"({"version": 1, "limits": )" + list_of(limits) + "}"));
}

World world_of(const Lists& lists) {
  World world;
  world.program = program_of(lists);
  world.policy = policy_of(lists);
  return world;
}

RC_GTEST_PROP(DocumentOrder, OfPromotionsAndLimitsChangesNothing,
              (const std::vector<testing::Step>& steps)) {
  World written = world_of({});
  World other = world_of(any_order());
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Command command = next_command(written, steps[i], i);
    other.now = written.now;
    const Decision one = written.run(command);
    const Decision two = other.run(command);
    RC_ASSERT(one.index() == two.index());
    if (const auto* refused = std::get_if<Refused>(&one)) {
      RC_ASSERT(*refused == std::get<Refused>(two));
    }
    if (const auto* replay = std::get_if<Replay>(&one)) {
      RC_ASSERT(replay->record == std::get<Replay>(two).record);
    }
    accepted += std::holds_alternative<Accepted>(one) ? 1 : 0;
  }
  RC_ASSERT(written.events == other.events);
  RC_ASSERT(written.member == other.member);
  RC_CLASSIFY(accepted * 2 > steps.size(), "most accepted");
}

}  // namespace
}  // namespace wutong
