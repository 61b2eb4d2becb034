# A queue per lane. It sends no faster than its service can take: a task that is refused comes later and costs twice.

resource "google_cloud_tasks_queue" "lane" {
  for_each = var.lanes

  name     = "${var.prefix}-${each.key}"
  location = var.region

  rate_limits {
    max_concurrent_dispatches = var.services["work-${each.key}"].max * var.services["work-${each.key}"].concurrency
    max_dispatches_per_second = 50
  }

  # The run counts attempts, the queue only redelivers; what it gives up the sweep wakes again.
  retry_config {
    max_attempts  = 10
    min_backoff   = "5s"
    max_backoff   = "300s"
    max_doublings = 5
  }

  stackdriver_logging_config {
    sampling_ratio = 1
  }
}
