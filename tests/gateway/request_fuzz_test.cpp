#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "actors/domain/calendar.h"
#include "gateway/page_token.h"
#include "gateway/read_checkout.h"
#include "gateway/translate_request.h"
#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/may_be_shown.h"
#include "tests/support/fuzz.h"
#include "tests/support/program_p0.h"

/// Requests whose bytes were altered are refused by the field, or what comes of them keeps to the bounds
/// that the wire's documentation gives, and the rules can take it.
namespace wutong {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using test::Corpus;
using test::Form;
using test::FuzzRun;
using test::may_be_shown;

// As documented, not as programmed.
constexpr std::int64_t quantity_max = 1'000'000'000'000;
constexpr std::int64_t year_10000_unix_ms = 253'402'300'800'000;
constexpr std::int32_t year_10000_since_epoch = 2'932'897;
constexpr std::int32_t year_0_since_epoch = -719'528;
constexpr std::size_t id_bytes_max = 64;

void expect_text(std::string_view text, std::size_t bytes_max = id_bytes_max) {
  EXPECT_LE(text.size(), bytes_max);
  EXPECT_TRUE(may_be_shown(text)) << test::literal_of(text);
}
void expect_id(std::string_view text) {
  EXPECT_NE(text, "");
  expect_text(text);
}
void expect_quantity(std::int64_t value) {
  EXPECT_GE(value, 0);
  EXPECT_LE(value, quantity_max);
}
void expect_time(domain::Instant instant) {
  EXPECT_GT(instant.unix_ms, 0);
  EXPECT_LT(instant.unix_ms, year_10000_unix_ms);
}

const domain::Program& program() {
  static const auto program = test::program_p0();
  return *program;
}

void expect_origin(const domain::Origin& origin) {
  ASSERT_EQ(origin.venue.text(), "M1");
  EXPECT_TRUE(origin.store.empty() || origin.store.text() == "shoes");
  for (const auto& text : {origin.terminal, origin.cashier, origin.printed_receipt_number}) {
    expect_text(text);
  }
  EXPECT_LE(origin.channel, domain::Channel::back_office);
  if (!origin.till_business_date) return;
  EXPECT_GE(origin.till_business_date->since_epoch, year_0_since_epoch);
  EXPECT_LT(origin.till_business_date->since_epoch, year_10000_since_epoch);
}

void expect_lines(const std::vector<domain::BasketLine>& lines) {
  EXPECT_LE(lines.size(), 200U);
  std::set<std::uint32_t> numbers;
  for (const auto& line : lines) {
    EXPECT_GE(line.number, 1U);
    EXPECT_TRUE(numbers.insert(line.number).second);
    for (const auto& text : {line.sku, line.category, line.brand}) expect_text(text);
    EXPECT_TRUE(line.store.empty() || line.store.text() == "shoes");
    expect_quantity(line.quantity_thousandths);
    expect_quantity(line.amount.minor_units);
  }
}

void expect_order(const domain::Checkout& order) {
  expect_origin(order.origin);
  expect_time(order.occurred_at);
  EXPECT_EQ(order.currency.size(), 3U);
  EXPECT_EQ(order.currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos);
  for (const auto money :
       {order.amount, order.tax, order.excluded_from_earning, order.excluded_from_offset}) {
    expect_quantity(money.minor_units);
  }
  expect_quantity(order.points_to_use.count);
  EXPECT_LE(order.tenders.size(), 20U);
  for (const auto& tender : order.tenders) {
    expect_id(tender.kind);
    expect_quantity(tender.amount.minor_units);
  }
  expect_lines(order.lines);
  expect_text(order.hold_id);
}

/// Rich enough for most orders, with room for what they earn.
domain::Member alice(domain::Instant now) {
  domain::Member member;
  member.id = "alice";
  member.position = {1, 1};
  member.next_lot_serial = 2;
  member.lots = {{.serial = 1,
                  .party = domain::PartyId::intern("MALL"),
                  .price = {3'000},
                  .expires_on = {domain::business_day(now, program().zone).since_epoch + 365},
                  .points = {quantity_max / 2}}};
  return member;
}

const domain::RiskPolicy policy{.version = 1,
                                .limits = {testing::daily_limit("daily", 1'000'000'000'000)}};

struct RequestCheck {
  const Call& call;

  static void expect_some(domain::Points points) {
    EXPECT_GE(points.count, 1);
    expect_quantity(points.count);
  }
  static void expect_reason(std::string_view reason) {
    EXPECT_NE(reason, "");
    expect_text(reason, 256);
  }
  /// What holds of every hold and grant, and that the rules can take it.
  /// By exactly one of the two.
  void expect_member() const {
    EXPECT_NE(call.identity.has_value(), !call.member_id.empty());
    if (!call.member_id.empty()) expect_id(call.member_id);
  }
  template <typename Change>
  void expect_identity(const Change& change) const {
    expect_member();
    expect_time(call.received_at);
    EXPECT_GE(static_cast<int>(change.kind), 1);
    EXPECT_LE(static_cast<int>(change.kind), 3);
  }
  template <typename Asked>
  void expect_given(const Asked& asked) const {
    expect_member();
    expect_origin(asked.origin);
    expect_time(asked.occurred_at);
    expect_time(call.received_at);
    expect_decided(asked);
  }
  void expect_decided(const domain::Command& command) const {
    auto member = alice(call.received_at);
    auto decision = decide(member, program(), policy, command, call.received_at);
    if (auto* accepted = std::get_if<domain::Accepted>(&decision)) {
      domain::header_of(accepted->event).position = {1, 2};
      domain::apply(member, accepted->event);
      EXPECT_EQ(broken_invariant(member), "");
    }
  }

  void operator()(const domain::Enroll& enroll) const {
    expect_id(enroll.member_id);
    EXPECT_EQ(enroll.member_id, call.member_id);
    expect_time(call.received_at);
    (void)decide(domain::Member(), program(), policy, enroll, call.received_at);
  }
  void operator()(const domain::Checkout& checkout) const {
    expect_member();
    expect_id(checkout.order_id);
    expect_order(checkout);
    expect_time(call.received_at);
    expect_decided(checkout);
  }
  void operator()(const domain::Quote& asked) const {
    expect_member();
    expect_order(asked.checkout);
    expect_time(call.received_at);
    (void)quote(alice(call.received_at), program(), policy, asked, call.received_at);
  }
  void operator()(const domain::Refund& refund) const {
    if (!call.member_id.empty()) expect_member();
    expect_id(refund.refund_id);
    expect_origin(refund.origin);
    expect_time(refund.occurred_at);
    expect_time(call.received_at);
    EXPECT_NE(program().venue(refund.order_venue), nullptr);
    expect_id(refund.order_id);
    expect_text(refund.reason, 256);
    EXPECT_FALSE(refund.reversal);
    std::visit(*this, refund.scope);
    (void)decide(alice(call.received_at), program(), policy, refund, call.received_at);
  }
  void operator()(const domain::RefundOfAmount& scope) const {
    EXPECT_GE(scope.amount.minor_units, 1);
    expect_quantity(scope.amount.minor_units);
    expect_quantity(scope.excluded.minor_units);
    EXPECT_LE(scope.excluded, scope.amount);
  }
  void operator()(const domain::RefundOfLines& scope) const {
    EXPECT_GE(scope.numbers.size(), 1U);
    EXPECT_LE(scope.numbers.size(), 200U);
    std::uint32_t last = 0;
    for (const auto number : scope.numbers) {
      EXPECT_GT(number, last);
      last = number;
    }
  }
  void operator()(const domain::RefundOfWhole&) const {}
  void operator()(const domain::Hold& hold) const {
    expect_id(hold.hold_id);
    expect_some(hold.points);
    expect_given(hold);
  }
  void operator()(const domain::Release& release) const {
    expect_id(release.hold_id);
    expect_given(release);
  }
  void operator()(const domain::Grant& grant) const {
    expect_id(grant.grant_id);
    expect_some(grant.points);
    EXPECT_NE(program().party(grant.party), nullptr);
    if (grant.expires_on) {
      EXPECT_GE(grant.expires_on->since_epoch, year_0_since_epoch);
      EXPECT_LT(grant.expires_on->since_epoch, year_10000_since_epoch);
    }
    expect_reason(grant.reason);
    expect_given(grant);
  }
  void operator()(const domain::RevokeGrant& revocation) const {
    expect_id(revocation.revocation_id);
    expect_id(revocation.grant_id);
    expect_reason(revocation.reason);
    expect_given(revocation);
  }
  void operator()(const domain::LinkIdentity& link) const { expect_identity(link); }
  void operator()(const domain::UnlinkIdentity& unlink) const { expect_identity(unlink); }
  void operator()(const ReadMember&) const { expect_member(); }
  void operator()(const ReadReceipt&) const {
    if (!call.member_id.empty()) expect_member();
  }
  void operator()(const ReadHistory& read) const {
    expect_member();
    EXPECT_GE(read.records_max, 1U);
    EXPECT_LE(read.records_max, 200U);
  }
};

/// Whether `path` leads through the message: `lines[2].sku`, or to a oneof of which nothing was given.
bool names_a_field(const Descriptor& message, std::string_view path) {
  const auto dot = path.find('.');
  const std::string name(path.substr(0, path.find_first_of(".[")));
  const auto* field = message.FindFieldByName(name);
  if (dot == std::string_view::npos) {
    return field != nullptr || message.FindOneofByName(name) != nullptr;
  }
  return field != nullptr && field->message_type() != nullptr &&
         names_a_field(*field->message_type(), path.substr(dot + 1));
}

void expect_named(const Problem& problem, const Message& request) {
  EXPECT_TRUE(names_a_field(*request.GetDescriptor(), problem.field)) << problem.field;
  EXPECT_TRUE(problem.text.starts_with(problem.field + " ")) << problem.text;
  EXPECT_TRUE(may_be_shown(problem.text)) << test::literal_of(problem.text);
  EXPECT_TRUE(problem.code == Code::invalid_argument || problem.code == Code::not_found ||
              problem.code == Code::permission_denied);
}

/// What is read without generated code is what that reads.
void expect_read_alike(std::string_view bytes) {
  CheckoutView view;
  if (!read_plain(bytes, view)) return;
  v1::CheckoutRequest request;
  EXPECT_TRUE(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_TRUE(view == view_of(request)) << test::literal_of(bytes);
}

/// Whether the edge takes what the caller says in `bytes`.
template <typename Request>
bool is_taken(std::string_view bytes, LedgerClock clock) {
  static const KeyHasher keys(test::hash_key(), test::identity_key());
  static const Credential credential = test::till_of_m1();
  if constexpr (std::is_same_v<Request, v1::CheckoutRequest>) expect_read_alike(bytes);
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  const auto call = translate(request, TranslationContext{.keys = keys,
                                                          .program = program(),
                                                          .credential = credential,
                                                          .clock = clock,
                                                          .now = test::noon});
  if (!call) {
    expect_named(call.error(), request);
    return false;
  }
  EXPECT_EQ((*call)->member,
            (*call)->member_id.empty() ? domain::MemberKey() : keys.member((*call)->member_id));
  std::visit(RequestCheck{**call}, (*call)->request);
  if constexpr (std::is_same_v<Request, v1::ListHistoryRequest>) {
    const auto& token = request.page_token();
    EXPECT_EQ(token,
              token.empty() ? "" : page_token_of(std::get<ReadHistory>((*call)->request).before));
  }
  return true;
}

using Taken = bool (*)(std::string_view bytes, LedgerClock clock);
constexpr std::array<Taken, method_count> taken_by_method = {
    is_taken<v1::QuoteRequest>,         is_taken<v1::CheckoutRequest>,
    is_taken<v1::RefundRequest>,        is_taken<v1::GetReceiptRequest>,
    is_taken<v1::EnrollRequest>,        is_taken<v1::GetMemberRequest>,
    is_taken<v1::ListHistoryRequest>,   is_taken<v1::HoldRequest>,
    is_taken<v1::ReleaseRequest>,       is_taken<v1::GrantRequest>,
    is_taken<v1::RevokeGrantRequest>,   is_taken<v1::LinkIdentityRequest>,
    is_taken<v1::UnlinkIdentityRequest>};

class RequestFuzz : public ::testing::TestWithParam<Method> {};

/// Requests that are right, and those that the edge refuses for one thing: an altered one is then wrong
/// in two, or right again.
Corpus requests_of(Method method) {
  Corpus corpus{.texts = {},
                .words = {"M1", "H1", "shoes", "MALL", "2026-02-29", "\xc2\x85", "\x1b"},
                .form = Form::message};
  for (const auto& bad : test::bad_requests()) {
    if (bad.method != method) continue;
    corpus.texts.push_back(test::request_of(bad)->SerializeAsString());
    // As often, so that half of the inputs come of a right one.
    corpus.texts.push_back(test::valid_request(method, bad.clock)->SerializeAsString());
  }
  if (method == Method::list_history) {
    v1::ListHistoryRequest request;
    request.mutable_member()->set_id("alice");
    request.set_page_token(page_token_of({0xfedcba9876543210, 0x123456789abcdef}));
    corpus.texts.push_back(request.SerializeAsString());
  }
  return corpus;
}

TEST_P(RequestFuzz, IsRefusedByTheFieldOrKeepsToTheBounds) {
  const auto taken = taken_by_method.at(static_cast<std::size_t>(GetParam()));
  const FuzzRun run{.inputs = 40'000, .piece_bytes_max = test::protobuf_piece_bytes_max};

  // protobuf prints a line for each text that is not UTF-8.
  const google::protobuf::LogSilencer silence;
  test::fuzz(requests_of(GetParam()), run, [&](std::string_view bytes) {
    const bool by_gateway = taken(bytes, LedgerClock::gateway);
    const bool by_caller = taken(bytes, LedgerClock::caller);
    return by_gateway || by_caller;
  });
}

INSTANTIATE_TEST_SUITE_P(Methods, RequestFuzz,
                         ::testing::Values(Method::quote, Method::checkout, Method::refund,
                                           Method::get_receipt, Method::enroll, Method::get_member,
                                           Method::list_history, Method::hold, Method::release,
                                           Method::grant, Method::revoke_grant,
                                           Method::link_identity, Method::unlink_identity),
                         [](const auto& method) { return std::string(name_of(method.param)); });

}  // namespace
}  // namespace wutong
