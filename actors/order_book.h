#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>
#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "actors/book_filter.h"
#include "actors/codec.h"
#include "actors/domain/quantities.h"
#include "actors/hash_index.h"
#include "actors/messages.h"
#include "actors/tentative_claims.h"
#include "actors/unflushed_changes.h"

namespace wutong {

/// What an order book needs of the shard that owns it. All calls return at once.
class BookHost {
 public:
  virtual ~BookHost() = default;
  /// Adds the event to the shard's log; answers its position.
  virtual domain::Position append_settled(domain::RecordKey order, domain::MemberKey member,
                                          std::int32_t month) = 0;
  virtual domain::Position append_freed(domain::RecordKey order, domain::MemberKey member,
                                        std::int32_t month) = 0;
  virtual void reply(std::uint32_t shard, std::uint64_t life, const BookReply& reply) = 0;
  /// Leads to `bucket_read` or `bucket_failed`.
  virtual void read_bucket(domain::RecordKey order, std::int32_t month, std::uint32_t bucket) = 0;
  /// Leads to `inquiry_answered`, perhaps never: it is asked again while somebody waits.
  virtual void inquire(domain::RecordKey order, domain::MemberKey member, std::int32_t month) = 0;
};

/// Which member has which order of the venues, for the orders that fall into one shard (design, 4.5).
/// Claims are tentative in memory, durable once settled; what no flush has covered yet is in memory,
/// the rest in buckets of the ledger, guarded by a filter a month. Pure but for its host; owned and
/// run by one shard, lives as long as a take-over.
class OrderBook {
 public:
  OrderBook(BookHost& host, std::uint32_t buckets)
      : host_(host), buckets_(buckets), unflushed_(buckets) {}

  /// Months that have buckets: their filters are to be built; until then buckets are read. To be told
  /// before anything else: a month that is not among them is taken for new.
  void know_months(const std::vector<std::int32_t>& months);
  /// A durable truth from the log's tail, in the log's order.
  void restore(domain::Position position, domain::RecordKey order, domain::MemberKey member,
               std::int32_t month, bool freed);
  /// What an event of this shard's own log says by itself: `order` is `member`'s from `position` on.
  void note(domain::Position position, domain::RecordKey order, domain::MemberKey member,
            std::int32_t month);

  void ask(std::uint32_t shard, std::uint64_t life, const BookRequest& request,
           std::int64_t now_ns);
  /// The order is about to be asked for: see `wutong::prefetch`.
  void prefetch(domain::RecordKey order) const {
    entries_.prefetch(order.high);
    for (const auto& [_, month] : months_) month.filter.prefetch(order);
  }
  /// The next step, once that is here: what is known of the order; and then what is going on about it.
  void prefetch_entry(domain::RecordKey order) const {
    const auto* entry = entries_.find(order.high);
    if (entry != nullptr) wutong::prefetch(entry->get(), sizeof(Entry));
  }
  void prefetch_dealings(domain::RecordKey order) const {
    const auto* entry = entries_.find(order.high);
    if (entry != nullptr) wutong::prefetch((*entry)->dealings.get(), sizeof(Dealings));
  }
  /// Whether a look-up can find it; told at once, by memory and filters alone.
  [[nodiscard]] bool may_know(domain::RecordKey order) const;
  void bucket_read(domain::RecordKey order, std::int32_t month,
                   const std::vector<BookEntry>& entries);
  void bucket_failed(domain::RecordKey order);
  void inquiry_answered(domain::RecordKey order, domain::MemberKey member, bool took_effect);
  /// Everything up to `position` is durable: what waited for it is answered.
  void committed(domain::Position position);
  /// The ledger has forgotten the orders of months before `month`.
  void forget_months_before(std::int32_t month);
  /// Lets waiting claims run out, and asks again what got no answer.
  void tick(std::int64_t now_ns);

  /// The next page of buckets to read for a filter; nothing when all are built.
  struct FilterPage {
    std::int32_t month = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  [[nodiscard]] std::optional<FilterPage> next_filter_page() const;
  void filter_page_read(const FilterPage& page, const std::vector<std::vector<BookEntry>>& buckets);

  using Change = UnflushedChanges::Change;
  /// Begins a round of flushes, of the changes that are durable now, and answers how many they are. REQUIRES:
  /// all of the round before have been flushed.
  std::size_t begin_round() {
    unflushed_.begin_round(committed_);
    return unflushed_.round_size();
  }
  /// What a flush of at most `buckets_max` buckets writes of the round: see `UnflushedChanges`.
  [[nodiscard]] std::span<const Change> to_flush(std::size_t buckets_max) {
    return unflushed_.to_flush(buckets_max);
  }
  /// What `to_flush` gave has been flushed.
  void flushed();
  /// The first change that will still be unflushed then.
  [[nodiscard]] std::optional<domain::Position> first_unflushed() const {
    return unflushed_.first_after_taken();
  }
  [[nodiscard]] std::size_t unflushed_count() const { return unflushed_.size(); }

  /// As of the last tick.
  [[nodiscard]] std::uint64_t claims_waiting() const { return claims_waiting_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_.size(); }
  /// What tells orders that may be known from new ones takes so much memory.
  [[nodiscard]] std::uint64_t filter_bytes() const;

