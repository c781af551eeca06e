#pragma once

#include <optional>
#include <string>

#include "app/import.hpp"
#include "cli/commands/import.hpp"
#include "cli/commands/output.hpp"

namespace tapedeck {

/// Between two lines of JSON, and between two drawings of the bar.
inline constexpr Milliseconds kImportLineEvery{1'000};
inline constexpr Milliseconds kImportBarEvery{200};

/// How an import looks: a bar in place on a terminal, or else lines of JSON, each an object with "event" "progress" or
/// "end".
class ImportView {
 public:
  ImportView(const Output& output, Clock& clock, bool is_terminal)
      : output_(output), clock_(clock), is_bar_(is_terminal && !output.json) {}

  /// Draws, unless it has just done so.
  void show(const ImportProgress& progress);
  /// Takes the bar away.
  void clear();
  void tell_end(const ImportOutcome& outcome, const ImportArguments& arguments);
  /// Recordings of it that were given up, or that the provider has no audio of.
  [[nodiscard]] static std::int64_t failed(const ImportProgress& progress);

 private:
  struct Pace {
    double per_second = 0;
    std::optional<double> seconds_left;
  };
  [[nodiscard]] Pace pace_of(const ImportProgress& progress);
  void tell_in_words(const ImportOutcome& outcome, const ImportArguments& arguments) const;
  void tell_in_json(const ImportOutcome& outcome) const;

  const Output output_;
  Clock& clock_;
  const bool is_bar_;
  std::optional<SteadyTime> shown_at_;
  std::optional<SteadyTime> first_at_;
  std::int64_t first_ended_ = 0;  // when it was looked first: of an earlier run
  std::size_t drawn_ = 0;         // characters of the bar that is there
};

}  // namespace tapedeck
