#include "tests/actors/domain/oracle/text.h"

#include <absl/strings/str_cat.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace wutong::oracle {

using namespace domain;

namespace {

std::string at(Instant instant) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3SZ", absl::FromUnixMillis(instant.unix_ms),
                          absl::UTCTimeZone());
}

std::string civil(std::int32_t day) {
  return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + day);
}

std::string place(const Origin& origin) {
  return absl::StrCat(" at ", std::string(origin.venue.text()),
                      origin.store.empty() ? "" : "/" + std::string(origin.store.text()),
                      origin.offline ? " offline" : "");
}

std::string text(const Enroll&) { return "enroll"; }
std::string text(const LinkIdentity&) { return "link an identity"; }
std::string text(const UnlinkIdentity&) { return "unlink an identity"; }

std::string text(const Checkout& one) {
  std::string text =
      absl::StrCat("checkout ", one.order_id, place(one.origin), " of ", one.amount.minor_units,
                   " ", one.currency, " paid ", at(one.occurred_at));
  if (one.excluded_from_earning != Money{}) {
    absl::StrAppend(&text, " excluded ", one.excluded_from_earning.minor_units);
  }
  if (one.excluded_from_offset != Money{}) {
    absl::StrAppend(&text, " excluded from offset ", one.excluded_from_offset.minor_units);
  }
  if (one.points_to_use != Points{})
    absl::StrAppend(&text, " with points ", one.points_to_use.count);
  if (!one.hold_id.empty()) absl::StrAppend(&text, " of hold ", one.hold_id);
  for (const Tender& tender : one.tenders) {
    absl::StrAppend(&text, " ", tender.kind, " ", tender.amount.minor_units);
  }
  for (const BasketLine& line : one.lines) {
    absl::StrAppend(&text, " [", line.number, " ", line.sku, " ", line.category, " ", line.brand,
                    " ", std::string(line.store.text()), " ", line.amount.minor_units,
                    line.excluded ? " excluded]" : "]");
  }
  return text;
}

std::string text(const Refund& one) {
  std::string text = absl::StrCat("refund ", one.refund_id, place(one.origin), " of ", one.order_id,
                                  " ", at(one.occurred_at));
  if (const auto* part = std::get_if<RefundOfAmount>(&one.scope)) {
    absl::StrAppend(&text, " amount ", part->amount.minor_units, " excluded ",
                    part->excluded.minor_units);
  } else if (const auto* lines = std::get_if<RefundOfLines>(&one.scope)) {
    absl::StrAppend(&text, " lines");
    for (const std::uint32_t number : lines->numbers) absl::StrAppend(&text, " ", number);
  } else {
    absl::StrAppend(&text, " whole");
  }
  return text;
}

std::string text(const Hold& one) {
  return absl::StrCat("hold ", one.hold_id, place(one.origin), " ", one.points.count, " ",
                      at(one.occurred_at));
}

std::string text(const Release& one) {
  return absl::StrCat("release ", one.hold_id, place(one.origin), " ", at(one.occurred_at));
}

std::string text(const Grant& one) {
  return absl::StrCat("grant ", one.grant_id, " ", one.points.count, " of ",
                      std::string(one.party.text()), " ", at(one.occurred_at),
                      one.expires_on ? " until " + civil(one.expires_on->since_epoch) : "", " for ",
                      one.reason);
}

std::string text(const RevokeGrant& one) {
  return absl::StrCat("revoke ", one.revocation_id, " of ", one.grant_id, " ", at(one.occurred_at),
                      " for ", one.reason);
}

}  // namespace

std::string text_of(const Command& command) {
  return std::visit([](const auto& one) { return text(one); }, command);
}

std::string text_of(const Refused& refused) {
  return absl::StrCat("refused ", static_cast<int>(refused.refusal), " for field ",
                      static_cast<int>(refused.field));
}

std::string text_of(const Terms& terms) {
  return absl::StrCat(std::string(terms.party.text()), " at ", terms.price, " until ",
                      civil(terms.last_day));
}

std::string text_of(Instant instant, const absl::TimeZone& zone) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S", absl::FromUnixMillis(instant.unix_ms), zone);
}

const char* name_of(Reason reason) {
  constexpr const char* names[] = {"?",          "earn",   "use",   "give back", "claw back",
                                   "repay debt", "expire", "grant", "revoke"};
  return names[static_cast<int>(reason)];
}

}  // namespace wutong::oracle
