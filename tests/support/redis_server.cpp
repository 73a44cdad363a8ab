#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "tests/support/wait_until.h"

namespace wutong::test {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{10'000};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "redis-server of the test: %s\n", why.c_str());
  std::abort();
}

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ContextHandle = std::unique_ptr<redisContext, FreeContext>;
using ReplyHandle = std::unique_ptr<redisReply, FreeReply>;

ContextHandle connect(const std::string& path, milliseconds limit) {
  const auto microseconds = limit.count() * 1'000;
  const timeval timeout{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
  ContextHandle context(redisConnectUnixWithTimeout(path.c_str(), timeout));
  if (context == nullptr || context->err != 0) return nullptr;
  redisSetTimeout(context.get(), timeout);
  return context;
}

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_ARRAY: {
      std::string text;
      for (std::size_t i = 0; i < reply.elements; ++i) text += text_of(*reply.element[i]) + "\n";
      return text;
    }
    case REDIS_REPLY_NIL:
      return "";
    default:
      return {reply.str, reply.len};
  }
}

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "wutong-redis-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) give_up("no temporary folder");
  return name;
}

/// Free now. Another process may take it before Redis does; then the start fails, and says so.
std::uint16_t free_port() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const any_address = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket_fd, any_address, length) != 0 ||
      getsockname(socket_fd, any_address, &length) != 0) {
    give_up("no free port");
  }
  close(socket_fd);
  return ntohs(address.sin_port);
}

}  // namespace

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
  folder_is_ours_ = options_.folder.empty();
  folder_ = folder_is_ours_ ? make_folder() : options_.folder;
  std::filesystem::create_directories(folder_);
  port_ = options_.tcp ? free_port() : std::uint16_t{0};
  start();
}

RedisServer::~RedisServer() {
  if (running()) kill();
  std::error_code ignored;
  if (folder_is_ours_) std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> RedisServer::command_line() const {
  std::vector<std::string> line = {
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--unixsocket",
      socket_path(), "--dir", folder_.string(), "--logfile", "redis.log", "--appendonly", "yes",
      "--appendfsync", options_.appendfsync, "--save", "", "--maxmemory-policy", "noeviction",
      "--daemonize", "no",
      // A replica is served at once; by default the first one waits five seconds for others.
      "--repl-diskless-sync-delay", "0"};
  if (options_.replica_of_port != 0) {
    line.insert(line.end(),
                {"--replicaof", "127.0.0.1 " + std::to_string(options_.replica_of_port)});
  }
  line.insert(line.end(), options_.arguments.begin(), options_.arguments.end());
  return line;
}

void RedisServer::launch() {
  if (running()) give_up("started twice");
  auto words = command_line();
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const pid_t parent = getpid();
  process_ = fork();
  if (process_ < 0) give_up("fork failed");
  if (process_ > 0) return;
  // Other threads are gone here, perhaps with a lock held: only what is safe after fork.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // An inherited socket would keep the test's own connections open after it closed them.
  close_range(3, ~0U, 0);
  const int nowhere = open("/dev/null", O_RDWR);
  dup2(nowhere, 0);
  dup2(nowhere, 1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp("redis-server", arguments.data());
  _exit(127);
}

void RedisServer::start() {
  launch();
  wait_until_it_answers();
}

void RedisServer::wait_until_it_answers() {
  const bool answered = wait_until(patience, [this] {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      std::ifstream log(folder_ / "redis.log");
      give_up("ended at start:\n" + std::string(std::istreambuf_iterator<char>(log), {}));
    }
    return answers_within(milliseconds(500));
  });
  if (!answered) give_up("does not answer");
}

bool RedisServer::answers_within(milliseconds limit) const {
  const auto context = connect(socket_path(), limit);
  if (context == nullptr) return false;
  const ReplyHandle reply(static_cast<redisReply*>(redisCommand(context.get(), "PING")));
  return reply != nullptr && text_of(*reply) == "PONG";
}

void RedisServer::signal_and_reap(int signal_number) {
  if (!running()) give_up("is not running");
  // A frozen process does not act on SIGTERM.
  ::kill(process_, signal_number);
  ::kill(process_, SIGCONT);
  const bool ended =
      wait_until(patience, [this] { return waitpid(process_, nullptr, WNOHANG) == process_; });
  if (!ended) give_up("does not end");
  process_ = 0;
}

void RedisServer::stop() { signal_and_reap(SIGTERM); }

void RedisServer::kill() { signal_and_reap(SIGKILL); }

void RedisServer::freeze() {
  ::kill(process_, SIGSTOP);
  int status = 0;
  // Until the kernel has stopped it: a command sent right after must find it frozen.
  if (waitpid(process_, &status, WUNTRACED) != process_ || !WIFSTOPPED(status)) {
    give_up("cannot be frozen");
  }
}

void RedisServer::thaw() { ::kill(process_, SIGCONT); }

std::string RedisServer::command(const std::vector<std::string>& words) const {
  const auto context = connect(socket_path(), patience);
  if (context == nullptr) give_up("cannot be reached");
  std::vector<const char*> data;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    data.push_back(word.data());
    sizes.push_back(word.size());
  }
  const ReplyHandle reply(static_cast<redisReply*>(
      redisCommandArgv(context.get(), static_cast<int>(words.size()), data.data(), sizes.data())));
  if (reply == nullptr) give_up("does not answer " + words.front());
  return text_of(*reply);
}

std::string RedisServer::info(std::string_view field) const {
  const std::string text = command({"INFO", "everything"});
  const std::string start = "\n" + std::string(field) + ":";
  const auto at = text.find(start);
  if (at == std::string::npos) return "";
  const auto value_at = at + start.size();
  return text.substr(value_at, text.find('\r', value_at) - value_at);
}

std::filesystem::path RedisServer::append_file() const {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "appendonlydir")) {
    if (entry.path().extension() == ".aof" &&
        entry.path().filename().string().find(".incr.") != std::string::npos) {
      newest = std::max(newest, entry.path());
    }
  }
  return newest;
}

}  // namespace wutong::test
