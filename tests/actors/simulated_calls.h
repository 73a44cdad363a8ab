#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "actors/call.h"
#include "tests/actors/journal_mirror.h"

namespace wutong::testing {

/// Callers of a simulation: what they ask, and whether what they are told is true. Few members, orders
/// and refund ids, so that most calls meet another.
class SimulatedCalls {
 public:
  /// Both outlive it. `mirror` is told of everything before it is asked.
  SimulatedCalls(JournalMirror& mirror, std::mt19937_64& rng, std::uint32_t shards);

  static constexpr int members = 8;
  static constexpr int orders = 14;
  static constexpr int identities = 4;

  /// What is asked, and of whom: by id, by an identity, or, with neither, of an order.
  struct Question {
    std::string member_id;
    std::optional<domain::IdentityKey> identity;
    Request request;
  };

  /// A call as the edge would make it, at `now`; the answer is checked when it comes.
  [[nodiscard]] std::shared_ptr<Call> next(domain::Instant now, std::int64_t now_ns);
  /// One that is asked when all is well again, at whose answer nothing may be missing.
  [[nodiscard]] std::shared_ptr<Call> ask(const Question& question, domain::Instant now,
                                          std::int64_t deadline_ns);
  /// From now on no call may fail.
  void all_is_well() { all_is_well_ = true; }
  /// What a call that is asked again and again is told at last; nothing until it is answered.
  [[nodiscard]] bool was_exhausted() const { return was_exhausted_; }

  /// Told of every call and answer, if set.
  std::function<void(const std::string&)> log;

  /// The ledger has lost some of its log: until it is mended, what is missing is no proof.
  void ledger_is_torn(bool torn) {
    torn_ = torn;
    mirror_.ledger_is_torn(torn);
  }

  /// Every acknowledged receipt still stands, nothing was given twice, every call was answered.
  /// Where everything is settled, every order is one member's.
  void check_at_end(bool settled);
  /// What was asked again for the check of a restart: every acknowledged receipt, every member.
  [[nodiscard]] std::vector<Question> questions_after_restart() const;

  [[nodiscard]] std::size_t unanswered() const { return asked_ - answered_; }
  [[nodiscard]] std::string unanswered_text() const;
  /// The first untruth, or an empty text.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  void complain(const std::string& what);

  /// How often what was said, for the summary: a simulation that meets nothing proves nothing.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& said() const { return said_; }

 private:
  /// A call under way, and what stood in the journal when it was made.
  struct Asked {
    int number = 0;
    std::string member_id;
    domain::MemberKey member;
    std::optional<domain::IdentityKey> identity;
    Request request;
    /// Of every member: what an identity that is meanwhile linked may say.
    std::map<domain::MemberKey, domain::Position> members_then;
    JournalMirror::Holders holders_then;
    int answers = 0;
    domain::Position member_then;
    domain::Position newest_record_then;
    bool enrolled_then = false;
    /// The order was durably this member's; without a member: somebody's.
    bool order_known_then = false;
    bool receipt_known_then = false;
    bool reversed_then = false;
  };
  [[nodiscard]] Question draw_question(domain::Instant now);
  [[nodiscard]] Request draw_request(domain::Instant now, std::string& member_id);
  [[nodiscard]] Question draw_identity_question(domain::Instant now);
  [[nodiscard]] domain::Checkout draw_checkout(domain::Instant now);
  [[nodiscard]] domain::Refund draw_refund(domain::Instant now);
  [[nodiscard]] std::shared_ptr<Call> make(Question question, domain::Instant now,
                                           std::int64_t deadline_ns);
  void note_truth(Asked& asked) const;

  /// Of a member found by an identity: that it held it while the call was under way.
  void check_lookup(const Asked& asked, domain::MemberKey member);
  void check_links(const Asked& asked, const MemberReply& reply);
  void check_nobody_held(const Asked& asked);
  void check_another_held(const Asked& asked, domain::IdentityKey identity);
  void on_reply(Asked& asked, const Reply& reply);
  /// As an edge would, for every other call: what is told then must be as true as what is told at once.
  static WrittenReply write_ahead(const ReceiptReply& receipt);
  void check(const Asked& asked, const ReceiptReply& reply);
  void check(const Asked& asked, const MemberReply& reply);
  void check(const Asked& asked, const HistoryReply& reply);
  void check(const Asked& asked, const RefusedReply& reply);
  void check(const Asked& asked, const FailedReply& reply);
  void complain(const Asked& asked, const std::string& what);

  [[nodiscard]] std::size_t draw(std::size_t count) { return rng_() % count; }

  JournalMirror& mirror_;
  std::mt19937_64& rng_;
  std::uint32_t shards_;
  bool torn_ = false;
  bool all_is_well_ = false;
  bool was_exhausted_ = false;
  std::deque<Asked> calls_;
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
  /// Requests made so far with the member, for exact repeats.
  std::vector<Question> made_;
  struct Acknowledged {
    std::string member_id;
    domain::Record record;
    /// Told to whoever checked out or refunded: it must never be taken back.
    bool promised = false;
    bool told_as_new = false;
  };
  /// By member and position.
  std::map<std::pair<domain::MemberKey, domain::Position>, Acknowledged> acknowledged_;
  std::map<std::string, std::uint64_t> said_;
  std::string complaint_;
};

[[nodiscard]] std::string text_of(const Reply& reply);
/// For messages: what kind of request it is, and its ids.
[[nodiscard]] std::string text_of(const std::string& member_id, const Request& request);

}  // namespace wutong::testing
