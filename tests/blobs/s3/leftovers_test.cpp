#include "tests/blobs/s3/scripted_store.hpp"

// Uploads in parts that nobody finished.

namespace tapedeck {
namespace {

using contract::sample_key;

class S3Leftovers : public ScriptedStore {
 protected:
  static std::string upload(const std::string& key, const std::string& id, const std::string& began) {
    return "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId><Initiator><ID>1</ID></Initiator><Initiated>" +
           began + "</Initiated></Upload>";
  }
  static Step page(const std::string& uploads, const std::string& more = "<IsTruncated>false</IsTruncated>") {
    return respond("200 OK", "",
                   "<ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + more + uploads +
                       "</ListMultipartUploadsResult>");
  }
  int collect() { return run(store().collect_leftovers()).value(); }

  const std::string ours_ = "calls/" + sample_key();
  // The clock of these tests says 12:00 on the 23rd.
  const std::string old_ = "2026-11-23T05:59:59.000Z";
  const std::string young_ = "2026-11-23T06:00:01.000Z";
  const Step aborted_ = send("HTTP/1.1 204 No Content\r\n\r\n");
};

TEST_F(S3Leftovers, old_leftovers_under_our_prefix_are_aborted) {
  s3_.answer({page(upload(ours_, "one/1", old_) + upload(ours_, "two", young_))});
  s3_.answer({aborted_});
  EXPECT_EQ(collect(), 1);
  EXPECT_EQ(methods(), "GET DELETE");
  EXPECT_EQ(seen(0).target, "/recordings?max-uploads=500&prefix=calls%2F&uploads=");
  EXPECT_EQ(seen(1).target, "/recordings/" + ours_ + "?uploadId=one%2F1");
}

TEST_F(S3Leftovers, uploads_of_others_are_left_alone) {
  s3_.answer({page(upload("calls/holiday.mp4", "a", old_) + upload("other/" + sample_key(), "b", old_) +
                   upload(ours_, "", old_) + upload(ours_, "c", "yesterday"))});
  EXPECT_EQ(collect(), 0);
  EXPECT_EQ(methods(), "GET");
}

TEST_F(S3Leftovers, leftovers_are_found_on_every_page) {
  s3_.answer({page(upload(ours_, "one", old_),
                   "<IsTruncated>true</IsTruncated><NextKeyMarker>calls/x</NextKeyMarker>"
                   "<NextUploadIdMarker>m</NextUploadIdMarker>")});
  s3_.answer({aborted_});
  s3_.answer({page(upload(ours_, "two", old_))});
  s3_.answer({aborted_});
  EXPECT_EQ(collect(), 2);
  EXPECT_EQ(methods(), "GET DELETE GET DELETE");
  EXPECT_EQ(seen(2).target,
            "/recordings?key-marker=calls%2Fx&max-uploads=500&prefix=calls%2F&upload-id-marker=m&uploads=");
}

TEST_F(S3Leftovers, an_upload_that_was_aborted_meanwhile_is_no_error) {
  s3_.answer({page(upload(ours_, "one", old_))});
  s3_.answer({refuse("404 Not Found", "NoSuchUpload")});
  EXPECT_EQ(collect(), 1);
}

TEST_F(S3Leftovers, a_store_that_cannot_list_them_has_none) {
  s3_.answer({refuse("501 Not Implemented", "NotImplemented")});
  EXPECT_EQ(collect(), 0);
}

TEST_F(S3Leftovers, endless_pages_are_read_up_to_a_limit) {
  s3_.answer({page("", "<IsTruncated>true</IsTruncated><NextKeyMarker>calls/x</NextKeyMarker>")});
  EXPECT_EQ(collect(), 0);
  EXPECT_EQ(s3_.requests().size(), std::size_t{s3::kUploadPagesMax});
}

}  // namespace
}  // namespace tapedeck
