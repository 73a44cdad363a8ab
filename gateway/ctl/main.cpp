#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include "gateway/ctl/client.h"
#include "gateway/ctl/print.h"
#include "gateway/ctl/requests.h"

/// The client for people and scripts.
namespace wutong::ctl {
namespace {

enum Exit : int { exit_ok = 0, exit_refused = 1, exit_usage = 2, exit_error = 3 };

constexpr const char* description =
    "Speaks to a Wutong gateway.\n\n"
    "Amounts are in major units with decimals (588.00); --currency says how many decimals.\n"
    "Times are 'now', Unix milliseconds, or RFC 3339 (2026-01-05T12:00:00+08:00).\n\n"
    "Exit codes: 0 done; 1 refused or declined; 2 the command line is wrong; 3 the gateway "
    "answered an error\n"
    "or not at all.";

struct Settings {
  ClientOptions client;
  std::string token_file;
  bool json = false;
};

void put(const std::string& text, std::FILE* stream = stdout) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

int usage(const std::string& what) {
  put("wutongctl: " + what + "\n", stderr);
  return exit_usage;
}

/// The reply of a call as JSON, or what `table` makes of it; `refused` says which exit code it is.
template <typename Reply>
int show(const Settings& settings, const CallResult& result, const Reply& reply, bool refused,
         const std::function<std::string()>& table) {
  if (!result.ok()) {
    put(settings.json && !result.detail.text().empty() ? json_of(result.detail) : table_of(result),
        settings.json ? stdout : stderr);
    return exit_error;
  }
  put(settings.json ? json_of(reply) : table());
  return refused ? exit_refused : exit_ok;
}

bool is_declined(const v1::Receipt& receipt) {
  return receipt.record().outcome() == v1::OUTCOME_DECLINED;
}

template <typename Request, typename Reply>
int receipt_or_refusal(const Settings& settings, const Parsed<Request>& request, Reply reply) {
  if (!request) return usage(request.error());
  const CallResult result = Client(settings.client).call(*request, reply);
  return show(settings, result, reply, reply.has_refusal() || is_declined(reply.receipt()), [&] {
    return reply.has_refusal() ? table_of(reply.refusal()) : table_of(reply.receipt());
  });
}

template <typename Request, typename Reply>
int member_or_refusal(const Settings& settings, const Parsed<Request>& request, Reply reply) {
  if (!request) return usage(request.error());
  const CallResult result = Client(settings.client).call(*request, reply);
  return show(settings, result, reply, reply.has_refusal(), [&] {
    return reply.has_refusal() ? table_of(reply.refusal()) : table_of(reply.member());
  });
}

void add_member(CLI::App& command, MemberArguments& member, bool required) {
  auto* group = command.add_option_group("member");
  group->add_option("--member", member.id, "The member's id");
  group->add_option("--identity", member.identity, "phone:…, card:… or open_id:… instead");
  group->require_option(required ? 1 : 0, 1);
}

void add_origin(CLI::App& command, OriginArguments& origin) {
  command.add_option("--venue", origin.venue, "The venue")->required();
  command.add_option("--store", origin.store, "The store in it");
  command.add_option("--terminal", origin.terminal, "The till");
  command.add_option("--cashier", origin.cashier, "The cashier");
  command.add_option("--channel", origin.channel,
                     "till, self_checkout, mini_program, web or back_office");
  command.add_flag("--offline", origin.offline, "The till was offline when the customer paid");
  command.add_option("--receipt-number", origin.receipt_number, "As printed");
  command.add_option("--business-date", origin.business_date, "The till's, YYYY-MM-DD");
}

void add_times(CLI::App& command, std::string& at, std::string& received_at) {
  command.add_option("--at", at, "When it happened")->capture_default_str();
  command.add_option("--received-at", received_at, "In a ledger with clock=caller only");
}

void add_order(CLI::App& command, OrderArguments& order) {
  add_member(command, order.member, true);
  add_origin(command, order.origin);
  command.add_option("--amount", order.amount, "Goods value, tax included")->required();
  command.add_option("--currency", order.currency, "ISO 4217")->capture_default_str();
  command.add_option("--points", order.points, "Points to pay with");
  command.add_option("--excluded", order.excluded, "Part that earns nothing");
  command.add_option("--no-offset", order.excluded_from_offset, "Part that points cannot pay");
  command.add_option("--tender", order.tenders,
                     "KIND=AMOUNT, as in cash=501.00; repeatable; without points and without one: "
                     "cash for the whole");
  command.add_option("--line", order.lines,
                     "number=1,amount=588.00[,sku=…][,category=…][,brand=…][,store=…]"
                     "[,quantity=1.5][,excluded]; repeatable");
  command.add_option("--hold", order.hold_id, "The hold whose points are used");
  add_times(command, order.at, order.received_at);
}

class Program {
 public:
  int run(int argc, char** argv) {
    add_settings();
    add_orders();
    add_refund();
    add_holds();
    add_grants();
    add_receipt();
    add_members();
    add_identities();
    add_history();
    add_health();
    app_.require_subcommand(1);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? exit_ok : exit_usage;
    }
    if (const int problem = read_token(); problem != exit_ok) return problem;
    return action_();
  }

