#include "persistence/audit.h"

#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"
#include "gateway/config/config.h"
#include "persistence/audit_salvage.h"
#include "persistence/codec.h"
#include "persistence/redis_ledger.h"

namespace wutong::commands {
namespace {

using persistence::AuditBreak;
using persistence::AuditPoints;
using persistence::AuditReport;
using persistence::LostEvent;
using persistence::SalvageReport;

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
using Numbers = std::vector<std::pair<std::string, std::int64_t>>;

void add_points(Numbers& numbers, const std::string& prefix, const AuditPoints& points) {
  const Numbers of_points = {
      {"points_issued", points.issued},   {"points_in_lots", points.in_lots},
      {"points_used", points.used},       {"points_given_back", points.given_back},
      {"points_expired", points.expired}, {"points_clawed_back", points.clawed_back},
      {"points_repaid", points.repaid},   {"points_owed", points.debts},
      {"points_held", points.held},       {"points_booked_as_lost", points.booked_losses}};
  for (const auto& [name, value] : of_points) numbers.emplace_back(prefix + name, value);
}

template <typename Count>
std::int64_t number(Count count) {
  return static_cast<std::int64_t>(count);
}

Numbers numbers_of(const AuditReport& report) {
  Numbers numbers = {
      {"shards", number(report.shards.size())}, {"takeovers", number(report.takeovers)},
      {"events", number(report.events)},        {"members", number(report.members)},
      {"orders", number(report.orders)},        {"refunds", number(report.refunds)},
      {"reversals", number(report.reversals)},  {"identities", number(report.identities)}};
  add_points(numbers, "", report.points);
  numbers.insert(numbers.end(),
                 {{"pool_owes_thousandths", report.pool_owes},
                  {"snapshots_compared", number(report.snapshots)},
                  {"records_compared", number(report.records)},
                  {"orders_in_flight", number(report.in_flight)},
                  {"claims_without_checkout", number(report.claims_without_checkout)},
                  {"claims_without_link", number(report.claims_without_link)}});
  return numbers;
}

Numbers numbers_of(const SalvageReport& report) {
  Numbers numbers = {{"salvaged_batches", number(report.batches)},
                     {"salvaged_events", number(report.events)},
                     {"lost_events", number(report.lost.size())},
                     {"lost_orders", number(report.orders)},
                     {"lost_refunds", number(report.refunds)}};
  add_points(numbers, "lost_", report.points);
  return numbers;
}

/// `"epoch":2,"sequence":7`.
std::string json_of(domain::Position position) {
  return "\"epoch\":" + std::to_string(position.epoch) +
         ",\"sequence\":" + std::to_string(position.sequence);
}

std::string text_of(domain::Position position) {
  return std::to_string(position.epoch) + "-" + std::to_string(position.sequence);
}

std::string hex_of(domain::MemberKey member) {
  std::array<char, 17> hex;
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(member.value));
  return hex.data();
}

void print_json(const Numbers& numbers, const char* comma) {
  for (const auto& [name, value] : numbers) {
    std::printf("%s\"%s\":%lld", comma, name.c_str(), static_cast<long long>(value));
    comma = ",";
  }
}

void print_json(const std::map<std::string, std::int64_t>& postings) {
  const char* comma = "";
  for (const auto& [party, owes] : postings) {
    std::printf("%s\"%s\":%lld", comma, escaped(party).c_str(), static_cast<long long>(owes));
    comma = ",";
  }
}

void print_json(const SalvageReport& salvage) {
  std::printf(",\"salvage\":{");
  print_json(numbers_of(salvage), "");
  std::printf(",\"lost\":[");
  const char* comma = "";
  for (const auto& lost : salvage.lost) {
    std::printf("%s{\"file\":\"%s\",\"shard\":%u,%s,\"member_key\":\"%s\",\"what\":\"%s\"", comma,
                escaped(lost.file).c_str(), lost.shard, json_of(lost.position).c_str(),
                hex_of(lost.member).c_str(), escaped(lost.what).c_str());
    std::printf(",\"points\":%lld,\"again\":%s}", static_cast<long long>(lost.points.count),
                lost.again.epoch == 0 ? "null" : ("{" + json_of(lost.again) + "}").c_str());
    comma = ",";
  }
  std::printf("],\"lost_and_not_kept\":[");
  comma = "";
  for (const auto& gap : salvage.gaps) {
    std::printf("%s{\"shard\":%u,\"up_to\":{%s}}", comma, gap.shard, json_of(gap.position).c_str());
    comma = ",";
  }
  std::printf("]}");
}

void print_json(const AuditReport& report, const std::optional<SalvageReport>& salvage) {
  std::printf("{\"holds\":%s", report.broken ? "false" : "true");
  if (report.broken) {
    const AuditBreak& broken = *report.broken;
    std::printf(",\"broken\":{\"shard\":%u,%s,\"member_key\":\"%s\",\"what\":\"%s\"}", broken.shard,
                json_of(broken.position).c_str(), hex_of(broken.member).c_str(),
                escaped(broken.what).c_str());
  }
  print_json(numbers_of(report), ",");
  std::printf(",\"party_owes_pool_thousandths\":{");
  print_json(report.postings);
  std::printf("}");
  if (salvage) print_json(*salvage);
  std::printf("}\n");
}

void print_lines(const Numbers& numbers) {
  for (const auto& [name, value] : numbers) {
    std::printf("%-26s %20lld\n", name.c_str(), static_cast<long long>(value));
  }
}

void print_line(const LostEvent& lost) {
  std::printf("lost by the ledger, kept in %s: shard %u, position %s, member key %s, %s",
              lost.file.c_str(), lost.shard, text_of(lost.position).c_str(),
              hex_of(lost.member).c_str(), escaped(lost.what).c_str());
  if (lost.points != domain::Points{}) {
    std::printf(", points %lld", static_cast<long long>(lost.points.count));
  }
  if (lost.again.epoch != 0) {
    std::printf("; the ledger has it again at %s", text_of(lost.again).c_str());
  }
  std::printf("\n");
}

void print_lines(const SalvageReport& salvage) {
  print_lines(numbers_of(salvage));
  for (const auto& lost : salvage.lost) print_line(lost);
  for (const auto& gap : salvage.gaps) {
    std::printf("lost by the ledger, kept in none of the files: shard %u, events up to %s\n",
                gap.shard, text_of(gap.position).c_str());
  }
  std::printf(salvage.lost.empty() && salvage.gaps.empty()
                  ? "the ledger has all that was salvaged\n"
                  : "the ledger LOST acknowledged events\n");
}

void print_lines(const AuditReport& report) {
  print_lines(numbers_of(report));
  for (const auto& [party, owes] : report.postings) {
    std::printf("%-26s %20lld  (owes the pool, in 1/1000 minor unit)\n", party.c_str(),
                static_cast<long long>(owes));
  }
  if (!report.broken) {
    std::printf("the ledger holds\n");
    return;
  }
  const AuditBreak& broken = *report.broken;
  std::printf("the ledger does NOT hold, first at shard %u, position %s, member key %s: %s\n",
              broken.shard, text_of(broken.position).c_str(), hex_of(broken.member).c_str(),
              broken.what.c_str());
}

/// Nothing, and says why, if one cannot be read.
std::optional<std::vector<persistence::SalvageFile>> read_files(
    const std::vector<std::filesystem::path>& paths) {
  std::vector<persistence::SalvageFile> files;
  for (const auto& path : paths) {
    auto salvage = persistence::read_salvage(path);
    if (!salvage) {
      std::fprintf(stderr, "wutong: salvage file %s: %s\n", path.c_str(), salvage.error().c_str());
      return std::nullopt;
    }
    files.push_back({path.string(), *std::move(salvage)});
  }
  return files;
}

int no_answer(const LedgerError& error) {
  std::fprintf(stderr, "wutong: the ledger did not answer: %s\n", error.detail.c_str());
  return exit_failed;
}

}  // namespace

