# Two things call on_event: a file is in the uploads bucket (Eventarc), a run has ended (Pub/Sub push).

locals {
  events_url = module.region[local.active].urls["events"]
  month_s    = 31 * local.day_s
}

data "google_storage_project_service_account" "agent" {
  depends_on = [google_project_service.api]
}

# Cloud Storage tells Eventarc through a topic, as its own service agent.
resource "google_project_iam_member" "storage_agent" {
  project = local.project
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.agent.member
}

resource "google_eventarc_trigger" "uploaded" {
  name            = "${var.name}-uploaded"
  location        = lower(var.data_location) # where the bucket is, not where the service is
  service_account = google_service_account.component["invoker"].email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }
  matching_criteria {
    attribute = "bucket"
    value     = google_storage_bucket.bucket["uploads"].name
  }

  destination {
    cloud_run_service {
      service = module.region[local.active].services["events"]
      region  = local.active
      path    = "/"
    }
  }

  # Eventarc tries it out while it is made: agent and receiver must have their roles by then.
  depends_on = [google_project_iam_member.storage_agent, google_project_iam_member.role, module.region]
}

resource "google_pubsub_topic" "ended" {
  name                       = "${var.name}-ended"
  message_retention_duration = "${7 * local.day_s}s"
  depends_on                 = [google_project_service.api]
}

resource "google_pubsub_topic" "dead" {
  name       = "${var.name}-ended-dead"
  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "ended" {
  name                       = "${var.name}-ended"
  topic                      = google_pubsub_topic.ended.id
  ack_deadline_seconds       = 600 # a long fan-out is planned in one answer
  message_retention_duration = "${7 * local.day_s}s"

  push_config {
    push_endpoint = local.events_url

    oidc_token {
      service_account_email = google_service_account.component["invoker"].email
      audience              = local.events_url
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 20
  }

  expiration_policy {
    ttl = "" # never: an idle month must not silence the pipeline
  }
}

# Without a subscription what comes to a dead-letter topic is lost.
resource "google_pubsub_subscription" "dead" {
  name                       = "${var.name}-ended-dead"
  topic                      = google_pubsub_topic.dead.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${local.month_s}s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub moves what is dead as its own service agent: it takes from the one and puts into the other.
resource "google_pubsub_topic_iam_member" "agent_dead" {
  topic      = google_pubsub_topic.dead.id
  role       = "roles/pubsub.publisher"
  member     = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  depends_on = [time_sleep.agents]
}

resource "google_pubsub_subscription_iam_member" "agent_ended" {
  subscription = google_pubsub_subscription.ended.id
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  depends_on   = [time_sleep.agents]
}
