#include "load/receipt_check.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>

#include "load/model_check.h"

namespace wutong::load {
namespace {

std::string name_of(const v1::GetReceiptRequest& asked) {
  const bool refund = asked.has_refund();
  const v1::OrderRef& order = refund ? asked.refund().order() : asked.order();
  return absl::StrCat(
      refund ? absl::StrCat("refund ", asked.refund().refund_id(), " of ") : std::string(),
      "order ", order.order_id(), " of ", order.venue());
}

/// Of bytes that this process made itself.
v1::ReceiptRecord record_of(const std::string& bytes) {
  v1::ReceiptRecord record;
  record.ParseFromString(bytes);
  return record;
}

}  // namespace

FetchReceipts::FetchReceipts(const Effects& effects, Acknowledged& acknowledged, Caller& caller,
                             Findings& findings)
    : effects_(effects), acknowledged_(acknowledged), caller_(caller), findings_(findings) {
  for (std::size_t effect = 0; effect < effects.effects(); ++effect) {
    if (acknowledged.has(effect) || acknowledged.in_doubt(effect)) wanted_.push_back(effect);
  }
}

void FetchReceipts::start(std::size_t job, std::function<void()> done) {
  const std::size_t effect = wanted_[job];
  caller_.get_receipt(effects_.receipt_of(effect),
                      [this, effect, done = std::move(done)](Answer<v1::GetReceiptReply> answer) {
                        judge(effect, answer);
                        done();
                      });
}

void FetchReceipts::judge(std::size_t effect, const Answer<v1::GetReceiptReply>& answer) {
  if (answer.unknown) {
    ++unanswered_;
    return;
  }
  ++fetched_;
  const bool found = answer.status.ok();
  if (!acknowledged_.has(effect)) {
    if (found) acknowledged_.settle(effect, bytes_of(answer.reply.receipt().record()));
    return;
  }
  const auto name = [&] { return name_of(effects_.receipt_of(effect)); };
  if (!found) {
    findings_.add(Finding::lost, absl::StrCat(name(), ": ", text_of(answer.status, answer.detail)));
  } else if (bytes_of(answer.reply.receipt().record()) != acknowledged_.record(effect)) {
    findings_.add(Finding::changed,
                  absl::StrCat(name(), ": acknowledged ",
                               record_of(acknowledged_.record(effect)).ShortDebugString(),
                               " and now ", answer.reply.receipt().record().ShortDebugString()));
  }
}

JudgeMembers::JudgeMembers(Parts parts) : parts_(parts), effects_of_(parts.members.size()) {
  for (std::uint32_t effect = 0; effect < parts.effects.effects(); ++effect) {
    if (!parts.acknowledged.has(effect)) continue;
    effects_of_[parts.effects.member_of(effect)].push_back(effect);
  }
  for (std::uint32_t member = 0; member < effects_of_.size(); ++member) {
    // A member that should have nothing is checked like any other.
    if (parts.members[member].known) wanted_.push_back(member);
  }
}

void JudgeMembers::start(std::size_t job, std::function<void()> done) {
  const std::uint32_t member = wanted_[job];
  v1::GetMemberRequest request;
  request.mutable_member()->set_id(parts_.effects.member_id(member));
  parts_.caller.get_member(std::move(request), [this, member, done = std::move(done)](
                                                   const Answer<v1::GetMemberReply>& answer) {
    if (answer.unknown) {
      ++unanswered_;
    } else if (!answer.status.ok()) {
      parts_.findings.add(Finding::lost, absl::StrCat(parts_.effects.member_id(member), ": ",
                                                      text_of(answer.status, answer.detail)));
    } else {
      judge(member, answer.reply.member());
    }
    done();
  });
}

void JudgeMembers::judge(std::uint32_t member, const v1::Member& now) {
  std::vector<std::pair<std::uint32_t, v1::ReceiptRecord>> records;
  for (const std::uint32_t effect : effects_of_[member]) {
    records.emplace_back(effect, record_of(parts_.acknowledged.record(effect)));
  }
  std::ranges::sort(records, [](const auto& left, const auto& right) {
    const v1::Position& a = left.second.position();
    const v1::Position& b = right.second.position();
    return std::pair(a.epoch(), a.sequence()) < std::pair(b.epoch(), b.sequence());
  });
  ModelCheck model(parts_.rules, parts_.members[member]);
  for (const auto& [effect, record] : records) {
    const auto wrong = model.next(parts_.effects.request(effect), record);
    if (!wrong) continue;
    // One wrong receipt makes all that follow look wrong.
    parts_.findings.add(Finding::wrong_points,
                        absl::StrCat(name_of(parts_.effects.receipt_of(effect)), " (",
                                     parts_.effects.member_id(member), "): ", *wrong));
    return;
  }
  if (const auto wrong = model.end(now)) {
    parts_.findings.add(Finding::wrong_balance,
                        absl::StrCat(parts_.effects.member_id(member), ": ", *wrong));
  }
}

void find_shared_positions(const Effects& effects, const Acknowledged& acknowledged,
                           Findings& findings) {
  absl::flat_hash_map<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>, std::size_t> held;
  for (std::size_t effect = 0; effect < acknowledged.size(); ++effect) {
    if (!acknowledged.has(effect)) continue;
    const v1::ReceiptRecord record = record_of(acknowledged.record(effect));
    const v1::Position& position = record.position();
    const auto [other, first] = held.try_emplace(
        std::tuple(position.shard(), position.epoch(), position.sequence()), effect);
    if (first) continue;
    findings.add(Finding::doubled, absl::StrCat(name_of(effects.receipt_of(effect)), " and ",
                                                name_of(effects.receipt_of(other->second)),
                                                " stand at one position of the journal"));
  }
}

}  // namespace wutong::load
