#include "tests/actors/simulated_calls.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "tests/support/test_engine.h"

// What callers ask. What they may be told is in `simulated_answers.cpp`.

namespace wutong::testing {
namespace {

const domain::Checkout* checkout_in(const Request& request) {
  if (const auto* quote = std::get_if<domain::Quote>(&request)) return &quote->checkout;
  return std::get_if<domain::Checkout>(&request);
}

}  // namespace

std::string text_of(const std::string& member_id, const Request& request) {
  std::string text = member_id.empty() ? "somebody" : member_id;
  if (std::holds_alternative<domain::Enroll>(request)) return text + " enrolls";
  if (std::holds_alternative<domain::Quote>(request)) return text + " asks for a quote";
  if (std::holds_alternative<ReadMember>(request)) return text + " reads the member";
  if (std::holds_alternative<ReadHistory>(request)) return text + " reads the history";
  if (const auto* checkout = checkout_in(request)) {
    return absl::StrCat(text, " checks out ", checkout->order_id, " of ",
                        checkout->amount.minor_units, " at ", checkout->occurred_at.unix_ms,
                        " with ", checkout->points_to_use.count, " points");
  }
  if (const auto* refund = std::get_if<domain::Refund>(&request)) {
    const auto* amount = std::get_if<domain::RefundOfAmount>(&refund->scope);
    return absl::StrCat(text, " refunds ", refund->order_id, " as ", refund->refund_id, " by ",
                        amount != nullptr ? absl::StrCat(amount->amount.minor_units) : "all");
  }
  if (const auto* link = std::get_if<domain::LinkIdentity>(&request)) {
    return absl::StrCat(text, " links ", absl::Hex(link->identity.high));
  }
  if (const auto* unlink = std::get_if<domain::UnlinkIdentity>(&request)) {
    return absl::StrCat(text, " unlinks ", absl::Hex(unlink->identity.high));
  }
  const auto& receipt = std::get<ReadReceipt>(request);
  return absl::StrCat(text, " reads the receipt ", receipt.key.high, " of order ",
                      receipt.order.high);
}

SimulatedCalls::SimulatedCalls(JournalMirror& mirror, std::mt19937_64& rng, std::uint32_t shards)
    : mirror_(mirror), rng_(rng), shards_(shards) {}

domain::Checkout SimulatedCalls::draw_checkout(domain::Instant now) {
  constexpr std::int64_t amounts[] = {10'000, 60'000, 500'000};
  const auto number = draw(orders);
  const auto* venue = number % 3 == 0 ? "H1" : "M1";
  // Now, or some days before: in the first days of a month that is the month before.
  constexpr std::int64_t day_ms = 86'400'000;
  const domain::Instant today{now.unix_ms - now.unix_ms % day_ms};
  const auto occurred_at = today - domain::Duration{draw(3) == 0 ? 5 * day_ms : 0};
  auto checkout = checkout_of("o" + std::to_string(number), amounts[draw(3)], occurred_at, venue);
  if (draw(8) == 0 && now - occurred_at < domain::Duration{300'000}) {
    checkout.points_to_use = {100};
    checkout.tenders.front().amount -= domain::Money{300};
  }
  return checkout;
}

domain::Refund SimulatedCalls::draw_refund(domain::Instant now) {
  constexpr std::int64_t amounts[] = {1'000, 6'000, 10'000, 60'000};
  const auto number = draw(orders);
  const auto* venue = number % 3 == 0 ? "H1" : "M1";
  constexpr std::int64_t day_ms = 86'400'000;
  const domain::Instant today{now.unix_ms - now.unix_ms % day_ms};
  auto refund = refund_of("r" + std::to_string(draw(10)), "o" + std::to_string(number),
                          amounts[draw(4)], today, venue);
  if (draw(4) == 0) refund.scope = domain::RefundOfWhole{};
  return refund;
}

SimulatedCalls::Question SimulatedCalls::draw_question(domain::Instant now) {
  if (draw(100) < 25) return draw_identity_question(now);
  if (draw(100) < 15 && !made_.empty()) {
    // The same again, as a till does that got no answer; mostly one of the last.
    const auto back = draw(draw(3) == 0 ? made_.size() : std::min<std::size_t>(made_.size(), 8));
    return made_[made_.size() - 1 - back];
  }
  Question question;
  question.request = draw_request(now, question.member_id);
  return question;
}

Request SimulatedCalls::draw_request(domain::Instant now, std::string& member_id) {
  member_id = "m" + std::to_string(draw(members));
  const auto kind = draw(100);
  if (kind < 10 && !made_.empty()) {
    // The same order for another member.
    const auto& again = made_[draw(made_.size())].request;
    if (std::holds_alternative<domain::Checkout>(again)) return again;
  }
  if (kind < 22) return domain::Enroll{.member_id = member_id};
  if (kind < 66) return draw_checkout(now);
  if (kind < 82) {
    if (draw(4) == 0) member_id.clear();
    return draw_refund(now);
  }
  if (kind < 86) return ReadMember{};
  if (kind < 88) return domain::Quote{.checkout = draw_checkout(now)};
  if (kind < 92) return ReadHistory{.before = {}, .records_max = draw(2) == 0 ? 3U : 100U};
  const auto refund = draw_refund(now);
  if (draw(3) == 0) member_id.clear();
  return ReadReceipt{.key = draw(3) == 0 ? refund.key : refund.order, .order = refund.order};
}

std::shared_ptr<Call> SimulatedCalls::next(domain::Instant now, std::int64_t now_ns) {
  auto question = draw_question(now);
  constexpr std::int64_t timeouts_ms[] = {40, 300, 1'000, 5'000};
  const auto deadline = now_ns + timeouts_ms[draw(4)] * 1'000'000;
  return make(std::move(question), now, deadline);
}

std::shared_ptr<Call> SimulatedCalls::ask(const Question& question, domain::Instant now,
                                          std::int64_t deadline_ns) {
  return make(question, now, deadline_ns);
}

std::shared_ptr<Call> SimulatedCalls::make(Question question, domain::Instant now,
                                           std::int64_t deadline_ns) {
  auto& [member_id, identity, request] = question;
  auto& asked = calls_.emplace_back();
  asked.number = static_cast<int>(++asked_);
  asked.member_id = member_id;
  if (!member_id.empty()) asked.member = member_key(member_id);
  asked.identity = identity;
  asked.request = request;
  note_truth(asked);
  if (log) log(absl::StrCat("call ", asked.number, ": ", text_of(member_id, request)));
  made_.push_back(question);

  auto call = std::make_shared<Call>();
  call->member_id = std::move(member_id);
  call->member = asked.member;
  call->identity = identity;
  call->request = std::move(request);
  call->received_at = now;
  call->deadline = deadline_ns;
  if (asked.number % 2 == 0) call->write = write_ahead;
  call->done = [this, &asked](const Reply& reply, const CallTimes&) { on_reply(asked, reply); };
  return call;
}

void SimulatedCalls::note_truth(Asked& asked) const {
  mirror_.sync();
  for (const auto& [key, member] : mirror_.members()) {
    asked.members_then[key] = member.state.position;
  }
  if (asked.identity) asked.holders_then = mirror_.holders_of(*asked.identity);
  const auto& truth = mirror_.member(asked.member);
  asked.member_then = truth.state.position;
  asked.enrolled_then = !truth.state.empty();
  for (const auto& event : truth.events) {
    if (domain::record_of(event)) asked.newest_record_then = domain::header_of(event).position;
  }
  const auto* refund = std::get_if<domain::Refund>(&asked.request);
  const auto* receipt = std::get_if<ReadReceipt>(&asked.request);
  const auto* checkout = std::get_if<domain::Checkout>(&asked.request);
  if (checkout != nullptr) {
    const auto* mine = mirror_.checkout_of(checkout->key, asked.member);
    asked.reversed_then = mine != nullptr && mine->reversed;
  }
  // Of whom an identity will be by then, nothing is known yet.
  if ((refund == nullptr && receipt == nullptr) || asked.identity) return;
  const auto order = refund != nullptr ? refund->order : receipt->order;
  auto member = asked.member;
  if (asked.member_id.empty()) {
    const auto holder = mirror_.holder_of(order);
    if (!holder) return;
    member = *holder;
  }
  const auto* known = mirror_.checkout_of(order, member);
  asked.order_known_then = known != nullptr;
  if (receipt == nullptr || known == nullptr) return;
  for (const auto& event : mirror_.member(member).events) {
    const auto record = domain::record_of(event);
    if (!record || domain::key_of(*record) != receipt->key) continue;
    const auto* of_refund = std::get_if<domain::Refunded>(&*record);
    if (of_refund != nullptr && of_refund->content.order != receipt->order) continue;
    asked.receipt_known_then = true;
  }
}

std::string SimulatedCalls::unanswered_text() const {
  std::string text;
  for (const auto& asked : calls_) {
    if (asked.answers > 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", asked.number, " (",
                    text_of(asked.member_id, asked.request), ")");
  }
  return text;
}

void SimulatedCalls::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what;
}

void SimulatedCalls::complain(const Asked& asked, const std::string& what) {
  complain(absl::StrCat("call ", asked.number, " (", text_of(asked.member_id, asked.request),
                        "): ", what));
}

}  // namespace wutong::testing
