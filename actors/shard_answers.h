#pragma once

#include <caf/send.hpp>
#include <utility>

#include "actors/shard.h"

namespace wutong {

/// A callback for the ledger that comes back to this shard as the message `answer`, of this life.
template <typename Answer, typename Result>
LedgerCallback<Result> Shard::answer_with(Answer answer) {
  answer.life = life_;
  parts_.asks_open.fetch_add(1, std::memory_order_relaxed);
  return [to = parts_.shards[parts_.number], asks_open = &parts_.asks_open,
          answer = std::move(answer)](LedgerResult<Result> result) mutable {
    answer.result = std::move(result);
    caf::anon_send(to, std::move(answer));
    // The last that touches the engine: it may end from here on.
    asks_open->fetch_sub(1, std::memory_order_release);
  };
}

}  // namespace wutong
