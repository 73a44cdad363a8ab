#pragma once

#include <vector>

#include "actors/domain/quantities.h"
#include "actors/hash_index.h"
#include "actors/member_actor.h"

namespace wutong {

/// The members that a message is about, fetched before the first of them is looked at: see `prefetch`.
class ComingMembers {
 public:
  /// Of the message at hand, and no other.
  void clear() { keys_.clear(); }
  void add(domain::MemberKey key) { keys_.push_back(key); }
  /// Those that are in memory, and their first calls. Step by step, each of all before the next of any, since
  /// what is fetched says where the next of it lies.
  void prefetch(const HashIndex<MemberHandle>& members);

 private:
  std::vector<domain::MemberKey> keys_;
  /// Empty but within `prefetch`; keeps its room.
  std::vector<const MemberActor*> found_;
};

}  // namespace wutong
