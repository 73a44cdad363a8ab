#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "actors/codec.h"
#include "actors/domain/quantities.h"

namespace wutong {

/// The changes of an order book that no flush has covered. They are flushed in rounds, bucket by bucket, for a
/// bucket costs the ledger about as much with many as with one. Nothing is put in order for that, since calls
/// would wait for it: changes are chained by bucket as they come, and a round begins by taking what is there.
/// Owned by one order book; not thread-safe.
class UnflushedChanges {
 public:
  struct Change {
    domain::Position position;
    BookEntry entry;
    std::int32_t month = 0;
    std::uint32_t bucket = 0;
  };

  /// Of a month; all have as many.
  explicit UnflushedChanges(std::uint32_t buckets) : arriving_(buckets), round_(buckets) {}

  /// REQUIRES: it comes behind all that were added before.
  void add(const Change& change) { arriving_.add(change); }
  [[nodiscard]] std::size_t size() const {
    return arriving_.size() + round_.size() - round_flushed_;
  }

  /// Begins a round of what was added up to `last`. REQUIRES: the one before is over.
  void begin_round(domain::Position last);
  /// Of the round, flushed or not.
  [[nodiscard]] std::size_t round_size() const { return round_.size(); }
  /// The next of the round, of `buckets_max` buckets at most: by month and bucket, a bucket's in their order.
  /// The same again until `flushed` is told; good until then.
  [[nodiscard]] std::span<const Change> to_flush(std::size_t buckets_max);
  /// What `to_flush` gave, and has not been flushed.
  [[nodiscard]] std::span<const Change> taken() const { return taken_; }
  /// What `to_flush` gave, if it was asked since the last time, has been flushed. With all of it the round is
  /// over.
  void flushed();
  /// The first that will wait, once what `to_flush` gave is flushed.
  [[nodiscard]] std::optional<domain::Position> first_after_taken() const;

 private:
  /// Changes in the order of their positions, and chained by month and bucket.
  class Chained {
   public:
    explicit Chained(std::uint32_t buckets) : buckets_(buckets) {}

    void add(const Change& change);
    /// REQUIRES: there is one.
    [[nodiscard]] const Change& back() const { return at(size_ - 1).change; }
    Change take_back();
    void clear();
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const Change& operator[](std::uint32_t number) const { return at(number).change; }

    /// Visits the buckets that have changes, from this one on, by month and number, as long as it is told true:
    /// `visit(month, bucket, newest)`. Answers whether it came to the end.
    template <typename Visit>
    bool for_buckets_from(std::pair<std::int32_t, std::uint32_t> first, Visit visit) const;
    /// Appends those of a bucket, oldest first.
    void append_chain(std::uint32_t newest, std::vector<Change>& out) const;

   private:
    /// One line of memory.
    struct Link {
      Change change;
      std::uint32_t older = none;  ///< of the same bucket
    };
    struct Month {
      std::int32_t month = 0;
      std::vector<std::uint32_t> newest;  ///< by bucket
    };
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint32_t block_links = 64;

    [[nodiscard]] Link& at(std::size_t number) const {
      return blocks_[number / block_links][number % block_links];
    }
    [[nodiscard]] std::uint32_t& newest_of(std::int32_t month, std::uint32_t bucket);

    std::uint32_t buckets_;
    std::vector<std::unique_ptr<Link[]>> blocks_;
    std::size_t size_ = 0;
    /// By month; there are few.
    std::vector<Month> months_;
  };
  /// Month and bucket.
  using Place = std::pair<std::int32_t, std::uint32_t>;
  static constexpr Place from_the_start{std::numeric_limits<std::int32_t>::min(), 0};
  static constexpr Place at_the_end{std::numeric_limits<std::int32_t>::max(), 0};

  /// The oldest of the round that is not flushed when all before `next` are; `round_size` if all are.
  [[nodiscard]] std::uint32_t oldest_from(Place next) const;

  Chained arriving_;
  Chained round_;
  std::size_t round_flushed_ = 0;
  /// What of the round has been flushed lies before it, and all changes before the oldest have been.
  Place next_ = at_the_end;
  std::uint32_t oldest_ = 0;
  std::vector<Change> taken_;
  Place next_after_taken_ = at_the_end;
};

}  // namespace wutong
