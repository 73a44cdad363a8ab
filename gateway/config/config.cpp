#include "gateway/config/config.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "gateway/config/section.h"

namespace wutong {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t mebibyte = 1LL << 20;
constexpr KeyRange any_timeout_ms{10, 60'000};
constexpr KeyRange any_bytes_bound{64 << 10, 1LL << 40};
/// What the kernel takes for the path of a Unix socket.
constexpr std::size_t socket_path_bytes_max = 107;

struct HostPort {
  std::string host;
  int port = 0;
};

std::optional<int> port_of(const std::string& text) {
  int port = 0;
  const bool digits =
      !text.empty() && text.size() <= 5 &&
      std::ranges::all_of(text, [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!digits || !absl::SimpleAtoi(text, &port) || port > 65'535) return std::nullopt;
  return port;
}

/// Four numbers of 0 to 255 of which the first is 127. Names are not asked for: what a name means is
/// another machine's to say.
bool is_loopback_v4(const std::string& host) {
  std::istringstream parts(host);
  std::string part;
  int count = 0;
  for (; std::getline(parts, part, '.'); ++count) {
    const auto number = part.size() <= 3 ? port_of(part) : std::nullopt;
    if (!number || *number > 255 || (count == 0 && *number != 127)) return false;
  }
  return count == 4 && host.back() != '.';
}

std::optional<HostPort> loopback_of(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto host = listen.substr(0, colon);
  const auto port = port_of(listen.substr(colon + 1));
  if (!port || (host != "[::1]" && host != "localhost" && !is_loopback_v4(host))) {
    return std::nullopt;
  }
  return HostPort{host, *port};
}

constexpr const char* must_be_loopback =
    "must be a loopback address and a port, such as \"127.0.0.1:7450\": there is no TLS yet, and "
    "tokens travel in the clear";

/// Reads the sections one by one into a configuration.
class ConfigReader {
 public:
  ConfigReader(const toml::table& top, const fs::path& folder, ConfigErrors& errors)
      : top_(top), folder_(folder), errors_(errors) {}

  Config read() {
    read_ledger();
    read_create();
    read_engine();
    read_gateway();
    read_metrics();
    read_documents();
    read_witness();
    read_log();
    for (const auto& [key, node] : top_) {
      const std::string name(key.str());
      if (std::ranges::find(sections_, name) == sections_.end()) {
        errors_.add(static_cast<int>(key.source().begin.line), name, "is not a known section");
      }
    }
    return std::move(config_);
  }

 private:
  Section section(const std::string& name) {
    sections_.push_back(name);
    return {top_, name, errors_};
  }

  void read_ledger() {
    auto ledger = section("ledger");
    read_node(ledger);
    read_endpoint(ledger);
    auto& redis = config_.redis;
    ledger.integer("replicas", {0, 8}, redis.replicas);
    ledger.flag("allow_everysec", redis.allow_everysec);
    ledger.integer("append_timeout_ms", any_timeout_ms, redis.append_timeout_ms);
    ledger.integer("flush_timeout_ms", any_timeout_ms, redis.flush_timeout_ms);
    ledger.integer("read_timeout_ms", any_timeout_ms, redis.read_timeout_ms);
    ledger.integer("connect_timeout_ms", any_timeout_ms, redis.connect_timeout_ms);
    ledger.integer("reconnect_pause_max_ms", {1, 10'000}, redis.reconnect_pause_max_ms);
    ledger.integer("setup_timeout_ms", {100, 600'000}, redis.setup_timeout_ms);
    ledger.finish();
  }

  void read_node(Section& ledger) {
    if (!ledger.text("node", config_.node)) return ledger.require("node");
    // It stands in heads and leases between '/', '#' and blanks.
    const bool plain =
        config_.node.size() <= 32 && std::ranges::all_of(config_.node, [](unsigned char c) {
          return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
        });
    if (!plain) ledger.fail("node", "must be 1 to 32 letters, digits, '.', '-' or '_'");
  }

  void read_endpoint(Section& ledger) {
    auto& endpoint = config_.redis.endpoint;
    fs::path socket;
    const bool has_socket = ledger.path("unix_socket", folder_, socket);
    const bool has_host = ledger.text("host", endpoint.host);
    ledger.integer("port", {1, 65'535}, endpoint.port);
    endpoint.unix_socket = socket.string();
    if (has_socket == has_host) ledger.fail("unix_socket", "must be given, or host: one of them");
    if (endpoint.unix_socket.size() > socket_path_bytes_max) {
      ledger.fail("unix_socket", absl::StrCat("is a path of more than ", socket_path_bytes_max,
                                              " bytes: ", endpoint.unix_socket));
    }
  }

  void read_create() {
    auto create = section("create");
    auto& options = config_.create;
    create.integer("shards", {1, 1'024}, options.shards);
    if (!std::has_single_bit(options.shards)) create.fail("shards", "must be a power of two");
    int clock = 0;
    create.choice("clock", {"gateway", "caller"}, clock);
    options.clock = clock == 0 ? LedgerClock::gateway : LedgerClock::caller;
    create.integer("history_days", {1, 1'100}, options.history_days);
    create.finish();
  }

  void read_engine() {
    auto engine = section("engine");
    auto& options = config_.engine;
    engine.integer("threads", {1, 256}, options.threads);
    engine.integer("resident_members_max", {1, 1'000'000'000}, options.resident_members_max);
    engine.integer("identity_answers_max", {0, 1'000'000'000}, options.identity_answers_max);
    engine.integer("queued_calls_max", {1, 1'000'000}, options.queued_calls_max);
    engine.integer("lease_ttl_ms", {100, 60'000}, options.lease_ttl_ms);
    engine.integer("append_timeout_ms", any_timeout_ms, options.append_timeout_ms);
    engine.integer("tail_bytes_max", any_bytes_bound, options.tail_bytes_max);
    engine.integer("log_bytes_max", any_bytes_bound, options.log_bytes_max);
    engine.integer("batch_bytes_max", {1'000, 1'000'000}, options.batch_bytes_max);
    engine.integer("flush_members_max", {1, 512}, options.flush_members_max);
    engine.integer("flush_interval_ms", {1, 600'000}, options.flush_interval_ms);
    engine.integer("sweep_keys_per_second", {0, 1'000'000}, options.sweep_keys_per_second);
    engine.integer("sweep_members_per_second", {1, 1'000'000}, options.sweep_members_per_second);
    engine.integer("sweep_resident_members_max", {1, 1'000'000},
                   options.sweep_resident_members_max);
    engine.integer("sweep_interval_ms", {10, 43'200'000}, options.sweep_interval_ms);
    engine.finish();
  }

  void read_gateway() {
    auto gateway = section("gateway");
    auto& options = config_.gateway;
    if (gateway.text("listen", options.listen)) {
      if (options.listen.starts_with("unix:")) {
        const auto socket = (folder_ / options.listen.substr(5)).lexically_normal().string();
        options.listen = "unix:" + socket;
        if (socket.size() > socket_path_bytes_max) gateway.fail("listen", "is too long a path");
      } else if (!loopback_of(options.listen)) {
        gateway.fail("listen", must_be_loopback);
      }
    }
    gateway.integer("message_bytes_max", {1'024, 16 * mebibyte}, options.message_bytes_max);
    gateway.integer("streams_per_connection_max", {1, 65'536}, options.streams_per_connection_max);
    gateway.integer("calls_under_way_max", {1, 1'000'000}, options.calls_under_way_max);
    gateway.integer("stream_items_max", {1, 65'536}, options.stream_items_max);
    gateway.integer("keepalive_ms", {1'000, 3'600'000}, options.keepalive_ms);
    gateway.integer("deadline_max_ms", any_timeout_ms, options.deadline_max_ms);
    gateway.integer("stop_timeout_ms", {100, 600'000}, options.stop_timeout_ms);
    gateway.integer("heap_reserve_bytes", {0, mebibyte * mebibyte}, options.heap_reserve_bytes);
    gateway.finish();
  }

  void read_metrics() {
    auto metrics = section("metrics");
    std::string listen;
    if (metrics.text("listen", listen)) {
      const auto place = loopback_of(listen);
      if (!place) metrics.fail("listen", must_be_loopback);
      if (place) {
        config_.metrics = {place->host == "[::1]" ? "::1" : place->host, place->port};
      }
    }
    metrics.finish();
  }

  void read_documents() {
    auto documents = section("documents");
    require_path(documents, "program", config_.documents.program);
    require_path(documents, "risk_policy", config_.documents.risk_policy);
    documents.finish();
    auto credentials = section("credentials");
    require_path(credentials, "file", config_.credentials_file);
    credentials.finish();
  }

  void read_witness() {
    auto witness = section("witness");
    require_path(witness, "file", config_.witness.file);
    if (!witness.path("salvage_folder", folder_, config_.witness.salvage_folder)) {
      config_.witness.salvage_folder = config_.witness.file.parent_path();
    }
    witness.finish();
  }

  void read_log() {
    auto log = section("log");
    log.choice("level", {"trace", "debug", "info", "warning", "error"}, config_.log.level);
    log.choice("format", {"text", "json"}, config_.log.format);
    log.finish();
  }

  void require_path(Section& from, std::string_view key, fs::path& value) {
    if (!from.path(key, folder_, value)) from.require(key);
  }

  const toml::table& top_;
  const fs::path& folder_;
  ConfigErrors& errors_;
  std::vector<std::string> sections_;
  Config config_;
};

}  // namespace

tl::expected<Config, std::vector<std::string>> parse_config(std::string_view text,
                                                            const fs::path& folder) {
  ConfigErrors errors;
  toml::table top;
  try {
    top = toml::parse(text);
  } catch (const toml::parse_error& error) {
    errors.add(static_cast<int>(error.source().begin.line), "", std::string(error.description()));
    return tl::unexpected(errors.take());
  }
  auto config = ConfigReader(top, folder, errors).read();
  if (!errors.empty()) return tl::unexpected(errors.take());
  return config;
}

tl::expected<Config, std::vector<std::string>> load_config(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream || !text) {
    return tl::unexpected(std::vector{file.string() + ": cannot be read"});
  }
  std::error_code ignored;
  auto config = parse_config(text.str(), fs::absolute(file, ignored).parent_path());
  if (config) return config;
  auto errors = std::move(config).error();
  for (auto& error : errors) error.insert(0, file.string() + ": ");
  return tl::unexpected(std::move(errors));
}

}  // namespace wutong
