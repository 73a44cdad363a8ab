#pragma once

#include <absl/container/flat_hash_set.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <vector>

#include "actors/domain/program.h"
#include "gateway/documents/document_checks.h"
#include "wutong/documents/v1/program.pb.h"

/// The parts that compiling a program is made of. Inside this folder only.
namespace wutong {

namespace document = wutong::documents::v1;

/// What references may point to.
struct ProgramIds {
  explicit ProgramIds(DocumentChecks& checks)
      : parties(checks), formats(checks), venues(checks), promotions(checks) {}

  UniqueIds parties;
  UniqueIds formats;
  UniqueIds venues;
  UniqueIds promotions;
  /// Of all venues; one id may stand in several.
  absl::flat_hash_set<std::string> stores;
};

/// Notes the ids first, so that what follows may point forwards.
void collect_ids(const document::Program& from, DocumentChecks& checks, ProgramIds& ids);

void compile_parties(const document::Program& from, DocumentChecks& checks, const ProgramIds& ids,
                     domain::Program& to);
void compile_venues(const document::Program& from, DocumentChecks& checks, const ProgramIds& ids,
                    domain::Program& to);
/// REQUIRES: `to.zone` is set.
void compile_promotions(const document::Program& from, DocumentChecks& checks,
                        const ProgramIds& ids, domain::Program& to);

[[nodiscard]] std::vector<domain::FundingShare> compile_funding(
    const google::protobuf::RepeatedPtrField<document::FundingShare>& from,
    const DocumentPath& path, DocumentChecks& checks, const ProgramIds& ids);

}  // namespace wutong
