#include <algorithm>
#include <utility>

#include "actors/domain/identities.h"
#include "actors/shard_answers.h"

// Both sides of the directory: what this shard's members ask of it, and what it says of its identities.

namespace wutong {
namespace {

/// Of one member: what is beyond it is asked again.
constexpr std::size_t holder_inquiries_max = 64;

}  // namespace

// --- The member's side -------------------------------------------------------------------------------

void Shard::ask_directory(DirectoryAsk ask, domain::IdentityKey identity, domain::MemberKey member,
                          std::uint64_t ticket) {
  send(parts_.shards[shard_of(identity)],
       AskDirectory{
           .from = parts_.number,
           .life = life_,
           .request = {.ask = ask, .identity = identity, .member = member, .ticket = ticket}});
}

bool Shard::prepare_link(MemberActor& member, WaitingCall& waiting,
                         const domain::LinkIdentity& link) {
  if (waiting.link == LinkState::asked) return false;
  if (waiting.link != LinkState::not_asked) return true;
  // What it comes to without a claim needs none.
  const auto decision = domain::decide(member.state, *rules_.program, *rules_.policy, link,
                                       time_of(member, *waiting.call));
  if (!std::holds_alternative<domain::Accepted>(decision)) return true;
  waiting.link = LinkState::asked;
  waiting.asked_at = now_ns();
  ask_directory(DirectoryAsk::claim, link.identity, member.key, waiting.ticket);
  return false;
}

void Shard::on_directory_said(const DirectoryReply& reply) {
  auto* member = resident(reply.member);
  if (member == nullptr || !member->work) return;
  auto& calls = member->work->calls;
  const auto waiting = std::find_if(calls.begin(), calls.end(), [&](const WaitingCall& call) {
    return call.call && call.ticket == reply.ticket && call.link == LinkState::asked;
  });
  // A claim that nobody waits for any more is stale: denied when asked, and given over.
  if (waiting == calls.end()) return;
  switch (reply.says) {
    case DirectorySays::claimed:
      waiting->link = LinkState::claimed;
      break;
    case DirectorySays::of_other:
      waiting->link = LinkState::of_other;
      break;
    case DirectorySays::busy:
      waiting->link = LinkState::busy;
      break;
  }
  make_runnable(*member);
}

void Shard::tell_unlinked() {
  while (!unlinked_.empty() && unlinked_.front().position <= log_->committed()) {
    const auto& unlinked = unlinked_.front();
    ask_directory(DirectoryAsk::unlinked, unlinked.identity, unlinked.member, 0);
    unlinked_.pop_front();
  }
}

void Shard::on_holder_inquiry(const HolderInquiry& inquiry) {
  if (state_ != State::owner) return;
  // No room now: it is asked again.
  auto* member = make_resident(inquiry.member);
  if (member == nullptr) return schedule_turn();
  auto& inquiries = work_of(*member).holder_inquiries;
  std::erase_if(inquiries, [&](const HolderInquiry& before) {
    return before.from == inquiry.from && before.identity == inquiry.identity;
  });
  if (inquiries.size() < holder_inquiries_max) inquiries.push_back(inquiry);
  make_runnable(*member);
}

bool Shard::is_linking(const MemberActor& member, domain::IdentityKey identity) {
  return std::ranges::any_of(member.work->calls, [&](const WaitingCall& waiting) {
    const bool claims = waiting.link == LinkState::asked || waiting.link == LinkState::claimed;
    return waiting.call && claims &&
           std::get<domain::LinkIdentity>(waiting.call->request).identity == identity;
  });
}

void Shard::answer_holder_inquiries(MemberActor& member) {
  for (const auto& inquiry : std::exchange(member.work->holder_inquiries, {})) {
    if (is_linking(member, inquiry.identity)) continue;
    // On a denial the identity becomes another member's, so it must be durable, and of the present.
    const bool changing =
        member.unflushed && member.unflushed->identities_changed > log_->committed();
    if (changing || !lease_held()) continue;
    send(parts_.shards[inquiry.from],
         HolderReply{.life = inquiry.life,
                     .identity = inquiry.identity,
                     .member = inquiry.member,
                     .number = inquiry.number,
                     .holds = domain::has_identity(member.state, inquiry.identity)});
  }
}

// --- The identity's side -----------------------------------------------------------------------------

void Shard::route_by_identity(std::shared_ptr<Call> call) {
  const auto identity = *call->identity;
  const auto ticket = ++tickets_;
  routed_[ticket] = {.call = std::move(call), .order = {}, .asked_at_ns = now_ns()};
  if (directory_->look_up(identity, ticket, now_ns())) add(parts_.stats.identity_hits);
}

void Shard::found(std::uint64_t ticket, std::optional<domain::MemberKey> member) {
  const auto routed = routed_.find(ticket);
  if (routed == routed_.end()) return;
  // Without the lease another may own the shard, and this be of the past: looked up again.
  if (member && !lease_held()) return;
  auto call = std::move(routed->second.call);
  routed_.erase(routed);
  if (!member) {
    const RefusedReply nobody{.refused = {domain::Refusal::member_unknown, domain::Field::member}};
    return reply_after(std::move(call), {}, nobody, std::nullopt, true);
  }
  call->member = *member;
  --calls_open_;
  send(parts_.shards[shard_of(*member)], SubmitCall{.call = std::move(call), .routed = true});
}

void Shard::read_claim(domain::IdentityKey identity) {
  add(parts_.stats.identity_reads);
  ClaimRead read;
  read.identity = identity;
  parts_.journal.read_identity(identity,
                               answer_with<ClaimRead, std::optional<std::string>>(std::move(read)));
}

void Shard::on_claim(const ClaimRead& read) {
  if (!directory_ || !reads_hold()) return;
  schedule_turn();
  if (!read.result) return directory_->read_failed(read.identity);
  std::optional<domain::MemberKey> member;
  if (*read.result) {
    const auto claimant = parts_.codec.claimant_of(**read.result);
    if (!claimant) return halt("a claim of the directory cannot be read");
    member = *claimant;
  }
  directory_->claim_read(read.identity, member);
}

domain::Position Shard::append_claimed(domain::IdentityKey identity, domain::MemberKey member) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(),
      IdentityClaimed{.header = {.position = position, .received_at = {parts_.clocks.wall_ms()}},
                      .identity = identity,
                      .member = member});
  log_->added();
  return position;
}

domain::Position Shard::append_identity_freed(domain::IdentityKey identity,
                                              domain::MemberKey member) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(),
      IdentityFreed{.header = {.position = position, .received_at = {parts_.clocks.wall_ms()}},
                    .identity = identity,
                    .member = member});
  log_->added();
  return position;
}

void Shard::reply(std::uint32_t shard, std::uint64_t life, const DirectoryReply& reply) {
  // A claim that this shard held may be another's by now if it is not the owner any more. Who asked
  // asks again.
  if (!lease_held()) return;
  send(parts_.shards[shard], DirectorySaid{.life = life, .reply = reply});
}

void Shard::inquire(domain::IdentityKey identity, domain::MemberKey member, std::uint64_t number) {
  send(parts_.shards[shard_of(member)], HolderInquiry{.from = parts_.number,
                                                      .life = life_,
                                                      .identity = identity,
                                                      .member = member,
                                                      .number = number});
}

}  // namespace wutong
