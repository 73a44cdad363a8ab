#include "tests/gateway/bad_requests.h"

#include <google/protobuf/descriptor.h>

#include <cstdlib>

#include "gateway/text.h"

namespace wutong::test {
namespace {

using google::protobuf::Message;

const std::string long_id(65, 'x');
const std::string long_reason(257, 'x');
constexpr std::string_view too_much = "1000000000001";
constexpr std::string_view control = "'a\\tb'";

std::string field(std::string_view name, std::string_view value) {
  return concat({name, ": ", value, " "});
}
std::string text(std::string_view name, std::string_view value) {
  return concat({name, ": '", value, "' "});
}
std::string in(std::string_view message, std::string_view content) {
  return concat({message, " { ", content, " } "});
}
std::string many(int count, std::string_view element) {
  std::string all;
  for (int i = 1; i <= count; ++i) {
    std::string one(element);
    if (const auto at = one.find('#'); at != std::string::npos) {
      one.replace(at, 1, std::to_string(i));
    }
    all += one;
  }
  return all;
}

using Table = std::vector<BadRequest>;
constexpr auto caller = LedgerClock::caller;

/// An id at `path`, whose parents are messages.
void add_id(Table& table, Method method, std::string_view path, const std::string& message) {
  const auto dot = path.rfind('.');
  const std::string_view name = dot == std::string_view::npos ? path : path.substr(dot + 1);
  const auto nested = [&](std::string content) {
    return message.empty() ? content : in(message, content);
  };
  table.push_back({method, "missing", path, "", Code::invalid_argument, path});
  table.push_back(
      {method, "overlong", "", nested(text(name, long_id)), Code::invalid_argument, path});
  table.push_back({method, "control character", "", nested(field(name, control)),
                   Code::invalid_argument, path});
}

void add_origin(Table& table, Method method) {
  table.push_back({method, "missing", "origin", "", Code::invalid_argument, "origin"});
  add_id(table, method, "origin.venue", "origin");
  const auto add = [&](std::string_view what, std::string content, Code code,
                       std::string_view path) {
    table.push_back({method, what, "", in("origin", content), code, path});
  };
  add("unknown", "venue: 'M9'", Code::not_found, "origin.venue");
  add("foreign", "venue: 'H1'", Code::permission_denied, "origin.venue");
  add("overlong", text("store", long_id), Code::invalid_argument, "origin.store");
  add("unknown", "store: 'hats'", Code::not_found, "origin.store");
  add("overlong", text("terminal", long_id), Code::invalid_argument, "origin.terminal");
  add("control character", field("cashier", control), Code::invalid_argument, "origin.cashier");
  add("unknown", "channel: 77", Code::invalid_argument, "origin.channel");
  add("overlong", text("printed_receipt_number", long_id), Code::invalid_argument,
      "origin.printed_receipt_number");
  add("no day", "business_date: '2026-02-30'", Code::invalid_argument, "origin.business_date");
  add("no date", "business_date: '05.01.2026'", Code::invalid_argument, "origin.business_date");
}

void add_member(Table& table, Method method, bool required) {
  if (required)
    table.push_back({method, "missing", "member", "", Code::invalid_argument, "member"});
  const auto add = [&](std::string_view what, std::string merge, Code code, std::string_view path) {
    table.push_back({method, what, "member", in("member", merge), code, path});
  };
  add("neither", "", Code::invalid_argument, "member");
  add("empty", "id: ''", Code::invalid_argument, "member.id");
  add("overlong", text("id", long_id), Code::invalid_argument, "member.id");
  add("control character", field("id", control), Code::invalid_argument, "member.id");
  add("no kind", "identity { value: '1' }", Code::invalid_argument, "member.identity.kind");
  add("unknown kind", "identity { kind: 99 value: '1' }", Code::invalid_argument,
      "member.identity.kind");
  add("no value", "identity { kind: IDENTITY_KIND_CARD }", Code::invalid_argument,
      "member.identity.value");
  add("no E.164", "identity { kind: IDENTITY_KIND_PHONE value: '+8613800138000' }",
      Code::invalid_argument, "member.identity.value");
}

/// An identity that is linked or unlinked.
void add_identity(Table& table, Method method) {
  const auto add = [&](std::string_view what, std::string merge, std::string_view path) {
    table.push_back(
        {method, what, "identity", in("identity", merge), Code::invalid_argument, path});
  };
  table.push_back({method, "missing", "identity", "", Code::invalid_argument, "identity"});
  add("no kind", "value: '1'", "identity.kind");
  add("unknown kind", "kind: 99 value: '1'", "identity.kind");
  add("no value", "kind: IDENTITY_KIND_CARD", "identity.value");
  add("overlong", "kind: IDENTITY_KIND_CARD " + text("value", long_id), "identity.value");
  add("control character", "kind: IDENTITY_KIND_OPEN_ID " + field("value", control),
      "identity.value");
  for (const auto* phone :
       {"1234", "1234567890123456", "013800138000", "+86138001380", "138 0013 8000"}) {
    add("no E.164", "kind: IDENTITY_KIND_PHONE " + text("value", phone), "identity.value");
  }
}

void add_unknown_member(Table& table, Method method, std::string_view path) {
  table.push_back({method, "not linked", "member",
                   "member { identity { kind: IDENTITY_KIND_CARD value: '1' } }", Code::not_found,
                   path, LedgerClock::gateway, JudgedBy::rules});
  table.push_back({method, "unknown", "member", "member { id: 'nobody' }", Code::not_found, path,
                   LedgerClock::gateway, JudgedBy::rules});
}

void add_time(Table& table, Method method, std::string_view path) {
  table.push_back({method, "missing", path, "", Code::invalid_argument, path});
  table.push_back({method, "negative", "", field(path, "-1"), Code::invalid_argument, path});
  table.push_back({method, "after the year 9999", "", field(path, "253402300800000"),
                   Code::invalid_argument, path});
}

void add_received_at(Table& table, Method method, bool required) {
  constexpr std::string_view path = "received_at_unix_ms";
  table.push_back({method, "not the caller's to tell", "", field(path, "1767585600000"),
                   Code::invalid_argument, path});
  table.push_back(
      {method, "negative", "", field(path, "-1"), Code::invalid_argument, path, caller});
  if (required) {
    table.push_back({method, "missing", path, "", Code::invalid_argument, path, caller});
  }
}

void add_quantity(Table& table, Method method, std::string_view path) {
  table.push_back({method, "negative", path, field(path, "-1"), Code::invalid_argument, path});
  table.push_back(
      {method, "overflowing", path, field(path, too_much), Code::invalid_argument, path});
}

void add_line(Table& table, Method method) {
  const auto add = [&](std::string_view what, std::string content, std::string_view path,
                       Code code = Code::invalid_argument) {
    table.push_back({method, what, "lines", in("lines", content), code, path});
  };
  add("no number", "amount_minor: 1", "lines[0].number");
  add("negative", "number: 1 amount_minor: -1", "lines[0].amount_minor");
  add("overflowing", concat({"number: 1 amount_minor: ", too_much}), "lines[0].amount_minor");
  add("negative", "number: 1 quantity_thousandths: -1", "lines[0].quantity_thousandths");
  add("overlong", concat({"number: 1 ", text("sku", long_id)}), "lines[0].sku");
  add("overlong", concat({"number: 1 ", text("category", long_id)}), "lines[0].category");
  add("control character", concat({"number: 1 ", field("brand", control)}), "lines[0].brand");
  add("unknown", "number: 1 store: 'hats'", "lines[0].store", Code::not_found);
  table.push_back({method, "number used twice", "lines", "lines { number: 1 } lines { number: 1 }",
                   Code::invalid_argument, "lines[1].number"});
  table.push_back({method, "too many", "lines", many(201, "lines { number: # } "),
                   Code::invalid_argument, "lines"});
}

/// What quotes and checkouts have in common.
void add_order(Table& table, Method method) {
  table.push_back({method, "missing", "amount_minor", "", Code::invalid_argument, "amount_minor"});
  for (const std::string_view path :
       {"amount_minor", "points_to_use", "excluded_from_earning_minor",
        "excluded_from_offset_minor"}) {
    add_quantity(table, method, path);
  }
  table.push_back({method, "missing", "currency", "", Code::invalid_argument, "currency"});
  table.push_back({method, "no code", "", "currency: 'yuan'", Code::invalid_argument, "currency"});
  const auto add_tender = [&](std::string_view what, std::string content, std::string_view path) {
    table.push_back(
        {method, what, "tenders", in("tenders", content), Code::invalid_argument, path});
  };
  add_tender("no kind", "amount_minor: 1", "tenders[0].kind");
  add_tender("overlong", text("kind", long_id), "tenders[0].kind");
  add_tender("negative", "kind: 'cash' amount_minor: -1", "tenders[0].amount_minor");
  table.push_back({method, "too many", "tenders", many(21, "tenders { kind: 'cash' } "),
                   Code::invalid_argument, "tenders"});
  add_line(table, method);
  table.push_back(
      {method, "overlong", "", text("hold_id", long_id), Code::invalid_argument, "hold_id"});
}

void add_order_rules(Table& table, Method method) {
  const auto add = [&](std::string_view what, std::string_view clear, std::string merge,
                       std::string_view path) {
    table.push_back({method, what, clear, std::move(merge), Code::invalid_argument, path,
                     LedgerClock::gateway, JudgedBy::rules});
  };
  add("not the venue's", "", "currency: 'EUR'", "currency");
  add("more than the amount", "", "excluded_from_earning_minor: 58801",
      "excluded_from_earning_minor");
  add("more than the amount", "", "excluded_from_offset_minor: 58801",
      "excluded_from_offset_minor");
  add("do not sum", "tenders", "tenders { kind: 'cash' amount_minor: 1 }", "tenders");
  add("do not sum", "lines", "lines { number: 1 amount_minor: 1 }", "lines");
  add("in the future", "", "occurred_at_unix_ms: 1767585960000", "occurred_at_unix_ms");
  add("too long ago", "", "occurred_at_unix_ms: 1766980000000", "occurred_at_unix_ms");
}

Table quotes() {
  Table table;
  constexpr Method method = Method::quote;
  add_member(table, method, true);
  add_unknown_member(table, method, "member");
  add_origin(table, method);
  add_order(table, method);
  add_order_rules(table, method);
  add_received_at(table, method, false);
  table.push_back({method, "negative", "", "occurred_at_unix_ms: -1", Code::invalid_argument,
                   "occurred_at_unix_ms"});
  return table;
}

Table checkouts() {
  Table table;
  constexpr Method method = Method::checkout;
  add_member(table, method, true);
  add_unknown_member(table, method, "member");
  add_origin(table, method);
  add_id(table, method, "order_id", "");
  add_time(table, method, "occurred_at_unix_ms");
  add_received_at(table, method, true);
  add_quantity(table, method, "tax_minor");
  add_order(table, method);
  add_order_rules(table, method);
  return table;
}

Table refunds() {
  Table table;
  constexpr Method method = Method::refund;
  add_origin(table, method);
  add_id(table, method, "refund_id", "");
  table.push_back({method, "missing", "order", "", Code::invalid_argument, "order"});
  add_id(table, method, "order.venue", "order");
  add_id(table, method, "order.order_id", "order");
  table.push_back({method, "unknown", "", "order { venue: 'M9' }", Code::not_found, "order.venue"});
  add_member(table, method, false);
  add_unknown_member(table, method, "member");
  add_time(table, method, "occurred_at_unix_ms");
  add_received_at(table, method, true);
  const auto add = [&](std::string_view what, std::string merge, std::string_view path) {
    table.push_back({method, what, "whole", std::move(merge), Code::invalid_argument, path});
  };
  add("neither", "", "what");
  add("missing", "amount { }", "amount.amount_minor");
  add("negative", "amount { amount_minor: -1 }", "amount.amount_minor");
  add("overflowing", in("amount", field("amount_minor", too_much)), "amount.amount_minor");
  add("negative", "amount { amount_minor: 1 excluded_minor: -1 }", "amount.excluded_minor");
  add("more than the amount", "amount { amount_minor: 1 excluded_minor: 2 }",
      "amount.excluded_minor");
  add("none", "lines { }", "lines.numbers");
  add("zero", "lines { numbers: 0 }", "lines.numbers");
  add("twice", "lines { numbers: [2, 1, 2] }", "lines.numbers");
  add("too many", in("lines", many(201, "numbers: # ")), "lines.numbers");
  table.push_back(
      {method, "overlong", "", text("reason", long_reason), Code::invalid_argument, "reason"});
  return table;
}

/// What requests for holds and grants begin with.
void add_beginning(Table& table, Method method) {
  add_member(table, method, true);
  add_unknown_member(table, method, "member");
  add_origin(table, method);
  add_time(table, method, "occurred_at_unix_ms");
  add_received_at(table, method, true);
  for (const std::string_view instant : {"1767585960000", "1766980000000"}) {
    table.push_back({method, "in the future, or too long ago", "",
                     field("occurred_at_unix_ms", instant), Code::invalid_argument,
                     "occurred_at_unix_ms", LedgerClock::gateway, JudgedBy::rules});
  }
}

void add_points(Table& table, Method method) {
  table.push_back({method, "missing", "points", "", Code::invalid_argument, "points"});
  add_quantity(table, method, "points");
}

void add_reason(Table& table, Method method) {
  const auto add = [&](std::string_view what, std::string_view clear, std::string merge) {
    table.push_back({method, what, clear, std::move(merge), Code::invalid_argument, "reason"});
  };
  add("missing", "reason", "");
  add("overlong", "", text("reason", long_reason));
  add("control character", "", field("reason", control));
}

Table holds_and_grants() {
  Table table;
  for (const Method method : {Method::hold, Method::release}) {
    add_beginning(table, method);
    add_id(table, method, "hold_id", "");
  }
  add_points(table, Method::hold);

  for (const Method method : {Method::grant, Method::revoke_grant}) {
    add_beginning(table, method);
    add_id(table, method, "grant_id", "");
    add_reason(table, method);
  }
  add_id(table, Method::revoke_grant, "revocation_id", "");
  add_points(table, Method::grant);
  add_id(table, Method::grant, "party", "");
  const auto add = [&](std::string_view what, std::string_view path, std::string_view value,
                       Code code, JudgedBy judged_by) {
    table.push_back(
        {Method::grant, what, "", field(path, value), code, path, LedgerClock::gateway, judged_by});
  };
  add("unknown", "party", "'NOBODY'", Code::not_found, JudgedBy::edge);
  add("no day", "expires_on", "'2026-02-30'", Code::invalid_argument, JudgedBy::edge);
  add("no date", "expires_on", "'never'", Code::invalid_argument, JudgedBy::edge);
  add("in the past", "expires_on", "'2026-01-04'", Code::invalid_argument, JudgedBy::rules);
  return table;
}

Table others() {
  Table table;
  constexpr Method receipt = Method::get_receipt;
  table.push_back({receipt, "neither", "order", "", Code::invalid_argument, "of"});
  add_id(table, receipt, "order.venue", "order");
  add_id(table, receipt, "order.order_id", "order");
  table.push_back(
      {receipt, "foreign", "", "order { venue: 'H1' }", Code::permission_denied, "order.venue"});
  table.push_back(
      {receipt, "unknown", "", "order { venue: 'M9' }", Code::not_found, "order.venue"});
  const auto add = [&](std::string_view what, std::string content, std::string_view path,
                       Code code = Code::invalid_argument) {
    table.push_back({receipt, what, "order", in("refund", content), code, path});
  };
  add("missing", "refund_id: 'R1' order { venue: 'M1' order_id: 'A' }", "refund.venue");
  add("foreign", "venue: 'H1' refund_id: 'R1' order { venue: 'M1' order_id: 'A' }", "refund.venue",
      Code::permission_denied);
  add("missing", "venue: 'M1' order { venue: 'M1' order_id: 'A' }", "refund.refund_id");
  add("missing", "venue: 'M1' refund_id: 'R1'", "refund.order");
  add("missing", "venue: 'M1' refund_id: 'R1' order { venue: 'M1' }", "refund.order.order_id");
  add_member(table, receipt, false);
  add_unknown_member(table, receipt, "member");

  add_id(table, Method::enroll, "member_id", "");
  add_received_at(table, Method::enroll, true);

  for (const Method method : {Method::link_identity, Method::unlink_identity}) {
    add_member(table, method, true);
    add_unknown_member(table, method, "member");
    add_identity(table, method);
    add_received_at(table, method, true);
  }

  add_member(table, Method::get_member, true);
  add_unknown_member(table, Method::get_member, "member");

  constexpr Method history = Method::list_history;
  add_member(table, history, true);
  add_unknown_member(table, history, "member");
  table.push_back(
      {history, "too large", "", "page_size: 201", Code::invalid_argument, "page_size"});
  table.push_back(
      {history, "not ours", "", "page_token: 'zz'", Code::invalid_argument, "page_token"});
  table.push_back({history, "no position", "", text("page_token", "a" + std::string(32, '0')),
                   Code::invalid_argument, "page_token"});
  return table;
}

void clear(std::string_view path, Message& message) {
  const auto dot = path.find('.');
  const auto* found = message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (found == nullptr) std::abort();
  if (dot == std::string_view::npos) return message.GetReflection()->ClearField(&message, found);
  clear(path.substr(dot + 1), *message.GetReflection()->MutableMessage(&message, found));
}

}  // namespace

const std::vector<BadRequest>& bad_requests() {
  static const Table table = [] {
    Table all;
    for (const Table& part : {quotes(), checkouts(), refunds(), holds_and_grants(), others()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return table;
}

std::unique_ptr<Message> request_of(const BadRequest& bad) {
  auto request = valid_request(bad.method, bad.clock);
  if (!bad.clear.empty()) clear(bad.clear, *request);
  merge_text(bad.merge, *request);
  return request;
}

}  // namespace wutong::test
