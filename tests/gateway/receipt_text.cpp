#include "tests/gateway/receipt_text.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

namespace wutong::test {
namespace {

std::string word_of(v1::MovementReason reason) {
  const std::string name = v1::MovementReason_Name(reason);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "MOVEMENT_REASON_"));
}

}  // namespace

Lines awards(const v1::ReceiptRecord& record) {
  Lines out;
  for (const auto& line : record.checkout().awards()) {
    const bool is_base = line.kind() == v1::RULE_KIND_BASE;
    out.push_back(absl::StrCat(is_base ? "base" : line.promotion(), " ", line.points()));
  }
  return out;
}

Lines postings(const v1::ReceiptRecord& record) {
  Lines out;
  for (const auto& one : record.postings()) {
    out.push_back(absl::StrCat(word_of(one.reason()), " ", one.from(), "->", one.to(), " ",
                               one.amount_thousandths()));
  }
  return out;
}

Lines movements(const v1::ReceiptRecord& record) {
  Lines out;
  for (const auto& one : record.movements()) {
    out.push_back(absl::StrCat(word_of(one.reason()), " ", one.points(), " ", one.party(),
                               " until ", one.expires_on()));
  }
  return out;
}

std::map<std::string, std::int64_t> owed(const v1::ReceiptRecord& record) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& one : record.postings()) {
    sums[absl::StrCat(one.from(), "->", one.to())] += one.amount_thousandths();
  }
  return sums;
}

Lines lots(const v1::Member& member) {
  Lines out;
  for (const auto& lot : member.lots()) {
    out.push_back(absl::StrCat(lot.party(), " ", lot.points(), " until ", lot.expires_on()));
  }
  return out;
}

std::string text_of(const v1::Refusal& refusal) {
  const std::string name = v1::RefusalCode_Name(refusal.code());
  return absl::StrCat(absl::StripPrefix(name, "REFUSAL_CODE_"), " ", refusal.field());
}

}  // namespace wutong::test
