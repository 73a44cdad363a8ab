#include "persistence/codec_names.h"

#include <algorithm>
#include <memory>
#include <utility>

// What most messages, with few names, never come to.

namespace wutong::persistence {

std::uint32_t NameWriter::number_beside(Bits symbol) {
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (symbols_[i] == symbol) return i + 1;
  }
  if (size_ == room_) make_room();
  symbols_[size_] = symbol;
  return ++size_;
}

void NameWriter::make_room() {
  auto larger = std::make_unique_for_overwrite<Bits[]>(2 * room_);
  std::copy_n(symbols_, size_, larger.get());
  symbols_ = larger.get();
  many_ = std::move(larger);
  room_ *= 2;
}

}  // namespace wutong::persistence
