#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "actors/codec.h"
#include "actors/prefetch.h"
#include "actors/record_press.h"

namespace wutong {

/// A member's records in memory, oldest first: the half of what a member takes. All of them lie in one
/// block, pressed once the ledger has them. From its front on stands a tag of each, a part of its key, where
/// look-ups go through them; from its end towards the front, the rest of each. So one is added without
/// moving the others. Owned by its member; what is pressed, by the press of its shard.
class RecentRecords {
 public:
  /// One of them, and where its bytes are: good until the records are changed.
  struct Entry {
    domain::RecordKey key;
    domain::RecordKey order;
    domain::Position position;
    domain::Instant filed_at;
    bool declined = false;
    bool pressed = false;
    std::string_view bytes;

    /// As it was added.
    [[nodiscard]] PackedRecord packed(const RecordPress& press) const;
    /// The same into one that is there, whose room is used again.
    void unpack_to(PackedRecord& record, const RecordPress& press) const;
  };

  /// Goes through the entries; ends at `end()`.
  class Iterator {
   public:
    [[nodiscard]] Entry operator*() const;
    Iterator& operator++();
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    friend class RecentRecords;
    Iterator(const RecentRecords& records, std::size_t index, const char* end)
        : records_(&records), index_(index), end_(end) {}

    const RecentRecords* records_;
    std::size_t index_;
    /// Behind its data, which its trailer ends.
    const char* end_;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0, block_end()}; }
  [[nodiscard]] Iterator end() const { return {*this, count_, nullptr}; }

  /// They are about to be looked through: see `wutong::prefetch`.
  void prefetch() const { wutong::prefetch(block_.get(), count_ * sizeof(Tag)); }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// The one with `key` that took effect.
  [[nodiscard]] std::optional<Entry> find(domain::RecordKey key) const;

  /// Visits those that belong to the record `order`, itself among them, and those with `key`.
  template <typename Visit>
  void for_each_of(domain::RecordKey order, domain::RecordKey key, Visit visit) const {
    if (!may_have_of(order, key)) return;
    for (auto at = begin(); at != end(); ++at) {
      if (!may_be_of(at.index_, order, key)) continue;
      const Entry entry = *at;
      if (entry.order == order || entry.key == key) visit(entry);
    }
  }

  /// Behind all others.
  void add(const PackedRecord& record);
  /// REQUIRES: `count` <= `size()`.
  void drop_first(std::size_t count);
  /// Presses what is not pressed yet: the records before `position`, or all of them.
  void press_before(std::optional<domain::Position> position, RecordPress& press);

 private:
  /// Of a record's key the lower part, but for its lowest bit: that says whether it belongs to another
  /// record, whose key stands in its data.
  using Tag = std::uint32_t;
  /// Behind a record's data: its key but for what the tag has, the size of what is in front of this, and
  /// flags.
  struct Trailer;

  class Builder;

  [[nodiscard]] static Tag tag_of(domain::RecordKey key, bool beside);
  /// Of a record with `size` bytes of data.
  static void put_trailer(char* at, const Entry& entry, std::size_t size);

  [[nodiscard]] Tag tag_at(std::size_t at) const;
  [[nodiscard]] bool may_be_of(std::size_t at, domain::RecordKey order,
                               domain::RecordKey key) const;
  [[nodiscard]] bool may_have_of(domain::RecordKey order, domain::RecordKey key) const;
  /// Of the tags and all data.
  [[nodiscard]] std::size_t bytes() const { return count_ * sizeof(Tag) + data_bytes_; }
  [[nodiscard]] const char* block_end() const;

  std::unique_ptr<char[]> block_;
  std::uint32_t count_ = 0;
  /// With trailers.
  std::uint32_t data_bytes_ = 0;
};

}  // namespace wutong
