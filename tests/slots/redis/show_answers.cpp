#include "tests/slots/redis/show_answers.hpp"

namespace tapedeck {

std::string show(const std::optional<SystemTime>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : "-";
}

std::string show(const Sid& sid) { return sid.empty() ? "none" : sid.str().substr(sid.str().size() - 2); }

std::string show(const std::vector<Admitted>& admitted) {
  std::string text = "admitted:";
  for (const Admitted& item : admitted) {
    text += fmt::format(" {}/{}/{}of{}", show(item.sid), lane_name(item.lane), item.active, item.limit);
  }
  return text;
}

std::string show(const RequestAnswer& a) {
  return fmt::format("kind={} {} lane_length={} {}", static_cast<int>(a.kind), show(a.status), a.lane_length,
                     show(a.admitted));
}

std::string show(const std::optional<ClaimAnswer>& a) {
  return a ? fmt::format("{} {}", show(a->sid), lane_name(a->lane)) : "nothing";
}

std::string show(const FinishAnswer& a) {
  return fmt::format("held={} repeated={} after={}/{} {}", a.held, a.repeated, a.active_after, a.limit,
                     show(a.admitted));
}

std::string show(const CancelAnswer& a) { return fmt::format("{} {}", static_cast<int>(a.kind), show(a.admitted)); }
std::string show(const SweepAnswer& a) {
  std::string text = "reclaimed:";
  for (const Reclaimed& item : a.reclaimed) {
    text += fmt::format(" {}/{}{}", show(item.sid), lane_name(item.lane), item.gave_up ? "/gave up" : "");
  }
  return fmt::format("{} refill={} {}", text, a.refill, show(a.admitted));
}

std::string show(const SlotStatus& s) {
  return fmt::format("place={} {} position={} of {} active={}/{} until={} why='{}'", static_cast<int>(s.place),
                     lane_name(s.lane), s.position, s.queue_length, s.active, s.limit, show(s.until), s.why);
}

std::string show(const QueueState& v) {
  std::string text =
      fmt::format("active={}/{} play={} fetch={} delayed={} beyond={} blocked={} '{}'", v.active, v.limit,
                  v.waiting_play, v.waiting_fetch, v.delayed, v.has_beyond, show(v.blocked_until), v.blocked_why);
  for (const QueueState::Item& item : v.items) text += fmt::format("\n    {} {}", show(item.sid), show(item.status));
  return text;
}

std::string show(const std::vector<bool>& held) {
  std::string text;
  for (const bool one : held) text += one ? '1' : '0';
  return text;
}

}  // namespace tapedeck
