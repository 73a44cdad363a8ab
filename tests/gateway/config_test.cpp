#include "gateway/config/config.h"

#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace wutong {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The shipped file as ops/quickstart fills it in.
std::string shipped() {
  std::ifstream stream(WUTONG_SOURCE_DIR "/ops/wutong.toml");
  std::ostringstream text;
  text << stream.rdbuf();
  return absl::StrReplaceAll(text.str(), {{"@data@", "/srv/wutong"},
                                          {"@ops@", "/opt/wutong/ops"},
                                          {"@port@", "7700"},
                                          {"@http_port@", "7701"}});
}

/// All that must be given, and no more.
constexpr const char* least = R"([ledger]
node = "n"
host = "127.0.0.1"
[documents]
program = "program.json"
risk_policy = "../policy.json"
[credentials]
file = "/etc/wutong/credentials.toml"
[witness]
file = "state/witness"
)";

std::vector<std::string> errors_of(const tl::expected<Config, std::vector<std::string>>& config) {
  return config ? std::vector<std::string>() : config.error();
}

TEST(Config, TheShippedFileIsReadWithEveryKeyThatItNames) {
  const auto config = parse_config(shipped(), "/srv/wutong");
  // Each default that it shows behind '#' is one of a key that there is.
  const auto all = std::regex_replace(shipped(), std::regex("\n#([a-z_]+ = )"), "\n$1");

  ASSERT_THAT(errors_of(config), IsEmpty());
  EXPECT_EQ(config->redis.endpoint.unix_socket, "/srv/wutong/redis.sock");
  EXPECT_EQ(config->gateway.listen, "127.0.0.1:7700");
  EXPECT_EQ(config->metrics.host, "127.0.0.1");
  EXPECT_EQ(config->metrics.port, 7701);
  EXPECT_EQ(config->documents.program, "/opt/wutong/ops/program/program.json");
  EXPECT_EQ(config->credentials_file, "/srv/wutong/credentials.toml");
  EXPECT_EQ(config->witness.salvage_folder, "/srv/wutong");
  EXPECT_THAT(errors_of(parse_config(all, "/srv/wutong")), IsEmpty());
}

TEST(Config, TheDefaultsThatTheShippedFileShowsAreTheOnesThatAre) {
  const auto shown = parse_config(
      std::regex_replace(shipped(), std::regex("\n#([a-z_]+ = )"), "\n$1"), "/srv/wutong");
  const auto silent = parse_config(least, "/");

  ASSERT_TRUE(shown.has_value() && silent.has_value());
  EXPECT_EQ(shown->redis.append_timeout_ms, silent->redis.append_timeout_ms);
  EXPECT_EQ(shown->redis.flush_timeout_ms, silent->redis.flush_timeout_ms);
  EXPECT_EQ(shown->redis.read_timeout_ms, silent->redis.read_timeout_ms);
  EXPECT_EQ(shown->redis.connect_timeout_ms, silent->redis.connect_timeout_ms);
  EXPECT_EQ(shown->redis.reconnect_pause_max_ms, silent->redis.reconnect_pause_max_ms);
  EXPECT_EQ(shown->redis.setup_timeout_ms, silent->redis.setup_timeout_ms);
  EXPECT_EQ(shown->redis.replicas, silent->redis.replicas);
  EXPECT_EQ(shown->engine.resident_members_max, silent->engine.resident_members_max);
  EXPECT_EQ(shown->engine.identity_answers_max, silent->engine.identity_answers_max);
  EXPECT_EQ(shown->engine.queued_calls_max, silent->engine.queued_calls_max);
  EXPECT_EQ(shown->engine.lease_ttl_ms, silent->engine.lease_ttl_ms);
  EXPECT_EQ(shown->engine.append_timeout_ms, silent->engine.append_timeout_ms);
  EXPECT_EQ(shown->engine.tail_bytes_max, silent->engine.tail_bytes_max);
  EXPECT_EQ(shown->engine.log_bytes_max, silent->engine.log_bytes_max);
  EXPECT_EQ(shown->engine.batch_bytes_max, silent->engine.batch_bytes_max);
  EXPECT_EQ(shown->engine.flush_members_max, silent->engine.flush_members_max);
  EXPECT_EQ(shown->engine.flush_interval_ms, silent->engine.flush_interval_ms);
  EXPECT_EQ(shown->engine.sweep_keys_per_second, silent->engine.sweep_keys_per_second);
  EXPECT_EQ(shown->engine.sweep_members_per_second, silent->engine.sweep_members_per_second);
  EXPECT_EQ(shown->engine.sweep_resident_members_max, silent->engine.sweep_resident_members_max);
  EXPECT_EQ(shown->engine.sweep_interval_ms, silent->engine.sweep_interval_ms);
  EXPECT_EQ(shown->gateway.message_bytes_max, silent->gateway.message_bytes_max);
  EXPECT_EQ(shown->gateway.streams_per_connection_max, silent->gateway.streams_per_connection_max);
  EXPECT_EQ(shown->gateway.calls_under_way_max, silent->gateway.calls_under_way_max);
  EXPECT_EQ(shown->gateway.stream_items_max, silent->gateway.stream_items_max);
  EXPECT_EQ(shown->gateway.keepalive_ms, silent->gateway.keepalive_ms);
  EXPECT_EQ(shown->gateway.deadline_max_ms, silent->gateway.deadline_max_ms);
  EXPECT_EQ(shown->gateway.stop_timeout_ms, silent->gateway.stop_timeout_ms);
  EXPECT_EQ(shown->gateway.heap_reserve_bytes, silent->gateway.heap_reserve_bytes);
}

