#include "tests/actors/journal_mirror.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "actors/domain/decide.h"

namespace wutong::testing {

bool is_reversal(const domain::Refunded& refund) {
  const auto& order = refund.content.order;
  return refund.key.high == ~order.high && refund.key.low == ~order.low;
}

std::string text_of(std::uint32_t shard, const LogEvent& event) {
  const auto place = [&](const domain::EventHeader& header) {
    return absl::StrCat("shard ", shard, " ", header.position.epoch, "-", header.position.sequence,
                        " ");
  };
  if (const auto* of_member = std::get_if<MemberEvent>(&event)) {
    const auto text = absl::StrCat(place(domain::header_of(of_member->event)), "member ",
                                   absl::Hex(of_member->member.value));
    if (const auto* checkout = std::get_if<domain::CheckedOut>(&of_member->event)) {
      return absl::StrCat(text, " checked out ", checkout->order_id, " (",
                          absl::Hex(checkout->key.high), ") at ",
                          checkout->content.occurred_at.unix_ms);
    }
    if (const auto* refund = std::get_if<domain::Refunded>(&of_member->event)) {
      return absl::StrCat(text, " refunded ", refund->order_id, " as ", refund->refund_id, " by ",
                          refund->amount.minor_units);
    }
    if (const auto* linked = std::get_if<domain::IdentityLinked>(&of_member->event)) {
      return absl::StrCat(text, " linked ", absl::Hex(linked->identity.high));
    }
    if (const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&of_member->event)) {
      return absl::StrCat(text, " unlinked ", absl::Hex(unlinked->identity.high));
    }
    return text;
  }
  if (const auto* claimed = std::get_if<IdentityClaimed>(&event)) {
    return absl::StrCat(place(claimed->header), "identity ", absl::Hex(claimed->identity.high),
                        " claimed for ", absl::Hex(claimed->member.value));
  }
  if (const auto* freed = std::get_if<IdentityFreed>(&event)) {
    return absl::StrCat(place(freed->header), "identity ", absl::Hex(freed->identity.high),
                        " freed of ", absl::Hex(freed->member.value));
  }
  if (const auto* settled = std::get_if<OrderSettled>(&event)) {
    return absl::StrCat(place(settled->header), "order ", absl::Hex(settled->order.high),
                        " settled for ", absl::Hex(settled->member.value), " in ", settled->month);
  }
  if (const auto* freed = std::get_if<OrderFreed>(&event)) {
    return absl::StrCat(place(freed->header), "order ", absl::Hex(freed->order.high), " freed of ",
                        absl::Hex(freed->member.value), " in ", freed->month);
  }
  const auto& taken = std::get<Taken>(event);
  return absl::StrCat(place(taken.header), "taken by ", taken.writer);
}

JournalMirror::JournalMirror(Ledger& ledger, const Codec& codec)
    : ledger_(ledger), codec_(codec), shards_(ledger.info().shards) {}

void JournalMirror::reread() {
  shards_.assign(shards_.size(), {});
  members_.clear();
  orders_.clear();
  refunds_.clear();
  holders_.clear();
  identities_.clear();
  takeovers_ = 0;
  sync();
}

void JournalMirror::sync() {
  for (std::uint32_t shard = 0; shard < shards_.size(); ++shard) {
    auto& truth = shards_[shard];
    ledger_.journal(shard).read_log(truth.read_to, 100'000,
                                    [&](const LedgerResult<std::vector<LogEntry>>& entries) {
                                      for (const auto& entry : *entries) {
                                        const auto events = codec_.events_of(entry.batch);
                                        if (!events) return complain("an entry cannot be decoded");
                                        if (entry.last.epoch != truth.read_to.epoch)
                                          truth.entries_of_epoch = 0;
                                        ++truth.entries_of_epoch;
                                        truth.read_to = entry.last;
                                        for (const auto& event : *events) take(shard, event);
                                      }
                                    });
  }
  // All that is durable at one moment.
  for (const auto& [identity, holders] : identities_) {
    if (holders.size() > 1 && !torn_) complain("two members hold one identity");
  }
}

void JournalMirror::take(std::uint32_t shard, const LogEvent& event) {
  if (log) log(text_of(shard, event));
  if (const auto* of_member = std::get_if<MemberEvent>(&event)) {
    take(shard, *of_member);
  } else if (const auto* settled = std::get_if<OrderSettled>(&event)) {
    holders_[settled->order] = settled->member;
  } else if (const auto* freed = std::get_if<OrderFreed>(&event)) {
    holders_.erase(freed->order);
  } else if (std::holds_alternative<Taken>(event)) {
    ++takeovers_;
  }
}

