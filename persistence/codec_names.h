#pragma once

#include <absl/container/inlined_vector.h>
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"
#include "proto/wire_writer.h"

/// What the parts of the codec share: the names table of a message, and reading with a fault that
/// is remembered instead of a branch at every field.
namespace wutong::persistence {

/// Numbers the names of one message in the order of their first use, from 1 on.
class NameWriter {
 public:
  // Not `= default`, which could set `symbols_` too.
  NameWriter() {}  // NOLINT

  template <typename Tag>
  std::uint32_t number(domain::Name<Tag> name) {
    return name.empty() ? 0 : number_of(std::bit_cast<Bits>(name.symbol));
  }

  /// One more than the number, or 0, which takes no space, if the name is the `usual` one.
  template <typename Tag>
  std::uint32_t number_unless(domain::Name<Tag> name, domain::Name<Tag> usual) {
    return name == usual ? 0 : number(name) + 1;
  }

  /// Writes the table: each text as a `Field`, in the order of the numbers.
  template <int Field>
  void write(WireWriter& out) const {
    for (std::uint32_t i = 0; i < size_; ++i) {
      const auto text = std::bit_cast<domain::Symbol>(symbols_[i]).text();
      auto to = out.fields(1, text.size());
      to.bytes<Field>(text);
      out.end(to);
    }
  }

 private:
  using Bits = std::uint32_t;

  [[gnu::always_inline]] std::uint32_t number_of(Bits symbol) {
    auto& slot = slots_[symbol % slots_.size()];
    if (slot != 0) return symbols_[slot - 1U] == symbol ? slot : number_beside(symbol);
    if (size_ == room_) [[unlikely]]
      make_room();
    symbols_[size_] = symbol;
    ++size_;
    // Never 0 again: only a symbol whose slot is 0 is known to be new.
    slot = static_cast<std::uint8_t>(std::min(size_, 255U));
    return size_;
  }
  /// Of a symbol whose slot another one took before.
  std::uint32_t number_beside(Bits symbol);
  void make_room();

  /// By the symbol: the number of the first that was added there, so that few are searched for.
  std::array<std::uint8_t, 64> slots_{};
  std::uint32_t size_ = 0;
  std::uint32_t room_ = few;
  Bits* symbols_ = few_;
  std::unique_ptr<Bits[]> many_;
  static constexpr std::uint32_t few = 32;
  Bits few_[few];
};

/// Turns what was parsed into values of the domain. The first fault is kept; after it values are
/// meaningless and the caller drops them.
class Reader {
 public:
  /// Interns the names: they come from the ledger, not from a caller.
  explicit Reader(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    symbols_.reserve(static_cast<std::size_t>(texts.size()) + 1);
    symbols_.emplace_back();
    for (const auto& text : texts) symbols_.push_back(domain::Symbol::intern(text));
  }

  /// Null as long as all is well.
  [[nodiscard]] const char* fault() const { return fault_; }
  void fail(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
  }

  template <typename NameType>
  NameType name(std::uint32_t number) {
    if (number >= symbols_.size()) {
      fail("a name that is not in the table");
      return {};
    }
    return {symbols_[number]};
  }
  template <typename NameType>
  NameType name_unless(std::uint32_t number, NameType usual) {
    return number == 0 ? usual : name<NameType>(number - 1);
  }

  /// Enumerators are numbered from `first` without gaps.
  template <typename Enum>
  Enum enumerator(std::uint32_t value, Enum first, Enum last) {
    if (value < static_cast<std::uint32_t>(first) || value > static_cast<std::uint32_t>(last)) {
      fail("an enumerator that this version does not know");
      return first;
    }
    return static_cast<Enum>(value);
  }

  domain::Day day(std::int64_t since_epoch) {
    if (since_epoch < std::numeric_limits<std::int32_t>::min() ||
        since_epoch > std::numeric_limits<std::int32_t>::max()) {
      fail("a day out of range");
      return {};
    }
    return {static_cast<std::int32_t>(since_epoch)};
  }

  /// A field that is not known was written by a later version, and would be lost here.
  template <typename Message>
  const Message& known(const Message& message) {
    if (!message.GetReflection()->GetUnknownFields(message).empty()) {
      fail("a field that this version does not know");
    }
    return message;
  }

 private:
  absl::InlinedVector<domain::Symbol, 16> symbols_;
  const char* fault_ = nullptr;
};

/// Differences that wrap instead of overflowing, so that any two values come back as they were.
constexpr std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
constexpr std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// The UTC day of `instant`: what days of an event are stored relative to.
constexpr std::int64_t utc_day(domain::Instant instant) {
  constexpr std::int64_t day_ms = 86'400'000;
  const auto day = instant.unix_ms / day_ms;
  return instant.unix_ms % day_ms < 0 ? day - 1 : day;
}

}  // namespace wutong::persistence