 private:
  void add_settings() {
    app_.add_option("--target", settings_.client.target, "The gateway's address")
        ->envname("WUTONG_TARGET")
        ->capture_default_str();
    app_.add_option("--token", settings_.client.token,
                    "The token; others see it in the list of processes, so prefer a file")
        ->envname("WUTONG_TOKEN");
    app_.add_option("--token-file", settings_.token_file, "A file whose first line is the token")
        ->envname("WUTONG_TOKEN_FILE");
    app_.add_option("--timeout", settings_.client.timeout_ms, "Milliseconds")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app_.add_flag("--json", settings_.json, "JSON instead of a table");
    app_.fallthrough();
  }

  CLI::App& command(const char* name, const char* help, std::function<int()> action) {
    CLI::App* made = app_.add_subcommand(name, help);
    made->callback([this, action = std::move(action)] { action_ = action; });
    return *made;
  }

  void add_orders() {
    auto& quote = command("quote", "What an order would give and cost", [this] {
      const auto request = quote_of(order_);
      if (!request) return usage(request.error());
      v1::QuoteReply reply;
      const CallResult result = Client(settings_.client).call(*request, reply);
      return show(settings_, result, reply, reply.has_refusal(), [&] {
        return reply.has_refusal() ? table_of(reply.refusal())
                                   : table_of(reply.quotation(), order_.currency);
      });
    });
    add_order(quote, order_);
    auto& checkout = command("checkout", "Take an order that is paid", [this] {
      return receipt_or_refusal(settings_, checkout_of(order_), v1::CheckoutReply());
    });
    checkout.add_option("--order", order_.order_id, "The order's id in the venue")->required();
    checkout.add_option("--tax", order_.tax, "Tax in the amount");
    add_order(checkout, order_);
  }

  void add_refund() {
    auto& refund = command("refund", "Refund an order or a part of it", [this] {
      return receipt_or_refusal(settings_, refund_of(refund_), v1::RefundReply());
    });
    refund.add_option("--refund", refund_.refund_id, "The refund's id in the venue")->required();
    refund.add_option("--order", refund_.order_id, "The order's id")->required();
    refund.add_option("--order-venue", refund_.order_venue, "Its venue, if another one");
    add_origin(refund, refund_.origin);
    add_member(refund, refund_.member, false);
    auto* what = refund.add_option_group("what");
    what->add_option("--amount", refund_.amount, "Goods value to give back");
    what->add_option("--line", refund_.lines, "Number of a basket line; repeatable");
    what->add_flag("--whole", refund_.whole, "All that is left");
    what->require_option(1);
    refund.add_option("--excluded", refund_.excluded, "Part of the amount that earned nothing");
    refund.add_option("--currency", refund_.currency, "ISO 4217")->capture_default_str();
    refund.add_option("--reason", refund_.reason, "For people");
    add_times(refund, refund_.at, refund_.received_at);
  }

  void add_holds() {
    auto& hold = command("hold", "Set points aside for a payment under way", [this] {
      return receipt_or_refusal(settings_, hold_of(hold_), v1::HoldReply());
    });
    hold.add_option("--points", hold_.points, "How many")->required();
    auto& release = command("release", "Free what a hold still sets aside", [this] {
      return receipt_or_refusal(settings_, release_of(hold_), v1::ReleaseReply());
    });
    for (CLI::App* either : {&hold, &release}) {
      either->add_option("--hold", hold_.hold_id, "The hold's id in the venue")->required();
      add_member(*either, hold_.member, true);
      add_origin(*either, hold_.origin);
      add_times(*either, hold_.at, hold_.received_at);
    }
  }

  void add_grants() {
    auto& grant = command("grant", "Give points by no order", [this] {
      return receipt_or_refusal(settings_, grant_of(grant_), v1::GrantReply());
    });
    grant.add_option("--points", grant_.points, "How many")->required();
    grant.add_option("--party", grant_.party, "The settlement party that pays for them")
        ->required();
    grant.add_option("--expires-on", grant_.expires_on,
                     "The last day of use, YYYY-MM-DD; by default that of points earned now");
    auto& revoke = command("revoke-grant", "Take a grant back whole", [this] {
      return receipt_or_refusal(settings_, revocation_of(grant_), v1::RevokeGrantReply());
    });
    revoke.add_option("--revocation", grant_.revocation_id, "The revocation's id in the venue")
        ->required();
    for (CLI::App* either : {&grant, &revoke}) {
      either->add_option("--grant", grant_.grant_id, "The grant's id in the venue")->required();
      either->add_option("--reason", grant_.reason, "For people")->required();
      add_member(*either, grant_.member, true);
      add_origin(*either, grant_.origin);
      add_times(*either, grant_.at, grant_.received_at);
    }
  }

