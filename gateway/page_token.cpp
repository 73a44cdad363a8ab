#include "gateway/page_token.h"

#include <charconv>

namespace wutong {
namespace {

// A letter in front, so that another form can follow without taking one for the other.
constexpr char version = 'a';
constexpr std::size_t hex_digits = 16;

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(hex_digits, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, value >>= 4) {
    *digit = digits[value & 0xf];
  }
  return text;
}

}  // namespace

std::string page_token_of(domain::Position position) {
  return version + hex(position.epoch) + hex(position.sequence);
}

std::optional<domain::Position> position_of(std::string_view page_token) {
  if (page_token.size() != 1 + 2 * hex_digits || page_token.front() != version) {
    return std::nullopt;
  }
  const auto epoch = hex(page_token.substr(1, hex_digits));
  const auto sequence = hex(page_token.substr(1 + hex_digits));
  if (!epoch || !sequence || *epoch == 0) return std::nullopt;
  const domain::Position position{.epoch = *epoch, .sequence = *sequence};
  // Capital digits are read, but never written.
  if (page_token_of(position) != page_token) return std::nullopt;
  return position;
}

}  // namespace wutong
