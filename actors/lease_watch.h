#pragma once

#include <cstdint>
#include <string>

#include "actors/ledger.h"

namespace wutong {

/// What an idle shard saw last of the one that may own it, and since when it has stood still. Times
/// are nanoseconds of one's own steady clock: the ledger's may leap, so that a lease ran out by it
/// says nothing.
class LeaseWatch {
 public:
  LeaseWatch() = default;
  explicit LeaseWatch(std::int64_t now_ns) : since_ns_(now_ns) {}

  void saw(const Lease& lease, std::int64_t now_ns) {
    if (lease.owner == owner_ && lease.renewal == renewal_) return;
    owner_ = lease.owner;
    renewal_ = lease.renewal;
    since_ns_ = now_ns;
  }
  void saw(const Head& head, std::int64_t now_ns) {
    if (head == head_) return;
    head_ = head;
    since_ns_ = now_ns;
  }
  [[nodiscard]] bool seen(const Lease& lease) const { return lease.renewal == renewal_; }
  [[nodiscard]] std::int64_t still_for_ns(std::int64_t now_ns) const { return now_ns - since_ns_; }

 private:
  Head head_;
  std::string owner_;
  std::int64_t renewal_ = 0;
  std::int64_t since_ns_ = 0;
};

}  // namespace wutong
