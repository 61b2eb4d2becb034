# Logs can be searched for 30 days and lie in a bucket for 90.

resource "google_logging_project_bucket_config" "default" {
  project        = local.project
  location       = "global"
  bucket_id      = "_Default"
  retention_days = 30
}

resource "google_logging_project_sink" "archive" {
  name                   = "${var.name}-archive"
  destination            = "storage.googleapis.com/${google_storage_bucket.bucket["logs"].name}"
  filter                 = "resource.type=(\"cloud_run_revision\" OR \"cloud_run_job\" OR \"cloud_tasks_queue\" OR \"cloud_scheduler_job\" OR \"audited_resource\")"
  unique_writer_identity = true
}

resource "google_storage_bucket_iam_member" "archive" {
  bucket = google_storage_bucket.bucket["logs"].name
  role   = "roles/storage.objectCreator"
  member = google_logging_project_sink.archive.writer_identity
}

# Lines that the code writes when the fast path fails; tests/wiring keeps them as the code has them.
locals {
  counted_lines = {
    lost-wakes       = { line = "is left to the sweep", what = "wakes and ends that could not be sent, left to the sweep" }
    refused-launches = { line = "was refused", what = "workers that Cloud Run would not start" }
    lost-workers     = { line = "is lost: ", what = "workers that did not come up, or went silent" }
  }
}

resource "google_logging_metric" "line" {
  for_each = local.counted_lines

  name        = "${var.name}/${each.key}"
  description = "How many ${each.value.what}."
  filter      = "resource.type=(\"cloud_run_revision\" OR \"cloud_run_job\") AND (textPayload:\"${each.value.line}\" OR jsonPayload.message:\"${each.value.line}\")"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

# An alert on a metric that was made a moment ago is refused: Monitoring does not know it yet.
resource "time_sleep" "metrics" {
  create_duration = "60s"
  depends_on      = [google_logging_metric.line]
}
