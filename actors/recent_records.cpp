#include "actors/recent_records.h"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>
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
  constexpr std::size_t steps = 4;
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

struct RecentRecords::Trailer {
  static constexpr std::size_t bytes = 12;
  static constexpr std::uint32_t declined_flag = 1;
  static constexpr std::uint32_t pressed_flag = 2;
  /// The lowest bit of the key, which the tag lacks.
  static constexpr std::uint32_t key_flag = 4;
  static constexpr int flag_bits = 3;

  static Trailer before(const char* end) {
    const char* at = end - bytes;
    Trailer trailer{};
    trailer.key_high = take_fixed<std::uint64_t>(at);
    trailer.size_and_flags = take_fixed<std::uint32_t>(at);
    return trailer;
  }
  [[nodiscard]] std::size_t size() const { return size_and_flags >> flag_bits; }
  [[nodiscard]] bool has(std::uint32_t flag) const { return (size_and_flags & flag) != 0; }

  std::uint64_t key_high;
  std::uint32_t size_and_flags;
};

/// Gathers records into a block with `room_for` what they need.
class RecentRecords::Builder {
 public:
  /// For `count` records whose data, with trailers, take `data_bytes_max` at most.
  Builder(std::size_t count, std::size_t data_bytes_max)
      : records_(count),
        room_(room_for(count * sizeof(Tag) + data_bytes_max)),
        block_(std::make_unique_for_overwrite<char[]>(room_)),
        data_begin_(block_.get() + room_) {}

  void add(const Entry& entry) {
    Filing filing;
    add(entry, write_filing(filing, entry));
  }
  /// `filing` is the entry's.
  void add(const Entry& entry, std::string_view filing) {
    put_fixed(block_.get() + count_++ * sizeof(Tag), tag_of(entry.key, entry.order != entry.key));
    const auto size = filing.size() + entry.bytes.size();
    data_begin_ -= size + Trailer::bytes;
    put_trailer(put_bytes(put_bytes(data_begin_, filing), entry.bytes), entry, size);
  }
  /// `count` records as they are, from the one at `index` on, whose data lie in `data`.
  void add(const RecentRecords& from, std::size_t index, std::size_t count, std::string_view data) {
    std::memcpy(block_.get() + count_ * sizeof(Tag), from.block_.get() + index * sizeof(Tag),
                count * sizeof(Tag));
    count_ += count;
    data_begin_ -= data.size();
    put_bytes(data_begin_, data);
  }

  /// Without more room than is meant to be left. REQUIRES: there are as many as `count`.
  void move_to(RecentRecords& records) {
    ENSURE(count_ == records_, "a block has fewer records than it was made for");
    const auto tag_bytes = count_ * sizeof(Tag);
    const auto data_bytes = static_cast<std::size_t>(block_.get() + room_ - data_begin_);
    const auto room = room_for(tag_bytes + data_bytes);
    if (room != room_) {
      auto smaller = std::make_unique_for_overwrite<char[]>(room);
      std::memcpy(smaller.get(), block_.get(), tag_bytes);
      std::memcpy(smaller.get() + room - data_bytes, data_begin_, data_bytes);
      block_ = std::move(smaller);
    }
    records.data_bytes_ = static_cast<std::uint32_t>(data_bytes);
    records.block_ = std::move(block_);
    records.count_ = static_cast<std::uint32_t>(count_);
  }

 private:
  std::size_t records_;
  std::size_t room_;
  std::unique_ptr<char[]> block_;
  std::size_t count_ = 0;
  char* data_begin_;
};

RecentRecords::Tag RecentRecords::tag_of(domain::RecordKey key, bool beside) {
  return (key.low & ~Tag{1}) | (beside ? 1 : 0);
}

