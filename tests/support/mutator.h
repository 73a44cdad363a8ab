#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/random.h"

namespace wutong::test {

/// What the texts of a corpus are made of.
enum class Form : std::uint8_t {
  /// Bytes, of which nothing is known.
  bytes,
  /// Text in which numbers are written in digits. Half of the changes put another in place of one.
  digits,
  /// A protobuf message. Half of the changes are made inside its fields, whose lengths then fit: a
  /// length that does not ends the reading before anything else is looked at.
  message,
};

struct Corpus {
  std::vector<std::string> texts;
  /// Pieces that mean something where they stand, as brackets do in JSON.
  std::vector<std::string> words;
  Form form = Form::bytes;
};

/// Texts that are nearly one of a corpus: what a broken disk, a careless program or somebody of ill
/// will makes of it. The same seed gives the same text on every machine. REQUIRES: the corpus has a
/// text, and outlives the mutator.
class Mutator {
 public:
  Mutator(const Corpus& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  /// At most `bytes_max` bytes, and not the text that it was made from.
  [[nodiscard]] std::string text();

  static constexpr std::size_t bytes_max = 65'536;

 private:
  struct Span {
    std::size_t at = 0;
    std::size_t size = 0;
  };

  void change(std::string& text);
  void change_inside(std::string& text);
  void flip_bit(std::string& text);
  void set_byte(std::string& text);
  void insert_bytes(std::string& text);
  void erase(std::string& text);
  void duplicate(std::string& text);
  void splice(std::string& text);
  void put_digits(std::string& text);
  void put_number(std::string& text);
  void put_word(std::string& text);
  void truncate(std::string& text);

  /// Below `bound`, small values more often; 0 for 0.
  std::size_t small(std::size_t bound);
  std::uint64_t any_number();
  /// Between the first byte and the end.
  std::size_t place_in(std::string_view text) { return random_.below(text.size() + 1); }
  Span span_in(std::string_view text);
  const std::string& any_of(const std::vector<std::string>& texts);

  const Corpus& corpus_;
  load::Random random_;
};

}  // namespace wutong::test
