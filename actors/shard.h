#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/broken_promise.h"
#include "actors/codec.h"
#include "actors/coming_members.h"
#include "actors/directory.h"
#include "actors/log_writer.h"
#include "actors/member_actor.h"
#include "actors/messages.h"
#include "actors/order_book.h"
#include "actors/order_claim.h"
#include "actors/request_ids.h"
#include "actors/shard_actor.h"
#include "actors/shard_flush.h"
#include "actors/shard_parts.h"
#include "actors/shard_state.h"
#include "actors/shard_sweep.h"
#include "actors/unsettled_orders.h"

namespace wutong {

/// One shard: the members that fall into it, the orders that fall into it, and their journal.
///
/// A CAF actor: everything in here runs in its turns, one after another, and nothing waits. Messages
/// only gather work; `turn` does it: runs members in place, answers the order book and the directory,
/// sends what is for other shards, starts the next append and flush. The files:
/// - `shard.cpp`: messages, turns, ticks
/// - `shard_ownership.cpp`, `shard_replay.cpp`: from taking a shard to serving it, and losing it
/// - `shard_append.cpp`, `shard_members.cpp`: the log's answers; activation, records, passivation
/// - `shard_calls.cpp`, `shard_prepare.cpp`: queues, what a call must know first
/// - `shard_decide.cpp`: decisions, and what they bring about
/// - `shard_replies.cpp`, `shard_deadlines.cpp`: who is answered when
/// - `shard_orders.cpp`, `shard_identities.cpp`: both sides of the order book, and of the directory
/// `ShardFlush` and `ShardSweep` are parts of it: snapshots and the mark; who is due though nobody asks.
class Shard : public ShardActor::base, private BookHost, private DirectoryHost {
 public:
  Shard(caf::actor_config& config, ShardParts parts);
  ~Shard() override;

  const char* name() const override { return "shard"; }

  static constexpr std::int64_t turn_ns_max = 200'000;
  static constexpr std::size_t records_kept = 8;

 private:
  friend class ShardFlush;
  friend class ShardSweep;
  enum class State : std::uint8_t { idle, mending, taking, replaying, owner, halted, stopped };

  behavior_type make_behavior() override;
  /// However it ends: callers are answered, and members, which hold their shard, let it go.
  void on_exit() override;

  // shard.cpp
  void log(LogLevel level, const std::string& what) const;
  void schedule_turn();
  void turn();
  void work();
  /// Members, and what they and the local book say to each other; false if some is left for later.
  bool run_members();
  void tick();
  void tick_owner(std::int64_t now);
  void on_log_size(const Journal::LogSize& size);
  void ask_for_log_size(std::int64_t now);
  void report() const;
  [[nodiscard]] bool drained() const;
  void on_stop(bool final);
  void send_outboxes();
  void refresh_rules();
  template <typename Answer, typename Result>
  [[nodiscard]] LedgerCallback<Result> answer_with(Answer answer);
  [[nodiscard]] std::int64_t now_ns() const { return parts_.clocks.boot_ns(); }
  /// Reads the clock for what a message brings about; as exact as calls need it.
  void note_moment() { moment_ns_ = now_ns(); }
  [[nodiscard]] std::uint32_t shard_of(domain::MemberKey member) const;
  [[nodiscard]] std::uint32_t shard_of(domain::RecordKey order) const;
  [[nodiscard]] std::uint32_t shard_of(domain::IdentityKey identity) const;

  // shard_ownership.cpp
  /// Answers to what was asked so far are told by their number from now on, and ignored.
  void begin_life();
  void become_idle();
  void try_to_own();
  void ask_for_lease(LeaseCall call);
  void watch(const Lease& lease);
  void take();
  void ask_head(std::int64_t lease_until_ns);
  void on_head(const HeadRead& read);
  void on_own_head(const HeadRead& read);
  void on_head_to_take(const HeadRead& read);
  void on_taken(const AppendAnswered& answered);
  void on_lease(const LeaseAnswered& answered);
  void renew_lease();
  void give_up(const char* why);
  void halt(const std::string& why);
  void drop_everything(const char* why);
  void drop_calls(const char* why);
  void fail_early(const char* why);
  [[nodiscard]] bool lease_held() const { return now_ns() < ownership_.lease_until_ns; }

