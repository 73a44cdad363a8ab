#pragma once

#include <wutong/v1/points.pb.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace wutong::load {

/// The record's bytes, the same for equal records.
[[nodiscard]] std::string bytes_of(const v1::ReceiptRecord& record);

/// Every receipt that the gateway acknowledged, by a number that the run gives each checkout and each
/// refund. May write them to a file as they come, for another process to check later.
class Acknowledged {
 public:
  enum class Verdict : std::uint8_t { first, same, different };

  explicit Acknowledged(std::size_t effects) : records_(effects), uncertain_(effects) {}

  /// From now on every first acknowledgement is written too; or why the file cannot be.
  [[nodiscard]] tl::expected<void, std::string> write_to(const std::string& path);

  /// Keeps the record; `asked` is how to ask for it again.
  Verdict keep(std::size_t effect, const v1::ReceiptRecord& record,
               const v1::GetReceiptRequest& asked);
  /// It was sent, and whether it took effect is not known.
  void doubt(std::size_t effect) { uncertain_[effect] = true; }
  /// What was in doubt did take effect.
  void settle(std::size_t effect, std::string record);

  [[nodiscard]] std::size_t size() const { return records_.size(); }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool has(std::size_t effect) const { return !records_[effect].empty(); }
  [[nodiscard]] bool in_doubt(std::size_t effect) const { return uncertain_[effect]; }
  /// Empty if it was not acknowledged.
  [[nodiscard]] const std::string& record(std::size_t effect) const { return records_[effect]; }

  /// Everything that was written so far reaches the file.
  void flush();

 private:
  std::vector<std::string> records_;
  std::vector<bool> uncertain_;
  std::size_t count_ = 0;
  std::ofstream file_;
};

/// Reads what `write_to` wrote, one after another; a torn end is where it ends. Or why it cannot.
[[nodiscard]] tl::expected<void, std::string> read_acknowledged(
    const std::string& path,
    const std::function<void(v1::GetReceiptRequest, std::string record)>& each);

}  // namespace wutong::load
