#include "slots/slot_events.hpp"

#include "domain/events.hpp"

namespace tapedeck {
namespace {

void append_next(std::vector<Event>& events, const BusinessId& business, const std::vector<Admitted>& admitted) {
  for (const Admitted& next : admitted) {
    events.push_back(event::recording_next(business, next.sid, next.active, next.limit));
  }
}

}  // namespace

std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const RequestAnswer& answer) {
  std::vector<Event> events;
  if (answer.kind == RequestKind::kAcquired) {
    events.push_back(event::recording_enqueue(business, sid, answer.status.active, answer.status.limit));
  } else if (answer.kind == RequestKind::kQueued || answer.kind == RequestKind::kBeyond) {
    events.push_back(
        event::recording_queued(business, sid, answer.status.active, answer.status.limit, answer.lane_length));
  }
  append_next(events, business, answer.admitted);
  return events;
}

std::vector<Event> events_of(const BusinessId& business, const Sid& sid, const FinishAnswer& answer) {
  std::vector<Event> events;
  if (answer.held && !answer.repeated)
    events.push_back(event::recording_done(business, sid, answer.active_after, answer.limit));
  append_next(events, business, answer.admitted);
  return events;
}

std::vector<Event> events_of(const BusinessId& business, const std::vector<Admitted>& admitted) {
  std::vector<Event> events;
  append_next(events, business, admitted);
  return events;
}

std::vector<Event> events_of(const BusinessId& business, const SweepAnswer& answer) {
  std::vector<Event> events;
  events.reserve(answer.reclaimed.size() + answer.admitted.size());
  for (const Reclaimed& item : answer.reclaimed) {
    events.push_back(event::recording_reclaimed(business, item.sid, item.gave_up));
  }
  append_next(events, business, answer.admitted);
  return events;
}

}  // namespace tapedeck