  // shard_replay.cpp
  void on_mark(const MarkRead& read);
  void read_tail();
  /// Restores what was read, a turn's worth, then reads on.
  void replay();
  void on_log(LogRead& read);
  bool restore(const LogEntry& entry);
  void restore(MemberEvent event);
  void serve();
  void on_book_months(const BookMonthsRead& read);
  /// False, and the shard is given up, if another server process has answered reads since the
  /// take-over: it may have lost what was flushed.
  [[nodiscard]] bool reads_hold();

  // shard_append.cpp
  void pump_append();
  void send_append(AppendRequest request);
  void on_append(const AppendAnswered& answered);
  void on_mended(const AppendAnswered& answered);
  void judge(AppendVerdict verdict);
  void on_committed();
  /// Leaves with the machine what was acknowledged and is lost, and rings.
  void salvage(const std::vector<AppendRequest>& lost, const char* why);
  /// Another owner wrote on another server process: its higher epoch hides a loss of our last events.
  void look_for(const LogWriter& former);
  void ask_for_former();
  void on_former(FormerRead read);

  // shard_members.cpp
  /// Null if it is not in memory. `resident` is the same, and has it count as asked for.
  [[nodiscard]] MemberActor* find_member(domain::MemberKey key);
  [[nodiscard]] MemberActor* resident(domain::MemberKey key);
  [[nodiscard]] MemberActor* make_resident(domain::MemberKey key);
  [[nodiscard]] bool make_room();
  void activate(MemberActor& member);
  void on_snapshot(SnapshotRead& read);
  void on_loaded(MemberActor& member, Snapshot snapshot);
  void read_history(MemberActor& member, std::vector<std::int32_t> months,
                    std::optional<domain::RecordKey> inquired = std::nullopt);
  void on_history(HistoryRead& read);
  /// The oldest month of which the ledger may still keep anything, at `now`.
  [[nodiscard]] std::int32_t oldest_month(std::int64_t now_ms) const;
  [[nodiscard]] std::vector<std::int32_t> retained_months(const MemberActor& member) const;
  /// False if one cannot be read: nothing may be decided without it.
  [[nodiscard]] bool put_records(MemberActor& member, const WaitingCall& waiting,
                                 domain::RecordKey order, domain::RecordKey key);
  void drop_old_records(MemberActor& member);
  /// Presses the records that the ledger has, and gives back room that is not used.
  void tighten(MemberActor& member);
  void passivate(domain::MemberKey key);
  MemberWork& work_of(MemberActor& member);
  void drop_work_if_idle(MemberActor& member);

  // shard_calls.cpp
  void on_submit(std::shared_ptr<Call> call, bool routed);
  void on_submit_together(SubmitCalls& submit);
  /// Why a call is not even looked at; nothing if it is.
  [[nodiscard]] std::optional<FailedReply> reason_to_turn_away(const Call& call, bool routed) const;
  void enqueue_call(MemberActor& member, std::shared_ptr<Call> call);
  void make_runnable(MemberActor& member);
  /// Runs what waits for the member, at most `calls_max` calls; answers how many.
  std::uint32_t run(MemberActor& member, std::uint32_t calls_max);
  /// Runs the first waiting call; false if it must wait. A bug that it meets ends the call alone, if
  /// nothing has changed, and else the shard.
  bool run_first(MemberActor& member, WaitingCall& waiting);
  bool run_call(MemberActor& member, WaitingCall& waiting);
  /// Ends a call that met a bug before anything changed.
  void give_up_call(MemberActor& member, WaitingCall& waiting, const BrokenPromiseError& broken);
  void read(MemberActor& member, WaitingCall& waiting);

