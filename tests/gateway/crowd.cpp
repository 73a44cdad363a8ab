#include "tests/gateway/crowd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/support/wait_until.h"

namespace wutong::test {
namespace {

using std::chrono::milliseconds;
using Stub = v1::Points::Stub;

constexpr const char* venue = "M1";

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

}  // namespace

std::string key_of(const v1::ReceiptRecord& record) {
  if (record.has_checkout()) return "order " + record.checkout().order_id();
  return "refund " + record.refund().refund_id() + " of " + record.refund().order().order_id();
}

std::int64_t points_of(const v1::ReceiptRecord& record) {
  const auto moved = record.has_checkout()
                         ? record.checkout().points_earned() - record.checkout().points_used()
                         : record.refund().given_back() - record.refund().clawed_back();
  return moved - record.expired() + record.clawed_back_as_expired();
}

Crowd::Crowd(std::vector<const RunningGateway*> gateways, CrowdOptions options)
    : options_(options),
      errands_(gateways, options.timeout, attempts_),
      random_(options.seed),
      accounts_(static_cast<std::size_t>(options.members)) {
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    accounts_[i].id = "customer-" + std::to_string(i);
    accounts_[i].only_earns = i % 4 == 0;
  }
  enroll_all();
}

Crowd::~Crowd() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
}

void Crowd::start() {
  going_ = true;
  over_ = false;
  at_rest_ = false;
  thread_ = std::thread([this] { live(); });
}

void Crowd::finish(milliseconds limit) {
  going_ = false;
  EXPECT_TRUE(wait_until(limit, [this] { return at_rest_.load(); }))
      << "requests are not answered: " << summary();
  over_ = true;
  thread_.join();
}

void Crowd::live() {
  while (!over_) {
    while (going_ && errands_.open() < options_.requests) begin_something();
    if (!going_ && errands_.open() == 0) break;
    errands_.wait(milliseconds(10));
  }
  at_rest_ = true;
}

void Crowd::enroll_all() {
  for (auto& account : accounts_) {
    v1::EnrollRequest request;
    request.set_member_id(account.id);
    errands_.run<v1::EnrollReply>(
        &Stub::PrepareAsyncEnroll, request,
        [this](const grpc::Status& status, const v1::EnrollReply& reply, std::uint32_t) {
          if (!status.ok() || !reply.has_member()) complain("enroll: " + status.error_message());
          return true;
        });
  }
  while (errands_.open() > 0) errands_.wait(milliseconds(10));
}

std::optional<milliseconds> Crowd::everyone_served_within(milliseconds limit) {
  const auto start = std::chrono::steady_clock::now();
  served_ = 0;
  ++errands_.epoch;
  if (!wait_until(limit, [&] { return served_ >= accounts_.size(); })) return std::nullopt;
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

std::size_t Crowd::pick(std::size_t count) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
}

std::size_t Crowd::pick_spender() {
  const auto at = pick(accounts_.size() - 1);
  return accounts_[at].only_earns ? at + 1 : at;
}

void Crowd::begin_something() {
  if (bought_.empty()) return check_out();
  if (pick(100) < options_.contests_percent) return contest();
  const auto dice = pick(93);
  if (dice < 60) return check_out();
  if (dice < 75) return refund();
  if (dice < 83) return repeat();
  read();
}

v1::CheckoutRequest Crowd::order_of(std::size_t account) {
  v1::CheckoutRequest request;
  request.mutable_member()->set_id(accounts_[account].id);
  request.mutable_origin()->set_venue(venue);
  request.set_order_id("O" + std::to_string(++numbers_));
  request.set_occurred_at_unix_ms(wall_clock_ms());
  request.set_amount_minor(static_cast<std::int64_t>(1'000 + pick(120'000)));
  request.set_currency("CNY");
  return request;
}

void Crowd::check_out() {
  const auto account = pick(accounts_.size());
  auto request = order_of(account);
  std::int64_t offset = 0;
  const bool pays_with_points = !accounts_[account].only_earns && pick(3) == 0;
  if (pays_with_points && request.amount_minor() >= 5'000 && accounts_[account].points >= 100) {
    request.set_points_to_use(100);
    offset = 300;
  }
  auto& tender = *request.add_tenders();
  tender.set_kind("cash");
  tender.set_amount_minor(request.amount_minor() - offset);
  send_order(account, std::move(request), false);
}

void Crowd::contest() {
  const auto first = pick_spender();
  const auto second = pick_spender();
  if (first == second) return check_out();
  auto request = order_of(first);
  auto& tender = *request.add_tenders();
  tender.set_kind("cash");
  tender.set_amount_minor(request.amount_minor());
  contests_[request.order_id()] = {};
  send_order(first, request, true);
  request.mutable_member()->set_id(accounts_[second].id);
  send_order(second, std::move(request), true);
}

