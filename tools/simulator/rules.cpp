#include "rules.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tapedeck::simulator {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMostTimes = std::numeric_limits<std::int32_t>::max();

bool matches(std::string_view wanted, std::string_view actual) { return wanted.empty() || wanted == actual; }

bool matches(const Rule& rule, const Target& target) {
  if (rule.resource != "any" && rule.resource != target.resource) return false;
  if (rule.fault.kind->concerns != nullptr && !rule.fault.kind->concerns(target)) return false;
  return matches(rule.account, target.account) && matches(rule.call, target.call) &&
         matches(rule.recording, target.recording) && matches(rule.business, target.business) &&
         matches(rule.format, target.format);
}

bool is_used_up(const Rule& rule, const Rule::Seen& seen) {
  return (rule.times && rule.hits >= *rule.times) ||
         (rule.times_per_recording && seen.hits >= *rule.times_per_recording);
}

std::uint64_t draw_for(std::uint64_t seed, const Rule& rule, const Target& target, std::uint64_t request) {
  const std::uint64_t rule_seed = mix(seed + static_cast<std::uint64_t>(rule.id));
  return mix(seed_of(rule_seed, target.recording.empty() ? target.path_and_query : target.recording) + request);
}

// The upper 53 bits as a fraction of one.
double fraction(std::uint64_t draw) { return static_cast<double>(draw >> 11) * 0x1p-53; }

std::optional<std::uint64_t> read_times(Fields& fields, std::string_view name) {
  const auto value = fields.optional_integer(name, 1, kMostTimes);
  return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

}  // namespace

Result<std::int64_t> RuleBook::add(const json::object& object) {
  if (rules_.size() >= kMaxRules) return fail(Errc::kTooLarge, fmt::format("there are {} rules already", kMaxRules));
  Fields fields(object);
  Rule rule;
  const std::string name = fields.text("fault");
  rule.fault.kind = fault_kind(name);
  if (rule.fault.kind == nullptr) {
    return fail(Errc::kInvalidArgument, fmt::format("\"fault\" must be one of: {}", fmt::join(fault_names(), ", ")));
  }
  rule.resource = fields.choice("resource", {"media", "metadata", "list", "call", "cdn", "any"}, "media");
  rule.account = fields.sid("account", "AC");
  rule.call = fields.sid("call", "CA");
  rule.recording = fields.sid("recording", "RE");
  rule.business = fields.text("business");
  rule.format = fields.choice("media_format", {"", "mp3", "wav"}, "");
  rule.probability = fields.number("probability", 1, 0, 1);
  rule.times = read_times(fields, "times");
  rule.times_per_recording = read_times(fields, "times_per_recording");
  rule.fault.kind->read(fields, rule.fault);
  const auto checked = fields.check();
  if (!checked) return fail(checked.error());
  rule.id = ++last_id_;
  rules_.push_back(std::move(rule));
  return last_id_;
}

bool RuleBook::remove(std::int64_t id) {
  return std::erase_if(rules_, [id](const Rule& rule) { return rule.id == id; }) > 0;
}

void RuleBook::clear() {
  rules_.clear();
  last_id_ = 0;
}

json::array RuleBook::describe() const {
  json::array out;
  for (const Rule& rule : rules_) {
    json::object entry;
    entry["id"] = rule.id;
    entry["fault"] = rule.fault.kind->name;
    entry["resource"] = rule.resource;
    entry["account"] = rule.account;
    entry["call"] = rule.call;
    entry["recording"] = rule.recording;
    entry["business"] = rule.business;
    entry["hits"] = rule.hits;
    out.push_back(std::move(entry));
  }
  return out;
}

void RuleBook::apply(const Target& target, SystemTime now, std::string_view base_url, int port, Plan& plan) {
  for (Rule& rule : rules_) {
    if (!matches(rule, target)) continue;
    Rule::Seen& seen = rule.by_recording[target.recording];
    const std::uint64_t draw = draw_for(seed_, rule, target, ++seen.requests);
    if (is_used_up(rule, seen) || fraction(draw) >= rule.probability) continue;
    ++rule.hits;
    ++seen.hits;
    plan.faults.emplace_back(rule.fault.kind->name);
    const FaultContext context{target, now, base_url, port, mix(draw)};
    rule.fault.kind->apply(rule.fault, context, plan);
    if (rule.fault.kind->decides_answer) return;
  }
}

bool RuleBook::is_held_back(const Target& media) const {
  return std::ranges::any_of(rules_, [&media](const Rule& rule) {
    if (rule.fault.kind->name != "not_ready" || !matches(rule, media)) return false;
    const auto seen = rule.by_recording.find(media.recording);
    return !is_used_up(rule, seen == rule.by_recording.end() ? Rule::Seen{} : seen->second);
  });
}

}  // namespace tapedeck::simulator
