#include <absl/strings/str_cat.h>

#include <utility>

#include "gateway/documents/program_parts.h"

/// Parties, formats and venues.
namespace wutong {
namespace {

std::size_t size_of(int size) { return static_cast<std::size_t>(size); }

domain::EarningRate compile_rate(const document::Rate& from, const DocumentPath& path,
                                 DocumentChecks& checks) {
  return {
      .points = {checks.in_range(path.field("points"), from.has_points(), from.points(),
                                 {0, 1'000'000})},
      .per = {checks.in_range(path.field("per_minor_units"), from.has_per_minor_units(),
                              from.per_minor_units(), {1, 1'000'000'000})},
  };
}

using FormatRates = absl::flat_hash_map<std::string, std::optional<domain::EarningRate>>;

FormatRates compile_formats(const document::Program& from, DocumentChecks& checks) {
  FormatRates rates;
  for (int i = 0; i < from.formats_size(); ++i) {
    const auto& format = from.formats(i);
    const auto path = DocumentPath{"formats", {}}.element(size_of(i)).named("format", format.id());
    auto& rate = rates[format.id()];
    if (format.has_rate()) rate = compile_rate(format.rate(), path.field("rate"), checks);
  }
  return rates;
}

domain::Store compile_store(const document::Store& from, const DocumentPath& path,
                            DocumentChecks& checks, const ProgramIds& ids) {
  domain::Store store{.id = domain::StoreId::intern(from.id()), .party = {}, .rate = {}};
  if (!from.party().empty()) {
    ids.parties.check_known(path.field("party"), "party", from.party());
    store.party = domain::PartyId::intern(from.party());
  }
  if (from.has_rate()) store.rate = compile_rate(from.rate(), path.field("rate"), checks);
  return store;
}

void compile_stores(const document::Venue& from, const DocumentPath& path, DocumentChecks& checks,
                    const ProgramIds& ids, domain::Venue& venue) {
  const auto list = path.field("stores");
  checks.check_count(list, size_of(from.stores_size()), {0, 10'000});
  UniqueIds stores(checks);
  for (int i = 0; i < from.stores_size(); ++i) {
    const auto& store = from.stores(i);
    const auto inner = list.element(size_of(i)).named("store", store.id());
    stores.add(inner.field("id"), store.id());
    auto compiled = compile_store(store, inner, checks, ids);
    venue.stores.insert_or_assign(compiled.id, std::move(compiled));
  }
}

void compile_refunds(const document::Venue& from, const DocumentPath& path, DocumentChecks& checks,
                     const ProgramIds& ids, domain::Venue& venue) {
  const auto list = path.field("refunds_orders_of");
  checks.check_count(list, size_of(from.refunds_orders_of_size()), {0, 10'000});
  venue.refunds_orders_of.push_back(venue.id);
  UniqueIds others(checks);
  for (int i = 0; i < from.refunds_orders_of_size(); ++i) {
    const auto& other = from.refunds_orders_of(i);
    const auto inner = list.element(size_of(i));
    if (!other.empty() && other == from.id()) {
      checks.add(inner, "is the venue itself, which always may");
      continue;
    }
    others.add(inner, other);
    ids.venues.check_known(inner, "venue", other);
    venue.refunds_orders_of.push_back(domain::VenueId::intern(other));
  }
}

domain::Venue compile_venue(const document::Venue& from, const DocumentPath& path,
                            DocumentChecks& checks, const ProgramIds& ids,
                            const FormatRates& format_rates) {
  domain::Venue venue{
      .id = domain::VenueId::intern(from.id()),
      .format = domain::FormatId::intern(from.format()),
      .party = domain::PartyId::intern(from.party()),
      .funding = compile_funding(from.funding(), path.field("funding"), checks, ids),
      .rate = {},
      .stores = {},
      .refunds_orders_of = {},
  };
  ids.formats.check_known(path.field("format"), "format", from.format());
  ids.parties.check_known(path.field("party"), "party", from.party());
  if (from.has_rate()) {
    venue.rate = compile_rate(from.rate(), path.field("rate"), checks);
  } else if (const auto format = format_rates.find(from.format()); format != format_rates.end()) {
    if (!format->second) checks.add(path.field("rate"), "must be given: the format has none");
    venue.rate = format->second.value_or(domain::EarningRate{});
  }
  compile_stores(from, path, checks, ids, venue);
  compile_refunds(from, path, checks, ids, venue);
  return venue;
}

/// Notes the ids of one kind.
template <typename Elements>
void collect(const Elements& elements, std::string_view list, std::string_view what, Range range,
             DocumentChecks& checks, UniqueIds& ids) {
  const DocumentPath path{std::string(list), {}};
  checks.check_count(path, size_of(elements.size()), range);
  for (int i = 0; i < elements.size(); ++i) {
    const auto& id = elements.Get(i).id();
    ids.add(path.element(size_of(i)).named(what, id).field("id"), id);
  }
}

}  // namespace

void collect_ids(const document::Program& from, DocumentChecks& checks, ProgramIds& ids) {
  collect(from.parties(), "parties", "party", {1, 1'000}, checks, ids.parties);
  collect(from.formats(), "formats", "format", {1, 1'000}, checks, ids.formats);
  collect(from.venues(), "venues", "venue", {1, 10'000}, checks, ids.venues);
  collect(from.promotions(), "promotions", "promotion", {0, 10'000}, checks, ids.promotions);
  for (const auto& venue : from.venues()) {
    for (const auto& store : venue.stores()) ids.stores.insert(store.id());
  }
}

std::vector<domain::FundingShare> compile_funding(
    const google::protobuf::RepeatedPtrField<document::FundingShare>& from,
    const DocumentPath& path, DocumentChecks& checks, const ProgramIds& ids) {
  std::vector<domain::FundingShare> shares;
  checks.check_count(path, size_of(from.size()), {0, 16});
  UniqueIds parties(checks);
  std::int64_t sum = 0;
  bool sound = true;
  for (int i = 0; i < from.size(); ++i) {
    const auto inner = path.element(size_of(i));
    const auto& party = from.Get(i).party();
    parties.add(inner.field("party"), party);
    if (!party.empty()) ids.parties.check_known(inner.field("party"), "party", party);
    const Range range{1, domain::basis_points_of_one};
    const auto share =
        checks.in_range(inner.field("share_basis_points"), from.Get(i).has_share_basis_points(),
                        from.Get(i).share_basis_points(), range);
    sound = sound && share >= range.least && share <= range.most;
    if (sound) sum += share;
    shares.push_back({domain::PartyId::intern(party), {share}});
  }
  if (!shares.empty() && sound && sum != domain::basis_points_of_one) {
    checks.add(path, absl::StrCat("the shares sum to ", sum, " basis points, not to 10000"));
  }
  return shares;
}

void compile_parties(const document::Program& from, DocumentChecks& checks, const ProgramIds& ids,
                     domain::Program& to) {
  for (int i = 0; i < from.parties_size(); ++i) {
    const auto& party = from.parties(i);
    const auto path = DocumentPath{"parties", {}}.element(size_of(i)).named("party", party.id());
    const auto id = domain::PartyId::intern(party.id());
    if (party.id() == "POOL") checks.add(path.field("id"), "is the pool's in every posting");
    if (!party.breakage().empty()) {
      ids.parties.check_known(path.field("breakage"), "party", party.breakage());
    }
    to.parties.insert_or_assign(
        id,
        domain::Party{
            .id = id,
            .price = {checks.in_range(path.field("price_thousandths"),
                                      party.has_price_thousandths(), party.price_thousandths(),
                                      any_price)},
            .breakage = party.breakage().empty() ? id : domain::PartyId::intern(party.breakage())});
  }
}

void compile_venues(const document::Program& from, DocumentChecks& checks, const ProgramIds& ids,
                    domain::Program& to) {
  const auto format_rates = compile_formats(from, checks);
  for (int i = 0; i < from.venues_size(); ++i) {
    const auto& venue = from.venues(i);
    const auto path = DocumentPath{"venues", {}}.element(size_of(i)).named("venue", venue.id());
    auto compiled = compile_venue(venue, path, checks, ids, format_rates);
    to.venues.insert_or_assign(compiled.id, std::move(compiled));
  }
}

}  // namespace wutong
