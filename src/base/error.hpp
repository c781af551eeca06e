#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tapedeck {

/// Everything that can go wrong in operation, named by what it means to the caller, not by who reported it.
///
/// The whole program shares this one list, because rows, logs, metrics and problem documents share its names. It is the
/// only place of base/ that knows slots, a provider and media.
enum class Errc {
  kInvalidArgument = 1,  ///< outside input is malformed; the detail says what was expected
  kNotFound,             ///< no such business, call, recording, key or blob
  kConflict,             ///< the present state forbids it
  kUnauthenticated,      ///< no credentials, or wrong ones
  kForbidden,            ///< the credentials are right but do not allow the action
  kTooLarge,             ///< a named limit was exceeded
  kUnavailable,          ///< a store cannot be reached; try again
  kTimedOut,             ///< a deadline passed
  kCancelled,            ///< stopped on purpose
  kStaleFence,           ///< another worker has taken the recording since
  kLeaseLost,            ///< the slot is no longer ours
  kSlotsLost,            ///< the slot store has lost this business: rebuild it from the call store, then ask again
  kSlotsRebuilding,      ///< another process is rebuilding this business in the slot store: ask again in a moment
  kIo,                   ///< the operating system refused a read or a write
  kNoSpace,              ///< disk full, quota or no inodes
  kReadOnly,             ///< the disk refuses writes
  kCorrupt,              ///< stored bytes are not what was written
  kInternal,             ///< an invariant of this program is broken

  kProviderNotReady,      ///< 404: the recording may still be in preparation
  kProviderAbsent,        ///< the provider says that the recording is absent, was deleted or never existed
  kProviderUnauthorized,  ///< 401 or 403: credentials or region are wrong
  kProviderRateLimited,   ///< 429: the account's concurrency is used up
  kProviderUnreachable,   ///< name resolution, connect or TLS failed
  kProviderTimedOut,      ///< no first byte in time, or too slow for too long
  kProviderServerError,   ///< 5xx
  kProviderRejected,      ///< another 4xx: asking again cannot help
  kProviderRedirect,      ///< a redirect that must not be followed
  kMediaTruncated,        ///< fewer bytes than announced
  kMediaNotAudio,         ///< an error page, or bytes that are not audio of the wanted kind
  kMediaEmpty,            ///< zero bytes, or a header without sound
  kMediaTooLarge,         ///< larger than the limit
};

/// Stable machine name of a code, for causes in rows, logs and problem documents: "provider_not_ready".
[[nodiscard]] std::string_view errc_name(Errc code) noexcept;
/// The reverse of errc_name(); kInternal for an unknown name.
[[nodiscard]] Errc errc_from_name(std::string_view name) noexcept;

[[nodiscard]] const std::error_category& tapedeck_category() noexcept;
[[nodiscard]] std::error_code make_error_code(Errc code) noexcept;

/// A failure: its code and a sentence for people. The detail never holds secrets.
struct Error {
  std::error_code code;
  std::string detail;
  /// How long the other side asked to wait (HTTP Retry-After); empty: it did not ask.
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;

  Error() = default;
  Error(Errc errc, std::string what) : code(make_error_code(errc)), detail(std::move(what)) {}

  [[nodiscard]] Errc errc() const noexcept;
};

/// Trying the same again later may work.
[[nodiscard]] bool is_transient(const Error& error) noexcept;
/// Trying the same again cannot work before somebody changes something.
[[nodiscard]] bool is_permanent(const Error& error) noexcept;
[[nodiscard]] bool is_not_found(const Error& error) noexcept;

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string detail) {
  return std::unexpected(Error(code, std::move(detail)));
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace tapedeck

template <>
struct std::is_error_code_enum<tapedeck::Errc> : std::true_type {};
