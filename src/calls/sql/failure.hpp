#pragma once

#include <exception>
#include <utility>

#include "base/error.hpp"

namespace tapedeck::sql {

/// What can be done about a failure.
enum class Remedy {
  kNone,       ///< the same again would fail again: the error is the answer
  kAgain,      ///< another transaction undid this one as a whole (deadlock, serialization): it may run again
  kReconnect,  ///< the connection broke before anything was committed: the work may run again on a new one
  kAsk         ///< the connection broke before COMMIT was answered: only the database knows (postgres/change_mark.hpp)
};

/// The database refused a statement, or is away. Thrown below calls/ only, and turned into its Error where a job ends:
/// any statement can fail so, and no code between it and the end of the job can help.
class StorageFailure : public std::exception {
 public:
  explicit StorageFailure(Error error, Remedy remedy = Remedy::kNone) : remedy_(remedy), error_(std::move(error)) {}
  [[nodiscard]] const char* what() const noexcept override { return error_.detail.c_str(); }
  [[nodiscard]] Remedy remedy() const noexcept { return remedy_; }
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Remedy remedy_;
  Error error_;
};

}  // namespace tapedeck::sql
