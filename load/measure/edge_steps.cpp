#include "load/measure/edge_steps.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "gateway/read_checkout.h"
#include "gateway/translate_reply.h"
#include "gateway/translate_request.h"
#include "wutong/v1/points.pb.h"

namespace wutong::bench {
namespace {

std::string request_at(domain::Instant now) {
  v1::CheckoutRequest request;
  request.mutable_member()->set_id("member-0001");
  auto& origin = *request.mutable_origin();
  origin.set_venue("mall-riverside");
  origin.set_store("tea");
  origin.set_terminal("T01");
  origin.set_cashier("C7");
  origin.set_channel(v1::CHANNEL_TILL);
  request.set_order_id("T01-20260921-0005");
  request.set_occurred_at_unix_ms(now.unix_ms);
  request.set_amount_minor(88'00);
  request.set_currency("CNY");
  auto& tender = *request.add_tenders();
  tender.set_kind("card");
  tender.set_amount_minor(88'00);
  return request.SerializeAsString();
}

}  // namespace

EdgeSteps::EdgeSteps(std::shared_ptr<const domain::Program> program, domain::Instant now,
                     domain::Record record)
    : program_(std::move(program)),
      now_(now),
      keys_(std::string(16, 'h'), std::string(32, 'i')),
      request_(request_at(now)),
      reply_(ReceiptReply{.record = std::move(record),
                          .standing = {.now = {.available = {40}}, .refundable = {88'00}}}) {}

void EdgeSteps::translate_request() {
  CheckoutView request;
  const bool read = read_plain(request_, request);
  auto call = translate(
      request, {.keys = keys_, .program = *program_, .credential = credential_, .now = now_});
  if (!read || !call) {
    std::fprintf(stderr, "wutong-micro-bench: the request is not taken\n");
    std::exit(2);
  }
  benchmark::DoNotOptimize(call);
}

void EdgeSteps::write_reply() {
  WireWriter bytes;
  benchmark::DoNotOptimize(wutong::write_reply(bytes, reply_, Method::checkout));
  benchmark::DoNotOptimize(bytes.size());
}

}  // namespace wutong::bench
