#include "persistence/audit.h"

#include <cstdio>
#include <string>
#include <utility>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"
#include "gateway/config/config.h"
#include "persistence/codec.h"
#include "persistence/redis_ledger.h"

namespace wutong::commands {
namespace {

using persistence::AuditBreak;
using persistence::AuditReport;

/// The inside of a JSON string.
std::string escaped(const std::string& text) {
  std::string inside;
  for (const char c : text) {
    if (c == '"' || c == '\\') inside.push_back('\\');
    inside.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return inside;
}

/// Name and value, in the order in which they are told.
std::vector<std::pair<const char*, std::int64_t>> numbers_of(const AuditReport& report) {
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  return {{"shards", number(report.shards.size())},
          {"takeovers", number(report.takeovers)},
          {"events", number(report.events)},
          {"members", number(report.members)},
          {"orders", number(report.orders)},
          {"refunds", number(report.refunds)},
          {"reversals", number(report.reversals)},
          {"points_issued", report.points.issued},
          {"points_in_lots", report.points.in_lots},
          {"points_used", report.points.used},
          {"points_given_back", report.points.given_back},
          {"points_expired", report.points.expired},
          {"points_clawed_back", report.points.clawed_back},
          {"points_repaid", report.points.repaid},
          {"points_owed", report.points.debts},
          {"pool_owes_thousandths", report.pool_owes},
          {"snapshots_compared", number(report.snapshots)},
          {"records_compared", number(report.records)},
          {"orders_in_flight", number(report.in_flight)},
          {"claims_without_checkout", number(report.claims_without_checkout)}};
}

void print_json(const AuditReport& report) {
  std::printf("{\"holds\":%s", report.broken ? "false" : "true");
  if (report.broken) {
    const AuditBreak& broken = *report.broken;
    std::printf(
        ",\"broken\":{\"shard\":%u,\"epoch\":%llu,\"sequence\":%llu,\"member_key\":"
        "\"%016llx\",\"what\":\"%s\"}",
        broken.shard, static_cast<unsigned long long>(broken.position.epoch),
        static_cast<unsigned long long>(broken.position.sequence),
        static_cast<unsigned long long>(broken.member.value), escaped(broken.what).c_str());
  }
  for (const auto& [name, value] : numbers_of(report)) {
    std::printf(",\"%s\":%lld", name, static_cast<long long>(value));
  }
  std::printf(",\"party_owes_pool_thousandths\":{");
  const char* comma = "";
  for (const auto& [party, owes] : report.postings) {
    std::printf("%s\"%s\":%lld", comma, escaped(party).c_str(), static_cast<long long>(owes));
    comma = ",";
  }
  std::printf("}}\n");
}

void print_lines(const AuditReport& report) {
  for (const auto& [name, value] : numbers_of(report)) {
    std::printf("%-26s %20lld\n", name, static_cast<long long>(value));
  }
  for (const auto& [party, owes] : report.postings) {
    std::printf("%-26s %20lld  (owes the pool, in 1/1000 minor unit)\n", party.c_str(),
                static_cast<long long>(owes));
  }
  if (!report.broken) {
    std::printf("the ledger holds\n");
    return;
  }
  const AuditBreak& broken = *report.broken;
  std::printf(
      "the ledger does NOT hold, first at shard %u, position %llu-%llu, member key %016llx:"
      " %s\n",
      broken.shard, static_cast<unsigned long long>(broken.position.epoch),
      static_cast<unsigned long long>(broken.position.sequence),
      static_cast<unsigned long long>(broken.member.value), broken.what.c_str());
}

}  // namespace

int audit(const AuditArguments& arguments) {
  const auto config = load_config(arguments.config_file);
  if (!config) {
    print(config.error());
    return exit_wrong;
  }
  const auto opened = persistence::open_ledger(config->redis);
  if (!opened) {
    std::fprintf(stderr, "wutong: %s\n", opened.error().detail.c_str());
    return exit_failed;
  }
  const persistence::StoredCodec codec;
  const auto report = persistence::audit(*opened->ledger, codec);
  if (!report) {
    std::fprintf(stderr, "wutong: the ledger did not answer: %s\n", report.error().detail.c_str());
    return exit_failed;
  }
  if (arguments.json) {
    print_json(*report);
  } else {
    print_lines(*report);
  }
  return report->broken ? exit_failed : exit_ok;
}

}  // namespace wutong::commands
