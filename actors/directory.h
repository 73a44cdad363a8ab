#pragma once

#include <absl/container/btree_set.h>
#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "actors/answer_cache.h"
#include "actors/domain/quantities.h"
#include "actors/messages.h"

namespace wutong {

/// What a directory needs of the shard that owns it. All calls return at once.
class DirectoryHost {
 public:
  virtual ~DirectoryHost() = default;
  /// Adds the event to the shard's log; answers its position.
  virtual domain::Position append_claimed(domain::IdentityKey identity,
                                          domain::MemberKey member) = 0;
  virtual domain::Position append_identity_freed(domain::IdentityKey identity,
                                                 domain::MemberKey member) = 0;
  /// Answers a claim. May leave it unsaid: who asks asks again.
  virtual void reply(std::uint32_t shard, std::uint64_t life, const DirectoryReply& reply) = 0;
  /// Answers a look-up: who has the identity claimed, if anybody.
  virtual void found(std::uint64_t ticket, std::optional<domain::MemberKey> member) = 0;
  /// Leads to `claim_read` or `read_failed`.
  virtual void read_claim(domain::IdentityKey identity) = 0;
  /// Leads to `inquiry_answered`, perhaps never: it is asked again while somebody wants to know.
  virtual void inquire(domain::IdentityKey identity, domain::MemberKey member,
                       std::uint64_t number) = 0;
};

/// Which member has claimed which identity, for the identities that fall into one shard (design, 4.5).
///
/// A claim is durable before the member's event links the identity, and what a member holds is the
/// member's alone to say. So a claim may be stale, and is given over once its member denies it. What no
/// flush has covered yet is in memory, with the latest answers of the ledger, a bounded number.
/// Pure but for its host; owned and run by one shard, lives as long as a take-over.
class Directory {
 public:
  Directory(DirectoryHost& host, std::size_t answers_max) : host_(host), answers_(answers_max) {}

  /// A durable truth from the log's tail, in the log's order; no member: freed.
  void restore(domain::Position position, domain::IdentityKey identity,
               std::optional<domain::MemberKey> member);

  void ask(std::uint32_t shard, std::uint64_t life, const DirectoryRequest& request,
           std::int64_t now_ns);
  /// The same `ticket` again is the same question. True if memory answered it.
  bool look_up(domain::IdentityKey identity, std::uint64_t ticket, std::int64_t now_ns);
  void claim_read(domain::IdentityKey identity, std::optional<domain::MemberKey> member);
  void read_failed(domain::IdentityKey identity);
  /// `number` is the inquiry's: an answer to an earlier one tells of a time that has passed.
  void inquiry_answered(domain::IdentityKey identity, domain::MemberKey member,
                        std::uint64_t number, bool holds);
  /// Everything up to `position` is durable: what waited for it is answered.
  void committed(domain::Position position);
  /// Lets waiting claims run out, and asks again what got no answer.
  void tick(std::int64_t now_ns);

  /// A durable change that no flush has covered; no member: freed.
  struct Unflushed {
    domain::Position position;
    domain::IdentityKey identity;
    std::optional<domain::MemberKey> member;
  };
  /// The oldest committed ones up to `last`, at most `changes_max`. Of one identity the last counts.
  [[nodiscard]] std::vector<Unflushed> to_flush(domain::Position last,
                                                std::size_t changes_max) const;
  /// The oldest `count` have been flushed.
  void flushed(std::size_t count);
  /// The first change that would still be unflushed once the oldest `count` are.
  [[nodiscard]] std::optional<domain::Position> first_unflushed_after(std::size_t count) const;
  [[nodiscard]] std::size_t unflushed_count() const { return unflushed_.size(); }

  /// Identities in memory.
  [[nodiscard]] std::size_t size() const { return entries_.size() + answers_.size(); }
  /// Identities that somebody waits for.
  [[nodiscard]] std::size_t waiting() const { return awaited_.size(); }

  /// How many claims of one identity wait for another member's, and how long for that member's shard to
  /// say whether it holds the identity.
  static constexpr std::size_t claims_waiting_max = 8;
  static constexpr std::int64_t inquiry_wait_ns_max = 1'000'000'000;
  static constexpr std::int64_t ask_again_ns = 200'000'000;
  /// How long a member that has unlinked an identity is asked before its claim is left as it is.
  static constexpr std::int64_t unlinked_wait_ns_max = 2'000'000'000;

 private:
  struct Asked {
    std::uint32_t shard = 0;
    std::uint64_t life = 0;
    DirectoryRequest request;
    std::int64_t since_ns = 0;
  };
  struct Claim {
    domain::MemberKey member;
    /// Epoch 0 for a claim that was read from the ledger.
    domain::Position position;
  };
  struct Unlinked {
    domain::MemberKey member;
    std::int64_t at_ns = 0;
  };
  /// An identity that something is under way with; of all others the ledger's answer is the truth.
  struct Entry {
    bool looked_up = false;
    bool reading = false;
    bool inquiring = false;
    std::uint32_t unflushed = 0;
    /// Number of the last inquiry.
    std::uint64_t inquiry = 0;
    /// Of the read or the inquiry.
    std::int64_t asked_at_ns = 0;
    /// Its member has said that it unlinked it, and when: the claim goes if the member, when asked,
    /// denies it. Only a hint, since it may come late, when the member has linked it again.
    std::optional<Unlinked> unlinked;
    std::optional<Claim> claim;
    std::list<Asked> claims;
    std::vector<std::uint64_t> look_ups;

    [[nodiscard]] bool awaited() const {
      return !claims.empty() || !look_ups.empty() || unlinked.has_value();
    }
  };

  Entry& entry_of(domain::IdentityKey identity);
  void read(domain::IdentityKey identity, Entry& entry);
  /// Answers and does what can be by now.
  void run(domain::IdentityKey identity, Entry& entry);
  /// Answers the claim; false if it must wait.
  bool run_claim(domain::IdentityKey identity, Entry& entry, const Asked& asked);
  void give(domain::IdentityKey identity, Entry& entry, domain::MemberKey member);
  void free(domain::IdentityKey identity, Entry& entry);
  void inquire(domain::IdentityKey identity, Entry& entry);
  void answer(const Asked& asked, DirectorySays says);
  void add_unflushed(domain::IdentityKey identity, Entry& entry, domain::Position position);
  void expire(Entry& entry);
  /// Lists it among the awaited or not. If nothing is under way, its answer alone is kept.
  void settle(domain::IdentityKey identity, const Entry& entry);
  [[nodiscard]] bool is_durable(const Claim& claim) const { return claim.position <= committed_; }

  DirectoryHost& host_;
  std::int64_t now_ns_ = 0;
  domain::Position committed_;
  absl::flat_hash_map<domain::IdentityKey, Entry, IdentityHash> entries_;
  AnswerCache answers_;
  std::deque<Unflushed> unflushed_;
  /// Identities whose claim becomes durable, by position.
  std::deque<std::pair<domain::Position, domain::IdentityKey>> committing_;
  absl::btree_set<domain::IdentityKey> awaited_;
  std::uint64_t inquiries_ = 0;
};

}  // namespace wutong
