#include "tests/redis/connection_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace tapedeck::redis {
namespace {

constexpr long kGoodForSeconds = 3600;

template <auto Function>
struct Free {
  template <class T>
  void operator()(T* thing) const noexcept {
    Function(thing);
  }
};
using Key = std::unique_ptr<::EVP_PKEY, Free<::EVP_PKEY_free>>;
using Certificate = std::unique_ptr<::X509, Free<::X509_free>>;
using Extension = std::unique_ptr<::X509_EXTENSION, Free<::X509_EXTENSION_free>>;
using File = std::unique_ptr<::BIO, Free<::BIO_free_all>>;

void require(bool success, const char* what) {
  if (!success) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Key make_key() {
  Key key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  require(key != nullptr, "key");
  return key;
}

void name(::X509_NAME* subject, const std::string& common_name) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(common_name.c_str());
  require(::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, bytes, -1, -1, 0) == 1, "name");
}

void extend(::X509* certificate, int kind, const std::string& value) {
  const Extension extension(::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  require(extension != nullptr && ::X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

Certificate make_certificate(long serial, const std::string& common_name, ::EVP_PKEY* key, ::X509_NAME* issuer,
                             int extension, const std::string& value, ::EVP_PKEY* signer) {
  Certificate certificate(::X509_new());
  require(certificate != nullptr, "certificate");
  ::X509_set_version(certificate.get(), X509_VERSION_3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -kGoodForSeconds);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), kGoodForSeconds);
  ::X509_set_pubkey(certificate.get(), key);
  ::X509_NAME* const subject = ::X509_get_subject_name(certificate.get());
  name(subject, common_name);
  ::X509_set_issuer_name(certificate.get(), issuer != nullptr ? issuer : subject);
  extend(certificate.get(), extension, value);
  require(::X509_sign(certificate.get(), signer, ::EVP_sha256()) > 0, "signature");
  return certificate;
}

std::string write(const std::string& path, ::X509* certificate) {
  const File file(::BIO_new_file(path.c_str(), "w"));
  require(file != nullptr && ::PEM_write_bio_X509(file.get(), certificate) == 1, "certificate's file");
  return path;
}

std::string write(const std::string& path, ::EVP_PKEY* key) {
  const File file(::BIO_new_file(path.c_str(), "w"));
  require(file != nullptr && ::PEM_write_bio_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "key's file");
  return path;
}

}  // namespace

Certificates make_certificates(const std::string& folder, const std::string& alternative_name) {
  const Key authority_key = make_key();
  const Certificate authority = make_certificate(1, "Authority of a test", authority_key.get(), nullptr,
                                                 NID_basic_constraints, "critical,CA:TRUE", authority_key.get());
  const Key key = make_key();
  const Certificate certificate =
      make_certificate(2, "Redis of a test", key.get(), ::X509_get_subject_name(authority.get()), NID_subject_alt_name,
                       alternative_name, authority_key.get());
  return {write(folder + "/authority.pem", authority.get()), write(folder + "/certificate.pem", certificate.get()),
          write(folder + "/key.pem", key.get())};
}

}  // namespace tapedeck::redis
