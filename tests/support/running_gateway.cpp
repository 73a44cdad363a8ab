#include "tests/support/running_gateway.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/support/http_get.h"
#include "tests/support/wait_until.h"

namespace wutong::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

const fs::path programs = fs::path(WUTONG_BINARY_DIR) / "bin";
const fs::path data = fs::path(WUTONG_SOURCE_DIR) / "tests" / "data";

/// An idle client of gRPC looks at its connections every five seconds by default: only then does it see
/// that a gateway is there, or wants to go, and a gateway that stops waits for its clients.
[[maybe_unused]] const int polling_often =
    setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "20", 0);

std::vector<char*> arguments_of(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

/// Starts `words` with both streams appended to `log`; ends with the thread that called.
pid_t spawn(const std::vector<std::string>& words, const fs::path& log) {
  const auto arguments = arguments_of(words);
  const int out = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(out);
  return process;
}

std::string text_of(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return std::move(out).str();
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

}  // namespace

RunningGateway::RunningGateway(const RedisServer& redis, GatewayOptions options)
    : options_(std::move(options)) {
  std::string pattern = (fs::temp_directory_path() / "wutong-gateway-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  if (options_.program.empty()) options_.program = data / "p0.json";
  if (options_.risk_policy.empty()) options_.risk_policy = data / "p0_policy.json";
  write_files(redis);
  if (redis.command({"EXISTS", "wutong:ledger"}) != "1") {
    const auto created = run({"create"});
    EXPECT_EQ(created.exit_code, 0) << created.output;
  }
}

RunningGateway::~RunningGateway() {
  if (process_ > 0) kill();
  // One that tests share outlives them.
  const auto& tests = *::testing::UnitTest::GetInstance();
  const bool shared = tests.current_test_info() == nullptr;
  if (shared ? !tests.Passed() : ::testing::Test::HasFailure()) {
    std::fprintf(stderr, "--- the gateway's log\n%s\n", text_of(log_file()).c_str());
  }
  std::error_code error;
  fs::remove_all(folder_, error);
}

void RunningGateway::write_files(const RedisServer& redis) {
  std::ofstream config(config_file());
  config << "[ledger]\nnode = \"" << options_.node << "\"\nunix_socket = \"" << redis.socket_path()
         << "\"\n";
  for (const auto& line : options_.ledger) config << line << '\n';
  config << "[create]\nshards = " << options_.shards << "\nclock = \"" << options_.clock
         << "\"\nhistory_days = " << options_.history_days << "\n[engine]\n";
  for (const auto& line : options_.engine) config << line << '\n';
  config << "[gateway]\nlisten = \"" << target() << "\"\n";
  for (const auto& line : options_.gateway) config << line << '\n';
  config << "[metrics]\nlisten = \"127.0.0.1:0\"\n[documents]\nprogram = \""
         << options_.program.string() << "\"\nrisk_policy = \"" << options_.risk_policy.string()
         << "\"\n[credentials]\nfile = \"credentials.toml\"\n"
         << "[witness]\nfile = \"witness\"\n[log]\nlevel = \"" << options_.log_level << "\"\n";
  config.close();
  token_ = add_token("test", "operator", "*");
}

std::string RunningGateway::add_token(const std::string& name, const std::string& role,
                                      const std::string& venue) const {
  const auto made =
      run_program({(programs / "wutong").string(), "token", "--name", name, "--role", role,
                   "--venue", venue, "--credentials", (folder_ / "credentials.toml").string(),
                   "--token-file", (folder_ / "token").string()});
  EXPECT_EQ(made.exit_code, 0) << made.output;
  std::string token;
  std::ifstream(folder_ / "token") >> token;
  return token;
}

std::string RunningGateway::target() const { return "unix:" + (folder_ / "gateway.sock").string(); }

void RunningGateway::launch() {
  std::error_code error;
  fs::remove(folder_ / "gateway.sock", error);
  log_begin_ = fs::exists(log_file()) ? fs::file_size(log_file()) : 0;
  process_ = spawn({(programs / "wutong").string(), "serve", "--config", config_file().string()},
                   log_file());
}

bool RunningGateway::serves_within(milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  const auto health = grpc::health::v1::Health::NewStub(channel());
  while (steady_clock::now() < until) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + milliseconds(500));
    grpc::health::v1::HealthCheckResponse response;
    const auto status = health->Check(&context, {}, &response);
    if (status.ok() && response.status() == grpc::health::v1::HealthCheckResponse::SERVING) {
      return true;
    }
    int exited = 0;
    if (process_ > 0 && waitpid(process_, &exited, WNOHANG) == process_) {
      process_ = 0;
      ADD_FAILURE() << "the gateway ended at its start: " << text_of(log_file());
      return false;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

void RunningGateway::start() {
  launch();
  ASSERT_TRUE(serves_within(std::chrono::seconds(20))) << text_of(log_file());
}

int RunningGateway::terminate() {
  ::kill(process_, SIGTERM);
  const auto until = steady_clock::now() + std::chrono::seconds(30);
  int status = 0;
  while (waitpid(process_, &status, WNOHANG) == 0) {
    if (steady_clock::now() > until) {
      kill();
      return -1;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  process_ = 0;
  return exit_code_of(status);
}

void RunningGateway::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

void RunningGateway::freeze() { ::kill(process_, SIGSTOP); }
void RunningGateway::thaw() { ::kill(process_, SIGCONT); }

std::shared_ptr<grpc::Channel> RunningGateway::channel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A gateway that was killed is back at once here; the default waits longer each time.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  // What a connection has to come up, not what lies between two attempts: a busy machine needs it.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(target(), grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<grpc::ClientContext> RunningGateway::context(milliseconds timeout) const {
  return context_with(token_, timeout);
}

std::unique_ptr<grpc::ClientContext> RunningGateway::context_with(const std::string& token,
                                                                  milliseconds timeout) const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("authorization", "Bearer " + token);
  context->set_deadline(std::chrono::system_clock::now() + timeout);
  return context;
}

std::string RunningGateway::http(const std::string& path) const {
  // Any free port at each start; the log tells which it is, a moment after the first call is served.
  const std::string title = "serving metrics on 127.0.0.1, port ";
  std::uint16_t port = 0;
  const bool told = wait_until(std::chrono::seconds(5), [&] {
    const auto log = text_of(log_file());
    const auto at = log.find(title, log_begin_);
    if (at == std::string::npos || log.find('\n', at) == std::string::npos) return false;
    port = static_cast<std::uint16_t>(std::stoi(log.substr(at + title.size())));
    return true;
  });
  return told ? http_get(port, path) : std::string();
}

double RunningGateway::metric(const std::string& name,
                              const std::vector<std::string>& labels) const {
  return metric_in(http("/metrics"), name, labels);
}

double RunningGateway::metric_in(const std::string& page, const std::string& name,
                                 const std::vector<std::string>& labels) {
  std::istringstream lines(page);
  std::string line;
  double sum = 0;
  bool found = false;
  while (std::getline(lines, line)) {
    if (line.rfind(name, 0) != 0) continue;
    const char after = line.size() > name.size() ? line[name.size()] : ' ';
    if (after != ' ' && after != '{') continue;
    const bool labelled = std::ranges::all_of(
        labels, [&](const auto& label) { return line.find(label) != std::string::npos; });
    if (!labelled) continue;
    sum += std::stod(line.substr(line.rfind(' ') + 1));
    found = true;
  }
  return found ? sum : -1;
}

RunningGateway::Ran RunningGateway::run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words{(programs / "wutong").string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--config", config_file().string()});
  return run_program(words);
}

RunningGateway::Ran run_program(const std::vector<std::string>& command_line) {
  std::string pattern = (fs::temp_directory_path() / "wutong-output-XXXXXX").string();
  close(mkstemp(pattern.data()));
  const pid_t process = spawn(command_line, pattern);
  int status = 0;
  waitpid(process, &status, 0);
  RunningGateway::Ran ran{.exit_code = exit_code_of(status), .output = text_of(pattern)};
  fs::remove(pattern);
  return ran;
}

}  // namespace wutong::test