int audit(const AuditArguments& arguments) {
  const auto config = load_config(arguments.config_file);
  if (!config) {
    print(config.error());
    return exit_wrong;
  }
  const auto files = read_files(arguments.salvage_files);
  if (!files) return exit_wrong;
  const auto opened = persistence::open_ledger(config->redis);
  if (!opened) {
    std::fprintf(stderr, "wutong: %s\n", opened.error().detail.c_str());
    return exit_failed;
  }
  const persistence::StoredCodec codec;
  std::optional<SalvageReport> salvage;
  if (!files->empty()) {
    auto compared = persistence::compare_salvage(*opened->ledger, codec, *files);
    if (!compared) return no_answer(compared.error());
    if (compared->misfit) {
      std::fprintf(stderr, "wutong: salvage file %s\n", compared->misfit->c_str());
      return exit_wrong;
    }
    salvage = *std::move(compared);
  }
  const auto report = persistence::audit(*opened->ledger, codec);
  if (!report) return no_answer(report.error());
  if (arguments.json) {
    print_json(*report, salvage);
  } else {
    print_lines(*report);
    if (salvage) print_lines(*salvage);
  }
  const bool lost = salvage && !(salvage->lost.empty() && salvage->gaps.empty());
  return report->broken || lost ? exit_failed : exit_ok;
}

}  // namespace wutong::commands
