#pragma once

#include <string>
#include <vector>

#include "actors/domain/decide.h"
#include "tests/actors/domain/oracle/oracle.h"

/// Holds what the domain did against what the oracle says. A difference is a text; none is empty.
namespace wutong::oracle {

/// `asked` is what was run; a record must tell it as it was asked. `replayed` is the record that the repeated run made, if the oracle calls it a replay.
[[nodiscard]] std::string compare_decision(const domain::Command& asked,
                                           const domain::Decision& decision, const Outcome& outcome,
                                           const domain::Record* replayed);

[[nodiscard]] std::string compare_changes(const domain::Effects& effects, const Changes& changes);

[[nodiscard]] std::string compare_member(const domain::Member& member, const Oracle& oracle,
                                         domain::Instant now);

[[nodiscard]] Told told_by(const domain::Decision& decision);

}  // namespace wutong::oracle
