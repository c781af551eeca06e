#pragma once

#include <cstddef>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "blobs/blob_key.hpp"
#include "blobs/blob_store.hpp"
#include "runtime/run_task.hpp"

// What every blob store promises. Included by each adapter's tests, which instantiate BlobStoreContract with their
// kind.

namespace tapedeck::contract {

/// A store, with whatever it lives on.
class BlobSubject {
 public:
  virtual ~BlobSubject() = default;
  [[nodiscard]] virtual BlobStore& store() = 0;
  /// Everything that the store was asked to do is done, clean-up of destroyed writers included.
  virtual void settle() = 0;
};

/// What a store does where the port leaves a choice, and what cannot be seen on it.
struct BlobTraits {
  bool replaces_other_bytes = true;  ///< where false, publishing other bytes under a key that is taken is kConflict
  bool lists_in_pages = true;    ///< where false, it lists one page alone, and orders no keys but those of one folder
  bool keeps_open_bytes = true;  ///< of a blob that is replaced or removed while it is open; where false, reads fail
};

/// One kind of store that the contract is run on.
struct BlobKind {
  std::string name;
  std::unique_ptr<BlobSubject> (*make)();
  BlobTraits traits;
};

inline void PrintTo(const BlobKind& kind, std::ostream* out) { *out << kind.name; }

inline std::string sample_key(int fence = 1) {
  const BlobName name{*BusinessId::parse("acme"), *AccountSid::parse("AC00000000000000000000000000000001"),
                      *RecordingSid::parse("RE00000000000000000000000000000003"), fence, AudioKind::kMpeg};
  return blob_key(name);
}

/// The key of recording `n` of a business.
inline std::string other_key(std::string_view business, int n) {
  const BlobName name{*BusinessId::parse(business), *AccountSid::parse("AC00000000000000000000000000000001"),
                      *RecordingSid::parse(fmt::format("RE{:032x}", n)), 1, AudioKind::kMpeg};
  return blob_key(name);
}

/// Bytes in which every place is told from its neighbours.
inline std::string sample_bytes(std::size_t count, unsigned seed = 1) {
  std::string bytes(count, '\0');
  unsigned state = seed;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

inline std::unique_ptr<BlobWriter> begin_blob(BlobStore& store, const std::string& key) {
  Result<std::unique_ptr<BlobWriter>> writer = run_task(store.create(key));
  EXPECT_TRUE(writer) << writer.error().detail;
  return writer ? std::move(*writer) : nullptr;
}

inline BlobFacts facts_of(const std::string& bytes) { return {sha256_hex(bytes), "audio/mpeg"}; }

inline Result<void> try_to_put(BlobStore& store, const std::string& key, const std::string& bytes) {
  const std::unique_ptr<BlobWriter> writer = begin_blob(store, key);
  if (Result<void> written = run_task(writer->write(bytes)); !written) return written;
  return run_task(writer->publish(facts_of(bytes), {}));
}

inline void put_blob(BlobStore& store, const std::string& key, const std::string& bytes) {
  const Result<void> published = try_to_put(store, key, bytes);
  ASSERT_TRUE(published) << published.error().detail;
}

inline std::string read_all(Blob& blob, std::uint64_t offset = 0, std::size_t step = 10'000) {
  std::string bytes;
  std::string part(step, '\0');
  while (true) {
    const Result<std::size_t> got =
        run_task(blob.read(offset + bytes.size(), std::as_writable_bytes(std::span(part.data(), part.size()))));
    EXPECT_TRUE(got);
    if (!got || *got == 0) return bytes;
    bytes.append(part, 0, *got);
  }
}

/// The bytes, and at a read that fails the error's name instead of the rest.
inline std::string read_in_order(Blob& blob, std::uint64_t offset, std::uint64_t length, std::size_t step = 10'000) {
  const std::unique_ptr<BlobReader> reader = blob.read_in_order(offset, length);
  std::string bytes;
  std::string part(step, '\0');
  while (true) {
    const Result<std::size_t> got = run_task(reader->read(std::as_writable_bytes(std::span(part.data(), part.size()))));
    if (!got) return bytes.append(errc_name(got.error().errc()));
    if (*got == 0) return bytes;
    bytes.append(part, 0, *got);
  }
}

/// "missing", or the bytes.
inline std::string content_of(BlobStore& store, const std::string& key) {
  const Result<std::shared_ptr<Blob>> blob = run_task(store.open(key));
  if (!blob && blob.error().errc() == Errc::kNotFound) return "missing";
  EXPECT_TRUE(blob) << blob.error().detail;
  return blob ? read_all(**blob) : "error";
}

}  // namespace tapedeck::contract