void Crowd::send_order(std::size_t account, v1::CheckoutRequest request, bool contested) {
  const auto answered = [this, account, request, contested](const grpc::Status& status,
                                                            const v1::CheckoutReply& reply,
                                                            std::uint32_t begun) {
    if (reply.has_refusal() && reply.refusal().retryable()) return false;
    const bool won = status.ok() && reply.has_receipt();
    if (won) {
      keep(account, reply.receipt(), begun);
      if (!accounts_[account].only_earns) bought_.push_back({account, request});
    }
    if (contested) {
      auto& contest = contests_[request.order_id()];
      ++contest.answered;
      contest.won += won ? 1 : 0;
      if (contest.answered == 2 && contest.won != 1) {
        complain(request.order_id() + " was asked for by two members and given to " +
                 std::to_string(contest.won));
      }
    }
    if (won) return true;
    const auto code = reply.refusal().code();
    ++refused_[status.ok() ? v1::RefusalCode_Name(code) : status.error_message()];
    const bool may_be = status.ok()
                            ? code == v1::REFUSAL_CODE_BALANCE_TOO_LOW ||
                                  (contested && code == v1::REFUSAL_CODE_OTHER_MEMBER)
                            : contested && status.error_code() == grpc::StatusCode::ALREADY_EXISTS;
    if (!may_be) complain(request.order_id() + ": " + status.error_message() + reply.DebugString());
    return true;
  };
  errands_.run<v1::CheckoutReply>(&Stub::PrepareAsyncCheckout, request, answered);
}

void Crowd::refund() {
  const auto& sale = bought_[pick(bought_.size())];
  const auto account = sale.account;
  v1::RefundRequest request;
  request.mutable_origin()->set_venue(venue);
  request.set_refund_id("R" + std::to_string(++numbers_));
  request.mutable_order()->set_venue(venue);
  request.mutable_order()->set_order_id(sale.request.order_id());
  request.set_occurred_at_unix_ms(wall_clock_ms());
  if (pick(2) == 0) request.mutable_member()->set_id(accounts_[account].id);
  if (pick(2) == 0) {
    request.mutable_whole();
  } else {
    request.mutable_amount()->set_amount_minor(sale.request.amount_minor() / 3);
  }
  errands_.run<v1::RefundReply>(
      &Stub::PrepareAsyncRefund, request,
      [this, account, id = request.refund_id()](const grpc::Status& status,
                                                const v1::RefundReply& reply, std::uint32_t begun) {
        if (status.ok() && reply.has_receipt()) {
          keep(account, reply.receipt(), begun);
          return true;
        }
        // More than is left; an acknowledged order must be known.
        ++refused_[v1::RefusalCode_Name(reply.refusal().code())];
        if (reply.refusal().code() != v1::REFUSAL_CODE_MORE_THAN_LEFT) {
          complain(id + ": " + status.error_message() + reply.DebugString());
        }
        return true;
      });
}

void Crowd::repeat() {
  const auto& sale = bought_[pick(bought_.size())];
  errands_.run<v1::CheckoutReply>(
      &Stub::PrepareAsyncCheckout, sale.request,
      [this, account = sale.account, id = sale.request.order_id()](
          const grpc::Status& status, const v1::CheckoutReply& reply, std::uint32_t begun) {
        if (!status.ok() || !reply.receipt().replayed()) {
          complain("repeated " + id + ": " + status.error_message() + reply.DebugString());
        } else {
          keep(account, reply.receipt(), begun);
        }
        return true;
      });
}

void Crowd::read() {
  const auto account = pick(accounts_.size()) / 4 * 4;
  v1::GetMemberRequest request;
  request.mutable_member()->set_id(accounts_[account].id);
  errands_.run<v1::GetMemberReply>(
      &Stub::PrepareAsyncGetMember, request,
      [this, account, at_least = accounts_[account].points](
          const grpc::Status& status, const v1::GetMemberReply& reply, std::uint32_t begun) {
        const auto points = reply.member().balances().available();
        if (!status.ok() || points < at_least) {
          complain(accounts_[account].id + " had " + std::to_string(at_least) +
                   " points before the read, which says " + std::to_string(points) + " " +
                   status.error_message());
        }
        served(account, begun);
        return true;
      });
}

void Crowd::keep(std::size_t account, const v1::Receipt& receipt, std::uint32_t begun) {
  auto& of = accounts_[account];
  const auto key = key_of(receipt.record());
  auto bytes = receipt.record().SerializeAsString();
  const auto [kept, fresh] = of.receipts.emplace(key, bytes);
  if (fresh) {
    of.points += points_of(receipt.record());
    ++acknowledged_;
  } else if (kept->second != bytes) {
    complain(key + " was told with two records");
  }
  served(account, begun);
}

void Crowd::served(std::size_t account, std::uint32_t begun) {
  auto& of = accounts_[account];
  if (begun != errands_.epoch || of.served_in == begun) return;
  of.served_in = begun;
  ++served_;
}

void Crowd::complain(std::string what) { complaints_.push_back(std::move(what)); }

std::string Crowd::summary() const {
  std::string text = std::to_string(acknowledged_) + " receipts; attempts by status:";
  for (std::size_t code = 0; code < attempts_.ended_with.size(); ++code) {
    const auto count = attempts_.ended_with[code].load();
    if (count > 0) text += " " + std::to_string(code) + ": " + std::to_string(count);
  }
  text += "; told to be unavailable: " + std::to_string(attempts_.told_unavailable);
  return text + "; latest after its deadline: " + std::to_string(attempts_.latest_ms) + " ms";
}

}  // namespace wutong::test
