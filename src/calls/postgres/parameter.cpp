#include "calls/postgres/parameter.hpp"

namespace tapedeck::postgres {
namespace {

// catalog/pg_type.dat; they never change.
constexpr unsigned int kBool = 16;
constexpr unsigned int kInt8 = 20;
constexpr unsigned int kText = 25;
constexpr unsigned int kTextArray = 1009;
constexpr unsigned int kInt8Array = 1016;

template <class Unsigned>
void append_big_endian(std::string& bytes, Unsigned value) {
  for (int shift = 8 * (static_cast<int>(sizeof(value)) - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>((value >> shift) & 0xff);
  }
}

// The form of array_recv(): dimensions, whether there are nulls, type; length and lower bound; elements.
template <class T>
Parameter to_array(unsigned int type, unsigned int element_type, const std::vector<T>& values) {
  Parameter array{type, false, {}};
  append_big_endian(array.bytes, std::uint32_t{1});
  append_big_endian(array.bytes, std::uint32_t{0});
  append_big_endian(array.bytes, std::uint32_t{element_type});
  append_big_endian(array.bytes, static_cast<std::uint32_t>(values.size()));
  append_big_endian(array.bytes, std::uint32_t{1});
  for (const T& value : values) {
    const Parameter element = to_parameter(value);
    append_big_endian(array.bytes, static_cast<std::uint32_t>(element.bytes.size()));
    array.bytes += element.bytes;
  }
  return array;
}

}  // namespace

Parameter to_parameter(bool value) { return {kBool, false, std::string(1, value ? '\1' : '\0')}; }

Parameter to_parameter(std::int64_t value) {
  Parameter parameter{kInt8, false, {}};
  append_big_endian(parameter.bytes, static_cast<std::uint64_t>(value));
  return parameter;
}

Parameter to_parameter(std::string_view value) { return {kText, false, std::string(value)}; }

Parameter to_parameter(const std::vector<std::int64_t>& values) { return to_array(kInt8Array, kInt8, values); }

Parameter to_parameter(const std::vector<std::string>& values) { return to_array(kTextArray, kText, values); }

}  // namespace tapedeck::postgres
