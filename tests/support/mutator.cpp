#include "tests/support/mutator.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <tuple>

namespace wutong::test {
namespace {

/// Bounds of types and of ours, and what lies just beyond.
constexpr std::array<std::uint64_t, 20> numbers = {
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff'ffff,
    0x8000'0000,
    0xffff'ffff,
    0x1'0000'0000,
    1'000'000'000'000,
    1'000'000'000'001,
    253'402'300'799'999,
    253'402'300'800'000,
    std::numeric_limits<std::int64_t>::max() / 1'000,
    std::numeric_limits<std::int64_t>::max(),
    std::uint64_t{1} << 63U,  // the smallest of 64 bits with a sign
    std::numeric_limits<std::uint64_t>::max() - 1,
    std::numeric_limits<std::uint64_t>::max(),
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>(0x80U | (value & 0x7fU));
  return bytes + static_cast<char>(value);
}

std::string fixed(std::uint64_t value, std::size_t size) {
  std::string bytes;
  for (; bytes.size() < size; value >>= 8U) bytes += static_cast<char>(value & 0xffU);
  return bytes;
}

/// How many bytes from `at` on are the digits of one number.
template <typename Belongs>
std::size_t run_of(std::string_view text, std::size_t at, Belongs belongs) {
  const auto from = text.substr(at);
  return static_cast<std::size_t>(std::ranges::find_if_not(from, belongs) - from.begin());
}

/// Takes a varint off `text`.
std::optional<std::uint64_t> take_varint(std::string_view& text) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text.size() && i < 10; ++i) {
    value |= static_cast<std::uint64_t>(text[i] & 0x7f) << (7 * i);
    if (goes_on(text[i])) continue;
    text.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

/// A field that carries its length: where that stands, and where the content does.
struct Field {
  std::size_t length_at = 0;
  std::size_t at = 0;
  std::size_t size = 0;
};

/// Those of a message, up to where it is none.
std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> fields;
  auto rest = message;
  const auto place = [&] { return message.size() - rest.size(); };
  while (const auto tag = take_varint(rest)) {
    const auto length_at = place();
    std::optional<std::uint64_t> size;
    switch (*tag & 7U) {
      case 0:
        size = take_varint(rest) ? std::optional<std::uint64_t>(0) : std::nullopt;
        break;
      case 1:
        size = 8;
        break;
      case 2:
        size = take_varint(rest);
        if (size && *size <= rest.size()) fields.push_back({length_at, place(), *size});
        break;
      case 5:
        size = 4;
        break;
      default:
        break;
    }
    if (!size || *size > rest.size()) break;
    rest.remove_prefix(*size);
  }
  return fields;
}

}  // namespace

std::string Mutator::text() {
  const auto& original = any_of(corpus_.texts);
  auto text = original;
  // Mostly few, so that the rest keeps its meaning.
  for (auto changes = 1 + small(8); changes > 0 || text == original; changes -= changes > 0) {
    change(text);
    text.resize(std::min(text.size(), bytes_max));
  }
  return text;
}

void Mutator::change(std::string& text) {
  const bool by_form = corpus_.form != Form::bytes && random_.below(2) == 0;
  if (by_form) return corpus_.form == Form::message ? change_inside(text) : put_digits(text);
  switch (random_.below(9)) {
    case 0:
      return flip_bit(text);
    case 1:
      return set_byte(text);
    case 2:
      return insert_bytes(text);
    case 3:
      return erase(text);
    case 4:
      return duplicate(text);
    case 5:
      return splice(text);
    case 6:
      return put_number(text);
    case 7:
      return put_word(text);
    default:
      return truncate(text);
  }
}

void Mutator::change_inside(std::string& text) {
  const auto fields = fields_of(text);
  if (fields.empty()) return flip_bit(text);
  const auto& field = fields[random_.below(fields.size())];
  auto content = text.substr(field.at, field.size);
  change(content);
  text.replace(field.length_at, field.at - field.length_at + field.size,
               varint(content.size()) + content);
}

void Mutator::flip_bit(std::string& text) {
  if (text.empty()) return;
  char& byte = text[random_.below(text.size())];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << random_.below(8)));
}

void Mutator::set_byte(std::string& text) {
  if (text.empty()) return;
  text[random_.below(text.size())] = static_cast<char>(random_.below(256));
}

void Mutator::insert_bytes(std::string& text) {
  text.insert(place_in(text), fixed(random_.next(), 1 + small(8)));
}

void Mutator::erase(std::string& text) {
  const auto span = span_in(text);
  text.erase(span.at, span.size);
}

void Mutator::duplicate(std::string& text) {
  const auto span = span_in(text);
  text.insert(place_in(text), text.substr(span.at, span.size));
}

/// The front of this text and the end of another.
void Mutator::splice(std::string& text) {
  const auto& other = any_of(corpus_.texts);
  text.resize(place_in(text));
  text += other.substr(place_in(other));
}

/// In place of the next number that is written so.
void Mutator::put_digits(std::string& text) {
  const auto at = place_in(text);
  const auto found = std::string_view(text).find_first_of("0123456789", at);
  const auto from = found == std::string::npos ? at : found;
  const std::string sign = random_.below(8) == 0 ? "-" : "";
  text.replace(from, run_of(text, from, is_digit), sign + std::to_string(any_number()));
}

/// In place of as many bytes.
void Mutator::put_number(std::string& text) {
  const auto at = place_in(text);
  const auto rest = text.size() - at;
  const std::size_t size = random_.below(2) == 0 ? 4 : 8;
  switch (random_.below(3)) {
    case 0:
      return put_digits(text);
    case 1:
      text.replace(at, std::min(run_of(text, at, goes_on) + 1, rest), varint(any_number()));
      return;
    default:
      text.replace(at, std::min(size, rest), fixed(any_number(), size));
  }
}

void Mutator::put_word(std::string& text) {
  if (corpus_.words.empty()) return set_byte(text);
  const auto at = place_in(text);
  const auto& word = any_of(corpus_.words);
  const bool over = random_.below(2) == 0;
  text.replace(at, over ? std::min(word.size(), text.size() - at) : 0, word);
}

void Mutator::truncate(std::string& text) { text.resize(place_in(text)); }

std::size_t Mutator::small(std::size_t bound) { return random_.below(random_.below(bound) + 1); }

/// One of those above, or any, small ones more often.
std::uint64_t Mutator::any_number() {
  if (random_.below(2) == 0) return numbers[random_.below(numbers.size())];
  return random_.next() >> random_.below(64);
}

Mutator::Span Mutator::span_in(std::string_view text) {
  const auto at = place_in(text);
  return {.at = at, .size = small(text.size() - at + 1)};
}

const std::string& Mutator::any_of(const std::vector<std::string>& texts) {
  return texts[random_.below(texts.size())];
}

}  // namespace wutong::test
