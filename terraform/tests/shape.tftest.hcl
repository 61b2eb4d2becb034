# What the switches make of it.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:agent@example.iam.gserviceaccount.com" }
  }
}
mock_provider "random" {}
mock_provider "time" {}

run "as_small_as_it_can_be" {
  command = plan

  assert {
    condition     = local.project == "cutroom-staging"
    error_message = "Without a project it is cutroom-ENVIRONMENT."
  }
  assert {
    condition     = length(module.edge) == 0 && length(google_billing_budget.month) == 0 && length(google_identity_platform_config.people) == 0 && length(google_project_iam_custom_role.pusher) == 0
    error_message = "What is optional is not made unless asked for."
  }
  assert {
    condition     = !contains(local.apis, "videointelligence")
    error_message = "What costs by the minute is off unless asked for."
  }
  assert {
    condition     = keys(module.region) == ["europe-west4"]
    error_message = "One region."
  }
  assert {
    condition     = module.region["europe-west4"].urls["api"] == "https://cutroom-api-123456789012.europe-west4.run.app"
    error_message = "Addresses are known before the services are made."
  }
  assert {
    condition     = google_cloud_scheduler_job.tick.region == "europe-west4" && google_eventarc_trigger.uploaded.location == "eu"
    error_message = "The trigger is where the bucket is, the schedule where the service is."
  }
}

run "evidence_is_bought_where_it_is_asked_for" {
  command = plan
  variables {
    evidence = ["labels", "texts"]
  }

  assert {
    condition     = contains(local.apis, "videointelligence") && contains(keys(google_project_service.api), "videointelligence")
    error_message = "Who is asked must be on."
  }
}

run "a_second_region_stands_by" {
  command = plan
  variables {
    standby_region = "europe-west1"
  }

  assert {
    condition     = length(module.region) == 2 && local.active == "europe-west4"
    error_message = "Made, and idle."
  }
}

run "the_second_region_takes_over" {
  command = plan
  variables {
    standby_region = "europe-west1"
    active_region  = "europe-west1"
  }

  assert {
    condition = alltrue([
      google_cloud_scheduler_job.tick.region == "europe-west1",
      google_eventarc_trigger.uploaded.destination[0].cloud_run_service[0].region == "europe-west1",
      strcontains(google_pubsub_subscription.ended.push_config[0].push_endpoint, "europe-west1"),
    ])
    error_message = "Schedule, uploads and announcements all go to the region that took over."
  }
}

run "with_push" {
  command = plan
  variables {
    push = true
  }

  assert {
    condition     = contains(keys(google_project_service.api), "fcm") && keys(google_project_iam_member.pusher) == ["work-light"]
    error_message = "Messages go out by Firebase, from work-light alone."
  }
  assert {
    condition     = google_project_iam_custom_role.pusher[0].permissions == toset(["cloudmessaging.messages.create"])
    error_message = "Who sends may do nothing else."
  }
}

run "with_a_domain_and_a_budget" {
  command = plan
  variables {
    domain          = "cutroom.example.com"
    billing_account = "012345-6789AB-CDEF01"
    secrets         = { one-key = ["api", "events"] }
  }

  assert {
    condition     = length(module.edge) == 1 && output.api == "https://cutroom.example.com"
    error_message = "People come by the domain."
  }
  assert {
    condition     = length(google_billing_budget.month) == 1
    error_message = "A billing account has its budget."
  }
  assert {
    condition     = length(google_secret_manager_secret_iam_member.reader) == 2
    error_message = "Each reader of a secret is let in by itself."
  }
}
