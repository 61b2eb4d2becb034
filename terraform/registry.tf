# Images. What is deployed is named by digest, so tags may move; the last ten stay to roll back to, all else goes after a month.

resource "google_artifact_registry_repository" "images" {
  repository_id = var.name
  location      = local.near
  format        = "DOCKER"
  description   = "Images of Cutroom: functions, jobs-cpu, jobs-gpu."

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "remove-the-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.api]
}
