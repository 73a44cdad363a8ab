#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// A Redis of the test's own.
namespace wutong::test {

struct RedisServerOptions {
  /// Where its data, log and socket lie; created if it does not exist, and kept. Empty: a fresh
  /// temporary folder, removed at the end.
  std::filesystem::path folder;
  /// Listens on loopback too, on a port that was free; for replicas.
  bool tcp = false;
  /// The port of the master on loopback whose replica this is; 0: a master itself.
  std::uint16_t replica_of_port = 0;
  std::string appendfsync = "always";
  /// Further arguments as redis-server takes them: {"--maxmemory", "10mb"}.
  std::vector<std::string> arguments;
};

/// A private redis-server on a Unix socket, durable as a ledger needs it. Ends with the thread that
/// started it, even if that is killed, so start it from the test's main thread. Every method returns
/// once its effect is there; what takes longer than ten seconds fails the test's process, saying why.
class RedisServer {
 public:
  RedisServer() : RedisServer(RedisServerOptions()) {}
  /// Starts it, and waits until it answers.
  explicit RedisServer(RedisServerOptions options);
  ~RedisServer();

  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// Starts it on the data that is there, without waiting for an answer.
  void launch();
  /// `launch`, then waits until it answers.
  void start();
  /// SIGTERM: writes what it has, and ends.
  void stop();
  /// SIGKILL.
  void kill();
  /// SIGSTOP: it keeps its connections, and accepts new ones, but answers nothing.
  void freeze();
  void thaw();

  /// Answers within this time? Asks on a new connection each time.
  [[nodiscard]] bool answers_within(std::chrono::milliseconds limit) const;
  [[nodiscard]] bool running() const { return process_ > 0; }

  /// One command, its words given; the answer as text (array elements on lines of their own, a nil as
  /// an empty text, an error with its text). Blocks.
  std::string command(const std::vector<std::string>& words) const;
  /// The value of one field of INFO.
  [[nodiscard]] std::string info(std::string_view field) const;

  [[nodiscard]] std::string socket_path() const { return (folder_ / "redis.sock").string(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  /// The file that appends go to now. REQUIRES: it was started.
  [[nodiscard]] std::filesystem::path append_file() const;
  [[nodiscard]] pid_t process() const { return process_; }

 private:
  [[nodiscard]] std::vector<std::string> command_line() const;
  void signal_and_reap(int signal_number);
  void wait_until_it_answers();

  RedisServerOptions options_;
  bool folder_is_ours_ = false;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

}  // namespace wutong::test
