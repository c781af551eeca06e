#include "domain/events.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "domain/event_catalogue.hpp"

namespace tapedeck::event {
namespace {

// A name that the catalogue lacks does not compile.
consteval const EventKind& kind(std::string_view name) {
  const auto* row = std::ranges::find(kEventCatalogue, name, &EventKind::name);
  if (row == kEventCatalogue.end()) throw "the catalogue has no such event";
  return *row;
}

using Value = std::optional<Event::Value>;
constexpr std::nullopt_t kLeftOut = std::nullopt;

// `values` in the order of the kind's fields.
Event make(const EventKind& kind, std::initializer_list<Value> values = {}) {
  Event event{kind.severity, kind.glyph, kind.name, {}};
  event.fields.reserve(values.size());
  const auto* name = kind.fields.begin();
  for (const Value& value : values) {
    if (value) event.fields.push_back({*name, *value});
    ++name;
  }
  return event;
}

Event raised(Severity severity, Event event) {
  event.severity = severity;
  return event;
}

std::string share(int active, int limit) { return fmt::format("{}/{}", active, limit); }
std::string text(std::string_view literal) { return std::string(literal); }
std::string code(const Error& error) { return std::string(errc_name(error.errc())); }

Event of(const EventKind& kind, const Recording& recording) {
  return make(kind, {recording.business.str(), recording.sid.str()});
}

Event of(const EventKind& kind, const Recording& recording, const Error& error) {
  return make(kind, {recording.business.str(), recording.sid.str(), code(error), error.detail});
}

}  // namespace

Event recording_enqueue(const BusinessId& business, const Sid& sid, int active, int limit) {
  return make(kind("RECORDING_ENQUEUE"), {business.str(), sid.str(), share(active, limit)});
}

Event recording_queued(const BusinessId& business, const Sid& sid, int active, int limit, int queue_length) {
  return make(kind("RECORDING_QUEUED"), {business.str(), sid.str(), share(active, limit), queue_length});
}

Event recording_done(const BusinessId& business, const Sid& sid, int active, int limit) {
  return make(kind("RECORDING_DONE"), {business.str(), sid.str(), share(active, limit)});
}

Event recording_next(const BusinessId& business, const Sid& sid, int active, int limit) {
  return make(kind("RECORDING_NEXT"), {business.str(), sid.str(), share(active, limit)});
}

Event recording_claimed(const BusinessId& business, const Sid& sid, Lane lane) {
  return make(kind("RECORDING_CLAIMED"), {business.str(), sid.str(), text(lane_name(lane))});
}

Event recording_reclaimed(const BusinessId& business, const Sid& sid, bool gave_up) {
  return make(kind("RECORDING_RECLAIMED"), {business.str(), sid.str(), text("lease_expired"), gave_up});
}

Event slots_damaged(const BusinessId& business, std::string detail) {
  return make(kind("SLOTS_DAMAGED"), {business.str(), std::move(detail)});
}

Event slots_damaged(std::string detail) { return make(kind("SLOTS_DAMAGED"), {kLeftOut, std::move(detail)}); }

Event slots_lost() {
  return make(kind("SLOTS_LOST"), {text("the slot store has lost what it knew; it is rebuilt from the call store")});
}

Event recovered(const RecoveredCounts& counts, Span took) {
  return make(kind("RECOVERED"), {counts.waiting, counts.interrupted, counts.businesses, kLeftOut, took.count()});
}

Event recovered(const RecoveredCounts& counts, std::int64_t leftover_files) {
  return make(kind("RECOVERED"), {counts.waiting, counts.interrupted, counts.businesses, leftover_files});
}

Event recovery_failed(std::string detail) { return make(kind("RECOVERY_FAILED"), {std::move(detail)}); }

Event reconciled(std::int64_t waiting) { return make(kind("RECONCILED"), {waiting}); }

Event recording_announced(const BusinessId& business, const Sid& sid, RecordingState state) {
  return make(kind("RECORDING_ANNOUNCED"), {business.str(), sid.str(), text(state_name(state))});
}

Event recording_stored(const Recording& recording, std::int64_t bytes, Span commit) {
  return make(kind("RECORDING_STORED"),
              {recording.business.str(), recording.sid.str(), bytes, recording.attempts, commit.count()});
}

Event recording_retry(const Recording& recording, const Error& error, SystemTime retry_at) {
  return make(kind("RECORDING_RETRY"), {recording.business.str(), recording.sid.str(), code(error), error.detail,
                                        recording.attempts, format_rfc3339(retry_at)});
}

Event recording_failed(const Recording& recording, const Error& error) {
  return make(kind("RECORDING_FAILED"),
              {recording.business.str(), recording.sid.str(), code(error), error.detail, recording.attempts});
}

Event commit_fenced(const Recording& recording) {
  return make(kind("COMMIT_FENCED"), {recording.business.str(), recording.sid.str(), recording.fence});
}

Event business_paused(const BusinessId& business, Errc cause, SystemTime until) {
  return make(kind("BUSINESS_PAUSED"), {business.str(), text(errc_name(cause)), format_rfc3339(until)});
}

Event webhook_missed(const BusinessId& business, const RecordingSid& recording, SystemTime made_at) {
  return make(kind("WEBHOOK_MISSED"), {business.str(), recording.str(), format_rfc3339(made_at)});
}

Event listing_failed(const AccountSid& account, const Error& error) {
  return make(kind("LISTING_FAILED"), {account.str(), code(error), error.detail});
}

Event recording_measured(const Recording& recording, Span audio, Span took) {
  return make(kind("RECORDING_MEASURED"), {recording.business.str(), recording.sid.str(), audio.count(), took.count()});
}

Event measure_failed(const Recording& recording, const Cause& cause, bool is_final) {
  return make(kind("MEASURE_FAILED"),
              {recording.business.str(), recording.sid.str(), cause.code, cause.detail, is_final});
}

Event duration_differs(const Recording& recording, int told, Span measured) {
  return make(kind("DURATION_DIFFERS"), {recording.business.str(), recording.sid.str(), told, measured.count()});
}

Event recording_expired(const Recording& recording) { return of(kind("RECORDING_EXPIRED"), recording); }

Event audio_damaged(const Recording& recording, const Error& error) {
  return of(kind("AUDIO_DAMAGED"), recording, error);
}

Event source_deleted(const Recording& recording) { return of(kind("SOURCE_DELETED"), recording); }

Event source_not_deleted(const Recording& recording, const Error& error) {
  return of(kind("SOURCE_NOT_DELETED"), recording, error);
}

Event blob_missing(const Recording& recording, std::string_view outcome) {
  const bool may_return = outcome == "fetched_again" || outcome == "provider_away";
  return raised(may_return ? Severity::kWarning : Severity::kError,
                make(kind("BLOB_MISSING"),
                     {recording.business.str(), recording.sid.str(), recording.audio->blob_key, text(outcome)}));
}

Event blob_unknown(std::string key, bool was_removed) {
  return raised(was_removed ? Severity::kInfo : Severity::kWarning,
                make(kind("BLOB_UNKNOWN"), {std::move(key), text(was_removed ? "removed" : "kept")}));
}

Event storage_checked(std::string what, const PassCounts& counts) {
  const bool is_odd = counts.missing > 0 || counts.unknown > 0;
  return raised(
      is_odd ? Severity::kWarning : Severity::kInfo,
      make(kind("STORAGE_CHECKED"), {std::move(what), counts.checked, counts.missing, counts.unknown, counts.removed}));
}

Event uploads_collected(std::int64_t uploads) { return make(kind("UPLOADS_COLLECTED"), {uploads}); }

Event reconcile_failed(std::string task, const Error& error) {
  return make(kind("RECONCILE_FAILED"), {std::move(task), code(error), error.detail});
}

Event server_ready(std::string url, std::string_view role, std::string_view version, Span took) {
  return make(kind("SERVER_READY"), {std::move(url), text(role), text(version), took.count()});
}

Event server_stopping() { return make(kind("SERVER_STOPPING")); }

Event server_stopped() { return make(kind("SERVER_STOPPED")); }

Event demo_provider(std::string url) { return make(kind("DEMO_PROVIDER"), {std::move(url)}); }

Event settings_warning(std::string detail) { return make(kind("SETTINGS_WARNING"), {std::move(detail)}); }

Event storage_away(std::string detail) { return make(kind("STORAGE_AWAY"), {std::move(detail)}); }

Event redis_away(std::string detail) { return make(kind("REDIS_AWAY"), {std::move(detail)}); }

Event redis_warning(std::string node, std::string detail) {
  return make(kind("REDIS_WARNING"), {std::move(node), std::move(detail)});
}

Event request_failed(std::string_view method, std::string path, int status, std::string cause) {
  return make(kind("REQUEST_FAILED"), {text(method), std::move(path), status, std::move(cause)});
}

Event audit_not_written(const Error& error) {
  return make(kind("AUDIT_NOT_WRITTEN"), {kLeftOut, kLeftOut, code(error), error.detail});
}

Event audit_not_written(const Recording& recording, const Error& error) {
  return of(kind("AUDIT_NOT_WRITTEN"), recording, error);
}

Event audit_dropped(std::int64_t entries) { return make(kind("AUDIT_DROPPED"), {entries}); }

Event worker_killed(std::int64_t pid, Span silence) {
  return make(kind("WORKER_KILLED"),
              {pid, silence.count(), text("it has not shown for so long that it may go on downloading")});
}

Event worker_restarted(std::string after, Milliseconds pause) {
  return make(kind("WORKER_RESTARTED"), {std::move(after), std::int64_t{pause.count()}});
}

Event worker_start_failed(std::string detail) { return make(kind("WORKER_START_FAILED"), {std::move(detail)}); }

Event log_lines_dropped(std::int64_t count) { return make(kind("LOG_LINES_DROPPED"), {count}); }

Event fetch_broke(const BusinessId& business, const Sid& sid, std::string detail) {
  return make(kind("FETCH_BROKE"), {business.str(), sid.str(), std::move(detail)});
}

Event measure_broke() { return make(kind("MEASURE_BROKE")); }

Event worker_task_failed(std::string detail) { return make(kind("WORKER_TASK_FAILED"), {std::move(detail)}); }

Event upkeep_failed() { return make(kind("UPKEEP_FAILED")); }

}  // namespace tapedeck::event