TEST(Config, PathsAreRelativeToTheFilesFolder) {
  const auto config = parse_config(least, "/etc/wutong/mall");

  ASSERT_THAT(errors_of(config), IsEmpty());
  EXPECT_EQ(config->documents.program, "/etc/wutong/mall/program.json");
  EXPECT_EQ(config->documents.risk_policy, "/etc/wutong/policy.json");
  EXPECT_EQ(config->credentials_file, "/etc/wutong/credentials.toml");
  EXPECT_EQ(config->witness.file, "/etc/wutong/mall/state/witness");
  EXPECT_EQ(config->witness.salvage_folder, "/etc/wutong/mall/state");
}

TEST(Config, EverythingThatMustBeGivenIsAskedFor) {
  EXPECT_THAT(
      errors_of(parse_config("", "/")),
      ElementsAre("ledger.node: must be given",
                  "ledger.unix_socket: must be given, or host: one of them",
                  "documents.program: must be given", "documents.risk_policy: must be given",
                  "credentials.file: must be given", "witness.file: must be given"));
}

struct BadConfig {
  std::string name;
  std::string added;
  std::vector<std::string> errors;

  friend std::ostream& operator<<(std::ostream& out, const BadConfig& row) {
    return out << row.name;
  }
};

class BadConfigs : public ::testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigs, AreToldWithLineAndKey) {
  const auto& row = GetParam();

  EXPECT_THAT(errors_of(parse_config(least + row.added, "/")), ElementsAreArray(row.errors));
}

const std::string not_loopback =
    "must be a loopback address and a port, such as \"127.0.0.1:7450\": there is no TLS yet, and "
    "tokens travel in the clear";