  /// A tentative claim whose member's shard has died is anybody's after this.
  static constexpr std::int64_t tentative_ns_max = 30'000'000'000;
  /// How long a claim waits for another member's tentative one, and how many do.
  static constexpr std::int64_t claim_wait_ns_max = 100'000'000;
  static constexpr std::size_t claims_waiting_max = 8;
  /// How long it waits for another member's shard to say whether a durable claim took effect.
  static constexpr std::int64_t inquiry_wait_ns_max = 1'000'000'000;
  static constexpr std::int64_t ask_again_ns = 200'000'000;
  static constexpr std::size_t spare_dealings_max = 1'024;

 private:
  struct Asked {
    std::uint32_t shard = 0;
    std::uint64_t life = 0;
    BookRequest request;
    std::int64_t since_ns = 0;
  };
  struct Tentative {
    domain::MemberKey member;
    std::int32_t month = 0;
    std::int64_t since_ns = 0;
    TentativeClaims::Serial granted = 0;
    /// Life and ticket.
    absl::InlinedVector<std::pair<std::uint64_t, std::uint64_t>, 1> tickets;
  };
  struct Durable {
    domain::MemberKey member;
    std::int32_t month = 0;
    /// Epoch 0 for a claim that was read from a bucket.
    domain::Position position;
  };
  /// What is under way about an order.
  struct Dealings {
    std::vector<std::int32_t> reading;  ///< months whose bucket is awaited
    std::int64_t asked_at_ns = 0;       ///< of the reads or of the inquiry
    std::optional<Tentative> tentative;
    bool inquiring = false;
    std::list<Asked> waiting;

    [[nodiscard]] bool over() const {
      return reading.empty() && !tentative && !inquiring && waiting.empty();
    }
  };
  /// Small, since all that no flush has covered have one, and lie anywhere in memory.
  struct Entry {
    explicit Entry(domain::RecordKey of_order) : order(of_order) {}

    domain::RecordKey order;
    std::optional<Durable> durable;
    std::uint32_t unflushed = 0;
    bool looked_up = false;
    /// None for most: they are settled, and wait for a flush.
    std::unique_ptr<Dealings> dealings;

    [[nodiscard]] bool is_reading() const { return dealings && !dealings->reading.empty(); }
    [[nodiscard]] bool is_waited_for() const { return dealings && !dealings->waiting.empty(); }
    [[nodiscard]] const Tentative* tentative() const {
      return dealings && dealings->tentative ? &*dealings->tentative : nullptr;
    }
  };

  /// Null if there is none.
  [[nodiscard]] Entry* find(domain::RecordKey order) const;
  /// Makes it if there is none.
  [[nodiscard]] Entry& entry_of(domain::RecordKey order);
  /// Answers `asked` or says that it must wait.
  bool handle(domain::RecordKey order, Entry& entry, const Asked& asked);
  bool handle_claim(domain::RecordKey order, Entry& entry, const Asked& asked);
  bool handle_settle(domain::RecordKey order, Entry& entry, const Asked& asked);
  void handle_look_up(domain::RecordKey order, const Entry& entry, const Asked& asked);
  void release(Entry& entry, const Asked& asked);
  /// REQUIRES: there is one.
  void end(std::optional<Tentative>& tentative);
  /// Forgets what `asked` makes pointless: earlier lives of its shard; of a free the claim itself.
  void drop_waiting(Entry& entry, const Asked& asked);
  void add_unflushed(domain::RecordKey order, Entry& entry, const BookEntry& change,
                     domain::Position position, std::int32_t month);
  void append_settled(domain::RecordKey order, Entry& entry, const Asked& asked);
  void append_freed(domain::RecordKey order, Entry& entry);
  void look_up(domain::RecordKey order, Entry& entry);
  void inquire(domain::RecordKey order, Entry& entry);
  void answer(const Asked& asked, BookSays says, const Durable* owner = nullptr);
  Dealings& dealings_of(Entry& entry);
  void end_dealings_if_over(Entry& entry);
  void run_waiting(domain::RecordKey order);
  /// `entry` is the order's, and may be gone afterwards.
  void erase_if_idle(domain::RecordKey order, Entry& entry);
  /// Drops tentative claims that nobody settled or freed for `tentative_ns_max`.
  void forget_abandoned();
  [[nodiscard]] std::uint32_t bucket_of(domain::RecordKey order) const;
  [[nodiscard]] bool is_committed(const Durable& durable) const {
    return durable.position <= committed_;
  }

  struct Month {
    BookFilter filter;
    /// Buckets read so far; `buckets_` when the filter is whole.
    std::uint32_t built = 0;
  };

  BookHost& host_;
  std::uint32_t buckets_;
  std::int64_t now_ns_ = 0;
  domain::Position committed_;
  absl::btree_map<std::int32_t, Month> months_;
  /// By the half of the key that is large enough to be alone nearly always.
  HashIndex<std::unique_ptr<Entry>> entries_;
  /// What orders were dealt with by before; nothing is left in them.
  std::vector<std::unique_ptr<Dealings>> spare_dealings_;
  UnflushedChanges unflushed_;
  /// Settlings that are answered when their event commits, by position.
  struct Committing {
    domain::Position position;
    Asked asked;
  };
  std::deque<Committing> committing_;
  TentativeClaims tentative_claims_;
  /// All orders with requests that wait, and some that had: those leave with the next tick.
  absl::btree_set<domain::RecordKey> awaited_;
  /// Requests that wait, and claims among them.
  std::uint64_t waiting_ = 0;
  std::uint64_t claims_waiting_ = 0;
};

}  // namespace wutong
