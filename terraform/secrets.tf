# Secrets without values: `gcloud secrets versions add NAME --data-file=-` brings them, so that no state holds one.

resource "google_secret_manager_secret" "secret" {
  for_each = var.secrets

  secret_id = each.key

  replication {
    auto {}
  }

  depends_on = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = merge([for name, readers in var.secrets : { for reader in readers : "${reader} ${name}" => { name = name, reader = reader } }]...)

  secret_id = google_secret_manager_secret.secret[each.value.name].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.component[each.value.reader].member
}
