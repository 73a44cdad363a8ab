#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wutong::load {

/// Writes one JSON object, field by field, in the order given.
class JsonWriter {
 public:
  JsonWriter() { open('{'); }

  void number(std::string_view key, std::int64_t value);
  void real(std::string_view key, double value);
  void text(std::string_view key, std::string_view value);
  void truth(std::string_view key, bool value);
  /// A list of texts.
  void item(std::string_view value);

  void begin_object(std::string_view key);
  void end_object() { close('}'); }
  /// An object of a list.
  void begin_item();
  void begin_list(std::string_view key);
  void end_list() { close(']'); }

  /// The whole object. REQUIRES: all that was begun has ended.
  [[nodiscard]] std::string finish();

 private:
  void open(char bracket);
  void close(char bracket);
  void name(std::string_view key);
  void next_line();
  static std::string quoted(std::string_view text);

  std::string out_;
  int depth_ = 0;
  bool first_ = true;
};

}  // namespace wutong::load
