#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "load/acknowledged.h"
#include "load/caller.h"
#include "load/effects.h"
#include "load/findings.h"
#include "load/jobs.h"
#include "load/replay_rows.h"

namespace wutong::load {

/// Sums over the rows of a file, by the names under which they are printed and expected.
using ReplayTotals = std::map<std::string, std::int64_t>;

/// Sends the rows in their order, one at a time for each member, so that a member's time never falls.
/// A row is an effect. Every `points_every`-th purchase of a member pays with the most points that a quote
/// just before it tells; 0 is none. A return that names no order is sent as the refund of an order that nobody
/// knows, and must be refused as that; one of more than is left must be refused, and no other.
class ReplayJobs final : public Jobs, public Effects {
 public:
  struct Parts {
    const ReplayFile& file;
    std::string venue;
    std::string currency;
    std::uint32_t points_every = 0;
    Caller& caller;
    Acknowledged& acknowledged;
    Findings& findings;
  };

  /// REQUIRES: the parts live longer.
  explicit ReplayJobs(Parts parts);

  [[nodiscard]] std::size_t count() const override { return parts_.file.rows.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t job) const override {
    return parts_.file.rows[job].member;
  }
  void start(std::size_t job, std::function<void()> done) override;

  [[nodiscard]] std::size_t effects() const override { return parts_.file.rows.size(); }
  [[nodiscard]] std::uint32_t member_of(std::size_t effect) const override {
    return parts_.file.rows[effect].member;
  }
  [[nodiscard]] std::string member_id(std::uint32_t member) const override {
    return parts_.file.members[member];
  }
  [[nodiscard]] std::variant<v1::CheckoutRequest, v1::RefundRequest> request(
      std::size_t effect) const override;
  [[nodiscard]] v1::GetReceiptRequest receipt_of(std::size_t effect) const override;

  [[nodiscard]] const ReplayTotals& totals() const { return totals_; }
  /// What each row was answered with, a line of JSON a row: {"record": ...} or {"refused": "..."}, or {}
  /// where that is not known. Or why it cannot be written.
  [[nodiscard]] tl::expected<void, std::string> write_answers(const std::string& path) const;
  /// No answer in all attempts.
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  [[nodiscard]] v1::CheckoutRequest checkout_request(std::size_t job) const;
  [[nodiscard]] v1::RefundRequest refund_request(const ReplayRow& row) const;
  [[nodiscard]] v1::QuoteRequest quote_request(const ReplayRow& row) const;
  void check_out(std::size_t job, std::function<void()> done);
  void quoted(std::size_t job, const Answer<v1::QuoteReply>& answer);
  void checked_out(std::size_t job, const Answer<v1::CheckoutReply>& answer);
  void refunded(std::size_t job, const Answer<v1::RefundReply>& answer);
  void refund_refused(std::size_t job, const v1::Refusal& refusal);
  /// Keeps the receipt and sums it up, once.
  void receive(std::size_t job, const v1::Receipt& receipt);
  void add(const v1::CheckoutRecord& record);
  void add(const v1::ReceiptRecord& record, const ReplayRow& row);
  void wrong(std::size_t job, const std::string& text);

  Parts parts_;
  ReplayTotals totals_;
  /// Goods value of each purchase that returns have not taken yet.
  std::vector<std::int64_t> left_;
  /// What each purchase pays with points, as far as it is known.
  struct Payment {
    bool with_points = false;
    std::int64_t points = 0;
    std::int64_t money_minor = 0;
  };
  std::vector<Payment> payments_;
  std::map<std::size_t, v1::RefusalCode> refused_;
  std::uint64_t given_up_ = 0;
};

}  // namespace wutong::load
