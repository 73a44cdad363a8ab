#include "persistence/audit_reader.h"

#include <variant>

namespace wutong::persistence {

using domain::Position;

Position position_of(const LogEvent& event) {
  if (const auto* of_member = std::get_if<MemberEvent>(&event)) {
    return domain::header_of(of_member->event).position;
  }
  return std::visit(
      [](const auto& of_shard) -> Position {
        if constexpr (requires { of_shard.header; }) return of_shard.header.position;
        return {};
      },
      event);
}

bool follows(Position last, const LogEvent& event) {
  const auto next = position_of(event);
  if (next.epoch == last.epoch) return next.sequence == last.sequence + 1;
  return next.epoch > last.epoch && std::holds_alternative<Taken>(event);
}

std::optional<Head> AuditReader::head(std::uint32_t shard) {
  const auto reply = answer_of<AppendReply>(
      shard, [](Journal& journal, const auto& done) { journal.read_head(done); });
  return reply ? std::optional(reply->head) : std::nullopt;
}

std::optional<std::vector<LogEntry>> AuditReader::log(std::uint32_t shard, Position after,
                                                      std::uint32_t entries_max) {
  return answer_of<std::vector<LogEntry>>(shard, [&](Journal& journal, const auto& done) {
    journal.read_log(after, entries_max, done);
  });
}

}  // namespace wutong::persistence
