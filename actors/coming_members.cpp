#include "actors/coming_members.h"

#include "actors/prefetch.h"

namespace wutong {

void ComingMembers::prefetch(const HashIndex<MemberHandle>& members) {
  found_.clear();
  for (const auto key : keys_) members.prefetch(key.value);
  for (const auto key : keys_) {
    const auto* handle = members.find(key.value);
    if (handle == nullptr) continue;
    const auto* member = static_cast<const MemberActor*>((*handle)->get());
    found_.push_back(member);
    wutong::prefetch(&member->key, sizeof(MemberActor) - sizeof(caf::abstract_actor));
  }
  for (const auto* member : found_) {
    const auto& state = member->state;
    member->records.prefetch();
    wutong::prefetch(state.lots.data(), sizeof(domain::Lot) * state.lots.size());
    wutong::prefetch(state.counters.data(), sizeof(domain::Counter) * state.counters.size());
    wutong::prefetch(state.sliding.data(), sizeof(domain::SlidingCount) * state.sliding.size());
    wutong::prefetch(member->work.get(), sizeof(MemberWork));
  }
  std::erase_if(found_, [](const MemberActor* member) {
    return member->work == nullptr || member->work->calls.empty();
  });
  for (const auto* member : found_) {
    wutong::prefetch(&member->work->calls.front(), sizeof(WaitingCall));
  }
  for (const auto* member : found_) {
    wutong::prefetch(member->work->calls.front().call.get(), sizeof(Call));
  }
  for (const auto* member : found_) {
    const auto* call = member->work->calls.front().call.get();
    if (call == nullptr) continue;
    const auto* checkout = std::get_if<domain::Checkout>(&call->request);
    if (checkout == nullptr) continue;
    wutong::prefetch(checkout->tenders.data(), sizeof(domain::Tender) * checkout->tenders.size());
  }
  found_.clear();
}

}  // namespace wutong
