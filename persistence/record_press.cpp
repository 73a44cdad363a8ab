#include "persistence/record_press.h"

// For `LZ4_attach_dictionary`.
#define LZ4_STATIC_LINKING_ONLY
#include <lz4.h>

#include <algorithm>
#include <cstring>

#include "actors/domain/ensure.h"
#include "proto/wire_format.h"

namespace wutong::persistence {
namespace {

/// In front of what LZ4 wrote: the dictionary's number, from 1, and how many bytes it was. Where it would
/// not have become smaller: 0, and the bytes as they are.
constexpr std::size_t front_bytes = 4;
constexpr char as_it_is = 0;
constexpr std::size_t pressable_bytes_max = (1U << 24) - 1;

char* write_front(char* at, std::size_t dictionary, std::size_t size) {
  const auto both = static_cast<std::uint32_t>(dictionary | size << 8);
  return wire::put_fixed(at, both);
}

}  // namespace

struct Lz4RecordPress::Streams {
  /// With the newest dictionary.
  LZ4_stream_t loaded{};
  /// What a record is written with. It looks into `loaded` beside itself: a copy would be 16 KB a record,
  /// and push all else out of the first cache.
  LZ4_stream_t working{};
};

Lz4RecordPress::Lz4RecordPress() : streams_(std::make_unique<Streams>()) {}
Lz4RecordPress::~Lz4RecordPress() = default;

std::string_view Lz4RecordPress::press(std::string_view bytes) {
  int pressed = 0;
  pressed_.resize(front_bytes + bytes.size());
  if (!dictionaries_.empty() && bytes.size() > front_bytes && bytes.size() <= pressable_bytes_max) {
    LZ4_resetStream_fast(&streams_->working);
    LZ4_attach_dictionary(&streams_->working, &streams_->loaded);
    char* const to = write_front(pressed_.data(), dictionaries_.size(), bytes.size());
    constexpr int acceleration = 1;
    pressed = LZ4_compress_fast_continue(
        &streams_->working, bytes.data(), to, static_cast<int>(bytes.size()),
        static_cast<int>(bytes.size() - front_bytes), acceleration);
  }
  if (pressed > 0) {
    pressed_.resize(front_bytes + static_cast<std::size_t>(pressed));
  } else {
    pressed_.assign(1, as_it_is).append(bytes);
  }
  look_at(bytes, pressed_.size());
  return pressed_;
}

void Lz4RecordPress::release(std::string_view pressed, std::string& bytes) const {
  ENSURE(!pressed.empty(), "nothing was pressed");
  if (pressed.front() == as_it_is) {
    bytes.assign(pressed.substr(1));
    return;
  }
  ENSURE(pressed.size() > front_bytes, "a pressed record is cut");
  std::uint32_t front = 0;
  std::memcpy(&front, pressed.data(), front_bytes);
  const auto& dictionary = dictionaries_.at((front & 0xffU) - 1);
  bytes.resize(front >> 8);
  const auto released = LZ4_decompress_safe_usingDict(
      pressed.data() + front_bytes, bytes.data(), static_cast<int>(pressed.size() - front_bytes),
      static_cast<int>(bytes.size()), dictionary.data(), static_cast<int>(dictionary.size()));
  ENSURE(released == static_cast<int>(bytes.size()), "a record was not pressed here");
}

void Lz4RecordPress::look_at(std::string_view bytes, std::size_t pressed_bytes) {
  recent_.append(bytes);
  if (recent_.size() > 2 * dictionary_bytes_max) {
    recent_.erase(0, recent_.size() - dictionary_bytes_max);
  }
  ++look_.records;
  look_.bytes += bytes.size();
  look_.pressed_bytes += pressed_bytes;
  const bool first = dictionaries_.empty();
  if (look_.records < (first ? first_look_records : look_records)) return;
  const auto permille = look_.pressed_bytes * 1'000 / std::max<std::uint64_t>(1, look_.bytes);
  look_ = {};
  if (!first && permille_at_first_ == 0) {
    permille_at_first_ = permille;
    return;
  }
  constexpr std::uint64_t quarter = 4;
  const bool worse = permille > permille_at_first_ + permille_at_first_ / quarter;
  if (first || worse) make_dictionary();
}

void Lz4RecordPress::make_dictionary() {
  if (dictionaries_.size() == dictionaries_max || recent_.empty()) return;
  const auto size = std::min(recent_.size(), dictionary_bytes_max);
  const auto& made = dictionaries_.emplace_back(recent_.substr(recent_.size() - size));
  LZ4_initStream(&streams_->loaded, sizeof(LZ4_stream_t));
  LZ4_initStream(&streams_->working, sizeof(LZ4_stream_t));
  LZ4_loadDict(&streams_->loaded, made.data(), static_cast<int>(made.size()));
  permille_at_first_ = 0;
}

}  // namespace wutong::persistence
