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
/// block, pressed once the ledger has them: keys in front, where look-ups go through them, then the rest
/// of each. Owned by its member; what is pressed, by the press of its shard.
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
    /// By the key alone, if it stands for itself.
    [[nodiscard]] bool may_be_of(domain::RecordKey order, domain::RecordKey key) const;
    [[nodiscard]] bool is_of(domain::RecordKey order, domain::RecordKey key) const {
      const Entry entry = **this;
      return entry.order == order || entry.key == key;
    }

    Iterator(const RecentRecords& records, std::size_t index, const char* data)
        : records_(&records), index_(index), data_(data) {}

    const RecentRecords* records_;
    std::size_t index_;
    const char* data_;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0, data()}; }
  [[nodiscard]] Iterator end() const { return {*this, count_, nullptr}; }

  /// They are about to be looked through: see `wutong::prefetch`.
  void prefetch() const { wutong::prefetch(block_.get(), count_ * sizeof(Index)); }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// The one with `key` that took effect.
  [[nodiscard]] std::optional<Entry> find(domain::RecordKey key) const;

  /// Visits those that belong to the record `order`, itself among them, and those with `key`.
  template <typename Visit>
  void for_each_of(domain::RecordKey order, domain::RecordKey key, Visit visit) const {
    for (auto at = begin(); at != end(); ++at) {
      if (at.may_be_of(order, key) && at.is_of(order, key)) visit(*at);
    }
  }

  /// Behind all others.
  void add(const PackedRecord& record);
  /// REQUIRES: `count` <= `size()`.
  void drop_first(std::size_t count);
  /// Presses what is not pressed yet: the records before `position`, or all of them.
  void press_before(std::optional<domain::Position> position, RecordPress& press);

 private:
  /// Of each record, in front of all data.
  struct Index {
    std::uint64_t key_high;
    std::uint32_t key_low;
    /// Of its data, and flags in the lowest bits.
    std::uint32_t size_and_flags;
  };
  static constexpr std::uint32_t declined_flag = 1;
  static constexpr std::uint32_t pressed_flag = 2;
  /// It belongs to another record, whose key stands in its data.
  static constexpr std::uint32_t beside_flag = 4;
  static constexpr int flag_bits = 3;

  class Builder;

  /// Of a record with `size` bytes of data.
  static void put_index(char* block, std::size_t at, const Entry& entry, std::size_t size);

  [[nodiscard]] Index index_at(std::size_t at) const;
  [[nodiscard]] const char* data() const { return block_.get() + count_ * sizeof(Index); }

  std::unique_ptr<char[]> block_;
  std::uint32_t count_ = 0;
  std::uint32_t data_bytes_ = 0;
};

}  // namespace wutong
