#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages.h"

/// The typed interface of a shard. Its messages stay within a process, so they need no serialization.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SubmitCall)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SubmitCalls)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::BookRequests)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::BookReplies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::Inquiry)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::InquiryReply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SweepPage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SweepTaken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SweepStep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SnapshotsWalked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::AskDirectory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::DirectorySaid)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::HolderInquiry)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::HolderReply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::ClaimRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::AppendAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::FlushAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::HeadRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::MarkRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::LogRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::FormerRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::BookMonthsRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::LogSizeRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SweptNoted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::SnapshotRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::HistoryRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::BucketRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::FilterPageRead)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::LeaseAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::Turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::Tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(wutong::StopShard)

namespace wutong {

using ShardActor = caf::typed_actor<
    caf::reacts_to<SubmitCall>, caf::reacts_to<SubmitCalls>, caf::reacts_to<BookRequests>,
    caf::reacts_to<BookReplies>, caf::reacts_to<Inquiry>, caf::reacts_to<InquiryReply>,
    caf::reacts_to<AskDirectory>, caf::reacts_to<DirectorySaid>, caf::reacts_to<HolderInquiry>,
    caf::reacts_to<HolderReply>, caf::reacts_to<ClaimRead>, caf::reacts_to<AppendAnswered>,
    caf::reacts_to<FlushAnswered>, caf::reacts_to<HeadRead>, caf::reacts_to<MarkRead>,
    caf::reacts_to<LogRead>, caf::reacts_to<FormerRead>, caf::reacts_to<BookMonthsRead>,
    caf::reacts_to<LogSizeRead>, caf::reacts_to<SweptNoted>, caf::reacts_to<SnapshotRead>,
    caf::reacts_to<HistoryRead>, caf::reacts_to<BucketRead>, caf::reacts_to<FilterPageRead>,
    caf::reacts_to<LeaseAnswered>, caf::replies_to<SweepPage>::with<SweepTaken>,
    caf::reacts_to<Turn>, caf::reacts_to<Tick>, caf::reacts_to<StopShard>>;

}  // namespace wutong
