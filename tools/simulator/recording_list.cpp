#include "recording_list.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "base/time.hpp"
#include "text.hpp"

namespace tapedeck::simulator {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxPage = 1'000'000;
constexpr std::size_t kDateLength = 10;

Result<void> read_count(const Form& query, std::string_view name, std::size_t least, std::size_t most,
                        std::size_t& out) {
  const auto text = query.find(name);
  if (!text) return {};
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end || out < least || out > most) {
    return fail(Errc::kInvalidArgument, fmt::format("{} must be a number from {} to {}", name, least, most));
  }
  return {};
}

Result<std::optional<SystemTime>> read_date(const Form& query, std::string_view name) {
  const auto text = query.find(name);
  if (!text) return std::nullopt;
  const auto time =
      parse_rfc3339(text->size() == kDateLength ? fmt::format("{}T00:00:00Z", *text) : std::string(*text));
  if (!time) return fail(Errc::kInvalidArgument, fmt::format("{} must be a date such as 2026-11-23", name));
  return *time;
}

Result<void> read_dates(const Form& query, ListQuery& out) {
  const auto day = read_date(query, "DateCreated");
  if (!day) return fail(day.error());
  const auto from = read_date(query, "DateCreated>");
  if (!from) return fail(from.error());
  const auto until = read_date(query, "DateCreated<");
  if (!until) return fail(until.error());
  out.from = *from;
  if (*until) out.until = **until + Milliseconds(1);
  if (*day) {
    out.from = std::chrono::floor<std::chrono::days>(**day);
    out.until = *out.from + std::chrono::days(1);
  }
  return {};
}

bool matches(const ListQuery& query, const Recording& recording) {
  if (!query.call.empty() && recording.call != query.call) return false;
  if (query.from && recording.created_at < *query.from) return false;
  if (query.until && recording.created_at >= *query.until) return false;
  return query.shows_deleted || recording.status != "deleted";
}

std::string page_uri(const Request& request, const ListQuery& query, std::size_t page, std::string_view token) {
  std::vector<Form::Field> fields{{"PageSize", std::to_string(query.page_size)}, {"Page", std::to_string(page)}};
  if (!token.empty()) fields.push_back({"PageToken", fmt::format("PA{}", token)});
  for (const Form::Field& field : request.query.fields()) {
    if (!field.name.starts_with("Page")) fields.push_back(field);
  }
  return fmt::format("{}?{}", request.path, write_form(Form(std::move(fields))));
}

}  // namespace

Result<ListQuery> parse_list_query(const Request& request, const Target& target, Directory& directory) {
  ListQuery query;
  auto done = read_count(request.query, "PageSize", 1, kMaxPageSize, query.page_size);
  if (done) done = read_count(request.query, "Page", 0, kMaxPage, query.page);
  if (done) done = read_dates(request.query, query);
  if (!done) return fail(done.error());
  query.call = target.call.empty() ? std::string(request.query.find("CallSid").value_or("")) : target.call;
  query.shows_deleted = request.query.find("IncludeSoftDeleted") == "true";
  const auto token = request.query.find("PageToken");
  if (token) {
    const Recording* last = token->starts_with("PA") ? directory.recording(token->substr(2)) : nullptr;
    if (last == nullptr || last->account != target.account) {
      return fail(Errc::kInvalidArgument, "PageToken is not one of ours");
    }
    query.after = Directory::ListKey{last->created_at, last->sid};
  }
  return query;
}

ListPage select_page(const ListQuery& query, const std::string& account, Directory& directory) {
  const Directory::List& list = directory.list(account);
  auto at = query.after ? list.upper_bound(*query.after) : list.begin();
  std::size_t skip = query.after ? 0 : query.page * query.page_size;
  ListPage page;
  for (; at != list.end(); ++at) {
    const Recording* recording = directory.recording(at->second);
    if (!matches(query, *recording)) continue;
    if (skip > 0) {
      --skip;
    } else if (page.recordings.size() < query.page_size) {
      page.recordings.push_back(recording);
    } else {
      page.has_next = true;
      break;
    }
  }
  return page;
}

json::object list_document(const ListQuery& query, const ListPage& page, json::array recordings,
                           const Request& request) {
  const std::size_t start = query.page * query.page_size;
  json::object out;
  out["page"] = query.page;
  out["page_size"] = query.page_size;
  out["start"] = start;
  out["end"] = start + std::max<std::size_t>(recordings.size(), 1) - 1;
  out["uri"] = request.path_and_query;
  out["first_page_uri"] = page_uri(request, query, 0, "");
  out["previous_page_uri"] = nullptr;
  if (page.has_next) {
    out["next_page_uri"] = page_uri(request, query, query.page + 1, page.recordings.back()->sid);
  } else {
    out["next_page_uri"] = nullptr;
  }
  out["recordings"] = std::move(recordings);
  return out;
}

}  // namespace tapedeck::simulator
