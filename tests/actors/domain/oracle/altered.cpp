#include "tests/actors/domain/oracle/altered.h"

#include <variant>

namespace wutong::oracle {

using namespace domain;

namespace {

void alter(Enroll&, std::uint32_t) {}

void alter(Checkout& order, std::uint32_t change) {
  if (change == 1) order.occurred_at.unix_ms -= 1;
  if (change == 2) order.amount += Money{100};
  if (change == 3) order.excluded_from_offset = order.amount;
  if (change == 4) order.origin.store = StoreId::intern("shop");
  if (change == 5 && !order.lines.empty()) order.lines[0].sku = "other";
  if (change == 6 && !order.tenders.empty()) order.tenders[0].kind = "card";
  if (change == 7) order.origin.offline = !order.origin.offline;
  if (change == 8) order.points_to_use.count = 0;
  if (change == 2 || change == 8) order.tenders = {{"cash", order.amount}};
  if (change == 2) order.lines.clear();
  if (change == 9) order.hold_id += "x";
  if (change == 10) order.currency = "EUR";
}

void alter(Refund& refund, std::uint32_t change) {
  if (change == 1) refund.occurred_at.unix_ms -= 1;
  if (change == 2) refund.scope = RefundOfAmount{{1}, {}};
  if (change == 3) refund.scope = RefundOfLines{{1}};
  if (change == 4) refund.origin.offline = !refund.origin.offline;
  if (change == 5) refund.reason = "other";
}

void alter(Hold& hold, std::uint32_t change) {
  if (change == 1) hold.points += Points{1};
  if (change == 2) hold.occurred_at.unix_ms -= 1;
  if (change == 3) hold.origin.offline = !hold.origin.offline;
}

void alter(Release& release, std::uint32_t change) {
  if (change == 1) release.occurred_at.unix_ms -= 1;
  if (change == 2) release.origin.offline = !release.origin.offline;
}

void alter(Grant& grant, std::uint32_t change) {
  if (change == 1) grant.points += Points{1};
  if (change == 2) grant.reason = "other";
  if (change == 3) grant.occurred_at.unix_ms -= 1;
  if (change == 4) grant.party = PartyId::intern("SHOP");
  if (change == 5) grant.expires_on = Day{20'000};
  if (change == 6) grant.origin.offline = !grant.origin.offline;
}

void alter(RevokeGrant& revoke, std::uint32_t change) {
  if (change == 1) revoke.occurred_at.unix_ms -= 1;
  if (change == 2) revoke.reason = "other";
  if (change == 4) revoke.origin.offline = !revoke.origin.offline;
}

void alter(LinkIdentity&, std::uint32_t) {}
void alter(UnlinkIdentity&, std::uint32_t) {}

}  // namespace

Command altered(Command command, std::uint32_t change) {
  std::visit([&](auto& one) { alter(one, change); }, command);
  return command;
}

}  // namespace wutong::oracle
