#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "actors/domain/content.h"
#include "tests/actors/simulated_calls.h"
#include "tests/support/test_engine.h"

// What callers may be told.

namespace wutong::testing {
namespace {

const char* name_of(CallFailure failure) {
  switch (failure) {
    case CallFailure::unavailable:
      return "unavailable";
    case CallFailure::exhausted:
      return "exhausted";
    case CallFailure::not_found:
      return "not found";
    case CallFailure::reversed:
      return "reversed";
  }
  return "?";
}

/// Receipts written ahead of time and not told yet, each by the bytes that stand for it. All of a simulation
/// is one thread.
std::map<std::string, ReceiptReply> receipts_ahead;

}  // namespace

std::string text_of(const Reply& reply) {
  if (const auto* receipt = std::get_if<ReceiptReply>(&reply)) {
    const auto position =
        std::visit([](const auto& of) { return of.header.position; }, receipt->record);
    return absl::StrCat(receipt->replayed ? "again " : "", "receipt ", receipt->shard, " ",
                        position.epoch, "-", position.sequence);
  }
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    return absl::StrCat("refused ", static_cast<int>(refused->refused.refusal));
  }
  if (const auto* failed = std::get_if<FailedReply>(&reply)) {
    return absl::StrCat(name_of(failed->failure), ": ", failed->what);
  }
  return std::holds_alternative<MemberReply>(reply)    ? "member"
         : std::holds_alternative<HistoryReply>(reply) ? "history"
                                                       : "quote";
}

WrittenReply SimulatedCalls::write_ahead(const ReceiptReply& receipt) {
  static std::uint64_t number = 0;
  auto bytes = std::to_string(++number);
  receipts_ahead.emplace(bytes, receipt);
  return {.bytes = std::move(bytes)};
}

void SimulatedCalls::on_reply(Asked& asked, const Reply& reply) {
  if (const auto* written = std::get_if<WrittenReply>(&reply)) {
    auto receipt = receipts_ahead.extract(written->bytes);
    if (!receipt) return complain(asked, "is told what was not written, or was told before");
    ++said_["written ahead"];
    return on_reply(asked, Reply(std::move(receipt.mapped())));
  }
  if (++asked.answers > 1) return complain(asked, "answered twice");
  ++answered_;
  was_exhausted_ = false;
  if (log) log(absl::StrCat("call ", asked.number, " is answered: ", text_of(reply)));
  mirror_.sync();
  if (std::holds_alternative<QuoteReply>(reply)) ++said_["quote"];
  std::visit(
      [&](const auto& of_kind) {
        using Kind = std::decay_t<decltype(of_kind)>;
        constexpr bool is_checked =
            !std::is_same_v<Kind, QuoteReply> && !std::is_same_v<Kind, WrittenReply>;
        if constexpr (is_checked) check(asked, of_kind);
      },
      reply);
  if (!mirror_.complaint().empty()) complain(asked, mirror_.complaint());
}

void SimulatedCalls::check(const Asked& asked, const ReceiptReply& reply) {
  const auto& record = reply.record;
  const auto position = std::visit([](const auto& of) { return of.header.position; }, record);
  ++said_[reply.replayed ? "receipt again" : "receipt"];
  auto member = asked.member;
  if (asked.member_id.empty()) {
    const auto owner = mirror_.member_of(reply.shard, position);
    if (!owner && torn_) return;
    if (!owner) return complain(asked, "a receipt that is not in the journal");
    member = *owner;
  }
  check_lookup(asked, member);
  const auto stored = mirror_.record_at(member, position);
  if (!stored && !torn_) return complain(asked, "a receipt that is not in the journal");
  if (stored && *stored != record) return complain(asked, "not the receipt of the journal");
  if (reply.shard != (member.value & (shards_ - 1))) complain(asked, "another shard is named");

  if (const auto* checkout = std::get_if<domain::Checkout>(&asked.request)) {
    const auto* given = std::get_if<domain::CheckedOut>(&record);
    if (asked.identity) ++said_["checkout by an identity"];
    if (given == nullptr || given->key != checkout->key) return complain(asked, "another receipt");
    if (given->content != domain::content_of(*checkout)) return complain(asked, "other content");
    if (asked.reversed_then) return complain(asked, "a receipt of a reversed order");
  } else if (const auto* refund = std::get_if<domain::Refund>(&asked.request)) {
    const auto* given = std::get_if<domain::Refunded>(&record);
    if (given == nullptr || given->key != refund->key) return complain(asked, "another receipt");
    if (given->content != domain::content_of(*refund)) return complain(asked, "other content");
  } else if (const auto* receipt = std::get_if<ReadReceipt>(&asked.request)) {
    if (domain::key_of(record) != receipt->key) return complain(asked, "another receipt");
  }

  const auto [known, is_new] = acknowledged_.try_emplace(
      {member, position}, Acknowledged{.member_id = asked.member_id, .record = record});
  if (!is_new && known->second.record != record) complain(asked, "the receipt has changed");
  // A repetition may be answered first, by another gateway, while the one that wrote is paused.
  if (!reply.replayed && known->second.told_as_new) complain(asked, "a receipt was new twice");
  known->second.told_as_new = known->second.told_as_new || !reply.replayed;
  if (!std::holds_alternative<ReadReceipt>(asked.request)) known->second.promised = true;
  if (known->second.member_id.empty()) known->second.member_id = asked.member_id;
}

