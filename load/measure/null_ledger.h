#pragma once

#include <memory>
#include <vector>

#include "actors/ledger.h"

namespace wutong::bench {

/// A ledger that says yes to everything at once and keeps nothing but where it stands, so that what is
/// measured is the engine alone. Members that leave memory are lost.
class NullLedger final : public Ledger {
 public:
  explicit NullLedger(LedgerInfo info);
  ~NullLedger() override;

  [[nodiscard]] const LedgerInfo& info() const override { return info_; }
  [[nodiscard]] Journal& journal(std::uint32_t shard) override;
  void read_clock(LedgerCallback<std::int64_t> done) override;
  void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                      LedgerCallback<SnapshotPage> done) override;

 private:
  LedgerInfo info_;
  std::vector<std::unique_ptr<Journal>> journals_;
};

}  // namespace wutong::bench