const BadConfig bad_configs[] = {
    {"an_unknown_section", "[leger]\nx = 1", {"line 11: leger: is not a known section"}},
    {"an_unknown_key",
     "[engine]\nthreads = 2\nthread = 2",
     {"line 13: engine.thread: is not a known key"}},
    {"a_key_outside_of_a_section_of_its_own",
     "salvage = 1",
     {"line 11: witness.salvage: is not a known key"}},
    {"a_section_that_is_none",
     "[gateway.listen]\n",
     {"line 11: gateway.listen: must be a text in quotes, and not empty"}},
    {"numbers_out_of_range",
     "[engine]\nthreads = 0\nlease_ttl_ms = 60001\nbatch_bytes_max = 1.5",
     {"line 12: engine.threads: must be a number from 1 to 256",
      "line 13: engine.lease_ttl_ms: must be a number from 100 to 60000",
      "line 14: engine.batch_bytes_max: must be a number from 1000 to 1000000"}},
    {"a_text_for_a_number",
     "[engine]\nthreads = \"2\"",
     {"line 12: engine.threads: must be a number from 1 to 256"}},
    {"shards_that_are_no_power_of_two",
     "[create]\nshards = 12",
     {"line 12: create.shards: must be a power of two"}},
    {"a_clock_that_there_is_not",
     "[create]\nclock = \"till\"",
     {"line 12: create.clock: must be one of \"gateway\", \"caller\""}},
    {"a_level_that_there_is_not",
     "[log]\nlevel = \"loud\"\nformat = 1",
     {"line 12: log.level: must be one of \"trace\", \"debug\", \"info\", \"warning\", \"error\"",
      "line 13: log.format: must be one of \"text\", \"json\""}},
    {"all_addresses",
     "[gateway]\nlisten = \"0.0.0.0:7450\"",
     {"line 12: gateway.listen: " + not_loopback}},
    {"an_address_of_the_network",
     "[metrics]\nlisten = \"192.168.1.5:7451\"",
     {"line 12: metrics.listen: " + not_loopback}},
    {"a_name_that_looks_like_loopback",
     "[gateway]\nlisten = \"127.0.0.1.example.com:7450\"",
     {"line 12: gateway.listen: " + not_loopback}},
    {"a_port_that_was_not_filled_in",
     "[gateway]\nlisten = \"127.0.0.1:@port@\"",
     {"line 12: gateway.listen: " + not_loopback}},
    {"a_port_beyond_all",
     "[metrics]\nlisten = \"[::1]:65536\"",
     {"line 12: metrics.listen: " + not_loopback}},
    {"no_port", "[metrics]\nlisten = \"localhost\"", {"line 12: metrics.listen: " + not_loopback}},
};

INSTANTIATE_TEST_SUITE_P(Table, BadConfigs, ::testing::ValuesIn(bad_configs),
                         [](const auto& row) { return row.param.name; });

TEST(Config, LoopbackInEverySpellingIsTaken) {
  for (const auto* listen : {"127.0.0.1:0", "127.9.9.9:65535", "[::1]:7450", "localhost:7450"}) {
    const auto config =
        parse_config(std::string(least) + "[metrics]\nlisten = \"" + listen + "\"", "/");
    EXPECT_THAT(errors_of(config), IsEmpty()) << listen;
  }
  const auto config =
      parse_config(std::string(least) + "[gateway]\nlisten = \"unix:run/grpc.sock\"", "/srv");
  ASSERT_THAT(errors_of(config), IsEmpty());
  EXPECT_EQ(config->gateway.listen, "unix:/srv/run/grpc.sock");
}

TEST(Config, ASocketAndAHostExcludeEachOther) {
  const auto text = absl::StrReplaceAll(
      least, {{"host = \"127.0.0.1\"",
               "host = \"127.0.0.1\"\nunix_socket = \"" + std::string(108, 'x') + "\""}});

  EXPECT_THAT(errors_of(parse_config(text, "/")),
              ElementsAre("line 4: ledger.unix_socket: must be given, or host: one of them",
                          HasSubstr("line 4: ledger.unix_socket: is a path of more than 107")));
}

TEST(Config, ANodeMustNotSteerWhatItStandsIn) {
  const auto text = absl::StrReplaceAll(least, {{"node = \"n\"", "node = \"n/1 #2\""}});

  EXPECT_THAT(errors_of(parse_config(text, "/")),
              ElementsAre("line 2: ledger.node: must be 1 to 32 letters, digits, '.', '-' or '_'"));
}

TEST(Config, ASyntaxErrorIsToldWithItsLine) {
  EXPECT_THAT(errors_of(parse_config("[ledger]\nnode = \n", "/")),
              ElementsAre(HasSubstr("line 2: ")));
}

TEST(Config, AFileThatCannotBeReadIsAnError) {
  EXPECT_THAT(errors_of(load_config("/no/such/wutong.toml")),
              ElementsAre("/no/such/wutong.toml: cannot be read"));
}

}  // namespace
}  // namespace wutong
