# When somebody is told, and of what. `warn` can wait for the morning, `page` cannot.

locals {
  run_service = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.name}-.*\")"
  run_api     = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.name}-api\""
  requests    = "metric.type=\"run.googleapis.com/request_count\""

  errors = { warn = { share = 0.01, words = "1 %" }, page = { share = 0.05, words = "5 %" } } # of answers that are 5xx
  p95_ms = { warn = 1000, page = 5000 }                                                       # of the API
  level  = { warn = "WARNING", page = "CRITICAL" }

  # Conditions of one threshold: over `most` for `for_s`.
  thresholds = merge(
    { for kind, most in local.p95_ms : "latency-${kind}" => {
      title  = "The API is slow: p95 over ${most / 1000} s"
      level  = local.level[kind]
      filter = "${local.run_api} AND metric.type=\"run.googleapis.com/request_latencies\""
      align  = "ALIGN_PERCENTILE_95"
      reduce = "REDUCE_MAX"
      most   = most
      for_s  = 300
      do     = "Look at the dashboard health: are instances at their most, or is Firestore slow?"
    } },
    { for lane in keys(var.lanes) : "queue-${lane}" => {
      title  = "Over 100 tasks wait in the lane ${lane}"
      level  = "WARNING"
      filter = "resource.type=\"cloud_tasks_queue\" AND resource.labels.queue_id=\"${local.prefix}-${lane}\" AND metric.type=\"cloudtasks.googleapis.com/queue/depth\""
      align  = "ALIGN_MEAN"
      reduce = "REDUCE_SUM"
      most   = 100
      for_s  = 300
      do     = "Raise max of work-${lane} in services, or see in its log why tasks come back."
    } },
    { for pool in keys(var.pools) : "pool-${pool}" => {
      title  = "Workers of the pool ${pool} fail"
      level  = "WARNING"
      filter = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"${local.prefix}-${pool}\" AND metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"failed\""
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_SUM"
      most   = 2
      for_s  = 0
      do     = "Open the last execution of ${local.prefix}-${pool}: memory, quota, or its image. Runs wait and are taken up again."
    } },
    { for pair in setproduct(keys(local.counted_lines), ["revision", "job"]) : "${pair[0]}-${pair[1]}" => {
      title  = "More than ten ${local.counted_lines[pair[0]].what}"
      level  = "WARNING"
      filter = "resource.type=\"cloud_run_${pair[1]}\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.line[pair[0]].name}\""
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_SUM"
      most   = 10
      for_s  = 0
      do     = "Search the logs for “${local.counted_lines[pair[0]].line}”: the line says why. Nothing is lost, all of it is late."
    } },
    {
      cpu = {
        title  = "CPU over 80 % for 15 minutes"
        level  = "WARNING"
        filter = "${local.run_service} AND metric.type=\"run.googleapis.com/container/cpu/utilizations\""
        align  = "ALIGN_PERCENTILE_50"
        reduce = "REDUCE_MAX"
        most   = 0.8
        for_s  = 900
        do     = "Raise max of that service in services, or its CPUs."
      }
      dead-letters = {
        title  = "An announcement is dead"
        level  = "CRITICAL"
        filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        align  = "ALIGN_MAX"
        reduce = "REDUCE_MAX"
        most   = 0
        for_s  = 0
        do     = "The sweep has done its work for it; find in the log of events what it could not take, then pull it from ${google_pubsub_subscription.dead.name}."
      }
      announcements = {
        title  = "An announcement waits for over ten minutes"
        level  = "CRITICAL"
        filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.ended.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        align  = "ALIGN_MAX"
        reduce = "REDUCE_MAX"
        most   = 600
        for_s  = 0
        do     = "events does not take them: look at its log and its last revision, and roll back."
      }
    },
  )
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  type         = "email"
  display_name = each.key
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.api]
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.thresholds

  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.level
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.most
      duration        = "${each.value.for_s}s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }
    }
  }

  documentation {
    content = each.value.do
  }

  depends_on = [time_sleep.metrics]
}

resource "google_monitoring_alert_policy" "errors" {
  for_each = local.errors

  display_name          = "${var.name}: over ${each.value.words} of answers are errors"
  combiner              = "OR"
  severity              = local.level[each.key]
  notification_channels = local.channels

  conditions {
    display_name = "5xx of all answers, by service"

    condition_threshold {
      filter             = "${local.run_service} AND ${local.requests} AND metric.labels.response_code_class=\"5xx\""
      denominator_filter = "${local.run_service} AND ${local.requests}"
      comparison         = "COMPARISON_GT"
      threshold_value    = each.value.share
      duration           = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }

      denominator_aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    content = "Did it begin with a revision? Roll back to the one before. Else the log of the service says what it met."
  }
}

# Everything that went wrong elsewhere is made good by tick: its silence is the one that nothing makes good.
resource "google_monitoring_alert_policy" "no_tick" {
  display_name          = "${var.name}: tick has been silent for ten minutes"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "no answer of 2xx"

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.name}-tick\" AND ${local.requests} AND metric.labels.response_code_class=\"2xx\""
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Is the schedule ${google_cloud_scheduler_job.tick.name} paused? What does the log of ${var.name}-tick say?"
  }
}

resource "google_monitoring_uptime_check_config" "api" {
  display_name = "${var.name}: the API answers"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_value = 200
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = local.project
      host       = coalesce(var.domain, trimprefix(module.region[local.active].urls["api"], "https://"))
    }
  }
}

resource "google_monitoring_alert_policy" "down" {
  display_name          = "${var.name}: the API does not answer"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "two regions in a row see no 401 at /v1/flows"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.labels.host"]
      }
    }
  }

  documentation {
    content = "Roll back if a revision is new. Else ask whether ${local.active} is down, and fail over: docs/runbook.md."
  }
}

resource "google_monitoring_custom_service" "api" {
  service_id   = "${var.name}-api"
  display_name = "Cutroom's API"
}

resource "google_monitoring_slo" "available" {
  service             = google_monitoring_custom_service.api.service_id
  slo_id              = "available"
  display_name        = "999 of 1000 requests in 30 days are answered"
  goal                = 0.999
  rolling_period_days = 30

  request_based_sli {
    good_total_ratio {
      bad_service_filter   = "${local.run_api} AND ${local.requests} AND metric.labels.response_code_class=\"5xx\""
      total_service_filter = "${local.run_api} AND ${local.requests}"
    }
  }
}
