#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "calls/ports/put_outcome.hpp"
#include "domain/recording.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

/// Most calls in one page of list_calls().
inline constexpr int kCallPageMax = 200;

/// A place in the list of calls, newest first: after this row, so with older ones.
struct CallCursor {
  SystemTime started_at;
  std::int64_t row_id = 0;
  friend bool operator==(const CallCursor&, const CallCursor&) = default;
};

struct CallQuery {
  int limit = 50;  ///< 1 to kCallPageMax
  std::optional<CallCursor> cursor;
  std::string search;  ///< part of a number or name, any case; empty: all
  std::optional<CallDirection> direction;
  std::optional<SystemTime> since;  ///< inclusive
  std::optional<SystemTime> until;  ///< exclusive
};

struct CallPage {
  std::vector<Call> calls;
  std::optional<CallCursor> next;
};

/// What the host application says about a call's recording. An absent field keeps the stored value.
struct RecordingUpdate {
  RecordingSid recording;
  AccountSid account;
  std::optional<int> duration_seconds;
};

/// What the host application, or a provider's call webhook, says about a call. An absent field keeps the stored value.
struct CallUpdate {
  CallSid call;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<CallDirection> direction;
  std::optional<SystemTime> started_at;
  std::optional<int> duration_seconds;
  std::optional<RecordingUpdate> recording;
};

/// Calls, as people list and search them. Errors: see CallStore.
class CallListStore {
 public:
  virtual ~CallListStore() = default;

  /// Inserts or merges a call and the recording that it names; starts nothing. Error kConflict: the recording belongs
  /// to another call or business.
  [[nodiscard]] virtual Task<Result<PutOutcome>> put_call(BusinessId business, CallUpdate update, SystemTime now) = 0;
  /// Without its recording.
  [[nodiscard]] virtual Task<Result<std::optional<Call>>> find_call(BusinessId business, CallSid call) = 0;
  /// Newest first, each with its first recording that is not deleted, or else with its first one.
  [[nodiscard]] virtual Task<Result<CallPage>> list_calls(BusinessId business, CallQuery query) = 0;
};

}  // namespace tapedeck