void RecentRecords::put_trailer(char* at, const Entry& entry, std::size_t size) {
  ENSURE(size < 1U << (32 - Trailer::flag_bits), "a record is larger than a block can have");
  const std::uint32_t flags = (entry.declined ? Trailer::declined_flag : 0) |
                              (entry.pressed ? Trailer::pressed_flag : 0) |
                              ((entry.key.low & 1) != 0 ? Trailer::key_flag : 0);
  put_fixed(put_fixed(at, entry.key.high),
            static_cast<std::uint32_t>(size) << Trailer::flag_bits | flags);
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

RecentRecords::Tag RecentRecords::tag_at(std::size_t at) const {
  Tag tag = 0;
  std::memcpy(&tag, block_.get() + at * sizeof(Tag), sizeof(Tag));
  return tag;
}

bool RecentRecords::may_be_of(std::size_t at, domain::RecordKey order,
                              domain::RecordKey key) const {
  const Tag tag = tag_at(at);
  return (tag & 1) != 0 || tag == tag_of(order, false) || tag == tag_of(key, false);
}

bool RecentRecords::may_have_of(domain::RecordKey order, domain::RecordKey key) const {
  for (std::size_t at = 0; at < count_; ++at) {
    if (may_be_of(at, order, key)) return true;
  }
  return false;
}

const char* RecentRecords::block_end() const { return block_.get() + room_for(bytes()); }

RecentRecords::Entry RecentRecords::Iterator::operator*() const {
  const auto trailer = Trailer::before(end_);
  const Tag tag = records_->tag_at(index_);
  const bool beside = (tag & 1) != 0;
  const char* const end = end_ - Trailer::bytes;
  const char* at = end - trailer.size();
  Entry entry{.key = {trailer.key_high, (tag & ~Tag{1}) | (trailer.has(Trailer::key_flag) ? 1 : 0)},
              .declined = trailer.has(Trailer::declined_flag),
              .pressed = trailer.has(Trailer::pressed_flag)};
  entry.order = entry.key;
  if (beside) {
    entry.order.high = take_fixed<std::uint64_t>(at);
    entry.order.low = take_fixed<std::uint32_t>(at);
  }
  entry.position.epoch = take_number(at);
  entry.position.sequence = take_number(at);
  entry.filed_at.unix_ms = static_cast<std::int64_t>(take_number(at));
  entry.bytes = {at, end};
  return entry;
}

RecentRecords::Iterator& RecentRecords::Iterator::operator++() {
  end_ -= Trailer::bytes + Trailer::before(end_).size();
  ++index_;
  return *this;
}

std::optional<RecentRecords::Entry> RecentRecords::find(domain::RecordKey key) const {
  std::optional<Entry> found;
  for_each_of(key, key, [&](const Entry& entry) {
    if (entry.key == key && !entry.declined && !found) found = entry;
  });
  return found;
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
  const auto added = sizeof(Tag) + size + Trailer::bytes;
  if (bytes() + added <= room_for(bytes())) {
    char* const data_begin = block_.get() + room_for(bytes()) - data_bytes_ - Trailer::bytes - size;
    put_trailer(put_bytes(put_bytes(data_begin, filing), entry.bytes), entry, size);
    put_fixed(block_.get() + count_ * sizeof(Tag), tag_of(entry.key, entry.order != entry.key));
    ++count_;
    data_bytes_ += static_cast<std::uint32_t>(size + Trailer::bytes);
    return;
  }
  Builder builder(count_ + 1, data_bytes_ + size + Trailer::bytes);
  if (count_ > 0) builder.add(*this, 0, count_, {block_end() - data_bytes_, data_bytes_});
  builder.add(entry, filing);
  builder.move_to(*this);
}

void RecentRecords::drop_first(std::size_t count) {
  if (count == 0) return;
  auto first = begin();
  while (first.index_ < count) ++first;
  const auto left = count_ - count;
  if (left == 0) {
    *this = {};
    return;
  }
  const std::string_view data(block_end() - data_bytes_, first.end_);
  Builder builder(left, data.size());
  builder.add(*this, count, left, data);
  builder.move_to(*this);
}

void RecentRecords::press_before(std::optional<domain::Position> position, RecordPress& press) {
  const auto to_press = [&](const Entry& entry) {
    return !entry.pressed && (!position || entry.position < *position);
  };
  auto at = begin();
  while (at != end() && !to_press(*at)) ++at;
  if (at == end()) return;
  Builder builder(count_, data_bytes_ + (count_ - at.index_) * pressed_growth_max);
  // Most are pressed already, and stay as they are.
  builder.add(*this, 0, at.index_, {at.end_, block_end()});
  for (; at != end(); ++at) {
    Entry entry = *at;
    if (to_press(entry)) {
      entry.bytes = press.press(entry.bytes);
      entry.pressed = true;
    }
    builder.add(entry);
  }
  builder.move_to(*this);
}

}  // namespace wutong
