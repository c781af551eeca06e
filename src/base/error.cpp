#include "base/error.hpp"

#include <array>

namespace tapedeck {
namespace {

struct Row {
  Errc code;
  std::string_view name;
  bool transient;
};

// The one table of codes: name, and whether trying again may help.
constexpr std::array kRows{
    Row{Errc::kInvalidArgument, "invalid_argument", false},
    Row{Errc::kNotFound, "not_found", false},
    Row{Errc::kConflict, "conflict", false},
    Row{Errc::kUnauthenticated, "unauthenticated", false},
    Row{Errc::kForbidden, "forbidden", false},
    Row{Errc::kTooLarge, "too_large", false},
    Row{Errc::kUnavailable, "unavailable", true},
    Row{Errc::kTimedOut, "timed_out", true},
    Row{Errc::kCancelled, "cancelled", true},
    Row{Errc::kStaleFence, "stale_fence", false},
    Row{Errc::kLeaseLost, "lease_lost", true},
    Row{Errc::kSlotsLost, "slots_lost", true},
    Row{Errc::kSlotsRebuilding, "slots_rebuilding", true},
    Row{Errc::kIo, "io_error", true},
    Row{Errc::kNoSpace, "disk_full", true},
    Row{Errc::kReadOnly, "disk_read_only", true},
    Row{Errc::kCorrupt, "corrupt", false},
    Row{Errc::kInternal, "internal", false},
    Row{Errc::kProviderNotReady, "provider_not_ready", true},
    Row{Errc::kProviderAbsent, "provider_absent", false},
    Row{Errc::kProviderUnauthorized, "provider_unauthorized", false},
    Row{Errc::kProviderRateLimited, "provider_rate_limited", true},
    Row{Errc::kProviderUnreachable, "provider_unreachable", true},
    Row{Errc::kProviderTimedOut, "provider_timed_out", true},
    Row{Errc::kProviderServerError, "provider_server_error", true},
    Row{Errc::kProviderRejected, "provider_rejected", false},
    Row{Errc::kProviderRedirect, "provider_redirect_refused", false},
    Row{Errc::kMediaTruncated, "media_truncated", true},
    Row{Errc::kMediaNotAudio, "media_not_audio", true},
    Row{Errc::kMediaEmpty, "media_empty", true},
    Row{Errc::kMediaTooLarge, "media_too_large", false},
};

const Row* find(Errc code) noexcept {
  for (const Row& row : kRows) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tapedeck"; }
  std::string message(int value) const override { return std::string(errc_name(static_cast<Errc>(value))); }
};

}  // namespace

std::string_view errc_name(Errc code) noexcept {
  const Row* row = find(code);
  return row != nullptr ? row->name : "internal";
}

Errc errc_from_name(std::string_view name) noexcept {
  for (const Row& row : kRows) {
    if (row.name == name) return row.code;
  }
  return Errc::kInternal;
}

const std::error_category& tapedeck_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), tapedeck_category()}; }

Errc Error::errc() const noexcept {
  return code.category() == tapedeck_category() ? static_cast<Errc>(code.value()) : Errc::kInternal;
}

bool is_transient(const Error& error) noexcept {
  const Row* row = find(error.errc());
  return row != nullptr && row->transient;
}

bool is_permanent(const Error& error) noexcept { return !is_transient(error); }

bool is_not_found(const Error& error) noexcept { return error.errc() == Errc::kNotFound; }

}  // namespace tapedeck