  // shard_decide.cpp
  [[nodiscard]] domain::Instant time_of(const MemberActor& member, const Call& call) const;
  /// REQUIRES: the call's request is a command, and what it must know is known.
  void decide(MemberActor& member, WaitingCall& waiting);
  /// Runs what waits for the first runnable members, at most `calls_max` calls; answers how many. First
  /// checkouts of different members are taken together, a step of all before the next step of any: what
  /// a step needs of the program's code stays in the processor's cache, which all the steps would fill
  /// more than once.
  std::uint32_t run_cohort(std::uint32_t calls_max);
  [[nodiscard]] static bool may_join_cohort(MemberActor& member);
  /// False if the member is to be run alone.
  bool join_cohort(MemberActor& member, Deciding& joined);
  void decide_alone(Deciding& deciding);
  void leave_cohort(Deciding& deciding);
  /// What time has brought about by `now` becomes an event; false if there is nothing.
  bool let_time_pass(MemberActor& member, domain::Instant now);
  /// Stamps, logs, applies, keeps the record. The event's position is the member's afterwards.
  void commit_event(MemberActor& member, domain::Event& event);
  [[nodiscard]] bool write_event(const MemberActor& member, domain::Event& event,
                                 PackedRecord& record);
  void apply_event(MemberActor& member, const domain::Event& event, const PackedRecord* record);
  void answer_accepted(MemberActor& member, WaitingCall& waiting, domain::Event& event);
  void answer_otherwise(MemberActor& member, WaitingCall& waiting, domain::Decision& decision);
  /// Remembers that the order's claim is to be confirmed, and asks for it.
  ClaimKey settle(const MemberActor& member, const WaitingCall& waiting,
                  const domain::CheckedOut& checkout);
  void answer_again(MemberActor& member, WaitingCall& waiting, domain::Record record);

  // shard_prepare.cpp: each answers false if the call must wait.
  bool prepare(MemberActor& member, WaitingCall& waiting);
  bool prepare_checkout(MemberActor& member, WaitingCall& waiting,
                        const domain::Checkout& checkout);
  bool prepare_filed(MemberActor& member, WaitingCall& waiting, const FiledCommand& filed);
  bool prepare_receipt(MemberActor& member, WaitingCall& waiting, const ReadReceipt& asked);
  bool prepare_history(MemberActor& member, WaitingCall& waiting);
  /// Finds out the month of the order, unless its record is in memory; false until that is known.
  bool find_order(MemberActor& member, WaitingCall& waiting, domain::RecordKey order);
  /// The same for an id that is unique within the member.
  bool find_id(MemberActor& member, WaitingCall& waiting, domain::RecordKey key, BookState& state);
  bool read_months(MemberActor& member, WaitingCall& waiting, std::vector<std::int32_t> months);
  void claim(MemberActor& member, WaitingCall& waiting, const domain::Checkout& checkout);
  void free_claim(const MemberActor& member, const WaitingCall& waiting);
  void ask_again(MemberActor& member, WaitingCall& waiting);
  /// All ids but orders' are unique within a member, so they stand in the book of its own shard.
  [[nodiscard]] domain::RecordKey id_claim(domain::RecordKey key, domain::MemberKey member) const;

  // shard_replies.cpp
  /// Gives `reply` once all up to `needs` is durable, and the claim of `order` confirmed; one that
  /// wrote nothing (`read_only`) also needs the lease, since nothing else tells that we still own.
  void reply_after(std::shared_ptr<Call> call, domain::Position needs, Reply&& reply,
                   std::optional<ClaimKey> claim, bool read_only);
  /// The same with the reply that stands in the call.
  void reply_after(std::shared_ptr<Call> call, domain::Position needs,
                   std::optional<ClaimKey> claim, bool read_only);
  void refuse(MemberActor& member, WaitingCall& waiting, domain::Refused refused, bool retryable);
  void finish(Call& call, Reply&& reply);
  void finish_as_decided(Call& call);
  void fail(const std::shared_ptr<Call>& call, CallFailure failure, const char* what);
  /// Of a call that was never taken.
  static void turn_away(const std::shared_ptr<Call>& call, FailedReply reply);
  /// Those of which calls were answered in this turn, or since the last.
  void tell_groups();
  void settle_or_finish(PendingReply pending);
  void release_replies();
  void prefetch_replies(const BookReplies& replies);
  /// REQUIRES: what is known of the record's order is in the member's window on its records.
  [[nodiscard]] Standing standing_of(const MemberActor& member, const domain::Record& record,
                                     domain::Instant now) const;
  /// The same right behind a checkout: nothing is due, and nothing of it refunded.
  [[nodiscard]] Standing standing_behind(const MemberActor& member,
                                         const domain::CheckedOut& checkout,
                                         domain::Instant now) const;
  [[nodiscard]] MemberReply member_reply(const MemberActor& member, domain::Instant now) const;
  [[nodiscard]] Reply history_page(const MemberActor& member, const WaitingCall& waiting,
                                   const ReadHistory& asked) const;

