#include "statistics.hpp"

#include <algorithm>

namespace tapedeck::simulator {

namespace json = boost::json;

void Statistics::start(Concurrency& group) {
  ++group.started;
  ++group.current;
  group.greatest = std::max(group.greatest, group.current);
}

void Statistics::end(Concurrency& group, bool is_complete) {
  --group.current;
  if (is_complete) ++group.completed;
}

void Statistics::connection_opened() { start(connections_); }
void Statistics::connection_closed() { end(connections_, false); }

void Statistics::request_read(const Target& target, std::string_view method, bool has_authorization) {
  if (target.resource.empty()) return;
  ++requests_;
  ++requests_by_resource_[target.resource];
  if (target.resource == "cdn" && has_authorization) ++cdn_with_authorization_;
  if (target.resource != "media") return;
  if (!has_authorization) ++media_without_authorization_;
  if (method == "GET" && !target.recording.empty()) ++by_recording_[target.recording].requested;
}

void Statistics::answered(const Target& target, int status) {
  if (target.resource.empty()) return;
  ++all_by_status_[status];
  if (target.resource == "media") ++media_by_status_[status];
}

void Statistics::download_started(const Target& target) {
  start(all_);
  start(by_account_[target.account]);
  if (!target.business.empty()) start(by_business_[target.business]);
}

void Statistics::download_ended(const Target& target, std::uint64_t body_bytes, bool is_complete) {
  end(all_, is_complete);
  end(by_account_[target.account], is_complete);
  if (!target.business.empty()) end(by_business_[target.business], is_complete);
  if (target.recording.empty()) return;
  RecordingCounts& counts = by_recording_[target.recording];
  counts.bytes += body_bytes;
  if (is_complete) ++counts.completed;
}

std::uint64_t Statistics::current_downloads(std::string_view account) const {
  const auto found = by_account_.find(account);
  return found == by_account_.end() ? 0 : found->second.current;
}

json::object Statistics::describe(const ByName<Concurrency>& groups) {
  json::object out;
  for (const auto& [name, group] : groups) {
    json::object entry;
    entry["current"] = group.current;
    entry["greatest"] = group.greatest;
    entry["started"] = group.started;
    entry["completed"] = group.completed;
    out[name] = std::move(entry);
  }
  return out;
}

json::object Statistics::describe() const {
  json::object out;
  out["requests"] = requests_;
  json::object resources;
  for (const auto& [name, count] : requests_by_resource_) resources[name] = count;
  out["requests_by_resource"] = std::move(resources);
  json::object statuses;
  for (const auto& [status, count] : all_by_status_) statuses[std::to_string(status)] = count;
  out["requests_by_status"] = std::move(statuses);
  json::object media_statuses;
  for (const auto& [status, count] : media_by_status_) media_statuses[std::to_string(status)] = count;
  out["media_by_status"] = std::move(media_statuses);
  out["media_without_authorization"] = media_without_authorization_;
  out["cdn_with_authorization"] = cdn_with_authorization_;
  json::object totals = describe(ByName<Concurrency>{{"connections", connections_}, {"downloads", all_}});
  out["connections"] = totals["connections"];
  out["downloads"] = totals["downloads"];
  out["accounts"] = describe(by_account_);
  out["businesses"] = describe(by_business_);
  json::object recordings;
  for (const auto& [sid, counts] : by_recording_) {
    json::object entry;
    entry["requested"] = counts.requested;
    entry["completed"] = counts.completed;
    entry["bytes"] = counts.bytes;
    recordings[sid] = std::move(entry);
  }
  out["recordings"] = std::move(recordings);
  return out;
}

void Statistics::reset(ByName<Concurrency>& groups) {
  std::erase_if(groups, [](const auto& entry) { return entry.second.current == 0; });
  for (auto& [name, group] : groups) group = {group.current, group.current, 0, 0};
}

void Statistics::reset() {
  connections_ = {connections_.current, connections_.current, 0, 0};
  all_ = {all_.current, all_.current, 0, 0};
  reset(by_account_);
  reset(by_business_);
  by_recording_.clear();
  requests_by_resource_.clear();
  media_by_status_.clear();
  all_by_status_.clear();
  requests_ = 0;
  media_without_authorization_ = 0;
  cdn_with_authorization_ = 0;
}

}  // namespace tapedeck::simulator
