#include "http/server/message.hpp"

namespace tapedeck::http {
namespace {

std::string_view value_at(const boost::beast::http::fields& fields, boost::beast::http::fields::const_iterator found) {
  if (found == fields.end()) return {};
  return {found->value().data(), found->value().size()};
}

}  // namespace

std::string_view Request::header(boost::beast::http::field name) const {
  return fields == nullptr ? std::string_view{} : value_at(*fields, fields->find(name));
}

std::string_view Request::header(std::string_view name) const {
  return fields == nullptr ? std::string_view{} : value_at(*fields, fields->find({name.data(), name.size()}));
}

}  // namespace tapedeck::http
