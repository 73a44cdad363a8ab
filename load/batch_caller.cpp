#include "load/batch_caller.h"

#include <absl/strings/str_cat.h>

#include <utility>

namespace wutong::load {

BatchCaller::BatchCaller(const CallOptions& calls, Options options)
    : options_(std::move(options)),
      streams_(calls,
               {.fill = [this](std::size_t stream,
                               v1::BatchRequest& request) { return fill(slots_[stream], request); },
                .take = [this](std::size_t stream,
                               const v1::BatchReply& reply) { return take(slots_[stream], reply); },
                .ended =
                    [this](std::size_t, const grpc::Status& status) {
                      if (trouble_.empty()) {
                        trouble_ = absl::StrCat("a stream ended: ", text_of(status, {}));
                      }
                    }}) {
  const auto items = std::size_t{options_.batch} * options_.outstanding;
  Slots slots{.sent = std::vector<std::optional<Clock::time_point>>(items), .free = {}};
  slots.free.reserve(items);
  for (std::size_t slot = items; slot > 0; --slot) slots.free.push_back(slot - 1);
  slots_.assign(streams_.size(), slots);
}

bool BatchCaller::fill(Slots& slots, v1::BatchRequest& request) {
  const auto batch = std::size_t{options_.batch};
  if (stopped_ || slots.free.size() < batch) return false;
  const auto now = Clock::now();
  while (request.items_size() < static_cast<int>(batch)) request.add_items();
  for (auto& item : *request.mutable_items()) {
    const auto slot = slots.free.back();
    slots.free.pop_back();
    slots.sent[slot] = now;
    item.set_number(slot);
    options_.fill(*item.mutable_checkout());
  }
  return true;
}

bool BatchCaller::take(Slots& slots, const v1::BatchReply& reply) {
  const auto now = Clock::now();
  for (const auto& item : reply.items()) {
    const auto slot = static_cast<std::size_t>(item.number());
    if (slot >= slots.sent.size() || !slots.sent[slot]) {
      trouble_ = absl::StrCat("an answer that nobody waits for, number ", item.number());
      return false;
    }
    options_.answered(item, now - *std::exchange(slots.sent[slot], std::nullopt));
    slots.free.push_back(slot);
  }
  return true;
}

bool BatchCaller::wait(std::chrono::system_clock::time_point deadline) {
  return streams_.wait(deadline);
}

std::uint64_t BatchCaller::under_way() const {
  std::uint64_t sum = 0;
  for (const auto& slots : slots_) sum += slots.sent.size() - slots.free.size();
  return sum;
}

}  // namespace wutong::load