void SimulatedCalls::check(const Asked& asked, const MemberReply& reply) {
  const auto position = reply.member.position;
  const auto member = asked.identity ? member_key(reply.member.id) : asked.member;
  check_lookup(asked, member);
  check_links(asked, reply);
  const auto then = asked.members_then.find(member);
  if (!torn_ && then != asked.members_then.end() && position < then->second) {
    return complain(asked, "a state from before the question");
  }
  const auto truth = mirror_.member_at(member, position);
  if (!truth) {
    if (!torn_) complain(asked, "a state that is not in the journal");
    return;
  }
  if (*truth != reply.member) complain(asked, "not the state that the journal gives");
}

void SimulatedCalls::check(const Asked& asked, const HistoryReply& reply) {
  ++said_["history"];
  const auto& question = std::get<ReadHistory>(asked.request);
  if (reply.records.size() > question.records_max) return complain(asked, "too many records");
  const auto position_of = [](const domain::Record& record) {
    return std::visit([](const auto& of) { return of.header.position; }, record);
  };
  if (reply.records.empty()) {
    if (!torn_ && asked.newest_record_then.epoch != 0) complain(asked, "a history without records");
    return;
  }
  const auto newest = position_of(reply.records.front());
  if (!torn_ && newest < asked.newest_record_then) return complain(asked, "an old history");
  std::vector<domain::Record> expected;
  for (const auto& event : mirror_.member(asked.member).events) {
    if (domain::header_of(event).position > newest) break;
    if (auto record = domain::record_of(event)) expected.push_back(std::move(*record));
  }
  std::ranges::reverse(expected);
  const bool more = expected.size() > question.records_max;
  if (more) expected.resize(question.records_max);
  if (torn_) return;
  if (expected != reply.records) {
    return complain(asked, absl::StrCat("a history with ", reply.records.size(),
                                        " records that should have ", expected.size()));
  }
  if (more != (reply.next_before.epoch != 0)) complain(asked, "the wrong end of a page");
}

void SimulatedCalls::check(const Asked& asked, const RefusedReply& reply) {
  using domain::Refusal;
  const auto refusal = reply.refused.refusal;
  ++said_[absl::StrCat("refused ", static_cast<int>(refusal), reply.retryable ? " retryable" : "")];
  if (torn_) return;
  const auto* checkout = std::get_if<domain::Checkout>(&asked.request);
  const auto* refund = std::get_if<domain::Refund>(&asked.request);
  switch (refusal) {
    case Refusal::member_unknown:
      if (asked.identity) return check_nobody_held(asked);
      if (asked.enrolled_then) complain(asked, "an enrolled member is unknown");
      return;
    case Refusal::other_member: {
      if (checkout == nullptr) return complain(asked, "other_member");
      if (reply.retryable) return;
      const auto all = mirror_.checkouts_of(checkout->key);
      const bool true_other = std::ranges::any_of(all, [&](const auto* order) {
        return !order->reversed && (asked.identity || order->member != asked.member);
      });
      if (!true_other) complain(asked, "no other member has the order");
      return;
    }
    case Refusal::identity_of_other:
      if (!reply.retryable) {
        check_another_held(asked, std::get<domain::LinkIdentity>(asked.request).identity);
      }
      return;
    case Refusal::other_content: {
      if (checkout != nullptr) {
        if (asked.identity) return;
        const auto* known = mirror_.checkout_of(checkout->key, asked.member);
        if (known == nullptr) return complain(asked, "the order is not known");
        if (known->checkout.content == domain::content_of(*checkout)) {
          complain(asked, "the content is the same");
        }
      }
      return;
    }
    case Refusal::order_unknown:
      if (asked.order_known_then) complain(asked, "a known order is unknown");
      return;
    case Refusal::more_than_left: {
      if (refund == nullptr) return complain(asked, "more_than_left");
      const auto all = mirror_.checkouts_of(refund->order);
      const auto* amount = std::get_if<domain::RefundOfAmount>(&refund->scope);
      const bool true_refusal = std::ranges::any_of(all, [&](const auto* order) {
        if (!asked.member_id.empty() && order->member != asked.member) return false;
        const auto left = order->checkout.content.amount - order->refunded;
        return amount == nullptr ? left == domain::Money{} : amount->amount > left;
      });
      if (!true_refusal) complain(asked, "more is left");
      return;
    }
    default:
      return;
  }
}

