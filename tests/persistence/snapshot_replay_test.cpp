#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "actors/domain/decide.h"
#include "persistence/codec.h"
#include "tests/actors/domain/random_world.h"

namespace wutong::persistence {
namespace {

using testing::Choices;
using testing::Step;

const StoredCodec codec;

std::string bytes_of(const domain::Member& member) {
  return codec.snapshot_bytes(
      SnapshotView{.member = member, .records = {}, .receipts_complete_from = {}});
}

domain::Event stored_and_read(const domain::Event& event) {
  std::string batch;
  codec.append_event(batch, MemberEvent{.member = {7}, .event = event});
  const auto read = codec.events_of(batch);
  RC_ASSERT(read.has_value() && read->size() == 1U);
  return std::get<MemberEvent>(read->front()).event;
}

/// G6: a take-over reads some snapshot and what the log has after it.
RC_GTEST_PROP(SnapshotReplay, EventsOnASnapshotOfAnyPointGiveTheSameBytesAsFromTheStart,
              (const Choices& choices, const std::vector<Step>& steps)) {
  testing::World world = testing::world_of(choices);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    static_cast<void>(world.run(testing::next_command(world, steps[i], i)));
  }
  const auto snapshot_at = *rc::gen::inRange<std::size_t>(0, world.events.size() + 1);

  domain::Member from_start;
  std::string snapshot = bytes_of(from_start);
  for (std::size_t i = 0; i < world.events.size(); ++i) {
    domain::apply(from_start, stored_and_read(world.events[i]));
    if (i + 1 == snapshot_at) snapshot = bytes_of(from_start);
  }
  const auto read = codec.snapshot_of(snapshot);
  RC_ASSERT(read.has_value());
  domain::Member from_snapshot = read->member;
  for (std::size_t i = snapshot_at; i < world.events.size(); ++i) {
    domain::apply(from_snapshot, stored_and_read(world.events[i]));
  }

  RC_ASSERT(bytes_of(from_snapshot) == bytes_of(from_start));
  RC_ASSERT(bytes_of(from_start) == bytes_of(world.member));
}

}  // namespace
}  // namespace wutong::persistence
