# Documents. Indexes, group fields and expiry come from the code's queries: common/adapters/google/indexes.py.

resource "google_firestore_database" "main" {
  name                              = var.name
  location_id                       = var.database_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED" # seven days
  delete_protection_state           = var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protected ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.api]
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.main.name
  retention = "${30 * local.day_s}s"

  daily_recurrence {}
}

resource "google_firestore_index" "query" {
  for_each = var.indexes

  database    = google_firestore_database.main.name
  collection  = each.value.collection
  query_scope = each.value.group ? "COLLECTION_GROUP" : "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path = fields.value.path
      order      = fields.value.dimension == null ? fields.value.order : null

      dynamic "vector_config" {
        for_each = fields.value.dimension == null ? [] : [fields.value.dimension]

        content {
          dimension = vector_config.value
          flat {}
        }
      }
    }
  }
}

resource "google_firestore_field" "field" {
  for_each = var.fields

  database   = google_firestore_database.main.name
  collection = each.value.collection
  field      = each.value.field

  # An expiry rises with the clock and nobody asks by it: an index of it would only slow down writing.
  index_config {
    dynamic "indexes" {
      for_each = each.value.group ? [true] : []

      content {
        order       = "ASCENDING"
        query_scope = "COLLECTION_GROUP"
      }
    }
  }

  dynamic "ttl_config" {
    for_each = each.value.expires ? [true] : []

    content {}
  }
}

# People's programs talk to /v1 alone: nobody reads or writes documents past it.
resource "google_firebaserules_ruleset" "closed" {
  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [google_project_service.api]
}

resource "google_firebaserules_release" "closed" {
  name         = "cloud.firestore/${google_firestore_database.main.name}"
  ruleset_name = google_firebaserules_ruleset.closed.name

  lifecycle {
    replace_triggered_by = [google_firebaserules_ruleset.closed]
  }
}