  // shard_deadlines.cpp
  void expire_waiting_calls();
  void expire(MemberActor& member, WaitingCall& waiting);
  void expire_replies();

  // shard_orders.cpp: the member's side
  void ask_book(BookAsk ask, domain::RecordKey order, domain::MemberKey member, std::int32_t month,
                std::uint64_t ticket);
  void route_by_order(std::shared_ptr<Call> call);
  void look_up_again(std::uint64_t ticket);
  void on_book_replies(const BookReplies& replies);
  void on_book_reply(const BookReply& reply);
  void on_settled(const BookReply& reply);
  void on_lost(const BookReply& reply);
  void reverse(MemberActor& member, domain::RecordKey order, std::int32_t month);
  void on_reversed(ClaimKey claim, const Reply& reply);
  /// Settling is repeated until it is answered, so no outbox is needed.
  void settle_again();
  void on_inquiry(const Inquiry& inquiry);
  /// Answers the first inquiry, or starts to read what it needs; false if it must wait.
  bool answer_inquiry(MemberActor& member);
  /// A checkout of the order waits in the member's queue: it will take the order or leave it.
  [[nodiscard]] static bool is_deciding(const MemberActor& member, domain::RecordKey order);
  void answer_inquiry_with(MemberActor& member, domain::RecordKey order, bool in_history);
  void say_of_inquiry(const WaitingInquiry& inquiry, domain::MemberKey member, bool took_effect);
  void on_routed(const BookReply& reply);
  // … and the order's
  void on_book_requests(BookRequests requests);
  void answer_book_requests();
  void on_bucket(const BucketRead& read);
  void on_filter_page(const FilterPageRead& read);
  /// A page a tick, so that calls are not kept waiting by it.
  void build_filters();
  domain::Position append_settled(domain::RecordKey order, domain::MemberKey member,
                                  std::int32_t month) override;
  domain::Position append_freed(domain::RecordKey order, domain::MemberKey member,
                                std::int32_t month) override;
  void reply(std::uint32_t shard, std::uint64_t life, const BookReply& reply) override;
  void read_bucket(domain::RecordKey order, std::int32_t month, std::uint32_t bucket) override;
  void inquire(domain::RecordKey order, domain::MemberKey member, std::int32_t month) override;

  // shard_identities.cpp: the member's side
  void ask_directory(DirectoryAsk ask, domain::IdentityKey identity, domain::MemberKey member,
                     std::uint64_t ticket);
  void route_by_identity(std::shared_ptr<Call> call);
  /// Has the identity claimed, if the member would link it; false until that is answered.
  bool prepare_link(MemberActor& member, WaitingCall& waiting, const domain::LinkIdentity& link);
  void on_directory_said(const DirectoryReply& reply);
  void tell_unlinked();
  void on_holder_inquiry(const HolderInquiry& inquiry);
  /// Those that the member can answer now; the others are asked again.
  void answer_holder_inquiries(MemberActor& member);
  [[nodiscard]] static bool is_linking(const MemberActor& member, domain::IdentityKey identity);
  // … and the identity's
  void on_claim(const ClaimRead& read);
  domain::Position append_claimed(domain::IdentityKey identity, domain::MemberKey member) override;
  domain::Position append_identity_freed(domain::IdentityKey identity,
                                         domain::MemberKey member) override;
  void reply(std::uint32_t shard, std::uint64_t life, const DirectoryReply& reply) override;
  void found(std::uint64_t ticket, std::optional<domain::MemberKey> member) override;
  void read_claim(domain::IdentityKey identity) override;
  void inquire(domain::IdentityKey identity, domain::MemberKey member,
               std::uint64_t number) override;

