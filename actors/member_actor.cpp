#include "actors/member_actor.h"

#include <caf/attachable.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/system_messages.hpp>
#include <utility>

namespace wutong {

// With what CAF puts in front of it 480 bytes, a size that the heap has. A pointer more, and it takes 512.
static_assert(sizeof(MemberActor) <= 416);

MemberActor::MemberActor(caf::actor_config& config, caf::strong_actor_ptr shard,
                         domain::MemberKey member)
    : caf::abstract_actor(config), key(member), shard_(std::move(shard)) {}

void MemberActor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  // An exit meant for one member must not end the shard of thousands.
  if (what->content().match_elements<caf::exit_msg>()) return;
  shard_->get()->enqueue(std::move(what), host);
}

void MemberActor::attach(caf::attachable_ptr what) {
  what->actor_exited(caf::error{caf::exit_reason::unreachable}, nullptr);
}

std::size_t MemberActor::detach(const caf::attachable::token&) { return 0; }
void MemberActor::add_link(caf::abstract_actor*) {}
void MemberActor::remove_link(caf::abstract_actor*) {}
bool MemberActor::add_backlink(caf::abstract_actor*) { return false; }
bool MemberActor::remove_backlink(caf::abstract_actor*) { return false; }

}  // namespace wutong
