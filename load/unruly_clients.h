#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "load/plain_checkout.h"

namespace wutong::load {

/// What `unruly` does to a gateway. Thread-compatible: `wait` runs all callbacks.
class UnrulyClients {
 public:
  struct Options {
    std::string target;
    std::string token;
    /// Of a call.
    std::chrono::milliseconds timeout{5'000};
    std::uint32_t batch = 64;
    std::chrono::milliseconds read_every{1'000};
  };

  struct Counts {
    std::uint64_t connections_opened = 0;
    std::uint64_t calls = 0;
    std::uint64_t calls_answered = 0;
    std::uint64_t streams_broken = 0;
    /// Checkouts that slow readers handed over, and answers that they read.
    std::uint64_t slow_sent = 0;
    std::uint64_t slow_read = 0;
    /// Streams of slow readers that ended by themselves.
    std::uint64_t slow_ended = 0;
  };

  /// REQUIRES: `checkouts` lives longer.
  UnrulyClients(Options options, PlainCheckouts& checkouts);
  /// Breaks off whatever is under way.
  ~UnrulyClients();
  UnrulyClients(const UnrulyClients&) = delete;
  UnrulyClients& operator=(const UnrulyClients&) = delete;

  /// A connection more.
  void connect();
  /// Connections that stand; those that broke are made anew.
  [[nodiscard]] std::size_t connected() const;
  /// The oldest connection is closed when its call has ended, and another opened in its place.
  void reconnect();
  /// A checkout over the next connection.
  void call();
  /// A stream over the next connection that is broken off when its batch is written.
  void break_a_stream();
  /// A stream on a connection of its own, until the end.
  void read_slowly();

  /// Waits until something happens, at most until `deadline`.
  void wait(std::chrono::system_clock::time_point deadline);

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  /// What takes gRPC's header, which is heavy.
  struct Connections;
  class Operation;
  class UnaryCall;
  class Stream;
  class BrokenStream;
  class SlowReader;

  const Options options_;
  PlainCheckouts& checkouts_;
  std::string authorization_;
  Counts counts_;
  bool ending_ = false;
  std::unique_ptr<Connections> connections_;
};

}  // namespace wutong::load