  void add_receipt() {
    auto& receipt = command("receipt", "The receipt of an order or a refund", [this] {
      const auto request = receipt_of(receipt_);
      if (!request) return usage(request.error());
      v1::GetReceiptReply reply;
      const CallResult result = Client(settings_.client).call(*request, reply);
      return show(settings_, result, reply, false, [&] { return table_of(reply.receipt()); });
    });
    receipt.add_option("--venue", receipt_.venue, "The order's venue, or the refund's")->required();
    receipt.add_option("--order", receipt_.order_id, "The order's id")->required();
    receipt.add_option("--refund", receipt_.refund_id, "The refund's id, for its receipt");
    receipt.add_option("--order-venue", receipt_.order_venue, "The order's venue, if another one");
    add_member(receipt, receipt_.member, false);
  }

  void add_members() {
    auto& enroll = command("enroll", "Make a member", [this] {
      v1::EnrollRequest request;
      request.set_member_id(member_.id);
      if (!received_at_.empty()) {
        const auto received_at = unix_ms_of(received_at_);
        if (!received_at) return usage(received_at.error());
        request.set_received_at_unix_ms(*received_at);
      }
      v1::EnrollReply reply;
      const CallResult result = Client(settings_.client).call(request, reply);
      return show(settings_, result, reply, reply.has_refusal(), [&] {
        return reply.has_refusal() ? table_of(reply.refusal()) : table_of(reply.member());
      });
    });
    enroll.add_option("--member", member_.id, "The new member's id")->required();
    enroll.add_option("--received-at", received_at_, "In a ledger with clock=caller only");
    auto& member = command("member", "A member's points", [this] {
      const auto ref = member_of(member_);
      if (!ref) return usage(ref.error());
      v1::GetMemberRequest request;
      *request.mutable_member() = *ref;
      v1::GetMemberReply reply;
      const CallResult result = Client(settings_.client).call(request, reply);
      return show(settings_, result, reply, false, [&] { return table_of(reply.member()); });
    });
    add_member(member, member_, true);
  }

  void add_identities() {
    auto& link = command("link-identity", "Make a member known by an identity too", [this] {
      return member_or_refusal(settings_, link_of(identity_), v1::LinkIdentityReply());
    });
    link.add_option("--link", identity_.identity, "phone:…, card:… or open_id:…")->required();
    auto& unlink = command("unlink-identity", "Make a member known by it no more", [this] {
      return member_or_refusal(settings_, unlink_of(identity_), v1::UnlinkIdentityReply());
    });
    unlink.add_option("--unlink", identity_.identity, "phone:…, card:… or open_id:…")->required();
    for (CLI::App* either : {&link, &unlink}) {
      add_member(*either, identity_.member, true);
      either->add_option("--received-at", identity_.received_at,
                         "In a ledger with clock=caller only");
    }
  }

  void add_history() {
    auto& history = command("history", "A member's receipts, newest first", [this] {
      const auto ref = member_of(member_);
      if (!ref) return usage(ref.error());
      *history_.mutable_member() = *ref;
      v1::ListHistoryReply reply;
      const CallResult result = Client(settings_.client).call(history_, reply);
      return show(settings_, result, reply, false,
                  [&] { return table_of(reply, order_.currency); });
    });
    add_member(history, member_, true);
    history.add_option_function<std::uint32_t>(
        "--page-size", [this](std::uint32_t size) { history_.set_page_size(size); },
        "Records on a page, at most 200");
    history.add_option_function<std::string>(
        "--page-token", [this](const std::string& token) { history_.set_page_token(token); },
        "From the page before");
    history.add_option("--currency", order_.currency, "Of refunds' amounts")->capture_default_str();
  }

  void add_health() {
    command("health", "Whether the gateway serves (exit code 0) or not (3)", [this] {
      bool serving = false;
      const CallResult result = Client(settings_.client).healthy(serving);
      if (!result.ok()) {
        put(table_of(result), stderr);
        return static_cast<int>(exit_error);
      }
      put(serving ? "serving\n" : "not serving\n");
      return static_cast<int>(serving ? exit_ok : exit_error);
    });
  }

  int read_token() {
    if (!settings_.client.token.empty() || settings_.token_file.empty()) return exit_ok;
    std::ifstream file(settings_.token_file);
    if (!std::getline(file, settings_.client.token)) {
      return usage(settings_.token_file + " cannot be read or is empty");
    }
    return exit_ok;
  }

  CLI::App app_{description, "wutongctl"};
  Settings settings_;
  std::function<int()> action_;
  OrderArguments order_;
  RefundArguments refund_;
  HoldArguments hold_;
  GrantArguments grant_;
  ReceiptArguments receipt_;
  MemberArguments member_;
  IdentityArguments identity_;
  std::string received_at_;
  v1::ListHistoryRequest history_;
};

}  // namespace
}  // namespace wutong::ctl

int main(int argc, char** argv) { return wutong::ctl::Program().run(argc, argv); }