void SimulatedCalls::check(const Asked& asked, const FailedReply& reply) {
  ++said_[absl::StrCat(name_of(reply.failure), ": ", reply.what)];
  was_exhausted_ = reply.failure == CallFailure::exhausted;
  if (all_is_well_ && reply.failure == CallFailure::unavailable) {
    return complain(asked, absl::StrCat("failed though all is well: ", reply.what));
  }
  if (torn_) return;
  if (reply.failure == CallFailure::not_found) {
    if (asked.receipt_known_then) complain(asked, "a known receipt is not found");
  }
  if (reply.failure == CallFailure::reversed) {
    const auto* checkout = std::get_if<domain::Checkout>(&asked.request);
    if (asked.identity) return;
    const auto* mine =
        checkout == nullptr ? nullptr : mirror_.checkout_of(checkout->key, asked.member);
    if (mine == nullptr || !mine->reversed) complain(asked, "was not reversed");
  }
}

void SimulatedCalls::check_at_end(bool settled) {
  mirror_.reread();
  if (!mirror_.complaint().empty()) return complain(mirror_.complaint());
  for (const auto& asked : calls_) {
    if (asked.answers != 1) complain(asked, absl::StrCat("answered ", asked.answers, " times"));
  }
  for (const auto& [place, acknowledged] : acknowledged_) {
    const auto stored = mirror_.record_at(place.first, place.second);
    if (!stored || *stored != acknowledged.record) {
      return complain("an acknowledged receipt is not in the journal");
    }
    const auto* checkout = std::get_if<domain::CheckedOut>(&acknowledged.record);
    if (checkout == nullptr) continue;
    const auto* order = mirror_.checkout_of(checkout->key, place.first);
    if (order->reversed && acknowledged.promised) {
      return complain(checkout->order_id + " was acknowledged and reversed");
    }
  }
  if (!settled) return;
  for (const auto& [place, order] : mirror_.orders()) {
    const auto all = mirror_.checkouts_of(place.first);
    const auto standing =
        std::ranges::count_if(all, [](const auto* checkout) { return !checkout->reversed; });
    if (standing > 1) return complain(absl::StrCat(order.checkout.order_id, " is two members'"));
    if (!order.reversed && mirror_.holder_of(place.first) != order.member) {
      return complain(absl::StrCat(order.checkout.order_id, " was never settled"));
    }
  }
}

std::vector<SimulatedCalls::Question> SimulatedCalls::questions_after_restart() const {
  std::vector<Question> questions;
  for (const auto& [place, acknowledged] : acknowledged_) {
    const auto key = domain::key_of(acknowledged.record);
    const auto* refund = std::get_if<domain::Refunded>(&acknowledged.record);
    const auto order = refund != nullptr ? refund->content.order : key;
    const auto* known = mirror_.checkout_of(order, place.first);
    questions.push_back({acknowledged.member_id, {}, ReadReceipt{.key = key, .order = order}});
    if (known != nullptr && !known->reversed) {
      questions.push_back({"", {}, ReadReceipt{.key = key, .order = order}});
    }
  }
  for (int member = 0; member < members; ++member) {
    const auto id = "m" + std::to_string(member);
    questions.push_back({id, {}, ReadMember{}});
    questions.push_back({id, {}, ReadHistory{.before = {}, .records_max = 100}});
  }
  for (int identity = 0; identity < identities; ++identity) {
    questions.push_back({"", identity_key("i" + std::to_string(identity)), ReadMember{}});
  }
  return questions;
}

}  // namespace wutong::testing
