#include "faults.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "gzip.hpp"

namespace tapedeck::simulator {
namespace {

constexpr std::int64_t kMostMilliseconds = 24 * 3600 * 1000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 40;
constexpr std::int64_t kMostBombBytes = std::int64_t{16} << 30;
constexpr std::int64_t kMostRetryAfterSeconds = 86400;
constexpr std::uint64_t kDefaultBombBytes = std::uint64_t{1} << 30;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Replaces the answer and keeps its transfer.
void answer_with(Plan& plan, Plan replacement) {
  replacement.shape = plan.shape;
  replacement.faults = plan.faults;
  plan = std::move(replacement);
}

void read_nothing(Fields& /*fields*/, Fault& /*fault*/) {}

// --- faults that decide the answer ---

void apply_not_ready(const Fault&, const FaultContext& context, Plan& plan) {
  answer_with(plan,
              rest_exception(404, 20404,
                             fmt::format("The requested resource {} was not found", context.target.path_and_query)));
}

bool asks_two_channels(const Target& target) { return target.requested_channels == 2; }

void apply_no_dual_channel(const Fault&, const FaultContext&, Plan& plan) {
  answer_with(plan, rest_exception(400, 16113, "Requested channels are not available for this recording"));
}

void read_status(Fields& fields, Fault& fault) {
  fault.status = static_cast<int>(fields.integer("status", 500, 400, 599));
  if (const auto seconds = fields.optional_integer("retry_after_s", 0, kMostRetryAfterSeconds)) {
    fault.retry_after = Seconds(*seconds);
  }
  fault.flag = fields.choice("retry_after_format", {"seconds", "date"}, "seconds") == "date";
}

void apply_status(const Fault& fault, const FaultContext& context, Plan& plan) {
  answer_with(plan, rest_exception(fault.status));
  if (!fault.retry_after) return;
  plan.headers.emplace_back("Retry-After", fault.flag ? format_http_date(context.now + *fault.retry_after)
                                                      : std::to_string(fault.retry_after->count()));
}

void redirect(int status, std::string location, Plan& plan) {
  Plan answer;
  answer.status = status;
  answer.content_type = "text/plain";
  answer.body = Body::of_text("moved\n");
  answer.headers.emplace_back("Location", std::move(location));
  answer_with(plan, std::move(answer));
}

void read_redirect(Fields& fields, Fault& fault) {
  fault.status = static_cast<int>(fields.integer("status", 302, 300, 399));
  fault.text = fields.text("location", "http://localhost:{port}/_cdn/{account}/{recording}.{format}");
}

void apply_redirect(const Fault& fault, const FaultContext& context, Plan& plan) {
  std::string location = fault.text;
  replace_all(location, "{port}", std::to_string(context.port));
  replace_all(location, "{account}", context.target.account);
  replace_all(location, "{recording}", context.target.recording);
  replace_all(location, "{format}", context.target.format);
  redirect(fault.status, std::move(location), plan);
}

void apply_redirect_loop(const Fault&, const FaultContext& context, Plan& plan) {
  redirect(302, fmt::format("{}{}", context.base_url, context.target.path_and_query), plan);
}

void read_error_body(Fields& fields, Fault& fault) {
  fault.text = fields.choice("format", {"xml", "json", "html"}, "xml");
  fault.flag = fields.boolean("pretends_audio", false);
}

void apply_error_body(const Fault& fault, const FaultContext&, Plan& plan) {
  const std::string audio_type = plan.content_type;
  Plan answer = rest_exception(404);
  answer.status = 200;
  if (fault.text == "xml") {
    answer.content_type = "application/xml";
    answer.body = Body::of_text(
        "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException><Code>20404</Code>"
        "<Message>The requested resource was not found</Message>"
        "<MoreInfo>https://www.twilio.com/docs/errors/20404</MoreInfo><Status>404</Status></RestException>"
        "</TwilioResponse>");
  } else if (fault.text == "html") {
    answer.content_type = "text/html";
    answer.body = Body::of_text("<!DOCTYPE html><title>Error</title><p>Something went wrong.");
  }
  if (fault.flag) answer.content_type = audio_type;
  answer_with(plan, std::move(answer));
}

void apply_zero_bytes(const Fault&, const FaultContext&, Plan& plan) {
  plan.body = Body::of_text("");
  plan.is_recording = false;
}

void apply_gzip(const Fault&, const FaultContext&, Plan& plan) {
  plan.body = Body::of_text(gzip(plan.body.text()));
  plan.headers.emplace_back("Content-Encoding", "gzip");
  plan.is_recording = false;
}

void read_gzip_bomb(Fields& fields, Fault& fault) {
  fault.bytes = static_cast<std::uint64_t>(fields.integer("bytes", kDefaultBombBytes, 1, kMostBombBytes));
}

void apply_gzip_bomb(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.body = Body::of_text(gzip_bomb(fault.bytes));
  plan.headers.emplace_back("Content-Encoding", "gzip");
  plan.is_recording = false;
}

void read_framing(Fields& fields, Fault& fault) {
  fault.flag = fields.choice("framing", {"chunked", "close"}, "chunked") == "close";
}

void apply_framing(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.framing = fault.flag ? Framing::kUntilClose : Framing::kChunked;
}

void apply_endless(const Fault& fault, const FaultContext& context, Plan& plan) {
  plan.body = plan.body.endless();
  plan.is_recording = false;
  apply_framing(fault, context, plan);
}

void read_raw(Fields& fields, Fault& fault) { fault.text = fields.text("text", "NONSENSE\r\n\r\n"); }

void apply_raw(const Fault& fault, const FaultContext&, Plan& plan) { plan.shape.raw = fault.text; }

// --- faults of the transfer ---

void read_latency(Fields& fields, Fault& fault) {
  fault.delay = Milliseconds(fields.integer("ms", 0, 0, kMostMilliseconds));
  fault.delay_most =
      Milliseconds(fields.integer("most_ms", fault.delay.count(), fault.delay.count(), kMostMilliseconds));
}

void apply_latency(const Fault& fault, const FaultContext& context, Plan& plan) {
  const auto span = static_cast<std::uint64_t>((fault.delay_most - fault.delay).count()) + 1;
  plan.shape.latency += fault.delay + Milliseconds(context.draw % span);
}

void read_drip(Fields& fields, Fault& fault) {
  fault.bytes = static_cast<std::uint64_t>(fields.integer("bytes_per_second", 1000, 1, kMostBytes));
}

void apply_drip(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.bytes_per_second = std::min(fault.bytes, plan.shape.bytes_per_second.value_or(fault.bytes));
}

void read_stall(Fields& fields, Fault& fault) {
  fault.bytes = static_cast<std::uint64_t>(fields.integer("after_bytes", 0, 0, kMostBytes));
  if (const auto limit = fields.optional_integer("for_ms", 1, kMostMilliseconds)) fault.limit = Milliseconds(*limit);
}

void apply_stall(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.stall_after = fault.bytes;
  plan.shape.stall_for = fault.limit;
}

void read_close(Fields& fields, Fault& fault) {
  fault.bytes = static_cast<std::uint64_t>(fields.integer("after_bytes", 0, 0, kMostBytes));
  fault.flag = fields.choice("how", {"fin", "rst"}, "fin") == "rst";
  fault.difference = fields.boolean("before_header", false) ? 1 : 0;
}

void apply_close(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.close_after = fault.bytes;
  plan.shape.closes_with_reset = fault.flag;
  plan.shape.closes_before_header = fault.difference != 0;
}

void apply_cut_chunked(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.framing = Framing::kChunked;
  plan.shape.close_after = fault.bytes;
}

void read_cut_chunked(Fields& fields, Fault& fault) {
  fault.bytes = static_cast<std::uint64_t>(fields.integer("after_bytes", kMostBytes, 0, kMostBytes));
}

void read_wrong_length(Fields& fields, Fault& fault) {
  fault.difference = fields.integer("difference", 100, -kMostBytes, kMostBytes);
}

void apply_wrong_length(const Fault& fault, const FaultContext&, Plan& plan) {
  plan.shape.length_error = fault.difference;
}

constexpr std::array kKinds{
    FaultKind{"not_ready", true, read_nothing, apply_not_ready},
    FaultKind{"no_dual_channel", true, read_nothing, apply_no_dual_channel, asks_two_channels},
    FaultKind{"status", true, read_status, apply_status},
    FaultKind{"redirect", true, read_redirect, apply_redirect},
    FaultKind{"redirect_loop", true, read_nothing, apply_redirect_loop},
    FaultKind{"error_body", true, read_error_body, apply_error_body},
    FaultKind{"zero_bytes", true, read_nothing, apply_zero_bytes},
    FaultKind{"gzip", true, read_nothing, apply_gzip},
    FaultKind{"gzip_bomb", true, read_gzip_bomb, apply_gzip_bomb},
    FaultKind{"endless", true, read_framing, apply_endless},
    FaultKind{"raw", true, read_raw, apply_raw},
    FaultKind{"latency", false, read_latency, apply_latency},
    FaultKind{"drip", false, read_drip, apply_drip},
    FaultKind{"stall", false, read_stall, apply_stall},
    FaultKind{"close", false, read_close, apply_close},
    FaultKind{"wrong_length", false, read_wrong_length, apply_wrong_length},
    FaultKind{"no_length", false, read_framing, apply_framing},
    FaultKind{"cut_chunked", false, read_cut_chunked, apply_cut_chunked},
};

}  // namespace

const FaultKind* fault_kind(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kKinds, name, &FaultKind::name);
  return found == kKinds.end() ? nullptr : found;
}

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  names.reserve(kKinds.size());
  for (const FaultKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

}  // namespace tapedeck::simulator
