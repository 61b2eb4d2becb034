# Once a minute: what the fast path lost.

locals {
  tick_url = module.region[local.active].urls["tick"]
}

resource "google_cloud_scheduler_job" "tick" {
  name             = "${var.name}-tick"
  description      = "Finds runs that are due, wakes them again, and sees to the pools' workers."
  region           = local.active
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.services["tick"].timeout_s}s"

  http_target {
    http_method = "POST"
    uri         = local.tick_url

    oidc_token {
      service_account_email = google_service_account.component["invoker"].email
      audience              = local.tick_url
    }
  }

  retry_config {
    retry_count = 0 # the next minute is the retry
  }

  depends_on = [google_project_service.api]
}
