#pragma once

#include "actors/call.h"
#include "actors/domain/decide.h"
#include "wutong/v1/receipt.pb.h"

/// A record as receipts tell it. Equal records give equal bytes, so that replays agree.
namespace wutong {

void tell(const domain::Record& record, std::uint32_t shard, v1::ReceiptRecord& out);
void tell(const Standing& standing, v1::Standing& out);
void tell(const domain::Balances& balances, v1::Balances& out);
/// `effects` are those of the award's event, from which the line's lot is taken; nothing for a quote.
void tell(const domain::AwardLine& award, std::uint32_t line, const domain::Effects* effects,
          v1::AwardLine& out);
void tell(const domain::RiskCheck& check, v1::RiskCheck& out);

}  // namespace wutong
