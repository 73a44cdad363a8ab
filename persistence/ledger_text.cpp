#include "persistence/ledger_text.h"

#include <bit>
#include <map>

#include "persistence/text.h"

namespace wutong::persistence {

namespace {

constexpr std::uint32_t shards_max = 1'024;
constexpr std::int32_t history_days_max = 1'100;
constexpr std::size_t hash_key_bytes = 16;
constexpr std::size_t identity_key_bytes = 32;
constexpr std::string_view format_version = "1";

/// Digits only: no sign, no leading zero, no blank, so that one value has one text.
template <typename Integer>
std::optional<Integer> parse_digits(std::string_view text) {
  if (text.starts_with('-') || (text.starts_with('0') && text.size() > 1)) return std::nullopt;
  return parse_number<Integer>(text);
}

struct Halves {
  std::string_view before;
  std::string_view after;
};
std::optional<Halves> split_at(std::string_view text, std::string_view separator) {
  if (text.find(separator) == std::string_view::npos) return std::nullopt;
  const auto before = take_part(text, separator);
  return Halves{.before = before, .after = text};
}

std::string_view clock_text(LedgerClock clock) {
  return clock == LedgerClock::caller ? "caller" : "gateway";
}

std::optional<std::string> parse_secret(std::string_view hex, std::size_t bytes) {
  auto secret = from_hex(hex);
  if (!secret || secret->size() != bytes) return std::nullopt;
  return secret;
}

}  // namespace

std::string position_text(domain::Position position) {
  return join_text(position.epoch, "-", position.sequence);
}

std::optional<domain::Position> parse_position(std::string_view text) {
  const auto halves = split_at(text, "-");
  if (!halves) return std::nullopt;
  const auto epoch = parse_digits<std::uint64_t>(halves->before);
  const auto sequence = parse_digits<std::uint64_t>(halves->after);
  if (!epoch || !sequence) return std::nullopt;
  return domain::Position{.epoch = *epoch, .sequence = *sequence};
}

std::string head_text(const Head& head) {
  return join_text(position_text(head.position), " ", head.writer);
}

std::optional<Head> parse_head(std::string_view text) {
  const auto halves = split_at(text, " ");
  if (!halves || halves->after.empty()) return std::nullopt;
  const auto position = parse_position(halves->before);
  if (!position) return std::nullopt;
  return Head{.position = *position, .writer = std::string(halves->after)};
}

std::string mark_text(const Mark& mark) {
  return join_text(position_text(mark.position), " ", mark.flush);
}

std::optional<Mark> parse_mark(std::string_view text) {
  const auto halves = split_at(text, " ");
  if (!halves) return std::nullopt;
  const auto position = parse_position(halves->before);
  const auto flush = parse_digits<std::uint64_t>(halves->after);
  if (!position || !flush) return std::nullopt;
  return Mark{.position = *position, .flush = *flush};
}

std::string ledger_info_text(const LedgerInfo& info) {
  return join_text("version=", format_version, "\nid=", info.id, "\nshards=", info.shards,
                   "\nhash_key=", to_hex(info.hash_key),
                   "\nidentity_key=", to_hex(info.identity_key), "\nclock=", clock_text(info.clock),
                   "\nhistory_days=", info.history_days, "\n");
}

tl::expected<LedgerInfo, std::string> parse_ledger_info(std::string_view text) {
  std::map<std::string_view, std::string_view> values;
  while (!text.empty()) {
    const auto line = take_part(text, "\n");
    const auto halves = split_at(line, "=");
    if (!halves) return tl::unexpected(std::string("has a line without a ="));
    if (!values.emplace(halves->before, halves->after).second) {
      return tl::unexpected(std::string("has a line twice"));
    }
  }
  for (const std::string_view name :
       {"version", "id", "shards", "hash_key", "identity_key", "clock", "history_days"}) {
    if (!values.contains(name)) return tl::unexpected(join_text(name, " is missing"));
  }
  if (values["version"] != format_version) {
    return tl::unexpected(join_text("written by another version: ", values["version"]));
  }
  if (values.size() != 7) return tl::unexpected(std::string("has a line that is not known"));

  const auto shards = parse_digits<std::uint32_t>(values["shards"]);
  const auto history_days = parse_digits<std::int32_t>(values["history_days"]);
  auto hash_key = parse_secret(values["hash_key"], hash_key_bytes);
  auto identity_key = parse_secret(values["identity_key"], identity_key_bytes);
  if (!shards || !history_days) return tl::unexpected(std::string("has a number that is none"));
  if (auto fault = fault_in(*shards, *history_days)) return tl::unexpected(*std::move(fault));
  if (!hash_key || !identity_key) return tl::unexpected(std::string("has a key of a wrong length"));
  if (values["id"].empty()) return tl::unexpected(std::string("has no id"));
  LedgerClock clock = LedgerClock::gateway;
  if (values["clock"] == clock_text(LedgerClock::caller)) {
    clock = LedgerClock::caller;
  } else if (values["clock"] != clock_text(LedgerClock::gateway)) {
    return tl::unexpected(join_text("has an unknown clock: ", values["clock"]));
  }
  return LedgerInfo{.id = std::string(values["id"]),
                    .shards = *shards,
                    .hash_key = *std::move(hash_key),
                    .identity_key = *std::move(identity_key),
                    .clock = clock,
                    .history_days = *history_days};
}

std::optional<std::string> fault_in(std::uint32_t shards, std::int32_t history_days) {
  if (!std::has_single_bit(shards) || shards > shards_max) {
    return join_text("shards is ", shards, "; it must be a power of two from 1 to ", shards_max);
  }
  if (history_days < 1 || history_days > history_days_max) {
    return join_text("history_days is ", history_days, "; it must be 1 to ", history_days_max);
  }
  return std::nullopt;
}

}  // namespace wutong::persistence
