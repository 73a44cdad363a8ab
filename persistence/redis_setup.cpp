#include "persistence/redis_setup.h"

#include <sodium.h>

#include <map>

#include "persistence/keys.h"
#include "persistence/ledger_text.h"
#include "persistence/redis_command.h"
#include "persistence/redis_reply.h"
#include "persistence/text.h"

namespace wutong::persistence {

namespace {

/// CONFIG GET with several names came with 7.0, as did PEXPIREAT's GT.
constexpr int redis_major_min = 7;

/// Of sockaddr_un, with the closing zero.
constexpr std::size_t socket_path_bytes_max = 107;

tl::unexpected<SetupError> fault(SetupFault kind, std::string detail) {
  return tl::unexpected(SetupError{.fault = kind, .detail = std::move(detail)});
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string join_with_semicolons(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) append_text(text, text.empty() ? "" : "; ", part);
  return text;
}

/// What INFO and CONFIG say against a durable ledger here.
struct Findings {
  std::vector<std::string> faults;
  std::vector<std::string> warnings;
};

void check_server(std::string_view info, const RedisOptions& options, Findings& findings) {
  const auto version = info_field(info, "redis_version");
  auto rest = version;
  if (parse_number<int>(take_part(rest, ".")).value_or(0) < redis_major_min) {
    findings.faults.push_back(join_text("redis_version is ", version, "; it must be 7.0 or later"));
  }
  if (info_field(info, "role") != "master") {
    findings.faults.emplace_back("this server is a replica; name its master");
  }
  const auto replicas =
      parse_number<std::uint32_t>(info_field(info, "connected_slaves")).value_or(0);
  if (replicas < options.replicas) {
    findings.warnings.push_back(join_text("replicas is ", options.replicas, ", but only ", replicas,
                                          " are connected: nothing is acknowledged "
                                          "until enough are"));
  }
}

void check_config(const std::vector<std::string>& names_and_values, const RedisOptions& options,
                  Findings& findings) {
  std::map<std::string_view, std::string_view> config;
  for (std::size_t i = 0; i + 1 < names_and_values.size(); i += 2) {
    config[names_and_values[i]] = names_and_values[i + 1];
  }
  const auto require = [&](std::string_view name, std::string_view value, std::string_view why) {
    if (config[name] == value) return;
    findings.faults.push_back(
        join_text(name, " is '", config[name], "'; it must be '", value, "': ", why));
  };
  require("appendonly", "yes", "without it a restart forgets what was acknowledged");
  require("maxmemory-policy", "noeviction", "Redis would throw away parts of the ledger");
  require("aof-load-truncated", "yes", "Redis would not start again after a torn write");
  if (config["appendfsync"] == "everysec" && options.allow_everysec) {
    findings.warnings.emplace_back(
        "appendfsync is 'everysec': up to a second of acknowledged events is lost with the "
        "machine");
  } else {
    require("appendfsync", "always", "what is acknowledged must be on the disk");
  }
}

/// Whether this key of a shard is as a creation that was cut short leaves it.
tl::expected<bool, SetupError> is_beginning(SetupConversation& redis, std::string_view key) {
  const bool head = key.ends_with("}:head");
  if (!head && !key.ends_with("}:mark")) return false;
  const auto text = redis.ask(redis_command({"GET", key}), read_bytes_reply);
  if (!text) return tl::unexpected(text.error());
  return *text == (head ? fresh_head_text : fresh_mark_text);
}

/// Refuses if anything but the beginnings of a ledger stands in any shard.
tl::expected<void, SetupError> check_nothing_stray(SetupConversation& redis) {
  std::uint64_t cursor = 0;
  do {
    const auto page = redis.ask(
        redis_command({"SCAN", join_text(cursor), "MATCH", any_shard_key, "COUNT", "1000"}),
        read_scan_reply);
    if (!page) return tl::unexpected(page.error());
    for (const auto& key : page->keys) {
      const auto beginning = is_beginning(redis, key);
      if (!beginning) return tl::unexpected(beginning.error());
      if (*beginning) continue;
      return fault(SetupFault::stray_data, join_text("there is a ", key, ", but no ", ledger_key));
    }
    cursor = page->next_cursor;
  } while (cursor != 0);
  return {};
}

}  // namespace

std::optional<std::string> fault_in(const RedisOptions& options) {
  const auto& path = options.endpoint.unix_socket;
  if (path.size() > socket_path_bytes_max)
    return join_text("the socket's path is too long: ", path);
  if (path.empty() && options.endpoint.host.empty()) return "neither a socket nor a host is named";
  for (const auto ms :
       {options.append_timeout_ms, options.flush_timeout_ms, options.read_timeout_ms,
        options.connect_timeout_ms, options.reconnect_pause_max_ms, options.setup_timeout_ms}) {
    if (ms <= 0) return "a time limit is not above 0";
  }
  return std::nullopt;
}

RedisLoopOptions loop_options(const RedisOptions& options, std::size_t connections) {
  return {.endpoint = options.endpoint,
          .connections = connections,
          .connect_timeout = std::chrono::milliseconds(options.connect_timeout_ms),
          .reconnect_pause_max = std::chrono::milliseconds(options.reconnect_pause_max_ms)};
}

SetupError SetupConversation::setup_error(const LedgerError& error) {
  return {
      .fault = error.fault == LedgerFault::unknown ? SetupFault::unreachable : SetupFault::damaged,
      .detail = error.detail};
}

tl::expected<SetupConversation, SetupError> SetupConversation::begin(const RedisOptions& options) {
  if (auto wrong = fault_in(options)) return fault(SetupFault::invalid_options, *std::move(wrong));
  auto loop = RedisLoop::start(loop_options(options, 1));
  if (!loop) return fault(SetupFault::unreachable, std::move(loop).error());
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options.setup_timeout_ms);
  return SetupConversation(*std::move(loop), deadline);
}

