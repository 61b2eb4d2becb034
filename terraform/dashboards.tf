# One dashboard per question; a widget is a title, a filter, and how it is added up.

locals {
  job        = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=monitoring.regex.full_match(\"${local.prefix}-.*\")"
  queue      = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=monitoring.regex.full_match(\"${local.prefix}-.*\")"
  buckets_of = "resource.type=\"gcs_bucket\" AND resource.labels.bucket_name=monitoring.regex.full_match(\"${local.project}-.*\")"

  dashboards = {
    health = [
      { title = "Requests by service", filter = "${local.run_service} AND ${local.requests}", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "resource.labels.service_name" },
      { title = "Errors by service", filter = "${local.run_service} AND ${local.requests} AND metric.labels.response_code_class=\"5xx\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "resource.labels.service_name" },
      { title = "p95 by service, ms", filter = "${local.run_service} AND metric.type=\"run.googleapis.com/request_latencies\"", align = "ALIGN_PERCENTILE_95", reduce = "REDUCE_MAX", by = "resource.labels.service_name" },
      { title = "CPU by service", filter = "${local.run_service} AND metric.type=\"run.googleapis.com/container/cpu/utilizations\"", align = "ALIGN_PERCENTILE_50", reduce = "REDUCE_MAX", by = "resource.labels.service_name" },
      { title = "Instances by service", filter = "${local.run_service} AND metric.type=\"run.googleapis.com/container/instance_count\"", align = "ALIGN_MAX", reduce = "REDUCE_SUM", by = "resource.labels.service_name" },
      { title = "Age of the oldest announcement, s", filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.ended.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", align = "ALIGN_MAX", reduce = "REDUCE_MAX", by = "resource.labels.subscription_id" },
    ]
    stages = concat(
      [for lane in keys(var.lanes) : { title = "Tasks waiting in ${lane}: ${join(", ", [for name, stage in var.stages : name if stage.lane == lane])}", filter = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=\"${local.prefix}-${lane}\" AND metric.type=\"cloudtasks.googleapis.com/queue/depth\"", align = "ALIGN_MEAN", reduce = "REDUCE_SUM", by = "resource.labels.queue_id" }],
      [for pool in keys(var.pools) : { title = "Workers in ${pool}, ${var.pools[pool].cap} at most: ${join(", ", [for name, stage in var.stages : name if stage.pool == pool])}", filter = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"${local.prefix}-${pool}\" AND metric.type=\"run.googleapis.com/job/running_executions\"", align = "ALIGN_MAX", reduce = "REDUCE_SUM", by = "resource.labels.job_name" }],
      [
        { title = "Workers that ended, by result", filter = "${local.job} AND metric.type=\"run.googleapis.com/job/completed_execution_count\"", align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = "metric.labels.result" },
        { title = "Tasks by answer", filter = "${local.queue} AND metric.type=\"cloudtasks.googleapis.com/queue/task_attempt_count\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "metric.labels.response_code" },
      ],
      [for name, one in local.counted_lines : { title = "Left to the sweep: ${one.what}", filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.line[name].name}\"", align = "ALIGN_DELTA", reduce = "REDUCE_SUM", by = "metric.type" }],
    )
    cost = [
      { title = "Instance seconds billed, by service", filter = "${local.run_service} AND metric.type=\"run.googleapis.com/container/billable_instance_time\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "resource.labels.service_name" },
      { title = "Workers at work, by pool", filter = "${local.job} AND metric.type=\"run.googleapis.com/job/running_executions\"", align = "ALIGN_MEAN", reduce = "REDUCE_SUM", by = "resource.labels.job_name" },
      { title = "Bytes kept, by bucket", filter = "${local.buckets_of} AND metric.type=\"storage.googleapis.com/storage/total_bytes\"", align = "ALIGN_MEAN", reduce = "REDUCE_SUM", by = "resource.labels.bucket_name" },
      { title = "Documents read", filter = "resource.type=\"firestore.googleapis.com/Database\" AND metric.type=\"firestore.googleapis.com/document/read_ops_count\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "resource.labels.database_id" },
      { title = "Documents written", filter = "resource.type=\"firestore.googleapis.com/Database\" AND metric.type=\"firestore.googleapis.com/document/write_ops_count\"", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "resource.labels.database_id" },
    ]
    users = [
      { title = "Requests of people, by answer", filter = "${local.run_api} AND ${local.requests}", align = "ALIGN_RATE", reduce = "REDUCE_SUM", by = "metric.labels.response_code" },
      { title = "Files brought", filter = "resource.type=\"gcs_bucket\" AND resource.labels.bucket_name=\"${google_storage_bucket.bucket["uploads"].name}\" AND metric.type=\"storage.googleapis.com/storage/object_count\"", align = "ALIGN_MEAN", reduce = "REDUCE_SUM", by = "resource.labels.bucket_name" },
    ]
  }
}

resource "google_monitoring_dashboard" "board" {
  for_each = local.dashboards

  dashboard_json = jsonencode({
    displayName = "${var.name}: ${each.key}"
    mosaicLayout = {
      columns = 12
      tiles = [for n, widget in each.value : {
        xPos   = (n % 2) * 6
        yPos   = floor(n / 2) * 4
        width  = 6
        height = 4
        widget = {
          title = widget.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = widget.filter
                  aggregation = {
                    alignmentPeriod    = "60s"
                    perSeriesAligner   = widget.align
                    crossSeriesReducer = widget.reduce
                    groupByFields      = [widget.by]
                  }
                }
              }
            }]
          }
        }
      }]
    }
  })

  depends_on = [google_project_service.api]
}
