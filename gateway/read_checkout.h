#pragma once

#include <string_view>

#include "gateway/order_view.h"

/// The request that tills send most, read without generated code: see `proto/wire_reader.h`.
namespace wutong {

/// Reads a `CheckoutRequest` if it is plain, and has no more tenders and lines than one may have. False otherwise, with anything in `to`: then generated code says
/// what it is, or that it is no such message. `to` is as it was made, or has been cleared. What is read lies
/// in `bytes`.
[[nodiscard]] bool read_plain(std::string_view bytes, CheckoutView& to);

/// As it was made, but for memory that it keeps.
void clear(CheckoutView& view);

}  // namespace wutong