tl::expected<std::vector<std::string>, SetupError> SetupConversation::check_settings(
    const RedisOptions& options) {
  const auto info = ask(redis_command({"INFO", "server", "replication"}), read_bytes_reply);
  if (!info) return tl::unexpected(info.error());
  Findings findings;
  check_server(info->value_or(""), options, findings);
  if (findings.faults.empty()) {
    const auto config = ask(redis_command({"CONFIG", "GET", "appendonly", "appendfsync",
                                           "maxmemory-policy", "aof-load-truncated"}),
                            read_list_reply);
    if (!config) return tl::unexpected(config.error());
    check_config(*config, options, findings);
  }
  if (!findings.faults.empty()) {
    return fault(SetupFault::unsafe_settings, join_with_semicolons(findings.faults));
  }
  return std::move(findings.warnings);
}

tl::expected<ScriptNames, SetupError> SetupConversation::load_scripts() {
  ScriptNames names;
  for (std::size_t i = 0; i < script_count; ++i) {
    auto name = ask(redis_command({"SCRIPT", "LOAD", script_texts[i]}), read_bytes_reply);
    if (!name) return tl::unexpected(std::move(name).error());
    names[i] = (*std::move(name)).value_or("");
  }
  return names;
}

tl::expected<LedgerInfo, SetupError> create_ledger(const RedisOptions& redis,
                                                   const CreateOptions& options) {
  if (auto wrong = fault_in(options.shards, options.history_days)) {
    return fault(SetupFault::invalid_options, *std::move(wrong));
  }
  if (sodium_init() < 0) return fault(SetupFault::invalid_options, "no source of random numbers");
  auto conversation = SetupConversation::begin(redis);
  if (!conversation) return tl::unexpected(std::move(conversation).error());
  auto settings = conversation->check_settings(redis);
  if (!settings) return tl::unexpected(std::move(settings).error());

  const auto ask_to_set = [&](std::string_view key, std::string_view value) {
    return conversation->ask(redis_command({"SET", key, value, "NX"}), read_bytes_reply);
  };
  const auto standing = conversation->ask(redis_command({"EXISTS", ledger_key}), read_count_reply);
  if (!standing) return tl::unexpected(standing.error());
  if (*standing != 0) return fault(SetupFault::ledger_exists, "a ledger is here already");
  if (auto clean = check_nothing_stray(*conversation); !clean) {
    return tl::unexpected(std::move(clean).error());
  }

  for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
    const ShardKeys keys(shard);
    if (auto set = ask_to_set(keys.head(), fresh_head_text); !set) {
      return tl::unexpected(std::move(set).error());
    }
    if (auto set = ask_to_set(keys.mark(), fresh_mark_text); !set) {
      return tl::unexpected(std::move(set).error());
    }
  }
  LedgerInfo info{.id = to_hex(random_bytes(16)),
                  .shards = options.shards,
                  .hash_key = random_bytes(16),
                  .identity_key = random_bytes(32),
                  .clock = options.clock,
                  .history_days = options.history_days};
  const auto made = ask_to_set(ledger_key, ledger_info_text(info));
  if (!made) return tl::unexpected(made.error());
  if (!made->has_value()) return fault(SetupFault::ledger_exists, "another created one just now");
  return info;
}

}  // namespace wutong::persistence
