#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/errands.h"
#include "wutong/v1/points.pb.h"

namespace wutong::test {

struct CrowdOptions {
  std::uint64_t seed = 1;
  int members = 48;
  /// Requests open at all times.
  int requests = 96;
  /// How many of a hundred errands are for an order that two members want.
  std::size_t contests_percent = 7;
  /// Deadline of one attempt.
  std::chrono::milliseconds timeout{2'000};
};

/// Many customers at once: checkouts with and without points, refunds, repeats, the same order for two
/// members, and reads. Whatever is not answered is asked again with the same id, and every receipt that
/// is acknowledged is kept, to be held against the ledger afterwards.
///
/// Everything happens on a thread of its own; the methods are for the test's main thread.
class Crowd {
 public:
  /// Enrolls the members. Attempts go to the gateways in turn; these outlive the crowd.
  explicit Crowd(std::vector<const RunningGateway*> gateways, CrowdOptions options = {});
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Begins, or goes on after `finish`.
  void start();
  /// Begins nothing new and waits until all that was begun is answered; fails the test after `limit`.
  void finish(std::chrono::milliseconds limit = std::chrono::seconds(30));

  /// How long it takes from now until every member got an answer to something asked after now; nothing
  /// if that takes longer.
  [[nodiscard]] std::optional<std::chrono::milliseconds> everyone_served_within(
      std::chrono::milliseconds limit);

  [[nodiscard]] int under_way() const { return attempts_.under_way.load(); }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_.load(); }
  [[nodiscard]] const Attempts& attempts() const { return attempts_; }
  /// One line for people.
  [[nodiscard]] std::string summary() const;

  /// What is wrong: answers that must not be, acknowledged receipts that are not there byte for byte,
  /// balances that are not the receipts' sum, receipts that nobody acknowledged. Empty if all is well.
  /// REQUIRES: finished. Asks this gateway.
  [[nodiscard]] std::string findings(const RunningGateway& gateway) const;

 private:
  /// What one member was told.
  struct Account {
    std::string id;
    /// Only earns, so that what a read says never falls.
    bool only_earns = false;
    /// By kind and id, `order O1` or `refund R1 of O1`: the record's bytes.
    std::map<std::string, std::string> receipts;
    std::int64_t points = 0;
    std::uint32_t served_in = 0;
  };
  /// An order for two members: one of them must get it.
  struct Contest {
    int answered = 0;
    int won = 0;
  };
  struct Bought {
    std::size_t account = 0;
    v1::CheckoutRequest request;
  };

  void live();
  void begin_something();
  void check_out();
  void contest();
  void refund();
  void repeat();
  void read();
  void enroll_all();
  [[nodiscard]] v1::CheckoutRequest order_of(std::size_t account);
  void send_order(std::size_t account, v1::CheckoutRequest request, bool contested);
  void keep(std::size_t account, const v1::Receipt& receipt, std::uint32_t begun);
  void served(std::size_t account, std::uint32_t begun);
  void complain(std::string what);
  [[nodiscard]] std::size_t pick(std::size_t count);
  /// A member that may lose points.
  [[nodiscard]] std::size_t pick_spender();

  [[nodiscard]] std::vector<std::string> findings_about(const Account& account,
                                                        const RunningGateway& gateway,
                                                        v1::Points::Stub& stub) const;

  const CrowdOptions options_;
  Attempts attempts_;
  Errands errands_;
  std::mt19937_64 random_;
  std::vector<Account> accounts_;
  std::vector<Bought> bought_;
  std::map<std::string, Contest> contests_;
  std::uint64_t numbers_ = 0;
  std::map<std::string, std::uint64_t> refused_;

  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<std::size_t> served_ = 0;
  std::atomic<bool> going_ = false;
  std::atomic<bool> over_ = false;
  std::atomic<bool> at_rest_ = true;
  std::vector<std::string> complaints_;
  std::thread thread_;
};

/// Key of a receipt in its member's account, and what it adds to the member's points, debts deducted.
[[nodiscard]] std::string key_of(const v1::ReceiptRecord& record);
[[nodiscard]] std::int64_t points_of(const v1::ReceiptRecord& record);

}  // namespace wutong::test
