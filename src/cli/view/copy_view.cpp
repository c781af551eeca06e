#include "cli/view/copy_view.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace tapedeck {
namespace {

constexpr Milliseconds kLineInterval{1'000};

ProgressView::Form form_of(const CommandContext& context) {
  if (context.output.json) return ProgressView::Form::kLines;
  return context.line.err_is_terminal ? ProgressView::Form::kBar : ProgressView::Form::kNone;
}

}  // namespace

CopyView::CopyView(CommandContext& context)
    : is_json_(context.output.json),
      view_(form_of(context), kLineInterval, context.output.out, context.output.err, context.clock) {}

void CopyView::show(const CopyProgress& progress) {
  if (part_ != progress.part) view_.begin_part();
  part_ = progress.part;
  view_.show(progress.done, progress.total, [&](const Pace&) {
    if (is_json_) {
      boost::json::object line{
          {"pass", pass_}, {"part", progress.part}, {"done", progress.done}, {"bytes", progress.bytes}};
      if (progress.total > 0) line["total"] = progress.total;
      return boost::json::serialize(line);
    }
    std::string words = fmt::format("pass {}, {}: {}", pass_, progress.part, progress.done);
    if (progress.total > 0) words += fmt::format(" of {}", progress.total);
    return progress.bytes > 0 ? words + ", " + bytes_text(progress.bytes) : words;
  });
}

void print_unusable(std::ostream& out, std::string_view title, const BlobOutcome& blobs) {
  if (blobs.named.empty()) return;
  out << fmt::format("{}: {} damaged, {} missing:\n", title, blobs.damaged, blobs.missing);
  for (const std::string& name : blobs.named) out << "  " << name << '\n';
}

}  // namespace tapedeck
