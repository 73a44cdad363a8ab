#pragma once

#include <toml++/toml.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reads one section of the configuration, and collects what is wrong. Inside this folder only.
namespace wutong {

struct KeyRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// `line 12: gateway.listen: message`, in the order of the lines.
class ConfigErrors {
 public:
  void add(int line, const std::string& key, const std::string& message);
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  [[nodiscard]] std::vector<std::string> take();

 private:
  std::vector<std::pair<int, std::string>> errors_;
};

/// A key that was asked for is known; `finish` tells the others. Values left out keep their default.
class Section {
 public:
  Section(const toml::table& top, std::string_view name, ConfigErrors& errors);

  template <typename Int>
  void integer(std::string_view key, KeyRange range, Int& value) {
    if (const auto read = read_integer(key, range)) value = static_cast<Int>(*read);
  }
  void flag(std::string_view key, bool& value);
  /// Whether it was given.
  bool text(std::string_view key, std::string& value);
  /// One of `choices`, by its place in the list.
  template <typename Enum>
  void choice(std::string_view key, const std::vector<std::string>& choices, Enum& value) {
    if (const auto read = read_choice(key, choices)) value = static_cast<Enum>(*read);
  }
  /// Relative to `folder`; whether it was given.
  bool path(std::string_view key, const std::filesystem::path& folder,
            std::filesystem::path& value);

  /// Notes a fault of `key`, at its line or else the section's.
  void fail(std::string_view key, const std::string& message);
  /// Notes that `key` was left out.
  void require(std::string_view key) { fail(key, "must be given"); }

  /// Call last: notes the keys that nobody asked for.
  void finish();

 private:
  const toml::node* find(std::string_view key);
  std::optional<std::int64_t> read_integer(std::string_view key, KeyRange range);
  std::optional<std::size_t> read_choice(std::string_view key,
                                         const std::vector<std::string>& choices);

  std::string name_;
  ConfigErrors& errors_;
  /// Null if the section is left out.
  const toml::table* table_ = nullptr;
  std::vector<std::string> known_;
};

}  // namespace wutong
