#include "proto/wire_writer.h"

#include <algorithm>
#include <utility>

namespace wutong {

char* wire::put_length_at(char* opened, std::size_t left, std::size_t length, char* end) {
  const auto needed = varint_bytes(length);
  if (needed != left) {
    std::memmove(opened + needed, opened + left, static_cast<std::size_t>(end - opened) - left);
  }
  put_varint(opened, length);
  return end - left + needed;
}

void WireWriter::grow(std::size_t bytes) {
  const auto written = size();
  const auto capacity = static_cast<std::size_t>(end_ - begin_);
  const auto grown = std::max(2 * capacity, written + bytes);
  auto larger = std::make_unique_for_overwrite<char[]>(grown);
  std::memcpy(larger.get(), begin_, written);
  begin_ = larger.get();
  at_ = begin_ + written;
  end_ = begin_ + grown;
  heap_ = std::move(larger);
}

}  // namespace wutong
