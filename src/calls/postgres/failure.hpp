#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace tapedeck::postgres {

/// What can be done about a failure.
enum class Remedy {
  kNone,       ///< the same again would fail again: the error is the answer
  kAgain,      ///< the transaction met another one (deadlock, serialization): undone as a whole, may be run again
  kReconnect,  ///< the connection is gone before anything was committed: may be run again on a new one
  kAsk         ///< the connection is gone, and so is the answer to COMMIT: only the database knows (change_mark.hpp)
};

/// PostgreSQL refused, or is away. Thrown inside this folder only, and turned into its Error where a job ends
/// (connection_pool.cpp): any statement can meet it, and nothing between it and the end of the job can help.
class StorageFailure : public std::exception {
 public:
  StorageFailure(Remedy remedy, Error error) : remedy_(remedy), error_(std::move(error)) {}
  [[nodiscard]] const char* what() const noexcept override { return error_.detail.c_str(); }
  [[nodiscard]] Remedy remedy() const noexcept { return remedy_; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Remedy remedy_;
  Error error_;
};

/// How long a caller is asked to wait before it tries again.
inline constexpr std::chrono::milliseconds kRetryAfter{2'000};

/// kUnavailable, with kRetryAfter.
[[nodiscard]] Error unavailable(std::string detail);

/// What a refused statement means: `sqlstate` of five characters (PostgreSQL, appendix A), `message` its primary
/// message.
[[nodiscard]] StorageFailure failure_of(std::string_view sqlstate, std::string_view message);

/// What libpq says of a connection that could not be made, with how to mend it.
[[nodiscard]] StorageFailure connect_failure(std::string_view message);

}  // namespace tapedeck::postgres
