#include "tests/load/naive_gateway.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "load/requests.h"

namespace wutong::load {
namespace {

std::string key_of(const v1::OrderRef& order) {
  return absl::StrCat(order.venue(), "/", order.order_id());
}

std::string key_of(const v1::CheckoutRequest& request) {
  return absl::StrCat(request.origin().venue(), "/", request.order_id());
}

void fill(v1::Balances& balances, const Account& account) {
  balances.set_available(account.available());
  balances.set_debt(account.debt());
}

/// The first of the fields that the generator changes.
std::string difference(const v1::CheckoutRequest& known, const v1::CheckoutRequest& asked) {
  if (known.occurred_at_unix_ms() != asked.occurred_at_unix_ms()) return "occurred_at_unix_ms";
  if (known.amount_minor() != asked.amount_minor()) return "amount_minor";
  if (known.excluded_from_offset_minor() != asked.excluded_from_offset_minor()) {
    return "excluded_from_offset_minor";
  }
  return known.points_to_use() == asked.points_to_use() ? "" : "points_to_use";
}

/// What went into and out of each lot; 0 tells of a lot what it is called.
void add_movements(v1::ReceiptRecord& record, const std::vector<Lot>& before,
                   const std::vector<Lot>& after) {
  for (const Lot& lot : after) {
    const auto former = std::ranges::find(before, lot.serial, &Lot::serial);
    const std::int64_t in = lot.points - (former == before.end() ? 0 : former->points);
    v1::LotMovement& movement = *record.add_movements();
    movement.set_reason(in < 0                ? v1::MOVEMENT_REASON_CLAW_BACK
                        : record.has_refund() ? v1::MOVEMENT_REASON_GIVE_BACK
                                              : v1::MOVEMENT_REASON_EARN);
    movement.set_points(std::abs(in));
    movement.set_lot_serial(lot.serial);
    movement.set_party(lot.party);
    movement.set_expires_on(absl::FormatCivilTime(lot.expires_on));
  }
}

void refuse(v1::Refusal& refusal, v1::RefusalCode code, const std::string& field) {
  refusal.set_code(code);
  refusal.set_field(field);
}

void fill(v1::CheckoutRecord& record, const v1::CheckoutRequest& request,
          const CheckoutResult& result) {
  record.set_order_id(request.order_id());
  *record.mutable_origin() = request.origin();
  record.set_occurred_at_unix_ms(request.occurred_at_unix_ms());
  record.set_amount_minor(request.amount_minor());
  record.set_eligible_minor(result.earning.eligible_minor);
  for (const Award& award : result.earning.awards) {
    v1::AwardLine& line = *record.add_awards();
    line.set_kind(award.kind == AwardKind::base         ? v1::RULE_KIND_BASE
                  : award.kind == AwardKind::multiplier ? v1::RULE_KIND_MULTIPLIER
                                                        : v1::RULE_KIND_FIXED);
    line.set_points(award.points);
    line.set_promotion(award.promotion);
    line.set_party(award.party);
    line.set_threshold_minor(award.threshold_minor);
    line.set_expires_on(absl::FormatCivilTime(result.expires_on));
  }
  record.set_points_earned(result.earning.points());
  record.set_points_used(request.points_to_use());
  for (const LotUse& use : result.used) {
    v1::LotMovement& movement = *record.add_lots_used();
    movement.set_party(use.party);
    movement.set_expires_on(absl::FormatCivilTime(use.expires_on));
    movement.set_points(use.points);
  }
  record.set_offset_money_minor(result.earning.offset_money_minor);
  record.set_cash_due_minor(result.earning.cash_due_minor);
}

grpc::Status exhausted() { return {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many"}; }
grpc::Status unavailable() { return {grpc::StatusCode::UNAVAILABLE, "not now"}; }

}  // namespace

NaiveGateway::NaiveGateway(const Rules& rules, Faults faults) : rules_(rules), faults_(faults) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

NaiveGateway::~NaiveGateway() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string NaiveGateway::target() const { return absl::StrCat("127.0.0.1:", port_); }

void NaiveGateway::err(Faults faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
}

int NaiveGateway::checkouts_seen() {
  const std::lock_guard lock(mutex_);
  return checkouts_seen_;
}

std::size_t NaiveGateway::refunds_taken() {
  const std::lock_guard lock(mutex_);
  return refunds_.size();
}

NaiveGateway::Trouble NaiveGateway::trouble() {
  ++calls_;
  if (faults_.dies_after > 0 && calls_ > faults_.dies_after) return {.before = true};
  if (faults_.unavailable == 0 || calls_ % faults_.unavailable != 0) return {};
  const bool before = calls_ / faults_.unavailable % 2 == 0;
  return {.before = before, .after = !before};
}

v1::ReceiptRecord NaiveGateway::stamped(std::int64_t received_at_unix_ms) {
  v1::ReceiptRecord record;
  record.set_outcome(v1::OUTCOME_ACCEPTED);
  record.mutable_position()->set_epoch(1);
  record.mutable_position()->set_sequence(++sequence_);
  record.set_received_at_unix_ms(received_at_unix_ms);
  return record;
}

grpc::Status NaiveGateway::Enroll(grpc::ServerContext*, const v1::EnrollRequest* request,
                                  v1::EnrollReply* reply) {
  const std::lock_guard lock(mutex_);
  const Trouble trouble = this->trouble();
  if (trouble.before) return unavailable();
  const auto [member, made] =
      members_.try_emplace(request->member_id(), Member{.account = Account(rules_)});
  // What came before the enrollment does not belong to the run.
  if (made) member->second.last_event_at_unix_ms = absl::ToUnixMillis(absl::Now()) - 1;
  reply->set_enrolled_now(made);
  reply->mutable_member()->set_last_event_at_unix_ms(member->second.last_event_at_unix_ms);
  fill(*reply->mutable_member()->mutable_balances(), member->second.account);
  for (const Lot& lot : member->second.account.lots()) {
    if (lot.points == 0) continue;
    v1::Lot& told = *reply->mutable_member()->add_lots();
    told.set_serial(lot.serial);
    told.set_points(lot.points);
    told.set_party(lot.party);
    told.set_expires_on(absl::FormatCivilTime(lot.expires_on));
  }
  return trouble.after ? unavailable() : grpc::Status::OK;
}

grpc::Status NaiveGateway::GetMember(grpc::ServerContext*, const v1::GetMemberRequest* request,
                                     v1::GetMemberReply* reply) {
  const std::lock_guard lock(mutex_);
  if (trouble().before) return unavailable();
  const auto member = members_.find(request->member().id());
  if (member == members_.end()) return {grpc::StatusCode::NOT_FOUND, "no such member"};
  fill(*reply->mutable_member()->mutable_balances(), member->second.account);
  return grpc::Status::OK;
}

grpc::Status NaiveGateway::Quote(grpc::ServerContext*, const v1::QuoteRequest* request,
                                 v1::QuoteReply* reply) {
  const std::lock_guard lock(mutex_);
  if (trouble().before) return unavailable();
  const Account& account = members_.at(request->member().id()).account;
  reply->mutable_quotation()->set_points_max(
      points_max(rules_, order_of(*request), account.available()));
  fill(*reply->mutable_quotation()->mutable_balances(), account);
  return grpc::Status::OK;
}

grpc::Status NaiveGateway::Checkout(grpc::ServerContext*, const v1::CheckoutRequest* request,
                                    v1::CheckoutReply* reply) {
  std::unique_lock lock(mutex_);
  const Trouble trouble = this->trouble();
  if (trouble.before) return unavailable();
  if (!let_in(lock)) return exhausted();
  answer(*request, reply);
  return trouble.after ? unavailable() : grpc::Status::OK;
}

bool NaiveGateway::let_in(std::unique_lock<std::mutex>& lock) {
  const int number = ++checkouts_seen_;
  came_.notify_all();
  came_.wait(lock, [&] { return checkouts_seen_ >= faults_.waits_for; });
  return faults_.exhausted == 0 || number % faults_.exhausted != 0;
}

grpc::Status NaiveGateway::Stream(
    grpc::ServerContext*, grpc::ServerReaderWriter<v1::BatchReply, v1::BatchRequest>* stream) {
  v1::BatchRequest batch;
  v1::BatchReply replies;
  while (stream->Read(&batch)) {
    std::unique_lock lock(mutex_);
    for (const v1::BatchItem& item : batch.items()) {
      v1::BatchItemReply& reply = *replies.add_items();
      reply.set_number(item.number());
      if (item.has_refund()) {
        refund(item.refund(), reply.mutable_refund());
        continue;
      }
      const int number = ++checkouts_seen_;
      if (number == faults_.breaks_stream_after) return unavailable();
      if (faults_.exhausted > 0 && number % faults_.exhausted == 0) {
        reply.mutable_error()->set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
      } else {
        answer(item.checkout(), reply.mutable_checkout());
      }
      if (number == faults_.answers_nobody) reply.set_number(1'000'000'000);
      if (number == faults_.answers_twice) *replies.add_items() = v1::BatchItemReply(reply);
    }
    if (checkouts_seen_ < faults_.waits_for) continue;
    // Whoever does not read keeps nobody else waiting.
    lock.unlock();
    if (!stream->Write(replies)) break;
    replies.Clear();
  }
  return grpc::Status::OK;
}

void NaiveGateway::answer(const v1::CheckoutRequest& request, v1::CheckoutReply* reply) {
  const auto known = orders_.find(key_of(request));
  if (known == orders_.end()) {
    take(request, reply);
  } else if (known->second.request.member().id() != request.member().id()) {
    if (faults_.takes_from_other_member > 0) {
      take(request, reply);
    } else {
      refuse(*reply->mutable_refusal(), v1::REFUSAL_CODE_OTHER_MEMBER, "order_id");
    }
  } else if (const std::string field = difference(known->second.request, request); !field.empty()) {
    refuse(*reply->mutable_refusal(), v1::REFUSAL_CODE_OTHER_CONTENT, field);
  } else {
    *reply->mutable_receipt()->mutable_record() = known->second.record;
    reply->mutable_receipt()->set_replayed(true);
  }
}

void NaiveGateway::take(const v1::CheckoutRequest& request, v1::CheckoutReply* reply) {
  Member& member = members_.at(request.member().id());
  const std::int64_t now = request.has_received_at_unix_ms() ? request.received_at_unix_ms()
                                                             : absl::ToUnixMillis(absl::Now());
  if (request.points_to_use() > member.account.available()) {
    return refuse(*reply->mutable_refusal(), v1::REFUSAL_CODE_BALANCE_TOO_LOW, "points_to_use");
  }
  const int number = ++checkouts_;
  const std::vector<Lot> lots_before = member.account.lots();
  const auto result = member.account.checkout(key_of(request), order_of(request), now, {});
  const bool earns_only = request.points_to_use() == 0 && result->earning.points() > 0;
  if (faults_.takes_order_twice > 0 && number >= faults_.takes_order_twice && earns_only) {
    (void)member.account.checkout("again", order_of(request), now, {});
    faults_.takes_order_twice = 0;
  }
  member.last_event_at_unix_ms = now;

  v1::ReceiptRecord record = stamped(now);
  fill(*record.mutable_checkout(), request, *result);
  record.set_debt_repaid(result->debt_repaid);
  if (number == faults_.awards_too_much) {
    record.mutable_checkout()->set_points_earned(result->earning.points() + 1);
  }
  fill(*record.mutable_balances_after(), member.account);
  add_movements(record, lots_before, member.account.lots());
  *reply->mutable_receipt()->mutable_record() = record;
  if (number == faults_.changes_receipt) record.set_policy_version(77);
  if (number == faults_.forgets_points) {
    member.account.adjust_lot("nobody", absl::CivilDay(2100, 1, 1), -1);
  }
  if (number == faults_.loses_receipt) return;
  orders_.insert_or_assign(key_of(request), Known{request, record});
}

grpc::Status NaiveGateway::Refund(grpc::ServerContext*, const v1::RefundRequest* request,
                                  v1::RefundReply* reply) {
  const std::lock_guard lock(mutex_);
  const Trouble trouble = this->trouble();
  if (trouble.before) return unavailable();
  refund(*request, reply);
  return trouble.after ? unavailable() : grpc::Status::OK;
}

void NaiveGateway::refund(const v1::RefundRequest& request, v1::RefundReply* reply) {
  const std::string key = absl::StrCat(request.origin().venue(), "/", request.refund_id());
  if (const auto known = refunds_.find(key); known != refunds_.end()) {
    *reply->mutable_receipt()->mutable_record() = known->second;
    reply->mutable_receipt()->set_replayed(true);
    return;
  }
  const auto order = orders_.find(key_of(request.order()));
  if (order == orders_.end()) {
    return refuse(*reply->mutable_refusal(), v1::REFUSAL_CODE_ORDER_UNKNOWN, "order.order_id");
  }
  RefundScope scope;
  if (request.has_amount()) {
    scope = {.kind = RefundScope::Kind::amount,
             .amount_minor = request.amount().amount_minor(),
             .excluded_minor = request.amount().excluded_minor()};
  } else if (request.has_lines()) {
    scope = {.kind = RefundScope::Kind::lines,
             .lines = {request.lines().numbers().begin(), request.lines().numbers().end()}};
  }
  const std::int64_t now = request.has_received_at_unix_ms() ? request.received_at_unix_ms()
                                                             : absl::ToUnixMillis(absl::Now());
  Member& member = members_.at(order->second.request.member().id());
  const std::vector<Lot> lots_before = member.account.lots();
  const auto result = member.account.refund(key_of(request.order()), scope, now);
  if (!result) {
    return refuse(*reply->mutable_refusal(), v1::REFUSAL_CODE_MORE_THAN_LEFT, "amount");
  }
  member.last_event_at_unix_ms = now;
  v1::ReceiptRecord record = stamped(now);
  v1::RefundRecord& told = *record.mutable_refund();
  told.set_refund_id(request.refund_id());
  told.set_occurred_at_unix_ms(request.occurred_at_unix_ms());
  told.set_amount_minor(result->amount_minor);
  told.set_excluded_minor(result->excluded_minor);
  told.set_offset_money_minor(result->offset_money_minor);
  told.set_cash_back_minor(result->cash_back_minor);
  told.set_clawed_back(result->clawed_back);
  told.set_given_back(result->given_back);
  told.set_total_amount_minor(result->total_amount_minor);
  told.set_total_clawed_back(result->total_clawed_back);
  told.set_total_given_back(result->total_given_back);
  record.set_debt_incurred(result->debt_incurred);
  record.set_debt_repaid(result->debt_repaid);
  fill(*record.mutable_balances_after(), member.account);
  add_movements(record, lots_before, member.account.lots());
  refunds_[key] = record;
  *reply->mutable_receipt()->mutable_record() = record;
}

grpc::Status NaiveGateway::GetReceipt(grpc::ServerContext*, const v1::GetReceiptRequest* request,
                                      v1::GetReceiptReply* reply) {
  const std::lock_guard lock(mutex_);
  if (trouble().before) return unavailable();
  reply->mutable_receipt()->set_replayed(true);
  if (request->has_order()) {
    const auto order = orders_.find(key_of(request->order()));
    if (order == orders_.end()) return {grpc::StatusCode::NOT_FOUND, "no such order"};
    *reply->mutable_receipt()->mutable_record() = order->second.record;
    return grpc::Status::OK;
  }
  const auto refund =
      refunds_.find(absl::StrCat(request->refund().venue(), "/", request->refund().refund_id()));
  if (refund == refunds_.end()) return {grpc::StatusCode::NOT_FOUND, "no such refund"};
  *reply->mutable_receipt()->mutable_record() = refund->second;
  return grpc::Status::OK;
}

}  // namespace wutong::load
