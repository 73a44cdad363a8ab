#pragma once

#include <cstdint>
#include <string_view>

#include "actors/call.h"
#include "actors/domain/event.h"
#include "proto/wire_writer.h"

/// The messages that receipts and quotations are made of, as bytes of the wire. Each function writes the
/// fields of its message; whoever calls it opens the field that the message stands in.
namespace wutong {

/// A `v1::Origin`.
void write_origin(WireWriter& out, const domain::Origin& origin);
/// A `v1::OrderRef`.
void write_order_ref(WireWriter& out, std::string_view venue, std::string_view order_id);
/// A `v1::LotMovement`.
void write_movement(WireWriter& out, const domain::Movement& movement);
/// A `v1::Posting`. Points into a lot: the counterparty owes the pool; out of it: the pool owes the
/// counterparty.
void write_posting(WireWriter& out, const domain::Movement& movement);
/// A `v1::Balances`.
void write_balances(WireWriter& out, const domain::Balances& balances);
/// A `v1::AwardLine`. `effects` are those of the award's event, from which the line's lot is taken; nothing
/// for a quote.
void write_award(WireWriter& out, const domain::AwardLine& award, std::uint32_t line,
                 const domain::Effects* effects);
/// A `v1::RiskCheck`.
void write_check(WireWriter& out, const domain::RiskCheck& check);
/// A `v1::Standing`.
void write_standing(WireWriter& out, const Standing& standing);

}  // namespace wutong
