#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/contract/blob_store_fixture.hpp"

// What every blob store promises. Included by one file of each adapter's tests, which instantiates BlobStoreContract
// with its kind.

namespace tapedeck::contract {

class BlobStoreContract : public testing::TestWithParam<BlobKind> {
 protected:
  BlobStore& store() { return subject_->store(); }
  void settle() { subject_->settle(); }
  static const BlobTraits& traits() { return GetParam().traits; }

 private:
  std::unique_ptr<BlobSubject> subject_ = GetParam().make();
};

TEST_P(BlobStoreContract, returns_the_bytes_that_were_written) {
  const std::string bytes = sample_bytes(300'000);
  put_blob(store(), sample_key(), bytes);
  EXPECT_EQ(content_of(store(), sample_key()), bytes);
}

TEST_P(BlobStoreContract, joins_chunks_of_any_size_in_their_order) {
  const std::string bytes = sample_bytes(700'001);
  const std::unique_ptr<BlobWriter> writer = begin_blob(store(), sample_key());
  std::size_t step = 1;
  for (std::size_t at = 0; at < bytes.size(); at += step, step = step * 3 % 100'003) {
    ASSERT_TRUE(run_task(writer->write(bytes.substr(at, step))));
    if (at + step >= bytes.size()) break;
  }
  ASSERT_TRUE(run_task(writer->publish(facts_of(bytes), {})));
  EXPECT_EQ(content_of(store(), sample_key()), bytes);
}

TEST_P(BlobStoreContract, keeps_an_empty_blob) {
  put_blob(store(), sample_key(), "");
  EXPECT_EQ(content_of(store(), sample_key()), "");
}

TEST_P(BlobStoreContract, reads_from_any_offset_and_nothing_beyond_the_end) {
  const std::string bytes = sample_bytes(50'000);
  put_blob(store(), sample_key(), bytes);
  const Result<std::shared_ptr<Blob>> blob = run_task(store().open(sample_key()));
  ASSERT_TRUE(blob);
  EXPECT_EQ((*blob)->size(), bytes.size());
  EXPECT_EQ(read_all(**blob, 49'990), bytes.substr(49'990));
  EXPECT_EQ(read_all(**blob, 123), bytes.substr(123));
  EXPECT_EQ(read_all(**blob, 49'123, 77), bytes.substr(49'123));
  EXPECT_EQ(read_all(**blob, 50'000), "");
  EXPECT_EQ(read_all(**blob, 1'000'000'000'000), "");
}

TEST_P(BlobStoreContract, reads_a_part_in_order_and_nothing_beyond_its_end) {
  const std::string bytes = sample_bytes(500'000);
  put_blob(store(), sample_key(), bytes);
  const Result<std::shared_ptr<Blob>> blob = run_task(store().open(sample_key()));
  ASSERT_TRUE(blob);
  EXPECT_TRUE(read_in_order(**blob, 0, 500'000) == bytes);
  EXPECT_TRUE(read_in_order(**blob, 1'000, 300'001, 7'777) == bytes.substr(1'000, 300'001));
  EXPECT_EQ(read_in_order(**blob, 0, 2), bytes.substr(0, 2));
  EXPECT_EQ(read_in_order(**blob, 499'999, 1), bytes.substr(499'999));
  EXPECT_EQ(read_in_order(**blob, 500'000, 0), "");
}

TEST_P(BlobStoreContract, lets_readers_of_one_blob_read_at_different_places) {
  const std::string bytes = sample_bytes(400'000);
  put_blob(store(), sample_key(), bytes);
  const Result<std::shared_ptr<Blob>> blob = run_task(store().open(sample_key()));
  ASSERT_TRUE(blob);
  const std::unique_ptr<BlobReader> abandoned = (*blob)->read_in_order(0, 400'000);
  std::string first(100, '\0');
  ASSERT_TRUE(run_task(abandoned->read(std::as_writable_bytes(std::span(first.data(), first.size())))));
  EXPECT_EQ(first, bytes.substr(0, 100));
  EXPECT_TRUE(read_in_order(**blob, 200'000, 200'000) == bytes.substr(200'000));
}

TEST_P(BlobStoreContract, does_not_find_a_blob_that_was_never_published) {
  EXPECT_EQ(content_of(store(), sample_key()), "missing");
}

TEST_P(BlobStoreContract, shows_nothing_before_publishing) {
  const std::unique_ptr<BlobWriter> writer = begin_blob(store(), sample_key());
  ASSERT_TRUE(run_task(writer->write(sample_bytes(500'000))));
  EXPECT_EQ(content_of(store(), sample_key()), "missing");
}

TEST_P(BlobStoreContract, keeps_nothing_of_a_writer_destroyed_before_publishing) {
  {
    const std::unique_ptr<BlobWriter> writer = begin_blob(store(), sample_key());
    ASSERT_TRUE(run_task(writer->write(sample_bytes(500'000))));
  }
  settle();
  EXPECT_EQ(content_of(store(), sample_key()), "missing");
  EXPECT_EQ(run_task(store().collect_leftovers()).value(), 0);
}

TEST_P(BlobStoreContract, publishes_the_same_bytes_twice_without_an_error) {
  put_blob(store(), sample_key(), "bytes");
  put_blob(store(), sample_key(), "bytes");
  settle();
  EXPECT_EQ(content_of(store(), sample_key()), "bytes");
  EXPECT_EQ(run_task(store().collect_leftovers()).value(), 0);
}

TEST_P(BlobStoreContract, replaces_other_bytes_or_refuses_to) {
  put_blob(store(), sample_key(), "old bytes");
  const Result<void> published = try_to_put(store(), sample_key(), "new");
  settle();
  if (traits().replaces_other_bytes) {
    EXPECT_TRUE(published);
    EXPECT_EQ(content_of(store(), sample_key()), "new");
  } else {
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().errc(), Errc::kConflict);
    EXPECT_EQ(content_of(store(), sample_key()), "old bytes");
  }
  EXPECT_EQ(run_task(store().collect_leftovers()).value(), 0);
}

TEST_P(BlobStoreContract, shows_no_byte_of_another_blob_through_an_open_one) {
  const std::string bytes = sample_bytes(200'000);
  put_blob(store(), sample_key(), bytes);
  const Result<std::shared_ptr<Blob>> blob = run_task(store().open(sample_key()));
  ASSERT_TRUE(blob);
  ASSERT_TRUE(run_task(store().remove(sample_key())));
  EXPECT_EQ(read_in_order(**blob, 0, 200'000), traits().keeps_open_bytes ? bytes : "not_found");
  put_blob(store(), sample_key(), sample_bytes(200'000, 2));
  EXPECT_EQ(read_in_order(**blob, 0, 200'000), traits().keeps_open_bytes ? bytes : "conflict");
}

TEST_P(BlobStoreContract, keeps_attempts_at_one_recording_apart) {
  put_blob(store(), sample_key(2), "newer attempt");
  put_blob(store(), sample_key(1), "worker of an older fence");
  EXPECT_EQ(content_of(store(), sample_key(2)), "newer attempt");
}

TEST_P(BlobStoreContract, removes_one_blob_and_no_other) {
  put_blob(store(), sample_key(1), "one");
  put_blob(store(), sample_key(2), "two");
  ASSERT_TRUE(run_task(store().remove(sample_key(1))));
  EXPECT_EQ(content_of(store(), sample_key(1)), "missing");
  EXPECT_EQ(content_of(store(), sample_key(2)), "two");
}

TEST_P(BlobStoreContract, keeps_a_waveform_beside_its_audio) {
  const std::string key = peaks_key(sample_key());
  put_blob(store(), sample_key(), "audio");
  EXPECT_EQ(content_of(store(), key), "missing");
  put_blob(store(), key, R"({"peaks":[[-1,1]]})");
  put_blob(store(), key, R"({"peaks":[[-1,1]]})");
  EXPECT_EQ(content_of(store(), key), R"({"peaks":[[-1,1]]})");
  EXPECT_EQ(content_of(store(), sample_key()), "audio");
  ASSERT_TRUE(run_task(store().remove(key)));
  EXPECT_EQ(content_of(store(), key), "missing");
  EXPECT_EQ(content_of(store(), sample_key()), "audio");
}

TEST_P(BlobStoreContract, removes_a_missing_blob_without_an_error) {
  EXPECT_TRUE(run_task(store().remove(sample_key())));
  put_blob(store(), sample_key(), "once");
  EXPECT_TRUE(run_task(store().remove(sample_key())));
  EXPECT_TRUE(run_task(store().remove(sample_key())));
}

TEST_P(BlobStoreContract, refuses_keys_that_are_not_its_own) {
  for (const std::string key : {"", "..", "../../etc/passwd", "/etc/passwd", "acme/../x", ".tmp/1-1"}) {
    const auto created = run_task(store().create(key));
    ASSERT_FALSE(created) << key;
    EXPECT_EQ(created.error().errc(), Errc::kInvalidArgument) << key;
    const auto opened = run_task(store().open(key));
    ASSERT_FALSE(opened) << key;
    EXPECT_EQ(opened.error().errc(), Errc::kInvalidArgument) << key;
    const auto removed = run_task(store().remove(key));
    ASSERT_FALSE(removed) << key;
    EXPECT_EQ(removed.error().errc(), Errc::kInvalidArgument) << key;
  }
}

TEST_P(BlobStoreContract, tells_the_size_of_a_blob) {
  put_blob(store(), sample_key(), sample_bytes(70'001));
  EXPECT_EQ(run_task(store().size_of(sample_key())).value(), 70'001U);
  EXPECT_EQ(run_task(store().size_of(sample_key(2))).value(), std::nullopt);
  EXPECT_EQ(run_task(store().size_of(other_key("globex", 1))).value(), std::nullopt);
  EXPECT_EQ(run_task(store().size_of("../x")).error().errc(), Errc::kInvalidArgument);
}

TEST_P(BlobStoreContract, lists_nothing_while_it_is_empty) {
  EXPECT_TRUE(run_task(store().list("", 10)).value().empty());
  const std::unique_ptr<BlobWriter> writer = begin_blob(store(), sample_key());
  ASSERT_TRUE(run_task(writer->write("bytes")));
  EXPECT_TRUE(run_task(store().list("", 10)).value().empty());
}

// Where one business's id begins another's, the slash behind it decides.
TEST_P(BlobStoreContract, lists_its_blobs_page_by_page_in_the_order_of_their_keys) {
  std::vector<std::string> keys;
  std::vector<std::string> businesses{"acme", "acme-2", "acme2", "acme_2", "Zeta"};
  if (!traits().lists_in_pages) businesses = {"acme"};
  for (const std::string& business : businesses) {
    for (int n = 1; n <= 3; ++n) keys.push_back(other_key(business, n * 250));
  }
  for (const std::string& key : keys) put_blob(store(), key, key);
  std::ranges::sort(keys);
  const std::vector<int> limits = traits().lists_in_pages ? std::vector{1, 4, 15, 1'000} : std::vector{1'000};
  for (const int limit : limits) {
    std::vector<std::string> listed;
    std::string after;
    while (true) {
      const auto page = run_task(store().list(after, limit));
      ASSERT_TRUE(page) << page.error().detail;
      ASSERT_LE(std::ssize(*page), limit);
      for (const BlobEntry& entry : *page) {
        listed.push_back(entry.key);
        EXPECT_EQ(entry.size, entry.key.size());
      }
      if (std::ssize(*page) < limit) break;
      after = listed.back();
    }
    EXPECT_EQ(listed, keys) << limit;
  }
}

TEST_P(BlobStoreContract, lists_when_a_blob_was_written) {
  const auto now = [] { return std::chrono::floor<Seconds>(std::chrono::system_clock::now()); };
  const auto before = now();
  put_blob(store(), sample_key(), "bytes");
  const auto page = run_task(store().list("", 10)).value();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_GE(page.front().written_at, before - Seconds(2));
  EXPECT_LE(page.front().written_at, now() + Seconds(2));
}

TEST_P(BlobStoreContract, goes_on_after_a_key_that_is_gone) {
  for (int n = 1; n <= 3; ++n) put_blob(store(), other_key("acme", n), "bytes");
  ASSERT_TRUE(run_task(store().remove(other_key("acme", 2))));
  const auto page = run_task(store().list(other_key("acme", 2), 10)).value();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page.front().key, other_key("acme", 3));
}

TEST_P(BlobStoreContract, is_ready) { EXPECT_TRUE(run_task(store().ping())); }

}  // namespace tapedeck::contract
