#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/error.hpp"
#include "directory.hpp"
#include "plan.hpp"
#include "request.hpp"

namespace tapedeck::simulator {

inline constexpr std::size_t kDefaultPageSize = 50;
inline constexpr std::size_t kMaxPageSize = 1000;

struct ListQuery {
  std::size_t page_size = kDefaultPageSize;
  std::size_t page = 0;
  /// The last recording of the previous page.
  std::optional<Directory::ListKey> after;
  /// The beginning is inclusive, the end exclusive.
  std::optional<SystemTime> from;
  std::optional<SystemTime> until;
  std::string call;
  bool shows_deleted = false;
};

struct ListPage {
  std::vector<const Recording*> recordings;
  bool has_next = false;
};

/// Reads PageSize, Page, PageToken, DateCreated, DateCreated<, DateCreated>, CallSid and IncludeSoftDeleted.
/// A date alone means the day in UTC: "DateCreated<" ends at the first instant of that day, "DateCreated>" begins
/// there. Error kInvalidArgument.
[[nodiscard]] Result<ListQuery> parse_list_query(const Request& request, const Target& target, Directory& directory);

/// Cost: linear in the recordings of the account from the beginning of the page until it is full.
[[nodiscard]] ListPage select_page(const ListQuery& query, const std::string& account, Directory& directory);

/// The envelope of a list, whose next_page_uri is relative and null on the last page.
[[nodiscard]] boost::json::object list_document(const ListQuery& query, const ListPage& page,
                                                boost::json::array recordings, const Request& request);

}  // namespace tapedeck::simulator
