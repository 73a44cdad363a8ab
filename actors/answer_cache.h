#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include "actors/domain/quantities.h"

namespace wutong {

/// The key is a keyed hash itself: nobody without the ledger's key can aim at a bucket.
struct IdentityHash {
  std::size_t operator()(domain::IdentityKey identity) const { return identity.low; }
};

/// Whose identities are, nobody's among them: the answers that were wanted last, at most `answers_max`.
/// About 120 bytes each. Owned by a directory.
class AnswerCache {
 public:
  explicit AnswerCache(std::size_t answers_max) : answers_max_(answers_max) {}

  using Answer = std::optional<domain::MemberKey>;

  /// Null if it is not known here; valid until the next call.
  const Answer* find(domain::IdentityKey identity) {
    const auto found = places_.find(identity);
    if (found == places_.end()) return nullptr;
    latest_.splice(latest_.begin(), latest_, found->second);
    return &found->second->second;
  }

  void put(domain::IdentityKey identity, Answer answer) {
    erase(identity);
    if (answers_max_ == 0) return;
    if (places_.size() == answers_max_) {
      places_.erase(latest_.back().first);
      latest_.pop_back();
    }
    latest_.emplace_front(identity, answer);
    places_[identity] = latest_.begin();
  }

  void erase(domain::IdentityKey identity) {
    const auto found = places_.find(identity);
    if (found == places_.end()) return;
    latest_.erase(found->second);
    places_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  using Answers = std::list<std::pair<domain::IdentityKey, Answer>>;

  std::size_t answers_max_;
  /// The latest first.
  Answers latest_;
  absl::flat_hash_map<domain::IdentityKey, Answers::iterator, IdentityHash> places_;
};

}  // namespace wutong
