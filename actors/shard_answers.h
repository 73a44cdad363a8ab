#pragma once

#include <caf/send.hpp>
#include <utility>

#include "actors/shard.h"

namespace wutong {

/// A callback for the ledger that comes back to this shard as the message `answer`, of this life.
template <typename Answer, typename Result>
LedgerCallback<Result> Shard::answer_with(Answer answer) {
  answer.life = life_;
  return [to = parts_.shards[parts_.number],
          answer = std::move(answer)](LedgerResult<Result> result) mutable {
    answer.result = std::move(result);
    caf::anon_send(to, std::move(answer));
  };
}

}  // namespace wutong
