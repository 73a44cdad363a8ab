#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "actors/ledger.h"

/// The small texts that Redis holds and compares as wholes. One value has one text: scripts compare
/// strings, so a second way to write a head would be another head.
namespace wutong::persistence {

/// What a ledger starts with in every shard.
inline constexpr std::string_view fresh_head_text = "0-0 none";
inline constexpr std::string_view fresh_mark_text = "0-0 0";

/// `epoch-sequence`; as a stream's id it orders entries as positions are ordered.
[[nodiscard]] std::string position_text(domain::Position position);
[[nodiscard]] std::optional<domain::Position> parse_position(std::string_view text);

/// `epoch-sequence writer`.
[[nodiscard]] std::string head_text(const Head& head);
[[nodiscard]] std::optional<Head> parse_head(std::string_view text);

/// `epoch-sequence flush`.
[[nodiscard]] std::string mark_text(const Mark& mark);
[[nodiscard]] std::optional<Mark> parse_mark(std::string_view text);

/// `name=value` lines, first the format's version, so that an operator can read what `create`
/// fixed.
[[nodiscard]] std::string ledger_info_text(const LedgerInfo& info);
/// Refuses, and says what is wrong with, a text that lacks a line, has one too many or a bad value:
/// serving a ledger with a guessed key or number of shards would scatter its members.
[[nodiscard]] tl::expected<LedgerInfo, std::string> parse_ledger_info(std::string_view text);

/// What is wrong with the numbers of a ledger; nothing if they are as `CreateOptions` says.
[[nodiscard]] std::optional<std::string> fault_in(std::uint32_t shards, std::int32_t history_days);

}  // namespace wutong::persistence
