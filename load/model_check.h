#pragma once

#include <wutong/v1/points.pb.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "load/account.h"
#include "load/members.h"
#include "load/rules.h"

namespace wutong::load {

/// What became of one member, receipt by receipt, against the naive model. Receipts are given in the
/// order of their positions, which is the order in which the gateway decided.
class ModelCheck {
 public:
  /// REQUIRES: `rules` lives longer.
  ModelCheck(const Rules& rules, const StartingMember& start);

  /// Nothing if the record is what the rules give; else what differs. What happened before the run
  /// began is taken over without being judged.
  [[nodiscard]] std::optional<std::string> next(
      const std::variant<v1::CheckoutRequest, v1::RefundRequest>& request,
      const v1::ReceiptRecord& record);

  /// Nothing if the member has now what its receipts add up to.
  [[nodiscard]] std::optional<std::string> end(const v1::Member& now);

 private:
  [[nodiscard]] std::optional<std::string> checkout(const v1::CheckoutRequest& request,
                                                    const v1::ReceiptRecord& record);
  [[nodiscard]] std::optional<std::string> refund(const v1::RefundRequest& request,
                                                  const v1::ReceiptRecord& record);
  /// Learns what the gateway calls the lots; what is wrong if it calls one otherwise than before.
  [[nodiscard]] std::optional<std::string> name_lots(const v1::ReceiptRecord& record);
  /// Believes a refund of an order that the model never saw.
  void take_over(const v1::ReceiptRecord& record);
  [[nodiscard]] bool before_the_run(const v1::ReceiptRecord& record) const;
  [[nodiscard]] std::optional<std::string> balances(const v1::Balances& told) const;

  const Rules& rules_;
  Account account_;
  /// The start holds everything that was received up to then.
  std::int64_t known_until_unix_ms_ = 0;
  bool started_empty_ = false;
  /// Orders from before the run, which the model never saw.
  std::set<std::string> before_;
};

}  // namespace wutong::load
