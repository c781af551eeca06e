#include "domain/recording.hpp"

#include <array>
#include <utility>

namespace tapedeck {
namespace {

template <class Enum, std::size_t N>
using NameTable = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
std::string_view name_in(const NameTable<Enum, N>& table, Enum value) noexcept {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return {};
}

template <class Enum, std::size_t N>
std::optional<Enum> value_in(const NameTable<Enum, N>& table, std::string_view name) noexcept {
  for (const auto& [value, candidate] : table) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

constexpr NameTable<RecordingState, 7> kStates{{{RecordingState::kRemote, "remote"},
                                                {RecordingState::kQueued, "queued"},
                                                {RecordingState::kProcessing, "processing"},
                                                {RecordingState::kStored, "stored"},
                                                {RecordingState::kFailed, "failed"},
                                                {RecordingState::kAbsent, "absent"},
                                                {RecordingState::kDeleted, "deleted"}}};
constexpr NameTable<Lane, 2> kLanes{{{Lane::kPlay, "play"}, {Lane::kFetch, "fetch"}}};
constexpr NameTable<AudioFormat, 3> kFormats{
    {{AudioFormat::kMp3, "mp3"}, {AudioFormat::kWav, "wav"}, {AudioFormat::kWavDual, "wav-dual"}}};
constexpr NameTable<CallDirection, 2> kDirections{
    {{CallDirection::kInbound, "inbound"}, {CallDirection::kOutbound, "outbound"}}};

}  // namespace

std::string_view state_name(RecordingState state) noexcept { return name_in(kStates, state); }
std::optional<RecordingState> parse_state(std::string_view name) noexcept { return value_in(kStates, name); }
std::string_view lane_name(Lane lane) noexcept { return name_in(kLanes, lane); }
std::optional<Lane> parse_lane(std::string_view name) noexcept { return value_in(kLanes, name); }
std::string_view format_name(AudioFormat format) noexcept { return name_in(kFormats, format); }
std::optional<AudioFormat> parse_format(std::string_view name) noexcept { return value_in(kFormats, name); }
std::string_view direction_name(CallDirection direction) noexcept { return name_in(kDirections, direction); }
std::optional<CallDirection> parse_direction(std::string_view name) noexcept { return value_in(kDirections, name); }

}  // namespace tapedeck
