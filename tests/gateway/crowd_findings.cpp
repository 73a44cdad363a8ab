#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "tests/gateway/crowd.h"

// What a crowd was told, held against what the ledger says now.

namespace wutong::test {
namespace {

constexpr std::uint32_t page_size = 200;
constexpr std::size_t told_max = 20;
constexpr std::size_t readers = 4;

std::string text_of(const grpc::Status& status) {
  return "status " + std::to_string(status.error_code()) + " " + status.error_message();
}

std::int64_t points_after(const v1::ReceiptRecord& record) {
  const auto& after = record.balances_after();
  return after.available() + after.held() - after.debt();
}

/// The member's history, oldest first, or why there is none.
std::pair<std::vector<v1::ReceiptRecord>, std::string> history_of(const std::string& member,
                                                                  const RunningGateway& gateway,
                                                                  v1::Points::Stub& stub) {
  std::vector<v1::ReceiptRecord> records;
  v1::ListHistoryRequest request;
  request.mutable_member()->set_id(member);
  request.set_page_size(page_size);
  do {
    v1::ListHistoryReply reply;
    const auto context = gateway.context();
    const auto status = stub.ListHistory(context.get(), request, &reply);
    if (!status.ok()) return {{}, "history: " + text_of(status)};
    for (auto& record : *reply.mutable_records()) records.push_back(std::move(record));
    request.set_page_token(reply.next_page_token());
  } while (!request.page_token().empty());
  std::reverse(records.begin(), records.end());
  return {std::move(records), ""};
}

std::string receipt_now(const v1::ReceiptRecord& told, const RunningGateway& gateway,
                        v1::Points::Stub& stub, std::string& bytes) {
  v1::GetReceiptRequest request;
  if (told.has_checkout()) {
    request.mutable_order()->set_venue(told.checkout().origin().venue());
    request.mutable_order()->set_order_id(told.checkout().order_id());
  } else {
    request.mutable_refund()->set_venue(told.refund().origin().venue());
    request.mutable_refund()->set_refund_id(told.refund().refund_id());
    *request.mutable_refund()->mutable_order() = told.refund().order();
  }
  v1::GetReceiptReply reply;
  const auto context = gateway.context();
  const auto status = stub.GetReceipt(context.get(), request, &reply);
  bytes = reply.receipt().record().SerializeAsString();
  return status.ok() ? "" : text_of(status);
}

}  // namespace

std::vector<std::string> Crowd::findings_about(const Account& account,
                                               const RunningGateway& gateway,
                                               v1::Points::Stub& stub) const {
  std::vector<std::string> found;
  const auto [history, why_none] = history_of(account.id, gateway, stub);
  if (!why_none.empty()) found.push_back(why_none);
  std::map<std::string, int> seen;
  std::int64_t points = 0;
  for (const auto& record : history) {
    const auto key = key_of(record);
    points += points_of(record);
    if (points != points_after(record))
      found.push_back(key + " does not follow from the one before");
    if (++seen[key] > 1) found.push_back(key + " is in the history twice");
    const auto told = account.receipts.find(key);
    if (told != account.receipts.end()) {
      if (told->second != record.SerializeAsString())
        found.push_back(key + " is another record now");
    } else if (!(record.has_checkout() && contests_.contains(record.checkout().order_id())) &&
               !(record.has_refund() && record.refund().refund_id() == "reversal")) {
      found.push_back(key + " was never acknowledged");
    }
  }
  for (const auto& [key, bytes] : account.receipts) {
    if (!seen.contains(key)) found.push_back(key + " is not in the history");
    v1::ReceiptRecord told;
    told.ParseFromString(bytes);
    std::string now;
    const auto why_not = receipt_now(told, gateway, stub, now);
    if (!why_not.empty()) found.push_back(key + " cannot be fetched: " + why_not);
    if (why_not.empty() && now != bytes) found.push_back(key + " is fetched as another record");
  }
  v1::GetMemberRequest request;
  request.mutable_member()->set_id(account.id);
  v1::GetMemberReply reply;
  const auto context = gateway.context();
  const auto status = stub.GetMember(context.get(), request, &reply);
  const auto& now = reply.member().balances();
  const auto balance = now.available() + now.held() - now.debt();
  if (!status.ok() || balance != account.points) {
    found.push_back("has " + std::to_string(balance) + " points, and its receipts say " +
                    std::to_string(account.points) + " " + text_of(status));
  }
  for (auto& finding : found) finding = account.id + ": " + finding;
  return found;
}

std::string Crowd::findings(const RunningGateway& gateway) const {
  std::vector<std::vector<std::string>> by_reader(readers);
  std::vector<std::thread> threads;
  for (std::size_t reader = 0; reader < readers; ++reader) {
    threads.emplace_back([&, reader] {
      const auto stub = gateway.stub();
      for (std::size_t i = reader; i < accounts_.size(); i += readers) {
        auto found = findings_about(accounts_[i], gateway, *stub);
        std::move(found.begin(), found.end(), std::back_inserter(by_reader[reader]));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto all = complaints_;
  for (auto& found : by_reader) std::move(found.begin(), found.end(), std::back_inserter(all));
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), told_max); ++i) text += all[i] + "\n";
  if (all.size() > told_max) text += "and " + std::to_string(all.size() - told_max) + " more\n";
  return text;
}

}  // namespace wutong::test
