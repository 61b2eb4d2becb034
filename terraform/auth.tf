# Sign-in of people. There is one configuration per project, which cannot be removed: so only where it is asked for.

resource "google_identity_platform_config" "people" {
  count = var.identity_platform ? 1 : 0

  autodelete_anonymous_users = true
  authorized_domains         = compact(["localhost", var.domain])

  sign_in {
    allow_duplicate_emails = false

    email {
      enabled           = true
      password_required = false # a link by mail: no password to lose
    }
  }

  depends_on = [google_project_service.api]
}
