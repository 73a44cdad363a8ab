#include "load/day_jobs.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

namespace wutong::load {
namespace {

std::int64_t now_unix_ms() { return absl::ToUnixMillis(absl::Now()); }

Traffic traffic_of(RefundKind kind) {
  switch (kind) {
    case RefundKind::amount:
      return Traffic::refund_by_amount;
    case RefundKind::lines:
      return Traffic::refund_by_lines;
    case RefundKind::whole:
      break;
  }
  return Traffic::whole_refund;
}

}  // namespace

DayJobs::DayJobs(Parts parts, bool sent_before)
    : rules_(parts.rules),
      plan_(parts.plan),
      caller_(parts.caller),
      acknowledged_(parts.acknowledged),
      findings_(parts.findings),
      outcomes_(parts.outcomes),
      sent_before_(sent_before),
      requests_(parts.rules, parts.plan),
      orders_(parts.plan.orders.size()),
      refund_times_(parts.plan.refunds.size()),
      member_states_(parts.members.size()),
      answered_as_new_(parts.plan.orders.size() + parts.plan.refunds.size()) {
  for (std::size_t i = 0; i < parts.members.size(); ++i) {
    member_states_[i].available = parts.members[i].member.balances().available();
  }
}

std::optional<std::uint32_t> DayJobs::key(std::size_t job) const {
  const PlannedStep& step = plan_.steps[job];
  // What an order that was sent before holds is known only once it was looked up.
  if (step.eager && !sent_before_) return std::nullopt;
  return step.order;
}

void DayJobs::start(std::size_t job, std::function<void()> done) {
  const PlannedStep& step = plan_.steps[job];
  const bool first = step.kind == StepKind::checkout;
  if (!first && !step.eager && orders_[step.order].state != State::accepted) {
    ++outcomes_.skipped;
    return done();
  }
  ++member_state(step.order).started;
  Next next = [this, order = step.order, done = std::move(done)] {
    ++member_state(order).ended;
    done();
  };
  switch (step.kind) {
    case StepKind::checkout:
      return checkout(step.order, std::move(next));
    case StepKind::duplicate:
      return duplicate(step.order, std::move(next));
    case StepKind::other_content:
      return other_content(step, std::move(next));
    case StepKind::other_member:
      return other_member(step, std::move(next));
    case StepKind::refund:
      return refund(step.refund, std::move(next));
    case StepKind::refund_again:
      return send_refund(step.refund, true, std::move(next));
  }
}

void DayJobs::checkout(std::uint32_t order, Next done) {
  if (sent_before_) return look_up_order(order, std::move(done));
  if (plan_.orders[order].pays_with_points) return pay_with_points(order, std::move(done));
  settle(order, 0);
  send(order, std::move(done));
}

void DayJobs::look_up_order(std::uint32_t order, Next done) {
  caller_.get_receipt(
      requests_.order_receipt(order),
      [this, order, done = std::move(done)](Answer<v1::GetReceiptReply> answer) mutable {
        if (answer.status.ok()) {
          const v1::CheckoutRecord& record = answer.reply.receipt().record().checkout();
          orders_[order].settled = {.occurred_at_unix_ms = record.occurred_at_unix_ms(),
                                    .points_to_use = record.points_used()};
          return send(order, std::move(done));
        }
        if (plan_.orders[order].pays_with_points) return pay_with_points(order, std::move(done));
        settle(order, 0);
        send(order, std::move(done));
      });
}

void DayJobs::pay_with_points(std::uint32_t order, Next done) {
  const MemberState& member = member_state(order);
  orders_[order].alone = member.started == member.ended + 1;
  orders_[order].started_before = member.started;
  if (!plan_.orders[order].quotes_first) {
    // The customer sees the balance in the mini-program.
    const Order naive = order_of(requests_.checkout(order, {}));
    settle(order, points_max(rules_, naive, member.available));
    return send(order, std::move(done));
  }
  v1::QuoteRequest request = requests_.quote(order);
  const Order naive = order_of(request);
  ++outcomes_.requests;
  caller_.quote(std::move(request), [this, order, naive, done = std::move(done)](
                                        Answer<v1::QuoteReply> answer) mutable {
    std::int64_t points = 0;
    if (answer.status.ok() && answer.reply.has_quotation()) {
      const v1::Quotation& quotation = answer.reply.quotation();
      points = quotation.points_max();
      const std::int64_t right = points_max(rules_, naive, quotation.balances().available());
      if (points != right) {
        findings_.add(Finding::wrong_points,
                      absl::StrCat("the quote of ", name_of_effect(order), " allows ", points,
                                   " points, the rules ", right));
      }
    } else if (!answer.unknown) {
      wrong("quoting", order, text_of(answer));
    }
    settle(order, points);
    send(order, std::move(done));
  });
}

void DayJobs::settle(std::uint32_t order, std::int64_t points) {
  orders_[order].settled = {.occurred_at_unix_ms = now_unix_ms() - plan_.orders[order].age_ms,
                            .points_to_use = points};
}

void DayJobs::send(std::uint32_t order, Next done) {
  ++outcomes_.requests;
  caller_.checkout(requests_.checkout(order, orders_[order].settled),
                   [this, order, done = std::move(done)](Answer<v1::CheckoutReply> answer) mutable {
                     answered(order, std::move(answer), std::move(done));
                   });
}

void DayJobs::answered(std::uint32_t order, Answer<v1::CheckoutReply> answer, Next done) {
  OrderState& state = orders_[order];
  if (answer.unknown) {
    state.state = State::unknown;
    ++outcomes_.given_up;
    acknowledged_.doubt(order);
    return done();
  }
  if (answer.status.ok() && answer.reply.has_receipt()) {
    state.state = State::accepted;
    const v1::Receipt& receipt = answer.reply.receipt();
    if (receive(order, receipt)) {
      ++outcomes_.orders_accepted;
      if (plan_.orders[order].late) outcomes_.count(Traffic::late_upload);
      if (state.settled.points_to_use > 0) outcomes_.count(Traffic::paid_with_points);
    }
    return done();
  }
  state.state = State::refused;
  if (answer.status.ok() && points_rightly_refused(order, answer.reply.refusal().code())) {
    // A refusal leaves the id free: the customer pays with money.
    ++outcomes_.points_not_taken;
    ++outcomes_.refusals[v1::RefusalCode_Name(answer.reply.refusal().code())];
    state.settled.points_to_use = 0;
    return send(order, std::move(done));
  }
  wrong("sending", order, text_of(answer));
  done();
}

bool DayJobs::points_rightly_refused(std::uint32_t order, v1::RefusalCode code) const {
  const OrderState& state = orders_[order];
  if (state.settled.points_to_use == 0) return false;
  if (code == v1::REFUSAL_CODE_LATE_WITHOUT_HOLD) {
    return now_unix_ms() - state.settled.occurred_at_unix_ms > rules_.late_after_ms;
  }
  if (code != v1::REFUSAL_CODE_BALANCE_TOO_LOW) return false;
  const MemberState& member = member_states_[plan_.orders[order].member];
  // With nothing else of the member under way since the balance was read, it cannot have fallen.
  return !state.alone || member.started != state.started_before;
}

void DayJobs::duplicate(std::uint32_t order, Next done) {
  ++outcomes_.requests;
  caller_.checkout(requests_.checkout(order, orders_[order].settled),
                   [this, order, done = std::move(done)](const Answer<v1::CheckoutReply>& answer) {
                     if (answer.status.ok() && answer.reply.has_receipt()) {
                       if (receive(order, answer.reply.receipt()))
                         outcomes_.count(Traffic::exact_duplicate);
                     } else if (!answer.unknown) {
                       wrong("repeating", order, text_of(answer));
                     } else {
                       ++outcomes_.given_up;
                       acknowledged_.doubt(order);
                     }
                     done();
                   });
}

void DayJobs::other_content(const PlannedStep& step, Next done) {
  OtherContent other =
      with_other_content(requests_.checkout(step.order, orders_[step.order].settled), step.variant);
  ++outcomes_.requests;
  caller_.checkout(std::move(other.request), [this, order = step.order, field = other.field,
                                              done = std::move(done)](
                                                 const Answer<v1::CheckoutReply>& answer) {
    expect_refusal(answer, v1::REFUSAL_CODE_OTHER_CONTENT, field, order, Traffic::other_content);
    done();
  });
}

void DayJobs::other_member(const PlannedStep& step, Next done) {
  v1::CheckoutRequest request = requests_.checkout(step.order, orders_[step.order].settled);
  request.mutable_member()->set_id(requests_.member_id(step.member));
  // The other member's points have nothing to do with it; its checkout is not to fail by them.
  ++outcomes_.requests;
  caller_.checkout(std::move(request), [this, order = step.order, done = std::move(done)](
                                           const Answer<v1::CheckoutReply>& answer) {
    expect_refusal(answer, v1::REFUSAL_CODE_OTHER_MEMBER, "", order, Traffic::other_member);
    done();
  });
}

void DayJobs::expect_refusal(const Answer<v1::CheckoutReply>& answer, v1::RefusalCode code,
                             const std::string& field, std::uint32_t order, Traffic kind) {
  if (answer.unknown) {
    ++outcomes_.given_up;
    return;
  }
  const v1::Refusal& refusal = answer.reply.refusal();
  if (!answer.status.ok() || !answer.reply.has_refusal() || refusal.code() != code) {
    const bool done = answer.status.ok() && answer.reply.has_receipt();
    // A second effect of one order is the worst that can happen.
    findings_.add(done ? Finding::doubled : Finding::wrong_answer,
                  absl::StrCat(name_of_effect(order), " with ", name_of(kind), " gives ",
                               done ? std::string("a receipt") : text_of(answer), " and not ",
                               v1::RefusalCode_Name(code)));
    return;
  }
  if (!field.empty() && refusal.field() != field) {
    wrong("changing", order,
          absl::StrCat("the field ", refusal.field(), ", where ", field, " differs first"));
    return;
  }
  ++outcomes_.refusals[v1::RefusalCode_Name(code)];
  outcomes_.count(kind);
}

void DayJobs::refund(std::uint32_t refund, Next done) {
  refund_times_[refund] = now_unix_ms();
  if (!sent_before_) return send_refund(refund, false, std::move(done));
  caller_.get_receipt(
      requests_.refund_receipt(refund),
      [this, refund, done = std::move(done)](const Answer<v1::GetReceiptReply>& answer) mutable {
        if (answer.status.ok()) {
          refund_times_[refund] = answer.reply.receipt().record().refund().occurred_at_unix_ms();
        }
        send_refund(refund, false, std::move(done));
      });
}

void DayJobs::send_refund(std::uint32_t refund, bool again, Next done) {
  const std::size_t effect = plan_.orders.size() + refund;
  if (again && !acknowledged_.has(effect)) {
    ++outcomes_.skipped;
    return done();
  }
  ++outcomes_.requests;
  caller_.refund(
      requests_.refund(refund, refund_times_[refund]),
      [this, refund, effect, again, done = std::move(done)](const Answer<v1::RefundReply>& answer) {
        if (answer.unknown) {
          ++outcomes_.given_up;
          acknowledged_.doubt(effect);
        } else if (!answer.status.ok() || !answer.reply.has_receipt()) {
          wrong("refunding", effect, text_of(answer));
        } else if (receive(effect, answer.reply.receipt())) {
          outcomes_.count(again ? Traffic::exact_duplicate
                                : traffic_of(plan_.refunds[refund].kind));
          if (!again) ++outcomes_.refunds_accepted;
        }
        done();
      });
}

bool DayJobs::receive(std::size_t effect, const v1::Receipt& receipt) {
  const v1::ReceiptRecord& record = receipt.record();
  const auto verdict = acknowledged_.keep(effect, record, receipt_of(effect));
  if (receipt.replayed()) {
    ++outcomes_.replays;
  } else if (answered_as_new_[effect]) {
    findings_.add(Finding::doubled,
                  absl::StrCat(name_of_effect(effect), " was answered as new twice"));
    return false;
  } else {
    answered_as_new_[effect] = true;
  }
  if (verdict == Acknowledged::Verdict::different) {
    findings_.add(Finding::doubled,
                  absl::StrCat(name_of_effect(effect), " was acknowledged with two records"));
    return false;
  }
  if (verdict == Acknowledged::Verdict::same) return true;

  outcomes_.points_given += record.checkout().points_earned();
  outcomes_.points_used += record.checkout().points_used();
  outcomes_.points_given_back += record.refund().given_back();
  outcomes_.points_clawed_back += record.refund().clawed_back();
  MemberState& member = member_states_[member_of(effect)];
  const v1::Position& position = record.position();
  if (std::pair(position.epoch(), position.sequence()) > std::pair(member.epoch, member.sequence)) {
    member.epoch = position.epoch();
    member.sequence = position.sequence();
    member.available = record.balances_after().available();
  }
  return true;
}

void DayJobs::wrong(const std::string& what, std::size_t effect, const std::string& text) {
  findings_.add(Finding::wrong_answer,
                absl::StrCat(what, " ", name_of_effect(effect), " gives ", text));
}

std::string DayJobs::name_of_effect(std::size_t effect) const {
  if (effect < plan_.orders.size()) {
    const auto order = static_cast<std::uint32_t>(effect);
    return absl::StrCat("order ", requests_.order_id(order), " of ",
                        rules_.venues[plan_.orders[order].venue].id);
  }
  const auto refund = static_cast<std::uint32_t>(effect - plan_.orders.size());
  return absl::StrCat("refund ", requests_.refund_id(refund));
}

std::uint32_t DayJobs::member_of(std::size_t effect) const {
  const std::size_t orders = plan_.orders.size();
  return plan_.orders[effect < orders ? effect : plan_.refunds[effect - orders].order].member;
}

std::variant<v1::CheckoutRequest, v1::RefundRequest> DayJobs::request(std::size_t effect) const {
  if (effect < plan_.orders.size()) {
    return requests_.checkout(static_cast<std::uint32_t>(effect), orders_[effect].settled);
  }
  const std::size_t refund = effect - plan_.orders.size();
  return requests_.refund(static_cast<std::uint32_t>(refund), refund_times_[refund]);
}

v1::GetReceiptRequest DayJobs::receipt_of(std::size_t effect) const {
  if (effect < plan_.orders.size()) {
    return requests_.order_receipt(static_cast<std::uint32_t>(effect));
  }
  return requests_.refund_receipt(static_cast<std::uint32_t>(effect - plan_.orders.size()));
}

}  // namespace wutong::load
