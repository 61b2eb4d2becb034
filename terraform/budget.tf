# Told at half, at nine tenths, at all of it, and when the month looks like ending beyond.

resource "google_billing_budget" "month" {
  count = var.billing_account == null ? 0 : 1

  billing_account = var.billing_account
  display_name    = "${var.name} ${var.environment}"

  budget_filter {
    projects        = ["projects/${local.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(floor(var.budget))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  dynamic "all_updates_rule" {
    for_each = length(local.channels) > 0 ? [true] : []

    content {
      monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
    }
  }
}
