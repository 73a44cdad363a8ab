#include "actors/log_writer.h"

#include <utility>

namespace wutong {

LogWriter::LogWriter(AppendRequest taken, Options options)
    : options_(options), head_(taken.next), last_(head_.position) {
  keep(std::move(taken));
}

domain::Position LogWriter::advance() {
  ++last_.sequence;
  return last_;
}

std::string& LogWriter::batch() {
  if (batches_.empty() || batches_.back().bytes.size() >= options_.batch_bytes_max) {
    batches_.emplace_back();
  }
  bytes_before_event_ = batches_.back().bytes.size();
  return batches_.back().bytes;
}

void LogWriter::added() {
  auto& batch = batches_.back();
  batch.last = last_;
  ++batch.events;
  bytes_waiting_ += batch.bytes.size() - bytes_before_event_;
}

std::optional<AppendRequest> LogWriter::start() {
  if (under_way_ || batches_.empty()) return std::nullopt;
  auto batch = std::move(batches_.front());
  batches_.pop_front();
  current_ = {.expected = head_,
              .next = {.position = batch.last, .writer = head_.writer},
              .batch = std::make_shared<const std::string>(std::move(batch.bytes))};
  current_events_ = batch.events;
  under_way_ = true;
  return current_;
}

AppendRequest LogWriter::request() const {
  if (mending_ && *mending_ < links_.size()) return links_[*mending_];
  return current_;
}

AppendVerdict LogWriter::answered(const Head& stands) {
  if (mending_ && *mending_ < links_.size()) {
    if (stands == links_[*mending_].next) {
      ++*mending_;
      if (*mending_ < links_.size() || mending_had_current_) return AppendVerdict::send_again;
      mending_.reset();
      under_way_ = false;
      return AppendVerdict::restored;
    }
    if (stands == links_[*mending_].expected) return AppendVerdict::send_again;
  } else if (stands == current_.next) {
    const bool mended = mending_.has_value();
    mending_.reset();
    under_way_ = false;
    head_ = current_.next;
    last_batch_ = {
        .last = head_.position, .events = current_events_, .bytes = current_.batch->size()};
    bytes_waiting_ -= last_batch_.bytes;
    keep(std::move(current_));
    return mended ? AppendVerdict::restored : AppendVerdict::committed;
  } else if (stands == current_.expected) {
    return AppendVerdict::send_again;
  }
  if (const auto link = link_after(stands)) {
    mending_had_current_ = !mending_ || mending_had_current_;
    mending_ = *link;
    return AppendVerdict::lost_tail;
  }
  return stands.position < head_.position ? AppendVerdict::lost : AppendVerdict::fenced;
}

AppendVerdict LogWriter::observed(const Head& stands) {
  if (stands == head_) return AppendVerdict::committed;
  if (const auto link = link_after(stands)) {
    mending_ = *link;
    mending_had_current_ = false;
    under_way_ = true;
    return AppendVerdict::lost_tail;
  }
  return stands.position < head_.position ? AppendVerdict::lost : AppendVerdict::fenced;
}

std::vector<AppendRequest> LogWriter::links() const { return {links_.begin(), links_.end()}; }

void LogWriter::keep(AppendRequest request) {
  links_bytes_ += request.batch->size();
  links_.push_back(std::move(request));
  while (links_.size() > options_.links_max ||
         (links_.size() > 1 && links_bytes_ > options_.links_bytes_max)) {
    links_bytes_ -= links_.front().batch->size();
    links_.pop_front();
  }
}

std::optional<std::size_t> LogWriter::link_after(const Head& head) const {
  for (std::size_t index = 0; index < links_.size(); ++index) {
    if (links_[index].expected == head) return index;
  }
  return std::nullopt;
}

}  // namespace wutong
