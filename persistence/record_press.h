#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "actors/record_press.h"

namespace wutong::persistence {

/// Presses with LZ4 and a dictionary: the last few records that came before it was made. There is a new one
/// when the old one has come to help less, as it does when rules and names change. What is pressed tells
/// its dictionary's number; all dictionaries are kept, since what they have pressed may lie in memory for
/// ever, so after `dictionaries_max` the last one stays.
class Lz4RecordPress final : public RecordPress {
 public:
  static constexpr std::size_t dictionaries_max = 255;
  static constexpr std::size_t dictionary_bytes_max = 2'048;
  /// How many records the first dictionary waits for.
  static constexpr std::uint32_t first_look_records = 16;
  /// How many are looked at before a dictionary is judged.
  static constexpr std::uint32_t look_records = 1'024;

  Lz4RecordPress();
  ~Lz4RecordPress() override;

  [[nodiscard]] std::string_view press(std::string_view bytes) override;
  void release(std::string_view pressed, std::string& bytes) const override;

  [[nodiscard]] std::size_t dictionaries() const { return dictionaries_.size(); }

 private:
  struct Streams;
  /// Of all records since the last look.
  struct Look {
    std::uint32_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t pressed_bytes = 0;
  };

  void look_at(std::string_view bytes, std::size_t pressed_bytes);
  void make_dictionary();

  std::unique_ptr<Streams> streams_;
  /// A deque, since they must stay where they are.
  std::deque<std::string> dictionaries_;
  std::string pressed_;
  /// The newest records, of which the next dictionary is made.
  std::string recent_;
  Look look_;
  /// Of the newest dictionary's first look: what of 1,000 bytes it left. 0 before that.
  std::uint64_t permille_at_first_ = 0;
};

}  // namespace wutong::persistence
