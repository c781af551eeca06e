#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "fields.hpp"
#include "plan.hpp"

namespace tapedeck::simulator {

struct FaultKind;

/// The parameters of a fault. Each kind reads and uses its own.
struct Fault {
  const FaultKind* kind = nullptr;
  int status = 0;
  Milliseconds delay{0};
  Milliseconds delay_most{0};
  std::optional<Milliseconds> limit;
  std::uint64_t bytes = 0;
  std::int64_t difference = 0;
  bool flag = false;
  std::optional<Seconds> retry_after;
  /// A location, a content type, a format, a raw answer.
  std::string text;
};

/// The circumstances of applying a fault.
struct FaultContext {
  const Target& target;
  SystemTime now;
  /// Scheme, host and port of this server, and the port alone.
  std::string_view base_url;
  int port;
  /// A number that depends only on the seed, the rule, the recording and the number of earlier requests for it.
  std::uint64_t draw;
};

/// One kind of fault: how it reads its parameters and changes a plan.
struct FaultKind {
  std::string_view name;
  /// It replaces the answer, and no later rule counts.
  bool decides_answer;
  void (*read)(Fields& fields, Fault& fault);
  void (*apply)(const Fault& fault, const FaultContext& context, Plan& plan);
  /// Whether it applies to a request that the rule matches. Null: always.
  bool (*concerns)(const Target& target) = nullptr;
};

/// The kind of this name, or nullptr.
[[nodiscard]] const FaultKind* fault_kind(std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string_view> fault_names();

}  // namespace tapedeck::simulator