  ShardParts parts_;
  State state_ = State::idle;
  std::uint64_t life_;
  bool stopping_ = false;
  Rules rules_;
  std::uint64_t rules_version_ = 0;

  Ownership ownership_;
  TailRead tail_read_;
  std::optional<LogWriter> log_;
  AppendUnderWay append_;
  /// Of all lives: one of the last may still be on its way.
  std::uint32_t appends_on_their_way_ = 0;
  /// The writer of the life before, whose batches can mend a ledger that lost its tail.
  std::optional<LogWriter> former_;

  // Members.
  HashIndex<MemberHandle> members_;
  absl::flat_hash_map<std::uint64_t, std::vector<domain::Event>> tail_;
  /// Members that have work, each at its `busy_at`; they stay in memory as long as they have it.
  std::vector<MemberActor*> busy_;
  std::unique_ptr<RecordPress> press_;  ///< of this shard's members, and no others'
  /// What members worked with before; most have some for a moment only.
  std::vector<std::unique_ptr<MemberWork>> spare_work_;
  std::deque<MemberActor*> runnable_;
  ComingMembers coming_;
  std::vector<const Call*> coming_calls_;  ///< empty but within `prefetch_replies`; keeps its room
  /// Room for those that `run_cohort` runs.
  std::vector<Deciding> cohort_;
  /// Their reads failed; they are tried again at the next tick.
  std::vector<std::uint64_t> retry_;
  /// Calls that came while the shard was being taken.
  std::deque<SubmitCall> early_;
  std::deque<std::uint64_t> passivation_order_;
  std::vector<FormerRead> doubts_;
  std::int64_t turn_until_ns_ = 0;
  /// When the message at hand was taken, or its last call decided: reading the clock costs more than many
  /// a step that wants to know the time.
  std::int64_t moment_ns_ = 0;
  std::int64_t turn_wall_ms_ = 0;  ///< when it began
  std::uint64_t calls_queued_ = 0;
  /// An event is being written and applied.
  bool committing_ = false;
  /// Taken and not answered yet, wherever they wait.
  std::uint64_t calls_open_ = 0;
  std::uint64_t tickets_ = 0;
  bool turn_scheduled_ = false;

  /// In the order of what they wait for.
  std::deque<PendingReply> replies_;
  std::vector<PendingReply> awaiting_lease_;
  std::vector<std::shared_ptr<ReplyGroup>> groups_;
  UnsettledOrders unsettled_;
  /// By ticket.
  absl::btree_map<std::uint64_t, RoutedCall> routed_;

  // The order book, what other shards asked of it since the last turn, what goes out at the end of this one.
  std::optional<OrderBook> book_;
  bool building_filter_ = false;
  std::vector<BookRequests> requests_in_;
  std::vector<std::vector<BookRequest>> requests_out_;  ///< by shard
  std::vector<RepliesOut> replies_out_;
  std::optional<Directory> directory_;
  std::deque<UnlinkedIdentity> unlinked_;

  // Flushing.
  /// By the first event that no answered flush covers: members in memory, and those of the tail that
  /// are not in memory yet.
  absl::btree_map<domain::Position, domain::MemberKey> dirty_;
  absl::btree_map<domain::Position, domain::MemberKey> tail_dirty_;
  Mark mark_;
  ShardFlush flush_{*this};
  std::deque<TailPiece> tail_pieces_;
  std::uint64_t tail_bytes_ = 0;
  LogWatch log_watch_;
  ShardSweep sweep_{*this};
};

}  // namespace wutong