void JournalMirror::take(std::uint32_t shard, const MemberEvent& event) {
  const auto position = domain::header_of(event.event).position;
  auto& truth = members_[event.member];
  if (!truth.events.empty() && position <= truth.state.position) {
    return complain("a member's events are out of order");
  }
  if (const auto* checkout = std::get_if<domain::CheckedOut>(&event.event)) {
    const auto [place, is_new] = orders_.try_emplace({checkout->key, event.member});
    if (!is_new) return complain(absl::StrCat("order ", checkout->order_id, " was given twice"));
    place->second = {.member = event.member, .checkout = *checkout};
  } else if (const auto* refund = std::get_if<domain::Refunded>(&event.event)) {
    const auto order = orders_.find({refund->content.order, event.member});
    if (order == orders_.end()) return complain("a refund of no order");
    order->second.refunded += refund->amount;
    order->second.reversed = order->second.reversed || is_reversal(*refund);
    if (!refunds_.try_emplace({refund->key, event.member}, position).second) {
      return complain(absl::StrCat("refund ", refund->refund_id, " was done twice"));
    }
  }
  if (const auto* linked = std::get_if<domain::IdentityLinked>(&event.event)) {
    identities_[linked->identity][event.member] = position;
  } else if (const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&event.event)) {
    identities_[unlinked->identity].erase(event.member);
  }
  shards_[shard].members[position] = event.member;
  domain::apply(truth.state, event.event);
  truth.events.push_back(event.event);
}

void JournalMirror::complain(std::string what) {
  if (complaint_.empty()) complaint_ = std::move(what);
}

const JournalMirror::MemberTruth& JournalMirror::member(domain::MemberKey key) const {
  static const MemberTruth nobody;
  const auto found = members_.find(key);
  return found == members_.end() ? nobody : found->second;
}

std::optional<domain::Member> JournalMirror::member_at(domain::MemberKey key,
                                                       domain::Position position) const {
  domain::Member state;
  for (const auto& event : member(key).events) {
    if (domain::header_of(event).position > position) break;
    domain::apply(state, event);
  }
  if (state.position != position) return std::nullopt;
  return state;
}

std::vector<const JournalMirror::OrderTruth*> JournalMirror::checkouts_of(
    domain::RecordKey order) const {
  std::vector<const OrderTruth*> all;
  for (auto at = orders_.lower_bound({order, {0}}); at != orders_.end() && at->first.first == order;
       ++at) {
    all.push_back(&at->second);
  }
  return all;
}

const JournalMirror::OrderTruth* JournalMirror::checkout_of(domain::RecordKey order,
                                                            domain::MemberKey member) const {
  const auto found = orders_.find({order, member});
  return found == orders_.end() ? nullptr : &found->second;
}

std::optional<domain::MemberKey> JournalMirror::holder_of(domain::RecordKey order) const {
  const auto found = holders_.find(order);
  return found == holders_.end() ? std::nullopt : std::optional(found->second);
}

JournalMirror::Holders JournalMirror::holders_of(domain::IdentityKey identity) const {
  const auto found = identities_.find(identity);
  return found == identities_.end() ? Holders() : found->second;
}

bool JournalMirror::held_since(domain::MemberKey key, domain::IdentityKey identity,
                               domain::Position then) const {
  bool held = false;
  for (const auto& event : member(key).events) {
    const bool later = domain::header_of(event).position > then;
    if (later && held) return true;
    const auto* linked = std::get_if<domain::IdentityLinked>(&event);
    const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&event);
    if (linked != nullptr && linked->identity == identity) held = true;
    if (unlinked != nullptr && unlinked->identity == identity) held = false;
  }
  return held;
}

std::optional<domain::Record> JournalMirror::record_at(domain::MemberKey key,
                                                       domain::Position position) const {
  const auto& events = member(key).events;
  const auto found = std::ranges::find_if(events, [&](const domain::Event& event) {
    return domain::header_of(event).position == position;
  });
  return found == events.end() ? std::nullopt : domain::record_of(*found);
}

std::optional<domain::MemberKey> JournalMirror::member_of(std::uint32_t shard,
                                                          domain::Position position) const {
  if (shard >= shards_.size()) return std::nullopt;
  const auto found = shards_[shard].members.find(position);
  return found == shards_[shard].members.end() ? std::nullopt : std::optional(found->second);
}

std::size_t JournalMirror::entries_of_last_epoch(std::uint32_t shard) const {
  return shards_[shard].entries_of_epoch;
}

}  // namespace wutong::testing
