#include "actors/recent_records.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "actors/domain/ensure.h"

namespace wutong {
namespace {

/// Seven bits a byte, the lowest first; the last byte has its highest bit clear.
char* put_number(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

std::uint64_t take_number(const char*& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

template <typename Fixed>
char* put_fixed(char* at, Fixed value) {
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

template <typename Fixed>
Fixed take_fixed(const char*& at) {
  Fixed value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

/// What stands in front of a record's bytes: at most its order's key and three numbers.
constexpr std::size_t filing_bytes_max = 12 + 3 * 10;
/// See `RecordPress::press`.
constexpr std::size_t pressed_growth_max = 1;
using Filing = std::array<char, filing_bytes_max>;

/// How much room a block of so many bytes has: it follows from them, so it is kept nowhere. Small ones are
/// exact, as most are; one that records are added to again and again is not copied each time.
std::size_t room_for(std::size_t bytes) {
  constexpr std::size_t exact_bytes_max = 1'024;
  constexpr std::size_t steps = 8;
  if (bytes <= exact_bytes_max) return bytes;
  const auto step = std::bit_ceil(bytes) / steps;
  return (bytes + step - 1) / step * step;
}

char* put_bytes(char* at, std::string_view bytes) {
  std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

std::string_view write_filing(Filing& filing, const RecentRecords::Entry& entry) {
  char* at = filing.data();
  if (entry.order != entry.key) at = put_fixed(put_fixed(at, entry.order.high), entry.order.low);
  at = put_number(at, entry.position.epoch);
  at = put_number(at, entry.position.sequence);
  at = put_number(at, static_cast<std::uint64_t>(entry.filed_at.unix_ms));
  return {filing.data(), at};
}

}  // namespace

/// Gathers records into a block with `room_for` what they need.
class RecentRecords::Builder {
 public:
  /// For `count` records whose data take `data_bytes_max` at most.
  Builder(std::size_t count, std::size_t data_bytes_max)
      : records_(count),
        room_(room_for(count * sizeof(Index) + data_bytes_max)),
        block_(std::make_unique_for_overwrite<char[]>(room_)),
        data_begin_(block_.get() + count * sizeof(Index)),
        data_end_(data_begin_) {}

  void add(const Entry& entry) {
    Filing filing;
    add(entry, write_filing(filing, entry));
  }
  /// `filing` is the entry's.
  void add(const Entry& entry, std::string_view filing) {
    put_index(block_.get(), count_++, entry, filing.size() + entry.bytes.size());
    data_end_ = put_bytes(put_bytes(data_end_, filing), entry.bytes);
  }
  /// Indices and data of `count` records as they are.
  void add(const char* indices, std::size_t count, const char* data, std::size_t data_bytes) {
    std::memcpy(block_.get() + count_ * sizeof(Index), indices, count * sizeof(Index));
    count_ += count;
    std::memcpy(data_end_, data, data_bytes);
    data_end_ += data_bytes;
  }

  /// Without more room than is meant to be left. REQUIRES: there are as many as `count`.
  void move_to(RecentRecords& records) {
    ENSURE(count_ == records_, "a block has fewer records than it was made for");
    const auto bytes = static_cast<std::size_t>(data_end_ - block_.get());
    if (room_for(bytes) != room_) {
      auto smaller = std::make_unique_for_overwrite<char[]>(room_for(bytes));
      std::memcpy(smaller.get(), block_.get(), bytes);
      block_ = std::move(smaller);
    }
    records.data_bytes_ = static_cast<std::uint32_t>(data_end_ - data_begin_);
    records.block_ = std::move(block_);
    records.count_ = static_cast<std::uint32_t>(count_);
  }

 private:
  std::size_t records_;
  std::size_t room_;
  std::unique_ptr<char[]> block_;
  std::size_t count_ = 0;
  char* data_begin_;
  char* data_end_;
};

void RecentRecords::put_index(char* block, std::size_t at, const Entry& entry, std::size_t size) {
  ENSURE(size < 1U << (32 - flag_bits), "a record is larger than a block can have");
  const std::uint32_t flags = (entry.declined ? declined_flag : 0) |
                              (entry.pressed ? pressed_flag : 0) |
                              (entry.order != entry.key ? beside_flag : 0);
  const Index index{.key_high = entry.key.high,
                    .key_low = entry.key.low,
                    .size_and_flags = static_cast<std::uint32_t>(size) << flag_bits | flags};
  std::memcpy(block + at * sizeof(Index), &index, sizeof(Index));
}

void RecentRecords::Entry::unpack_to(PackedRecord& record, const RecordPress& press) const {
  record.key = key;
  record.order = order;
  record.position = position;
  record.filed_at = filed_at;
  record.declined = declined;
  if (pressed) {
    press.release(bytes, record.bytes);
  } else {
    record.bytes.assign(bytes);
  }
}

PackedRecord RecentRecords::Entry::packed(const RecordPress& press) const {
  PackedRecord record;
  unpack_to(record, press);
  return record;
}

RecentRecords::Index RecentRecords::index_at(std::size_t at) const {
  Index index;
  std::memcpy(&index, block_.get() + at * sizeof(Index), sizeof(Index));
  return index;
}

RecentRecords::Entry RecentRecords::Iterator::operator*() const {
  const Index index = records_->index_at(index_);
  const char* at = data_;
  const char* const end = data_ + (index.size_and_flags >> flag_bits);
  Entry entry{.key = {index.key_high, index.key_low},
              .order = {index.key_high, index.key_low},
              .declined = (index.size_and_flags & declined_flag) != 0,
              .pressed = (index.size_and_flags & pressed_flag) != 0};
  if ((index.size_and_flags & beside_flag) != 0) {
    entry.order.high = take_fixed<std::uint64_t>(at);
    entry.order.low = take_fixed<std::uint32_t>(at);
  }
  entry.position.epoch = take_number(at);
  entry.position.sequence = take_number(at);
  entry.filed_at.unix_ms = static_cast<std::int64_t>(take_number(at));
  entry.bytes = {at, end};
  return entry;
}

bool RecentRecords::Iterator::may_be_of(domain::RecordKey order, domain::RecordKey key) const {
  const Index index = records_->index_at(index_);
  const domain::RecordKey own{index.key_high, index.key_low};
  return (index.size_and_flags & beside_flag) != 0 || own == order || own == key;
}

RecentRecords::Iterator& RecentRecords::Iterator::operator++() {
  data_ += records_->index_at(index_++).size_and_flags >> flag_bits;
  return *this;
}

std::optional<RecentRecords::Entry> RecentRecords::find(domain::RecordKey key) const {
  for (auto at = begin(); at != end(); ++at) {
    const Index index = index_at(at.index_);
    const bool same = index.key_high == key.high && index.key_low == key.low;
    if (same && (index.size_and_flags & declined_flag) == 0) return *at;
  }
  return std::nullopt;
}

void RecentRecords::add(const PackedRecord& record) {
  const Entry entry{.key = record.key,
                    .order = record.order,
                    .position = record.position,
                    .filed_at = record.filed_at,
                    .declined = record.declined,
                    .bytes = record.bytes};
  Filing room;
  const auto filing = write_filing(room, entry);
  const auto size = filing.size() + entry.bytes.size();
  const auto bytes = count_ * sizeof(Index) + data_bytes_;
  if (bytes + sizeof(Index) + size <= room_for(bytes)) {
    // One index more moves all data on.
    char* const data_begin = block_.get() + (count_ + 1) * sizeof(Index);
    std::memmove(data_begin, data(), data_bytes_);
    put_index(block_.get(), count_, entry, size);
    put_bytes(put_bytes(data_begin + data_bytes_, filing), entry.bytes);
    ++count_;
    data_bytes_ += static_cast<std::uint32_t>(size);
    return;
  }
  Builder builder(count_ + 1, data_bytes_ + size);
  if (count_ > 0) builder.add(block_.get(), count_, data(), data_bytes_);
  builder.add(entry, filing);
  builder.move_to(*this);
}

void RecentRecords::drop_first(std::size_t count) {
  if (count == 0) return;
  auto first = begin();
  while (first.index_ < count) ++first;
  const auto left = count_ - count;
  const auto dropped_bytes = static_cast<std::size_t>(first.data_ - data());
  if (left == 0) {
    *this = {};
    return;
  }
  Builder builder(left, data_bytes_ - dropped_bytes);
  builder.add(block_.get() + count * sizeof(Index), left, first.data_, data_bytes_ - dropped_bytes);
  builder.move_to(*this);
}

void RecentRecords::press_before(std::optional<domain::Position> position, RecordPress& press) {
  const auto to_press = [&](const Iterator& at) {
    const bool pressed = (index_at(at.index_).size_and_flags & pressed_flag) != 0;
    return !pressed && (!position || (*at).position < *position);
  };
  auto at = begin();
  while (at != end() && !to_press(at)) ++at;
  if (at == end()) return;
  Builder builder(count_, data_bytes_ + (count_ - at.index_) * pressed_growth_max);
  // Most are pressed already, and stay as they are.
  builder.add(block_.get(), at.index_, data(), static_cast<std::size_t>(at.data_ - data()));
  for (; at != end(); ++at) {
    Entry entry = *at;
    if (to_press(at)) {
      entry.bytes = press.press(entry.bytes);
      entry.pressed = true;
    }
    builder.add(entry);
  }
  builder.move_to(*this);
}

}  // namespace wutong
