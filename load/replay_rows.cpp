#include "load/replay_rows.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>

#include "load/csv.h"

namespace wutong::load {
namespace {

enum Column : std::size_t { occurred_at, kind, order_id, original_order_id, member_id, amount };
constexpr std::array<const char*, 6> names = {"occurred_at",       "kind",      "order_id",
                                              "original_order_id", "member_id", "amount_minor"};

class Reader {
 public:
  explicit Reader(std::istream& in) : csv_(in) {}

  tl::expected<ReplayFile, std::string> whole() {
    auto header = csv_.next();
    if (!header) return tl::unexpected(header.error());
    if (!*header) return tl::unexpected(std::string("the file is empty"));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = std::ranges::find(**header, names[i]);
      if (found == (*header)->end()) {
        return tl::unexpected(absl::StrCat("there is no column ", names[i]));
      }
      places_[i] = static_cast<std::size_t>(found - (*header)->begin());
    }
    width_ = (*header)->size();
    for (;;) {
      auto fields = csv_.next();
      if (!fields) return tl::unexpected(fields.error());
      if (!*fields) return std::move(file_);
      if (const auto wrong = add(**fields)) {
        return tl::unexpected(absl::StrCat("line ", csv_.line(), ": ", *wrong));
      }
    }
  }

 private:
  /// Nothing, or what is wrong.
  std::optional<std::string> add(const std::vector<std::string>& fields) {
    if (fields.size() != width_) return absl::StrCat(fields.size(), " fields, not ", width_);
    const auto text = [&](Column column) -> const std::string& { return fields[places_[column]]; };

    ReplayRow row{.is_return = text(kind) == "return",
                  .id = text(order_id),
                  .original_id = text(original_order_id),
                  .member = member_of(text(member_id))};
    if (!row.is_return && text(kind) != "purchase") {
      return absl::StrCat("kind '", text(kind), "'");
    }
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text(occurred_at), &time, &error)) return error;
    row.occurred_at_unix_ms = absl::ToUnixMillis(time);
    if (!file_.rows.empty() && row.occurred_at_unix_ms < file_.rows.back().occurred_at_unix_ms) {
      return "earlier than the line before";
    }
    if (!absl::SimpleAtoi(text(amount), &row.amount_minor)) {
      return absl::StrCat("amount '", text(amount), "'");
    }
    if (row.is_return) {
      if (const auto order = orders_.find(row.original_id); order != orders_.end()) {
        row.original_row = order->second;
      }
    } else if (!orders_.try_emplace(row.id, file_.rows.size()).second) {
      return absl::StrCat("order ", row.id, " a second time");
    }
    file_.rows.push_back(std::move(row));
    return std::nullopt;
  }

  std::uint32_t member_of(const std::string& id) {
    const auto [member, added] =
        members_.try_emplace(id, static_cast<std::uint32_t>(file_.members.size()));
    if (added) file_.members.push_back(id);
    return member->second;
  }

  CsvReader csv_;
  std::array<std::size_t, names.size()> places_{};
  std::size_t width_ = 0;
  ReplayFile file_;
  absl::flat_hash_map<std::string, std::size_t> orders_;
  absl::flat_hash_map<std::string, std::uint32_t> members_;
};

}  // namespace

tl::expected<ReplayFile, std::string> read_replay(std::istream& in) { return Reader(in).whole(); }

}  // namespace wutong::load
