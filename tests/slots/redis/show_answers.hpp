#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "slots/protocol/slot_protocol.hpp"

// The slot protocol's answers in words, for comparisons and reports.

namespace tapedeck {

[[nodiscard]] std::string show(const std::optional<SystemTime>& time);
/// The number that the test gave it.
[[nodiscard]] std::string show(const Sid& sid);
[[nodiscard]] std::string show(const std::vector<Admitted>& admitted);
[[nodiscard]] std::string show(const RequestAnswer& a);
[[nodiscard]] std::string show(const std::optional<ClaimAnswer>& a);
[[nodiscard]] std::string show(const FinishAnswer& a);
[[nodiscard]] std::string show(const CancelAnswer& a);
[[nodiscard]] std::string show(const SweepAnswer& a);
[[nodiscard]] std::string show(const SlotStatus& s);
[[nodiscard]] std::string show(const QueueState& v);
[[nodiscard]] std::string show(const std::vector<bool>& held);

template <class T>
[[nodiscard]] std::string show(const Result<T>& result) {
  return result ? show(*result) : fmt::format("error {}: {}", errc_name(result.error().errc()), result.error().detail);
}

}  // namespace tapedeck
