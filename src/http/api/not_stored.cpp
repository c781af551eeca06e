#include "http/api/not_stored.hpp"

#include "http/api/views.hpp"

namespace tapedeck::http {
namespace {

Problem failed(const Recording& recording) {
  Problem problem{.kind = ProblemKind::kRecordingFailed, .detail = "The recording could not be fetched."};
  problem.more["state"] = state_name(recording.state);
  problem.more["attempts"] = recording.attempts;
  if (recording.cause) {
    problem.detail = recording.cause->detail;
    problem.more["cause"] = cause_json(*recording.cause);
  }
  return problem;
}

}  // namespace

Problem gone(const Recording& recording) {
  Problem problem{.kind = ProblemKind::kGone,
                  .detail = recording.state == RecordingState::kDeleted ? "The recording was deleted."
                                                                        : "The provider has no such recording."};
  problem.more["state"] = state_name(recording.state);
  if (recording.cause) problem.more["cause"] = cause_json(*recording.cause);
  return problem;
}

Answer not_stored(const RecordingView& view, SystemTime now) {
  switch (view.recording.state) {
    case RecordingState::kFailed: return refuse(failed(view.recording));
    case RecordingState::kAbsent:
    case RecordingState::kDeleted: return refuse(gone(view.recording));
    default: break;
  }
  const PublicState state = public_state_of(view);
  Response response = json_response(202, waiting_json(state));
  add_retry_after(response, retry_after(state, now));
  return response;
}

}  // namespace tapedeck::http
